// Stretches out of the database, and what is checked before one goes in.
#pragma once

#include <optional>

#include "storage/database.hpp"
#include "storage/identity.hpp"
#include "storage/log_book.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

// As Store::read_stretch. [any thread]
Result<std::optional<Stretch>> read_stretch(Database& database, const LogBook& book,
                                            const Identity& identity, const LogName& log,
                                            std::uint64_t after, std::size_t max_bytes,
                                            bool bodies_behind);

// Limits, desk, headers and bodies: all that can be said without the log so far. Pure.
Result<void> check_form(const Stretch& stretch, const Id16& desk);

// The log a stretch is to go on, as it is: committed, and what goes with it in this batch.
struct Known {
  const LogState* state = nullptr;  // null: no such log yet
  bool own = false;                 // the log this peer writes
  std::uint64_t cut = no_cut;
};

// Events that are here already, or the proof of a fork.
struct Verdict {
  std::size_t skip = 0;
  std::optional<Fork> fork;
};

// Errors as Store::append_stretch says, but that a fork is a verdict. Of a log that has events in
// this batch only what goes on right after them may be asked about.
Result<Verdict> check_stretch(Database& database, const Identity& identity, const Known& known,
                              const Stretch& stretch);

}  // namespace deskmate::storage
