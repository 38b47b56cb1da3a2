#include "core/desk/schedule.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/desk/types.hpp"

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
  for (const char* line :
       {"", "mon", "9:00-10:00", "09:00", "09:00-25:00", "09:60-10:00", "09:00-09:00",
        "noday 09:00-10:00", "09:00-10:00,", "24:00-01:00", "2027-02-06", "2027-02-30 closed",
        "2027-02-07..2027-02-06 closed", "2027-02-06 open", "2027-2-6 closed", "1969-12-31 closed",
        "2400-01-01 closed", "2027-02-06.. closed", "2027-02-06 closed, 09:00-10:00"}) {
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

// 1970-01-05 is a Monday.
TEST(Schedule, R15_a_date_goes_before_the_days_of_the_week) {
  const Schedule hours = schedule({"mon-fri 09:00-18:00", "1970-01-06..1970-01-08 closed",
                                   "1970-01-07 10:00-12:00", "1970-01-10 10:00-16:00"});
  EXPECT_TRUE(hours.covers(at(0, 17, 59)));
  EXPECT_FALSE(hours.covers(at(1, 10)));
  EXPECT_TRUE(hours.covers(at(2, 10)));  // the latter line
  EXPECT_FALSE(hours.covers(at(2, 12)));
  EXPECT_FALSE(hours.covers(at(3, 17)));
  EXPECT_TRUE(hours.covers(at(4, 9)));
  EXPECT_TRUE(hours.covers(at(5, 15, 59)));  // a Saturday
  EXPECT_FALSE(hours.covers(at(12, 11)));    // another
  EXPECT_EQ(hours.minutes_to_change(at(0, 18)), 40 * 60);
  EXPECT_EQ(hours.minutes_to_change(at(2, 12)), 45 * 60);
}

TEST(Schedule, R15_a_shift_belongs_to_the_day_on_which_it_begins) {
  const Schedule hours = schedule({"22:00-06:00", "1970-01-06 closed"});
  EXPECT_TRUE(hours.covers(at(1, 5, 59)));  // Monday's
  EXPECT_FALSE(hours.covers(at(1, 23)));
  EXPECT_FALSE(hours.covers(at(2, 5)));
  EXPECT_EQ(hours.minutes_to_change(at(1, 6)), 40 * 60);
}

TEST(Schedule, R15_only_dates_is_always_but_then) {
  const Schedule hours = schedule({"2027-12-25..2028-01-01 closed"});
  EXPECT_TRUE(hours.covers(at(0, 3)));
  const std::int64_t christmas = 21'177 * day;  // 2027-12-25
  EXPECT_EQ(hours.minutes_to_change(at(0, 3)), christmas - at(0, 3));
  EXPECT_FALSE(hours.covers(christmas));
  EXPECT_EQ(hours.minutes_to_change(christmas), 8 * day);
  EXPECT_FALSE(hours.minutes_to_change(christmas + 8 * day).has_value());
}

// Minute by minute, three weeks and a half long.
TEST(Schedule, R15_changes_are_where_a_minute_differs_from_the_one_before) {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t limit) { return static_cast<int>(random() % limit); };
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const auto hours_text = [&] {
    const int from = below(24);
    return two(from) + ":00-" + two((from + 1 + below(23)) % 24) + ":" + two(below(60));
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> lines;
    for (int i = below(3); i > 0; --i) {
      static const char* const days[] = {"mon-fri ", "sat,sun ", "", "wed "};
      lines.push_back(days[below(4)] + hours_text());
    }
    for (int i = 1 + below(3); i > 0; --i) {
      const int first = 5 + below(14);
      lines.push_back("1970-01-" + two(first) + "..1970-01-" + two(first + below(5)) + " " +
                      (below(2) == 0 ? "closed" : hours_text()));
    }
    const auto read = parse_schedule(lines);
    if (!read) continue;  // from and to may be the same
    std::int64_t minute = monday + below(14 * day);
    const std::int64_t end = minute + 10 * day;
    while (minute < end) {
      const auto left = read->minutes_to_change(minute);
      const bool now = read->covers(minute);
      for (std::int64_t ahead = 1; ahead < std::min(left.value_or(10 * day), 10 * day); ++ahead) {
        ASSERT_EQ(read->covers(minute + ahead), now) << lines[0] << " … " << lines.back();
      }
      if (!left) break;
      ASSERT_GT(*left, 0);
      ASSERT_NE(read->covers(minute + *left), now) << lines[0] << " … " << lines.back();
      minute += *left;
    }
  }
}

}  // namespace
}  // namespace deskmate::desk
