// One event after the other into the desk and into the daemon's own tables; pure. Whoever rebuilds
// the tables does the same.
//
//   EventFold fold(desk, tables);
//   for (event : log) fold.add(event);
//   fold.settle();                       // now the tables stand at the last of them
//
// One thread. Desk and tables outlive it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/daemon/errors.hpp"
#include "core/desk/desk.hpp"
#include "core/desk/tables.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// The tables of the daemon's own beside those of the desk.
inline constexpr std::string_view seen_table = "seen";    // items that have come in
inline constexpr std::string_view clock_table = "clock";  // the highest stamp
// Goes up with every change of what the fold writes: older tables are made anew from the log.
inline constexpr std::string_view fold_version = "13";

class EventFold {
 public:
  EventFold(desk::Desk& desk, desk::Tables& tables) : desk_(desk), tables_(tables) {}

  // Ask nothing of the desk and the tables before settle().
  void add(const storage::StoredEvent& event);
  void settle();

  // The highest stamp of all events up to the last settle().
  std::uint64_t clock();

 private:
  desk::Desk& desk_;
  desk::Tables& tables_;
  std::uint64_t highest_ = 0;
};

// Clears tables that an older version of the fold wrote; they are made anew from the log. Before
// anything reads them. Blocking.
Result<void> drop_outdated_tables(storage::Store& store);

}  // namespace deskmate::daemon
