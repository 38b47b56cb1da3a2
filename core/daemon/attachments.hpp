// Attachments that other peers' events name and that are not here yet: fetched by hash behind the
// log, a few at a time, from where they stopped, checked by the store. The events are gone through
// once; a durable cursor stands behind the first one that lacks a file.
//
//   Attachments attachments(loop, store, pool, {want, now_ms, log});
//   attachments.look();                    // other peers' events came, and once at the start
//   attachments.finished(hash, found);     // what became of it
//   attachments.get(hash, [](Fetched f) { ... });  // somebody waits for it: before the others
//
// Loop thread; the store is read in the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

// Named limits and times.
inline constexpr std::size_t files_ahead_max = 256;      // missing, before no further event is read
inline constexpr std::size_t files_of_event_max = 64;    // looked at in one event
inline constexpr std::size_t file_waiters_max = 64;      // who wait for a file at once
inline constexpr std::size_t scan_events = 512;          // gone through at a time
inline constexpr std::uint64_t file_wait_ms = 8'000;     // then it is "on its way"
inline constexpr std::uint64_t file_again_ms = 60'000;   // after nobody had it; doubled
inline constexpr std::uint32_t file_attempts = 5;        // then only who asks for it fetches it
inline constexpr std::uint64_t file_cursor_ms = 10'000;  // the cursor is written so often
inline constexpr std::string_view files_cursor = "/attachments";  // no session has an empty name

class Attachments {
 public:
  struct World {
    // Asks the other peers; `have` bytes of it are here.
    std::function<void(const storage::Hash32& hash, std::uint64_t have, bool urgent)> want;
    std::function<void(const storage::Error&)> on_error;
  };
  // All outlive it.
  Attachments(bus::Loop& loop, storage::Store& store, Pool& pool, World world);
  ~Attachments();
  Attachments(const Attachments&) = delete;
  Attachments& operator=(const Attachments&) = delete;

  void look();
  void tick();
  void finished(const storage::Hash32& hash, bool found);
  void get(const storage::Hash32& hash, std::function<void(Fetched)> done);

  std::size_t missing() const { return wanted_.size(); }

 private:
  struct Wanted {
    std::vector<std::uint64_t> arrivals;  // of the events that name it
    std::uint32_t attempts = 0;
    std::uint64_t again_ms = 0;  // 0: it is asked for
  };
  struct Waiter {
    std::uint64_t until_ms = 0;
    std::function<void(Fetched)> done;
  };
  struct Scan {  // in the pool
    std::uint64_t from = 0;
    std::uint64_t upto = 0;
    std::vector<std::pair<std::uint64_t, storage::Hash32>> missing;
    std::optional<storage::Error> error;
  };

  void scan();
  void scanned(const Scan& scan);
  void release(const Wanted& wanted);
  void tell(const storage::Hash32& hash, Fetched fetched);
  void write_cursor();

  bus::Loop& loop_;
  storage::Store& store_;
  Pool& pool_;
  World world_;
  std::uint64_t position_ = 0;  // gone through
  std::uint64_t written_ = 0;
  std::uint64_t written_ms_ = 0;
  bool scanning_ = false;
  bool opened_ = false;
  std::map<storage::Hash32, Wanted> wanted_;
  std::multiset<std::uint64_t> lacking_;  // arrivals of events that lack a file
  std::multimap<storage::Hash32, Waiter> waiters_;
  std::shared_ptr<bool> alive_;
};

}  // namespace deskmate::daemon
