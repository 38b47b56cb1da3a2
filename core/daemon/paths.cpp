#include "core/daemon/paths.hpp"

#include "core/daemon/version.hpp"

namespace deskmate::daemon {

namespace fs = std::filesystem;

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

fs::path plugin_host_program(const Config& config) {
  if (!config.plugin_host.empty()) return config.plugin_host;
  const fs::path here = program_folder();
  for (const fs::path& candidate :
       {here / "deskmate-plugin-host",
        here.parent_path() / installed_programs / "deskmate-plugin-host"}) {
    std::error_code ignored;
    if (fs::exists(candidate, ignored)) return candidate;
  }
  return {};
}

std::vector<fs::path> plugin_folders(const Config& config) {
  std::vector<fs::path> out(config.plugin_folders.begin(), config.plugin_folders.end());
  const fs::path root = program_folder().parent_path();
  out.push_back(root / "plugins");          // a build folder
  out.push_back(root / installed_plugins);  // an installation
  return out;
}

std::optional<fs::path> find_plugin(const Config& config, std::string_view id) {
  for (const fs::path& folder : plugin_folders(config)) {
    std::error_code ignored;
    if (fs::exists(folder / id / "plugin.toml", ignored)) return folder / id;
  }
  return std::nullopt;
}

}  // namespace deskmate::daemon
