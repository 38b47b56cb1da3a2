// The daemon's own log: lines of key=value, to standard error or a rotated file. Never a buyer's
// words, names or addresses, never a secret: only ids, kinds, states and sentences of our own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/daemon/config.hpp"

namespace deskmate::daemon {

inline constexpr std::size_t log_file_bytes_max = 10u << 20;
inline constexpr std::size_t log_files_max = 3;

using LogFields = std::vector<std::pair<std::string, std::string>>;
enum class LogLevel { debug, info, warn, error };

// Sets up the log; false where the file cannot be opened (standard error is used then).
bool open_log(const Config& config);

// what=action request=0a1b… kind=reply. Values are quoted where they need it and cut at 1 KiB.
void log_line(LogLevel level, std::string_view what, const LogFields& fields);

std::string format_line(std::string_view what, const LogFields& fields);

}  // namespace deskmate::daemon
