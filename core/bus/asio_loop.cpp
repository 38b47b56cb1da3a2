#include "core/bus/asio_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <unordered_map>
#include <utility>

namespace deskmate::bus {

namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t milliseconds(Clock::time_point at) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

}  // namespace

class AsioLoop::Timers {
 public:
  TimerId last = 0;
  std::unordered_map<TimerId, std::unique_ptr<boost::asio::steady_timer>> all;
};

AsioLoop::AsioLoop(boost::asio::io_context& context)
    : context_(context), timers_(std::make_shared<Timers>()) {}

AsioLoop::~AsioLoop() { timers_->all.clear(); }

std::uint64_t AsioLoop::now_ms() const { return milliseconds(Clock::now()); }

void AsioLoop::post(Work work) { boost::asio::post(context_, std::move(work)); }

Loop::TimerId AsioLoop::call_at(std::uint64_t at_ms, Work work) {
  const TimerId id = ++timers_->last;
  const Clock::time_point at{std::chrono::milliseconds(at_ms)};
  auto timer = std::make_unique<boost::asio::steady_timer>(context_, at);
  timer->async_wait([weak = std::weak_ptr<Timers>(timers_), id,
                     work = std::move(work)](const boost::system::error_code& error) {
    const auto timers = weak.lock();
    // A timer that ran out may be cancelled before its handler's turn.
    if (error || !timers || timers->all.erase(id) == 0) return;
    work();
  });
  timers_->all.emplace(id, std::move(timer));
  return id;
}

void AsioLoop::cancel(TimerId timer) { timers_->all.erase(timer); }

}  // namespace deskmate::bus
