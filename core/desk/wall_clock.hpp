// Times of day where somebody lives; everything else in the desk is UTC.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace deskmate::desk {

inline constexpr std::uint64_t second_ms = 1'000;
inline constexpr std::uint64_t minute_ms = 60 * second_ms;
inline constexpr std::uint64_t hour_ms = 60 * minute_ms;
inline constexpr std::uint64_t day_ms = 24 * hour_ms;

// Minutes since 1970-01-01 00:00 of the wall clock in an IANA zone at a UTC time. Pure: the same
// arguments give the same minutes.
using LocalMinutes = std::function<std::int64_t(std::string_view zone, std::uint64_t utc_ms)>;
std::int64_t utc_minutes(std::string_view zone, std::uint64_t utc_ms);  // every zone as UTC

}  // namespace deskmate::desk
