// Passwords and tokens of an instance: the file <folder>/<instance>.toml with lines name = "value",
// readable by its owner only. Read when asked for, kept nowhere, never logged.
//
// Blocking for one small local file; any thread.
#pragma once

#include <deskmate/result.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/host/manifest.hpp"
#include "core/host/text.hpp"

namespace deskmate::host {

inline constexpr std::size_t secrets_bytes_max = 65'536;  // of one instance's file

class Secrets {
 public:
  explicit Secrets(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The secret of that name. denied: the manifest does not name it, or the file's mode or owner
  // let others read it; not_found: the owner has not set it; invalid: the file is not TOML.
  Result<std::string> get(const Manifest& manifest, std::string_view instance,
                          std::string_view name) const;

  // All that is wrong with the instance's file, for `deskmate config check`: readable by others,
  // not TOML, names that the manifest does not know, secrets that are missing.
  Checked<void> check(const Manifest& manifest, std::string_view instance) const;

  std::filesystem::path file(std::string_view instance) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace deskmate::host
