// Wanting, pushing and taking stretches of logs.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/peer/replica_impl.hpp"

namespace deskmate::peer {

std::uint64_t Replica::Impl::mine(const LogName& log) const {
  const auto tip = mine_.find(log);
  return tip == mine_.end() ? 0 : tip->second;
}

void Replica::Impl::set_peers(std::vector<KnownPeer> peers, Now now) {
  known_.clear();
  for (KnownPeer& peer : peers) known_[peer.id] = std::move(peer);
  choose_all(now);
  pump();
}

// How much of a log is taken: nothing of a stranger's, all of a peer's, of a removed one's up to
// the cut.
std::uint64_t Replica::Impl::taken_upto(const LogName& log) const {
  if (log.peer == self_.peer) return log == self_ ? 0 : UINT64_MAX;
  const auto peer = known_.find(log.peer);
  if (peer == known_.end()) return 0;
  if (!peer->second.cuts) return UINT64_MAX;
  const auto cut = peer->second.cuts->find(log.incarnation);
  return cut == peer->second.cuts->end() ? 0 : cut->second;
}

// --- wanting ----------------------------------------------------------------------------------

void Replica::Impl::choose_all(Now now) {
  std::set<LogName> logs;
  for (const auto& [log, incoming] : incoming_) logs.insert(log);
  for (const auto& [id, link] : links_) {
    for (const auto& [log, seq] : link.theirs) logs.insert(log);
  }
  for (const LogName& log : logs) choose(log, now);
}

// From where to want a log: its own peer's link, else whoever has more of it than we.
void Replica::Impl::choose(const LogName& log, Now now) {
  if (log == self_) return;
  const std::uint64_t have = mine(log);
  const auto known = incoming_.find(log);
  if (known == incoming_.end() && taken_upto(log) == 0) return;
  Incoming& incoming = known == incoming_.end() ? incoming_[log] : known->second;
  if (taken_upto(log) <= have || incoming.frozen || incoming.paused_until_ms > now.steady_ms) {
    return stop(incoming);
  }
  mark_behind(log, incoming, now);
  Link* current = incoming.from ? find(*incoming.from) : nullptr;
  const bool stalled = current != nullptr && incoming.waiting_bytes == 0 && incoming.behind_ms &&
                       now.steady_ms - std::max(*incoming.behind_ms, incoming.moved_ms) >= stall_ms;
  if (stalled) {
    incoming.slow = current->id;
    incoming.slow_until_ms = now.steady_ms + slow_ms;
  }
  const auto slow = [&](const Link& link) {
    return incoming.slow == link.id && now.steady_ms < incoming.slow_until_ms;
  };
  Link* best = nullptr;
  std::uint64_t best_has = 0;
  for (auto& [id, link] : links_) {
    if (!link.greeted || link.closed) continue;
    const auto told = link.theirs.find(log);
    if (told == link.theirs.end()) continue;
    const std::uint64_t has = told->second;
    const bool direct = link.remote == log.peer && has >= have;
    if (!direct && has <= have) continue;
    const auto rank = [&](const Link& one, std::uint64_t one_has) {
      return std::tuple(!slow(one), one.remote == log.peer, one_has);
    };
    if (best == nullptr || rank(link, has) > rank(*best, best_has)) {
      best = &link;
      best_has = has;
    }
  }
  if (best == nullptr || best == current) return;
  if (current != nullptr) {
    const bool better = best->remote == log.peer && current->remote != log.peer && !slow(*best);
    const bool has_no_more = current->remote != log.peer && current->theirs[log] <= have &&
                             incoming.behind_ms &&
                             now.steady_ms - *incoming.behind_ms >= behind_grace_ms;
    const bool moves_there = (slow(*current) || has_no_more) && !slow(*best) && best_has > have;
    if (!better && !moves_there) return;
    stop(incoming);
  }
  // What is on its way to the disk comes first, so that nothing is sent twice.
  if (incoming.waiting_bytes == 0) want(log, incoming, *best, now);
}

void Replica::Impl::mark_behind(const LogName& log, Incoming& incoming, Now now) {
  const std::uint64_t have = mine(log);
  const bool behind = std::any_of(links_.begin(), links_.end(), [&](const auto& entry) {
    const auto told = entry.second.theirs.find(log);
    return told != entry.second.theirs.end() && told->second > have;
  });
  if (!behind) {
    incoming.behind_ms.reset();
  } else if (!incoming.behind_ms) {
    incoming.behind_ms = now.steady_ms;
  }
}

void Replica::Impl::want(const LogName& log, Incoming& incoming, Link& link, Now now, bool probe) {
  incoming.from = link.id;
  incoming.number = next_number_++;
  incoming.next = mine(log) + 1;
  incoming.partial = {};
  incoming.moved_ms = now.steady_ms;
  incoming.probed = probe;
  const std::uint64_t after = mine(log) - (probe ? 1 : 0);
  send(link, message::Want{incoming.number, {log.peer, log.incarnation}, after});
}

void Replica::Impl::stop(Incoming& incoming) {
  if (!incoming.from) return;
  if (Link* link = find(*incoming.from)) send(*link, message::Stop{incoming.number});
  incoming.from.reset();
  incoming.partial = {};
}

// --- taking -----------------------------------------------------------------------------------

void Replica::Impl::on(Link& link, message::Run& m, Now now) {
  const auto entry = std::find_if(incoming_.begin(), incoming_.end(), [&](const auto& one) {
    return one.second.from == link.id && one.second.number == m.number;
  });
  link.run_ms = now.steady_ms;
  if (entry == incoming_.end()) return take_bodies(link, m.number, m, now);
  Incoming& incoming = entry->second;
  const std::uint64_t size = m.size == 0 ? m.total : m.size;
  if (m.offset == 0) {
    const bool fits =
        incoming.waiting_bytes == 0 || incoming.waiting_bytes + size <= want_window_bytes;
    if (size > stretch_bytes_max || !fits) {
      return close(link, Trouble::too_much, "more than the window");
    }
  }
  if (!add_piece(link, incoming.partial, m)) return;
  incoming.moved_ms = now.steady_ms;
  if (incoming.partial.bytes.size() == incoming.partial.total) {
    take_stretch(link, entry->first, incoming, now);
  }
}

// Whether it goes on where we are; the caller has looked at how much it is to become. False: the
// link was closed.
bool Replica::Impl::add_piece(Link& link, Blob& blob, message::Run& m) {
  if (m.offset != blob.bytes.size() ||
      (m.offset != 0 && (m.total != blob.total || m.size != blob.size)) || m.bytes.empty() ||
      m.bytes.size() > m.total - std::min(m.offset, m.total) ||
      (m.size != 0 && m.total >= m.size)) {
    close(link, Trouble::protocol, "a run that does not go on");
    return false;
  }
  if (blob.keys.size() + m.keys.size() > message::keys_max) {
    close(link, Trouble::too_much, "too many keys");
    return false;
  }
  blob.total = m.total;
  blob.size = m.size;
  blob.keys.insert(blob.keys.end(), m.keys.begin(), m.keys.end());
  blob.bytes += m.bytes;
  return true;
}

// Of a blob that is complete. Nothing: the link was closed.
std::optional<std::string> Replica::Impl::whole_of(Link& link, Blob& blob) {
  if (blob.size == 0) return std::move(blob.bytes);
  auto bytes = message::unpack(blob.bytes, blob.size);
  if (!bytes) close(link, Trouble::protocol, "what came does not unpack to what was said");
  return bytes;
}

std::uint64_t Replica::Impl::latest_stamp_ms(const Stretch& stretch) const {
  std::uint64_t latest_ms = 0;
  for (const auto& item : stretch.items) {
    // What a newer version wrote is kept without being read.
    if (const auto header = storage::decode_header(item.record)) {
      latest_ms = std::max(latest_ms, header->stamp >> 16);
    }
  }
  return latest_ms;
}

// Nobody fills our key ring with keys that open nothing.
void Replica::Impl::keep_needed(const Stretch& stretch, std::vector<storage::CarriedKey>& keys) {
  if (keys.empty()) return;
  std::set<Id16> needed;
  for (const auto& item : stretch.items) {
    if (const auto header = storage::decode_header(item.record); header && header->key_id) {
      needed.insert(*header->key_id);
    }
  }
  std::erase_if(keys, [&](const storage::CarriedKey& key) { return !needed.contains(key.key_id); });
}

void Replica::Impl::take_stretch(Link& link, const LogName& log, Incoming& incoming, Now now) {
  Blob blob = std::exchange(incoming.partial, {});
  auto encoded = whole_of(link, blob);
  if (!encoded) return;
  const std::size_t bytes = encoded->size();
  auto keys = std::move(blob.keys);
  auto stretch = message::decode_stretch(log, *encoded);
  if (!stretch) return close(link, Trouble::protocol, "what came is no stretch");
  stretch->bodies_behind = link.bodies;
  std::uint64_t& theirs = link.theirs[log];
  theirs = std::max(theirs, stretch->last());
  if (stretch->first > incoming.next) {
    return close(
        link, Trouble::gap,
        "wanted " + std::to_string(incoming.next) + ", got " + std::to_string(stretch->first));
  }
  if (stretch->last() < incoming.next) return;  // it is here already
  const bool ahead = latest_stamp_ms(*stretch) > now.utc_ms + skew_max_ms;
  if (ahead != incoming.ahead) {
    incoming.ahead = ahead;
    alarm(Trouble::ahead, ahead, log.peer, log, stretch->first, "stamped in the future");
  }
  if (ahead) {
    stop(incoming);
    incoming.paused_until_ms = now.steady_ms + hold_retry_ms;
    return;
  }
  keep_needed(*stretch, keys);
  incoming.next = stretch->last() + 1;
  incoming.waiting_bytes += bytes;
  const std::uint64_t ticket = next_ticket_++;
  tickets_[ticket] = {log, incoming.number, bytes, link.id, stretch->last()};
  outputs_.push_back(out::Append{ticket, std::move(*stretch), std::move(keys), {}});
}

void Replica::Impl::appended(std::uint64_t number, AppendOutcome outcome, Now now) {
  if (bodies_appended(number, outcome, now)) return;
  const auto entry = tickets_.find(number);
  if (entry == tickets_.end()) return;
  const Ticket ticket = entry->second;
  tickets_.erase(entry);
  Incoming& incoming = incoming_[ticket.log];
  incoming.waiting_bytes -= std::min(incoming.waiting_bytes, ticket.bytes);
  const bool current = incoming.from == ticket.from && incoming.number == ticket.number;
  Link* link = find(ticket.from);
  refresh(now);
  switch (outcome.kind) {
    case AppendOutcome::done:
      // A removed peer's log ends at the cut.
      if (current && mine(ticket.log) >= taken_upto(ticket.log)) stop(incoming);
      break;
    case AppendOutcome::retry:
      if (!current) break;
      stop(incoming);
      incoming.paused_until_ms = now.steady_ms + append_retry_ms;
      alarm(Trouble::disk, true, ticket.log.peer, ticket.log, mine(ticket.log), outcome.detail);
      break;
    case AppendOutcome::mismatch:
      // Its own peer signed something else at our last place, or who forwards it changed it.
      if (current && link != nullptr && link->remote == ticket.log.peer && !incoming.probed &&
          mine(ticket.log) != 0) {
        stop(incoming);
        want(ticket.log, incoming, *link, now, true);
        break;
      }
      [[fallthrough]];
    case AppendOutcome::gap:
    case AppendOutcome::bad:
      if (current && link != nullptr) {
        const bool gap = outcome.kind == AppendOutcome::gap;
        close(*link, gap ? Trouble::gap : Trouble::bad_signature, std::move(outcome.detail));
      }
      break;
    case AppendOutcome::forked:
      freeze(ticket.log, mine(ticket.log), self_.peer, true, outcome.detail);
      break;
    case AppendOutcome::rolled_back:
      if (!rolled_back) alarm(Trouble::rolled_back, true, self_.peer, ticket.log);
      rolled_back = true;
      break;
  }
  sweep();
  choose(ticket.log, now);
  fetch_bodies(now);
  pump();
}

void Replica::Impl::freeze(const LogName& log, std::uint64_t seq, const PeerId& told_by, bool tell,
                           const std::string& detail) {
  Incoming& incoming = incoming_[log];
  if (incoming.frozen) return;
  incoming.frozen = true;
  stop(incoming);
  alarm(Trouble::forked, true, told_by, log, seq, detail);
  if (!tell) return;
  for (auto& [id, link] : links_) {
    if (link.greeted && !link.closed) tell_forked(link, log, seq);
  }
}

void Replica::Impl::tell_forked(Link& link, const LogName& log, std::uint64_t seq) {
  send(link, message::Forked{{log.peer, log.incarnation}, seq});
}

// Told by somebody else: an alarm here too, but only what was seen here is frozen.
void Replica::Impl::on(Link& link, message::Forked& m, Now) {
  const LogName log = name_of(m.log);
  const auto known = incoming_.find(log);
  if (log != self_ && known == incoming_.end()) return;
  if (known != incoming_.end() && known->second.frozen) return;
  if (!link.forks_told.insert(log).second) return;
  alarm(Trouble::forked, true, link.remote, log, m.seq, "says the other side");
}

void Replica::Impl::unfreeze(const LogName& log, Now now) {
  const auto incoming = incoming_.find(log);
  if (incoming == incoming_.end()) return;
  incoming->second.frozen = false;
  choose(log, now);
  pump();
}

// --- pushing ----------------------------------------------------------------------------------

void Replica::Impl::on(Link& link, message::Want& m, Now now) {
  if (link.pushes.size() >= logs_max) return close(link, Trouble::too_much, "too many wants");
  const LogName log = name_of(m.log);
  if (link.pushes.contains(m.number)) return close(link, Trouble::protocol, "wanted twice");
  if (log == self_ && m.after > mine(log)) {
    link.theirs[log] = std::max(link.theirs[log], m.after);
    if (!doubt(link, now)) return;
  }
  // One log is pushed once to a link.
  std::erase_if(link.pushes, [&](const auto& push) { return push.second.log == log; });
  Push& push = link.pushes[m.number];
  push.log = log;
  push.read_upto = m.after;
}

void Replica::Impl::on(Link& link, message::Stop& m, Now) { link.pushes.erase(m.number); }

// Frees the window of what the other side has on disk.
void Replica::Impl::acknowledged(Link& link) {
  for (auto& [number, push] : link.pushes) {
    const std::uint64_t theirs = link.theirs[push.log];
    while (!push.flight.empty() && push.flight.front().last <= theirs) {
      push.unacked -= push.flight.front().bytes;
      push.flight.pop_front();
    }
  }
}

// Reads the next stretch: what was written just now with its bodies, so that a message that comes
// in is there at once; of what lies behind, headers and facts, as the chain covers them.
bool Replica::Impl::read_next(const Link& link, Push& push) {
  const std::uint64_t have = mine(push.log);
  if (push.read_upto >= have) return false;
  std::optional<Stretch> next;
  const auto read = [&](std::size_t max_bytes, bool bodies_behind) {
    auto found = store_.read(push.log, push.read_upto, max_bytes, bodies_behind);
    const bool any = found && *found && !(**found).items.empty();
    if (any) next = std::move(**found);
    if (any) push.encoded = message::encode(*next);
    return any;
  };
  const bool live = !link.bodies || have - push.read_upto <= live_events_max;
  const bool whole = live && read(link.bodies ? live_bytes_max : stretch_bytes_wanted, false) &&
                     (!link.bodies || push.encoded.size() <= live_bytes_max);
  if (!whole && (!link.bodies || !read(stretch_bytes_wanted, true))) {
    push.encoded.clear();
    return false;
  }
  push.read_upto = next->last();
  push.size = push.encoded.size();
  push.packed = false;
  collect_keys(push, *next);
  if (!link.unpacks || push.size < pack_from_bytes) return true;
  if (auto packed = message::pack(push.encoded); !packed.empty()) {
    push.encoded = std::move(packed);
    push.packed = true;
  }
  return true;
}

// Has the push something to send within its window?
bool Replica::Impl::fill(const Link& link, Push& push) {
  if (push.encoded.empty() && !read_next(link, push)) return false;
  if (push.begun) return true;
  // One that is larger than the window goes alone.
  if (!push.flight.empty() && push.unacked + push.size > want_window_bytes) return false;
  push.begun = true;
  push.unacked += push.size;
  push.flight.push_back({push.read_upto, push.size});
  return true;
}

// The keys of the bodies, those that did not go with this want before.
void Replica::Impl::collect_keys(Push& push, const Stretch& stretch) {
  std::vector<Id16> ids;
  for (const auto& item : stretch.items) {
    const auto header = storage::decode_header(item.record);
    if (!header || !header->key_id || ids.size() >= message::keys_max) continue;
    if (item.body.empty() && stretch.bodies_behind) continue;
    if (!push.keys_sent.insert(*header->key_id).second) continue;
    ids.push_back(*header->key_id);
    push.keys_order.push_back(*header->key_id);
    if (push.keys_order.size() > keys_sent_kept) {
      push.keys_sent.erase(push.keys_order.front());
      push.keys_order.pop_front();
    }
  }
  push.keys = ids.empty() ? std::vector<storage::CarriedKey>{} : store_.keys(ids);
}

// One piece on this link, first of our log and of the other side's own (it waits to be shown that
// its disk is older than it was), then the others in turn. False: there is none.
bool Replica::Impl::push_piece(Link& link) {
  Push* chosen = nullptr;
  std::uint64_t number = 0;
  const auto try_one = [&](std::uint64_t n, Push& push) {
    if (chosen != nullptr || !fill(link, push)) return;
    chosen = &push;
    number = n;
  };
  for (auto& [n, push] : link.pushes) {
    if (push.log == self_ || push.log.peer == link.remote) try_one(n, push);
  }
  for (auto at = link.pushes.upper_bound(link.next_push); at != link.pushes.end(); ++at) {
    try_one(at->first, at->second);
  }
  for (auto& [n, push] : link.pushes) try_one(n, push);
  if (chosen == nullptr) return false;
  if (chosen->log != self_) link.next_push = number;
  message::Run run;
  run.number = number;
  run.offset = chosen->offset;
  run.total = chosen->encoded.size();
  if (chosen->packed) run.size = chosen->size;
  run.bytes = chosen->encoded.substr(chosen->offset, piece_bytes_max);
  if (chosen->offset == 0) run.keys = std::exchange(chosen->keys, {});
  chosen->offset += run.bytes.size();
  if (chosen->offset == chosen->encoded.size()) {
    chosen->encoded = {};
    chosen->begun = false;
    chosen->offset = 0;
  }
  send(link, run);
  return true;
}

}  // namespace deskmate::peer
