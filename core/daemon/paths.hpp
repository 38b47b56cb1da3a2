// Where the programs and plugins that came with Deskmate are: beside the running executable, in the
// build tree (bin/, plugins/) as in the installed one (bin/, libexec/deskmate/,
// lib/deskmate/plugins/).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/daemon/config.hpp"

namespace deskmate::daemon {

// The folder of the running executable.
std::filesystem::path program_folder();

// config.plugin_host, or the one that came with Deskmate. Empty where there is none.
std::filesystem::path plugin_host_program(const Config& config);

// Where plugins are looked for, in order.
std::vector<std::filesystem::path> plugin_folders(const Config& config);

// The folder of that plugin; nothing where none of them has it.
std::optional<std::filesystem::path> find_plugin(const Config& config, std::string_view id);

}  // namespace deskmate::daemon
