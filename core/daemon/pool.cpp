#include "core/daemon/pool.hpp"

#include <boost/asio/post.hpp>

namespace deskmate::daemon {

ThreadPool::~ThreadPool() {
  pool_.stop();
  pool_.join();
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
