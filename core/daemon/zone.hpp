// Time zones, from the system's database through the library that std::chrono's zones came from
// (libstdc++ 12 has none of its own). Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deskmate::daemon {

// "Asia/Shanghai"
bool zone_exists(std::string_view zone);

// Minutes since 1970-01-01 00:00 of the wall clock in that zone; in UTC where there is no such
// zone.
std::int64_t local_minutes(std::string_view zone, std::uint64_t utc_ms);

// "2026-03-01 14:05" by the wall clock of the zone; empty zone: the system's.
std::string local_time(std::string_view zone, std::uint64_t utc_ms);

}  // namespace deskmate::daemon
