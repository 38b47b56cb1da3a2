#include "core/desk/roster.hpp"

#include <algorithm>
#include <utility>

#include "core/desk/peers.hpp"
#include "core/desk/schedule.hpp"

namespace deskmate::desk {

Standing standing(const State& state, const Policy& policy, MemberNo number, MemberRecord record,
                  std::uint64_t now_ms) {
  Standing out;
  out.number = number;
  const auto changes_at = [&](std::uint64_t at_ms) {
    out.next_change_ms = std::min(out.next_change_ms.value_or(at_ms), at_ms);
  };

  if (record.presence_at.any()) out.said = static_cast<Presence>(record.presence);
  out.until_ms = record.until_ms;
  if (out.until_ms != 0) {
    if (now_ms < out.until_ms) {
      changes_at(out.until_ms);
    } else {
      // Away until six means back at six; online until six means off from six.
      out.said = out.said == Presence::online ? Presence::off : Presence::online;
      out.until_ms = 0;
    }
  }
  if (const auto schedule = parse_schedule(record.schedule); schedule && !schedule->always()) {
    out.on_shift = schedule->covers(policy.local_minutes(record.zone, now_ms));
    if (const auto at = next_change_ms(*schedule, record.zone, now_ms, policy.local_minutes)) {
      changes_at(*at);
      if (out.on_shift) out.shift_ends_ms = *at;
    }
    if (now_ms < record.overtime_until_ms) {
      out.overtime_until_ms = record.overtime_until_ms;
      changes_at(out.overtime_until_ms);
      out.on_shift = true;
      out.shift_ends_ms = std::max(out.shift_ends_ms, out.overtime_until_ms);
    }
    if (now_ms < record.asked_until_ms && record.answered_at < record.asked_at) {
      out.overtime_asked_ms = record.asked_until_ms;
    }
  }
  if (record.abuse_ms != 0 && policy.cool_down_ms != 0) {
    const std::uint64_t until_ms = record.abuse_ms + policy.cool_down_ms;
    if (now_ms < until_ms) {
      out.cooling_until_ms = until_ms;
      changes_at(until_ms);
    }
  }
  const State::Load load = state.load_of(number);
  out.open = load.open;
  out.waiting = load.waiting;
  out.limit = policy.limit_of(record.role, record.capacity);
  out.record = std::move(record);
  return out;
}

std::vector<Standing> roster(const State& state, const Policy& policy, std::uint64_t now_ms) {
  std::vector<Standing> out;
  const Peers peers(state);
  for (auto& [number, record] : state.members()) {
    const bool reachable = peers.alone() || peers.ready(peers.peer_of(record));
    out.push_back(standing(state, policy, number, std::move(record), now_ms));
    out.back().reachable = reachable;
  }
  return out;
}

std::vector<MemberNo> overtime_answerers(const State& state, MemberNo asking) {
  std::vector<MemberNo> others;
  std::vector<MemberNo> supervisors;
  for (const auto& [number, record] : state.members()) {
    if (record.removed || !record.known() || number == asking) continue;
    others.push_back(number);
    if (authority(record.role).value_or(0) >= *authority("supervisor")) {
      supervisors.push_back(number);
    }
  }
  if (!supervisors.empty()) return supervisors;
  return others.empty() ? std::vector<MemberNo>{asking} : others;
}

}  // namespace deskmate::desk
