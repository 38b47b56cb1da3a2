// Are the derived tables what the log says? Rebuilds them in memory and compares every entry.
// Blocking; a pool thread, while the tables on disk are held (Journal::hold).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/desk/desk.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

inline constexpr std::size_t differences_max = 20;  // told one by one; all are counted

struct RebuildReport {
  std::uint64_t position = 0;  // the tables stand at this arrival
  std::uint64_t events = 0;
  std::uint64_t entries = 0;
  std::uint64_t differences = 0;
  std::string state_hash;            // hex, of the rebuilt state
  std::vector<std::string> details;  // "table chat: 0a1b… differs"; no values
};

storage::Result<RebuildReport> compare_with_rebuild(storage::Store& store,
                                                    const desk::Policy& policy);

}  // namespace deskmate::daemon
