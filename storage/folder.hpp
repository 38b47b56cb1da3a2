// The folder itself: whether it can be used at all, and that only one daemon does.
#pragma once

#include <string>

#include "storage/hooks.hpp"
#include "storage/posix.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

// Holds the folder until it goes out of scope or the process ends, however it ends.
struct HeldFolder {
  std::string folder;
  std::string secrets;
  Fd lock;
};

// Makes the folder if need be. Errors: in_use with the other's process id, unsupported, full, io.
Result<HeldFolder> hold_folder(const Options& options, const Hooks& hooks);

// Where a restore and a backup work; a leftover of a restore means that it did not finish.
inline constexpr const char* restore_folder = "/restore.tmp";
inline constexpr const char* backup_folder = "/backup.tmp";
inline constexpr const char* lock_file = "/deskmate.lock";

}  // namespace deskmate::storage
