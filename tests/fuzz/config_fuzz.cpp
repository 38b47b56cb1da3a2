// Any bytes as deskmate.toml: every mistake has its place and both languages, and what was accepted
// can be shown and read again unchanged.
#include "core/daemon/config.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = daemon::parse_config(fuzz::view_of(data, size), "deskmate.toml");
  if (!config) {
    check(!config.error().list.empty());
    for (const host::Fault& fault : config.error().list) {
      check(!fault.text.en.empty() && !fault.text.zh.empty());
    }
    return 0;
  }
  check(config->members.size() <= daemon::config_members_max);
  check(config->plugins.size() <= daemon::config_plugins_max);
  const std::string shown = daemon::show_config(*config, daemon::Language::en, true);
  const auto again = daemon::parse_config(shown, "shown.toml");
  check(again.has_value());
  check(daemon::show_config(*again, daemon::Language::en, true) == shown);
  check(!daemon::show_config(*config, daemon::Language::zh, false).empty());
  return 0;
}
