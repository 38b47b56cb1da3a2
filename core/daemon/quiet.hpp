// The hours in which buyers are neither written to nor called without having asked (R62). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/daemon/rule_times.hpp"

namespace deskmate::daemon {

// Until when it is quiet; nothing: it is not.
std::optional<std::uint64_t> quiet_until_ms(const RuleTimes& times, std::uint64_t now_ms);
// "2026-03-01 09:00" by the clock of the quiet hours.
std::string local_time_of(const RuleTimes& times, std::uint64_t utc_ms);

}  // namespace deskmate::daemon
