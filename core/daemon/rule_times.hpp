// The times of rules, out of [rules] of the configuration. Values only.
#pragma once

#include <cstdint>
#include <string>

#include "core/desk/policy.hpp"

namespace deskmate::daemon {

struct RuleTimes {
  std::uint64_t sweep_ms = 2 * desk::hour_ms;    // R61: all orders are judged again so often
  std::uint64_t answer_ms = 48 * desk::hour_ms;  // R62: then a buyer who was asked is called
  std::string quiet = "21:00-09:00";             // neither written to nor called; empty: whenever
  std::string zone;                              // IANA, of the quiet hours; empty: UTC
};

}  // namespace deskmate::daemon
