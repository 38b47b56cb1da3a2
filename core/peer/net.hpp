// TCP on the daemon's loop: addresses, dialling, listening, and a stream of bytes that writes once
// per turn of the loop, without Nagle's delay, with the system's keep-alive. All of Asio is in
// net.cpp. Everything on the loop's thread.
#pragma once

#include <compare>
#include <cstdint>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/asio_loop.hpp"

namespace deskmate::peer {

// Named limits.
inline constexpr std::uint16_t default_port = 7370;
inline constexpr std::size_t host_bytes_max = 253;         // as DNS
inline constexpr std::size_t read_bytes_few = 4 * 1024;    // at a time, from anybody
inline constexpr std::size_t read_bytes_many = 64 * 1024;  // from whom we know
inline constexpr std::uint64_t close_ms_max = 1'000;       // to let go out what is queued
inline constexpr std::uint64_t accept_again_ms = 100;      // after running out of descriptors
inline constexpr int keepalive_idle_s = 25;                // below what routers forget after
inline constexpr int keepalive_every_s = 5;
inline constexpr int keepalive_times = 3;
inline constexpr int accept_backlog = 128;
// Of what was handed to the system and has not gone out, so that beats do not wait behind bulk.
inline constexpr int notsent_bytes_max = 128 * 1024;

// host: a numeric address or a name.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  auto operator<=>(const Address&) const = default;
};

// "192.0.2.1:7370", "[2001:db8::1]:7370", "desk.example.org:7370".
std::string to_text(const Address& address);
bool numeric(const Address& address);  // and not a name
// A missing port becomes `port`. Errors: invalid.
Result<Address> parse_address(std::string_view text, std::uint16_t port = default_port);

// A connection. Destroying it closes it at once, also from within its callbacks; nothing is called
// after that.
class Stream {
 public:
  struct Callbacks {
    std::function<void(std::string_view bytes)> on_bytes;
    std::function<void(const Error& why)> on_closed;  // once
    std::function<void()> on_drained;                 // may be empty
  };

  virtual ~Stream() = default;
  virtual void start(Callbacks callbacks) = 0;  // begins to read; again: changes the callbacks
  virtual void send(std::string_view bytes) = 0;
  virtual std::size_t unsent_bytes() const = 0;
  virtual void pause(bool paused) = 0;
  virtual Address remote() const = 0;  // numeric

  // What is queued goes out, within close_ms_max; then it closes. Nothing is called any more; the
  // object may be destroyed.
  virtual void finish() = 0;

  // How much is read at a time; read_bytes_few at first, since anybody may have connected.
  virtual void read_more() = 0;
};

class Listener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Stream> stream)>;
  // A numeric host ("0.0.0.0", "::" which is IPv6 only, …); port 0: any that is free. Errors:
  // invalid, unavailable (in use; the message says which), the latter with `where` "absent" where
  // this machine has no such address: no IPv6, for instance.
  static Result<std::unique_ptr<Listener>> open(bus::AsioLoop& loop, const Address& address,
                                                OnAccept on_accept);
  virtual ~Listener() = default;  // stops
  virtual Address address() const = 0;

 protected:
  Listener() = default;
};

// Listens at each of them. One that is absent here is passed over, and told, as long as another one
// listens; anything else is an error.
Result<std::vector<std::unique_ptr<Listener>>> listen_at(
    bus::AsioLoop& loop, const std::vector<Address>& addresses, const Listener::OnAccept& on_accept,
    const std::function<void(const Address& address, const Error& why)>& on_passed_over);

// An attempt to connect; destroying it gives up, and done is not called.
class Dial {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>> stream)>;
  static std::unique_ptr<Dial> start(bus::AsioLoop& loop, const Address& address,
                                     std::uint64_t deadline_ms, Done done);
  virtual ~Dial() = default;

 protected:
  Dial() = default;
};

// This machine's addresses that others may reach: no loopback, no link-local ones.
std::vector<std::string> own_hosts();

// Whom to count an address with: itself for IPv4, its /64 for IPv6.
std::string source_of(const Address& remote);

}  // namespace deskmate::peer
