// Who may come in through the browser: a password for each member (argon2id), links that are good
// once, sessions. Kept in one file that only the owner reads, `console` in the secrets folder; of
// tokens only hashes. Loop thread, but for hash_password and check_password.
//
// Sources: RFC 9106 (Argon2, by libsodium's crypto_pwhash), OWASP Session Management.
#pragma once

#include <array>
#include <cstdint>
#include <deskmate/result.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::gateway {

using Member = std::uint32_t;

// Named limits.
inline constexpr std::size_t password_bytes_min = 8;
inline constexpr std::size_t password_bytes_max = 256;
inline constexpr std::size_t accounts_bytes_max = 1u << 20;  // of the file
inline constexpr std::size_t sessions_of_member_max = 16;    // the oldest goes
inline constexpr std::size_t links_max = 64;                 // the oldest goes
inline constexpr std::uint64_t link_ms = 24ull * 3'600'000;
inline constexpr std::uint64_t phone_link_ms = 600'000;  // whoever sees the screen can take it
inline constexpr std::uint64_t session_ms = 30ull * 86'400'000;      // since the login
inline constexpr std::uint64_t session_idle_ms = 7ull * 86'400'000;  // since it was last used
inline constexpr std::uint64_t seen_saved_ms = 3'600'000;  // so often its use is written down

// Blocking, a tenth of a second and 64 MiB; any thread. Errors: invalid (too short, too long),
// limit (no memory).
Result<std::string> hash_password(std::string_view password);
bool check_password(const std::string& hash, std::string_view password);

class Accounts {
 public:
  // Takes up the file where there is one. Errors: what is wrong with it, and what to do.
  static Result<Accounts> open(std::string file);

  bool has_password(Member member) const { return passwords_.contains(member); }
  // For check_password; of a member without one a hash that no password has, so that the answer
  // takes as long.
  std::string hash_of(Member member) const;
  // Ends the member's sessions.
  Result<void> set_password(Member member, std::string hash);

  // A link's token for the member, good once, until life_ms or a restart.
  std::string make_link(Member member, std::uint64_t now_ms, std::uint64_t life_ms = link_ms);
  // Whose it is, without using it up; use_link does.
  std::optional<Member> link(std::string_view token, std::uint64_t now_ms) const;
  void use_link(std::string_view token);

  // A new session's token, for the cookie.
  Result<std::string> begin_session(Member member, std::uint64_t now_ms);
  std::optional<Member> session(std::string_view token, std::uint64_t now_ms);
  void end_session(std::string_view token);
  void end_sessions(Member member);

 private:
  using Hash = std::array<std::uint8_t, 32>;
  struct Session {
    Hash token{};
    Member member = 0;
    std::uint64_t made_ms = 0;
    std::uint64_t seen_ms = 0;
    std::uint64_t saved_ms = 0;
  };
  struct Link {
    Hash token{};
    Member member = 0;
    std::uint64_t until_ms = 0;
  };

  explicit Accounts(std::string file) : file_(std::move(file)) {}
  Result<void> read(std::string_view bytes);
  Result<void> save();
  static Hash hash_of_token(std::string_view token);

  std::string file_;
  std::map<Member, std::string> passwords_;
  std::vector<Session> sessions_;
  std::vector<Link> links_;
};

// Slows guessing down: after attempts_free failures for one key each further one doubles the wait.
// Loop thread.
class Attempts {
 public:
  static constexpr std::size_t keys_max = 1'024;  // the longest unused goes
  static constexpr std::uint32_t attempts_free = 5;
  static constexpr std::uint64_t wait_first_ms = 2'000;
  static constexpr std::uint64_t wait_max_ms = 900'000;
  static constexpr std::uint64_t forget_ms = 3'600'000;

  // Milliseconds to wait before the next attempt; 0: it may be made.
  std::uint64_t wait_ms(const std::string& key, std::uint64_t now_ms) const;
  void failed(const std::string& key, std::uint64_t now_ms);
  void succeeded(const std::string& key) { keys_.erase(key); }

 private:
  struct Count {
    std::uint32_t failures = 0;
    std::uint64_t last_ms = 0;
    std::uint64_t until_ms = 0;
  };
  std::map<std::string, Count> keys_;
};

}  // namespace deskmate::gateway
