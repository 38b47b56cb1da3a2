#include "storage/writer.hpp"

#include <sys/statvfs.h>

#include <cassert>
#include <future>
#include <memory>
#include <unordered_map>

#include "storage/event_bytes.hpp"
#include "storage/hash.hpp"
#include "storage/sealing.hpp"

namespace deskmate::storage {
namespace {

constexpr std::size_t arena_kept_max = 2 * batch_bytes_max;  // bytes kept between batches

// LMDB calls a write that the disk had room for only in part an I/O error.
Error error_of_commit(int number, const std::string& folder) {
  struct statvfs info {};
  if (number == EIO && ::statvfs(folder.c_str(), &info) == 0 &&
      info.f_bavail * info.f_frsize < batch_bytes_max) {
    number = ENOSPC;
  }
  return lmdb_error(number, folder + "/data.mdb");
}

}  // namespace

Writer::Writer(Database& database, KeyRing& keys, const Secrets& secrets, const Hooks& hooks,
               const Start& start)
    : database_(database),
      keys_(keys),
      secrets_(secrets),
      hooks_(hooks),
      log_number_(start.log_number),
      log_(start.log),
      append_flag_(start.newest_log ? MDB_APPEND : 0),
      tip_(start.tip),
      last_arrival_(start.tip.arrival),
      tables_position_(start.tables_position) {
  thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<void> Writer::submit(Task&& task, std::size_t events, std::size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    std::size_t waiting = pending_events_.load(std::memory_order_relaxed);
    if (stopping_) return Error{Errc::invalid, "the store is closing"};
    if (waiting + events > pending_events_max || pending_bytes_ + bytes > pending_bytes_max) {
      return Error{Errc::limit, "too much waits for the disk (" + std::to_string(waiting) +
                                    " events); try again when it has been written"};
    }
    queue_.push_back({std::move(task), events, bytes});
    pending_events_.store(waiting + events, std::memory_order_relaxed);
    pending_bytes_ += bytes;
  }
  wake_.notify_one();
  return {};
}

Result<void> Writer::run(const std::function<Result<void>()>& work) {
  assert(std::this_thread::get_id() != thread_.get_id());
  // Shared, since this thread may be gone on before set_value returns.
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto result = promise->get_future();
  {
    std::lock_guard lock(mutex_);
    queue_.push_back({RunTask{[promise, &work] { promise->set_value(work()); }}, 0, 0});
  }
  wake_.notify_one();
  return result.get();
}

void Writer::loop() {
  while (true) {
    std::vector<Waiting> batch = take_batch();
    if (batch.empty()) break;
    if (auto* run = std::get_if<RunTask>(&batch.front().task)) {
      run->run();
    } else {
      commit_batch(batch);
    }
  }
  // What cannot be signed now is signed after the next start.
  static_cast<void>(sign_head());
}

std::vector<Writer::Waiting> Writer::take_batch() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Waiting> batch;
  std::size_t events = 0;
  std::size_t bytes = 0;
  while (!queue_.empty()) {
    Waiting& next = queue_.front();
    bool alone = std::holds_alternative<RunTask>(next.task);
    if (!batch.empty() && (alone || events + next.events > batch_events_max ||
                           bytes + next.bytes > batch_bytes_max)) {
      break;
    }
    events += next.events;
    bytes += next.bytes;
    batch.push_back(std::move(next));
    queue_.pop_front();
    if (alone) break;
  }
  return batch;
}

void Writer::commit_batch(std::vector<Waiting>& batch) {
  Result<void> result;
  if (must_recover_) {
    const std::uint64_t known = tip_.arrival;
    result = recover();
    // These were sent by somebody who took the failed ones for not written; they may be the same.
    if (result && tip_.arrival != known) {
      result = Error{Errc::io, database_.folder() +
                                   "/data.mdb: what had failed is written after all. Read it, then "
                                   "try again"};
    }
  }
  Tip tip = tip_;
  if (result) result = prepare(batch, tip);
  if (result) result = write(batch, tip, tip.seq - tip.head_seq >= head_every_events);
  if (result) {
    last_arrival_.store(tip_.arrival, std::memory_order_release);
    for (const Waiting& waiting : batch) {
      if (const auto* tables = std::get_if<TablesTask>(&waiting.task)) {
        tables_position_.store(tables->position, std::memory_order_release);
      }
    }
  } else if (must_recover_) {
    static_cast<void>(recover());  // or with the next batch
  }
  finish(batch, result);
}

Result<void> Writer::prepare(std::vector<Waiting>& batch, Tip& tip) {
  arena_.clear();
  if (arena_.capacity() > arena_kept_max) arena_.shrink_to_fit();
  prepared_.clear();
  std::vector<Id16> buyers;
  std::unordered_map<Id16, std::size_t, IdHash> places;
  for (const Waiting& waiting : batch) {
    const auto* append = std::get_if<AppendTask>(&waiting.task);
    if (append == nullptr) continue;
    for (const NewEvent& event : append->events) {
      if (!event.buyer || event.body.empty()) continue;
      if (places.try_emplace(*event.buyer, buyers.size()).second) buyers.push_back(*event.buyer);
    }
  }
  std::vector<BuyerKey> keys;
  if (!buyers.empty()) {
    auto made = keys_.keys_for(buyers);
    if (!made) return made.error();
    keys = std::move(*made);
  }
  for (Waiting& waiting : batch) {
    auto* append = std::get_if<AppendTask>(&waiting.task);
    if (append == nullptr) continue;
    append->appended.resize(append->events.size());
    for (std::size_t i = 0; i < append->events.size(); ++i) {
      const NewEvent& event = append->events[i];
      bool sealed = event.buyer && !event.body.empty();
      prepare_event(event, sealed ? &keys[places.at(*event.buyer)] : nullptr, tip,
                    append->appended[i]);
    }
  }
  for (BuyerKey& key : keys) sodium_memzero(key.key.data(), key.key.size());
  return {};
}

void Writer::prepare_event(const NewEvent& event, const BuyerKey* key, Tip& tip,
                           Appended& appended) {
  ++tip.arrival;
  ++tip.seq;
  appended.arrival = tip.arrival;
  appended.key = {log_, tip.seq};
  appended.id = event_id(appended.key);

  // The record names the body's hash, so the body is sealed first; it then moves behind the record.
  std::string sealed;
  std::string_view body = event.body;
  HeaderView header;
  header.schema = event.schema;
  header.stamp = event.stamp;
  header.type = event.type;
  header.facts = event.facts;
  if (event.request) {
    header.flags |= flag_request;
    header.home = event.home ? *event.home : log_.peer;
  }
  if (!body.empty()) {
    header.flags |= flag_body;
    if (key != nullptr) {
      header.flags |= flag_sealed;
      header.seal_alg = seal_xchacha20_poly1305;
      header.key_id = key->id;
      seal(sealed, key->key, body_context(appended.key, event.type), body);
      body = sealed;
    }
    header.body_hash = hash_of(body);
  }
  Prepared prepared{tip.arrival, tip.seq, arena_.size(), 0, body.size()};
  append_header(arena_, header);
  prepared.record_size = arena_.size() - prepared.record;
  tip.chain = chain_next(tip.chain, std::string_view(arena_).substr(prepared.record));
  arena_.append(body);
  prepared_.push_back(prepared);
}

Result<void> Writer::write(const std::vector<Waiting>& batch, Tip tip, bool sign) {
  sign = sign && tip.seq > tip.head_seq;
  while (true) {
    KeysPosition keys = keys_.position();
    int number = MDB_SUCCESS;
    {
      auto txn = database_.write();
      if (!txn) {
        // A database that LMDB has given up is opened anew.
        must_recover_ = true;
        return txn.error();
      }
      number = put_all(txn->get(), batch, tip, sign);
      if (number == MDB_SUCCESS && keys != keys_written_) {
        number = put_keys_position(txn->get(), database_.databases(), keys);
      }
      if (number == MDB_SUCCESS && hooks_.before_commit) number = hooks_.before_commit();
      if (number == MDB_SUCCESS) number = txn->commit();
    }
    if (number == MDB_SUCCESS) {
      tip_ = tip;
      if (sign) tip_.head_seq = tip_.seq;
      keys_written_ = keys;
      return {};
    }
    if (number == MDB_MAP_FULL) {
      auto grown = database_.grow();
      if (!grown) return grown;
      continue;
    }
    Error error = error_of_commit(number, database_.folder());
    // After anything but "no room" nobody knows what is on disk: read it again before going on.
    if (number != ENOSPC && number != EDQUOT && number != EFBIG) must_recover_ = true;
    return error;
  }
}

int Writer::put_all(MDB_txn* txn, const std::vector<Waiting>& batch, const Tip& tip, bool sign) {
  for (const Prepared& event : prepared_) {
    if (int number = put_event(txn, event); number != MDB_SUCCESS) return number;
  }
  for (const Waiting& waiting : batch) {
    if (int number = put_task(txn, waiting.task); number != MDB_SUCCESS) return number;
  }
  return sign ? put_head(txn, tip) : MDB_SUCCESS;
}

int Writer::put_task(MDB_txn* txn, const Task& task) {
  const Databases& databases = database_.databases();
  const CursorMove* move = nullptr;
  if (const auto* append = std::get_if<AppendTask>(&task)) {
    if (append->cursor) move = &*append->cursor;
  } else if (const auto* cursor = std::get_if<CursorTask>(&task)) {
    move = &cursor->move;
  } else if (const auto* kv = std::get_if<KvTask>(&task)) {
    return kv->value.empty() ? erase(txn, databases.kv, kv->key)
                             : put(txn, databases.kv, kv->key, kv->value);
  } else if (const auto* tables = std::get_if<TablesTask>(&task)) {
    return put_tables(txn, *tables);
  }
  if (move == nullptr) return MDB_SUCCESS;
  return put(txn, databases.cursors, move->reader, view_of(encode_number(move->arrival)));
}

int Writer::put_head(MDB_txn* txn, const Tip& tip) {
  auto signature = secrets_.sign(head_message({log_, tip.seq}, tip.chain));
  std::string value(view_of(tip.chain));
  value.append(view_of(signature));
  return put(txn, database_.databases().heads, view_of(encode(Slot{log_number_, tip.seq})), value,
             append_flag_);
}

int Writer::put_event(MDB_txn* txn, const Prepared& event) {
  const Databases& databases = database_.databases();
  auto slot = encode(Slot{log_number_, event.seq});
  std::string_view record = std::string_view(arena_).substr(event.record, event.record_size);
  MDB_val key = val_of(view_of(slot));
  MDB_val place{event_prefix_size + record.size(), nullptr};
  int number = mdb_put(txn, databases.events, &key, &place, append_flag_ | MDB_RESERVE);
  if (number != MDB_SUCCESS) return number;
  put_number(static_cast<char*>(place.mv_data), event.arrival);
  std::memcpy(static_cast<char*>(place.mv_data) + event_prefix_size, record.data(), record.size());
  if (event.body_size > 0) {
    std::string_view body =
        std::string_view(arena_).substr(event.record + event.record_size, event.body_size);
    number = put(txn, databases.bodies, view_of(slot), body, append_flag_);
    if (number != MDB_SUCCESS) return number;
  }
  return put(txn, databases.arrivals, view_of(encode_number(event.arrival)), view_of(slot),
             MDB_APPEND);
}

int Writer::put_tables(MDB_txn* txn, const TablesTask& task) {
  const Databases& databases = database_.databases();
  int number = MDB_SUCCESS;
  if (task.clear) number = mdb_drop(txn, databases.tables, 0);
  std::string key;
  for (const TableChange& change : task.changes) {
    if (number != MDB_SUCCESS) return number;
    key.assign(change.table).push_back('\0');
    key.append(change.key);
    if (change.value) {
      number = put(txn, databases.tables, key, *change.value);
    } else {
      number = erase(txn, databases.tables, key);
    }
  }
  if (number != MDB_SUCCESS) return number;
  return put(txn, databases.meta, meta_key::tables, view_of(encode_number(task.position)));
}

Result<void> Writer::sign_head() {
  if (must_recover_) {
    auto recovered = recover();
    if (!recovered) return recovered;
  }
  if (tip_.seq == tip_.head_seq) return {};
  Tip tip = tip_;
  prepared_.clear();
  std::vector<Waiting> nothing;
  return write(nothing, tip, true);
}

Result<void> Writer::recover() {
  if (hooks_.before_reopen) {
    if (int number = hooks_.before_reopen(); number != 0) {
      return lmdb_error(number, database_.folder());
    }
  }
  auto opened = database_.reopen();
  if (!opened) return opened;
  auto txn = database_.read();
  if (!txn) return txn.error();
  auto tip = read_tip(txn->get(), database_.databases(), log_number_, log_);
  if (!tip) return tip.error();
  auto tables = read_meta_number(txn->get(), database_.databases(), meta_key::tables, 0);
  if (!tables) return tables.error();
  auto keys = read_keys_position(txn->get(), database_.databases());
  if (!keys) return keys.error();
  tip_ = *tip;
  keys_written_ = *keys;
  last_arrival_.store(tip_.arrival, std::memory_order_release);
  tables_position_.store(*tables, std::memory_order_release);
  must_recover_ = false;
  return {};
}

void Writer::finish(std::vector<Waiting>& batch, const Result<void>& result) {
  std::size_t events = 0;
  std::size_t bytes = 0;
  for (const Waiting& waiting : batch) {
    events += waiting.events;
    bytes += waiting.bytes;
  }
  {
    std::lock_guard lock(mutex_);
    pending_events_.fetch_sub(events, std::memory_order_relaxed);
    pending_bytes_ -= bytes;
  }
  for (Waiting& waiting : batch) {
    std::visit(
        [&](auto& task) {
          using T = std::decay_t<decltype(task)>;
          if constexpr (std::is_same_v<T, AppendTask>) {
            if (!task.done) return;
            if (result) {
              task.done(std::move(task.appended));
            } else {
              task.done(result.error());
            }
          } else if constexpr (!std::is_same_v<T, RunTask>) {
            if (task.done) task.done(result);
          }
        },
        waiting.task);
  }
}

}  // namespace deskmate::storage
