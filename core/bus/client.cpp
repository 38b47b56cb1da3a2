#include "core/bus/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

namespace deskmate::bus {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::uint64_t credit_step = client_credit / 2;  // events taken before credit is given

std::uint64_t now_ms() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(now).count());
}

Error system_error(const std::string& what, int number = errno) {
  return {Status::unavailable, what + ": " + std::generic_category().message(number), "socket"};
}

// Waits until fd is ready for what; false: not until then.
Result<bool> wait_for(int fd, short what, std::uint64_t until_ms) {
  while (true) {
    const std::uint64_t now = now_ms();
    const std::uint64_t left = until_ms > now ? until_ms - now : 0;
    pollfd entry{fd, what, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<std::uint64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return system_error("waiting for the desk");
    if (now_ms() >= until_ms) return false;
  }
}

}  // namespace

Result<Client> Client::connect(const std::string& socket_path, const ClientOptions& options) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    return Error{Status::limit, "the socket's path is too long: " + socket_path, "socket"};
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return system_error("socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int number = errno;
    ::close(fd);
    return system_error("cannot connect to " + socket_path, number);
  }
  return adopt(fd, options);
}

Result<Client> Client::adopt(int fd, const ClientOptions& options) {
  Client client(fd);
  if (auto done = client.shake_hands(options); !done) return done.error();
  return client;
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      reader_(std::move(other.reader_)),
      welcome_(std::move(other.welcome_)),
      last_id_(other.last_id_),
      events_(std::move(other.events_)),
      event_readers_(std::move(other.event_readers_)),
      taken_(std::move(other.taken_)) {}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(reader_, other.reader_);
  std::swap(welcome_, other.welcome_);
  std::swap(last_id_, other.last_id_);
  std::swap(events_, other.events_);
  std::swap(event_readers_, other.event_readers_);
  std::swap(taken_, other.taken_);
  return *this;
}

Result<void> Client::shake_hands(const ClientOptions& options) {
  Hello hello;
  hello.role = options.role;
  hello.name = options.name;
  hello.token = options.token;
  hello.version = options.version;
  if (auto sent = send(hello); !sent) return sent;
  auto frame = next_frame(options.connect_ms);
  if (!frame) return frame.error();
  if (!*frame) {
    return Error{Status::deadline,
                 "the desk did not answer within " + std::to_string(options.connect_ms) + " ms",
                 "hello"};
  }
  if (auto* goodbye = std::get_if<Goodbye>(&**frame)) return goodbye->reason;
  auto* welcome = std::get_if<Welcome>(&**frame);
  if (welcome == nullptr) {
    return Error{Status::invalid, "the desk answered hello with another frame than welcome",
                 "hello"};
  }
  if (welcome->protocol != protocol_version) {
    return Error{Status::invalid,
                 "the desk speaks protocol " + std::to_string(welcome->protocol) +
                     ", this program " + std::to_string(protocol_version),
                 "hello"};
  }
  welcome_ = std::move(*welcome);
  return {};
}

Result<Value> Client::call(std::string_view method, const Value& params,
                           std::uint32_t deadline_ms) {
  Request request{++last_id_, std::string(method), deadline_ms, encode(params)};
  if (!frame_fits(request.params.size())) {
    return Error{Status::limit, "the parameters of '" + std::string(method) + "' are too large",
                 std::string(method)};
  }
  const std::uint64_t id = request.id;
  const std::uint64_t until = now_ms() + deadline_ms;
  if (auto sent = send(std::move(request)); !sent) return sent.error();
  while (true) {
    const std::uint64_t now = now_ms();
    auto frame = next_frame(static_cast<std::uint32_t>(until > now ? until - now : 0));
    if (!frame) return frame.error();
    if (!*frame) {
      // Nobody waits any more; should the desk be gone, the next call says so.
      static_cast<void>(send(Cancel{id}).has_value());
      return Error{Status::deadline,
                   "'" + std::string(method) + "' was not answered within " +
                       std::to_string(deadline_ms) + " ms",
                   std::string(method)};
    }
    if (auto* reply = std::get_if<Reply>(&**frame); reply != nullptr && reply->id == id) {
      return decode(reply->result);
    }
    if (auto* refusal = std::get_if<Refusal>(&**frame); refusal != nullptr && refusal->id == id) {
      return std::move(refusal->error);
    }
    if (auto kept = keep(std::move(**frame)); !kept) return kept.error();
  }
}

Result<std::uint64_t> Client::open_reader(std::string_view reader,
                                          const std::vector<std::string>& topics, bool from_start) {
  const Value params = Value::map({{"name", reader},
                                   {"topics", Array(topics.begin(), topics.end())},
                                   {"from", from_start ? "start" : "now"},
                                   {"credit", client_credit}});
  const auto opened = call("reader.open", params);
  if (!opened) return opened.error();
  return (*opened)["position"].as_uint();
}

Result<std::optional<Event>> Client::next_event(std::uint32_t wait_ms) {
  const std::uint64_t until = now_ms() + wait_ms;
  while (events_.empty()) {
    const std::uint64_t now = now_ms();
    auto frame = next_frame(static_cast<std::uint32_t>(until > now ? until - now : 0));
    if (!frame) return frame.error();
    if (!*frame) return std::optional<Event>();
    if (auto kept = keep(std::move(**frame)); !kept) return kept.error();
  }
  std::optional<Event> event = std::move(events_.front());
  events_.pop_front();
  std::string reader = std::move(event_readers_.front());
  event_readers_.pop_front();
  std::uint64_t& taken = taken_[reader];
  if (++taken >= credit_step) {
    const std::uint64_t count = std::exchange(taken, 0);
    if (auto sent = send(Credit{std::move(reader), count}); !sent) return sent.error();
  }
  return event;
}

Result<void> Client::keep(Frame frame) {
  if (const auto* ping = std::get_if<Ping>(&frame)) return send(Pong{ping->n});
  if (auto* goodbye = std::get_if<Goodbye>(&frame)) {
    // Without an error there is still nobody to talk to any more.
    Error reason = std::move(goodbye->reason);
    if (reason.code == Status::ok) reason.code = Status::unavailable;
    return reason;
  }
  if (auto* events = std::get_if<Events>(&frame)) {
    for (Event& event : events->events) {
      events_.push_back(std::move(event));
      event_readers_.push_back(events->reader);
    }
  }
  return {};  // late answers and what a later version sends
}

Result<std::optional<Frame>> Client::next_frame(std::uint32_t wait_ms) {
  const std::uint64_t until = now_ms() + wait_ms;
  while (true) {
    auto payload = reader_.next();
    if (!payload) return payload.error();
    if (*payload) {
      auto frame = decode_frame(**payload);
      if (!frame) return frame.error();
      return std::optional<Frame>(std::move(*frame));
    }
    auto received = receive(until);
    if (!received) return received.error();
    if (!*received) return std::optional<Frame>();
  }
}

Result<bool> Client::receive(std::uint64_t until_ms) {
  auto ready = wait_for(fd_, POLLIN, until_ms);
  if (!ready || !*ready) return ready;
  std::array<char, read_bytes> bytes;
  const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count == 0) return Error{Status::unavailable, "the desk closed the connection", "socket"};
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;
    return system_error("reading from the desk");
  }
  reader_.feed({bytes.data(), static_cast<std::size_t>(count)});
  return true;
}

Result<void> Client::send(const Frame& frame) { return send_bytes(to_stream(frame)); }

Result<void> Client::send_bytes(std::string_view bytes) {
  const std::uint64_t until = now_ms() + client_deadline_ms;
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return system_error("writing to the desk");
    auto ready = wait_for(fd_, POLLOUT, until);
    if (!ready) return ready.error();
    if (!*ready) return Error{Status::deadline, "the desk does not read", "socket"};
  }
  return {};
}

}  // namespace deskmate::bus
