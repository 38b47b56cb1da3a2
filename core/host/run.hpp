// One run of one instance, from its start to its end, in a process of its own or in the daemon.
// Instance (instance.hpp) decides when there is one; it only reports. For this folder only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deskmate/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/host/manifest.hpp"
#include "core/host/reason.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::host {

// What a run is given; outlives it.
struct RunContext {
  bus::AsioLoop& loop;
  bus::Bus& bus;
  const SupervisorOptions& options;
  std::uint32_t member = 0;        // of InstanceConfig
  std::vector<std::string> may{};  // likewise
};

struct RunHandlers {
  std::function<void()> on_open;  // hello and welcome are exchanged
  // It has ended, and nothing of it is left: no process, no session, no library. Once, never from
  // within a function of the run. The reason's cause is owner where it ended as it was asked to.
  std::function<void(Reason reason)> on_end;
  std::function<void(int level, std::string_view line)> on_line;  // of its standard error
};

class Run {
 public:
  virtual ~Run() = default;  // kills what still runs, without on_end
  // Asks it to end its work. on_end follows within stop_ms and a little.
  virtual void stop() = 0;
  virtual pid_t pid() const { return 0; }
};

// Each begins at once; what goes wrong then comes by on_end, too.
std::shared_ptr<Run> run_process(const RunContext& context, const Manifest& manifest,
                                 std::string instance, std::string settings, RunHandlers handlers);
std::shared_ptr<Run> run_in_daemon(const RunContext& context, const Manifest& manifest,
                                   std::string instance, std::string settings,
                                   RunHandlers handlers);

// The desk's answer to a plugin's hello: its rights by the manifest. denied where it is not what
// the manifest says.
Result<bus::Admission> admit(const RunContext& context, const Manifest& manifest,
                             const std::string& instance, const std::string& settings,
                             const bus::Hello& hello);

// One line, cut.
std::string one_line(std::string_view text);

}  // namespace deskmate::host
