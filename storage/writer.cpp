#include "storage/writer.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cassert>
#include <future>
#include <memory>
#include <unordered_map>
#include <utility>

#include "storage/event_bytes.hpp"
#include "storage/hash.hpp"
#include "storage/late_bodies.hpp"
#include "storage/sealing.hpp"
#include "storage/table_changes.hpp"

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
  return lmdb_error(number, data_file(folder));
}

}  // namespace

Writer::Writer(Database& database, KeyRing& keys, LogBook& book, const Secrets& secrets,
               const Hooks& hooks, const Start& start)
    : database_(database),
      keys_(keys),
      book_(book),
      secrets_(secrets),
      hooks_(hooks),
      log_number_(start.log_number),
      log_(start.log),
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
    if (queue_.size() < wanted_tasks_) return {};
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
  database_.mended_by(std::this_thread::get_id());
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
  database_.mended_by({});
}

// While the database is not open again after an error it is tried again and again, since readers
// wait for it, too.
void Writer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto due = [this] { return stopping_ || !queue_.empty(); };
  while (must_recover_ && !wake_.wait_for(lock, reopen_again, due)) {
    lock.unlock();
    static_cast<void>(recover());
    lock.lock();
  }
  wake_.wait(lock, due);
}

std::vector<Writer::Waiting> Writer::take_batch() {
  std::unique_lock lock(mutex_);
  wait_for_work(lock);
  wait_for_company(lock);
  std::vector<Waiting> batch;
  std::size_t events = 0;
  std::size_t bytes = 0;
  std::map<LogName, std::uint64_t> reached;  // by the stretches of this batch
  while (!queue_.empty()) {
    Waiting& next = queue_.front();
    bool alone = std::holds_alternative<RunTask>(next.task) ||
                 std::holds_alternative<UnfreezeTask>(next.task);
    if (!batch.empty() && (alone || events + next.events > batch_events_max ||
                           bytes + next.bytes > batch_bytes_max)) {
      break;
    }
    if (const auto* task = std::get_if<StretchTask>(&next.task)) {
      // What does not go on right behind is compared with what is on disk by then.
      auto [place, first] = reached.try_emplace(task->stretch.log, task->stretch.last());
      if (!first && place->second + 1 != task->stretch.first) break;
      place->second = task->stretch.last();
    }
    events += next.events;
    bytes += next.bytes;
    batch.push_back(std::move(next));
    queue_.pop_front();
    if (alone) break;
  }
  return batch;
}

// Without it, on a slow disk, two halves of those who write would take turns: each half comes while
// the other's flush is under way and waits for its end, so that every flush carries half of what it
// could. Who writes alone does not wait.
void Writer::wait_for_company(std::unique_lock<std::mutex>& lock) {
  const std::size_t answered = std::exchange(answered_tasks_, 0);
  if (answered < 2 || commit_time_ < company_from) return;
  using Time = std::chrono::steady_clock::duration;
  const auto until = committed_ + std::min<Time>(commit_time_ / company_part, company_max);
  wanted_tasks_ = queue_.size() + answered;
  while (!stopping_ && queue_.size() < wanted_tasks_) {
    const Time left = until - now();
    if (left <= Time::zero()) break;
    wake_.wait_for(lock, left);
  }
  wanted_tasks_ = 1;
}

std::chrono::steady_clock::time_point Writer::now() const {
  return hooks_.now ? hooks_.now() : std::chrono::steady_clock::now();
}

void Writer::commit_batch(std::vector<Waiting>& batch) {
  const auto begun = now();
  Result<void> result;
  if (must_recover_) result = recover();
  const bool appends = std::any_of(batch.begin(), batch.end(), [](const Waiting& waiting) {
    return std::holds_alternative<AppendTask>(waiting.task);
  });
  // These were sent by somebody who took the failed ones for not written; they may be the same.
  if (result && appends && std::exchange(written_after_all_, false)) {
    result = Error{Errc::io, database_.folder() +
                                 "/data.mdb: what had failed is written after all. Read it, then "
                                 "try again"};
  }
  if (result) result = prepare(batch);
  if (result) result = write(batch);
  if (result) {
    publish();
    for (const Waiting& waiting : batch) {
      if (const auto* tables = std::get_if<TablesTask>(&waiting.task)) {
        tables_position_.store(tables->position, std::memory_order_release);
      }
    }
  } else if (must_recover_ && recover() && appends) {
    written_after_all_ = false;  // they are told of a failure, and read
  }
  committed_ = now();
  commit_time_ = committed_ - begun;
  answered_tasks_ = batch.size();
  finish(batch, result);
}

void Writer::publish() {
  tip_ = staged_.tip;
  book_.set({log_number_, {log_, tip_.seq, tip_.chain, tip_.head_seq}, false});
  for (const auto& [name, state] : staged_.logs) book_.set(state);
  if (staged_.cuts) book_.set_cuts(std::move(*staged_.cuts));
  last_arrival_.store(tip_.arrival, std::memory_order_release);
}

Result<std::unordered_map<Id16, BuyerKey, IdHash>> Writer::keys_of(
    const std::vector<Waiting>& batch) {
  std::unordered_map<Id16, BuyerKey, IdHash> found;
  std::vector<Id16> buyers;
  for (const Waiting& waiting : batch) {
    const auto* append = std::get_if<AppendTask>(&waiting.task);
    if (append == nullptr) continue;
    for (const NewEvent& event : append->events) {
      if (!event.buyer || event.body.empty()) continue;
      if (found.try_emplace(*event.buyer).second) buyers.push_back(*event.buyer);
    }
  }
  if (buyers.empty()) return found;
  auto made = keys_.keys_for(buyers);
  if (!made) return made.error();
  for (std::size_t i = 0; i < buyers.size(); ++i) {
    found[buyers[i]] = (*made)[i];
    sodium_memzero((*made)[i].key.data(), (*made)[i].key.size());
  }
  return found;
}

Result<void> Writer::prepare(std::vector<Waiting>& batch) {
  arena_.clear();
  if (arena_.capacity() > arena_kept_max) arena_.shrink_to_fit();
  prepared_.clear();
  staged_ = {};
  staged_.tip = tip_;
  greatest_ = book_.greatest();
  auto keys = keys_of(batch);
  if (!keys) return keys.error();
  for (Waiting& waiting : batch) {
    if (auto* append = std::get_if<AppendTask>(&waiting.task)) {
      append->appended.resize(append->events.size());
      for (std::size_t i = 0; i < append->events.size(); ++i) {
        const NewEvent& event = append->events[i];
        const bool sealed = event.buyer && !event.body.empty();
        prepare_event(event, sealed ? &keys->at(*event.buyer) : nullptr, append->appended[i]);
      }
    } else if (auto* stretch = std::get_if<StretchTask>(&waiting.task)) {
      stretch->result = prepare_stretch(stretch->stretch, stretch->checked);
    } else if (auto* late = std::get_if<BodiesTask>(&waiting.task)) {
      late->result = prepare_bodies(late->bodies);
    } else if (const auto* cut = std::get_if<CutTask>(&waiting.task)) {
      stage_cut(*cut);
    } else if (const auto* unfreeze = std::get_if<UnfreezeTask>(&waiting.task)) {
      auto state = book_.find(unfreeze->log);
      if (!state || unfreeze->log == log_) continue;
      state->frozen = false;
      staged_.logs[unfreeze->log] = *state;
    }
  }
  for (auto& [buyer, key] : *keys) sodium_memzero(key.key.data(), key.key.size());
  return {};
}

void Writer::stage_cut(const CutTask& task) {
  if (!staged_.cuts) staged_.cuts = book_.cuts();
  if (task.at) {
    (*staged_.cuts)[task.peer][task.at->first] = task.at->second;
  } else {
    staged_.cuts->erase(task.peer);
  }
}

Result<Arrived> Writer::prepare_stretch(const Stretch& stretch, const Checked& checked) {
  if (!checked.formed) return checked.formed.error();
  Known known;
  known.own = stretch.log == log_;
  known.cut = staged_.cuts ? cut_of(*staged_.cuts, stretch.log) : book_.cut_at(stretch.log);
  std::optional<LogState> state;
  if (known.own) {
    // Compared with what is on disk: nothing else can have been sent.
    state = LogState{log_number_, {log_, tip_.seq, tip_.chain, tip_.head_seq}, false};
  } else if (auto changed = staged_.logs.find(stretch.log); changed != staged_.logs.end()) {
    state = changed->second;
  } else {
    state = book_.find(stretch.log);
  }
  if (state) known.state = &*state;
  auto verdict = check_stretch(database_, secrets_.identity(), known, stretch, checked);
  if (!verdict) return verdict.error();
  if (verdict->fork) {
    state->frozen = true;
    if (!known.own) staged_.logs[stretch.log] = *state;
    staged_.forks.push_back(*verdict->fork);
    return Error{Errc::forked, "its peer signed two histories of the log, which part at event " +
                                   std::to_string(verdict->fork->seq)};
  }
  Arrived arrived;
  if (!state) {
    if (greatest_ >= logs_max) {
      return Error{Errc::limit, "more than " + std::to_string(logs_max) + " logs"};
    }
    state = LogState{++greatest_, {stretch.log, 0, {}, 0}, false};
    staged_.fresh.emplace(greatest_, stretch.log);
  }
  for (std::size_t i = verdict->skip; i < stretch.items.size(); ++i) {
    const Stretch::Item& item = stretch.items[i];
    prepared_.push_back(
        {++staged_.tip.arrival, {state->number, stretch.first + i}, &item, nullptr, 0, 0, 0});
    ++arrived.count;
  }
  if (arrived.count > 0) {
    arrived.first_arrival = staged_.tip.arrival - arrived.count + 1;
    state->tip = {stretch.log, stretch.last(), stretch.chain, stretch.last()};
    staged_.heads.push_back(
        {{state->number, stretch.last()}, {stretch.last(), stretch.chain, stretch.signature}});
    staged_.logs[stretch.log] = *state;
  }
  arrived.seq = state->tip.seq;
  return arrived;
}

// Each gets an arrival of its own, so that who reads bodies gets it, once and in order.
Result<Arrived> Writer::prepare_bodies(const Bodies& bodies) {
  const auto state = book_.find(bodies.log);
  if (!state) return Error{Errc::not_found, "bodies of a log that is not here"};
  auto wanted = check_bodies(database_, state->number, bodies);
  if (!wanted) return wanted.error();
  Arrived arrived;
  arrived.seq = state->tip.seq;
  for (const Bodies::Item* item : *wanted) {
    if (!staged_.late.emplace(state->number, item->seq).second) continue;
    prepared_.push_back(
        {++staged_.tip.arrival, {state->number, item->seq}, nullptr, item, 0, 0, 0});
    ++arrived.count;
  }
  if (arrived.count > 0) arrived.first_arrival = staged_.tip.arrival - arrived.count + 1;
  return arrived;
}

void Writer::stage_head() {
  Tip& tip = staged_.tip;
  staged_.heads.push_back(
      {{log_number_, tip.seq},
       {tip.seq, tip.chain, secrets_.sign(head_message({log_, tip.seq}, tip.chain))}});
  tip.head_seq = tip.seq;
}

void Writer::prepare_event(const NewEvent& event, const BuyerKey* key, Appended& appended) {
  Tip& tip = staged_.tip;
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
  Prepared prepared{tip.arrival, {log_number_, tip.seq}, nullptr, nullptr, arena_.size(), 0,
                    body.size()};
  append_header(arena_, header);
  prepared.record_size = arena_.size() - prepared.record;
  tip.chain = chain_next(tip.chain, std::string_view(arena_).substr(prepared.record));
  arena_.append(body);
  prepared_.push_back(prepared);
  if (tip.seq - tip.head_seq >= head_every_events) stage_head();
}

Result<void> Writer::write(const std::vector<Waiting>& batch) {
  // Before their events can be seen.
  for (const auto& [number, log] : staged_.fresh) book_.name(number, log);
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
      number = put_all(txn->get(), batch);
      if (number == MDB_SUCCESS && keys != keys_written_) {
        number = put_keys_position(txn->get(), database_.databases(), keys);
      }
      if (number == MDB_SUCCESS && hooks_.before_commit) number = hooks_.before_commit();
      if (number == MDB_SUCCESS) number = txn->commit();
    }
    if (number == MDB_SUCCESS) {
      keys_written_ = keys;
      return {};
    }
    if (number == MDB_MAP_FULL) {
      auto grown = database_.grow();
      if (!grown) return grown;
      continue;
    }
    Error error = error_of_commit(number, database_.folder());
    // After anything but "no room" nobody knows what is on disk: read it again before going on. So
    // it is with "no room" for the page that makes a commit valid, when LMDB refuses to read, too.
    const bool no_room = number == ENOSPC || number == EDQUOT || number == EFBIG;
    if (!no_room || !database_.read()) must_recover_ = true;
    return error;
  }
}

int Writer::put_all(MDB_txn* txn, const std::vector<Waiting>& batch) {
  const Databases& databases = database_.databases();
  for (const auto& [number, log] : staged_.fresh) {
    if (int done = put_log(txn, databases, number, log); done != MDB_SUCCESS) return done;
  }
  if (!prepared_.empty()) {
    Cursor events(txn, databases.events);
    Cursor arrivals(txn, databases.arrivals);
    for (const Prepared& event : prepared_) {
      if (int number = put_event(txn, events, arrivals, event); number != MDB_SUCCESS) {
        return number;
      }
    }
  }
  for (const auto& [slot, head] : staged_.heads) {
    std::string value(view_of(head.chain));
    value.append(view_of(head.signature));
    int number = put(txn, databases.heads, view_of(encode(slot)), value, append_flag(slot.log));
    if (number != MDB_SUCCESS) return number;
  }
  for (const Fork& fork : staged_.forks) {
    if (int number = put_fork(txn, fork); number != MDB_SUCCESS) return number;
  }
  for (const Waiting& waiting : batch) {
    if (int number = put_task(txn, waiting.task); number != MDB_SUCCESS) return number;
  }
  return MDB_SUCCESS;
}

int Writer::put_fork(MDB_txn* txn, const Fork& fork) {
  auto state = fork.log == log_ ? std::optional(log_number_) : std::nullopt;
  if (!state) {
    if (auto known = book_.find(fork.log)) state = known->number;
  }
  if (!state) return MDB_SUCCESS;  // cannot be: only what is here can fork
  return put(txn, database_.databases().forks, view_of(encode(Slot{*state, fork.seq})),
             encode_fork(fork));
}

int Writer::thaw(MDB_txn* txn, const LogName& log) {
  auto state = book_.find(log);
  if (!state) return MDB_SUCCESS;
  auto forks = read_forks(txn, database_.databases());
  if (!forks) return MDB_CORRUPTED;
  for (Fork& fork : *forks) {
    if (fork.log != log || !fork.frozen) continue;
    fork.frozen = false;
    int number = put_fork(txn, fork);
    if (number != MDB_SUCCESS) return number;
  }
  return MDB_SUCCESS;
}

int Writer::put_cut(MDB_txn* txn, const CutTask& task) {
  const Databases& databases = database_.databases();
  if (task.at) {
    return put(txn, databases.cuts, encode_cut_key(task.peer, task.at->first),
               view_of(encode_number(task.at->second)));
  }
  std::vector<std::string> keys;
  {
    Cursor at(txn, databases.cuts);
    const std::string prefix(view_of(task.peer));
    for (at.seek(prefix); at.valid() && at.key().starts_with(prefix); at.next()) {
      keys.emplace_back(at.key());
    }
    if (!at.status()) return MDB_CORRUPTED;
  }
  for (const std::string& key : keys) {
    if (int number = erase(txn, databases.cuts, key); number != MDB_SUCCESS) return number;
  }
  return MDB_SUCCESS;
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
  } else if (const auto* cut = std::get_if<CutTask>(&task)) {
    return put_cut(txn, *cut);
  } else if (const auto* unfreeze = std::get_if<UnfreezeTask>(&task)) {
    return thaw(txn, unfreeze->log);
  }
  if (move == nullptr) return MDB_SUCCESS;
  return put(txn, databases.cursors, move->reader, view_of(encode_number(move->arrival)));
}

int Writer::put_event(MDB_txn* txn, Cursor& events, Cursor& arrivals, const Prepared& event) {
  const Databases& databases = database_.databases();
  auto slot = encode(event.slot);
  const auto arrival = encode_number(event.arrival);
  MDB_val slot_val = val_of(view_of(slot));
  if (int number = arrivals.put(view_of(arrival), slot_val, MDB_APPEND); number != MDB_SUCCESS) {
    return number;
  }
  if (event.late != nullptr) {
    return put_late(txn, databases, event.slot, event.arrival, event.late->body);
  }
  const std::string_view arena = arena_;
  const std::string_view record =
      event.item != nullptr ? event.item->record : arena.substr(event.record, event.record_size);
  const std::string_view body =
      event.item != nullptr ? std::string_view(event.item->body)
                            : arena.substr(event.record + event.record_size, event.body_size);
  const unsigned flag = append_flag(event.slot.log);
  MDB_val place{event_prefix_size + record.size(), nullptr};
  int number = events.put(view_of(slot), place, flag | MDB_RESERVE);
  if (number != MDB_SUCCESS) return number;
  put_number(static_cast<char*>(place.mv_data), event.arrival);
  std::memcpy(static_cast<char*>(place.mv_data) + event_prefix_size, record.data(), record.size());
  if (!body.empty()) {
    number = put(txn, databases.bodies, view_of(slot), body, flag);
  } else if (event.item != nullptr && may_stay_behind(record)) {
    number = put_awaited(txn, databases, keys_, event.slot, record);
  }
  return number;
}

int Writer::put_tables(MDB_txn* txn, const TablesTask& task) {
  const Databases& databases = database_.databases();
  int number = MDB_SUCCESS;
  if (task.clear) number = mdb_drop(txn, databases.tables, 0);
  if (number == MDB_SUCCESS && task.changes != nullptr) {
    number = put_changes(txn, databases.tables, *task.changes);
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
  std::vector<Waiting> nothing;
  auto done = prepare(nothing);
  if (!done) return done;
  stage_head();
  done = write(nothing);
  if (done) publish();
  return done;
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
  auto loaded = book_.load(txn->get(), database_.databases());
  if (!loaded) return loaded;
  if (tip->arrival != tip_.arrival) written_after_all_ = true;
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
          } else if constexpr (std::is_same_v<T, StretchTask> || std::is_same_v<T, BodiesTask>) {
            if (!task.done) return;
            if (result) {
              task.done(std::move(task.result));
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
