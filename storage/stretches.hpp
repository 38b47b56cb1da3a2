// Stretches out of the database, and what is checked before one goes in.
#pragma once

#include <map>
#include <mutex>
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

// What takes longest to check, and needs nothing but the stretch: done before it waits for the
// writer, which has the disk to wait for.
struct Checked {
  Result<void> formed;     // limits, desk, headers and bodies
  bool is_signed = false;  // that head, by the log's peer
  // From that chain on the events lead to this one.
  struct Led {
    Hash32 from{};
    Hash32 to{};
  };
  std::optional<Led> led = {};  // nothing: it is not known what they go on from
};

inline constexpr std::size_t logs_said_max = 64;  // logs whose stretches come at once

// Guesses the chain that a stretch goes on from: the log's as it is on disk, or what the stretch
// before it, which still waits, is said to lead to. The writer looks whether it was right.
class StretchChecks {
 public:
  StretchChecks(const LogBook& book, const Id16& desk) : book_(book), desk_(desk) {}
  // [any thread]
  Checked check(const Stretch& stretch);

 private:
  std::optional<Hash32> chain_before(const Stretch& stretch);

  const LogBook& book_;
  const Id16 desk_;
  std::mutex mutex_;
  std::map<LogName, std::pair<std::uint64_t, Hash32>> said_;  // of the latest stretches: their ends
};

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

// Of one that is formed as it should be. Errors as Store::append_stretch says, but that a fork is a
// verdict. Of a log that has events in this batch only what goes on right after them may be asked
// about.
Result<Verdict> check_stretch(Database& database, const Identity& identity, const Known& known,
                              const Stretch& stretch, const Checked& checked);

}  // namespace deskmate::storage
