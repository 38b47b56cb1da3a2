#include "core/host/poll_loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/bus/frame.hpp"

namespace deskmate::host {
namespace {

constexpr std::size_t read_bytes = 65'536;
constexpr std::size_t write_keep_bytes = 262'144;  // of buffer kept when it is empty

class PollTransport : public bus::Transport, private PollLoop::Source {
 public:
  PollTransport(PollLoop& loop, int fd) : loop_(loop), fd_(fd) {
    const int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }
  ~PollTransport() override { drop(); }
  PollTransport(const PollTransport&) = delete;
  PollTransport& operator=(const PollTransport&) = delete;

  void start(User& user) override {
    user_ = &user;
    loop_.watch(this);
  }
  void send(bus::Frame frame) override {
    if (fd_ >= 0) bus::append_to_stream(out_, frame);
  }
  std::size_t queued_bytes() const override { return out_.size() - sent_; }
  void pause(bool paused) override { paused_ = paused; }

  void close() override {
    user_ = nullptr;
    const std::uint64_t until = loop_.now_ms() + bus::close_ms_max;
    while (fd_ >= 0 && queued_bytes() > 0 && loop_.now_ms() < until) {
      pollfd poller{fd_, POLLOUT, 0};
      poll(&poller, 1, static_cast<int>(until - loop_.now_ms()));
      write_some();
    }
    drop();
  }

 private:
  int fd() const override { return fd_; }
  short wanted() const override {
    return static_cast<short>((paused_ || broken_ ? 0 : POLLIN) |
                              (queued_bytes() > 0 ? POLLOUT : 0));
  }
  void before_wait() override { go_on_writing(); }
  void on_ready(short events) override {
    const std::weak_ptr<bool> alive = alive_;
    if ((events & POLLOUT) != 0) go_on_writing();
    if (alive.expired()) return;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) read_some();
  }

  void read_some() {
    if (fd_ < 0) return;
    std::array<char, read_bytes> buffer;
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lose(got == 0 ? "the other side closed" : std::strerror(errno));
    frames_.feed({buffer.data(), static_cast<std::size_t>(got)});
    // The user may end the session, and with it this transport, in any of these calls.
    const std::weak_ptr<bool> alive = alive_;
    while (!alive.expired() && user_ != nullptr && !broken_) {
      auto payload = frames_.next();
      if (!payload) return break_off(payload.error());
      if (!*payload) return;
      auto frame = bus::decode_frame(**payload);
      if (!frame) return break_off(frame.error());
      user_->on_frame(std::move(*frame));
    }
  }

  void go_on_writing() {
    if (queued_bytes() == 0) return;
    write_some();
    if (fd_ >= 0 && queued_bytes() == 0 && user_ != nullptr) user_->on_drained();
  }

  void break_off(const Error& error) {
    broken_ = true;
    if (user_ != nullptr) user_->on_broken(error);
  }

  void lose(const std::string& why) {
    drop();
    if (User* user = std::exchange(user_, nullptr)) {
      user->on_closed({Status::unavailable, why, ""});
    }
  }

  void write_some() {
    while (fd_ >= 0 && queued_bytes() > 0) {
      const ssize_t wrote = ::send(fd_, out_.data() + sent_, queued_bytes(), MSG_NOSIGNAL);
      if (wrote < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return;
        out_.clear();
        sent_ = 0;
        return;  // reading finds out why
      }
      sent_ += static_cast<std::size_t>(wrote);
    }
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > write_keep_bytes) out_.shrink_to_fit();
  }

  void drop() {
    if (fd_ < 0) return;
    loop_.watch(nullptr);
    ::close(std::exchange(fd_, -1));
  }

  PollLoop& loop_;
  int fd_;
  User* user_ = nullptr;
  bool paused_ = false;
  bool broken_ = false;
  bus::FrameReader frames_;
  std::string out_;
  std::size_t sent_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<bus::Transport> make_poll_transport(PollLoop& loop, int fd) {
  return std::make_unique<PollTransport>(loop, fd);
}

PollLoop::PollLoop() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_ < 0) throw std::runtime_error(std::string("eventfd: ") + std::strerror(errno));
}

PollLoop::~PollLoop() { close(event_); }

std::uint64_t PollLoop::now_ms() const {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void PollLoop::wake() noexcept {
  const std::uint64_t one = 1;
  const ssize_t wrote = write(event_, &one, sizeof one);
  static_cast<void>(wrote);  // full means that it is awake already
}

void PollLoop::signal_from_handler() noexcept {
  const int saved = errno;
  signalled_ = true;
  wake();
  errno = saved;
}

void PollLoop::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  wake();
}

PollLoop::TimerId PollLoop::call_at(std::uint64_t at_ms, Work work) {
  const TimerId id = ++last_timer_;
  timers_.emplace(std::pair{at_ms, id}, std::move(work));
  timer_times_.emplace(id, at_ms);
  return id;
}

void PollLoop::cancel(TimerId timer) {
  const auto found = timer_times_.find(timer);
  if (found == timer_times_.end()) return;
  timers_.erase({found->second, timer});
  timer_times_.erase(found);
}

void PollLoop::do_posted() {
  std::deque<Work> now;
  {
    const std::lock_guard lock(mutex_);
    now.swap(posted_);
  }
  for (Work& work : now) work();
}

void PollLoop::do_timers() {
  const std::uint64_t now = now_ms();
  const TimerId newest = last_timer_;  // those set meanwhile wait for the next turn
  for (auto it = timers_.begin(); it != timers_.end() && it->first.first <= now;) {
    if (it->first.second > newest) {
      ++it;
      continue;
    }
    const Work work = std::move(it->second);
    timer_times_.erase(it->first.second);
    timers_.erase(it);
    work();
    it = timers_.begin();  // the work may have changed them
  }
}

int PollLoop::wait_ms() const {
  if (timers_.empty()) return -1;
  const std::uint64_t now = now_ms();
  const std::uint64_t at = timers_.begin()->first.first;
  if (at <= now) return 0;
  return static_cast<int>(std::min<std::uint64_t>(
      at - now, static_cast<std::uint64_t>(std::numeric_limits<int>::max())));
}

void PollLoop::run() {
  while (true) {
    do_posted();
    do_timers();
    if (source_ != nullptr) source_->before_wait();
    if (quit_) return;
    std::array<pollfd, 2> fds{pollfd{event_, POLLIN, 0}, pollfd{-1, 0, 0}};
    if (source_ != nullptr) fds[1] = {source_->fd(), source_->wanted(), 0};
    const int ready = poll(fds.data(), fds.size(), wait_ms());
    if (ready < 0 && errno != EINTR) throw std::runtime_error(std::strerror(errno));
    if (ready <= 0) continue;
    if (fds[0].revents != 0) {
      std::uint64_t count = 0;
      const ssize_t got = read(event_, &count, sizeof count);
      static_cast<void>(got);
    }
    if (signalled_.exchange(false) && on_signal_) on_signal_();
    if (fds[1].revents != 0 && source_ != nullptr) source_->on_ready(fds[1].revents);
  }
}

}  // namespace deskmate::host
