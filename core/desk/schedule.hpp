// R7: a member's working hours, by the wall clock of their zone.
//
// One line per shift: "[days] HH:MM-HH:MM[, HH:MM-HH:MM …]" with days such as "mon-fri" or
// "sat,sun"; without days, every day. "22:00-06:00" runs past midnight; "24:00" is the day's end.
// No line at all: always.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/desk/policy.hpp"

namespace deskmate::desk {

class Schedule {
 public:
  // At this minute of the wall clock (since 1970-01-01 00:00)?
  bool covers(std::int64_t local_minute) const;
  // How many minutes from it until covers() changes; nothing: it never does.
  std::optional<std::int64_t> minutes_to_change(std::int64_t local_minute) const;

  bool always() const { return ranges_.empty(); }

 private:
  friend std::optional<Schedule> parse_schedule(std::span<const std::string> lines);
  std::vector<std::pair<std::int32_t, std::int32_t>> ranges_;  // minutes of the week, sorted, apart
};

// Nothing: a line cannot be read, or there are more than schedule_ranges_max shifts.
std::optional<Schedule> parse_schedule(std::span<const std::string> lines);

// When covers() changes next after now, or shortly before (where clocks are put forward or back in
// between); always later than now.
std::optional<std::uint64_t> next_change_ms(const Schedule& schedule, std::string_view zone,
                                            std::uint64_t now_ms, const LocalMinutes& local);

}  // namespace deskmate::desk
