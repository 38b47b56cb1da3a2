#include "storage/table_changes.hpp"

#include <algorithm>
#include <cstring>

#include "storage/database.hpp"

namespace deskmate::storage {

void ListedChanges::add(std::string key, std::optional<std::string> value) {
  key_max_ = std::max(key_max_, key.size());
  if (value) value_max_ = std::max(value_max_, value->size());
  changes_.emplace_back(std::move(key), std::move(value));
}

void ListedChanges::sort() {
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
}

void ListedChanges::each(const Each& each) const {
  for (auto at = changes_.begin(); at != changes_.end(); ++at) {
    if (std::next(at) != changes_.end() && std::next(at)->first == at->first) continue;
    std::optional<std::string_view> value;
    if (at->second) value = *at->second;
    if (!each(at->first, value)) return;
  }
}

// One cursor goes along: a key that belongs into the same page as the one before is found there.
int put_changes(MDB_txn* txn, MDB_dbi tables, const TableChanges& changes) {
  MDB_stat stat{};
  int number = mdb_stat(txn, tables, &stat);
  if (number != MDB_SUCCESS) return number;
  // Where there is nothing yet, pages are filled to their end.
  const unsigned flags = stat.ms_entries == 0 ? MDB_APPEND : 0;
  MDB_cursor* cursor = nullptr;
  number = mdb_cursor_open(txn, tables, &cursor);
  if (number != MDB_SUCCESS) return number;
  changes.each([&](std::string_view key, const std::optional<std::string_view>& value) {
    MDB_val at = val_of(key);
    if (value) {
      MDB_val bytes = val_of(*value);
      number = mdb_cursor_put(cursor, &at, &bytes, flags);
    } else {
      number = mdb_cursor_get(cursor, &at, nullptr, MDB_SET);
      if (number == MDB_SUCCESS) number = mdb_cursor_del(cursor, 0);
      if (number == MDB_NOTFOUND) number = MDB_SUCCESS;
    }
    return number == MDB_SUCCESS;
  });
  mdb_cursor_close(cursor);
  return number;
}

}  // namespace deskmate::storage
