// A few threads for what blocks: verify, backup, files.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

inline constexpr std::size_t pool_threads = 2;

class ThreadPool : public Pool {
 public:
  // Throws std::system_error where the system gives no threads.
  explicit ThreadPool(bus::Loop& loop);
  // Drops what waits and lets what runs end.
  ~ThreadPool() override;

  void run(std::function<void()> work, std::function<void()> then) override;

  // Work begun and not ended. [loop thread]
  std::size_t busy() const { return busy_; }

 private:
  void end();

  bus::Loop& loop_;
  boost::asio::io_context pool_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  std::size_t busy_ = 0;
};

}  // namespace deskmate::daemon
