// The way of every event into the desk: stamped, stored, folded; then readers and the router hear
// of it. The heart of the daemon; no I/O but the store's, no clock but those passed in.
//
//   Journal journal(loop, store, tables, desk, wall_ms);
//   journal.open();                                  // folds what the tables lack
//   journal.append({prepared}, {}, [](auto done) { ... });
//
// Everything on the loop's thread. A caller is answered once his events are on disk and folded.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/daemon/event_fold.hpp"
#include "core/daemon/hybrid_clock.hpp"
#include "core/daemon/intake.hpp"
#include "core/daemon/table_cache.hpp"
#include "core/desk/desk.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// Named limits and times.
inline constexpr std::size_t fold_piece_events = 1'024;      // read from the store at a time
inline constexpr std::size_t replay_bytes_soft = 16u << 20;  // of changes, before they are written
inline constexpr std::uint64_t rebuild_events = 50'000;  // from so many on a rebuild takes memory
inline constexpr std::size_t deferred_appends_max = 4'096;  // waiting for what is in flight
inline constexpr std::uint64_t fold_again_ms = 50;          // after the log could not be read
inline constexpr std::uint64_t fold_again_ms_max = 30'000;  // beyond, the daemon ends
inline constexpr std::uint64_t flush_every_ms = 30'000;     // tables are written at least so often
// Nothing on its way for so long is a pause; between two batches of a busy desk there is none.
inline constexpr std::uint64_t idle_flush_ms = 20;
inline constexpr std::uint64_t decide_again_ms = 1'000;     // after proposals could not be stored
inline constexpr std::uint64_t decide_latest_ms = 60'000;   // deadlines are looked at so often

struct Outcome {
  bool duplicate = false;  // it was there before; the rest is empty
  std::uint64_t arrival = 0;
  storage::Id16 id{};
};

class Journal {
 public:
  using Done = std::function<void(Result<std::vector<Outcome>>)>;
  using WallClock = std::function<std::uint64_t()>;  // UTC milliseconds

  struct Hooks {
    // Turns what the desk proposes into an event; an error drops the proposal and is logged.
    std::function<Result<Prepared>(const desk::Proposal&)> prepare;
    // An event is being folded: the desk is to be asked in on_folded. Views live until it returns.
    std::function<void(const storage::StoredEvent&)> on_event;
    // A batch has been folded: readers may be fed.
    std::function<void()> on_folded;
    // Something went wrong that has no caller to be told.
    std::function<void(const Error&)> on_error;
    // With other peers. What this one sees of them; without it, it sees nobody.
    std::function<desk::Sight()> sight;
    // May this peer's own log grow? Appends wait until it may; resume() looks again.
    std::function<bool()> may_append;
    // Own events are on disk and folded.
    std::function<void()> on_durable;
    // A chat of a peer that has vanished, to be taken once its thread's tail was read.
    std::function<void(desk::Proposal)> take_over;
  };

  // All outlive the journal, and the loop has run what the journal posted.
  Journal(bus::Loop& loop, storage::Store& store, TableCache& tables, desk::Desk& desk,
          WallClock wall_ms, Hooks hooks);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Folds what was stored after the tables were last written. Blocking; before anything else.
  Result<void> open();

  // Appends all or none; done comes once they are on disk and folded, never from inside. An item
  // that is known, or comes twice, is not stored again: its outcome says duplicate, once the first
  // one is on disk. cursor moves in the same transaction.
  void append(std::vector<Prepared> events, std::optional<storage::CursorMove> cursor, Done done);

  // Lets the router decide now, where there is anything to decide.
  void decide();

  // Another peer's events are on disk: folds them.
  void arrived();
  // What other peers have or can be seen of has changed.
  void look_again();
  // may_append() says something else now.
  void resume();

  // The last event that is folded.
  std::uint64_t position() const { return tables_.position(); }

  // Takes no more appends (Status::cancelled), waits for those under way, writes the tables, then
  // calls back.
  void close(std::function<void()> done);

  std::size_t in_flight() const { return in_flight_; }

  // Writes the tables (unless the disk is full), then withholds their writing, so that what is on
  // disk stands still at tables_position() while it is compared. release() goes on. Errors:
  // unavailable where they are held already, and what the store says.
  void hold(std::function<void(Result<void>)> done);
  void release();

 private:
  struct Batch {
    std::vector<Prepared> events;
    std::optional<storage::CursorMove> cursor;
    Done done;
  };
  struct Flight {  // a batch at the store
    std::vector<bool> duplicate;
    std::vector<std::string> seen_keys;
    Done done;
  };

  bool may_append() const;
  bool waits_for_flight(const Batch& batch) const;
  void send(Batch batch);
  void send_deferred();
  void landed(const std::shared_ptr<Flight>& flight,
              const storage::Result<std::vector<storage::Appended>>& result);
  void finish_close();
  // False: the log cannot be read for a moment, as while it is opened again after a disk error.
  // Throws where that lasts.
  bool fold_tail();
  void again(std::function<void()> work);
  void flush();
  void flush_done(const storage::Result<void>& result);
  void arm_flush();
  void flush_when_idle();
  void arm_decide(std::uint64_t in_ms);
  void post(std::function<void()> work);

  bus::Loop& loop_;
  storage::Store& store_;
  TableCache& tables_;
  desk::Desk& desk_;
  WallClock wall_ms_;
  Hooks hooks_;
  EventFold fold_;
  HybridClock clock_;
  std::deque<Batch> deferred_;
  std::set<std::string, std::less<>> flying_keys_;
  std::size_t in_flight_ = 0;
  bool proposing_ = false;                         // proposals are at the store
  bool undecided_ = false;                         // what was proposed last could not be stored
  std::optional<std::uint64_t> unreadable_since_;  // ms of the loop
  bool closing_ = false;
  bool held_ = false;
  std::function<void()> closed_;
  std::function<void(Result<void>)> on_hold_;
  bus::Loop::TimerId flush_timer_ = 0, idle_timer_ = 0;
  bus::Loop::TimerId decide_timer_ = 0;
  std::shared_ptr<bool> alive_;  // for what was posted
};

}  // namespace deskmate::daemon
