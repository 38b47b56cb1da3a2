// Why a plugin is not running, in words for its owner.
#pragma once

#include <string>
#include <string_view>

#include "core/host/text.hpp"

namespace deskmate::host {

inline constexpr std::size_t reason_bytes_max = 512;  // of each of its texts; the rest is cut

// Why an instance is not running, or stopped the last time.
enum class Cause {
  none,       // it has not stopped
  owner,      // the owner or the desk stopped it
  manifest,   // manifest or settings are wrong; see the text
  library,    // not a plugin, another ABI, another id or version than the manifest says
  start,      // its start failed
  slow,       // did not start in time
  exit,       // ended by itself; code: exit code
  signal,     // code: signal number
  exception,  // let an exception out of a callback
  thread,     // called the host from a wrong thread
  memory,     // reached its memory limit
  hang,       // did not answer the heartbeat
  frame,      // sent what is no frame
  flood,      // sent more than the limits allow
  spawn,      // the system would not start a process
};
std::string_view to_string(Cause cause);  // "signal"

struct Reason {
  Cause cause = Cause::none;
  int code = 0;
  std::string detail;       // of the plugin or the system, one line, cut
  std::string last_stderr;  // its last line, of the process that ended

  Text text() const;  // for the owner: "crashed: SIGSEGV (segmentation fault); last line: ..."
};

}  // namespace deskmate::host
