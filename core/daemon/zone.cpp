#include "core/daemon/zone.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace deskmate::daemon {
namespace {

const date::time_zone* find_zone(std::string_view zone) {
  try {
    return zone.empty() ? date::current_zone() : date::locate_zone(zone);
  } catch (const std::runtime_error&) {  // not in the database, or there is no database
    return nullptr;
  }
}

date::local_time<std::chrono::milliseconds> to_local(std::string_view zone, std::uint64_t utc_ms) {
  const date::sys_time<std::chrono::milliseconds> at{
      std::chrono::milliseconds(static_cast<std::int64_t>(utc_ms))};
  if (const auto* found = find_zone(zone)) return found->to_local(at);
  return date::local_time<std::chrono::milliseconds>(at.time_since_epoch());
}

}  // namespace

bool zone_exists(std::string_view zone) { return !zone.empty() && find_zone(zone) != nullptr; }

std::int64_t local_minutes(std::string_view zone, std::uint64_t utc_ms) {
  const auto local = to_local(zone.empty() ? "UTC" : zone, utc_ms);
  return date::floor<std::chrono::minutes>(local).time_since_epoch().count();
}

std::string local_time(std::string_view zone, std::uint64_t utc_ms) {
  return date::format("%Y-%m-%d %H:%M", date::floor<std::chrono::minutes>(to_local(zone, utc_ms)));
}

}  // namespace deskmate::daemon
