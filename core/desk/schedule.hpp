// R7, R15: working hours of a member or a shop, by the wall clock of their zone.
//
// One line per shift: "[days] HH:MM-HH:MM[, HH:MM-HH:MM …]" with days such as "mon-fri" or
// "sat,sun"; without days, every day. "22:00-06:00" runs past midnight; "24:00" is the day's end.
// A day of the calendar, or several, goes before the days of the week: "2027-02-06..2027-02-12
// closed", "2027-02-08 10:00-16:00"; of two such lines for a day the latter counts. A shift belongs
// to the day on which it begins. Without a line for the week: always, but for those days.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/desk/wall_clock.hpp"

namespace deskmate::desk {

class Schedule {
 public:
  // At this minute of the wall clock (since 1970-01-01 00:00)?
  bool covers(std::int64_t local_minute) const;
  // How many minutes from it until covers() changes; nothing: it never does.
  std::optional<std::int64_t> minutes_to_change(std::int64_t local_minute) const;

  bool always() const { return week_.empty() && dates_.empty(); }

 private:
  friend std::optional<Schedule> parse_schedule(std::span<const std::string> lines);

  struct Shift {  // minutes since the day's midnight; beyond 24 h: of the next day
    std::int32_t from = 0;
    std::int32_t to = 0;
  };
  struct WeekShift {
    std::bitset<7> days;  // Monday first
    Shift shift;
  };
  struct Dates {  // days since 1970-01-01, both included
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::vector<Shift> shifts;
  };
  template <class Visit>
  bool any_shift(std::int64_t day, Visit visit) const;
  std::vector<std::int64_t> days_to_look_at(std::int64_t day) const;

  std::vector<WeekShift> week_;
  std::vector<Dates> dates_;  // the latter goes before the former
};

// Nothing: a line cannot be read, or there are more than schedule_ranges_max shifts.
std::optional<Schedule> parse_schedule(std::span<const std::string> lines);

// When covers() changes next after now, or shortly before (where clocks are put forward or back in
// between); always later than now.
std::optional<std::uint64_t> next_change_ms(const Schedule& schedule, std::string_view zone,
                                            std::uint64_t now_ms, const LocalMinutes& local);

}  // namespace deskmate::desk
