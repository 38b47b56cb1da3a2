// Runs the configured plugin instances: each in a process of its own (or in the daemon where the
// owner says so), watched, restarted when it crashes, switched off when it crashes too often, with
// the reason kept for the owner. Instances can be added, replaced and removed while the desk runs;
// their cursors make that lossless.
//
//   Supervisor plugins(loop, bus, http, secrets, options, hooks);
//   plugins.add({.name = "mail", .folder = "plugins/chat-email", .settings = settings});
//   ...
//   plugins.stop_all([] { ... });
//
// It registers the bus methods http.fetch, secret.get, log.write and plugin.trouble, and takes
// Bus::on_cancel and Bus::on_denied. The session of a plugin has its instance's name.
//
// Public functions and hooks: the loop thread; nothing blocks. That thread has to live as long as
// the process does: the kernel ends plugins together with the thread that started them. The bus,
// the services and the loop outlive it. Destroying it kills what still runs.
#pragma once

#include <deskmate/abi.h>
#include <deskmate/ext/log.h>
#include <cstdint>
#include <deskmate/result.hpp>
#include <deskmate/value.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/http_service.hpp"
#include "core/host/manifest.hpp"
#include "core/host/reason.hpp"
#include "core/host/restart.hpp"
#include "core/host/secrets.hpp"
#include "core/host/text.hpp"

namespace deskmate::bus {
class AsioLoop;
class Bus;
}  // namespace deskmate::bus

namespace deskmate::host {

// Named limits and defaults.
inline constexpr std::uint32_t heartbeat_ms_default = 5'000;  // between pings
inline constexpr std::uint32_t heartbeats_missed_max = 3;     // periods of silence: it hangs
inline constexpr std::uint32_t flood_ticks_max = 3;     // heartbeats in a row with too much: killed
inline constexpr std::uint32_t stop_grace_ms = 1'000;   // beyond DM_STOP_MS, before SIGKILL
inline constexpr std::uint32_t plugin_files_max = 256;  // RLIMIT_NOFILE of a plugin
inline constexpr std::uint32_t log_lines_per_s = 100;   // of one instance
inline constexpr std::size_t log_line_max = 4'096;      // bytes; the rest is cut
inline constexpr std::size_t denials_kept_max = 16;     // distinct ones of an instance
inline constexpr std::size_t trouble_bytes_max = 512;   // of each language
inline constexpr std::size_t instances_max = 64;

enum class Isolation { process, daemon };

enum class State {
  off,       // not running, and not to be: stopped by the owner, or given up
  starting,  // spawned; it has not said hello yet
  running,
  stopping,
  backoff,  // crashed; waits for its next start
};
std::string_view to_string(State state);  // "running"

struct InstanceConfig {
  std::string name;              // the instance's, and its shop's: [a-z0-9-]
  std::filesystem::path folder;  // of the plugin, with plugin.toml
  Isolation isolation = Isolation::process;
  Value settings;  // a map as the owner gave it; checked against the manifest at every start
  // For whom it acts where its manifest's methods ask for it, and what that member may; 0: nobody.
  std::uint32_t member = 0;
  std::vector<std::string> may{};
};

struct InstanceStatus {
  std::string name;
  std::string plugin;  // id; empty while the manifest could not be read
  std::string version;
  std::string kind;
  Text title;  // the manifest's name
  Isolation isolation = Isolation::process;
  State state = State::off;
  int pid = 0;                      // 0: no process of its own, or not running
  std::uint64_t since_ms = 0;       // UTC; of this state
  std::uint64_t next_start_ms = 0;  // UTC; in backoff
  std::size_t crashes = 0;          // within the window
  std::uint32_t starts = 0;         // since it was added
  Reason last;                      // why it stopped the last time
  std::vector<std::string> denied;  // what it was refused, because its manifest does not declare it
  Text trouble;                     // what it says itself is wrong now; empty: nothing
  std::uint64_t lines_left_out = 0;  // of its log, because there were too many
  std::vector<std::string> actions;  // kinds that it carries out
  bool web = false;                  // it answers web.request
};

// What the hooks are told; facts of plugin.state.
struct Change {
  std::string instance;
  std::string_view state;  // started, stopped, crashed, off, denied
  Text reason;             // without buyer data; empty for started
  int code = 0;
  const InstanceStatus* status = nullptr;  // until the hook returns
};

struct LogLine {
  std::string_view instance;
  int level = 1;  // DM_LOG_...
  std::string_view text;
};

struct SupervisorHooks {
  std::function<void(const Change&)> on_change;
  std::function<void(const LogLine&)> on_log;
};

struct SupervisorOptions {
  std::filesystem::path plugin_host;  // the deskmate-plugin-host program
  std::string language = "en";        // told to the plugins
  RestartTimes restart;
  std::uint32_t heartbeat_ms = heartbeat_ms_default;
  std::uint32_t stop_ms = DM_STOP_MS;
};

class Supervisor {
 public:
  Supervisor(bus::AsioLoop& loop, bus::Bus& bus, HttpService& http, const Secrets& secrets,
             SupervisorOptions options, SupervisorHooks hooks);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Adds an instance and starts it. invalid: a name that is taken or cannot be; limit. A plugin
  // that cannot start is added all the same, and its status says why.
  Result<void> add(InstanceConfig config);

  // Of a plugin in the daemon, the library is read again only once no other instance uses it; until
  // then the start is refused if the manifest says another version.
  //
  // not_found: no such instance. What is asked for happens soon; see status and on_change. stop and
  // remove let it end its work, for at most stop_ms. restart and replace stop it first; replace
  // reads the folder again and may change everything but the name.
  Result<void> start(std::string_view name);
  Result<void> stop(std::string_view name);
  Result<void> restart(std::string_view name);
  Result<void> replace(InstanceConfig config);
  Result<void> remove(std::string_view name);

  // Stops all at once and calls done when the last has ended. No more can be started.
  void stop_all(std::function<void()> done);

  std::vector<InstanceStatus> status() const;  // in the order they were added

  // The running instance that carries out this kind of action for itself; false where it does not.
  bool performs(std::string_view instance, std::string_view kind) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace deskmate::host
