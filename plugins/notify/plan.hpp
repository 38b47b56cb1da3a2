// When to tell, and of what. Pure: time and the desk's state come in; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "state.hpp"

namespace deskmate::notify {

// Named limits.
inline constexpr std::size_t chats_per_notice_max = 20;  // the others are counted
inline constexpr std::uint64_t hour_ms = 3'600'000;

// Hours of a day, in minutes after midnight; from == to: none. May cross midnight.
struct Quiet {
  int from = 0;
  int to = 0;
  bool holds(int minute_of_day) const;
};
// "22:30-07:00"; empty: none. Nothing where it is neither.
std::optional<Quiet> parse_quiet(std::string_view text);

struct Rules {
  std::uint64_t overdue_ms = 0;  // 0: never
  std::uint64_t gather_ms = 0;
  std::size_t per_hour = 1;
};

// A chat whose buyer waits.
struct Waiting {
  Id chat;
  std::uint64_t since_ms = 0;
  bool mine = false;  // else it is nobody's yet
};

struct Now {
  std::uint64_t ms = 0;
  bool away = false;    // the member is
  bool silent = false;  // muted, or quiet hours
  bool whole = true;    // `waiting` has all there are
};

class Planner {
 public:
  explicit Planner(Rules rules) : rules_(rules) {}

  // What to tell now, if anything; noted in state as told.
  std::optional<Batch> plan(State& state, const std::vector<Waiting>& waiting, const Now& now);

 private:
  Rules rules_;
  std::uint64_t gather_from_ms_ = 0;  // since when there is something to tell
};

// Whether one more may be sent in this hour; notes it.
bool may_send(State& state, std::size_t per_hour, std::uint64_t now_ms, bool take);

}  // namespace deskmate::notify
