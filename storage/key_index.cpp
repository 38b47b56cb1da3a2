#include "storage/key_index.hpp"

#include <algorithm>

#include "storage/bytes.hpp"

namespace deskmate::storage {
namespace {

constexpr std::size_t places_min = 16;  // a power of two, as all sizes of tables

}  // namespace

KeyIndex::KeyIndex() : by_id_(places_min, 0), by_buyer_(places_min, 0) {
  crypto_shorthash_keygen(hash_key_);
}

std::size_t KeyIndex::place_of(const Table& table, const Id16& id) const {
  unsigned char hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, id.data(), id.size(), hash_key_);
  return get_number<std::uint64_t>(reinterpret_cast<const char*>(hash)) & (table.size() - 1);
}

std::size_t KeyIndex::place_by_id(const Id16& id) const {
  std::size_t place = place_of(by_id_, id);
  while (by_id_[place] != 0 && records_[by_id_[place] - 1].id != id) {
    place = (place + 1) & (by_id_.size() - 1);
  }
  return place;
}

std::size_t KeyIndex::place_by_buyer(const Id16& buyer) const {
  std::size_t place = place_of(by_buyer_, buyer);
  while (by_buyer_[place] != 0 && records_[by_buyer_[place] - 1].buyer != buyer) {
    place = (place + 1) & (by_buyer_.size() - 1);
  }
  return place;
}

void KeyIndex::enter(std::uint32_t number) {
  const Record& record = records_[number];
  by_id_[place_by_id(record.id)] = number + 1;
  std::uint32_t& first = by_buyer_[place_by_buyer(record.buyer)];
  if (first == 0) first = number + 1;
  ++entered_;
}

void KeyIndex::resize(std::size_t places) {
  by_id_.assign(places, 0);
  by_buyer_.assign(places, 0);
  by_id_.shrink_to_fit();
  by_buyer_.shrink_to_fit();
  entered_ = 0;
  for (std::uint32_t number = 0; number < size(); ++number) {
    if (of_use_[number]) enter(number);
  }
}

void KeyIndex::add(const Record& record, bool of_use) {
  records_.push_back(record);
  of_use_.push_back(of_use);
  if (!of_use) return;
  // At most three of four places are taken.
  if ((entered_ + 1) * 4 > by_id_.size() * 3) {
    resize(by_id_.size() * 2);
  } else {
    enter(size() - 1);
  }
}

void KeyIndex::drop(const std::function<bool(const Record& record)>& gone) {
  for (std::uint32_t number = 0; number < size(); ++number) {
    if (of_use_[number] && gone(records_[number])) of_use_[number] = false;
  }
  resize(by_id_.size());
}

std::optional<std::uint32_t> KeyIndex::find(const Id16& id) const {
  const std::uint32_t found = by_id_[place_by_id(id)];
  if (found == 0) return std::nullopt;
  return found - 1;
}

std::optional<std::uint32_t> KeyIndex::first_of(const Id16& buyer) const {
  const std::uint32_t found = by_buyer_[place_by_buyer(buyer)];
  if (found == 0) return std::nullopt;
  return found - 1;
}

std::vector<Id16> KeyIndex::ids_of(const Id16& buyer) const {
  std::vector<Id16> ids;
  if (!first_of(buyer)) return ids;
  for (std::uint32_t number = 0; number < size(); ++number) {
    if (of_use_[number] && records_[number].buyer == buyer) ids.push_back(records_[number].id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace deskmate::storage
