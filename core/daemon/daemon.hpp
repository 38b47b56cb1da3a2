// The daemon: one desk with its plugins and its socket, from a configuration to a clean stop.
//
//   auto daemon = Daemon::start(config, language);       // refuses, and says what to do
//   return daemon.value()->run();                         // until SIGTERM, SIGINT or stop()
//
// One thread, the loop's, which is the one that calls run().
#pragma once

#include <deskmate/result.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/daemon/config.hpp"
#include "core/daemon/messages.hpp"

namespace deskmate::daemon {

// Named times.
inline constexpr std::uint64_t stop_ms_max = 9'500;  // from the signal to the end of the process

class Daemon {
 public:
  struct Settings {
    bool signals = true;  // SIGTERM, SIGINT and SIGHUP are the daemon's; false in tests
    std::optional<std::string> passphrase{};  // of the secrets, where one is set
  };

  // Opens everything and lets sessions in. Blocking. The error's message is for the owner.
  static Result<std::unique_ptr<Daemon>> start(Config config, Language language, Settings settings);
  static Result<std::unique_ptr<Daemon>> start(Config config, Language language) {
    return start(std::move(config), language, Settings());
  }
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Works until it is stopped; everything acknowledged is on disk then. True: all ended in time.
  bool run();

  // Where the console is; empty where it is off. link: for the owner who has no password yet, good
  // once. Before run().
  struct ConsoleWay {
    std::string address;
    std::string link;
  };
  ConsoleWay console();

  // Begins to stop. [any thread]
  void stop();

  // Reads the configuration file again and takes over members, routing, actions and plugins; what
  // is wrong with it is logged, and all stays as it was. [any thread]
  void reload();

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskmate::daemon
