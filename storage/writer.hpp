// The one thread that writes. Whatever waits goes into one transaction, and is acknowledged once
// that is on disk. When a commit fails the counters are as before it, every task of the batch gets
// the error, and the next batch is tried anew.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "storage/database.hpp"
#include "storage/hooks.hpp"
#include "storage/identity.hpp"
#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/log_book.hpp"
#include "storage/store.hpp"
#include "storage/stretches.hpp"

namespace deskmate::storage {

inline constexpr std::size_t batch_bytes_max = 8u << 20;  // in one transaction, unless one append
// On a disk whose commits take company_from or longer, those who were just answered have a part of
// that time to bring more: see wait_for_company.
inline constexpr std::chrono::microseconds company_from{1'000};
inline constexpr std::chrono::microseconds company_max{5'000};
inline constexpr int company_part = 4;
// After a disk error, while the database cannot be opened again: so often it is tried.
inline constexpr std::chrono::milliseconds reopen_again{50};
inline constexpr std::uint64_t head_every_events = 256;  // one is signed every so many
static_assert(head_every_events <= stretch_events_max);  // so that a stretch reaches one

struct AppendTask {
  std::vector<NewEvent> events;
  std::optional<CursorMove> cursor;
  Store::AppendDone done;
  std::vector<Appended> appended;  // filled in by the writer
};
struct CursorTask {
  CursorMove move;
  Store::Done done;
};
struct TablesTask {
  std::shared_ptr<const TableChanges> changes;
  std::uint64_t position = 0;
  bool clear = false;
  Store::Done done;
};
struct KvTask {
  std::string key;  // owner \0 key
  std::string value;
  Store::Done done;
};
struct StretchTask {
  Stretch stretch;
  Checked checked;
  Store::StretchDone done;
  Result<Arrived> result{Arrived{}};  // filled in by the writer
};
struct BodiesTask {
  Bodies bodies;
  Store::StretchDone done;
  Result<Arrived> result{Arrived{}};  // filled in by the writer
};
struct CutTask {
  Id32 peer{};
  std::optional<std::pair<std::uint64_t, std::uint64_t>> at;  // incarnation, seq; nullopt: lift all
  Store::Done done;
};
struct UnfreezeTask {  // in a transaction of its own
  LogName log;
  Store::Done done;
};
// Runs alone on the writer thread, with no transaction open.
struct RunTask {
  std::function<void()> run;
};
using Task = std::variant<AppendTask, CursorTask, TablesTask, KvTask, StretchTask, BodiesTask,
                          CutTask, UnfreezeTask, RunTask>;

class Writer {
 public:
  // Where it goes on from, as read from the database.
  struct Start {
    std::uint32_t log_number = 0;  // this peer's own log
    LogName log;
    Tip tip;
    std::uint64_t tables_position = 0;
  };

  // What it writes into must live longer. Starts the thread.
  Writer(Database& database, KeyRing& keys, LogBook& book, const Secrets& secrets,
         const Hooks& hooks, const Start& start);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();  // writes what waits, signs the last head, joins

  // Errc::limit when too much waits; the task's callback is not called then. The sizes are of the
  // task. Moves from the task only on success. [any thread]
  Result<void> submit(Task&& task, std::size_t events, std::size_t bytes);
  // Runs it on the writer thread, without regard to limits, and waits. [not the writer thread]
  Result<void> run(const std::function<Result<void>()>& work);

  std::uint64_t last_arrival() const { return last_arrival_.load(std::memory_order_acquire); }
  std::uint64_t tables_position() const { return tables_position_.load(std::memory_order_acquire); }
  std::size_t pending_events() const { return pending_events_.load(std::memory_order_relaxed); }

  Result<void> sign_head();  // [writer thread, from run()]

 private:
  struct Waiting {
    Task task;
    std::size_t events;
    std::size_t bytes;
  };
  // One event of the batch: as it came in a stretch, or made here and then in arena_, the body
  // behind the record. Or a body that comes after its event.
  struct Prepared {
    std::uint64_t arrival;
    Slot slot;
    const Stretch::Item* item;  // null: in the arena
    const Bodies::Item* late;   // null: an event
    std::size_t record;
    std::size_t record_size;
    std::size_t body_size;
  };
  // What a batch leads to once it is on disk.
  struct Staged {
    Tip tip;                           // of the own log; its arrival is that of all
    std::map<LogName, LogState> logs;  // of others, as far as they change
    std::map<std::uint32_t, LogName> fresh;
    std::vector<std::pair<Slot, SignedHead>> heads;
    std::vector<Fork> forks;
    std::optional<Cuts> cuts;
    std::set<std::pair<std::uint32_t, std::uint64_t>> late;  // log and seq of bodies
  };

  void loop();
  std::vector<Waiting> take_batch();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void wait_for_company(std::unique_lock<std::mutex>& lock);
  std::chrono::steady_clock::time_point now() const;
  void commit_batch(std::vector<Waiting>& batch);
  Result<void> prepare(std::vector<Waiting>& batch);
  Result<std::unordered_map<Id16, BuyerKey, IdHash>> keys_of(const std::vector<Waiting>& batch);
  void prepare_event(const NewEvent& event, const BuyerKey* key, Appended& appended);
  Result<Arrived> prepare_stretch(const Stretch& stretch, const Checked& checked);
  Result<Arrived> prepare_bodies(const Bodies& bodies);
  void stage_cut(const CutTask& task);
  void stage_head();
  Result<void> write(const std::vector<Waiting>& batch);
  int put_all(MDB_txn* txn, const std::vector<Waiting>& batch);
  int put_task(MDB_txn* txn, const Task& task);
  int put_event(MDB_txn* txn, Cursor& events, Cursor& arrivals, const Prepared& event);
  int put_fork(MDB_txn* txn, const Fork& fork);
  int put_cut(MDB_txn* txn, const CutTask& task);
  int thaw(MDB_txn* txn, const LogName& log);
  int put_tables(MDB_txn* txn, const TablesTask& task);
  void publish();
  // MDB_APPEND where the log's events come last in the order of their keys.
  unsigned append_flag(std::uint32_t log) const { return log == greatest_ ? MDB_APPEND : 0u; }
  Result<void> recover();
  void finish(std::vector<Waiting>& batch, const Result<void>& result);

  Database& database_;
  KeyRing& keys_;
  LogBook& book_;
  const Secrets& secrets_;
  const Hooks& hooks_;
  const std::uint32_t log_number_;
  const LogName log_;

  // The writer thread's own.
  Tip tip_;
  KeysPosition keys_written_;  // what meta says
  bool must_recover_ = false;
  bool written_after_all_ = false;  // the log has more than its appenders were told
  std::size_t answered_tasks_ = 0;  // of the last batch
  std::chrono::steady_clock::duration commit_time_{0};
  std::chrono::steady_clock::time_point committed_;
  Staged staged_;
  std::uint32_t greatest_ = 0;  // number of a log, with those staged
  std::string arena_;
  std::vector<Prepared> prepared_;

  std::atomic<std::uint64_t> last_arrival_;
  std::atomic<std::uint64_t> tables_position_;
  std::atomic<std::size_t> pending_events_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  std::size_t pending_bytes_ = 0;
  std::size_t wanted_tasks_ = 1;  // in the queue, for the writer to be woken
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace deskmate::storage
