// From an older format of the folder to this one, step by step. Each step is one transaction that
// also writes the version it leads to, so a power cut leaves one version or the next. Before the
// first step data.mdb is copied to data.v<version>.mdb.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/error.hpp"

namespace deskmate::storage {

inline constexpr std::uint32_t format_version = 1;

struct Migration {
  std::uint32_t from = 0;  // leads to from + 1
  std::function<Result<void>(MDB_txn*, const Databases&)> run;
};

const std::vector<Migration>& migrations();

// Brings the folder to version `to`. Errc::newer when it is beyond that already; Errc::damaged when
// a step is missing.
Result<void> migrate(Database& database, std::uint32_t to, const std::vector<Migration>& steps);

}  // namespace deskmate::storage
