// The daemon's configuration, deskmate.toml: read, checked against one table of settings, and
// documented from the same table. Values only; any thread.
//
//   auto config = load_config("/etc/deskmate/deskmate.toml");
//   if (!config) show(config.error().in("zh"));   // file:line:column, every mistake
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/daemon/messages.hpp"
#include "core/host/text.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t config_bytes_max = 1u << 20;
inline constexpr std::size_t config_members_max = 64;
inline constexpr std::size_t config_plugins_max = 64;

// [[member]]
struct MemberConfig {
  std::int64_t number = 0;
  std::string name;
  std::string role;
  std::int64_t weight = 0;
  std::string zone;
  std::vector<std::string> schedule;
  std::int64_t capacity = 0;
  std::vector<std::string> experts;
  std::string access;
  std::string peer;
};

// [[plugin]]
struct PluginConfig {
  std::string name;
  std::string id;
  std::string isolation;
  bool enabled = true;
  std::string greeting;
  std::vector<std::string> hours;
  std::vector<std::string> aftersale_hours;
  std::string zone;
  std::string closed;
  std::int64_t member = 0;
  toml::table settings;  // as written; the manifest says what they mean
};

struct Config {
  std::string file;  // where it was read from; empty: defaults only

  std::string name;
  std::string folder;
  std::string secrets;
  std::string socket;
  std::string language;
  std::string phone_prefix;
  std::vector<std::string> plugin_folders;
  std::string plugin_host;

  std::string log_level;
  std::string log_file;

  std::int64_t sticky_hours = 0;
  std::int64_t suspend_at = 0;
  std::int64_t capacity_presale = 0;
  std::int64_t capacity_aftersale = 0;
  std::int64_t first_reply_s = 0;
  std::int64_t reply_warning_s = 0;
  std::int64_t cool_down_minutes = 0;
  bool match_roles = false;

  std::int64_t parcel_stuck_hours = 0;
  std::int64_t courier_failures_per_million = 0;

  std::string peer_name;
  std::vector<std::string> peer_listen;
  std::vector<std::string> peer_addresses;
  std::vector<std::string> peer_relays;
  std::int64_t reply_target_s = 0;

  std::vector<std::string> console_listen;
  std::vector<std::string> console_tls;
  std::vector<std::string> console_hosts;

  std::int64_t rules_sweep_minutes = 0;
  std::int64_t rules_answer_hours = 0;
  std::string rules_quiet;
  std::string rules_zone;

  std::int64_t action_attempts = 0;
  std::int64_t action_deadline_s = 0;
  std::int64_t action_parallel = 0;

  std::vector<MemberConfig> members;
  std::vector<PluginConfig> plugins;
};

// One setting of T: what it is called, its default as TOML writes it, its range, its purpose.
template <class T>
struct Setting {
  using Place =
      std::variant<std::string T::*, std::int64_t T::*, bool T::*, std::vector<std::string> T::*>;
  std::string_view section;  // "" for the top of the table
  std::string_view key;
  Place place;
  std::string_view fallback;  // TOML; empty: has to be given
  std::int64_t min = 0;       // of integers
  std::int64_t max = 0;
  std::string_view choices;  // of texts: "a|b|c"; empty: any
  std::string_view en;
  std::string_view zh;
};

std::span<const Setting<Config>> desk_settings();
std::span<const Setting<MemberConfig>> member_settings();
std::span<const Setting<PluginConfig>> plugin_settings();

// Everything at its default; folders from the environment ($XDG_DATA_HOME, $HOME).
Config default_config();

// Reads and checks. Faults: the file cannot be read, is not TOML, every unknown key with the
// nearest known one, every value of a wrong type or out of range, members or plugins named twice.
host::Checked<Config> load_config(const std::string& file);
host::Checked<Config> parse_config(std::string_view text, const std::string& file);

// The settings in force as TOML, one a line. Where documented, each is preceded by its purpose and
// what it may be.
std::string show_config(const Config& config, Language language, bool documented);

// Every setting with its purpose, as a file to begin with; this is what is installed.
std::string sample_config(Language language);

// The known word nearest to a mistyped one; empty where none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// ~/.config/deskmate/deskmate.toml of this user, or /etc/deskmate/deskmate.toml where that exists
// and the former does not.
std::string default_config_file();

}  // namespace deskmate::daemon
