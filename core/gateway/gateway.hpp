// The desk for browsers and webhooks: people log in and get a bus session as one member; plugins'
// pages and webhooks are handed to them; health and figures for whoever watches.
//
//   Gateway gateway(loop, bus, world, options);
//   gateway.open();
//   show(gateway.link(1));                       // http://127.0.0.1:7380/#setup=...
//
// The console's own files come from the plugin instance `console`, whose pages share the session's
// origin. Other plugins' pages run sandboxed, with an origin of their own. Everything on the loop's
// thread. README.md lists the paths.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/gateway/accounts.hpp"

namespace deskmate::gateway {

// Named limits.
inline constexpr std::size_t hashing_max = 4;  // passwords looked at at a time, 64 MiB each
inline constexpr std::uint32_t web_deadline_ms = 30'000;  // for a plugin's answer
inline constexpr std::uint64_t tls_ms_max = 10'000;  // from the connection to the agreement on TLS
inline constexpr std::uint64_t sessions_checked_ms = 60'000;  // are those with a socket still good?
inline constexpr std::string_view console_instance = "console";  // whose pages are trusted

struct Person {
  Member number = 0;
  std::string name;
  std::string access;  // "owner", "agent", "viewer"
};

struct File {
  std::string bytes;
};

// The desk, as the gateway sees it. Loop thread.
class World {
 public:
  virtual ~World() = default;
  virtual std::uint64_t wall_ms() const = 0;  // UTC
  virtual std::string desk() const = 0;       // its name
  virtual std::string language() const = 0;   // "en", "zh"
  virtual std::string version() const = 0;
  virtual std::vector<Person> people() const = 0;  // who may come in here
  virtual bus::Rights rights(const Person& person) const = 0;
  // Whether the instance's manifest asks for pages or webhooks.
  virtual bool serves_web(std::string_view instance) const = 0;
  // Figures in Prometheus' text format.
  virtual std::string metrics() const = 0;
  // An attachment by its hash (64 hex digits). Errors: not_found, limit.
  virtual void file(std::string hash, std::function<void(Result<File>)> done) = 0;
  // Work on another thread, then `then` on the loop's.
  virtual void blocking(std::function<void()> work, std::function<void()> then) = 0;
  // For the daemon's log; without secrets and buyers' data.
  virtual void log(std::string_view what,
                   const std::vector<std::pair<std::string, std::string>>& fields) = 0;
};

struct Options {
  std::vector<std::string> listen;  // "127.0.0.1:7380"; loopback's only
  std::vector<std::string> hosts;   // further names under which browsers come
  std::string accounts_file;
  std::vector<std::string> tls = {};  // "0.0.0.0:7443"
  std::string certificate_file = {};  // kept there; needed with tls
  std::uint64_t tls_ms = tls_ms_max;  // tests wait less
};

class Gateway {
 public:
  // All outlive it.
  Gateway(bus::AsioLoop& loop, bus::Bus& bus, World& world, Options options);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Listens. Errors: unavailable (the address is taken, a file of ours cannot be read), invalid (an
  // address).
  Result<void> open();
  std::string address() const;  // "http://127.0.0.1:7380"
  // With which other machines come in, the likeliest first: "https://192.168.1.5:7443". Empty:
  // nowhere.
  std::vector<std::string> tls_addresses() const;
  // Looks, as it does each minute by itself, whether the certificate still is good, or makes
  // another.
  void renew();
  std::string fingerprint() const;  // of the certificate they are shown; empty: none

  // A link by which the member sets a password and comes in, once, within life_ms.
  std::string link(Member member);
  std::string link(Member member, const std::string& to, std::uint64_t life_ms);
  bool has_password(Member member) const;

  // The configuration was read again: whoever is no member any more, or has another access, is out.
  void people_changed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskmate::gateway
