#include "core/peer/net.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <utility>

namespace deskmate::peer {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t buffer_kept_max = 1u << 20;  // of an empty out-buffer

Address address_of(const tcp::endpoint& endpoint) {
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return {address.to_string(), endpoint.port()};
}

Error error_of(const error_code& error) {
  if (error == boost::asio::error::eof) {
    return {Status::unavailable, "the other side closed the connection", "closed"};
  }
  return {Status::unavailable, error.message(), "socket"};
}

void tune(tcp::socket& socket) {
  error_code ignored;  // a socket that cannot be tuned still works
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  const int fd = socket.native_handle();
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keepalive_idle_s, sizeof keepalive_idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &keepalive_every_s, sizeof keepalive_every_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &keepalive_times, sizeof keepalive_times);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent_bytes_max, sizeof notsent_bytes_max);
}

// The socket and what goes on with it; lives until its last operation has ended.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(bus::AsioLoop& loop, tcp::socket socket) : loop_(loop), socket_(std::move(socket)) {
    error_code error;
    const auto endpoint = socket_.remote_endpoint(error);
    if (!error) remote_ = address_of(endpoint);
    tune(socket_);
  }

  void start(Stream::Callbacks callbacks) {
    // Whoever changes them may be within a call of the old ones.
    auto fresh = std::make_shared<Stream::Callbacks>(std::move(callbacks));
    callbacks_.swap(fresh);
    read();
  }

  void send(std::string_view bytes) {
    if (dead_) return;
    out_ += bytes;
    if (write_planned_ || !writing_.empty()) return;
    write_planned_ = true;
    loop_.post([self = shared_from_this()] {
      self->write_planned_ = false;
      self->write();
    });
  }

  std::size_t unsent() const { return out_.size() + writing_.size(); }

  void pause(bool paused) {
    if (std::exchange(paused_, paused) && !paused) read();
  }

  const Address& remote() const { return remote_; }

  void read_more() { read_size_ = read_bytes_many; }

  void detach() {
    callbacks_ = nullptr;
    shut();
  }

  void finish() {
    callbacks_ = nullptr;
    finishing_ = true;
    if (dead_) return;
    if (unsent() == 0) end_sending();
    // What still comes in is read and dropped: closing before would make the system drop what was
    // sent last.
    read();
    timer_ = loop_.call_at(loop_.now_ms() + close_ms_max, [self = shared_from_this()] {
      self->timer_ = 0;
      self->shut();
    });
  }

 private:
  void read() {
    if (reading_ || dead_ || (!finishing_ && (paused_ || callbacks_ == nullptr))) return;
    reading_ = true;
    in_.resize(read_size_);
    socket_.async_read_some(boost::asio::buffer(in_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              self->reading_ = false;
                              self->on_read(error, size);
                            });
  }

  void on_read(const error_code& error, std::size_t size) {
    const auto callbacks = callbacks_;
    if (callbacks == nullptr && !finishing_) return;
    if (error) return lost(error);
    if (callbacks != nullptr) callbacks->on_bytes({in_.data(), size});
    read();
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
      if (finishing_ || paused_ || !reading_) lost(error);
      // Otherwise reading ends by itself, after the last that the other side had to say.
      return;
    }
    if (!out_.empty()) return write();
    if (finishing_) return end_sending();
    const auto callbacks = callbacks_;
    if (callbacks != nullptr && callbacks->on_drained) callbacks->on_drained();
  }

  void lost(const error_code& error) {
    const auto callbacks = std::exchange(callbacks_, nullptr);
    shut();
    if (callbacks != nullptr) callbacks->on_closed(error_of(error));
  }

  void end_sending() {
    error_code ignored;  // it is over either way
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void shut() {
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
    dead_ = true;
    error_code ignored;  // it is over either way
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  bus::AsioLoop& loop_;
  tcp::socket socket_;
  Address remote_;
  std::shared_ptr<Stream::Callbacks> callbacks_;
  std::string in_;
  std::string out_;      // not yet handed to the system
  std::string writing_;  // being handed to it
  std::size_t read_size_ = read_bytes_few;
  bus::Loop::TimerId timer_ = 0;
  bool reading_ = false;
  bool paused_ = false;
  bool write_planned_ = false;
  bool finishing_ = false;
  bool dead_ = false;
};

class TcpStream : public Stream {
 public:
  TcpStream(bus::AsioLoop& loop, tcp::socket socket)
      : connection_(std::make_shared<Connection>(loop, std::move(socket))) {}
  ~TcpStream() override {
    if (!finished_) connection_->detach();
  }
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  void start(Callbacks callbacks) override { connection_->start(std::move(callbacks)); }
  void send(std::string_view bytes) override { connection_->send(bytes); }
  std::size_t unsent_bytes() const override { return connection_->unsent(); }
  void pause(bool paused) override { connection_->pause(paused); }
  Address remote() const override { return connection_->remote(); }
  void finish() override {
    if (!std::exchange(finished_, true)) connection_->finish();
  }
  void read_more() override { connection_->read_more(); }

 private:
  std::shared_ptr<Connection> connection_;
  bool finished_ = false;
};

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(bus::AsioLoop& loop, Listener::OnAccept on_accept)
      : acceptor(loop.context()), loop_(loop), on_accept_(std::move(on_accept)) {}

  error_code open(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) {
      acceptor.set_option(boost::asio::ip::v6_only(true), error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(accept_backlog, error);
    return error;
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
      self->on_accepted(error, std::move(socket));
    });
  }

  void stop() {
    stopped_ = true;
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
    error_code ignored;  // it is over either way
    acceptor.close(ignored);
  }

  tcp::acceptor acceptor;

 private:
  void on_accepted(const error_code& error, tcp::socket socket) {
    if (stopped_) return;
    if (error) {
      // Out of file descriptors, most likely: some will be closed.
      timer_ = loop_.call_at(loop_.now_ms() + accept_again_ms, [self = shared_from_this()] {
        self->timer_ = 0;
        self->accept();
      });
      return;
    }
    on_accept_(std::make_unique<TcpStream>(loop_, std::move(socket)));
    if (!stopped_) accept();
  }

  bus::AsioLoop& loop_;
  Listener::OnAccept on_accept_;
  bus::Loop::TimerId timer_ = 0;
  bool stopped_ = false;
};

class TcpListener : public Listener {
 public:
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~TcpListener() override { acceptor_->stop(); }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  Address address() const override {
    error_code error;
    return address_of(acceptor_->acceptor.local_endpoint(error));
  }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(bus::AsioLoop& loop, Dial::Done done)
      : loop_(loop), resolver_(loop.context()), socket_(loop.context()), done_(std::move(done)) {}

  void start(const Address& address, std::uint64_t deadline_ms) {
    timer_ = loop_.call_at(loop_.now_ms() + deadline_ms, [self = shared_from_this()] {
      self->timer_ = 0;
      self->end(Error{Status::deadline, "no answer", "dial"});
    });
    error_code error;
    const auto numeric = boost::asio::ip::make_address(address.host, error);
    if (!error) return connect({tcp::endpoint(numeric, address.port)});
    resolver_.async_resolve(
        address.host, std::to_string(address.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](const error_code& failed, const auto& results) {
          if (self->over_) return;
          if (failed) {
            return self->end(
                Error{Status::unavailable, "no such name: " + failed.message(), "dns"});
          }
          std::vector<tcp::endpoint> endpoints;
          for (const auto& result : results) endpoints.push_back(result.endpoint());
          self->connect(std::move(endpoints));
        });
  }

  void cancel() {
    done_ = nullptr;
    over_ = true;
    if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
    error_code ignored;  // it is over either way
    resolver_.cancel();
    socket_.close(ignored);
  }

 private:
  void connect(std::vector<tcp::endpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    boost::asio::async_connect(
        socket_, endpoints_,
        [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
          if (self->over_) return;
          if (error) return self->end(error_of(error));
          self->end(std::unique_ptr<Stream>(
              std::make_unique<TcpStream>(self->loop_, std::move(self->socket_))));
        });
  }

  void end(Result<std::unique_ptr<Stream>> result) {
    const Dial::Done done = std::exchange(done_, nullptr);
    const auto self = shared_from_this();
    cancel();
    if (done) done(std::move(result));
  }

  bus::AsioLoop& loop_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::vector<tcp::endpoint> endpoints_;
  Dial::Done done_;
  bus::Loop::TimerId timer_ = 0;
  bool over_ = false;
};

class TcpDial : public Dial {
 public:
  explicit TcpDial(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  ~TcpDial() override { attempt_->cancel(); }
  TcpDial(const TcpDial&) = delete;
  TcpDial& operator=(const TcpDial&) = delete;

 private:
  std::shared_ptr<Attempt> attempt_;
};

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
         });
}

}  // namespace

std::string to_text(const Address& address) {
  const bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool numeric(const Address& address) {
  error_code error;
  boost::asio::ip::make_address(address.host, error);
  return !error;
}

Result<Address> parse_address(std::string_view text, std::uint16_t port) {
  const Error fault{Status::invalid,
                    "an address is written host:port, for instance 192.0.2.1:7370 or "
                    "[2001:db8::1]:7370",
                    "address"};
  std::string_view host = text;
  std::string_view digits;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fault;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return fault;
    if (!rest.empty()) digits = rest.substr(1);
  } else if (const auto colon = text.find(':');
             colon != std::string_view::npos &&
             text.find(':', colon + 1) == std::string_view::npos) {
    host = text.substr(0, colon);
    digits = text.substr(colon + 1);
    if (digits.empty()) return fault;
  }
  if (!is_host(host)) return fault;
  if (!digits.empty()) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return fault;
  }
  return Address{std::string(host), port};
}

Result<std::unique_ptr<Listener>> Listener::open(bus::AsioLoop& loop, const Address& address,
                                                 OnAccept on_accept) {
  error_code error;
  const auto numeric = boost::asio::ip::make_address(address.host, error);
  if (error) {
    return Error{Status::invalid, to_text(address) + ": listening needs a numeric address",
                 "listen"};
  }
  auto acceptor = std::make_shared<Acceptor>(loop, std::move(on_accept));
  error = acceptor->open({numeric, address.port});
  if (error) {
    acceptor->stop();
    const bool absent = error == boost::asio::error::address_family_not_supported ||
                        error == boost::system::errc::address_not_available;
    return Error{Status::unavailable, to_text(address) + ": " + error.message(),
                 absent ? "absent" : "listen"};
  }
  acceptor->accept();
  return std::unique_ptr<Listener>(std::make_unique<TcpListener>(std::move(acceptor)));
}

Result<std::vector<std::unique_ptr<Listener>>> listen_at(
    bus::AsioLoop& loop, const std::vector<Address>& addresses, const Listener::OnAccept& on_accept,
    const std::function<void(const Address& address, const Error& why)>& on_passed_over) {
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::pair<Address, Error>> absent;
  for (const Address& address : addresses) {
    auto listener = Listener::open(loop, address, on_accept);
    if (listener) {
      listeners.push_back(std::move(*listener));
    } else if (listener.error().where == "absent") {
      absent.emplace_back(address, listener.error());
    } else {
      return listener.error();
    }
  }
  if (listeners.empty() && !absent.empty()) return absent.front().second;
  for (const auto& [address, why] : absent) {
    if (on_passed_over) on_passed_over(address, why);
  }
  return listeners;
}

std::unique_ptr<Dial> Dial::start(bus::AsioLoop& loop, const Address& address,
                                  std::uint64_t deadline_ms, Done done) {
  auto attempt = std::make_shared<Attempt>(loop, std::move(done));
  attempt->start(address, deadline_ms);
  return std::make_unique<TcpDial>(std::move(attempt));
}

std::vector<std::string> own_hosts() {
  std::vector<std::string> hosts;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return hosts;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0u ||
        (at->ifa_flags & IFF_LOOPBACK) != 0u) {
      continue;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (at->ifa_addr->sa_family == AF_INET) {
      sockaddr_in address{};
      std::copy_n(reinterpret_cast<const char*>(at->ifa_addr), sizeof address,
                  reinterpret_cast<char*>(&address));
      ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 address{};
      std::copy_n(reinterpret_cast<const char*>(at->ifa_addr), sizeof address,
                  reinterpret_cast<char*>(&address));
      if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr)) continue;
      ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
    } else {
      continue;
    }
    hosts.emplace_back(text.data());
  }
  ::freeifaddrs(list);
  std::sort(hosts.begin(), hosts.end());
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

std::string source_of(const Address& remote) {
  error_code error;
  const auto address = boost::asio::ip::make_address(remote.host, error);
  if (error || address.is_v4()) return remote.host;
  const auto bytes = address.to_v6().to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), 8};
}

}  // namespace deskmate::peer
