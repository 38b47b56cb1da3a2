#include "core/peer/replica.hpp"

#include <algorithm>
#include <utility>

#include "core/peer/replica_impl.hpp"
#include "storage/hash.hpp"

namespace deskmate::peer {

std::string_view to_string(Trouble trouble) {
  switch (trouble) {
    case Trouble::protocol:
      return "protocol";
    case Trouble::other_desk:
      return "other_desk";
    case Trouble::not_who:
      return "not_who";
    case Trouble::too_much:
      return "too_much";
    case Trouble::gap:
      return "gap";
    case Trouble::bad_signature:
      return "bad_signature";
    case Trouble::forked:
      return "forked";
    case Trouble::rolled_back:
      return "rolled_back";
    case Trouble::skewed:
      return "skewed";
    case Trouble::ahead:
      return "ahead";
    case Trouble::diverged:
      return "diverged";
    case Trouble::disk:
      return "disk";
  }
  return "protocol";
}

Hash32 frontier_hash(const Frontier& frontier, std::string_view version) {
  storage::Hasher hasher;
  if (!version.empty()) hasher.add("fold ").add(version).add(" ");
  for (const auto& [log, seq] : frontier) {
    if (seq == 0) continue;
    const auto key = storage::encode(storage::LogKey{log, seq});
    hasher.add(storage::view_of(key));
  }
  return hasher.done();
}

Replica::Impl::Impl(ReplicaStore& store, Now now)
    : store_(store), self_(store.log()), started_ms_(now.steady_ms) {
  for (const LogTip& tip : store_.frontier()) mine_[tip.log] = tip.seq;
  for (const auto& [log, seq] : mine_) {
    if (log != self_) incoming_[log];
  }
}

// --- links ------------------------------------------------------------------------------------

Replica::Impl::Link* Replica::Impl::find(LinkId id) {
  const auto link = links_.find(id);
  return link == links_.end() || link->second.closed ? nullptr : &link->second;
}

void Replica::Impl::send(Link& link, const message::Message& message) {
  std::string bytes = message::encode(message);
  link.unsent += bytes.size();
  outputs_.push_back(out::Send{link.id, std::move(bytes)});
}

void Replica::Impl::alarm(Trouble what, bool raised, const PeerId& peer, std::optional<LogName> log,
                          std::uint64_t seq, std::string detail) {
  outputs_.push_back(out::Alarm{what, raised, peer, log, seq, std::move(detail)});
}

// The link is only marked, since callers hold on to it; sweep() forgets it.
void Replica::Impl::close(Link& link, Trouble why, std::string detail) {
  if (link.closed) return;
  link.closed = true;
  outputs_.push_back(out::Close{link.id, why, std::move(detail)});
}

void Replica::Impl::sweep() {
  for (auto link = links_.begin(); link != links_.end();) {
    const LinkId id = link->first;
    const bool closed = link->second.closed;
    ++link;
    if (closed) drop(id);
  }
}

void Replica::Impl::drop(LinkId id) {
  const auto link = links_.find(id);
  if (link == links_.end()) return;
  const auto batches = std::move(link->second.batches);
  links_.erase(link);
  for (const auto& [number, batch] : batches) ask_others_for(batch);
  for (auto& [log, incoming] : incoming_) {
    if (incoming.from == id) {
      incoming.from.reset();
      incoming.partial = {};
    }
  }
  for (auto& [hash, fetch] : fetches_) {
    if (fetch.from == id) fetch.from.reset();
  }
}

void Replica::Impl::link_up(LinkId id, const PeerId& remote, Now now) {
  Link& link = links_[id];
  link.id = id;
  link.remote = remote;
  link.up_ms = now.steady_ms;
  if (links_.size() > links_max) {
    close(link, Trouble::too_much, "too many links");
    return sweep();
  }
  for (auto& [hash, fetch] : fetches_) fetch.tried.erase(remote);
  greet(link, now);
  pump();
}

void Replica::Impl::link_down(LinkId id, Now now) {
  drop(id);
  look_around(now);
  choose_all(now);
  fetch_files(now);
  pump();
}

std::vector<message::Reached> Replica::Impl::reached(const Frontier& frontier) const {
  std::vector<message::Reached> list;
  for (const auto& [log, seq] : frontier) {
    if (list.size() >= logs_max) break;
    list.push_back({{log.peer, log.incarnation}, seq});
  }
  return list;
}

LogName Replica::Impl::name_of(const message::LogRef& ref) const {
  return {self_.desk, ref.peer, ref.incarnation};
}

void Replica::Impl::greet(Link& link, Now now) {
  message::Hello hello;
  hello.desk = self_.desk;
  hello.peer = self_.peer;
  hello.incarnation = self_.incarnation;
  hello.seq = mine(self_);
  hello.utc_ms = now.utc_ms;
  hello.frontier = reached(mine_);
  hello.features = {std::string(message::feature_bodies), std::string(message::feature_zstd)};
  send(link, hello);
}

void Replica::Impl::receive(LinkId id, std::string_view bytes, Now now) {
  Link* link = find(id);
  if (link == nullptr) return;
  auto message = message::decode(bytes);
  if (!message) {
    close(*link, Trouble::protocol, "what came is no message");
  } else if (link->greeted == std::holds_alternative<message::Hello>(*message)) {
    close(*link, Trouble::protocol, link->greeted ? "a second hello" : "no hello");
  } else {
    std::visit([&](auto& m) { on(*link, m, now); }, *message);
  }
  sweep();
  fetch_bodies(now);
  pump();
}

void Replica::Impl::on(Link&, message::Unknown&, Now) { ++unknown_; }

void Replica::Impl::on(Link& link, message::Hello& m, Now now) {
  if (m.version < 1) return close(link, Trouble::protocol, "no version");
  if (m.desk != self_.desk) return close(link, Trouble::other_desk, "another desk");
  if (m.peer != link.remote) return close(link, Trouble::not_who, "hello of another peer");
  const auto has = [&](std::string_view feature) {
    return std::find(m.features.begin(), m.features.end(), feature) != m.features.end();
  };
  link.bodies = has(message::feature_bodies);
  link.unpacks = has(message::feature_zstd);
  link.greeted = true;
  heard_ = true;
  if (!learn(link, m.frontier)) return;
  const LogName own{self_.desk, m.peer, m.incarnation};
  link.theirs[own] = std::max(link.theirs[own], m.seq);
  if (!doubt(link, now)) return;
  // It may have lost what it had acknowledged before: a disk restored from a backup.
  Peer& peer = peers_[link.remote];
  Frontier told;
  for (const auto& one : m.frontier) told[name_of(one.log)] = one.seq;
  for (auto acked = peer.acked.begin(); acked != peer.acked.end();) {
    const auto now_there = told.find(acked->first);
    if (now_there == told.end()) {
      acked = peer.acked.erase(acked);
    } else {
      acked->second = std::min(acked->second, now_there->second);
      ++acked;
    }
  }
  peer.pending.clear();
  acknowledge(link.remote, {m.incarnation, m.seq, std::move(m.frontier)});
  for (const auto& [log, incoming] : incoming_) {
    if (incoming.frozen) tell_forked(link, log, mine(log));
  }
  beat(link, now);
  choose_all(now);
  fetch_files(now);
}

// What a link's peer has. False: the link was closed for telling too much.
bool Replica::Impl::learn(Link& link, const std::vector<message::Reached>& frontier) {
  for (const auto& one : frontier) {
    std::uint64_t& seq = link.theirs[name_of(one.log)];
    seq = std::max(seq, one.seq);
  }
  if (link.theirs.size() > logs_max + 1) {
    close(link, Trouble::too_much, "too many logs");
    return false;
  }
  return true;
}

// Whoever says that it has more of our own log than we has to show it, signed by us, before it is
// believed that our disk is older than it was. False: the link was closed.
bool Replica::Impl::doubt(Link& link, Now now) {
  const auto told = link.theirs.find(self_);
  if (told == link.theirs.end() || told->second <= mine(self_)) return true;
  refresh(now);  // it may be quicker than what tells us of our own commits
  Incoming& ours = incoming_[self_];
  const bool asked = ours.from || ours.waiting_bytes != 0;
  if (told->second <= mine(self_) || rolled_back || asked) return true;
  std::size_t& owed = peers_[link.remote].proofs_owed;
  if (owed >= proofs_owed_max) {
    close(link, Trouble::protocol, "says that it has more of our log, and never showed it");
    return false;
  }
  ++owed;
  doubt_until_ms_ = now.steady_ms + proof_ms_max;
  want(self_, ours, link, now);
  return true;
}

void Replica::Impl::end_doubt(Now now) {
  const auto ours = incoming_.find(self_);
  if (ours == incoming_.end() || !ours->second.from || ours->second.waiting_bytes != 0) return;
  if (rolled_back || now.steady_ms < doubt_until_ms_) return;
  Link* link = find(*ours->second.from);
  stop(ours->second);
  if (link == nullptr) return;
  peers_[link->remote].proofs_owed = proofs_owed_max;
  close(*link, Trouble::protocol, "says that it has more of our log, and does not show it");
  sweep();
}

void Replica::Impl::carrier_unsent(LinkId id, std::size_t bytes) {
  if (Link* link = find(id)) link->unsent = bytes;
  pump();
}

// --- acknowledgements -------------------------------------------------------------------------

void Replica::Impl::on(Link& link, message::Have& m, Now now) {
  const LogName own{self_.desk, link.remote, m.incarnation};
  std::vector<LogName> touched{own};
  for (const auto& one : m.frontier) touched.push_back(name_of(one.log));
  if (!learn(link, m.frontier) || !doubt(link, now)) return;
  link.theirs[own] = std::max(link.theirs[own], m.seq);
  acknowledged(link);
  acknowledge(link.remote, {m.incarnation, m.seq, std::move(m.frontier)});
  for (const LogName& log : touched) choose(log, now);
}

void Replica::Impl::acknowledge(const PeerId& id, PendingAck ack) {
  Peer& peer = peers_[id];
  peer.pending.push_back(std::move(ack));
  if (peer.pending.size() > pending_acks_max) {
    // The two latest become one that needs the later place.
    PendingAck last = std::move(peer.pending.back());
    peer.pending.pop_back();
    PendingAck& before = peer.pending.back();
    std::map<LogName, std::uint64_t> merged;
    for (const auto* list : {&before.frontier, &last.frontier}) {
      for (const auto& one : *list) {
        std::uint64_t& seq = merged[name_of(one.log)];
        seq = std::max(seq, one.seq);
      }
    }
    last.frontier = reached(merged);
    before = std::move(last);
  }
  count_acks(id, peer);
}

// An acknowledgement counts once what its sender had written before is here: it may have acted
// against what it acknowledges.
void Replica::Impl::count_acks(const PeerId& id, Peer& peer) {
  bool changed = false;
  while (!peer.pending.empty()) {
    const PendingAck& ack = peer.pending.front();
    const LogName own{self_.desk, id, ack.incarnation};
    if (mine(own) < ack.seq) break;
    const auto count = [&](const LogName& log, std::uint64_t seq) {
      if (log == self_) seq = std::min(seq, mine(self_));  // no more than there is
      std::uint64_t& known = peer.acked[log];
      if (seq > known) {
        known = seq;
        changed = true;
      }
    };
    if (ack.seq != 0) count(own, ack.seq);
    for (const auto& one : ack.frontier) count(name_of(one.log), one.seq);
    peer.pending.pop_front();
  }
  if (changed) acks_changed_.insert(id);
}

// Takes up what is durable now, and tells it.
void Replica::Impl::refresh(Now now) {
  Frontier changed;
  bool own_moved = false;
  for (const LogTip& tip : store_.frontier()) {
    std::uint64_t& known = mine_[tip.log];
    if (tip.seq <= known) continue;
    known = tip.seq;
    if (tip.log == self_) {
      own_moved = true;
    } else {
      changed[tip.log] = tip.seq;
      Incoming& incoming = incoming_[tip.log];
      incoming.moved_ms = now.steady_ms;
      // Of several that were committed together the first to be told of frees the window of all: so
      // much will the other side send, as soon as it hears of it.
      for (auto& [number, ticket] : tickets_) {
        if (ticket.log != tip.log || ticket.last > tip.seq) continue;
        incoming.waiting_bytes -= std::min(incoming.waiting_bytes, ticket.bytes);
        ticket.bytes = 0;
      }
    }
  }
  if (changed.empty() && !own_moved) return;
  message::Have have;
  have.incarnation = self_.incarnation;
  have.seq = mine(self_);
  have.frontier = reached(changed);
  const message::Message message = have;
  for (auto& [id, link] : links_) {
    // Whoever has not said hello has got ours, with what there was then.
    if (link.closed) continue;
    const bool follows = std::any_of(link.pushes.begin(), link.pushes.end(),
                                     [&](const auto& push) { return push.second.log == self_; });
    if (!changed.empty() || !follows) send(link, message);
  }
  for (auto& [id, peer] : peers_) count_acks(id, peer);
}

void Replica::Impl::own_appended(Now now) {
  refresh(now);
  pump();
}

Frontier Replica::Impl::acked_by(const PeerId& id) const {
  const auto peer = peers_.find(id);
  return peer == peers_.end() ? Frontier{} : peer->second.acked;
}

bool Replica::Impl::acked(const PeerId& id, const storage::LogKey& key) const {
  const auto peer = peers_.find(id);
  if (peer == peers_.end()) return false;
  const auto upto = peer->second.acked.find(key.log);
  return upto != peer->second.acked.end() && upto->second >= key.seq;
}

// --- beats: sight, clocks, state --------------------------------------------------------------

void Replica::Impl::beat(Link& link, Now now) {
  link.beat_sent_ms = now.steady_ms;
  message::Beat beat;
  beat.sent_ms = now.steady_ms;
  beat.utc_ms = now.utc_ms;
  beat.echo_ms = link.their_sent_ms;
  beat.held_ms = link.their_sent_ms == 0 ? 0 : now.steady_ms - link.their_at_ms;
  if (!states_.empty()) {
    beat.at = states_.front().first;
    beat.state = states_.front().second;
  }
  send(link, beat);
}

void Replica::Impl::on(Link& link, message::Beat& m, Now now) {
  link.their_sent_ms = m.sent_ms;
  link.their_at_ms = now.steady_ms;
  const bool answers = m.echo_ms >= std::max<std::uint64_t>(link.up_ms, 1) &&
                       m.echo_ms <= now.steady_ms && m.held_ms <= now.steady_ms - m.echo_ms;
  if (answers) {
    link.answered_ms = std::max(link.answered_ms, m.echo_ms);
    link.rtt_ms = now.steady_ms - m.echo_ms - m.held_ms;
    link.skew_ms = static_cast<std::int64_t>(m.utc_ms + link.rtt_ms / 2 - now.utc_ms);
  }
  Peer& peer = peers_[link.remote];
  if (m.at != Hash32{}) {
    peer.state = {m.at, m.state};
    compare(link.remote, peer);
  }
  look_around(now);
}

// Who is seen, and whose clock is off.
void Replica::Impl::look_around(Now now) {
  std::size_t fits = 1;
  std::size_t off = 0;
  for (auto& [id, peer] : peers_) {
    const bool seen = sees(id, now);
    if (seen != peer.seen) {
      peer.seen = seen;
      outputs_.push_back(out::Seen{id, seen});
    }
    if (!seen) continue;  // what was known of its clock stays
    std::uint64_t answered_ms = 0;
    std::int64_t skew_ms = 0;
    for (const auto& [link_id, link] : links_) {
      if (link.remote != id || link.answered_ms <= answered_ms) continue;
      answered_ms = link.answered_ms;
      skew_ms = link.skew_ms;
    }
    const bool is_off = std::abs(skew_ms) > static_cast<std::int64_t>(skew_max_ms);
    if (is_off != peer.skewed) {
      peer.skewed = is_off;
      alarm(Trouble::skewed, is_off, id, {}, 0, std::to_string(skew_ms) + " ms");
    }
    ++(is_off ? off : fits);
  }
  // Of three, the one whose clock is off does not keep the other two from working.
  skewed = off >= fits;
}

bool Replica::Impl::sees(const PeerId& id, Now now) const {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& entry) {
    const Link& link = entry.second;
    return link.remote == id && !link.closed && link.answered_ms != 0 &&
           now.steady_ms - std::min(now.steady_ms, link.answered_ms) <= unseen_after_ms;
  });
}

void Replica::Impl::folded(const Frontier& upto, const StateHash& hash, std::string_view version) {
  const Hash32 at = frontier_hash(upto, version);
  if (!states_.empty() && states_.front().first == at) states_.pop_front();
  states_.emplace_front(at, hash);
  if (states_.size() > states_kept) states_.pop_back();
  for (auto& [id, peer] : peers_) compare(id, peer);
}

void Replica::Impl::compare(const PeerId& id, Peer& peer) {
  if (!peer.state) return;
  const auto own = std::find_if(states_.begin(), states_.end(), [&](const auto& state) {
    return state.first == peer.state->first;
  });
  if (own == states_.end()) return;
  const bool differs = own->second != peer.state->second;
  if (differs != peer.diverged) {
    peer.diverged = differs;
    alarm(Trouble::diverged, differs, id, {}, 0, "state hashes at the same frontier");
  }
}

void Replica::Impl::tick(Now now) {
  for (auto& [id, link] : links_) {
    if (link.greeted && now.steady_ms - link.beat_sent_ms >= beat_ms) beat(link, now);
  }
  end_doubt(now);
  look_around(now);
  choose_all(now);
  fetch_bodies(now);
  fetch_files(now);
  pump();
}

bool Replica::Impl::may_append(Now now) const {
  if (rolled_back || now.steady_ms < doubt_until_ms_) return false;
  const std::uint64_t age_ms = now.steady_ms - started_ms_;
  if (!heard_) return known_.empty() || age_ms >= first_hello_wait_ms;
  return age_ms >= own_past_wait_ms_max || !misses_own_past();
}

// Does somebody have more of what we wrote before this disk was restored?
bool Replica::Impl::misses_own_past() const {
  if (mine(self_) != 0) return false;
  return std::any_of(links_.begin(), links_.end(), [this](const auto& entry) {
    const Frontier& theirs = entry.second.theirs;
    return std::any_of(theirs.begin(), theirs.end(), [this](const auto& told) {
      return told.first.peer == self_.peer && told.first != self_ && told.second > mine(told.first);
    });
  });
}

// --- what goes out ----------------------------------------------------------------------------

void Replica::Impl::pump() {
  for (auto& [id, link] : links_) {
    if (!link.greeted || link.closed) continue;
    // Headers of all logs go before bodies, bodies before attachments.
    while (link.unsent < carrier_unsent_max && (push_piece(link) || body_piece(link))) {
    }
    serve_files(link);
  }
}

std::vector<Output> Replica::Impl::take() {
  for (const PeerId& peer : acks_changed_) outputs_.push_back(out::AcksChanged{peer});
  acks_changed_.clear();
  return std::exchange(outputs_, {});
}

Replica::Status Replica::Impl::status() const {
  Status status;
  for (const auto& [id, link] : links_) {
    Status::Link& one = status.links.emplace_back();
    one.id = id;
    one.peer = link.remote;
    one.greeted = link.greeted;
    one.rtt_ms = link.rtt_ms;
    one.skew_ms = link.skew_ms;
    for (const auto& [number, push] : link.pushes) one.unacked_bytes += push.unacked;
    for (const auto& [log, seq] : link.theirs) {
      if (log != self_ && seq > mine(log)) one.missing_events += seq - mine(log);
    }
    for (const auto& [number, batch] : link.batches) {
      status.buffered_bytes += batch.answer.bytes.size();
    }
  }
  for (const auto& [log, incoming] : incoming_) {
    status.buffered_bytes += incoming.partial.bytes.size() + incoming.waiting_bytes;
    if (incoming.frozen) status.frozen.push_back(log);
  }
  status.pending_appends = tickets_.size();
  status.files_wanted = fetches_.size();
  status.unknown_messages = unknown_;
  return status;
}

// --- the interface ----------------------------------------------------------------------------

Replica::Replica(ReplicaStore& store, Now now) : impl_(std::make_unique<Impl>(store, now)) {}
Replica::~Replica() = default;
void Replica::set_peers(std::vector<KnownPeer> peers, Now now) {
  impl_->set_peers(std::move(peers), now);
}
void Replica::link_up(LinkId link, const PeerId& remote, Now now) {
  impl_->link_up(link, remote, now);
}
void Replica::link_down(LinkId link, Now now) { impl_->link_down(link, now); }
void Replica::receive(LinkId link, std::string_view bytes, Now now) {
  impl_->receive(link, bytes, now);
}
void Replica::carrier_unsent(LinkId link, std::size_t bytes, Now) {
  impl_->carrier_unsent(link, bytes);
}
void Replica::tick(Now now) { impl_->tick(now); }
void Replica::own_appended(Now now) { impl_->own_appended(now); }
void Replica::appended(std::uint64_t ticket, AppendOutcome outcome, Now now) {
  impl_->appended(ticket, std::move(outcome), now);
}
void Replica::folded(const Frontier& upto, const StateHash& hash, Now, std::string_view version) {
  impl_->folded(upto, hash, version);
}
void Replica::want_file(const Hash32& hash, std::uint64_t have, Now now, bool urgent) {
  impl_->want_file(hash, have, urgent, now);
}
void Replica::file_stored(const Hash32& hash, std::uint64_t next, FileState state, Now now) {
  impl_->file_stored(hash, next, state, now);
}
void Replica::unfreeze(const LogName& log, Now now) { impl_->unfreeze(log, now); }
std::vector<Output> Replica::take() { return impl_->take(); }
bool Replica::may_append(Now now) const { return impl_->may_append(now); }
bool Replica::rolled_back() const { return impl_->rolled_back; }
bool Replica::sees(const PeerId& peer, Now now) const { return impl_->sees(peer, now); }
bool Replica::skewed() const { return impl_->skewed; }
Frontier Replica::acked_by(const PeerId& peer) const { return impl_->acked_by(peer); }
bool Replica::acked(const PeerId& peer, const storage::LogKey& key) const {
  return impl_->acked(peer, key);
}
Replica::Status Replica::status() const { return impl_->status(); }

}  // namespace deskmate::peer
