#include "core/bus/memory_transport.hpp"

#include <array>
#include <cstddef>
#include <deque>

namespace deskmate::bus {

namespace {

// What both ends share; lives as long as an end or a posted turn does.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  explicit Lane(Loop& loop) : loop_(loop) {}

  void start(std::size_t end, Transport::User& user) {
    ends_[end].user = &user;
    schedule();
  }

  void send(std::size_t end, Frame frame) {
    if (ends_[end].closed) return;
    End& other = ends_[1 - end];
    if (other.closed) return;
    other.bytes += frame_cost(frame);
    other.frames.push_back(std::move(frame));
    schedule();
  }

  std::size_t queued_bytes(std::size_t end) const { return ends_[1 - end].bytes; }

  void pause(std::size_t end, bool paused) {
    ends_[end].paused = paused;
    if (!paused) schedule();
  }

  void close(std::size_t end) {
    End& self = ends_[end];
    if (self.closed) return;
    self.closed = true;
    self.user = nullptr;
    self.frames.clear();
    self.bytes = 0;
    schedule();
  }

 private:
  struct End {
    Transport::User* user = nullptr;
    std::deque<Frame> frames;  // to be delivered to it
    std::size_t bytes = 0;     // of frames
    bool paused = false;
    bool closed = false;
    bool told = false;  // that the other end has closed
  };

  void schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    loop_.post([self = shared_from_this()] { self->turn(); });
  }

  void turn() {
    // scheduled_ stays set, so that what is sent meanwhile is delivered here.
    bool more = true;
    for (std::size_t budget = memory_turn_frames; budget > 0 && more; --budget) {
      const bool to_desk = deliver(0);
      const bool to_guest = deliver(1);
      more = to_desk || to_guest;
    }
    scheduled_ = false;
    if (more) schedule();
  }

  // Delivers one frame, or the news of the other's end. False: nothing to do.
  bool deliver(std::size_t end) {
    End& self = ends_[end];
    if (self.user == nullptr || self.told) return false;
    if (!self.frames.empty()) {
      // Once the other end has closed there is nobody left to slow down.
      if (self.paused && !ends_[1 - end].closed) return false;
      Frame frame = std::move(self.frames.front());
      self.frames.pop_front();
      self.bytes -= frame_cost(frame);
      self.user->on_frame(std::move(frame));
      End& other = ends_[1 - end];
      if (self.frames.empty() && other.user != nullptr) other.user->on_drained();
      return true;
    }
    if (!ends_[1 - end].closed) return false;
    self.told = true;
    self.user->on_closed({Status::unavailable, "the other side closed the connection", "closed"});
    return true;
  }

  Loop& loop_;
  std::array<End, 2> ends_;
  bool scheduled_ = false;
};

class MemoryTransport : public Transport {
 public:
  MemoryTransport(std::shared_ptr<Lane> lane, std::size_t end)
      : lane_(std::move(lane)), end_(end) {}
  ~MemoryTransport() override { lane_->close(end_); }

  void start(User& user) override { lane_->start(end_, user); }
  void send(Frame frame) override { lane_->send(end_, std::move(frame)); }
  std::size_t queued_bytes() const override { return lane_->queued_bytes(end_); }
  void pause(bool paused) override { lane_->pause(end_, paused); }
  void close() override { lane_->close(end_); }

 private:
  std::shared_ptr<Lane> lane_;
  std::size_t end_;
};

}  // namespace

MemoryPair make_memory_pair(Loop& loop) {
  const auto lane = std::make_shared<Lane>(loop);
  return {std::make_unique<MemoryTransport>(lane, 0), std::make_unique<MemoryTransport>(lane, 1)};
}

}  // namespace deskmate::bus
