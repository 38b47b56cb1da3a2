// Changes of tables that are not written yet, in memory: a hash table over pieces of memory that
// are given back together. Keys are table ‖ 0 ‖ key, as the store has them.
//
// One thread; once nothing is put any more, several may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.hpp"

namespace deskmate::daemon {

using TableKeyHash = std::uint64_t;
inline TableKeyHash table_key_hash(std::string_view key) {
  return std::hash<std::string_view>{}(key);
}

class TableLayer : public storage::TableChanges {
 public:
  struct Entry {
    std::string_view key;
    std::optional<std::string_view> value;  // nullopt: erased
  };

  // Null: the layer says nothing of it. Views live until the next put.
  const Entry* find(std::string_view key, TableKeyHash hash) const;
  void put(std::string_view key, TableKeyHash hash, std::optional<std::string_view> value);

  void any_order(const std::function<void(const Entry&)>& each) const;

  // Memory in use, roughly.
  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  // Entries whose key begins with a table's prefix, in order; kept in order from the first call on.
  using Ordered = std::map<std::string_view, const Entry*>;
  const Ordered& ordered(std::string_view prefix);

  // TableChanges.
  void each(const Each& each) const override;
  std::size_t key_max() const override { return key_max_; }
  std::size_t value_max() const override { return value_max_; }

 private:
  struct Slot {
    TableKeyHash hash = 0;
    std::uint32_t entry = 0;  // its number + 1; 0: free
  };
  std::string_view keep(std::string_view bytes);
  std::size_t slot_of(std::string_view key, TableKeyHash hash) const;
  void grow();

  std::vector<std::unique_ptr<char[]>> pieces_;
  std::size_t piece_size_ = 0;
  std::size_t piece_used_ = 0;
  std::deque<Entry> entries_;  // stay where they are
  std::vector<Slot> slots_;
  std::map<std::string, Ordered, std::less<>> ordered_;
  std::size_t bytes_ = 0;
  std::size_t key_max_ = 0;
  std::size_t value_max_ = 0;
};

// Keys that may be on disk, where all that is there was written since the filter was made: what it
// does not know need not be looked for.
class TableKeyFilter {
 public:
  TableKeyFilter();
  void add(TableKeyHash hash);
  bool may_have(TableKeyHash hash) const;

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace deskmate::daemon
