#include "core/gateway/websocket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <deque>
#include <utility>

#include "core/bus/shared_transport.hpp"

namespace deskmate::gateway {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using bus::Frame;

// Lives until its last operation has ended.
class SocketConnection : public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(bus::AsioLoop& loop, WebSocket socket, std::function<void()> done)
      : loop_(loop), socket_(std::move(socket)), done_(std::move(done)) {
    socket_.binary(true);
    socket_.auto_fragment(false);
    socket_.read_message_max(bus::frame_bytes_max);
  }
  ~SocketConnection() {
    if (done_) done_();
  }

  void start(bus::Transport::User& user) {
    user_ = &user;
    read();
  }

  void send(const Frame& frame) {
    if (dead_ || closing_) return;
    out_.push_back(bus::encode_frame(frame));
    queued_ += out_.back().size();
    plan_write();
  }

  std::size_t queued_bytes() const { return queued_; }

  void pause(bool paused) {
    if (paused_ == paused) return;
    paused_ = paused;
    if (paused || broken_) return;
    loop_.post([self = shared_from_this()] { self->read(); });
  }

  void close() {
    if (closing_) return;
    closing_ = true;
    user_ = nullptr;
    if (dead_) return;
    timer_ = loop_.call_at(loop_.now_ms() + bus::close_ms_max, [self = shared_from_this()] {
      self->timer_ = 0;
      self->shut();
    });
    if (out_.empty()) say_goodbye();
  }

 private:
  void read() {
    if (reading_ || paused_ || dead_ || closing_ || broken_ || user_ == nullptr) return;
    reading_ = true;
    socket_.async_read(in_, [self = shared_from_this()](const error_code& error, std::size_t) {
      self->reading_ = false;
      self->on_read(error);
    });
  }

  void on_read(const error_code& error) {
    if (closing_) return;
    if (error == beast::websocket::error::message_too_big) {
      return broken({Status::limit, "a frame is longer than a mebibyte", "frame"});
    }
    if (error) return lost(error);
    if (!socket_.got_binary()) {
      return broken({Status::invalid, "a frame is a binary message", "frame"});
    }
    auto frame =
        bus::decode_frame({static_cast<const char*>(in_.data().data()), in_.data().size()});
    in_.consume(in_.size());
    if (!frame) return broken(frame.error());
    user_->on_frame(std::move(*frame));
    read();
  }

  void broken(const Error& error) {
    broken_ = true;
    if (user_ != nullptr) user_->on_broken(error);
  }

  void plan_write() {
    if (write_planned_ || writing_) return;
    write_planned_ = true;
    loop_.post([self = shared_from_this()] {
      self->write_planned_ = false;
      self->write();
    });
  }

  void write() {
    if (dead_ || writing_ || out_.empty()) return;
    writing_ = true;
    socket_.async_write(boost::asio::buffer(out_.front()),
                        [self = shared_from_this()](const error_code& error, std::size_t) {
                          self->writing_ = false;
                          self->on_written(error);
                        });
  }

  void on_written(const error_code& error) {
    queued_ -= out_.front().size();
    out_.pop_front();
    if (error) {
      out_.clear();
      queued_ = 0;
      if (!reading_ && !closing_) return lost(error);
      dead_ = true;
      // Otherwise reading ends by itself.
      return;
    }
    if (!out_.empty()) return write();
    if (closing_) return say_goodbye();
    if (user_ != nullptr) user_->on_drained();
  }

  void say_goodbye() {
    if (dead_) return;
    dead_ = true;
    socket_.async_close(beast::websocket::close_code::normal,
                        [self = shared_from_this()](const error_code&) { self->shut(); });
  }

  void lost(const error_code& error) {
    dead_ = true;
    bus::Transport::User* user = std::exchange(user_, nullptr);
    if (user == nullptr) return;
    std::string message = "the other side closed the connection";
    if (error != beast::websocket::error::closed) message += " (" + error.message() + ")";
    user->on_closed({Status::unavailable, std::move(message), "closed"});
  }

  void shut() {
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
    dead_ = true;
    beast::get_lowest_layer(socket_).close();
  }

  bus::AsioLoop& loop_;
  WebSocket socket_;
  std::function<void()> done_;
  bus::Transport::User* user_ = nullptr;
  beast::flat_buffer in_;
  std::deque<std::string> out_;
  std::size_t queued_ = 0;
  bus::Loop::TimerId timer_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool write_planned_ = false;
  bool paused_ = false;
  bool broken_ = false;
  bool closing_ = false;
  bool dead_ = false;
};

}  // namespace

std::unique_ptr<bus::Transport> make_websocket_transport(bus::AsioLoop& loop, WebSocket socket,
                                                         std::function<void()> done) {
  return std::make_unique<bus::SharedTransport<SocketConnection>>(
      std::make_shared<SocketConnection>(loop, std::move(socket), std::move(done)));
}

}  // namespace deskmate::gateway
