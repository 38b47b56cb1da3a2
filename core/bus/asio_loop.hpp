// The bus's Loop over an Asio io_context; run by whoever owns it.
#pragma once

#include <memory>

#include "core/bus/loop.hpp"

namespace boost::asio {
class io_context;
}

namespace deskmate::bus {

class AsioLoop : public Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context);  // which outlives it
  ~AsioLoop() override;                                 // its timers are not called any more

  std::uint64_t now_ms() const override;
  void post(Work work) override;
  TimerId call_at(std::uint64_t at_ms, Work work) override;
  void cancel(TimerId timer) override;

  boost::asio::io_context& context() { return context_; }

 private:
  class Timers;
  boost::asio::io_context& context_;
  std::shared_ptr<Timers> timers_;
};

}  // namespace deskmate::bus
