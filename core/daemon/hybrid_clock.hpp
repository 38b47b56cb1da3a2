// The hybrid logical clock that stamps events: UTC milliseconds << 16 | counter. Stamps of one peer
// only ever rise, also when the machine's clock is set back or a peer's clock runs ahead.
// Not thread-safe; lives on the loop.
#pragma once

#include <cstdint>

namespace deskmate::daemon {

inline constexpr unsigned stamp_counter_bits = 16;

constexpr std::uint64_t stamp_ms(std::uint64_t stamp) { return stamp >> stamp_counter_bits; }

class HybridClock {
 public:
  // The next stamp at the machine's time now_ms. Above every stamp given or seen before; when the
  // counter of a millisecond is used up it borrows from the next one.
  std::uint64_t next(std::uint64_t now_ms) {
    const std::uint64_t floor = now_ms << stamp_counter_bits;
    last_ = floor > last_ ? floor : last_ + 1;
    return last_;
  }

  // An event of this stamp is in the log: later ones come after it.
  void seen(std::uint64_t stamp) {
    if (stamp > last_) last_ = stamp;
  }

  std::uint64_t last() const { return last_; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace deskmate::daemon
