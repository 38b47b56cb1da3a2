#include "core/daemon/rebuild.hpp"

#include <span>

#include "core/daemon/journal.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t key_shown_max = 24;             // bytes
constexpr std::size_t compare_piece_entries = 4'096;  // read from the store at a time

std::string shown(std::string_view key) {
  key = key.substr(0, key_shown_max);
  return storage::hex({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()});
}

void tell(RebuildReport& report, std::string_view table, std::string_view key,
          std::string_view what) {
  ++report.differences;
  if (report.details.size() == differences_max) return;
  std::string line = "table ";
  line.append(table).append(": ").append(shown(key)).append(" ").append(what);
  report.details.push_back(std::move(line));
}

storage::Result<void> compare(storage::Store& store, desk::Tables& rebuilt, std::string_view table,
                              std::string_view title, RebuildReport& report) {
  std::vector<std::pair<std::string, std::string>> wanted;
  rebuilt.scan(table, {}, [&](std::string_view key, std::string_view value) {
    wanted.emplace_back(key, value);
    return true;
  });
  auto next = wanted.begin();
  const auto look = [&](std::string_view key, std::string_view value) {
    ++report.entries;
    while (next != wanted.end() && next->first < key) {
      tell(report, title, next++->first, "is missing");
    }
    if (next == wanted.end() || next->first != key) {
      tell(report, title, key, "is too much");
    } else {
      if (next->second != value) tell(report, title, key, "differs");
      ++next;
    }
  };
  // In pieces: while it reads, the store's map cannot grow.
  std::string from;
  for (bool more = true; more;) {
    more = false;
    std::size_t piece = 0;
    auto read =
        store.table_scan(table, from, false, [&](std::string_view key, std::string_view value) {
          if (piece++ == compare_piece_entries) {
            from = key;
            more = true;
            return false;
          }
          look(key, value);
          return true;
        });
    if (read.has_error()) return read;
  }
  for (; next != wanted.end(); ++next) tell(report, title, next->first, "is missing");
  return {};
}

}  // namespace

storage::Result<RebuildReport> compare_with_rebuild(storage::Store& store,
                                                    const desk::Policy& policy) {
  RebuildReport report;
  report.position = store.tables_position();
  desk::MemoryTables tables;
  desk::Desk desk(tables, policy);
  EventFold fold(desk, tables);
  std::uint64_t at = 0;
  while (at < report.position) {
    const std::uint64_t before = at;
    const auto read =
        store.read(at, fold_piece_events, false, [&](const storage::StoredEvent& event) {
          if (event.arrival > report.position) return false;
          fold.add(event);
          at = event.arrival;
          ++report.events;
          return true;
        });
    fold.settle();
    if (read.has_error()) return read.error();
    if (at == before) {
      return storage::Error{storage::Errc::damaged, "the tables stand beyond the end of the log"};
    }
  }
  for (const auto& table : desk::desk_tables()) {
    const auto compared = compare(store, tables, table.name, table.title, report);
    if (compared.has_error()) return compared.error();
  }
  for (const auto table : {seen_table, clock_table}) {
    const auto compared = compare(store, tables, table, table, report);
    if (compared.has_error()) return compared.error();
  }
  const auto hash = desk.hash();
  if (desk.full_hash() != hash) tell(report, "state", {}, "hash differs from the state");
  report.state_hash = storage::hex(hash);
  return report;
}

}  // namespace deskmate::daemon
