#include "core/desk/schedule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/desk/types.hpp"

namespace deskmate::desk {
namespace {

constexpr std::int32_t minutes_of_day = 24 * 60;
constexpr int date_year_min = 1970;
constexpr int date_year_max = 2399;  // a zone's rules are not known much beyond
constexpr std::string_view closed_word = "closed";
constexpr std::int64_t epoch_weekday = 3;  // 1970-01-01 was a Thursday; Monday is 0

std::int64_t day_of(std::int64_t local_minute) {
  const std::int64_t of_day = (local_minute % minutes_of_day + minutes_of_day) % minutes_of_day;
  return (local_minute - of_day) / minutes_of_day;
}

std::size_t weekday_of(std::int64_t day) {
  return static_cast<std::size_t>(((day + epoch_weekday) % 7 + 7) % 7);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::int32_t> weekday(std::string_view name) {
  static constexpr std::array<std::string_view, 7> names = {"mon", "tue", "wed", "thu",
                                                            "fri", "sat", "sun"};
  std::string lower;
  for (const char c : trim(name)) lower += (c >= 'A' && c <= 'Z') ? static_cast<char>(c + 32) : c;
  const auto at = std::find(names.begin(), names.end(), lower);
  if (at == names.end()) return std::nullopt;
  return static_cast<std::int32_t>(at - names.begin());
}

// Each part of "a,b,c", until take returns false.
template <class Take>
bool each_part(std::string_view list, Take take) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (!take(trim(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

using Days = std::bitset<7>;

std::optional<Days> parse_days(std::string_view text) {
  Days days;
  const bool read = each_part(text, [&](std::string_view part) {
    const std::size_t dash = part.find('-');
    const auto first = weekday(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : weekday(part.substr(dash + 1));
    if (!first || !last) return false;
    for (std::int32_t day = *first;; day = (day + 1) % 7) {
      days.set(static_cast<std::size_t>(day));
      if (day == *last) return true;
    }
  });
  if (!read) return std::nullopt;
  return days;
}

std::optional<std::int32_t> parse_time(std::string_view text) {
  text = trim(text);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(text[0]) || !digit(text[1]) || !digit(text[3]) ||
      !digit(text[4])) {
    return std::nullopt;
  }
  const std::int32_t minutes =
      ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
  if (text[3] > '5' || minutes > minutes_of_day) return std::nullopt;
  return minutes;
}

// "2027-02-06", as days since 1970-01-01.
std::optional<std::int64_t> parse_date(std::string_view text) {
  text = trim(text);
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int out = 0;
    const char* const end = text.data() + at + size;
    const auto read = std::from_chars(text.data() + at, end, out);
    return read.ec == std::errc() && read.ptr == end ? out : -1;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < date_year_min || year > date_year_max || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

bool is_date(std::string_view text) {
  return text.size() > 4 && text[0] >= '0' && text[0] <= '9' && text[4] == '-';
}

}  // namespace

std::optional<Schedule> parse_schedule(std::span<const std::string> lines) {
  Schedule schedule;
  std::size_t shifts = 0;
  // "HH:MM-HH:MM[, …]"
  const auto read_shifts = [&](std::string_view text, auto take) {
    return each_part(text, [&](std::string_view part) {
      const std::size_t dash = part.find('-');
      if (dash == std::string_view::npos || ++shifts > schedule_ranges_max) return false;
      const auto from = parse_time(part.substr(0, dash));
      auto to = parse_time(part.substr(dash + 1));
      if (!from || !to || *from == *to || *from == minutes_of_day) return false;
      if (*to < *from) *to += minutes_of_day;
      take(Schedule::Shift{*from, *to});
      return true;
    });
  };
  for (const std::string& line : lines) {
    std::string_view text = trim(line);
    if (is_date(text)) {
      const std::size_t space = text.find(' ');
      if (space == std::string_view::npos || ++shifts > schedule_ranges_max) return std::nullopt;
      const std::string_view named = text.substr(0, space);
      const std::size_t dots = named.find("..");
      const auto first = parse_date(named.substr(0, dots));
      const auto last = dots == std::string_view::npos ? first : parse_date(named.substr(dots + 2));
      if (!first || !last || *last < *first) return std::nullopt;
      Schedule::Dates dates{*first, *last, {}};
      const std::string_view rest = trim(text.substr(space));
      if (rest != closed_word &&
          !read_shifts(rest, [&](Schedule::Shift shift) { dates.shifts.push_back(shift); })) {
        return std::nullopt;
      }
      schedule.dates_.push_back(std::move(dates));
      continue;
    }
    Days days = Days().set();
    const std::size_t first_digit = text.find_first_of("0123456789");
    if (first_digit == std::string_view::npos) return std::nullopt;
    if (first_digit > 0) {
      const auto named = parse_days(trim(text.substr(0, first_digit)));
      if (!named) return std::nullopt;
      days = *named;
      text.remove_prefix(first_digit);
    }
    const bool read = read_shifts(text, [&](Schedule::Shift shift) {
      schedule.week_.push_back({days, shift});
    });
    if (!read) return std::nullopt;
  }
  return schedule;
}

// Until visit says true, for each shift that begins on the day.
template <class Visit>
bool Schedule::any_shift(std::int64_t day, Visit visit) const {
  const auto dated = std::find_if(dates_.rbegin(), dates_.rend(), [&](const Dates& one) {
    return one.first <= day && day <= one.last;
  });
  if (dated != dates_.rend()) {
    return std::any_of(dated->shifts.begin(), dated->shifts.end(), visit);
  }
  if (week_.empty()) return visit(Shift{0, minutes_of_day});
  return std::any_of(week_.begin(), week_.end(), [&](const WeekShift& one) {
    return one.days.test(weekday_of(day)) && visit(one.shift);
  });
}

bool Schedule::covers(std::int64_t local_minute) const {
  const std::int64_t day = day_of(local_minute);
  const std::int64_t minute = local_minute - day * minutes_of_day;
  const auto within = [](std::int64_t at) {
    return [at](const Shift& shift) { return shift.from <= at && at < shift.to; };
  };
  return any_shift(day, within(minute)) || any_shift(day - 1, within(minute + minutes_of_day));
}

// Those on which it may first change after a minute of this day. What goes on for a whole week
// without a change goes on until the next line for a date begins or ends.
std::vector<std::int64_t> Schedule::days_to_look_at(std::int64_t day) const {
  std::vector<std::int64_t> out;
  const auto add = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t one = std::max(first, day - 1); one <= last; ++one) out.push_back(one);
  };
  add(day - 1, day + 8);
  for (const Dates& one : dates_) {
    add(one.first - 1, one.first + 1);
    add(one.last, one.last + 8);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::optional<std::int64_t> Schedule::minutes_to_change(std::int64_t local_minute) const {
  if (always()) return std::nullopt;
  const bool now = covers(local_minute);
  std::optional<std::int64_t> nearest;
  for (const std::int64_t day : days_to_look_at(day_of(local_minute))) {
    const std::int64_t midnight = day * minutes_of_day;
    if (nearest && *nearest <= midnight) break;
    const auto consider = [&](std::int64_t bound) {
      if (bound <= local_minute || (nearest && *nearest <= bound)) return;
      // Where shifts touch or overlap nothing changes.
      if (covers(bound) != now) nearest = bound;
    };
    // A day that has no shift ends what came over from the day before at that shift's end, or at
    // its own midnight.
    consider(midnight);
    any_shift(day, [&](const Shift& shift) {
      consider(midnight + shift.from);
      consider(midnight + shift.to);
      return false;
    });
  }
  if (!nearest) return std::nullopt;
  return *nearest - local_minute;
}

std::optional<std::uint64_t> next_change_ms(const Schedule& schedule, std::string_view zone,
                                            std::uint64_t now_ms, const LocalMinutes& local) {
  const std::int64_t here = local(zone, now_ms);
  const auto ahead = schedule.minutes_to_change(here);
  if (!ahead) return std::nullopt;
  const std::uint64_t minute_start = now_ms - now_ms % minute_ms;
  std::uint64_t at = minute_start + static_cast<std::uint64_t>(*ahead) * minute_ms;
  const std::int64_t off = local(zone, at) - (here + *ahead);  // above 0: clocks went forward
  if (off > 0) {
    const auto early = static_cast<std::uint64_t>(off) * minute_ms;
    at = at > minute_start + early ? at - early : minute_start;
  }
  return std::max(at, minute_start + minute_ms);
}

}  // namespace deskmate::desk
