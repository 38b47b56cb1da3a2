// What the bus needs of the loop that it lives on: a clock, "soon" and "at that time". The daemon
// has it over Asio (asio_loop.hpp), tests with a clock that they set (test_loop.hpp).
#pragma once

#include <cstdint>
#include <functional>

namespace deskmate::bus {

class Loop {
 public:
  using Work = std::function<void()>;
  using TimerId = std::uint64_t;  // 0: none

  virtual ~Loop() = default;

  // A clock that only goes forward, in milliseconds. [any thread]
  virtual std::uint64_t now_ms() const = 0;

  // Does work on the loop's thread, soon, in the order of the calls, never within this call.
  // [any thread]
  virtual void post(Work work) = 0;

  // Does work on the loop's thread once now_ms() is at least at_ms, never within this call.
  // [loop thread]
  virtual TimerId call_at(std::uint64_t at_ms, Work work) = 0;

  // The work is not done any more. Unknown and past ones are ignored. [loop thread]
  virtual void cancel(TimerId timer) = 0;
};

}  // namespace deskmate::bus
