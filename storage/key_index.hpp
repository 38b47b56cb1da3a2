// Where in the keys file each buyer's keys stand: the records' ids in the file's order, and two
// open hash tables of record numbers. About 45 bytes a key; no key itself. Not synchronised.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "storage/event.hpp"

namespace deskmate::storage {

class KeyIndex {
 public:
  struct Record {
    Id16 id{};  // the key's
    Id16 buyer{};
  };

  KeyIndex();

  // The next record of the file. One without use is counted, but not found.
  void add(const Record& record, bool of_use = true);
  // Records for which this is true are not found any more.
  void drop(const std::function<bool(const Record& record)>& gone);

  std::optional<std::uint32_t> find(const Id16& id) const;
  std::optional<std::uint32_t> first_of(const Id16& buyer) const;
  std::vector<Id16> ids_of(const Id16& buyer) const;  // sorted
  const Record& operator[](std::uint32_t number) const { return records_[number]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(records_.size()); }

 private:
  // Numbers + 1, 0 where nothing is; at a place that follows from the id, or the next free one.
  using Table = std::vector<std::uint32_t>;

  std::size_t place_of(const Table& table, const Id16& id) const;
  std::size_t place_by_id(const Id16& id) const;
  std::size_t place_by_buyer(const Id16& buyer) const;
  void enter(std::uint32_t number);
  void resize(std::size_t places);

  std::deque<Record> records_;
  std::vector<bool> of_use_;
  Table by_id_;
  Table by_buyer_;  // the first of use of each
  std::size_t entered_ = 0;
  // Ids come from other peers, too: nobody shall choose where they fall.
  unsigned char hash_key_[crypto_shorthash_KEYBYTES];
};

}  // namespace deskmate::storage
