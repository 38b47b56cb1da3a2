// Pairing: how the inviter's and the joiner's machines, which have found each other with an
// invitation, prove to each other that both know its secret, and how their owners agree. Messages
// are msgpack maps inside TLS (README.md shows one of each); this is the machine of them, without
// I/O or clocks.
//
//   joiner                              inviter
//   prove {v, proof, name}        ->                      the secret, bound to this TLS session
//                                 <-    proved {proof, name, desk}, or refused {why}
//   ...both owners see the same phrase, six digits, and say whether it is...
//   agree {}                      ->
//                                 <-    agree {}
//                                 <-    grant {…}         once both have agreed
//   joined {}                     ->
//
// proof = HMAC-SHA-256(secret, "deskmate.pair/1" ‖ role ‖ inviter ‖ joiner ‖ exporter): of no use
// in another session, in the other direction or to another peer.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/text.hpp"
#include "core/peer/invitation.hpp"
#include "core/peer/tls.hpp"
#include "storage/identity.hpp"

namespace deskmate::peer {

// Named limits.
inline constexpr int wrong_attempts_max = 3;              // then the invitation is void
inline constexpr std::size_t pair_message_max = 1'024;    // bytes, of all messages but grant
inline constexpr std::size_t pair_name_max = 64;          // bytes of a name; the rest is cut
inline constexpr std::size_t members_max = 64;            // peers of a desk
inline constexpr std::size_t addresses_max = 16;          // of a peer
inline constexpr std::uint64_t confirm_ms_max = 300'000;  // for the owners to compare the phrase

// How it ended.
enum class PairingEnd {
  paired,
  wrong_secret,   // the other side does not know the secret
  expired,        // the ten minutes are over
  voided,         // too many wrong attempts, or withdrawn
  used,           // somebody has joined with it
  busy,           // somebody else is joining with it just now
  declined,       // an owner says that the phrases differ
  no_invitation,  // the other side has none open
  impostor,       // who answered does not know the secret
  version,        // another version of the protocol
  broken,         // a message that cannot be
  lost,           // the connection broke
  too_slow,       // nobody confirmed in time
  unreachable,    // none of the addresses answered
};

std::string_view name_of(PairingEnd end);  // "wrong_secret", for logs and tests
host::Text text_of(PairingEnd end);        // for the owner: what happened, what to do

struct Member {
  PeerId peer{};
  std::string name;
  std::vector<Address> addresses;
  bool operator==(const Member&) const = default;
};

// What the inviter's desk gives to the one who joins.
struct Grant {
  storage::Id16 desk{};
  std::string desk_name;
  storage::Key32 pseudonym_key{};
  std::vector<Member> members;  // the inviter first
  std::vector<Address> relays;
  bool operator==(const Grant&) const = default;
};
std::string encode(const Grant& grant);
Result<Grant> decode_grant(std::string_view bytes);

// What both proofs and the phrase are bound to.
struct PairingBond {
  PeerId inviter{};
  PeerId joiner{};
  Exporter exporter{};
};

// "418 902". The same on both sides of one session. Digits, since the two owners may not have a
// language in common.
std::string phrase(const PairingBond& bond);

// What is to be done after each input.
struct PairingStep {
  std::vector<std::string> send;
  std::optional<PairingEnd> end;
  bool ask = false;  // show the phrase and ask the owner
};

// The inviter's invitation, over all attempts to use it.
class OpenInvitation {
 public:
  // expires_ms on whatever clock now_ms is of.
  OpenInvitation(InvitationSecret secret, std::uint64_t expires_ms)
      : secret_(secret), expires_ms_(expires_ms) {}

  // Nothing: it is good.
  std::optional<PairingEnd> fault(std::uint64_t now_ms) const;
  void withdraw() { voided_ = true; }
  int wrong_attempts() const { return wrong_attempts_; }
  const InvitationSecret& secret() const { return secret_; }

 private:
  friend class InviterPairing;
  InvitationSecret secret_;
  std::uint64_t expires_ms_;
  int wrong_attempts_ = 0;
  bool busy_ = false;
  bool used_ = false;
  bool voided_ = false;
};

// One attempt, at the inviter's. The invitation outlives it.
class InviterPairing {
 public:
  InviterPairing(OpenInvitation& invitation, const PairingBond& bond, Grant grant,
                 std::string name);
  ~InviterPairing();  // the connection is lost: the invitation may be used again, unless it was
  InviterPairing(const InviterPairing&) = delete;
  InviterPairing& operator=(const InviterPairing&) = delete;

  PairingStep on_message(std::string_view bytes, std::uint64_t now_ms);
  PairingStep agree(bool same, std::uint64_t now_ms);  // what the owner says

  bool asked() const { return state_ == State::asked; }
  bool granted() const { return state_ == State::granted; }
  const std::string& other_name() const { return other_name_; }
  std::string phrase() const { return peer::phrase(bond_); }

 private:
  enum class State { fresh, asked, granted, over };
  PairingStep refuse(PairingEnd why);
  PairingStep grant_if_both();

  OpenInvitation& invitation_;
  PairingBond bond_;
  Grant grant_;
  std::string name_;
  std::string other_name_;
  State state_ = State::fresh;
  bool agreed_ = false;
  bool other_agreed_ = false;
};

// The joiner's side.
class JoinerPairing {
 public:
  JoinerPairing(InvitationSecret secret, const PairingBond& bond, std::string name);

  PairingStep start();
  PairingStep on_message(std::string_view bytes);
  PairingStep agree(bool same);

  const std::string& other_name() const { return other_name_; }
  const std::string& desk_name() const { return desk_name_; }
  std::string phrase() const { return peer::phrase(bond_); }
  const Grant& grant() const { return grant_; }  // once paired

 private:
  enum class State { fresh, sent, asked, over };
  PairingStep end(PairingEnd why);
  PairingStep take_grant(std::string_view bytes);

  InvitationSecret secret_;
  PairingBond bond_;
  std::string name_;
  std::string other_name_;
  std::string desk_name_;
  Grant grant_;
  State state_ = State::fresh;
  bool agreed_ = false;
};

}  // namespace deskmate::peer
