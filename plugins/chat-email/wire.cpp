#include "plugins/chat-email/wire.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace deskmate::chat_email {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kResolveTrySeconds = 1;  // a stop must not wait for a dead name server
constexpr int kResolveTries = 2;

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) != 0;
  }
  return false;
}

bool is_ip(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> out;
  return inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

std::string words_of(int error) { return std::system_category().message(error); }

std::string tls_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "the connection ended" : reason;
}

struct AddressesFree {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

Interrupt::Interrupt() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

Interrupt::~Interrupt() { ::close(fd_); }

void Interrupt::trip() {
  tripped_ = true;
  eventfd_write(fd_, 1);
}

Result<Security> parse_security(const std::string& text) {
  if (text == "tls") return Security::tls;
  if (text == "starttls") return Security::starttls;
  if (text == "none") return Security::none;
  return Error{
      Status::invalid,
      "tls must be \"tls\", \"starttls\" or \"none\" / tls 只能是 \"tls\"、\"starttls\" 或 "
      "\"none\"",
      "tls"};
}

struct Wire::Tls {
  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
};

Wire::Wire(const Endpoint& endpoint, const Interrupt& interrupt)
    : endpoint_(endpoint), interrupt_(interrupt) {}

Wire::~Wire() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<Wire>> Wire::open(const Endpoint& endpoint, const Interrupt& interrupt) {
  // OpenSSL writes without MSG_NOSIGNAL: a server that hangs up must not end the process.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::unique_ptr<Wire> wire(new Wire(endpoint, interrupt));
  if (auto connected = wire->connect(); !connected) return connected.error();
  if (endpoint.security == Security::tls) {
    if (auto secured = wire->shake_hands(); !secured) return secured.error();
  }
  return wire;
}

Result<void> Wire::connect() {
  res_init();
  _res.retrans = kResolveTrySeconds;
  _res.retry = kResolveTries;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint_.port);
  const int failed = getaddrinfo(endpoint_.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    return Error{Status::unavailable, endpoint_.host + ": " + gai_strerror(failed), ""};
  }
  const std::unique_ptr<addrinfo, AddressesFree> list(found);
  Error last{Status::unavailable, endpoint_.host + ": no address", ""};
  constexpr int kAddressesMax = 8;
  int tries = 0;
  for (const addrinfo* at = found; at != nullptr && tries < kAddressesMax; at = at->ai_next) {
    ++tries;
    auto tried = try_address(at);
    if (tried || tried.error().code != Status::unavailable) return tried;
    last = tried.error();
  }
  return last;
}

Result<void> Wire::try_address(const void* address) {
  const auto* info = static_cast<const addrinfo*>(address);
  const std::string where = endpoint_.host + ":" + std::to_string(endpoint_.port);
  if (endpoint_.security == Security::none && !endpoint_.allow_plain &&
      !is_loopback(info->ai_addr)) {
    return Error{Status::denied,
                 where +
                     ": a password is sent without TLS only to this machine; set tls / "
                     "不用 TLS 时只能连接本机，请设置 tls",
                 "tls"};
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return Error{Status::unavailable, where + ": " + words_of(errno), ""};
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (::connect(fd_, info->ai_addr, info->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) {
      return Error{Status::unavailable, where + ": " + words_of(errno), ""};
    }
    if (!wait(POLLOUT, kConnectMs)) {
      return Error{interrupted() ? Status::cancelled : Status::unavailable,
                   where + ": not reached in time", ""};
    }
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Error{Status::unavailable, where + ": " + words_of(error), ""};
  }
  return {};
}

Result<void> Wire::shake_hands() {
  const std::string where = endpoint_.host + ":" + std::to_string(endpoint_.port);
  auto tls = std::make_unique<Tls>();
  tls->context = SSL_CTX_new(TLS_client_method());
  if (tls->context == nullptr) return Error{Status::internal, "TLS: no memory", ""};
  SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(tls->context);
  if (!endpoint_.ca_file.empty() &&
      SSL_CTX_load_verify_locations(tls->context, endpoint_.ca_file.c_str(), nullptr) != 1) {
    ERR_clear_error();
    return Error{Status::invalid, "ca_file cannot be read / 无法读取 ca_file", "ca_file"};
  }
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, nullptr);
  tls->ssl = SSL_new(tls->context);
  if (tls->ssl == nullptr) return Error{Status::internal, "TLS: no memory", ""};
  if (is_ip(endpoint_.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), endpoint_.host.c_str());
  } else {
    SSL_set1_host(tls->ssl, endpoint_.host.c_str());
    SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             endpoint_.host.data());
  }
  SSL_set_fd(tls->ssl, fd_);
  const auto until = Clock::now() + std::chrono::milliseconds(kConnectMs);
  while (true) {
    ERR_clear_error();
    const int done = SSL_connect(tls->ssl);
    if (done == 1) break;
    const int want = SSL_get_error(tls->ssl, done);
    if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE) {
      const long verified = SSL_get_verify_result(tls->ssl);
      if (verified != X509_V_OK) {
        ERR_clear_error();
        return Error{Status::denied,
                     where + ": the server's certificate is not trusted / 服务器证书不可信: " +
                         X509_verify_cert_error_string(verified),
                     ""};
      }
      return Error{Status::unavailable, where + ": TLS: " + tls_words(), ""};
    }
    const bool ready = wait(want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, kConnectMs);
    if (interrupted()) return Error{Status::cancelled, "stopping", ""};
    if (!ready || Clock::now() > until) {
      return Error{Status::unavailable, where + ": TLS: no answer in time", ""};
    }
  }
  tls_ = std::move(tls);
  return {};
}

Result<void> Wire::start_tls() {
  if (stream_ != nullptr && stream_->read_buffer_len > 0) {
    return Error{Status::denied, endpoint_.host + ": data before TLS began", ""};
  }
  return shake_hands();
}

bool Wire::wait(short events, std::uint32_t timeout_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, pollfd{interrupt_.fd(), POLLIN, 0}};
    const int ready =
        ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0 || ready <= 0) return false;
    return true;
  }
}

bool Wire::wait_readable(std::uint32_t timeout_ms) {
  if (broken_ || (stream_ != nullptr && stream_->read_buffer_len > 0)) return true;
  if (tls_ && SSL_pending(tls_->ssl) > 0) return true;
  return wait(POLLIN, timeout_ms);
}

ssize_t Wire::fail(const std::string& why) {
  if (!broken_) why_ = why;
  broken_ = true;
  return -1;
}

ssize_t Wire::read(void* bytes, std::size_t size) {
  if (broken_) return -1;
  if (answer_bytes_ > kAnswerBytesMax) return fail("the server sent too much");
  while (true) {
    short want = POLLIN;
    if (tls_) {
      ERR_clear_error();
      const int limited = static_cast<int>(std::min<std::size_t>(size, 1u << 20));
      const int got = SSL_read(tls_->ssl, bytes, limited);
      if (got > 0) {
        answer_bytes_ += static_cast<std::size_t>(got);
        return got;
      }
      const int error = SSL_get_error(tls_->ssl, got);
      if (error == SSL_ERROR_WANT_WRITE) {
        want = POLLOUT;
      } else if (error != SSL_ERROR_WANT_READ) {
        return fail("the connection ended");
      }
    } else {
      const ssize_t got = ::recv(fd_, bytes, size, 0);
      if (got > 0) {
        answer_bytes_ += static_cast<std::size_t>(got);
        return got;
      }
      if (got == 0) return fail("the connection ended");
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(words_of(errno));
    }
    if (!wait(want, kIoMs)) return fail(interrupted() ? "stopping" : "no answer in time");
  }
}

ssize_t Wire::write(const void* bytes, std::size_t size) {
  if (broken_) return -1;
  if (size == 0) return 0;
  while (true) {
    short want = POLLOUT;
    if (tls_) {
      ERR_clear_error();
      const int limited = static_cast<int>(std::min<std::size_t>(size, 1u << 20));
      const int put = SSL_write(tls_->ssl, bytes, limited);
      if (put > 0) return put;
      const int error = SSL_get_error(tls_->ssl, put);
      if (error == SSL_ERROR_WANT_READ) {
        want = POLLIN;
      } else if (error != SSL_ERROR_WANT_WRITE) {
        return fail("the connection ended");
      }
    } else {
      const ssize_t put = ::send(fd_, bytes, size, MSG_NOSIGNAL);
      if (put >= 0) return put;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return fail(words_of(errno));
    }
    if (!wait(want, kIoMs)) return fail(interrupted() ? "stopping" : "no answer in time");
  }
}

mailstream* Wire::stream() {
  constexpr std::size_t kBufferBytes = 8192;
  if (stream_ == nullptr) {
    mailstream_low* low = mailstream_low_new(this, driver());
    stream_ = low == nullptr ? nullptr : mailstream_new(low, kBufferBytes);
  }
  return stream_;
}

mailstream_low_driver* Wire::driver() {
  static mailstream_low_driver table = [] {
    mailstream_low_driver d{};
    d.mailstream_read = [](mailstream_low* low, void* bytes, size_t size) {
      return static_cast<Wire*>(low->data)->read(bytes, size);
    };
    d.mailstream_write = [](mailstream_low* low, const void* bytes, size_t size) {
      return static_cast<Wire*>(low->data)->write(bytes, size);
    };
    d.mailstream_close = [](mailstream_low* low) {
      auto* wire = static_cast<Wire*>(low->data);
      wire->stream_ = nullptr;
      wire->fail("closed");
      return 0;
    };
    d.mailstream_get_fd = [](mailstream_low* low) { return static_cast<Wire*>(low->data)->fd_; };
    d.mailstream_free = [](mailstream_low* low) { std::free(low); };
    d.mailstream_cancel = [](mailstream_low*) {};
    d.mailstream_get_cancel = [](mailstream_low*) -> struct mailstream_cancel* { return nullptr; };
    d.mailstream_get_certificate_chain = [](mailstream_low*) -> carray* { return nullptr; };
    return d;
  }();
  return &table;
}

}  // namespace deskmate::chat_email
