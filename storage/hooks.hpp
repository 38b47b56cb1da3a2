// What tests put in the place of the disk and the system. A default Hooks changes nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "storage/error.hpp"
#include "storage/migrate.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

struct Hooks {
  // Called on the writer thread before each commit and each reopening after a disk error; a number
  // other than 0 is what LMDB would have failed with (ENOSPC, EIO, MDB_MAP_FULL...).
  std::function<int()> before_commit;
  std::function<int()> before_reopen;
  // Instead of the steady clock: how long commits take and what follows from it. [writer thread]
  std::function<std::chrono::steady_clock::time_point()> now;
  std::optional<std::uint64_t> filesystem_type;  // instead of what statfs says
  std::uint32_t format_version = storage::format_version;
  std::vector<Migration> migrations = storage::migrations();
};

Result<std::unique_ptr<Store>> open_store(const Options& options, const Hooks& hooks);

}  // namespace deskmate::storage
