#include "core/host/restart.hpp"

#include <algorithm>

namespace deskmate::host {

std::optional<std::uint32_t> Restart::crashed(std::uint64_t now_ms, std::uint64_t random) {
  while (!crashes_.empty() && now_ms - crashes_.front() >= times_.window_ms) crashes_.pop_front();
  crashes_.push_back(now_ms);
  if (crashes_.size() >= times_.crashes) return std::nullopt;
  std::uint64_t wait = times_.first_ms;
  for (std::size_t i = 1; i < crashes_.size() && wait < times_.longest_ms; ++i) wait *= 2;
  wait = std::min<std::uint64_t>(wait, times_.longest_ms);
  const std::uint64_t most_off = wait * restart_jitter_percent / 100;
  return static_cast<std::uint32_t>(wait - random % (most_off + 1));
}

}  // namespace deskmate::host
