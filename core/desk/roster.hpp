// Who is there now: members with their presence, schedule, load and limit at a time. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/desk/policy.hpp"
#include "core/desk/state.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

struct Standing {
  MemberNo number = 0;
  MemberRecord record;
  Presence said = Presence::online;  // what they said, until its end; nothing said: online
  std::uint64_t until_ms = 0;
  bool on_shift = true;
  std::uint64_t shift_ends_ms = 0;      // 0: it has no end, or none is on
  std::uint64_t overtime_until_ms = 0;  // 0: none
  std::uint64_t overtime_asked_ms = 0;
  bool reachable = true;               // with other peers: theirs is in the view and ready
  std::uint64_t cooling_until_ms = 0;  // 0: not cooling
  std::uint32_t open = 0, waiting = 0, limit = 0;
  std::optional<std::uint64_t> next_change_ms;  // when any of it changes by itself

  bool full() const { return open >= limit; }
  // What the others see.
  Presence presence() const {
    if (!on_shift || !reachable) return Presence::off;
    return said == Presence::online && full() ? Presence::suspended : said;
  }
  bool available() const { return reachable && available_here(); }
  // At their own peer, whatever the others see.
  bool available_here() const {
    return !record.removed && on_shift && said == Presence::online && !full() &&
           cooling_until_ms == 0;
  }
};

Standing standing(const State& state, const Policy& policy, MemberNo number, MemberRecord record,
                  std::uint64_t now_ms);

// By number; removed ones are among them.
std::vector<Standing> roster(const State& state, const Policy& policy, std::uint64_t now_ms);

// R14. Who may answer that member's overtime: supervisors and above, without one any other member,
// and whoever is alone.
std::vector<MemberNo> overtime_answerers(const State& state, MemberNo asking);

}  // namespace deskmate::desk
