// A plugin's manifest, plugin.toml: what it is, and all that it may do. Read without loading the
// plugin, so that a desk can show and refuse it before any of its code runs.
//
//   auto manifest = Manifest::load("plugins/chat-email");
//   if (!manifest) show(manifest.error().in("zh"));   // file:line:column, every mistake
//
// Values only; any thread.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/text.hpp"

namespace deskmate::host {

// Named limits.
inline constexpr std::size_t manifest_bytes_max = 65'536;
inline constexpr std::size_t manifest_list_max = 64;     // entries of one list; settings
inline constexpr std::size_t manifest_id_max = 64;       // bytes of an id, a name, a key
inline constexpr std::size_t setting_text_max = 4096;    // bytes of one setting's text
inline constexpr std::uint32_t memory_mb_default = 256;  // of a plugin's process
inline constexpr std::uint32_t memory_mb_min = 16;
inline constexpr std::uint32_t memory_mb_max = 16'384;

enum class SettingType { text, integer, boolean, list, url };

// One setting that the owner may give.
struct SettingSpec {
  std::string key;
  SettingType type = SettingType::text;
  bool required = false;                    // the owner has to give it; it has no default
  std::optional<deskmate::Value> fallback;  // the manifest's default
  std::int64_t min = std::numeric_limits<std::int64_t>::min();  // of integer
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  Text doc;
};

struct Manifest {
  std::filesystem::path folder;  // where plugin.toml stands
  std::string id;
  std::string version;
  std::string kind;  // chat, shop, courier, rules, other
  std::uint32_t abi = 0;
  Text name;
  std::string executable;           // file in folder that speaks frames; empty: the library <id>.so
  std::vector<std::string> read;    // topics; "order.*" is a family
  std::vector<std::string> append;  // event types; families too
  bool bodies = false;              // whether sealed bodies are opened for it
  std::vector<std::string> actions;
  std::vector<std::string> methods;  // "desk.reply": asked for as the member it acts for
  bool web = false;                  // pages under /plugins/<instance>/, webhooks under /hooks/
  std::vector<std::string> hosts;    // as written, with {setting} in them
  std::vector<std::string> secrets;
  std::vector<std::string> optional_secrets;  // these may be missing
  std::vector<SettingSpec> settings;
  std::uint32_t memory_mb = memory_mb_default;

  // Reads folder/plugin.toml. folder's last part has to be the id. Faults: unreadable, not TOML,
  // every unknown key, wrong type, value that cannot be.
  static Checked<Manifest> load(const std::filesystem::path& folder);

  // The same from text; file is only for messages.
  static Checked<Manifest> parse(std::string_view text, const std::string& file);

  std::filesystem::path file() const;  // the library or executable to run
  const SettingSpec* setting(std::string_view key) const;
};

}  // namespace deskmate::host
