// A Loop for tests: the clock stands still until it is moved.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/bus/loop.hpp"

namespace deskmate::bus {

class TestLoop : public Loop {
 public:
  std::uint64_t now_ms() const override { return now_ms_; }
  void post(Work work) override { posted_.push_back(std::move(work)); }
  TimerId call_at(std::uint64_t at_ms, Work work) override {
    const TimerId id = ++last_;
    timers_.emplace(std::pair{at_ms, id}, std::move(work));
    return id;
  }
  void cancel(TimerId timer) override {
    for (auto it = timers_.begin(); it != timers_.end(); ++it) {
      if (it->first.second == timer) {
        timers_.erase(it);
        return;
      }
    }
  }

  // Does what was posted, and what that posts, without moving the clock.
  void run() {
    while (!posted_.empty() || due()) {
      Work work;
      if (!posted_.empty()) {
        work = std::move(posted_.front());
        posted_.pop_front();
      } else {
        work = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
      }
      work();
    }
  }

  // Moves the clock by ms, stopping at every timer on the way.
  void advance(std::uint64_t ms) {
    const std::uint64_t until = now_ms_ + ms;
    run();
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      now_ms_ = std::max(now_ms_, timers_.begin()->first.first);
      run();
    }
    now_ms_ = until;
    run();
  }

  std::size_t timers() const { return timers_.size(); }

 private:
  bool due() const { return !timers_.empty() && timers_.begin()->first.first <= now_ms_; }

  std::uint64_t now_ms_ = 1'000'000;
  TimerId last_ = 0;
  std::deque<Work> posted_;
  std::map<std::pair<std::uint64_t, TimerId>, Work> timers_;
};

}  // namespace deskmate::bus
