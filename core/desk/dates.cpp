#include "core/desk/dates.hpp"

#include <array>
#include <cstdio>

namespace deskmate::desk {
namespace {

constexpr std::int64_t hour_minutes = 60;
constexpr std::int64_t day_minutes = 24 * hour_minutes;

}  // namespace

LocalHour local_hour(const Policy& policy, std::string_view zone, std::uint64_t utc_ms) {
  const std::int64_t minutes = policy.local_minutes(zone, utc_ms);
  const std::int64_t of_day = (minutes % day_minutes + day_minutes) % day_minutes;
  return {(minutes - of_day) / day_minutes, of_day / hour_minutes};
}

// The Gregorian calendar.
std::string date_text(std::int64_t days) {
  days += 719'468;  // from 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * of_year + 2) / 153;
  const std::int64_t day = of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 48> out{};
  const int size =
      std::snprintf(out.data(), out.size(), "%04lld-%02lld-%02lld", static_cast<long long>(year),
                    static_cast<long long>(month), static_cast<long long>(day));
  return {out.data(), static_cast<std::size_t>(size)};
}

std::string minute_text(std::int64_t minutes) {
  const std::int64_t of_day = (minutes % day_minutes + day_minutes) % day_minutes;
  std::array<char, 8> time{};
  std::snprintf(time.data(), time.size(), " %02d:%02d", static_cast<int>(of_day / hour_minutes),
                static_cast<int>(of_day % hour_minutes));
  return date_text((minutes - of_day) / day_minutes) + time.data();
}

}  // namespace deskmate::desk
