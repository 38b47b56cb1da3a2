#include "plan.hpp"

#include <algorithm>
#include <set>

namespace deskmate::notify {
namespace {

constexpr int minutes_of_day = 24 * 60;

std::optional<int> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto two = [&](std::size_t at) -> int {
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : -100; };
    return digit(text[at]) * 10 + digit(text[at + 1]);
  };
  const int hours = two(0);
  const int minutes = two(3);
  const bool fits =
      hours >= 0 && minutes >= 0 && minutes < 60 && hours * 60 + minutes <= minutes_of_day;
  return fits ? std::optional(hours * 60 + minutes) : std::nullopt;
}

}  // namespace

bool Quiet::holds(int minute_of_day) const {
  if (from == to) return false;
  if (from < to) return minute_of_day >= from && minute_of_day < to;
  return minute_of_day >= from || minute_of_day < to;
}

std::optional<Quiet> parse_quiet(std::string_view text) {
  if (text.empty()) return Quiet{};
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = minutes_of(text.substr(0, dash));
  const auto to = minutes_of(text.substr(dash + 1));
  if (!from || !to || *from == *to) return std::nullopt;
  return Quiet{*from, *to};
}

bool may_send(State& state, std::size_t per_hour, std::uint64_t now_ms, bool take) {
  while (!state.sent_ms.empty() && state.sent_ms.front() + hour_ms <= now_ms) {
    state.sent_ms.pop_front();
  }
  // A clock that was set back must not silence for longer than an hour.
  std::erase_if(state.sent_ms, [&](std::uint64_t at_ms) { return at_ms > now_ms; });
  if (state.sent_ms.size() >= per_hour) return false;
  if (take) state.sent_ms.push_back(now_ms);
  return true;
}

std::optional<Batch> Planner::plan(State& state, const std::vector<Waiting>& waiting,
                                   const Now& now) {
  struct Due {
    Id chat;
    std::uint64_t since_ms = 0;
    bool overdue = false;
  };
  std::vector<Due> due;
  std::set<Id> there;
  for (const Waiting& one : waiting) {
    there.insert(one.chat);
    if (!one.mine && !now.away) continue;  // whoever is there sees the queue
    const bool overdue = rules_.overdue_ms != 0 && one.since_ms + rules_.overdue_ms <= now.ms;
    const auto told = state.told.find(one.chat);
    const bool known = told != state.told.end() && told->second.waiting_since_ms == one.since_ms;
    if (known ? overdue && !told->second.overdue : now.away || overdue) {
      due.push_back({one.chat, one.since_ms, overdue});
    }
  }
  // Who was answered may wait anew later.
  if (now.whole) {
    std::erase_if(state.told, [&](const auto& one) { return !there.contains(one.first); });
  }
  if (due.empty()) {
    gather_from_ms_ = 0;
    return std::nullopt;
  }
  if (gather_from_ms_ == 0 || gather_from_ms_ > now.ms) gather_from_ms_ = now.ms;
  if (now.silent || gather_from_ms_ + rules_.gather_ms > now.ms) return std::nullopt;
  if (!may_send(state, rules_.per_hour, now.ms, true)) return std::nullopt;
  gather_from_ms_ = 0;
  std::sort(due.begin(), due.end(),
            [](const Due& a, const Due& b) { return a.since_ms < b.since_ms; });
  Batch batch;
  batch.name = std::to_string(now.ms);
  for (const Due& one : due) {
    state.told[one.chat] = {one.since_ms, one.overdue};
    batch.overdue = batch.overdue || one.overdue;
    if (batch.chats.size() < chats_per_notice_max) {
      batch.chats.push_back(one.chat);
    } else {
      ++batch.more;
    }
  }
  return batch;
}

}  // namespace deskmate::notify
