// The latest lines that each plugin wrote and what became of it, for an owner in the console. All
// of them, from further back, are in the daemon's own log. Loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/host/supervisor.hpp"

namespace deskmate::daemon {

class Service;

inline constexpr std::size_t plugin_log_lines_max = 200;       // kept of one instance
inline constexpr std::size_t plugin_log_line_bytes_max = 512;  // the rest is cut
inline constexpr std::size_t plugin_logs_max = 128;            // instances

class PluginLogs {
 public:
  struct Line {
    std::uint64_t at_ms = 0;  // UTC
    int level = 1;            // DM_LOG_...
    std::string state;        // what became of it (host::Change); empty: it says something
    host::Text text;          // UTF-8; of a state: why
  };

  void add(std::string_view instance, std::uint64_t at_ms, int level, std::string_view text);
  void add(const host::Change& change, std::uint64_t at_ms);

  // The oldest first; until the next add.
  const std::deque<Line>& of(std::string_view instance) const;

 private:
  std::deque<Line>& room_for(std::string_view instance);

  std::map<std::string, std::deque<Line>, std::less<>> lines_;
};

// desk.plugin_log. logs outlives the service.
void serve_plugin_log(Service& service, const PluginLogs& logs);

}  // namespace deskmate::daemon
