#include "core/daemon/table_layer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace deskmate::daemon {
namespace {

constexpr std::size_t piece_first = 16u << 10;  // bytes
constexpr std::size_t piece_max = 1u << 20;
constexpr std::size_t slots_first = 64;  // powers of two
constexpr std::size_t filter_words = 1u << 21;
constexpr unsigned filter_bits = 4;   // of one key, within one word
constexpr std::size_t sorted_by = 8;  // bytes of a key that are compared without looking at it

// The next bytes of a key as a number that sorts as they do.
std::uint64_t head_of(std::string_view key) {
  std::uint64_t head = 0;
  const std::size_t size = std::min(key.size(), sorted_by);
  for (std::size_t i = 0; i < size; ++i) head = head << 8 | static_cast<unsigned char>(key[i]);
  return size == 0 ? 0 : head << 8 * (sorted_by - size);
}

}  // namespace

std::string_view TableLayer::keep(std::string_view bytes) {
  if (bytes.empty()) return {"", 0};
  if (piece_size_ - piece_used_ < bytes.size()) {
    piece_size_ = std::clamp(2 * piece_size_, piece_first, piece_max);
    piece_size_ = std::max(piece_size_, bytes.size());
    pieces_.emplace_back(new char[piece_size_]);
    piece_used_ = 0;
    bytes_ += piece_size_;
  }
  char* const at = pieces_.back().get() + piece_used_;
  piece_used_ += bytes.size();
  std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

std::size_t TableLayer::slot_of(std::string_view key, TableKeyHash hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].entry != 0 &&
         (slots_[at].hash != hash || entries_[slots_[at].entry - 1].key != key)) {
    at = (at + 1) & mask;
  }
  return at;
}

const TableLayer::Entry* TableLayer::find(std::string_view key, TableKeyHash hash) const {
  if (slots_.empty()) return nullptr;
  const std::uint32_t number = slots_[slot_of(key, hash)].entry;
  return number == 0 ? nullptr : &entries_[number - 1];
}

void TableLayer::grow() {
  std::vector<Slot> old(std::max(slots_first, 2 * slots_.size()));
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.entry == 0) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].entry != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
  bytes_ += (slots_.size() - old.size()) * sizeof(Slot);
}

void TableLayer::put(std::string_view key, TableKeyHash hash,
                     std::optional<std::string_view> value) {
  if (3 * (entries_.size() + 1) > 2 * slots_.size()) grow();
  Slot& slot = slots_[slot_of(key, hash)];
  if (slot.entry == 0) {
    entries_.push_back({keep(key), std::nullopt});
    slot = {hash, static_cast<std::uint32_t>(entries_.size())};
    bytes_ += sizeof(Entry);
    key_max_ = std::max(key_max_, key.size());
    for (auto& [prefix, entries] : ordered_) {
      if (key.starts_with(prefix)) entries.emplace(entries_.back().key, &entries_.back());
    }
  }
  Entry& entry = entries_[slot.entry - 1];
  if (!value) {
    entry.value.reset();
    return;
  }
  value_max_ = std::max(value_max_, value->size());
  if (entry.value && value->size() <= entry.value->size()) {
    // The memory is this layer's own.
    std::memmove(const_cast<char*>(entry.value->data()), value->data(), value->size());
    entry.value = entry.value->substr(0, value->size());
  } else {
    entry.value = keep(*value);
  }
}

const TableLayer::Ordered& TableLayer::ordered(std::string_view prefix) {
  if (const auto found = ordered_.find(prefix); found != ordered_.end()) return found->second;
  Ordered& made = ordered_[std::string(prefix)];
  for (const Entry& entry : entries_) {
    if (entry.key.starts_with(prefix)) made.emplace(entry.key, &entry);
  }
  return made;
}

void TableLayer::any_order(const std::function<void(const Entry&)>& each) const {
  for (const Entry& entry : entries_) each(entry);
}

void TableLayer::each(const Each& each) const {
  std::vector<std::pair<std::uint64_t, const Entry*>> sorted;
  sorted.reserve(entries_.size());
  for (const Entry& entry : entries_) sorted.emplace_back(head_of(entry.key), &entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
  });
  for (const auto& [head, entry] : sorted) {
    if (!each(entry->key, entry->value)) return;
  }
}

TableKeyFilter::TableKeyFilter() : words_(filter_words) {}

namespace {

std::uint64_t bits_of(TableKeyHash hash) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < filter_bits; ++i) bits |= std::uint64_t{1} << (hash >> 6 * i & 63);
  return bits;
}
std::size_t word_of(TableKeyHash hash) { return (hash >> 6 * filter_bits) % filter_words; }

}  // namespace

void TableKeyFilter::add(TableKeyHash hash) { words_[word_of(hash)] |= bits_of(hash); }

bool TableKeyFilter::may_have(TableKeyHash hash) const {
  const std::uint64_t bits = bits_of(hash);
  return (words_[word_of(hash)] & bits) == bits;
}

}  // namespace deskmate::daemon
