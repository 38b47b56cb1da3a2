#include "core/bus/stream_transport.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/bus/shared_transport.hpp"

namespace deskmate::bus {

namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t buffer_kept_max = 1u << 20;  // of an empty out-buffer

// The socket and what goes on with it; lives until its last operation has ended.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(AsioLoop& loop, int fd) : loop_(loop), socket_(loop.context()) {
    error_code error;
    socket_.assign(Protocol(), fd, error);
    if (error) {
      ::close(fd);
      broken_ = error;
    }
  }

  void start(Transport::User& user) {
    user_ = &user;
    if (broken_) {
      loop_.post([self = shared_from_this()] { self->lost(self->broken_); });
      return;
    }
    read();
  }

  void send(const Frame& frame) {
    if (dead_ || closing_) return;
    append_to_stream(out_, frame);
    plan_write();
  }

  std::size_t queued_bytes() const { return out_.size() + writing_.size(); }

  void pause(bool paused) {
    if (paused_ == paused) return;
    paused_ = paused;
    if (paused || broken_frames_) return;
    // What was read before comes first.
    loop_.post([self = shared_from_this()] { self->deliver(); });
  }

  void close() {
    if (closing_) return;
    closing_ = true;
    user_ = nullptr;
    if (dead_ || queued_bytes() == 0) {
      shut();
      return;
    }
    close_timer_ = loop_.call_at(loop_.now_ms() + close_ms_max, [self = shared_from_this()] {
      self->close_timer_ = 0;
      self->shut();
    });
  }

 private:
  void read() {
    if (reading_ || paused_ || dead_ || closing_ || broken_frames_) return;
    reading_ = true;
    socket_.async_read_some(boost::asio::buffer(in_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              self->reading_ = false;
                              self->on_read(error, size);
                            });
  }

  void on_read(const error_code& error, std::size_t size) {
    if (closing_) return;
    if (error) {
      lost(error);
      return;
    }
    frames_.feed({in_.data(), size});
    deliver();
  }

  void deliver() {
    while (user_ != nullptr && !paused_ && !broken_frames_) {
      auto payload = frames_.next();
      if (payload && !*payload) {
        read();
        return;
      }
      auto frame = payload ? decode_frame(**payload) : Result<Frame>(payload.error());
      if (!frame) {
        broken_frames_ = true;
        user_->on_broken(frame.error());
        return;
      }
      user_->on_frame(std::move(*frame));
    }
  }

  // Once per turn of the loop, however many frames it brings.
  void plan_write() {
    if (write_planned_ || !writing_.empty()) return;
    write_planned_ = true;
    loop_.post([self = shared_from_this()] {
      self->write_planned_ = false;
      self->write();
    });
  }

  void write() {
    if (dead_ || !writing_.empty() || out_.empty()) return;
    writing_.swap(out_);
    boost::asio::async_write(socket_, boost::asio::buffer(writing_),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               self->on_written(error);
                             });
  }

  void on_written(const error_code& error) {
    writing_.clear();
    if (writing_.capacity() > buffer_kept_max) writing_.shrink_to_fit();
    if (error) {
      out_.clear();
      dead_ = true;
      if (closing_) {
        shut();
      } else if (!reading_) {
        lost(error);
      }
      // Otherwise reading ends by itself, after the last that the other side had to say.
      return;
    }
    if (!out_.empty()) {
      write();
    } else if (closing_) {
      shut();
    } else if (user_ != nullptr) {
      user_->on_drained();
    }
  }

  void lost(const error_code& error) {
    dead_ = true;
    Transport::User* user = std::exchange(user_, nullptr);
    if (user == nullptr) return;
    std::string message = "the other side closed the connection";
    if (error && error != boost::asio::error::eof) message += " (" + error.message() + ")";
    if (frames_.waiting() > 0) message += " within a frame";
    user->on_closed({Status::unavailable, std::move(message), "closed"});
  }

  void shut() {
    if (close_timer_ != 0) loop_.cancel(std::exchange(close_timer_, 0));
    dead_ = true;
    error_code ignored;  // it is over either way
    socket_.shutdown(Protocol::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  AsioLoop& loop_;
  Protocol::socket socket_;
  Transport::User* user_ = nullptr;
  FrameReader frames_;
  std::array<char, read_bytes_max> in_{};
  std::string out_;      // encoded, not yet handed to the system
  std::string writing_;  // being handed to it
  error_code broken_;
  Loop::TimerId close_timer_ = 0;
  bool reading_ = false;
  bool paused_ = false;
  bool write_planned_ = false;
  bool broken_frames_ = false;
  bool closing_ = false;
  bool dead_ = false;
};

Error system_error(const std::string& what, int number = errno) {
  return {Status::internal, what + ": " + std::generic_category().message(number), "socket"};
}

// Closes a file descriptor that nobody took over.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Makes way for a socket file at the address.
Result<void> clear_path(const sockaddr_un& address, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_error(path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{Status::invalid, path + ": is there already and no socket", "socket"};
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) return system_error("socket");
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return Error{Status::unavailable, path + ": another process listens there", "socket"};
  }
  if (::unlink(path.c_str()) != 0) return system_error(path);
  return {};
}

// What the listener's operations hold.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(AsioLoop& loop, Listener::OnAccept on_accept)
      : loop_(loop), acceptor_(loop.context()), on_accept_(std::move(on_accept)) {}

  error_code assign(int fd) {
    error_code error;
    acceptor_.assign(Protocol(), fd, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, Protocol::socket socket) {
          self->on_accepted(error, std::move(socket));
        });
  }

  void stop() {
    stopped_ = true;
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
    error_code ignored;  // it is over either way
    acceptor_.close(ignored);
  }

 private:
  void on_accepted(const error_code& error, Protocol::socket socket) {
    if (stopped_) return;
    if (error) {
      // Out of file descriptors, most likely: some will be closed.
      timer_ = loop_.call_at(loop_.now_ms() + accept_again_ms, [self = shared_from_this()] {
        self->timer_ = 0;
        self->accept();
      });
      return;
    }
    ucred credentials{};
    socklen_t size = sizeof credentials;
    const bool known =
        ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
    if (known && (credentials.uid == ::geteuid() || credentials.uid == 0)) {
      error_code failed;
      const int fd = socket.release(failed);
      if (!failed) {
        on_accept_(make_stream_transport(loop_, fd), {credentials.pid, credentials.uid});
      }
    }
    if (!stopped_) accept();
  }

  AsioLoop& loop_;
  Protocol::acceptor acceptor_;
  Listener::OnAccept on_accept_;
  Loop::TimerId timer_ = 0;
  bool stopped_ = false;
};

class UnixListener : public Listener {
 public:
  UnixListener(std::shared_ptr<Acceptor> acceptor, std::string path, const struct stat& file)
      : acceptor_(std::move(acceptor)), path_(std::move(path)), file_(file) {}
  ~UnixListener() override {
    acceptor_->stop();
    // Somebody else's by now?
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == file_.st_dev &&
        status.st_ino == file_.st_ino) {
      ::unlink(path_.c_str());
    }
  }

 private:
  std::shared_ptr<Acceptor> acceptor_;
  std::string path_;
  struct stat file_;
};

}  // namespace

std::unique_ptr<Transport> make_stream_transport(AsioLoop& loop, int fd) {
  return std::make_unique<SharedTransport<Connection>>(std::make_shared<Connection>(loop, fd));
}

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return system_error("socketpair");
  }
  return SocketPair{fds[0], fds[1]};
}

Result<std::unique_ptr<Listener>> Listener::open(AsioLoop& loop, const std::string& path,
                                                 OnAccept on_accept) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Status::limit,
                 "the socket's path must have 1 to " + std::to_string(sizeof address.sun_path - 1) +
                     " bytes: '" + path + "'",
                 "socket"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto cleared = clear_path(address, path); !cleared) return cleared.error();

  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return system_error("socket");
  // Before bind, so that the file never has another mode.
  struct stat file {};
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), listen_backlog) != 0 || ::lstat(path.c_str(), &file) != 0) {
    return system_error("cannot listen at " + path);
  }
  auto acceptor = std::make_shared<Acceptor>(loop, std::move(on_accept));
  if (const error_code error = acceptor->assign(fd.get())) {
    return Error{Status::internal, "cannot listen at " + path + ": " + error.message(), "socket"};
  }
  fd.release();
  acceptor->accept();
  return std::unique_ptr<Listener>(new UnixListener(std::move(acceptor), path, file));
}

}  // namespace deskmate::bus
