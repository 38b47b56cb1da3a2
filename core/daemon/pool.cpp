#include "core/daemon/pool.hpp"

#include <boost/asio/post.hpp>
#include <system_error>

namespace deskmate::daemon {

// Not asio's thread_pool: where a later thread cannot be had it waits for the first for ever.
ThreadPool::ThreadPool(bus::Loop& loop) : loop_(loop), work_(pool_.get_executor()) {
  threads_.reserve(pool_threads);
  try {
    while (threads_.size() < pool_threads) threads_.emplace_back([this] { pool_.run(); });
  } catch (const std::system_error& error) {
    end();
    throw std::system_error(error.code(), "no thread could be started; allow more memory or tasks");
  }
}

ThreadPool::~ThreadPool() { end(); }

void ThreadPool::end() {
  pool_.stop();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(std::function<void()> work, std::function<void()> then) {
  ++busy_;
  boost::asio::post(pool_, [this, work = std::move(work), then = std::move(then)] {
    work();
    loop_.post([this, then] {
      --busy_;
      then();
    });
  });
}

}  // namespace deskmate::daemon
