#include "core/desk/schedule.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace deskmate::desk {
namespace {

constexpr std::int32_t minutes_of_day = 24 * 60;
constexpr std::int32_t week_minutes = 7 * minutes_of_day;
constexpr std::int32_t epoch_weekday = 3;  // 1970-01-01 was a Thursday; Monday is 0

std::int32_t week_minute(std::int64_t local_minute) {
  const std::int64_t shifted = local_minute + std::int64_t{epoch_weekday} * minutes_of_day;
  return static_cast<std::int32_t>((shifted % week_minutes + week_minutes) % week_minutes);
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

}  // namespace

std::optional<Schedule> parse_schedule(std::span<const std::string> lines) {
  std::vector<std::pair<std::int32_t, std::int32_t>> ranges;
  std::size_t shifts = 0;
  const auto add = [&](std::int32_t from, std::int32_t to) {
    if (to <= week_minutes) {
      ranges.emplace_back(from, to);
    } else {
      ranges.emplace_back(from, week_minutes);
      ranges.emplace_back(0, to - week_minutes);
    }
  };
  for (const std::string& line : lines) {
    std::string_view text = trim(line);
    Days days = Days().set();
    const std::size_t first_digit = text.find_first_of("0123456789");
    if (first_digit == std::string_view::npos) return std::nullopt;
    if (first_digit > 0) {
      const auto named = parse_days(trim(text.substr(0, first_digit)));
      if (!named) return std::nullopt;
      days = *named;
      text.remove_prefix(first_digit);
    }
    const bool read = each_part(text, [&](std::string_view part) {
      const std::size_t dash = part.find('-');
      if (dash == std::string_view::npos || ++shifts > schedule_ranges_max) return false;
      const auto from = parse_time(part.substr(0, dash));
      auto to = parse_time(part.substr(dash + 1));
      if (!from || !to || *from == *to || *from == minutes_of_day) return false;
      if (*to < *from) *to += minutes_of_day;
      for (std::int32_t day = 0; day < 7; ++day) {
        if (days.test(static_cast<std::size_t>(day))) {
          add(day * minutes_of_day + *from, day * minutes_of_day + *to);
        }
      }
      return true;
    });
    if (!read) return std::nullopt;
  }
  // Shifts that touch or overlap are one, so that a change is a change.
  std::sort(ranges.begin(), ranges.end());
  Schedule schedule;
  for (const auto& range : ranges) {
    if (!schedule.ranges_.empty() && range.first <= schedule.ranges_.back().second) {
      schedule.ranges_.back().second = std::max(schedule.ranges_.back().second, range.second);
    } else {
      schedule.ranges_.push_back(range);
    }
  }
  return schedule;
}

bool Schedule::covers(std::int64_t local_minute) const {
  if (always()) return true;
  const std::int32_t minute = week_minute(local_minute);
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& range) {
    return range.first <= minute && minute < range.second;
  });
}

std::optional<std::int64_t> Schedule::minutes_to_change(std::int64_t local_minute) const {
  if (always()) return std::nullopt;
  const std::int32_t minute = week_minute(local_minute);
  const bool now = covers(local_minute);
  std::optional<std::int64_t> nearest;
  for (const auto& range : ranges_) {
    for (const std::int32_t bound : {range.first, range.second}) {
      std::int64_t ahead = (bound - minute + week_minutes) % week_minutes;
      if (ahead == 0) ahead = week_minutes;
      // The end of Sunday is no change where Monday begins with a shift.
      if (covers(local_minute + ahead) != now && (!nearest || ahead < *nearest)) nearest = ahead;
    }
  }
  return nearest;
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
