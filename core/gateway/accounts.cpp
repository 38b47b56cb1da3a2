#include "core/gateway/accounts.hpp"

#include <sodium.h>

#include <algorithm>
#include <deskmate/value.hpp>

#include "storage/posix.hpp"

namespace deskmate::gateway {
namespace {

constexpr std::uint64_t file_version = 1;
constexpr std::size_t token_bytes = 32;

std::string new_token() {
  std::array<std::uint8_t, token_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string text(sodium_base64_ENCODED_LEN(token_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                   '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();  // its terminating zero
  return text;
}

Error broken(const std::string& file, const std::string& what) {
  return {Status::invalid,
          file + ": " + what + "; remove it to set the passwords anew / 删除该文件即可重新设置密码",
          "console"};
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (password.size() < password_bytes_min || password.size() > password_bytes_max) {
    return Error{Status::invalid,
                 "a password has " + std::to_string(password_bytes_min) + " to " +
                     std::to_string(password_bytes_max) + " bytes / 密码长度须为 " +
                     std::to_string(password_bytes_min) + "–" + std::to_string(password_bytes_max) +
                     " 字节",
                 "password"};
  }
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str_alg(hash.data(), password.data(), password.size(),
                            crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{Status::limit, "no memory for argon2id", "password"};
  }
  hash.resize(hash.find('\0'));
  return hash;
}

bool check_password(const std::string& hash, std::string_view password) {
  if (password.size() > password_bytes_max) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

Accounts::Hash Accounts::hash_of_token(std::string_view token) {
  Hash hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const std::uint8_t*>(token.data()),
                     token.size(), nullptr, 0);
  return hash;
}

Result<Accounts> Accounts::open(std::string file) {
  Accounts accounts(std::move(file));
  const auto bytes = storage::read_file(accounts.file_, accounts_bytes_max);
  if (bytes.has_error()) {
    if (bytes.error().code == storage::Errc::not_found) return accounts;
    return broken(accounts.file_, bytes.error().message);
  }
  if (auto taken = accounts.read(bytes.value()); !taken) return taken.error();
  return accounts;
}

Result<void> Accounts::read(std::string_view bytes) {
  Document document;
  if (auto parsed = document.parse(bytes); !parsed) return broken(file_, parsed.error().message);
  const View root = document.root();
  if (root["version"].as_uint() != file_version) return broken(file_, "of another version");
  for (const View one : root["passwords"]) {
    passwords_[static_cast<Member>(one["member"].as_uint())] = one["hash"].as_str();
  }
  for (const View one : root["sessions"]) {
    Session session;
    const auto token = one["token"].as_bin();
    if (token.size() != session.token.size()) return broken(file_, "a session is damaged");
    std::copy(token.begin(), token.end(), session.token.begin());
    session.member = static_cast<Member>(one["member"].as_uint());
    session.made_ms = one["made_ms"].as_uint();
    session.seen_ms = session.saved_ms = one["seen_ms"].as_uint();
    sessions_.push_back(session);
  }
  return {};
}

Result<void> Accounts::save() {
  Array passwords;
  for (const auto& [member, hash] : passwords_) {
    passwords.push_back(Value::map({{"member", member}, {"hash", hash}}));
  }
  Array sessions;
  for (Session& session : sessions_) {
    session.saved_ms = session.seen_ms;
    sessions.push_back(Value::map(
        {{"token", Value::bin(std::string_view(reinterpret_cast<const char*>(session.token.data()),
                                               session.token.size()))},
         {"member", session.member},
         {"made_ms", session.made_ms},
         {"seen_ms", session.seen_ms}}));
  }
  const auto written =
      storage::write_file_durably(file_, encode(Value::map({{"version", file_version},
                                                            {"passwords", std::move(passwords)},
                                                            {"sessions", std::move(sessions)}})));
  if (written.has_error()) return Error{Status::unavailable, written.error().message, "console"};
  return {};
}

std::string Accounts::hash_of(Member member) const {
  const auto found = passwords_.find(member);
  if (found != passwords_.end()) return found->second;
  static const std::string nobodys = [] {
    const auto hash = hash_password(new_token());
    return hash ? *hash : std::string();
  }();
  return nobodys;
}

Result<void> Accounts::set_password(Member member, std::string hash) {
  passwords_[member] = std::move(hash);
  std::erase_if(sessions_, [&](const Session& session) { return session.member == member; });
  return save();
}

std::string Accounts::make_link(Member member, std::uint64_t now_ms, std::uint64_t life_ms) {
  std::string token = new_token();
  std::erase_if(links_, [&](const Link& link) { return link.until_ms <= now_ms; });
  if (links_.size() >= links_max) links_.erase(links_.begin());
  links_.push_back({hash_of_token(token), member, now_ms + life_ms});
  return token;
}

std::optional<Member> Accounts::link(std::string_view token, std::uint64_t now_ms) const {
  const Hash hash = hash_of_token(token);
  for (const Link& link : links_) {
    if (link.token == hash && now_ms < link.until_ms) return link.member;
  }
  return std::nullopt;
}

void Accounts::use_link(std::string_view token) {
  std::erase_if(links_,
                [hash = hash_of_token(token)](const Link& link) { return link.token == hash; });
}

Result<std::string> Accounts::begin_session(Member member, std::uint64_t now_ms) {
  const auto of_member = [&](const Session& session) { return session.member == member; };
  const auto count = std::count_if(sessions_.begin(), sessions_.end(), of_member);
  if (static_cast<std::size_t>(count) >= sessions_of_member_max) {
    // The first of them is the oldest.
    sessions_.erase(std::find_if(sessions_.begin(), sessions_.end(), of_member));
  }
  std::string token = new_token();
  sessions_.push_back({hash_of_token(token), member, now_ms, now_ms, now_ms});
  if (auto saved = save(); !saved) {
    sessions_.pop_back();
    return saved.error();
  }
  return token;
}

std::optional<Member> Accounts::session(std::string_view token, std::uint64_t now_ms) {
  const Hash hash = hash_of_token(token);
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const Session& session) { return session.token == hash; });
  if (found == sessions_.end()) return std::nullopt;
  if (now_ms >= found->made_ms + session_ms || now_ms >= found->seen_ms + session_idle_ms) {
    sessions_.erase(found);
    return std::nullopt;
  }
  found->seen_ms = std::max(found->seen_ms, now_ms);
  const Member member = found->member;
  // Should it not be written, the session may end sooner: no reason to refuse it now.
  if (found->seen_ms >= found->saved_ms + seen_saved_ms) static_cast<void>(save());
  return member;
}

void Accounts::end_session(std::string_view token) {
  std::erase_if(sessions_, [hash = hash_of_token(token)](const Session& session) {
    return session.token == hash;
  });
  static_cast<void>(save());  // it is over in this process either way
}

void Accounts::end_sessions(Member member) {
  const auto ended =
      std::erase_if(sessions_, [&](const Session& session) { return session.member == member; });
  if (ended > 0) static_cast<void>(save());
}

std::uint64_t Attempts::wait_ms(const std::string& key, std::uint64_t now_ms) const {
  const auto found = keys_.find(key);
  if (found == keys_.end() || now_ms >= found->second.until_ms) return 0;
  return found->second.until_ms - now_ms;
}

void Attempts::failed(const std::string& key, std::uint64_t now_ms) {
  if (keys_.size() >= keys_max && !keys_.contains(key)) {
    keys_.erase(std::min_element(keys_.begin(), keys_.end(), [](const auto& a, const auto& b) {
      return a.second.last_ms < b.second.last_ms;
    }));
  }
  Count& count = keys_[key];
  if (now_ms >= count.last_ms + forget_ms) count.failures = 0;
  ++count.failures;
  count.last_ms = now_ms;
  if (count.failures < attempts_free) return;
  const auto doubled = std::min<std::uint32_t>(count.failures - attempts_free, 20);
  count.until_ms = now_ms + std::min(wait_first_ms << doubled, wait_max_ms);
}

}  // namespace deskmate::gateway
