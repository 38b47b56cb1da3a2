#include "core/daemon/table_cache.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace deskmate::daemon {
namespace {

constexpr std::size_t entry_overhead = 96;  // what a map's node costs, roughly

std::size_t cost(std::string_view key, const std::optional<std::string>& value) {
  return entry_overhead + key.size() + (value ? value->size() : 0);
}

// Reading a derived table fails only where the disk does; the fold cannot go on without it.
template <class T>
T must(storage::Result<T> result) {
  if (result.has_error()) throw std::runtime_error("tables: " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace

// The store's side of a scan, read in pieces, so that no read transaction is open while the caller
// looks at an entry and asks for others.
class TableCache::StoreScan {
 public:
  StoreScan(storage::Store& store, std::string_view table, std::string_view from, bool backwards)
      : store_(store), table_(table), from_(from), backwards_(backwards) {}

  // The entry at hand, or null at the end.
  const std::pair<std::string, std::string>* entry() {
    if (at_ == piece_.size() && !ended_) read();
    return at_ < piece_.size() ? &piece_[at_] : nullptr;
  }
  void next() { ++at_; }

 private:
  void read() {
    const std::string from = piece_.empty() ? from_ : piece_.back().first;
    const bool skip_first = !piece_.empty();
    std::vector<std::pair<std::string, std::string>> piece;
    const auto take = [&](std::string_view key, std::string_view value) {
      if (skip_first && key == from) return true;
      piece.emplace_back(key, value);
      return piece.size() < size_;
    };
    must(store_.table_scan(table_, from, backwards_, take));
    ended_ = piece.size() < size_;
    size_ = std::min(size_ * scan_piece_growth, scan_piece_max);
    piece_ = std::move(piece);
    at_ = 0;
  }

  storage::Store& store_;
  std::string table_;
  std::string from_;
  bool backwards_;
  std::vector<std::pair<std::string, std::string>> piece_;
  std::size_t at_ = 0;
  std::size_t size_ = scan_piece_first;
  bool ended_ = false;
};

TableCache::Clean& TableCache::clean_of(std::string_view table) {
  const auto found = clean_.find(table);
  return found != clean_.end() ? found->second : clean_[std::string(table)];
}

std::optional<std::string> TableCache::get(std::string_view table, std::string_view key) {
  if (const auto changes = changes_.find(table); changes != changes_.end()) {
    const auto found = changes->second.find(key);
    if (found != changes->second.end()) return found->second.value;
  }
  Clean& clean = clean_of(table);
  if (const auto found = clean.find(key); found != clean.end()) return found->second;
  auto value = must(store_.table_get(table, key));
  remember(table, key, value);
  return value;
}

void TableCache::remember(std::string_view table, std::string_view key,
                          std::optional<std::string> value) {
  clean_bytes_ += cost(key, value);
  if (clean_bytes_ > cached_bytes_max) {
    for (auto& [name, entries] : clean_) entries.clear();
    clean_bytes_ = cost(key, value);
  }
  clean_of(table).insert_or_assign(std::string(key), std::move(value));
}

void TableCache::change(std::string_view table, std::string_view key,
                        std::optional<std::string> value) {
  Clean& clean = clean_of(table);
  if (const auto found = clean.find(key); found != clean.end()) clean.erase(found);
  auto changes = changes_.find(table);
  if (changes == changes_.end()) changes = changes_.emplace(std::string(table), Changes()).first;
  const auto found = changes->second.find(key);
  unwritten_bytes_ += cost(key, value);
  if (found == changes->second.end()) {
    changes->second.emplace(std::string(key), Change{std::move(value), generation_});
    ++unwritten_entries_;
    return;
  }
  unwritten_bytes_ -= cost(key, found->second.value);
  found->second = Change{std::move(value), generation_};
}

void TableCache::put(std::string_view table, std::string_view key, std::string value) {
  change(table, key, std::move(value));
}

void TableCache::erase(std::string_view table, std::string_view key) {
  change(table, key, std::nullopt);
}

void TableCache::scan(std::string_view table, std::string_view from, bool backwards,
                      const Each& each) {
  // Neither side changes during a scan (see Tables), so iterators stay good.
  static const Changes none;
  const auto found = changes_.find(table);
  const Changes& changes = found != changes_.end() ? found->second : none;
  StoreScan stored(store_, table, from, backwards);

  auto forward = backwards ? changes.end() : changes.lower_bound(from);
  auto reverse =
      std::make_reverse_iterator(backwards ? changes.upper_bound(from) : changes.begin());
  const auto changed = [&]() -> const Changes::value_type* {
    if (backwards) return reverse == changes.rend() ? nullptr : &*reverse;
    return forward == changes.end() ? nullptr : &*forward;
  };
  while (true) {
    const auto* own = changed();
    const auto* other = stored.entry();
    if (own == nullptr && other == nullptr) return;
    int order = own == nullptr ? 1 : other == nullptr ? -1 : own->first.compare(other->first);
    if (backwards && own != nullptr && other != nullptr) order = -order;
    if (order <= 0) {  // the change comes first, or replaces what is stored
      if (own->second.value && !each(own->first, *own->second.value)) return;
      backwards ? void(++reverse) : void(++forward);
      if (order == 0) stored.next();
    } else {
      if (!each(other->first, other->second)) return;
      stored.next();
    }
  }
}

void TableCache::flush(std::function<void(storage::Result<void>)> done) {
  if (flushing_ || held_) throw std::logic_error("tables are being written or held");
  std::vector<storage::TableChange> all;
  for (const auto& [table, changes] : changes_) {
    for (const auto& [key, change] : changes) all.push_back({table, key, change.value});
  }
  flushing_ = true;
  flushing_position_ = position_;
  ++generation_;
  store_.write_tables(std::move(all), position_, std::move(done));
}

void TableCache::flushed(bool written) {
  flushing_ = false;
  if (!written) return;  // all of it stays and goes with the next flush
  written_position_ = flushing_position_;
  // After a replay, most of it is not asked for again.
  const bool keep = unwritten_bytes_ <= 2 * unwritten_bytes_soft;
  for (auto& [table, changes] : changes_) {
    for (auto it = changes.begin(); it != changes.end();) {
      if (it->second.generation == generation_) {  // changed since
        ++it;
        continue;
      }
      unwritten_bytes_ -= cost(it->first, it->second.value);
      --unwritten_entries_;
      if (keep) remember(table, it->first, std::move(it->second.value));
      it = changes.erase(it);
    }
  }
}

}  // namespace deskmate::daemon
