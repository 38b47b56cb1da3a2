// The one thread that writes. Whatever waits goes into one transaction, and is acknowledged once
// that is on disk. When a commit fails the counters are as before it, every task of the batch gets
// the error, and the next batch is tried anew.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "storage/database.hpp"
#include "storage/hooks.hpp"
#include "storage/identity.hpp"
#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

inline constexpr std::size_t batch_bytes_max = 8u << 20;  // in one transaction, unless one append
inline constexpr std::uint64_t head_every_events = 256;   // signed at least so often

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
  std::vector<TableChange> changes;  // sorted by table and key
  std::uint64_t position = 0;
  bool clear = false;
  Store::Done done;
};
struct KvTask {
  std::string key;  // owner \0 key
  std::string value;
  Store::Done done;
};
// Runs alone on the writer thread, with no transaction open.
struct RunTask {
  std::function<void()> run;
};
using Task = std::variant<AppendTask, CursorTask, TablesTask, KvTask, RunTask>;

class Writer {
 public:
  // Where it goes on from, as read from the database.
  struct Start {
    std::uint32_t log_number = 0;  // this peer's own log
    bool newest_log = true;        // no log has a greater number, so its events come last
    LogName log;
    Tip tip;
    std::uint64_t tables_position = 0;
  };

  // What it writes into must live longer. Starts the thread.
  Writer(Database& database, KeyRing& keys, const Secrets& secrets, const Hooks& hooks,
         const Start& start);
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
  struct Prepared {  // one event of the batch; the offsets are into arena_
    std::uint64_t arrival;
    std::uint64_t seq;
    std::size_t record;
    std::size_t record_size;
    std::size_t body_size;  // the body follows the record
  };

  void loop();
  std::vector<Waiting> take_batch();
  void commit_batch(std::vector<Waiting>& batch);
  Result<void> prepare(std::vector<Waiting>& batch, Tip& tip);
  void prepare_event(const NewEvent& event, const BuyerKey* key, Tip& tip, Appended& appended);
  Result<void> write(const std::vector<Waiting>& batch, Tip tip, bool sign);
  int put_all(MDB_txn* txn, const std::vector<Waiting>& batch, const Tip& tip, bool sign);
  int put_task(MDB_txn* txn, const Task& task);
  int put_head(MDB_txn* txn, const Tip& tip);
  int put_event(MDB_txn* txn, const Prepared& event);
  int put_tables(MDB_txn* txn, const TablesTask& task);
  Result<void> recover();
  void finish(std::vector<Waiting>& batch, const Result<void>& result);

  Database& database_;
  KeyRing& keys_;
  const Secrets& secrets_;
  const Hooks& hooks_;
  const std::uint32_t log_number_;
  const LogName log_;
  const unsigned append_flag_;  // MDB_APPEND where events come in the order of their keys

  // The writer thread's own.
  Tip tip_;
  KeysPosition keys_written_;  // what meta says
  bool must_recover_ = false;
  std::string arena_;
  std::vector<Prepared> prepared_;

  std::atomic<std::uint64_t> last_arrival_;
  std::atomic<std::uint64_t> tables_position_;
  std::atomic<std::size_t> pending_events_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  std::size_t pending_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace deskmate::storage
