// Days and hours of a zone's wall clock. Pure. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/desk/policy.hpp"

namespace deskmate::desk {

// Since 1970-01-01 00:00 by the wall clock of the zone.
struct LocalHour {
  std::int64_t day = 0;
  std::int64_t hour = 0;  // 0 to 23
};
LocalHour local_hour(const Policy& policy, std::string_view zone, std::uint64_t utc_ms);

// "2027-01-15", of days since 1970-01-01.
std::string date_text(std::int64_t days);
// "2027-01-15 09:00", of minutes since then.
std::string minute_text(std::int64_t minutes);

}  // namespace deskmate::desk
