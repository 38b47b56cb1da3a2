// Times as couriers write them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace deskmate::courier {

inline constexpr std::int64_t china_minutes = 8 * 60;  // its one zone, ahead of UTC

// UTC milliseconds of "2024-05-01T09:30:00Z", "2024-05-01 09:30:00", "…09:30:00.123+08:00",
// "2024-05-01"; zone_minutes where the text names no zone. 0: it is no time from 1971 to 2199.
std::int64_t time_ms(std::string_view text, std::int64_t zone_minutes = 0);

}  // namespace deskmate::courier
