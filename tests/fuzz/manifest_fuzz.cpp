// Any bytes as plugin.toml, and as the settings that an owner gives it: what a plugin may reach is
// never more than hosts that can be named.
#include "core/host/manifest.hpp"

#include "core/host/settings.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

void check_faults(const host::Faults& faults) {
  check(!faults.list.empty());
  for (const host::Fault& fault : faults.list) {
    check(!fault.text.en.empty() && !fault.text.zh.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The manifest, a zero byte, the settings.
  const std::string_view all = fuzz::view_of(data, size);
  const std::size_t end = all.find('\0');
  const auto manifest = host::Manifest::parse(all.substr(0, end), "plugin.toml");
  if (!manifest) {
    check_faults(manifest.error());
    return 0;
  }
  check(!manifest->id.empty() && manifest->id.size() <= host::manifest_id_max);
  check(manifest->settings.size() <= host::manifest_list_max);
  check(manifest->hosts.size() <= host::manifest_list_max);
  check(manifest->memory_mb >= host::memory_mb_min && manifest->memory_mb <= host::memory_mb_max);
  toml::table given;
  if (end != std::string_view::npos) {
    try {
      given = toml::parse(all.substr(end + 1));
    } catch (const toml::parse_error&) {
      return 0;
    }
  }
  const auto settings = host::check_settings(*manifest, given, "deskmate.toml");
  if (!settings) {
    check_faults(settings.error());
    return 0;
  }
  const auto again = host::check_settings(*manifest, *settings, "welcome");
  check(again.has_value() && *again == *settings);
  const auto hosts = host::allowed_hosts(*manifest, *settings);
  if (!hosts) return 0;
  for (const host::AllowedHost& one : *hosts) {
    check(!one.host.empty() && one.host.find('/') == std::string::npos);
  }
  return 0;
}
