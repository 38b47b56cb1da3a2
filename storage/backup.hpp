// Writing a backup from a store that runs. `restore` is in store.hpp.
#pragma once

#include <string>

#include "storage/database.hpp"
#include "storage/files.hpp"
#include "storage/keys.hpp"
#include "storage/verify.hpp"

namespace deskmate::storage {

// Copies database, keys and attachments, verifies the copy, writes it all to `file` and reads that
// back. The last head must have been signed, and the map have room. [any thread, one at a time]
Result<void> write_backup(Database& database, const KeyRing& keys, const FileStore& files,
                          const std::string& file);

// For verifying with the keys that are there; they must live as long.
KeyStateOf key_states(const KeyRing& keys);

}  // namespace deskmate::storage
