// LMDB with this store's rules: a map that grows, short read transactions from any thread, one
// thread that writes. The layout is described in storage/README.md.
#pragma once

#include <lmdb.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "storage/error.hpp"

namespace deskmate::storage {

inline constexpr std::size_t map_bytes_max = std::size_t{1} << 40;   // of address space
inline constexpr std::size_t map_growth_max = std::size_t{4} << 30;  // in one step
inline constexpr unsigned readers_max = 510;                         // read transactions at once
inline constexpr std::size_t lmdb_key_max = 511;                     // bytes; fixed by LMDB
inline constexpr std::chrono::milliseconds reopen_wait_max{5'000};   // of a read for reopen()
inline constexpr std::chrono::milliseconds reopen_look_again{20};    // the same

// The named databases inside data.mdb.
struct Databases {
  MDB_dbi meta = 0;
  MDB_dbi logs = 0;
  MDB_dbi events = 0;
  MDB_dbi bodies = 0;
  MDB_dbi arrivals = 0;
  MDB_dbi heads = 0;
  MDB_dbi cursors = 0;
  MDB_dbi kv = 0;
  MDB_dbi tables = 0;
  // These came later: folders that lack them get them at their next open.
  MDB_dbi forks = 0;
  MDB_dbi cuts = 0;
  MDB_dbi awaited = 0;
  MDB_dbi later = 0;
};

std::string data_file(const std::string& folder);

// What LMDB's or errno's number means here.
Error lmdb_error(int number, const std::string& what);

inline MDB_val val_of(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view view_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// nullopt when there is no such key; the view lives as long as the transaction.
Result<std::optional<std::string_view>> get(MDB_txn* txn, MDB_dbi dbi, std::string_view key);
// LMDB's number, since MAP_FULL is for the writer to deal with.
int put(MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::string_view value,
        unsigned flags = 0);
// What is not there is erased.
int erase(MDB_txn* txn, MDB_dbi dbi, std::string_view key);

// Walks one database. After each move, valid() says whether key() and value() mean something.
class Cursor {
 public:
  Cursor(MDB_txn* txn, MDB_dbi dbi);
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();
  bool seek(std::string_view key);  // the first not less than key
  bool first() { return move(MDB_FIRST); }
  bool last() { return move(MDB_LAST); }
  bool next() { return move(MDB_NEXT); }
  bool previous() { return move(MDB_PREV); }
  // The last key not greater than `key`.
  bool seek_back(std::string_view key);
  // LMDB's number, as put(); several that follow each other are found at once. With MDB_RESERVE
  // there is then room for value at its mv_data.
  int put(std::string_view key, MDB_val& value, unsigned flags);
  bool valid() const { return number_ == MDB_SUCCESS; }
  std::string_view key() const { return view_of(key_); }
  std::string_view value() const { return view_of(value_); }
  // Why it is not valid: none when it ran past the end.
  Result<void> status() const;

 private:
  bool move(MDB_cursor_op op);
  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{};
  MDB_val value_{};
  int number_ = MDB_SUCCESS;
};

// Lets readers in until somebody needs the map to himself. A thread that is inside may enter again
// at any time, so a callback of one read may read. Waiting for the writer inside is a deadlock.
class ReadGate {
 public:
  void enter();
  void leave();
  void close();  // waits until nobody is inside
  void open();
  // Until it is opened, at most so long; may return sooner. [outside]
  void wait(std::chrono::milliseconds at_most);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

// Is the calling thread inside of this gate?
bool is_inside(const ReadGate& gate);

class Database {
 public:
  // A snapshot; ended when it goes out of scope, on the thread that began it.
  class Read {
   public:
    Read(Read&& other) noexcept;
    Read& operator=(Read&&) = delete;
    ~Read();
    MDB_txn* get() const { return txn_; }

   private:
    friend class Database;
    Read(Database* owner, MDB_txn* txn) : owner_(owner), txn_(txn) {}
    Database* owner_;
    MDB_txn* txn_;
  };

  // A transaction that is dropped unless committed. [writer thread]
  class Write {
   public:
    explicit Write(MDB_txn* txn) : txn_(txn) {}
    Write(Write&& other) noexcept : txn_(other.txn_) { other.txn_ = nullptr; }
    Write& operator=(Write&&) = delete;
    ~Write() {
      if (txn_ != nullptr) mdb_txn_abort(txn_);
    }
    MDB_txn* get() const { return txn_; }
    int commit();  // LMDB's number

   private:
    MDB_txn* txn_;
  };

  // Opens or makes data.mdb in the folder after checking its pages; map_bytes is the least. Nothing
  // is written where the version in meta is beyond newest_version: Errc::newer.
  static Result<std::unique_ptr<Database>> open(const std::string& folder, std::size_t map_bytes,
                                                std::uint32_t newest_version);
  ~Database();

  // After a failed commit LMDB may refuse to read until reopen(): where another thread is going to
  // call that, waits for it, at most reopen_wait_max. [any thread]
  Result<Read> read();
  Result<Write> write();  // [writer thread]
  // Writes in one transaction what `fill` puts into it; it is called again, in a larger map, where
  // there was no room. It answers LMDB's number, or what else went wrong. [writer thread]
  Result<void> write_whole(const std::function<Result<int>(MDB_txn*)>& fill);
  // The thread that will call reopen() after a failure, so that others may wait for it; no thread:
  // nobody will.
  void mended_by(std::thread::id mender) { mender_ = mender; }
  const Databases& databases() const { return databases_; }

  // Doubles the map. Waits for the readers; no transaction may be open on this thread. Without the
  // address space for it, all goes on in the map there was.
  Result<void> grow();
  // Grows until at least as much is free as is used, so that a long copy will not be in the way.
  Result<void> make_room();
  // Closes and opens again after a disk error, when memory and disk may differ. On failure nothing
  // can be read or written until a later call succeeds.
  Result<void> reopen();
  // A compacting copy as file `path`, synced. May run beside everything else.
  Result<void> copy_to(const std::string& path);

  const std::string& folder() const { return folder_; }

 private:
  Database(std::string folder, std::size_t map_bytes, std::uint32_t newest_version)
      : folder_(std::move(folder)), map_bytes_(map_bytes), newest_version_(newest_version) {}
  Result<void> open_env();
  Result<void> open_databases();
  Result<void> check_version(MDB_txn* txn) const;
  void close_env();
  Result<void> copy_with(const std::string& path, unsigned flags);
  int begin_read(MDB_txn** txn);
  int inside(const std::function<int()>& begin);

  std::string folder_;
  std::size_t map_bytes_;
  std::uint32_t newest_version_;
  MDB_env* env_ = nullptr;
  Databases databases_;
  ReadGate gate_;
  std::mutex pool_mutex_;
  std::vector<MDB_txn*> pool_;  // read transactions at rest, kept for their reader slots
  std::atomic<std::thread::id> mender_;
};

}  // namespace deskmate::storage
