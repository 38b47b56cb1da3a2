// What a folder needs before a store stands on it: the version, this peer's log, the pseudonym key.
#pragma once

#include <optional>

#include "storage/database.hpp"
#include "storage/hooks.hpp"
#include "storage/identity.hpp"
#include "storage/layout.hpp"

namespace deskmate::storage {

// What meta says once the folder is set up.
struct Setup {
  LogNames logs;
  std::uint32_t own_log = 0;
  Key32 pseudonym_key{};
};

// Whether meta holds a version: false for a database that was only just made.
Result<bool> is_set_up(Database& database);
// What the peers of a desk have in common.
struct Founding {
  Id16 desk{};
  Key32 pseudonym_key{};
};
// Draws an incarnation, and desk and pseudonym key unless another peer has drawn them; writes them
// in one transaction.
Result<void> set_up(Database& database, const Secrets& secrets, const KeysPosition& keys,
                    const std::optional<Founding>& founding = std::nullopt);
// The key that all pseudonyms of the desk are made with. Errc::invalid when wrapping.key is not
// this folder's.
Result<Key32> unwrap_pseudonym_key(const Secrets& secrets, std::string_view wrapped);
// Errc::invalid when identity.key or wrapping.key are not this folder's.
Result<Setup> read_setup(Database& database, const Secrets& secrets);
// Starts a new log of this peer with a new incarnation; the old ones stay as they are.
Result<void> start_new_log(Database& database, const Setup& setup);

}  // namespace deskmate::storage
