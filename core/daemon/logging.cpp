#include "core/daemon/logging.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace deskmate::daemon {
namespace {

constexpr std::size_t value_bytes_max = 1'024;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void add_value(std::string& out, std::string_view value) {
  value = value.substr(0, value_bytes_max);
  if (!value.empty() && value.find_first_of(" \"=\n\r\t\\") == std::string_view::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  out += '"';
}

}  // namespace

bool open_log(const Config& config) {
  bool opened = true;
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (!config.log_file.empty()) {
    try {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          config.log_file, log_file_bytes_max, log_files_max);
    } catch (const spdlog::spdlog_ex&) {
      opened = false;
    }
  }
  if (!sink) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("deskmate", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(config.log_level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return opened;
}

std::string format_line(std::string_view what, const LogFields& fields) {
  std::string out(what);
  for (const auto& [key, value] : fields) {
    out.append(" ").append(key).append("=");
    add_value(out, value);
  }
  return out;
}

void log_line(LogLevel level, std::string_view what, const LogFields& fields) {
  const auto as = to_spdlog(level);
  if (auto* logger = spdlog::default_logger_raw(); logger->should_log(as)) {
    logger->log(as, "{}", format_line(what, fields));
  }
}

}  // namespace deskmate::daemon
