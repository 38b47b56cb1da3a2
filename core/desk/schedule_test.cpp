#include "core/desk/schedule.hpp"

#include <gtest/gtest.h>

namespace deskmate::desk {
namespace {

constexpr std::int64_t day = 24 * 60;
constexpr std::int64_t monday = 4 * day;  // 1970-01-05

std::int64_t at(std::int64_t weekday, std::int64_t hour, std::int64_t minute = 0) {
  return monday + weekday * day + hour * 60 + minute;
}

Schedule schedule(const std::vector<std::string>& lines) { return parse_schedule(lines).value(); }

TEST(Schedule, R7_every_day_from_six_to_midnight) {
  const Schedule hours = schedule({"06:00-24:00"});
  EXPECT_FALSE(hours.covers(at(0, 5, 59)));
  EXPECT_TRUE(hours.covers(at(0, 6)));
  EXPECT_TRUE(hours.covers(at(6, 23, 59)));
  EXPECT_FALSE(hours.covers(at(7, 0)));
  EXPECT_EQ(hours.minutes_to_change(at(0, 5, 30)), 30);
  EXPECT_EQ(hours.minutes_to_change(at(0, 6)), 18 * 60);
}

TEST(Schedule, R7_days_and_split_shifts) {
  const Schedule hours = schedule({"Mon-Fri 09:00-12:00, 13:00-17:00", "sat,sun 10:00-11:00"});
  EXPECT_TRUE(hours.covers(at(4, 16, 59)));
  EXPECT_FALSE(hours.covers(at(4, 12, 30)));
  EXPECT_FALSE(hours.covers(at(5, 9, 30)));
  EXPECT_TRUE(hours.covers(at(6, 10)));
  EXPECT_EQ(hours.minutes_to_change(at(6, 11)), 22 * 60);  // Monday at nine
}

TEST(Schedule, R7_past_midnight_and_past_the_week) {
  const Schedule hours = schedule({"sun 22:00-06:00"});
  EXPECT_TRUE(hours.covers(at(6, 23)));
  EXPECT_TRUE(hours.covers(at(0, 5, 59)));
  EXPECT_FALSE(hours.covers(at(0, 6)));
  EXPECT_EQ(hours.minutes_to_change(at(6, 23)), 7 * 60);
}

TEST(Schedule, R7_no_line_is_always) {
  EXPECT_TRUE(schedule({}).covers(0));
  EXPECT_FALSE(schedule({}).minutes_to_change(0).has_value());
  EXPECT_FALSE(schedule({"00:00-24:00"}).minutes_to_change(at(2, 3)).has_value());
  EXPECT_TRUE(schedule({"00:00-24:00"}).covers(at(6, 23, 59)));
}

TEST(Schedule, R7_what_cannot_be_read_is_refused) {
  for (const char* line : {"", "mon", "9:00-10:00", "09:00", "09:00-25:00", "09:60-10:00",
                           "09:00-09:00", "noday 09:00-10:00", "09:00-10:00,", "24:00-01:00"}) {
    const std::vector<std::string> lines{line};
    EXPECT_FALSE(parse_schedule(lines).has_value()) << line;
  }
  const std::vector<std::string> many(schedule_ranges_max + 1, "09:00-10:00");
  EXPECT_FALSE(parse_schedule(many).has_value());
}

// Clocks go forward by an hour at 02:00 on Tuesday: nine o'clock comes an hour sooner.
TEST(Schedule, R7_a_change_is_never_missed_when_clocks_are_moved) {
  const std::uint64_t jump_ms = static_cast<std::uint64_t>(at(1, 2)) * minute_ms;
  const LocalMinutes local = [&](std::string_view, std::uint64_t utc_ms) {
    return static_cast<std::int64_t>(utc_ms / minute_ms) + (utc_ms >= jump_ms ? 60 : 0);
  };
  const Schedule hours = schedule({"09:00-17:00"});
  const std::uint64_t now_ms = static_cast<std::uint64_t>(at(0, 20)) * minute_ms + 1;
  EXPECT_EQ(next_change_ms(hours, "X", now_ms, local),
            static_cast<std::uint64_t>(at(1, 8)) * minute_ms);
}

}  // namespace
}  // namespace deskmate::desk
