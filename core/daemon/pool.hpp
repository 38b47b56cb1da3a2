// A few threads for what blocks: verify, backup, files.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "core/bus/loop.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

inline constexpr std::size_t pool_threads = 2;

class ThreadPool : public Pool {
 public:
  explicit ThreadPool(bus::Loop& loop) : loop_(loop), pool_(pool_threads) {}
  // Drops what waits and lets what runs end.
  ~ThreadPool() override;

  void run(std::function<void()> work, std::function<void()> then) override;

  // Work begun and not ended. [loop thread]
  std::size_t busy() const { return busy_; }

 private:
  bus::Loop& loop_;
  boost::asio::thread_pool pool_;
  std::size_t busy_ = 0;
};

}  // namespace deskmate::daemon
