#include "core/daemon/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/daemon/zone.hpp"
#include "core/desk/schedule.hpp"
#include "core/desk/types.hpp"
#include "core/gateway/addresses.hpp"

namespace deskmate::daemon {
namespace {

namespace fs = std::filesystem;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

template <class T>
std::string path_of(const Setting<T>& setting) {
  if (setting.section.empty()) return std::string(setting.key);
  return std::string(setting.section).append(".").append(setting.key);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + 1);
  }
  return out;
}

// Reads one TOML table into T by its settings; collects every mistake.
class Reader {
 public:
  Reader(std::string file, host::Faults& faults) : file_(std::move(file)), faults_(faults) {}

  void fault(const toml::source_region& at, host::Text text) {
    faults_.list.push_back({file_, at.begin.line, at.begin.column, std::move(text)});
  }

  // skip: keys at the top that are read elsewhere.
  template <class T>
  void read(const toml::table& table, std::span<const Setting<T>> settings,
            const std::set<std::string_view>& skip, T& out, const std::string& prefix = {}) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      if (prefix.empty() && skip.contains(key.str())) continue;
      if (const auto* setting = find(settings, path)) {
        assign(*setting, path, node, out);
      } else if (node.is_table() && is_section(settings, path)) {
        read(*node.as_table(), settings, skip, out, path + ".");
      } else {
        unknown(settings, skip, path, key.source());
      }
    }
  }

  // Every setting without a default has to be there.
  template <class T>
  void require(const toml::table& table, std::span<const Setting<T>> settings) {
    for (const auto& setting : settings) {
      const std::string path = path_of(setting);
      if (setting.fallback.empty() && !table.at_path(path)) {
        fault(table.source(), text_of("config.missing", {path}));
      }
    }
  }

 private:
  template <class T>
  static const Setting<T>* find(std::span<const Setting<T>> settings, const std::string& path) {
    for (const auto& setting : settings) {
      if (path_of(setting) == path) return &setting;
    }
    return nullptr;
  }

  template <class T>
  static bool is_section(std::span<const Setting<T>> settings, const std::string& path) {
    return std::any_of(settings.begin(), settings.end(), [&](const Setting<T>& setting) {
      return path_of(setting).starts_with(path + ".");
    });
  }

  template <class T>
  void unknown(std::span<const Setting<T>> settings, const std::set<std::string_view>& skip,
               const std::string& path, const toml::source_region& at) {
    std::vector<std::string> names;
    for (const auto& setting : settings) {
      names.push_back(path_of(setting));
      for (auto dot = names.back().find('.'); dot != std::string::npos;) {
        std::string section = names.back().substr(0, dot);
        dot = names.back().find('.', dot + 1);
        if (std::find(names.begin(), names.end(), section) == names.end()) {
          names.insert(names.end() - 1, std::move(section));
        }
      }
    }
    std::vector<std::string_view> known(names.begin(), names.end());
    known.insert(known.end(), skip.begin(), skip.end());
    const auto near = nearest(path, known);
    fault(at, near.empty() ? text_of("config.unknown", {path})
                           : text_of("config.unknown_near", {path, near}));
  }

  template <class T>
  void assign(const Setting<T>& setting, const std::string& path, const toml::node& node, T& out) {
    std::visit(Overloaded{
                   [&](std::string T::*place) {
                     if (const auto* text = node.as_string()) {
                       if (allowed(setting.choices, text->get())) {
                         out.*place = text->get();
                       } else {
                         fault(node.source(),
                               text_of("config.choice", {path, text->get(), setting.choices}));
                       }
                     } else {
                       fault(node.source(), text_of("config.want_text", {path}));
                     }
                   },
                   [&](std::int64_t T::*place) {
                     const auto* number = node.as_integer();
                     if (number == nullptr) {
                       fault(node.source(), text_of("config.want_integer", {path}));
                     } else if (number->get() < setting.min || number->get() > setting.max) {
                       fault(node.source(),
                             text_of("config.range",
                                     {path, std::to_string(number->get()),
                                      std::to_string(setting.min), std::to_string(setting.max)}));
                     } else {
                       out.*place = number->get();
                     }
                   },
                   [&](bool T::*place) {
                     if (const auto* boolean = node.as_boolean()) {
                       out.*place = boolean->get();
                     } else {
                       fault(node.source(), text_of("config.want_boolean", {path}));
                     }
                   },
                   [&](std::vector<std::string> T::*place) { list(path, node, out.*place); },
               },
               setting.place);
  }

  void list(const std::string& path, const toml::node& node, std::vector<std::string>& out) {
    out.clear();
    const auto* array = node.as_array();
    if (array == nullptr) {
      fault(node.source(), text_of("config.want_list", {path}));
      return;
    }
    for (const auto& item : *array) {
      if (const auto* text = item.as_string()) {
        out.push_back(text->get());
      } else {
        fault(item.source(), text_of("config.want_list", {path}));
      }
    }
  }

  static bool allowed(std::string_view choices, std::string_view value) {
    if (choices.empty()) return true;
    const auto all = split(choices, '|');
    return std::find(all.begin(), all.end(), value) != all.end();
  }

  std::string file_;
  host::Faults& faults_;
};

template <class T>
void apply_defaults(std::span<const Setting<T>> settings, T& out) {
  for (const auto& setting : settings) {
    if (setting.fallback.empty()) continue;
    const toml::table table = toml::parse("v = " + std::string(setting.fallback));
    const auto value = table["v"];
    std::visit(Overloaded{
                   [&](std::string T::*place) { out.*place = value.value_or(std::string()); },
                   [&](std::int64_t T::*place) { out.*place = value.value_or(std::int64_t{0}); },
                   [&](bool T::*place) { out.*place = value.value_or(false); },
                   [&](std::vector<std::string> T::*place) {
                     (out.*place).clear();
                     if (const auto* array = value.as_array()) {
                       for (const auto& item : *array) {
                         (out.*place).push_back(item.value_or(std::string()));
                       }
                     }
                   },
               },
               setting.place);
  }
}

std::string home_folder() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? home : "/var/lib/deskmate";
}

std::string data_folder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return std::string(data) + "/deskmate";
  return home_folder() + "/.local/share/deskmate";
}

// "~/x" and paths relative to the configuration file.
std::string absolute(const std::string& path, const std::string& file) {
  if (path.empty()) return path;
  if (path.starts_with("~/")) return home_folder() + path.substr(1);
  const fs::path given(path);
  if (given.is_absolute()) return path;
  return (fs::absolute(fs::path(file)).parent_path() / given).lexically_normal().string();
}

void fill_folders(Config& config) {
  if (config.folder.empty()) config.folder = data_folder();
  config.folder = absolute(config.folder, config.file);
  if (config.secrets.empty()) config.secrets = config.folder + "/secrets";
  config.secrets = absolute(config.secrets, config.file);
  if (config.socket.empty()) config.socket = config.folder + "/deskmate.sock";
  config.socket = absolute(config.socket, config.file);
  config.log_file = absolute(config.log_file, config.file);
  config.plugin_host = absolute(config.plugin_host, config.file);
  for (auto& folder : config.plugin_folders) folder = absolute(folder, config.file);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// All [[name]], or null where they are not written so, or are too many.
const toml::array* tables_of(Reader& reader, const toml::node& node, const std::string& name,
                             std::size_t most) {
  const auto* array = node.as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    reader.fault(node.source(), text_of("config.want_tables", {name}));
    return nullptr;
  }
  if (array->size() > most) {
    reader.fault(node.source(), text_of("config.too_many", {name}));
    return nullptr;
  }
  return array;
}

void check_zone(Reader& reader, const toml::table& table, const std::string& zone) {
  if (zone_exists(zone)) return;
  const auto* node = table.get("zone");
  reader.fault(node != nullptr ? node->source() : table.source(), text_of("config.zone", {zone}));
}

// Each line by itself, so that a mistake has its place; then how many there are.
void check_schedule(Reader& reader, const toml::table& table, std::string_view key,
                    const std::vector<std::string>& lines) {
  const auto* list = table[key].as_array();
  if (list == nullptr || desk::parse_schedule(lines)) return;
  bool any = false;
  for (const auto& entry : *list) {
    const auto* text = entry.as_string();
    if (text == nullptr) continue;
    const std::string line[] = {text->get()};
    if (desk::parse_schedule(line)) continue;
    any = true;
    reader.fault(entry.source(), text_of("config.schedule", {text->get()}));
  }
  if (!any) {
    reader.fault(list->source(),
                 text_of("config.schedule_long", {std::to_string(desk::schedule_ranges_max)}));
  }
}

void read_members(Reader& reader, const toml::node& node, Config& config) {
  const auto* array = tables_of(reader, node, "member", config_members_max);
  if (array == nullptr) return;
  for (const auto& item : *array) {
    const toml::table& table = *item.as_table();
    MemberConfig member;
    apply_defaults(member_settings(), member);
    reader.read(table, member_settings(), {}, member);
    reader.require(table, member_settings());
    for (const auto& other : config.members) {
      if (other.number == member.number) {
        reader.fault(table.source(),
                     text_of("config.member_twice", {std::to_string(member.number)}));
      }
    }
    check_zone(reader, table, member.zone);
    check_schedule(reader, table, "schedule", member.schedule);
    config.members.push_back(std::move(member));
  }
}

// Without TLS, passwords would cross the network as they are.
void check_console(Reader& reader, const toml::table& table) {
  const auto* list = table["console"]["listen"].as_array();
  if (list == nullptr) return;
  for (const auto& entry : *list) {
    const auto* text = entry.as_string();
    if (text == nullptr || gateway::loopback_only(text->get())) continue;
    reader.fault(entry.source(), text_of("config.console_listen", {text->get()}));
  }
}

void check_rules(Reader& reader, const toml::table& table) {
  const auto* zone = table["rules"]["zone"].as_string();
  if (zone != nullptr && !zone->get().empty() && !zone_exists(zone->get())) {
    reader.fault(zone->source(), text_of("config.zone", {zone->get()}));
  }
  const auto* quiet = table["rules"]["quiet"].as_string();
  if (quiet == nullptr || quiet->get().empty()) return;
  const std::string lines[] = {quiet->get()};
  if (!desk::parse_schedule(lines)) {
    reader.fault(quiet->source(), text_of("config.schedule", {quiet->get()}));
  }
}

// What a plugin's manifest can ask for; which of it, its own check says.
bool is_setting(const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) return node.is_string() || node.is_integer() || node.is_boolean();
  return std::all_of(list->begin(), list->end(),
                     [](const toml::node& item) { return item.is_string(); });
}

// R15, R40: what a buyer is sent by itself.
void check_first_words(Reader& reader, const toml::table& table, const PluginConfig& plugin) {
  check_zone(reader, table, plugin.zone);
  check_schedule(reader, table, "hours", plugin.hours);
  check_schedule(reader, table, "aftersale_hours", plugin.aftersale_hours);
  const auto* hours = table.get("hours");
  if (hours != nullptr && !plugin.hours.empty() && plugin.closed.empty()) {
    reader.fault(hours->source(), text_of("config.hours_only"));
  }
  for (const char* key : {"greeting", "closed"}) {
    const auto* text = table[key].as_string();
    if (text == nullptr || text->get().size() <= desk::phrase_max) continue;
    reader.fault(text->source(),
                 text_of("config.words_long", {key, std::to_string(desk::phrase_max)}));
  }
}

void read_plugins(Reader& reader, const toml::node& node, Config& config) {
  const auto* array = tables_of(reader, node, "plugin", config_plugins_max);
  if (array == nullptr) return;
  for (const auto& item : *array) {
    const toml::table& table = *item.as_table();
    PluginConfig plugin;
    apply_defaults(plugin_settings(), plugin);
    reader.read(table, plugin_settings(), {"settings"}, plugin);
    reader.require(table, plugin_settings());
    if (const auto* settings = table.get("settings")) {
      if (settings->is_table()) {
        plugin.settings = *settings->as_table();
        for (const auto& [key, value] : *settings->as_table()) {  // a copy has no places
          if (is_setting(value)) continue;
          reader.fault(key.source(), text_of("config.want_setting", {std::string(key.str())}));
        }
      } else {
        reader.fault(settings->source(), text_of("config.want_table", {"settings"}));
      }
    }
    for (const auto& other : config.plugins) {
      if (other.name == plugin.name) {
        reader.fault(table.source(), text_of("config.plugin_twice", {plugin.name}));
      }
    }
    if (const auto* name = table.get("name"); name != nullptr && !is_name(plugin.name)) {
      reader.fault(name->source(), text_of("config.plugin_name", {plugin.name}));
    }
    check_first_words(reader, table, plugin);
    config.plugins.push_back(std::move(plugin));
  }
}

std::string toml_text(const std::string& text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

std::string toml_list(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const auto& item : list) out += (out.size() > 1 ? ", " : "") + toml_text(item);
  return out + "]";
}

template <class T>
std::string toml_of(const Setting<T>& setting, const T& values) {
  return std::visit(
      Overloaded{
          [&](std::string T::*place) { return toml_text(values.*place); },
          [&](std::int64_t T::*place) { return std::to_string(values.*place); },
          [&](bool T::*place) { return std::string(values.*place ? "true" : "false"); },
          [&](std::vector<std::string> T::*place) { return toml_list(values.*place); },
      },
      setting.place);
}

template <class T>
void show_settings(std::ostream& out, std::span<const Setting<T>> settings, const T& values,
                   Language language, bool documented) {
  std::string_view section;
  for (const auto& setting : settings) {
    if (setting.section != section) {
      section = setting.section;
      out << "\n[" << section << "]\n";
    }
    if (documented) {
      out << "# " << (language == Language::zh ? setting.zh : setting.en);
      if (std::holds_alternative<std::int64_t T::*>(setting.place)) {
        out << " (" << setting.min << "–" << setting.max << ")";
      }
      if (!setting.choices.empty()) out << " (" << setting.choices << ")";
      out << '\n';
    }
    out << setting.key << " = " << toml_of(setting, values) << '\n';
  }
}

}  // namespace

Config default_config() {
  Config config;
  apply_defaults(desk_settings(), config);
  fill_folders(config);
  return config;
}

host::Checked<Config> parse_config(std::string_view text, const std::string& file) {
  host::Faults faults;
  toml::table table;
  try {
    table = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    faults.list.push_back(
        {file, at.line, at.column, text_of("config.toml", {error.description()})});
    return faults;
  }
  Config config;
  config.file = file;
  apply_defaults(desk_settings(), config);
  Reader reader(file, faults);
  reader.read(table, desk_settings(), {"member", "plugin"}, config);
  check_console(reader, table);
  check_rules(reader, table);
  if (const auto* node = table.get("member")) read_members(reader, *node, config);
  if (const auto* node = table.get("plugin")) read_plugins(reader, *node, config);
  if (!faults.list.empty()) {
    std::stable_sort(faults.list.begin(), faults.list.end(),
                     [](const host::Fault& a, const host::Fault& b) {
                       return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                     });
    return faults;
  }
  fill_folders(config);
  return config;
}

host::Checked<Config> load_config(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(config_bytes_max + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  const bool whole = in.eof();
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!whole || text.size() > config_bytes_max) {
    const char* key = text.empty() ? "config.unreadable" : "config.too_large";
    return host::Faults{{{file, 0, 0, text_of(key, {file})}}};
  }
  return parse_config(text, file);
}

std::string show_config(const Config& config, Language language, bool documented) {
  std::ostringstream out;
  show_settings(out, desk_settings(), config, language, documented);
  for (const auto& member : config.members) {
    out << "\n[[member]]\n";
    show_settings(out, member_settings(), member, language, documented);
  }
  for (const auto& plugin : config.plugins) {
    out << "\n[[plugin]]\n";
    show_settings(out, plugin_settings(), plugin, language, documented);
    if (!plugin.settings.empty()) out << "[plugin.settings]\n" << plugin.settings << '\n';
  }
  std::string text = out.str();
  text.erase(0, text.find_first_not_of('\n'));
  return text;
}

std::string sample_config(Language language) {
  Config config;
  apply_defaults(desk_settings(), config);
  MemberConfig member;
  apply_defaults(member_settings(), member);
  member.number = 1;
  member.name = language == Language::zh ? "小李" : "Ann";
  config.members.push_back(std::move(member));
  PluginConfig plugin;
  apply_defaults(plugin_settings(), plugin);
  plugin.name = "shop";
  plugin.id = "shop-sample";
  config.plugins.push_back(std::move(plugin));
  return show_config(config, language, true);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  const auto distance = [](std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t corner = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0u : 1u)});
        corner = above;
      }
    }
    return row[b.size()];
  };
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto candidate : known) {
    const std::size_t d = distance(word, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

std::string default_config_file() {
  const char* folder = std::getenv("XDG_CONFIG_HOME");
  std::string own =
      (folder != nullptr && *folder == '/' ? std::string(folder) : home_folder() + "/.config") +
      "/deskmate/deskmate.toml";
  std::string system = "/etc/deskmate/deskmate.toml";
  std::error_code ignored;
  if (!fs::exists(own, ignored) && fs::exists(system, ignored)) return system;
  return own;
}

}  // namespace deskmate::daemon
