// Changes of derived tables on their way to LMDB.
#pragma once

#include <lmdb.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace deskmate::storage {

// Changes as a list, in any order.
class ListedChanges : public TableChanges {
 public:
  void add(std::string key, std::optional<std::string> value);
  void sort();  // before it is read; of several changes of one key the last stays

  void each(const Each& each) const override;
  std::size_t key_max() const override { return key_max_; }
  std::size_t value_max() const override { return value_max_; }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> changes_;
  std::size_t key_max_ = 0;
  std::size_t value_max_ = 0;
};

// Writes them into `tables`; what LMDB says.
int put_changes(MDB_txn* txn, MDB_dbi tables, const TableChanges& changes);

}  // namespace deskmate::storage
