// Bodies that come after their events: the header names its body's hash and the chain covers the
// header, so that an event can be stored, checked and acknowledged before its body is here. Which
// are awaited stands in `awaited`, when those that came late did so in `later`; the layout is in
// storage/README.md.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "storage/database.hpp"
#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/stretch.hpp"

namespace deskmate::storage {

// Does this record name a body by a hash that is known here? Others travel with their bodies only,
// since nothing could be checked later.
bool may_stay_behind(std::string_view record);

// Is the body of that event awaited, come late, or neither?
struct LateState {
  bool awaited = false;
  std::uint64_t arrival = 0;  // of the body, or of the news that it is lost; 0: neither
};
Result<LateState> late_state(MDB_txn* txn, const Databases& databases, std::string_view slot);
// Whether there is, or was, any late body at all.
bool any_late(MDB_txn* txn, const Databases& databases);

// For the writer: LMDB's number.
// Of an event without its body; where the key is destroyed nothing is awaited.
int put_awaited(MDB_txn* txn, const Databases& databases, const KeyRing& keys, const Slot& slot,
                std::string_view record);
int put_late(MDB_txn* txn, const Databases& databases, const Slot& slot, std::uint64_t arrival,
             std::string_view body);  // empty: lost

// Which of these bodies are awaited; mismatch where one is not what its header names.
Result<std::vector<const Bodies::Item*>> check_bodies(Database& database, std::uint32_t log,
                                                      const Bodies& bodies);

// As Store::awaited and Store::read_bodies.
Result<std::vector<Awaited>> read_awaited(Database& database, const KeyRing& keys,
                                          std::uint32_t log, std::uint64_t above,
                                          std::uint64_t below, std::size_t most);
Result<std::vector<BodyRead>> read_bodies(Database& database, std::uint32_t log,
                                          std::span<const std::uint64_t> seqs,
                                          std::size_t max_bytes);
std::uint64_t count_awaited(Database& database);

// Awaited ones of all logs whose keys were destroyed meanwhile, as lost; at most bodies_max of a
// log in one of them.
Result<std::vector<std::pair<std::uint32_t, Bodies>>> awaited_in_vain(Database& database,
                                                                      const KeyRing& keys);

}  // namespace deskmate::storage
