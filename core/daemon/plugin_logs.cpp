#include "core/daemon/plugin_logs.hpp"

#include <algorithm>

#include "core/daemon/owner_call.hpp"

namespace deskmate::daemon {

std::deque<PluginLogs::Line>& PluginLogs::room_for(std::string_view instance) {
  auto found = lines_.find(instance);
  if (found == lines_.end()) {
    if (lines_.size() >= plugin_logs_max) {
      // Whichever has been silent longest.
      lines_.erase(std::min_element(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
        return a.second.back().at_ms < b.second.back().at_ms;
      }));
    }
    found = lines_.emplace(std::string(instance), std::deque<Line>()).first;
  }
  auto& lines = found->second;
  if (lines.size() >= plugin_log_lines_max) lines.pop_front();
  return lines;
}

void PluginLogs::add(std::string_view instance, std::uint64_t at_ms, int level,
                     std::string_view text) {
  const std::string kept = fix_utf8(text.substr(0, plugin_log_line_bytes_max));
  room_for(instance).push_back({at_ms, level, {}, {kept, {}}});
}

void PluginLogs::add(const host::Change& change, std::uint64_t at_ms) {
  const int level = change.state == "started" ? DM_LOG_INFO : DM_LOG_WARN;
  room_for(change.instance).push_back({at_ms, level, std::string(change.state), change.reason});
}

const std::deque<PluginLogs::Line>& PluginLogs::of(std::string_view instance) const {
  static const std::deque<Line> none;
  const auto found = lines_.find(instance);
  return found == lines_.end() ? none : found->second;
}

void serve_plugin_log(Service& service, const PluginLogs& logs) {
  serve_owner(
      service.bus, "desk.plugin_log", [&service, &logs](const bus::Call& call, bus::Answer answer) {
        const auto name = call.params["name"].as_str();
        const auto all = service.plugins.status();
        const bool known =
            std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
        if (!known) {
          return answer.fail({Status::not_found, "no plugin instance has that name", "name"});
        }
        const bool chinese = language_of(service, call) == desk::Language::chinese;
        Array out;
        for (const auto& line : logs.of(name)) {
          out.push_back(Value::map({{"at_ms", line.at_ms},
                                    {"level", line.level},
                                    {"text", line.text.in(chinese ? "zh" : "en")}}));
          if (!line.state.empty()) out.back()["state"] = line.state;
        }
        answer.ok(Value::map({{"lines", std::move(out)}}));
      });
}

}  // namespace deskmate::daemon
