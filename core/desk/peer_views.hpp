// What queries return of the desk's peers, of changes that both owners must agree to, of erasures,
// and of the fairness ledger by the day. Times are UTC milliseconds, 0 where there is none. Values
// only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

enum class PeerStanding : std::uint8_t {
  joining,  // added, and it has not agreed or not said hello yet
  here,     // in the view
  left,     // said goodbye
  gone,     // a person said so
  removed,  // for good
};
std::string_view to_string(PeerStanding standing);

struct PeerView {
  PeerId id{};
  std::string name;
  PeerStanding standing = PeerStanding::joining;
  bool founder = false;           // the desk's first peer
  bool ready = false;             // in the view, and all of it knew so before it began to act
  bool holds_book = false;        // assigns
  std::uint64_t since_ms = 0;     // of the standing
  std::vector<PeerId> waits_for;  // of one that is here and not ready: who has not met it yet
  // Of a removed one: its logs are taken up to there; incarnation to seq.
  std::map<std::uint64_t, std::uint64_t> cut;
};

// A change of a member's weight, of the peer they work at, or of who is a member (R6).
struct MemberChange {
  Id16 change{};  // the event; what member.agreed names
  MemberNo member = 0;
  std::string name;
  std::uint32_t weight = 0;
  bool removed = false;
  PeerId peer{};
  PeerId by{};  // who asked for it
  std::uint64_t asked_ms = 0;
  std::vector<PeerId> agreed;
  std::vector<PeerId> waits_for;
  bool in_force = false;
  std::uint64_t in_force_ms = 0;  // when the last of them agreed
};

// What a peer has yet to destroy: all keys of the buyer, those in `keys` among them. Answered by
// buyer.forgotten.
struct ErasureView {
  Id16 buyer{};
  std::optional<Id16> erasure;  // the latest buyer.erased; none: keys alone are to go
  std::uint64_t asked_ms = 0;
  std::vector<Id16> keys;  // destroyed elsewhere, and not yet said to be here
};

// R6: one member's day.
struct SplitRow {
  MemberNo member = 0;
  std::map<std::string, std::uint64_t> given;  // by rule: "weight", "sticky", "cut", "vanished" …
  std::uint64_t charged = 0;                   // of these, counted in the ledger
  std::uint64_t total = 0;
};

// What a member of a set is owed: n·w/T − c after the n chats so far, as a fraction of `of`.
struct SplitDebt {
  MemberNo member = 0;
  std::uint32_t weight = 0;
  std::uint64_t count = 0;
  std::int64_t owed = 0;
  std::int64_t of = 1;
};
using SplitSet = std::vector<SplitDebt>;  // by member number

struct SplitDay {
  std::string date;           // "2027-01-15", by the clock of the zone
  std::uint64_t from_ms = 0;  // of what was looked at
  std::uint64_t to_ms = 0;
  std::vector<SplitRow> rows;         // by member number
  std::vector<SplitSet> debt;         // at the day's end, of the sets that were used since from_ms
  std::vector<MemberChange> changes;  // that came into force on that day
};

struct SplitView {
  std::string zone;                   // empty: UTC
  std::vector<SplitDay> days;         // those on which there was anything, oldest first
  std::vector<SplitRow> rows;         // of all of them
  std::vector<MemberChange> waiting;  // for somebody's word, now
};

}  // namespace deskmate::desk
