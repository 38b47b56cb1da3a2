#include "storage/stretches.hpp"

#include <algorithm>
#include <string>

#include "storage/hash.hpp"
#include "storage/late_bodies.hpp"
#include "storage/layout.hpp"

namespace deskmate::storage {
namespace {

Error missing(std::uint64_t seq) {
  return {Errc::damaged,
          "the log is damaged (event " + std::to_string(seq) + "). Run `deskmate verify`"};
}

SignedHead sign_head_at(const Identity& identity, const LogName& log, std::uint64_t seq,
                        const Hash32& chain) {
  return {seq, chain, identity.sign(head_message({log, seq}, chain))};
}

// The value of `heads` at the cursor.
Result<SignedHead> head_at(const Cursor& heads) {
  const std::uint64_t seq = decode_slot(heads.key()).seq;
  if (heads.value().size() != head_size) return missing(seq);
  ByteReader in(heads.value());
  SignedHead head;
  head.seq = seq;
  head.chain = in.array<32>();
  head.signature = in.array<64>();
  return head;
}

bool stands_in(const Cursor& cursor, std::uint32_t log) {
  return cursor.valid() && cursor.key().size() == sizeof(SlotBytes) &&
         decode_slot(cursor.key()).log == log;
}

// Gathers a stretch out of one snapshot.
class Gatherer {
 public:
  Gatherer(MDB_txn* txn, const Databases& databases, const LogState& log, std::uint64_t after,
           std::uint64_t end, bool bodies_behind)
      : txn_(txn),
        databases_(databases),
        log_(log),
        after_(after),
        end_(end),
        bodies_behind_(bodies_behind),
        events_(txn, databases.events),
        bodies_(txn, databases.bodies),
        heads_(txn, databases.heads) {}

  // Whose heads cannot be made here ends at one that is stored; own logs also anywhere else.
  Result<std::optional<Stretch>> run(std::size_t max_bytes, const Identity& identity) {
    const bool own = log_.tip.log.peer == identity.peer();
    max_bytes = std::min(max_bytes, stretch_bytes_max);
    auto gathered = gather(max_bytes, own);
    if (!gathered) return gathered.error();
    // It is cheapest to end at a stored head, but the tip is not to wait for the next one.
    const std::uint64_t last = after_ + items_.size();
    if (own && (!head_ || (last == end_ && head_->seq < last))) {
      auto chain = last == log_.tip.seq
                       ? Result<Hash32>(log_.tip.chain)
                       : chain_at(txn_, databases_, log_.number, log_.tip.log, last);
      if (!chain) return chain.error();
      head_ = sign_head_at(identity, log_.tip.log, last, *chain);
    }
    if (!head_) return std::optional<Stretch>();
    Stretch stretch;
    stretch.log = log_.tip.log;
    stretch.first = after_ + 1;
    items_.resize(static_cast<std::size_t>(head_->seq - after_));
    stretch.items = std::move(items_);
    stretch.chain = head_->chain;
    stretch.signature = head_->signature;
    stretch.bodies_behind = bodies_behind_;
    return std::optional(std::move(stretch));
  }

 private:
  Result<void> gather(std::size_t max_bytes, bool own) {
    const auto from = encode(Slot{log_.number, after_ + 1});
    events_.seek(view_of(from));
    bodies_.seek(view_of(from));
    heads_.seek(view_of(from));
    std::size_t bytes = 0;
    items_.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(end_ - after_, stretch_events_max)));
    for (std::uint64_t seq = after_ + 1; seq <= end_ && items_.size() < stretch_events_max; ++seq) {
      const auto slot = encode(Slot{log_.number, seq});
      if (!events_.valid() || events_.key() != view_of(slot) ||
          events_.value().size() < event_prefix_size) {
        return missing(seq);
      }
      const std::string_view record = events_.value().substr(event_prefix_size);
      std::string_view body;
      if (!bodies_behind_ || !may_stay_behind(record)) {
        if (bodies_.valid() && bodies_.key() < view_of(slot)) bodies_.seek(view_of(slot));
        if (bodies_.valid() && bodies_.key() == view_of(slot)) body = bodies_.value();
        // Awaited here, too: it goes when it has come.
        if (body.empty() && may_stay_behind(record)) return {};
      }
      bytes += record.size() + body.size();
      // At least one event, and of others' logs at least up to a head.
      const bool enough = own ? !items_.empty() : head_.has_value();
      if (enough && bytes > max_bytes) return {};
      items_.push_back({std::string(record), std::string(body)});
      if (!body.empty()) bodies_.next();
      if (stands_in(heads_, log_.number) && heads_.key() == view_of(slot)) {
        auto head = head_at(heads_);
        if (!head) return head.error();
        head_ = *head;
        heads_.next();
      }
      events_.next();
    }
    return {};
  }

  MDB_txn* txn_;
  const Databases& databases_;
  const LogState& log_;
  const std::uint64_t after_;
  const std::uint64_t end_;
  const bool bodies_behind_;
  Cursor events_;
  Cursor bodies_;
  Cursor heads_;
  std::vector<Stretch::Item> items_;
  std::optional<SignedHead> head_;  // the last one gathered
};

// Compares with what is stored and follows the chain.
class Comparison {
 public:
  Comparison(MDB_txn* txn, const Databases& databases, const Identity& identity, const Known& known,
             const Stretch& stretch, const Checked& checked)
      : txn_(txn),
        databases_(databases),
        identity_(identity),
        known_(known),
        stretch_(stretch),
        checked_(checked) {}

  Result<Verdict> run() {
    const std::uint64_t seq = known_.state != nullptr ? known_.state->tip.seq : 0;
    auto chain = chain_before(seq);
    if (!chain) return chain.error();
    auto led = follow(*chain, seq);
    if (!led) return led.error();
    if (*led == stretch_.chain) {
      Verdict verdict;
      verdict.skip = static_cast<std::size_t>(
          std::min<std::uint64_t>(stretch_.items.size(), seq + 1 - stretch_.first));
      if (differs_) return fork_at(*differs_);
      return verdict;
    }
    if (stretch_.last() <= seq) {
      auto ours = chain_at(txn_, databases_, known_.state->number, stretch_.log, stretch_.last());
      if (!ours) return ours.error();
      // Whatever the events beside it: its peer signed something else than what is stored here.
      if (*ours != stretch_.chain) return fork_at(stretch_.last());
    }
    return Error{Errc::mismatch, "event " + std::to_string(stretch_.first) + " to " +
                                     std::to_string(stretch_.last()) +
                                     " do not lead to the head that was signed"};
  }

 private:
  Result<Hash32> chain_before(std::uint64_t seq) {
    if (known_.state == nullptr) return chain_start(stretch_.log);
    if (stretch_.first == seq + 1) return known_.state->tip.chain;
    return chain_at(txn_, databases_, known_.state->number, stretch_.log, stretch_.first - 1);
  }

  Result<Hash32> follow(Hash32 chain, std::uint64_t seq) {
    if (stretch_.first > seq && checked_.led && checked_.led->from == chain) {
      return checked_.led->to;
    }
    std::optional<Cursor> events;
    if (stretch_.first <= seq) {
      events.emplace(txn_, databases_.events);
      events->seek(view_of(encode(Slot{known_.state->number, stretch_.first})));
    }
    for (std::size_t i = 0; i < stretch_.items.size(); ++i) {
      const std::uint64_t at = stretch_.first + i;
      const std::string& record = stretch_.items[i].record;
      if (at <= seq) {
        if (!events->valid() || events->key() != view_of(encode(Slot{known_.state->number, at})) ||
            events->value().size() < event_prefix_size) {
          return missing(at);
        }
        if (!differs_ && events->value().substr(event_prefix_size) != record) differs_ = at;
        events->next();
      }
      chain = chain_next(chain, record);
    }
    return chain;
  }

  Result<Verdict> fork_at(std::uint64_t seq) {
    Verdict verdict;
    verdict.fork =
        Fork{stretch_.log, seq, {}, {stretch_.last(), stretch_.chain, stretch_.signature}, true};
    // Ours: the head that covers it.
    const LogState& state = *known_.state;
    Cursor heads(txn_, databases_.heads);
    heads.seek(view_of(encode(Slot{state.number, seq})));
    if (stands_in(heads, state.number)) {
      auto head = head_at(heads);
      if (!head) return head.error();
      verdict.fork->ours = *head;
    } else if (stretch_.log.peer == identity_.peer()) {
      verdict.fork->ours = sign_head_at(identity_, stretch_.log, state.tip.seq, state.tip.chain);
    } else {
      return missing(seq);
    }
    return verdict;
  }

  MDB_txn* txn_;
  const Databases& databases_;
  const Identity& identity_;
  const Known& known_;
  const Stretch& stretch_;
  const Checked& checked_;
  std::optional<std::uint64_t> differs_;  // the first event that is another one here
};

Error bad(std::uint64_t seq, const std::string& why) {
  return {Errc::invalid, "event " + std::to_string(seq) + " of a stretch: " + why};
}

Result<void> check_item(std::uint64_t seq, const Stretch::Item& item, bool bodies_behind) {
  if (item.record.size() > record_max || item.body.size() > stored_body_max) {
    return Error{Errc::limit, bad(seq, "too long").message};
  }
  auto header = decode_header(item.record);
  if (!header) {
    // What a newer version wrote is kept as it is; its chain is all that can be checked.
    if (header.error().code == Errc::newer) return {};
    return bad(seq, header.error().message);
  }
  if (item.body.empty() && bodies_behind && may_stay_behind(item.record)) return {};
  if (header->body_hash.has_value() == item.body.empty()) {
    return Error{Errc::mismatch, bad(seq, "its body is missing, or not named").message};
  }
  if (header->body_hash && header->hash_alg == hash_blake2b_256 &&
      hash_of(item.body) != *header->body_hash) {
    return Error{Errc::mismatch, bad(seq, "its body is another one's").message};
  }
  return {};
}

Result<void> check_form(const Stretch& stretch, const Id16& desk) {
  if (stretch.log.desk != desk) return Error{Errc::invalid, "a stretch of another desk"};
  if (stretch.items.empty() || stretch.first == 0 || stretch.first > ~std::uint64_t{0} / 2) {
    return Error{Errc::invalid, "a stretch without events, or without a first"};
  }
  if (stretch.items.size() > stretch_events_max) {
    return Error{Errc::limit,
                 "a stretch of more than " + std::to_string(stretch_events_max) + " events"};
  }
  std::size_t bytes = 0;
  for (const Stretch::Item& item : stretch.items) bytes += item.record.size() + item.body.size();
  if (bytes > stretch_bytes_max) {
    return Error{Errc::limit,
                 "a stretch of more than " + std::to_string(stretch_bytes_max) + " bytes"};
  }
  for (std::size_t i = 0; i < stretch.items.size(); ++i) {
    auto checked = check_item(stretch.first + i, stretch.items[i], stretch.bodies_behind);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

Result<std::optional<Stretch>> read_stretch(Database& database, const LogBook& book,
                                            const Identity& identity, const LogName& log,
                                            std::uint64_t after, std::size_t max_bytes,
                                            bool bodies_behind) {
  auto state = book.find(log);
  if (!state) return std::optional<Stretch>();
  const std::uint64_t end = std::min(state->tip.seq, book.cut_at(log));
  if (after >= end) return std::optional<Stretch>();
  auto txn = database.read();
  if (!txn) return txn.error();
  return Gatherer(txn->get(), database.databases(), *state, after, end, bodies_behind)
      .run(max_bytes, identity);
}

Checked StretchChecks::check(const Stretch& stretch) {
  Checked checked;
  checked.formed = check_form(stretch, desk_);
  if (!checked.formed) return checked;
  checked.is_signed =
      signed_by(stretch.log.peer, head_message({stretch.log, stretch.last()}, stretch.chain),
                stretch.signature);
  if (!checked.is_signed) return checked;
  const auto before = chain_before(stretch);
  if (!before) return checked;
  checked.led = Checked::Led{*before, *before};
  for (const Stretch::Item& item : stretch.items) {
    checked.led->to = chain_next(checked.led->to, item.record);
  }
  return checked;
}

std::optional<Hash32> StretchChecks::chain_before(const Stretch& stretch) {
  const std::lock_guard lock(mutex_);
  std::optional<Hash32> before;
  const auto said = said_.find(stretch.log);
  if (said != said_.end() && said->second.first + 1 == stretch.first) {
    before = said->second.second;
  } else if (const auto state = book_.find(stretch.log); state && state->tip.seq != 0) {
    if (state->tip.seq + 1 == stretch.first) before = state->tip.chain;
  } else if (stretch.first == 1) {
    before = chain_start(stretch.log);
  }
  if (said == said_.end() && said_.size() >= logs_said_max) said_.clear();
  said_[stretch.log] = {stretch.last(), stretch.chain};
  return before;
}

Result<Verdict> check_stretch(Database& database, const Identity& identity, const Known& known,
                              const Stretch& stretch, const Checked& checked) {
  const std::uint64_t seq = known.state != nullptr ? known.state->tip.seq : 0;
  if (known.state != nullptr && known.state->frozen) {
    return Error{Errc::forked, "the log is frozen since its peer signed two histories of it"};
  }
  if (stretch.last() > known.cut) {
    return Error{Errc::cut, "its peer was removed; its log is taken up to event " +
                                std::to_string(known.cut) + " only"};
  }
  if (!known.own && stretch.first > seq + 1) {
    return Error{Errc::gap, "event " + std::to_string(seq + 1) + " is the next, and " +
                                std::to_string(stretch.first) + " came"};
  }
  if (!checked.is_signed) {
    return Error{Errc::forged, "the head of event " + std::to_string(stretch.last()) +
                                   " is not signed by its peer"};
  }
  if (known.own && stretch.last() > seq) {
    return Error{Errc::rolled_back,
                 "this peer has sent event " + std::to_string(stretch.last()) +
                     " of its log, and the disk ends at " + std::to_string(seq) +
                     ": it is older than it was. Restore the latest backup with `deskmate "
                     "restore FILE`, or go on as it is with a new log"};
  }
  auto txn = database.read();
  if (!txn) return txn.error();
  return Comparison(txn->get(), database.databases(), identity, known, stretch, checked).run();
}

}  // namespace deskmate::storage
