#include "core/daemon/quiet.hpp"

#include "core/daemon/zone.hpp"
#include "core/desk/schedule.hpp"

namespace deskmate::daemon {

std::optional<std::uint64_t> quiet_until_ms(const RuleTimes& times, std::uint64_t now_ms) {
  if (times.quiet.empty()) return std::nullopt;
  const std::string lines[] = {times.quiet};
  const auto hours = desk::parse_schedule(lines);
  if (!hours || !hours->covers(local_minutes(times.zone, now_ms))) return std::nullopt;
  const auto until = desk::next_change_ms(*hours, times.zone, now_ms, local_minutes);
  return until.value_or(now_ms);
}

std::string local_time_of(const RuleTimes& times, std::uint64_t utc_ms) {
  return local_time(times.zone.empty() ? "UTC" : times.zone, utc_ms);
}

}  // namespace deskmate::daemon
