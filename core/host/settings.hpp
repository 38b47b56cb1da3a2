// What the owner set for an instance, checked against its plugin's manifest. Any thread.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <deskmate/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/manifest.hpp"
#include "core/host/text.hpp"

namespace deskmate::host {

// Checks settings that stand in a TOML file and fills in the defaults: a map with every declared
// setting that has a value. Faults carry file, line and column, and say what was meant.
Checked<deskmate::Value> check_settings(const Manifest& manifest, const toml::table& given,
                                        const std::string& file);

// The same for settings from elsewhere, a map or nil for none; where is only for messages.
Checked<deskmate::Value> check_settings(const Manifest& manifest, const deskmate::Value& given,
                                        const std::string& where);

// A TOML value as a Value; a date becomes text.
deskmate::Value value_of(const toml::node& node);

// What is wrong with a value given for a setting; nullopt: nothing.
std::optional<Text> mistake(const SettingSpec& spec, const deskmate::Value& value);

// One host that an instance may reach by HTTP.
struct AllowedHost {
  std::string host;           // lower case: exact, or "*.example.com" for every name below it
  std::uint16_t port = 0;     // 0: the scheme's usual one
  bool plain_http = false;    // http:// was named explicitly
  bool from_setting = false;  // the owner named it, so it may be a private address
  bool operator==(const AllowedHost&) const = default;
};

// Reads "api.example.com", "*.example.com", "host:8080", "http://host:8080" or "[::1]:80".
// nullopt where it is none of them.
std::optional<AllowedHost> parse_host(std::string_view text);

// The manifest's hosts with {setting} replaced by the settings' values: the host and port of an
// URL, or of a text, or of each entry of a list. A setting without a value gives none.
Checked<std::vector<AllowedHost>> allowed_hosts(const Manifest& manifest,
                                                const deskmate::Value& settings);

}  // namespace deskmate::host
