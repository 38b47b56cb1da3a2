// One plugin instance and its host, dm_host with all extensions, over a session with the desk. The
// same code serves deskmate-plugin-host (over a socket) and plugins in the daemon (over a queue).
//
//   Runtime runtime(loop, *descriptor, {.on_fault = ..., .on_end = ...});
//   runtime.connect(std::move(transport));   // hello; then create and start
//   ...
//   runtime.stop();                          // stop, cancel, destroy, goodbye; then on_end
//
// The plugin thread is the one that made the Runtime and runs the loop. The descriptor's library
// stays loaded, and the loop lives, until the Runtime is destroyed.
#pragma once

#include <deskmate/abi.h>

#include <cstdint>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/bus/loop.hpp"
#include "core/bus/transport.hpp"

namespace deskmate::host {

// Named limits.
inline constexpr std::uint32_t call_ms = 60'000;  // deadline of calls without one of their own
inline constexpr std::size_t answers_max = 256;   // requests to the plugin, unanswered
inline constexpr std::uint32_t runtime_log_lines_per_s = 100;

// How a plugin broke the ABI's rules; it cannot go on.
struct PluginFault {
  enum class Kind {
    start,      // create or start failed
    exception,  // an exception left one of its functions
    thread,     // called the host from a wrong thread
  };
  Kind kind = Kind::start;
  std::string message;  // which function, and what of it
};

// What deskmate-plugin-host ends with, so that the supervisor knows why.
inline constexpr int exit_usage = 64;
inline constexpr int exit_library = 65;
inline constexpr int exit_start = 66;
inline constexpr int exit_exception = 67;
inline constexpr int exit_thread = 68;
inline constexpr int exit_memory = 69;
inline constexpr int exit_system = 70;

struct RuntimeHandlers {
  // For thread it may be called on that thread; where it returns, the call is refused.
  std::function<void(const PluginFault&)> on_fault;
  // The instance is stopped and destroyed, and the session is over. Once, from the loop.
  std::function<void(const Error& reason)> on_end;
};

class Runtime {
 public:
  Runtime(bus::Loop& loop, const dm_descriptor& descriptor, RuntimeHandlers handlers);
  ~Runtime();  // stops what still runs, without on_end
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Once. Whatever ends the session, on_end follows.
  void connect(std::unique_ptr<bus::Transport> transport);

  // Ends the instance's work, while its session is still there for what it has to say, then says
  // goodbye. Not from within a plugin's function.
  void stop(const Error& reason = {Status::ok, "stopped", ""});

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

// Null where the library's descriptor can be used, else why not.
std::string wrong_with(const dm_descriptor* descriptor);

}  // namespace deskmate::host
