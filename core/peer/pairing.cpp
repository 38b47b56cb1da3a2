#include "core/peer/pairing.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <deskmate/value.hpp>
#include <utility>

#include "core/peer/carrier.hpp"
#include "core/peer/wire.hpp"
#include "storage/bytes.hpp"
#include "storage/hash.hpp"

namespace deskmate::peer {
namespace {

constexpr std::int64_t pair_version = 1;
constexpr std::string_view inviter_role = "inviter";
constexpr std::string_view joiner_role = "joiner";
constexpr Limits message_limits{.depth_max = 4, .items_max = 32, .bytes_max = pair_message_max};
constexpr Limits grant_limits{.depth_max = 6, .items_max = 128, .bytes_max = frame_bytes_max};

// Those that may be told to the other side, in the order of their numbers there: never changed.
constexpr std::array told{PairingEnd::wrong_secret, PairingEnd::expired,  PairingEnd::voided,
                          PairingEnd::used,         PairingEnd::busy,     PairingEnd::declined,
                          PairingEnd::version,      PairingEnd::too_slow, PairingEnd::broken};

std::string proof(const InvitationSecret& secret, std::string_view role, const PairingBond& bond) {
  std::string key(storage::view_of(secret));
  key.resize(crypto_auth_hmacsha256_KEYBYTES, '\0');
  std::string message = "deskmate.pair/1";
  message += role;
  message += storage::view_of(bond.inviter);
  message += storage::view_of(bond.joiner);
  message += storage::view_of(bond.exporter);
  std::string out(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(reinterpret_cast<unsigned char*>(out.data()),
                         storage::unsigned_of(message), message.size(), storage::unsigned_of(key));
  return out;
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

// A name that can be shown: no control characters, not too long, no half character.
std::string shown(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, pair_name_max)) {
    out += static_cast<unsigned char>(c) < ' ' || c == 127 ? ' ' : c;
  }
  if (name.size() > pair_name_max) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0u) == 0x80u)
      out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0u) out.pop_back();
  }
  return out;
}

std::string refused(PairingEnd why) {
  const auto at = std::find(told.begin(), told.end(), why) - told.begin();
  return encode(Value::map({{"kind", "refused"}, {"why", static_cast<std::int64_t>(at)}}));
}

PairingEnd read_refusal(const Value& message) {
  const auto why = message["why"].as_uint(told.size());
  return why < told.size() ? told[why] : PairingEnd::broken;
}

}  // namespace

std::string phrase(const PairingBond& bond) {
  storage::Hasher hasher;
  hasher.add("deskmate.phrase/1")
      .add(storage::view_of(bond.inviter))
      .add(storage::view_of(bond.joiner))
      .add(storage::view_of(bond.exporter));
  const auto hash = hasher.done();
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | hash[i];
  std::string digits = std::to_string(number % 1'000'000);
  digits.insert(0, 6 - digits.size(), '0');
  return digits.insert(3, " ");
}

std::string encode(const Grant& grant) {
  Value members = Value::array();
  for (const Member& member : grant.members) {
    members.push_back(Value::map({{"peer", Value::bin(member.peer)},
                                  {"name", member.name},
                                  {"addresses", to_value(member.addresses)}}));
  }
  return deskmate::encode(Value::map({{"kind", "grant"},
                                      {"desk", Value::bin(grant.desk)},
                                      {"desk_name", grant.desk_name},
                                      {"pseudonym_key", Value::bin(grant.pseudonym_key)},
                                      {"members", std::move(members)},
                                      {"relays", to_value(grant.relays)}}));
}

Result<Grant> decode_grant(std::string_view bytes) {
  const Error fault{Status::invalid, "a grant that cannot be read", "grant"};
  const auto read = decode(bytes, grant_limits);
  if (!read) return read.error();
  const Value& value = *read;
  Grant grant;
  if (!fill(value["desk"], grant.desk) || !fill(value["pseudonym_key"], grant.pseudonym_key)) {
    return fault;
  }
  grant.desk_name = shown(value["desk_name"].as_str());
  const Array& members = value["members"].as_array();
  if (members.empty() || members.size() > members_max) return fault;
  for (const Value& item : members) {
    Member member;
    if (!fill(item["peer"], member.peer)) return fault;
    member.name = shown(item["name"].as_str());
    auto addresses = to_addresses(item["addresses"]);
    if (!addresses) return addresses.error();
    member.addresses = std::move(*addresses);
    grant.members.push_back(std::move(member));
  }
  auto relays = to_addresses(value["relays"]);
  if (!relays) return relays.error();
  grant.relays = std::move(*relays);
  return grant;
}

std::optional<PairingEnd> OpenInvitation::fault(std::uint64_t now_ms) const {
  if (used_) return PairingEnd::used;
  if (voided_) return PairingEnd::voided;
  if (now_ms >= expires_ms_) return PairingEnd::expired;
  return std::nullopt;
}

InviterPairing::InviterPairing(OpenInvitation& invitation, const PairingBond& bond, Grant grant,
                               std::string name)
    : invitation_(invitation), bond_(bond), grant_(std::move(grant)), name_(std::move(name)) {}

InviterPairing::~InviterPairing() {
  if (state_ == State::asked) invitation_.busy_ = false;
}

PairingStep InviterPairing::refuse(PairingEnd why) {
  if (state_ == State::asked) invitation_.busy_ = false;
  state_ = State::over;
  PairingStep step;
  step.send.push_back(refused(why));
  step.end = why;
  return step;
}

PairingStep InviterPairing::on_message(std::string_view bytes, std::uint64_t now_ms) {
  if (state_ == State::over) return {};
  const auto read = decode(bytes, message_limits);
  if (!read) return refuse(PairingEnd::broken);
  const Value& message = *read;
  const auto kind = message["kind"].as_str();
  if (kind == "refused" && state_ != State::granted) {
    const auto why = read_refusal(message);
    if (why == PairingEnd::declined && state_ == State::asked) invitation_.voided_ = true;
    auto step = refuse(why);
    step.send.clear();
    return step;
  }
  if (state_ == State::fresh && kind == "prove") {
    if (message["v"].as_int() != pair_version) return refuse(PairingEnd::version);
    if (const auto fault = invitation_.fault(now_ms)) return refuse(*fault);
    if (!equal(message["proof"].as_bin(), proof(invitation_.secret_, joiner_role, bond_))) {
      if (++invitation_.wrong_attempts_ >= wrong_attempts_max) invitation_.voided_ = true;
      return refuse(PairingEnd::wrong_secret);
    }
    if (invitation_.busy_) return refuse(PairingEnd::busy);
    invitation_.busy_ = true;
    state_ = State::asked;
    other_name_ = shown(message["name"].as_str());
    PairingStep step;
    step.ask = true;
    step.send.push_back(deskmate::encode(
        Value::map({{"kind", "proved"},
                    {"proof", Value::bin(proof(invitation_.secret_, inviter_role, bond_))},
                    {"name", shown(name_)},
                    {"desk", shown(grant_.desk_name)}})));
    return step;
  }
  if (state_ == State::asked && kind == "agree") {
    if (const auto fault = invitation_.fault(now_ms)) return refuse(*fault);
    other_agreed_ = true;
    return grant_if_both();
  }
  if (state_ == State::granted && kind == "joined") {
    state_ = State::over;
    PairingStep step;
    step.end = PairingEnd::paired;
    return step;
  }
  return state_ == State::granted ? PairingStep{} : refuse(PairingEnd::broken);
}

PairingStep InviterPairing::agree(bool same, std::uint64_t now_ms) {
  if (state_ != State::asked || agreed_) return {};
  if (!same) {
    // Somebody else has the invitation.
    invitation_.voided_ = true;
    return refuse(PairingEnd::declined);
  }
  if (const auto fault = invitation_.fault(now_ms)) return refuse(*fault);
  agreed_ = true;
  PairingStep step = grant_if_both();
  step.send.insert(step.send.begin(), deskmate::encode(Value::map({{"kind", "agree"}})));
  return step;
}

PairingStep InviterPairing::grant_if_both() {
  PairingStep step;
  if (!agreed_ || !other_agreed_) return step;
  state_ = State::granted;
  invitation_.used_ = true;
  invitation_.busy_ = false;
  step.send.push_back(encode(grant_));
  return step;
}

JoinerPairing::JoinerPairing(InvitationSecret secret, const PairingBond& bond, std::string name)
    : secret_(secret), bond_(bond), name_(std::move(name)) {}

PairingStep JoinerPairing::start() {
  state_ = State::sent;
  PairingStep step;
  step.send.push_back(
      deskmate::encode(Value::map({{"kind", "prove"},
                                   {"v", pair_version},
                                   {"proof", Value::bin(proof(secret_, joiner_role, bond_))},
                                   {"name", shown(name_)}})));
  return step;
}

PairingStep JoinerPairing::end(PairingEnd why) {
  state_ = State::over;
  PairingStep step;
  step.end = why;
  return step;
}

PairingStep JoinerPairing::take_grant(std::string_view bytes) {
  auto grant = decode_grant(bytes);
  if (!grant || grant->members.front().peer != bond_.inviter) return end(PairingEnd::broken);
  grant_ = std::move(*grant);
  PairingStep step = end(PairingEnd::paired);
  step.send.push_back(deskmate::encode(Value::map({{"kind", "joined"}})));
  return step;
}

PairingStep JoinerPairing::on_message(std::string_view bytes) {
  if (state_ == State::fresh || state_ == State::over) return {};
  const auto read = decode(bytes, agreed_ ? grant_limits : message_limits);
  if (!read) return end(PairingEnd::broken);
  const Value& message = *read;
  const auto kind = message["kind"].as_str();
  if (kind == "refused") return end(read_refusal(message));
  if (state_ == State::sent && kind == "proved") {
    if (!equal(message["proof"].as_bin(), proof(secret_, inviter_role, bond_))) {
      return end(PairingEnd::impostor);
    }
    state_ = State::asked;
    other_name_ = shown(message["name"].as_str());
    desk_name_ = shown(message["desk"].as_str());
    PairingStep step;
    step.ask = true;
    return step;
  }
  if (state_ == State::asked && kind == "agree") return {};
  // Nothing is taken that the owner here has not agreed to.
  if (state_ == State::asked && agreed_ && kind == "grant") return take_grant(bytes);
  return end(PairingEnd::broken);
}

PairingStep JoinerPairing::agree(bool same) {
  if (state_ != State::asked || agreed_) return {};
  PairingStep step;
  if (!same) {
    step = end(PairingEnd::declined);
    step.send.push_back(refused(PairingEnd::declined));
    return step;
  }
  agreed_ = true;
  step.send.push_back(deskmate::encode(Value::map({{"kind", "agree"}})));
  return step;
}

}  // namespace deskmate::peer
