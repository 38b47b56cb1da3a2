// The desk's tables over the store's: changes stay in memory and are written in large batches with
// the position that they stand for; what was read is kept for a while.
//
//   TableCache tables(store);
//   tables.put("chat", key, value);       // fold an event
//   tables.set_position(arrival);
//   if (tables.wants_flush(idle)) tables.flush(done);
//
// Loop thread only, but for what the store does. The store outlives it, and so must it outlive a
// flush under way (wait for done).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/daemon/table_layer.hpp"
#include "core/desk/tables.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t unwritten_bytes_soft = 4u << 20;  // beyond, a flush is due
// The same. Most keys are random, so that each change is on a page of its own, and LMDB keeps the
// memory of as many pages as one transaction ever changed.
inline constexpr std::size_t unwritten_entries_soft = 8'192;
// The same while no append waits: whichever comes meanwhile waits for less, and less memory is
// kept. With many on their way fewer flushes let more of them through.
inline constexpr std::size_t unwritten_entries_idle = 512;
inline constexpr std::size_t cached_bytes_max = 32u << 20;  // of clean entries; beyond, dropped
inline constexpr std::size_t scan_piece_first = 1;          // entries read ahead by a scan
inline constexpr std::size_t scan_piece_growth = 8;         // who wants a second wants many
inline constexpr std::size_t scan_piece_max = 512;

class TableCache : public desk::Tables {
 public:
  explicit TableCache(storage::Store& store) : store_(store) {}

  std::optional<std::string> get(std::string_view table, std::string_view key) override;
  void put(std::string_view table, std::string_view key, std::string value) override;
  void erase(std::string_view table, std::string_view key) override;
  void scan(std::string_view table, const Range& range, const Each& each) override;

  // What is on disk stands at this arrival; before anything else.
  void start_at(std::uint64_t arrival) { position_ = written_position_ = arrival; }

  // All tables are about to be made anew: what is on disk then went through here, and what did not
  // need not be looked for there. Only where the store has no tables; costs 16 MiB until rebuilt().
  void expect_rebuild() { filter_.emplace(); }
  void rebuilt() { filter_.reset(); }

  // The arrival up to which the tables stand.
  void set_position(std::uint64_t arrival) { position_ = arrival; }
  std::uint64_t position() const { return position_; }
  std::uint64_t written_position() const { return written_position_; }

  // idle: no append is on its way.
  bool wants_flush(bool idle) const {
    const std::size_t entries = idle ? unwritten_entries_idle : unwritten_entries_soft;
    return !flushing_ && !held_ &&
           (active_->bytes() > unwritten_bytes_soft || active_->size() > entries);
  }
  bool flushing() const { return flushing_ != nullptr; }
  std::size_t unwritten_bytes() const {
    return active_->bytes() + (flushing_ ? flushing_->bytes() : 0);
  }
  std::size_t unwritten_entries() const {
    return active_->size() + (flushing_ ? flushing_->size() : 0);
  }

  // Hands all changes to the store. done is called on the store's writer thread with its answer;
  // the owner then calls flushed() on the loop. Not while one is under way or they are held.
  void flush(std::function<void(storage::Result<void>)> done);
  void flushed(bool written);

  // While held nothing is written: what is on disk stands still, for a comparison.
  void hold(bool held) { held_ = held; }
  bool held() const { return held_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return table_key_hash(key); }
  };
  using Clean = std::unordered_map<std::string, std::optional<std::string>, Hash, std::equal_to<>>;

  void change(std::string_view table, std::string_view key, std::optional<std::string_view> value);
  const TableLayer::Entry* changed(std::string_view key, TableKeyHash hash) const;
  void remember(std::string_view key, std::optional<std::string> value);
  class LayerScan;
  class StoreScan;

  storage::Store& store_;
  std::shared_ptr<TableLayer> active_ = std::make_shared<TableLayer>();
  std::shared_ptr<TableLayer> flushing_;  // at the store; not changed any more
  std::shared_ptr<TableLayer> written_;   // the last one, while it is small: read again soon
  Clean clean_;                           // of what is in no layer
  std::size_t clean_bytes_ = 0;
  std::optional<TableKeyFilter> filter_;
  std::uint64_t position_ = 0;
  std::uint64_t flushing_position_ = 0;
  std::uint64_t written_position_ = 0;
  bool held_ = false;
};

}  // namespace deskmate::daemon
