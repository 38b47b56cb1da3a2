// The loop of deskmate-plugin-host: poll() over one socket and an eventfd. Small, no Boost.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/bus/loop.hpp"
#include "core/bus/transport.hpp"

namespace deskmate::host {

class PollLoop : public bus::Loop {
 public:
  // A file descriptor to watch.
  class Source {
   public:
    virtual ~Source() = default;
    virtual int fd() const = 0;        // below 0: nothing to watch
    virtual short wanted() const = 0;  // POLLIN, POLLOUT
    virtual void on_ready(short events) = 0;
    virtual void before_wait() = 0;  // the turn is over
  };

  PollLoop();  // throws std::runtime_error where the system gives no eventfd
  ~PollLoop() override;
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  std::uint64_t now_ms() const override;
  void post(Work work) override;
  TimerId call_at(std::uint64_t at_ms, Work work) override;
  void cancel(TimerId timer) override;

  void watch(Source* source) { source_ = source; }  // one; null: none

  // Calls on_signal, from the loop, after signal_from_handler; which is for a signal's handler.
  void on_signal(Work work) { on_signal_ = std::move(work); }
  void signal_from_handler() noexcept;

  void run();  // until quit
  void quit() { quit_ = true; }

 private:
  void wake() noexcept;
  void do_posted();
  void do_timers();
  int wait_ms() const;

  int event_ = -1;
  Source* source_ = nullptr;
  Work on_signal_;
  std::atomic<bool> signalled_ = false;
  bool quit_ = false;
  std::mutex mutex_;
  std::deque<Work> posted_;  // under mutex_
  TimerId last_timer_ = 0;
  std::map<std::pair<std::uint64_t, TimerId>, Work> timers_;
  std::map<TimerId, std::uint64_t> timer_times_;
};

// Frames over a connected stream socket, which it closes.
std::unique_ptr<bus::Transport> make_poll_transport(PollLoop& loop, int fd);

}  // namespace deskmate::host
