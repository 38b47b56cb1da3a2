// When a crashed plugin is started again, and when no more. Pure: the time is passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace deskmate::host {

// Named limits and defaults.
inline constexpr std::uint32_t restart_first_ms = 1'000;
inline constexpr std::uint32_t restart_longest_ms = 60'000;
inline constexpr std::uint32_t restart_jitter_percent = 20;  // taken off, at most
inline constexpr std::size_t crashes_max = 5;                // within the window: switched off
inline constexpr std::uint64_t crash_window_ms = 600'000;

struct RestartTimes {
  std::uint32_t first_ms = restart_first_ms;
  std::uint32_t longest_ms = restart_longest_ms;
  std::size_t crashes = crashes_max;
  std::uint64_t window_ms = crash_window_ms;
};

// The history of one instance. Crashes older than the window are forgotten, so a plugin that ran
// well for that long begins again with the shortest wait.
class Restart {
 public:
  explicit Restart(const RestartTimes& times) : times_(times) {}

  // It crashed at now_ms. The milliseconds to wait before the next start, doubled with every crash
  // in the window and shortened by up to 20 % so that several do not start together; nullopt: it
  // has crashed too often. random: any number, uniformly drawn.
  std::optional<std::uint32_t> crashed(std::uint64_t now_ms, std::uint64_t random);

  // Forgets all: the owner started it by hand.
  void reset() { crashes_.clear(); }

  std::size_t crashes() const { return crashes_.size(); }  // in the window, as of the last crash

 private:
  RestartTimes times_;
  std::deque<std::uint64_t> crashes_;
};

}  // namespace deskmate::host
