// A blocking client over the desk's Unix socket, for the command line and tests.
//
//   auto client = Client::connect("/run/deskmate/desk.sock", {.name = "cli"});
//   auto status = client->call("desk.status", Value::map());
//   client->open_reader("follow", {"*"}, false);
//   while (auto event = client->next_event(1'000)) ...
//
// One thread at a time. Errors: unavailable (nobody listens, the desk went away), deadline, denied,
// and whatever the desk answers.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/frame.hpp"

namespace deskmate::bus {

inline constexpr std::uint32_t client_deadline_ms = 10'000;  // of a call, unless given
inline constexpr std::uint64_t client_credit = 256;          // events sent ahead of next_event

struct ClientOptions {
  std::string name = "cli";
  std::string role = "owner";
  std::string version;
  std::string token;
  std::uint32_t connect_ms = 5'000;  // for connecting and the handshake
};

class Client {
 public:
  static Result<Client> connect(const std::string& socket_path, const ClientOptions& options = {});
  // The same over a socket that is connected already; closes it.
  static Result<Client> adopt(int fd, const ClientOptions& options = {});
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;

  const Welcome& welcome() const { return welcome_; }
  int fd() const { return fd_; }  // for poll(), beside others

  // Asks and waits for the answer. Events that come meanwhile are kept for next_event.
  Result<Value> call(std::string_view method, const Value& params,
                     std::uint32_t deadline_ms = client_deadline_ms);

  // Opens a reader; the events come by next_event. Returns the position.
  Result<std::uint64_t> open_reader(std::string_view reader, const std::vector<std::string>& topics,
                                    bool from_start);

  // The next event of any of the readers; waits up to wait_ms. nullopt: none came. Gives credit
  // again as events are taken.
  Result<std::optional<Event>> next_event(std::uint32_t wait_ms);

  // For tests: whatever frame comes next, and sending any bytes.
  Result<std::optional<Frame>> next_frame(std::uint32_t wait_ms);
  Result<void> send(const Frame& frame);
  Result<void> send_bytes(std::string_view bytes);

 private:
  explicit Client(int fd) : fd_(fd) {}
  Result<void> shake_hands(const ClientOptions& options);
  Result<bool> receive(std::uint64_t until_ms);  // false: nothing until then
  Result<void> keep(Frame frame);                // of what is not the awaited answer

  int fd_ = -1;
  FrameReader reader_;
  Welcome welcome_;
  std::uint64_t last_id_ = 0;
  std::deque<Event> events_;
  std::deque<std::string> event_readers_;                    // whose events_ are, one each
  std::map<std::string, std::uint64_t, std::less<>> taken_;  // since credit was last given
};

}  // namespace deskmate::bus
