#include "core/gateway/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "core/gateway/addresses.hpp"
#include "core/gateway/guard.hpp"
#include "core/gateway/websocket.hpp"
#include "core/gateway/wire.hpp"

namespace deskmate::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;
using tcp = asio::ip::tcp;

constexpr std::uint64_t accept_again_ms = 100;  // after running out of file descriptors
constexpr int backlog = 128;
constexpr std::uint64_t minute_ms = 60'000;
constexpr char tls_begins = 0x16;  // a handshake record (RFC 8446, 5.1)

using Parser = http::request_parser<http::string_body>;
using Answer = http::response<http::string_body>;

std::chrono::milliseconds ms(std::uint64_t count) { return std::chrono::milliseconds(count); }

// What the connections share; outlives the server while they last. Addresses as limited_as has
// them.
struct Shared {
  Shared(bus::AsioLoop& loop_of, std::uint64_t tls_ms_of) : loop(loop_of), tls_ms(tls_ms_of) {}

  bus::AsioLoop& loop;
  const std::uint64_t tls_ms;
  ServerHooks hooks;
  TlsContext tls;
  std::map<std::string, std::size_t> by_address;
  std::map<std::string, std::size_t> begun_by_address;  // TLS not yet agreed on
  std::map<std::string, std::size_t> this_minute;       // TLS begun
  std::uint64_t minute_began_ms = 0;
  std::size_t count = 0;
  std::size_t tls_count = 0;
  std::size_t begun = 0;
  bool stopped = false;

  bool admit(const std::string& address, bool with_tls) {
    if (stopped || count >= connections_max) return false;
    if (with_tls && tls_count >= tls_connections_max) return false;
    auto& of_address = by_address[address];
    if (of_address >= connections_of_address_max) return false;
    ++of_address;
    ++count;
    if (with_tls) ++tls_count;
    return true;
  }
  void leave(const std::string& address, bool with_tls) {
    --count;
    if (with_tls) --tls_count;
    drop(by_address, address);
  }

  bool begin_tls(const std::string& address) {
    if (!tls || begun >= tls_begun_max) return false;
    if (loop.now_ms() >= minute_began_ms + minute_ms || this_minute.size() >= tls_addresses_max) {
      this_minute.clear();
      minute_began_ms = loop.now_ms();
    }
    if (this_minute[address] >= tls_of_address_per_minute_max) return false;
    auto& of_address = begun_by_address[address];
    if (of_address >= tls_begun_of_address_max) return false;
    ++of_address;
    ++begun;
    ++this_minute[address];
    return true;
  }
  void end_tls(const std::string& address) {
    --begun;
    drop(begun_by_address, address);
  }

 private:
  static void drop(std::map<std::string, std::size_t>& from, const std::string& address) {
    const auto found = from.find(address);
    if (--found->second == 0) from.erase(found);
  }
};

Response plain(int status, std::string text) {
  return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text) + "\n"};
}

// One connection: a request, its answer, the next request.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Admitted as `limited`. local: where it arrived.
  Connection(std::shared_ptr<Shared> shared, tcp::socket socket, std::string address,
             std::string limited, std::string local, bool tls)
      : shared_(std::move(shared)),
        stream_(std::move(socket)),
        address_(std::move(address)),
        limited_(std::move(limited)),
        local_(std::move(local)),
        tls_(tls) {}
  ~Connection() {
    end_begun();
    if (!given_away_) shared_->leave(limited_, tls_);
  }

  // TLS first. Somebody who left the s of https out is told so.
  void begin_tls() {
    if (!shared_->begin_tls(limited_)) return close();
    begun_ = true;
    tcp_stream().expires_after(ms(shared_->tls_ms));
    stream_.async_read_some(in_.prepare(header_bytes_max),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error || self->shared_->stopped || !self->shared_->tls)
                                return self->close();
                              self->in_.commit(size);
                              const char first = *static_cast<const char*>(self->in_.data().data());
                              if (first >= 'A' && first <= 'Z') {
                                return self->refuse(400,
                                                    "https:// is spoken here / 此处请用 https://");
                              }
                              if (first != tls_begins) return self->close();
                              self->agree();
                            });
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(body_bytes_max);
    if (in_.size() > 0) return read_rest();
    // The time of a request begins with its first byte.
    tcp_stream().expires_after(ms(idle_ms_max));
    stream_.async_read_some(in_.prepare(header_bytes_max),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error || self->shared_->stopped) return self->close();
                              self->in_.commit(size);
                              self->read_rest();
                            });
  }

 private:
  beast::tcp_stream& tcp_stream() { return stream_.next_layer(); }

  void agree() {
    stream_.secure(*shared_->tls);
    // Beast 1.81 asks that the handler can do without the size, which it always gives.
    auto done = [self = shared_from_this()](const error_code& error, std::size_t size = 0) {
      self->in_.consume(size);
      // What follows the first message does so after our answer.
      if (error || self->shared_->stopped || self->in_.size() > 0) return self->close();
      self->end_begun();
      self->agreed_ = true;
      self->read();
    };
    stream_.async_handshake(in_.data(), std::move(done));
  }

  void end_begun() {
    if (std::exchange(begun_, false)) shared_->end_tls(limited_);
  }

  void read_rest() {
    tcp_stream().expires_after(ms(request_ms_max));
    http::async_read(stream_, in_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       self->on_read(error);
                     });
  }

  void on_read(const error_code& error) {
    if (shared_->stopped) return close();
    if (error == http::error::header_limit) return refuse(431, "the header is too long");
    if (error == http::error::body_limit) return refuse(413, "the body is too long");
    if (error == http::error::end_of_stream || error == beast::error::timeout) return close();
    if (error) {
      // What comes from HTTP's rules is told; from the network, nobody is there to hear it.
      const bool malformed =
          error.category() == http::make_error_code(http::error::bad_method).category();
      return malformed ? refuse(400, "malformed: " + error.message()) : close();
    }
    const auto& message = parser_->get();
    keep_ = message.keep_alive();
    head_ = message.method() == http::verb::head;
    if (message.version() != 10 && message.version() != 11) return refuse(505, "HTTP/1.1, please");
    if (message.count(http::field::host) != 1) return refuse(400, "one Host, please");
    const std::string_view target(message.target().data(), message.target().size());
    const auto question = target.find('?');
    const auto path = clean_path(target.substr(0, question));
    if (!path || target.size() > target_bytes_max) return refuse(400, "malformed path");
    Request request;
    request.method = std::string(message.method_string());
    request.path = *path;
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    for (const auto& field : message) {
      std::string name = lower({field.name_string().data(), field.name_string().size()});
      if (find(request.headers, name).empty()) {
        request.headers.emplace_back(std::move(name), std::string(field.value()));
      }
    }
    request.address = address_;
    request.secure = tls_;
    request.local = local_;
    if (beast::websocket::is_upgrade(message)) return upgrade(std::move(request));
    request.body = std::move(parser_->get().body());
    tcp_stream().expires_after(ms(answer_ms_max));
    shared_->hooks.on_request(std::move(request),
                              [weak = weak_from_this(), number = ++number_](Response response) {
                                // Too late, or twice: not asked any more.
                                const auto self = weak.lock();
                                if (self && self->number_ == number && !self->answered_)
                                  self->answer(std::move(response));
                              });
    watch();
  }

  // Somebody who goes away while their answer is on its way is noticed at the write; a late answer
  // ends the connection.
  void watch() {
    if (answered_) return;
    keep_alive_ = shared_from_this();
    timer_ =
        shared_->loop.call_at(shared_->loop.now_ms() + answer_ms_max, [weak = weak_from_this()] {
          const auto self = weak.lock();
          if (!self) return;
          self->timer_ = 0;
          if (!self->answered_) self->refuse(504, "no answer in time");
        });
  }

  void upgrade(Request request) {
    const auto offered = find(request.headers, "sec-websocket-protocol");
    if (offered != websocket_protocol) {
      return refuse(400, "the subprotocol is " + std::string(websocket_protocol));
    }
    auto opened = shared_->hooks.on_upgrade
                      ? shared_->hooks.on_upgrade(request)
                      : Result<Opened>(Error{Status::not_found, "there is no WebSocket", ""});
    if (!opened) return refuse(status_of(opened.error()), opened.error().message);
    tcp_stream().expires_never();
    auto socket = std::make_shared<WebSocket>(std::move(stream_));
    beast::websocket::stream_base::timeout times{};
    times.handshake_timeout = ms(handshake_ms_max);
    times.idle_timeout = beast::websocket::stream_base::none();  // the session has its heartbeat
    times.keep_alive_pings = false;
    socket->set_option(times);
    socket->set_option(
        beast::websocket::stream_base::decorator([](beast::websocket::response_type& response) {
          response.set(http::field::sec_websocket_protocol, std::string(websocket_protocol));
        }));
    socket->async_accept(parser_->get(), [self = shared_from_this(), socket,
                                          then = std::move(*opened)](const error_code& error) {
      if (error || self->shared_->stopped) return;
      self->given_away_ = true;
      then(make_websocket_transport(self->shared_->loop, std::move(*socket),
                                    [shared = self->shared_, address = self->limited_,
                                     tls = self->tls_] { shared->leave(address, tls); }));
    });
  }

  void refuse(int status, std::string text) {
    keep_ = false;
    Response response = plain(status, std::move(text));
    add_security(response.headers, Trust::own);
    answer(std::move(response));
  }

  void answer(Response response) {
    answered_ = true;
    if (timer_ != 0) shared_->loop.cancel(std::exchange(timer_, 0));
    const auto self = keep_alive_ ? std::exchange(keep_alive_, nullptr) : shared_from_this();
    answer_.emplace(static_cast<http::status>(response.status), 11);
    for (const auto& [name, value] : response.headers) answer_->insert(name, value);
    if (answer_->find(http::field::cache_control) == answer_->end()) {
      answer_->set(http::field::cache_control, "no-store");
    }
    answer_->keep_alive(keep_);
    const std::size_t size = response.body.size();
    const bool bodyless = response.status == 204 || response.status == 304;
    if (!head_ && !bodyless) answer_->body() = std::move(response.body);
    if (!bodyless) answer_->content_length(size);
    tcp_stream().expires_after(ms(write_ms_max));
    // HEAD: the length of what GET would bring, and nothing of it.
    serializer_.emplace(*answer_);
    if (head_) {
      http::async_write_header(stream_, *serializer_, [self](const error_code& error, std::size_t) {
        self->wrote(error);
      });
    } else {
      http::async_write(stream_, *serializer_,
                        [self](const error_code& error, std::size_t) { self->wrote(error); });
    }
  }

  void wrote(const error_code& error) {
    serializer_.reset();
    answer_.reset();
    answered_ = false;
    ++number_;
    if (error || !keep_ || shared_->stopped) return close();
    read();
  }

  void close() {
    if (std::exchange(agreed_, false)) {
      tcp_stream().expires_after(ms(tls_close_ms_max));
      return stream_.async_shutdown(
          [self = shared_from_this()](const error_code&) { self->close(); });
    }
    error_code ignored;  // it is over either way
    tcp_stream().socket().shutdown(tcp::socket::shutdown_send, ignored);
    tcp_stream().close();
  }

  std::shared_ptr<Shared> shared_;
  Wire stream_;
  std::string address_;
  std::string limited_;
  std::string local_;
  bool tls_;
  beast::flat_buffer in_;
  std::optional<Parser> parser_;
  std::optional<Answer> answer_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::shared_ptr<Connection> keep_alive_;  // itself, while somebody thinks about the answer
  bus::Loop::TimerId timer_ = 0;
  std::uint64_t number_ = 0;
  bool keep_ = false;
  bool head_ = false;
  bool answered_ = false;
  bool given_away_ = false;
  bool begun_ = false;   // TLS, and not yet agreed on
  bool agreed_ = false;  // on TLS, which is still open
};

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(std::shared_ptr<Shared> shared, tcp::acceptor acceptor, bool tls)
      : shared_(std::move(shared)), acceptor_(std::move(acceptor)), tls_(tls) {}

  bool tls() const { return tls_; }

  std::uint16_t port() const {
    error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (self->shared_->stopped) return;
          if (error) return self->later();
          self->take(std::move(socket));
          self->accept();
        });
  }

  void stop() {
    if (timer_ != 0) shared_->loop.cancel(std::exchange(timer_, 0));
    error_code ignored;  // it is over either way
    acceptor_.close(ignored);
  }

 private:
  void take(tcp::socket socket) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const auto local = socket.local_endpoint(error);
    if (error) return;
    std::string address = remote.address().to_string();
    std::string limited = limited_as(address);
    if (!shared_->admit(limited, tls_)) return;  // closes it
    socket.set_option(tcp::no_delay(true), error);
    const auto connection = std::make_shared<Connection>(
        shared_, std::move(socket), std::move(address), std::move(limited),
        with_port(local.address().to_string(), local.port()), tls_);
    tls_ ? connection->begin_tls() : connection->read();
  }

  void later() {
    timer_ = shared_->loop.call_at(shared_->loop.now_ms() + accept_again_ms,
                                   [self = shared_from_this()] {
                                     self->timer_ = 0;
                                     self->accept();
                                   });
  }

  std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  bool tls_;
  bus::Loop::TimerId timer_ = 0;
};

class TcpServer : public Server {
 public:
  explicit TcpServer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~TcpServer() override {
    shared_->stopped = true;
    for (const auto& acceptor : acceptors_) acceptor->stop();
    shared_->hooks = {};
  }

  Result<void> listen(const std::string& at, bool tls) {
    const char* setting = tls ? "console.tls" : "console.listen";
    const auto colon = at.rfind(':');
    error_code error;
    const auto address = asio::ip::make_address(host_of(at), error);
    const std::string port = colon == std::string::npos ? "" : at.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 &&
                        port.find_first_not_of("0123456789") == std::string::npos;
    if (error || !digits || std::stoul(port) > 65'535) {
      return Error{Status::invalid, "'" + at + "' is no address with a port", setting};
    }
    if (!tls && !address.is_loopback()) {
      return Error{Status::invalid, at + ": for other machines only with TLS: console.tls",
                   setting};
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(std::stoul(port)));
    tcp::acceptor acceptor(shared_->loop.context());
    const auto fails = [&](const error_code& why) {
      return Error{Status::unavailable, at + ": " + why.message(), setting};
    };
    acceptor.open(endpoint.protocol(), error);
    if (error) return fails(error);
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    acceptor.bind(endpoint, error);
    if (error) return fails(error);
    acceptor.listen(backlog, error);
    if (error) return fails(error);
    acceptors_.push_back(std::make_shared<Acceptor>(shared_, std::move(acceptor), tls));
    acceptors_.back()->accept();
    return {};
  }

  Result<void> use(const Certificate& certificate) override {
    auto context = make_tls_context(certificate);
    if (!context) return context.error();
    shared_->tls = std::move(*context);
    return {};
  }

  std::uint16_t port() const override { return port_of(false); }
  std::uint16_t tls_port() const override { return port_of(true); }
  std::size_t connections() const override { return shared_->count; }

 private:
  std::uint16_t port_of(bool tls) const {
    for (const auto& one : acceptors_) {
      if (one->tls() == tls) return one->port();
    }
    return 0;
  }

  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(bus::AsioLoop& loop,
                                             const std::vector<std::string>& listen,
                                             const std::vector<std::string>& tls,
                                             std::uint64_t tls_ms, ServerHooks hooks) {
  if (listen.empty() && tls.empty()) {
    return Error{Status::invalid, "no address to listen at", "console.listen"};
  }
  auto shared = std::make_shared<Shared>(loop, tls_ms);
  shared->hooks = std::move(hooks);
  auto server = std::make_unique<TcpServer>(std::move(shared));
  for (const std::string& at : listen) {
    if (auto listening = server->listen(at, false); !listening) return listening.error();
  }
  for (const std::string& at : tls) {
    if (auto listening = server->listen(at, true); !listening) return listening.error();
  }
  return std::unique_ptr<Server>(std::move(server));
}

int status_of(const Error& error) {
  switch (error.code) {
    case Status::invalid:
      return 400;
    case Status::denied:
      return error.where == "session" ? 401 : 403;
    case Status::not_found:
      return 404;
    case Status::limit:
      return 429;
    case Status::unavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace deskmate::gateway
