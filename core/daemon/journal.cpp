#include "core/daemon/journal.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

#include "core/daemon/errors.hpp"

namespace deskmate::daemon {
Journal::Journal(bus::Loop& loop, storage::Store& store, TableCache& tables, desk::Desk& desk,
                 WallClock wall_ms, Hooks hooks)
    : loop_(loop),
      store_(store),
      tables_(tables),
      desk_(desk),
      wall_ms_(std::move(wall_ms)),
      hooks_(std::move(hooks)),
      fold_(desk, tables),
      alive_(std::make_shared<bool>(true)) {}

Journal::~Journal() {
  *alive_ = false;
  loop_.cancel(flush_timer_);
  loop_.cancel(idle_timer_);
  loop_.cancel(decide_timer_);
}

// Work for the loop that is dropped when the journal has gone.
void Journal::post(std::function<void()> work) {
  loop_.post([alive = alive_, work = std::move(work)] {
    if (*alive) work();
  });
}

// Where much is to be folded the tables are written as it goes, so that memory stays bounded: one
// batch is on its way to the disk while the next is folded.
Result<void> Journal::open() {
  tables_.start_at(store_.tables_position());
  const std::uint64_t end = store_.last_arrival();
  if (tables_.position() == 0 && end >= rebuild_events) tables_.expect_rebuild();
  std::future<storage::Result<void>> writing;
  bool writable = true;  // a full disk must not keep the desk from being read
  const auto wait = [&] {
    if (!writing.valid()) return;
    writable = writing.get().has_value();
    tables_.flushed(writable);
  };
  while (tables_.position() < end) {
    if (tables_.flushing() && tables_.unwritten_bytes() > 2 * replay_bytes_soft) wait();
    if (writable && !tables_.flushing() && tables_.unwritten_bytes() > replay_bytes_soft) {
      auto promise = std::make_shared<std::promise<storage::Result<void>>>();
      writing = promise->get_future();
      tables_.flush([promise](storage::Result<void> done) { promise->set_value(std::move(done)); });
    }
    const std::uint64_t before = tables_.position();
    std::uint64_t last = before;
    const auto read =
        store_.read(before, fold_piece_events, false, [&](const storage::StoredEvent& event) {
          fold_.add(event);
          last = event.arrival;
          return true;
        });
    fold_.settle();
    tables_.set_position(last);
    if (read.has_error() || tables_.position() == before) {
      wait();
      if (read.has_error()) return to_error(read.error());
      return Error{Status::internal, "the log ends before its last arrival", {}};
    }
  }
  wait();
  tables_.rebuilt();
  clock_.seen(fold_.clock());
  arm_flush();
  arm_decide(0);
  return {};
}

bool Journal::waits_for_flight(const Batch& batch) const {
  return std::any_of(batch.events.begin(), batch.events.end(), [&](const Prepared& event) {
    return !event.seen_key.empty() && flying_keys_.contains(event.seen_key);
  });
}

void Journal::append(std::vector<Prepared> events, std::optional<storage::CursorMove> cursor,
                     Done done) {
  Batch batch{std::move(events), std::move(cursor), std::move(done)};
  const auto refuse = [&](Status code, const char* message) {
    post([refused = std::move(batch.done), code, message] { refused(Error{code, message, {}}); });
  };
  if (closing_) return refuse(Status::cancelled, "the desk is stopping");
  if (deferred_.size() >= deferred_appends_max) return refuse(Status::limit, "too much waits");
  // Behind a batch that waits, everything waits: a later cursor must not overtake it.
  if (!deferred_.empty() || !may_append() || waits_for_flight(batch)) {
    deferred_.push_back(std::move(batch));
    return;
  }
  send(std::move(batch));
}

void Journal::send(Batch batch) {
  auto flight = std::make_shared<Flight>();
  flight->done = std::move(batch.done);
  std::vector<storage::NewEvent> events;
  for (Prepared& prepared : batch.events) {
    const std::string& key = prepared.seen_key;
    const bool known = !key.empty() && (flying_keys_.contains(key) || tables_.get(seen_table, key));
    flight->duplicate.push_back(known);
    if (known) continue;
    if (!key.empty()) {
      flying_keys_.insert(key);
      flight->seen_keys.push_back(key);
    }
    prepared.event.stamp = clock_.next(wall_ms_());
    events.push_back(std::move(prepared.event));
  }
  ++in_flight_;
  const auto land = [this, alive = alive_, &loop = loop_,
                     flight](storage::Result<std::vector<storage::Appended>> result) {
    // On the writer's thread.
    loop.post([this, alive, flight, result = std::move(result)] {
      if (*alive) landed(flight, result);
    });
  };
  if (!events.empty()) {
    store_.append(std::move(events), std::move(batch.cursor), land);
  } else if (batch.cursor) {
    store_.set_cursor(batch.cursor->reader, batch.cursor->arrival,
                      [land](storage::Result<void> result) {
                        if (result.has_error()) {
                          land(result.error());
                        } else {
                          land(std::vector<storage::Appended>());
                        }
                      });
  } else {
    land(std::vector<storage::Appended>());
  }
}

void Journal::landed(const std::shared_ptr<Flight>& flight,
                     const storage::Result<std::vector<storage::Appended>>& result) {
  // After an error, too: the store may find it there all the same when it reads the disk again, and
  // then it must be known when its sender tries again.
  if ((result.has_value() || store_.last_arrival() > tables_.position()) && !fold_tail()) {
    return again([this, flight, result] { landed(flight, result); });
  }
  --in_flight_;
  for (const auto& key : flight->seen_keys) flying_keys_.erase(key);
  if (result.has_error()) {
    flight->done(to_error(result.error()));
  } else {
    std::vector<Outcome> outcomes;
    auto appended = result.value().begin();
    for (const bool duplicate : flight->duplicate) {
      if (duplicate) {
        outcomes.push_back({.duplicate = true, .arrival = 0, .id = {}});
      } else {
        outcomes.push_back({.duplicate = false, .arrival = appended->arrival, .id = appended->id});
        ++appended;
      }
    }
    flight->done(std::move(outcomes));
  }
  if (!result.has_error() && hooks_.on_durable) hooks_.on_durable();
  send_deferred();
  decide();
  if (in_flight_ == 0 && tables_.wants_flush(true)) flush_when_idle();
  if (closing_ && in_flight_ == 0) finish_close();
}

bool Journal::may_append() const { return !hooks_.may_append || hooks_.may_append(); }

void Journal::arrived() {
  if (store_.last_arrival() > tables_.position() && !fold_tail()) {
    return again([this] { arrived(); });
  }
  send_deferred();
  decide();
}

void Journal::look_again() {
  desk_.look_again();
  decide();
}

void Journal::resume() {
  send_deferred();
  decide();
}

void Journal::send_deferred() {
  while (!deferred_.empty() && may_append() && !waits_for_flight(deferred_.front())) {
    Batch batch = std::move(deferred_.front());
    deferred_.pop_front();
    send(std::move(batch));
  }
}

void Journal::again(std::function<void()> work) {
  loop_.call_at(loop_.now_ms() + fold_again_ms, [alive = alive_, work = std::move(work)] {
    if (*alive) work();
  });
}

bool Journal::fold_tail() {
  bool any = false;
  std::optional<Error> unreadable;
  // Of several batches that were committed together the first folds all.
  while (!unreadable && tables_.position() < store_.last_arrival()) {
    std::uint64_t last = tables_.position();
    const auto read =
        store_.read(last, fold_piece_events, false, [&](const storage::StoredEvent& event) {
          clock_.seen(event.header.stamp);
          fold_.add(event);
          last = event.arrival;
          if (!event.again && hooks_.on_event) hooks_.on_event(event);
          any = true;
          return true;
        });
    fold_.settle();
    tables_.set_position(last);
    if (read.has_error()) unreadable = to_error(read.error());
  }
  if (any) {
    if (tables_.wants_flush(false)) flush();
    if (hooks_.on_folded) hooks_.on_folded();
  }
  if (!unreadable) {
    unreadable_since_.reset();
    return true;
  }
  if (!unreadable_since_) {
    unreadable_since_ = loop_.now_ms();
    if (hooks_.on_error) hooks_.on_error(*unreadable);
  } else if (loop_.now_ms() - *unreadable_since_ > fold_again_ms_max) {
    throw std::runtime_error("the log: " + unreadable->message);
  }
  return false;
}

void Journal::decide() {
  if (proposing_ || closing_ || !may_append()) return;
  const std::uint64_t now = wall_ms_();
  const auto deadline = desk_.next_deadline_ms();
  if (!std::exchange(undecided_, false) && !desk_.wants_decide() &&
      (!deadline || *deadline > now)) {
    arm_decide(deadline ? std::min(*deadline - now, decide_latest_ms) : decide_latest_ms);
    return;
  }
  std::vector<Prepared> events;
  desk::Sight sight;
  if (hooks_.sight) sight = hooks_.sight();
  sight.now_ms = now;
  for (auto& proposal : desk_.decide(sight)) {
    if (proposal.needs_tail && hooks_.take_over) {
      hooks_.take_over(std::move(proposal));
      continue;
    }
    auto prepared = hooks_.prepare(proposal);
    if (prepared) {
      events.push_back(std::move(*prepared));
    } else if (hooks_.on_error && prepared.error().code != Status::unavailable) {
      hooks_.on_error(prepared.error());
    }
  }
  if (events.empty()) {
    arm_decide(decide_again_ms);
    return;
  }
  proposing_ = true;
  append(std::move(events), std::nullopt, [this](const Result<std::vector<Outcome>>& result) {
    proposing_ = false;
    if (result) return;  // landed() goes on to decide
    if (hooks_.on_error) hooks_.on_error(result.error());
    proposing_ = true;  // not again at once: the disk may be full
    undecided_ = true;
    loop_.cancel(decide_timer_);
    decide_timer_ = loop_.call_at(loop_.now_ms() + decide_again_ms, [this] {
      decide_timer_ = 0;
      proposing_ = false;
      decide();
    });
  });
}

void Journal::arm_decide(std::uint64_t in_ms) {
  loop_.cancel(decide_timer_);
  decide_timer_ = loop_.call_at(loop_.now_ms() + in_ms, [this] {
    decide_timer_ = 0;
    decide();
  });
}

void Journal::arm_flush() {
  loop_.cancel(flush_timer_);
  flush_timer_ = loop_.call_at(loop_.now_ms() + flush_every_ms, [this] {
    flush_timer_ = 0;
    flush();
    arm_flush();
  });
}

void Journal::flush_when_idle() {
  if (idle_timer_ != 0 || closing_) return;
  idle_timer_ = loop_.call_at(loop_.now_ms() + idle_flush_ms, [this] {
    idle_timer_ = 0;
    if (in_flight_ == 0 && tables_.wants_flush(true)) flush();
  });
}

void Journal::flush() {
  if (tables_.flushing() || tables_.held() || tables_.position() == tables_.written_position()) {
    return;
  }
  tables_.flush([this, alive = alive_, &loop = loop_](storage::Result<void> result) {
    loop.post([this, alive, result = std::move(result)] {
      if (*alive) flush_done(result);
    });
  });
}

void Journal::flush_done(const storage::Result<void>& result) {
  tables_.flushed(result.has_value());
  if (result.has_error() && hooks_.on_error) hooks_.on_error(to_error(result.error()));
  if (on_hold_) {
    const auto on_hold = std::exchange(on_hold_, nullptr);
    // What is on a full disk can be compared as far as it has come.
    if (result.has_error() && result.error().code != storage::Errc::full) {
      on_hold(to_error(result.error()));
    } else {
      held_ = true;
      tables_.hold(true);
      on_hold({});
    }
  }
  if (closing_ && in_flight_ == 0) {
    if (result.has_error()) {  // what is missing is replayed at the next start
      if (auto closed = std::exchange(closed_, nullptr)) closed();
    } else {
      finish_close();
    }
  }
}

void Journal::hold(std::function<void(Result<void>)> done) {
  if (held_ || on_hold_) {
    return post([done = std::move(done)] {
      done(Error{Status::unavailable, "a comparison is under way", {}});
    });
  }
  if (tables_.position() == tables_.written_position()) {
    held_ = true;
    tables_.hold(true);
    return post([done = std::move(done)] { done({}); });
  }
  on_hold_ = std::move(done);
  flush();  // or one is under way already
}

void Journal::release() {
  held_ = false;
  tables_.hold(false);
  if (closing_ && in_flight_ == 0) finish_close();
}

void Journal::close(std::function<void()> done) {
  closing_ = true;
  closed_ = std::move(done);
  for (Batch& batch : deferred_) batch.done(Error{Status::cancelled, "the desk is stopping", {}});
  deferred_.clear();
  loop_.cancel(decide_timer_);
  loop_.cancel(flush_timer_);
  loop_.cancel(idle_timer_);
  decide_timer_ = flush_timer_ = idle_timer_ = 0;
  if (in_flight_ == 0) post([this] { finish_close(); });
}

void Journal::finish_close() {
  if (tables_.flushing() || held_ || !closed_) return;  // called again then
  if (tables_.position() != tables_.written_position()) {
    flush();
    return;
  }
  auto closed = std::exchange(closed_, nullptr);
  closed();
}

}  // namespace deskmate::daemon
