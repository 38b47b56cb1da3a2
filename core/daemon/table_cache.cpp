#include "core/daemon/table_cache.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <vector>

namespace deskmate::daemon {
namespace {

constexpr std::size_t entry_overhead = 96;  // what a map's node costs, roughly

std::size_t cost(std::string_view key, const std::optional<std::string>& value) {
  return entry_overhead + key.size() + (value ? value->size() : 0);
}

// table ‖ 0 ‖ key, on the stack.
class FullKey {
 public:
  FullKey(std::string_view table, std::string_view key) {
    if (table.size() + 1 + key.size() > sizeof(bytes_)) throw std::length_error("a table's key");
    table.copy(bytes_, table.size());
    bytes_[table.size()] = '\0';
    if (!key.empty()) key.copy(bytes_ + table.size() + 1, key.size());
    size_ = table.size() + 1 + key.size();
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[512];
  std::size_t size_;
};

// Reading a derived table fails only where the disk does; the fold cannot go on without it.
template <class T>
T must(storage::Result<T> result) {
  if (result.has_error()) throw std::runtime_error("tables: " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace

// A layer's side of a scan.
class TableCache::LayerScan {
 public:
  LayerScan(TableLayer* layer, std::string_view table, std::string_view from, bool backwards)
      : backwards_(backwards) {
    if (layer == nullptr) return;
    const TableLayer::Ordered& entries = layer->ordered(FullKey(table, {}).view());
    begin_ = entries.begin();
    end_ = entries.end();
    at_ = backwards ? entries.upper_bound(FullKey(table, from).view())
                    : entries.lower_bound(FullKey(table, from).view());
  }

  // The entry at hand, or null at the end.
  const TableLayer::Entry* entry() const {
    if (backwards_) return at_ == begin_ ? nullptr : std::prev(at_)->second;
    return at_ == end_ ? nullptr : at_->second;
  }
  void next() { backwards_ ? --at_ : ++at_; }

 private:
  using At = TableLayer::Ordered::const_iterator;
  bool backwards_;
  At begin_{}, end_{}, at_{};
};

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

const TableLayer::Entry* TableCache::changed(std::string_view key, TableKeyHash hash) const {
  for (const TableLayer* layer : {active_.get(), flushing_.get(), written_.get()}) {
    if (layer == nullptr) continue;
    if (const auto* entry = layer->find(key, hash)) return entry;
  }
  return nullptr;
}

std::optional<std::string> TableCache::get(std::string_view table, std::string_view key) {
  const FullKey bytes(table, key);
  const std::string_view full = bytes.view();
  const TableKeyHash hash = table_key_hash(full);
  if (const auto* entry = changed(full, hash)) {
    return entry->value ? std::optional<std::string>(*entry->value) : std::nullopt;
  }
  if (filter_ && !filter_->may_have(hash)) return std::nullopt;
  if (const auto found = clean_.find(full); found != clean_.end()) return found->second;
  auto value = must(store_.table_get(table, key));
  remember(full, value);
  return value;
}

void TableCache::remember(std::string_view key, std::optional<std::string> value) {
  clean_bytes_ += cost(key, value);
  if (clean_bytes_ > cached_bytes_max) {
    clean_.clear();
    clean_bytes_ = cost(key, value);
  }
  clean_.insert_or_assign(std::string(key), std::move(value));
}

void TableCache::change(std::string_view table, std::string_view key,
                        std::optional<std::string_view> value) {
  const FullKey bytes(table, key);
  const std::string_view full = bytes.view();
  const TableKeyHash hash = table_key_hash(full);
  if (filter_) filter_->add(hash);
  active_->put(full, hash, value);
}

void TableCache::put(std::string_view table, std::string_view key, std::string value) {
  change(table, key, value);
}

void TableCache::erase(std::string_view table, std::string_view key) {
  change(table, key, std::nullopt);
}

void TableCache::scan(std::string_view table, const Range& range, const Each& each) {
  const auto [from, backwards, within] = range;
  // No side changes during a scan (see Tables), so iterators stay good.
  LayerScan active(active_.get(), table, from, backwards);
  LayerScan flushing(flushing_.get(), table, from, backwards);
  StoreScan stored(store_, table, from, backwards);
  const std::size_t prefix = table.size() + 1;
  while (true) {
    // The next key of any; of one key what was changed last.
    std::optional<std::string_view> next;
    const auto consider = [&next, back = backwards](std::string_view key) {
      if (!next || (back ? key > *next : key < *next)) next = key;
    };
    const auto* first = active.entry();
    const auto* second = flushing.entry();
    const auto* third = stored.entry();
    if (first != nullptr) consider(first->key.substr(prefix));
    if (second != nullptr) consider(second->key.substr(prefix));
    if (third != nullptr) consider(third->first);
    if (!next || !next->starts_with(within)) return;
    const bool of_first = first != nullptr && first->key.substr(prefix) == *next;
    const bool of_second = second != nullptr && second->key.substr(prefix) == *next;
    const bool of_third = third != nullptr && third->first == *next;
    std::optional<std::string_view> value;
    if (of_first) {
      value = first->value;
    } else if (of_second) {
      value = second->value;
    } else {
      value = third->second;
    }
    if (value && !each(*next, *value)) return;
    if (of_first) active.next();
    if (of_second) flushing.next();
    if (of_third) stored.next();
  }
}

void TableCache::flush(std::function<void(storage::Result<void>)> done) {
  if (flushing_ || held_) throw std::logic_error("tables are being written or held");
  flushing_ = std::exchange(active_, std::make_shared<TableLayer>());
  flushing_position_ = position_;
  store_.write_tables(flushing_, position_, std::move(done));
}

void TableCache::flushed(bool written) {
  const std::shared_ptr<TableLayer> layer = std::exchange(flushing_, nullptr);
  if (!written) {  // all of it goes with the next flush
    layer->any_order([&](const TableLayer::Entry& entry) {
      const TableKeyHash hash = table_key_hash(entry.key);
      if (active_->find(entry.key, hash) == nullptr) active_->put(entry.key, hash, entry.value);
    });
    return;
  }
  written_position_ = flushing_position_;
  // Until now the layers hid what was read before.
  written_ = layer->bytes() <= 2 * unwritten_bytes_soft ? layer : nullptr;
  if (!written_) {
    clean_.clear();
    clean_bytes_ = 0;
  } else if (!clean_.empty()) {
    layer->any_order([&](const TableLayer::Entry& entry) {
      if (const auto found = clean_.find(entry.key); found != clean_.end()) {
        clean_bytes_ -= cost(found->first, found->second);
        clean_.erase(found);
      }
    });
  }
}

}  // namespace deskmate::daemon
