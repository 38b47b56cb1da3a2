// What `deskmate verify` found, as a map. Pure.
#pragma once

#include <deskmate/value.hpp>

#include "core/daemon/rebuild.hpp"

namespace deskmate::daemon {

inline Value to_value(const storage::VerifyReport& log, const RebuildReport& tables) {
  Value faults = Value::array();
  for (const auto& fault : log.faults) faults.push_back(fault);
  for (const auto& detail : tables.details) faults.push_back(detail);
  return Value::map({{"ok", log.faults.empty() && tables.differences == 0},
                     {"events", log.events},
                     {"logs", log.logs},
                     {"signatures", log.signatures},
                     {"erased_bodies", log.erased_bodies},
                     {"awaited_bodies", log.awaited_bodies},
                     {"lost_bodies", log.lost_bodies},
                     {"missing_keys", log.missing_keys},
                     {"unknown", log.unknown},
                     {"forks", log.forks},
                     {"table_entries", tables.entries},
                     {"table_differences", tables.differences},
                     {"state_hash", tables.state_hash},
                     {"faults", std::move(faults)}});
}

}  // namespace deskmate::daemon
