#include "core/daemon/peering.hpp"

#include <algorithm>
#include <utility>

#include "core/daemon/errors.hpp"
#include "core/daemon/event_fold.hpp"
#include "core/peer/peer_id.hpp"

namespace deskmate::daemon {
Peering::Peering(bus::Loop& loop, Service& service, PeeringOptions options, PeeringHooks hooks)
    : loop_(loop),
      service_(service),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      store_(
          service.store, [this](std::function<void()> work) { in_turn(std::move(work)); },
          [&loop](std::function<void()> work) { loop.post(std::move(work)); }),
      replica_(store_, {loop.now_ms(), options_.wall_ms()}),
      attachments_(loop, service.store, service.pool,
                   {[this](const storage::Hash32& hash, std::uint64_t have, bool urgent) {
                      replica_.want_file(hash, have, now(), urgent);
                      work();
                    },
                    [this](const storage::Error& error) {
                      log(true, "file", {{"error", error.message}});
                    }}),
      erasures_(loop, erasing()),
      alive_(std::make_shared<bool>(true)) {}

Peering::~Peering() {
  *alive_ = false;
  loop_.cancel(timer_);
  service_.meet(nullptr);
}

void Peering::start() {
  service_.meet(this);
  peers_changed();
  agree_to_members();
  greet();
  could_append_ = may_append();
  tick();
  if (could_append_) service_.journal.resume();
}

void Peering::tick() {
  loop_.cancel(timer_);
  timer_ = loop_.call_at(loop_.now_ms() + peer::replica_tick_ms, [this] {
    timer_ = 0;
    tick();
  });
  const peer::Now at = now();
  if (!links_.empty() && at.steady_ms >= hash_told_ms_ + hash_every_ms) {
    // Only where the fold has all that is on disk do the frontier and the hash belong together.
    if (service_.journal.position() == service_.store.last_arrival()) {
      hash_told_ms_ = at.steady_ms;
      peer::Frontier upto;
      for (const auto& tip : service_.store.frontier()) {
        if (tip.seq > 0) upto[tip.log] = tip.seq;
      }
      replica_.folded(upto, service_.desk.hash(), at, fold_version);
    }
  }
  replica_.tick(at);
  work();
  attachments_.tick();
  if (!std::exchange(could_append_, may_append()) && could_append_) service_.journal.resume();
  greet();
  if (stopping_) finish_stop();
}

void Peering::carrier_up(std::unique_ptr<peer::Carrier> carrier) {
  if (links_.size() >= peer::links_max || stopping_) {
    return carrier->close({Status::limit, "too many links", {}});
  }
  const peer::LinkId id = ++last_link_;
  peer::Carrier& here = *carrier;
  here.on_frame = [this, id](std::string_view frame) {
    replica_.receive(id, frame, now());
    if (const auto found = links_.find(id); found != links_.end()) {
      replica_.carrier_unsent(id, found->second.carrier->unsent_bytes(), now());
    }
    work();
  };
  here.on_drained = [this, id] {
    replica_.carrier_unsent(id, 0, now());
    work();
  };
  here.on_closed = [this, id](const Error& why) {
    log(false, "link", {{"closed", why.message}});
    drop(id);
    replica_.link_down(id, now());
    work();
  };
  const peer::PeerId remote = here.remote();
  log(false, "link", {{"open", peer::to_text(remote)}});
  links_[id].carrier = std::move(carrier);
  replica_.link_up(id, remote, now());
  work();
}

// The pool has several threads; what replication stores must keep its order.
void Peering::in_turn(std::function<void()> blocking) {
  turns_.push_back(std::move(blocking));
  if (turns_.size() == 1) next_turn();
}

void Peering::next_turn() {
  service_.pool.run(turns_.front(), [this, alive = alive_] {
    if (!*alive) return;
    turns_.pop_front();
    if (!turns_.empty()) next_turn();
  });
}

// A carrier is not destroyed within its own callback.
void Peering::drop(peer::LinkId link) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  ended_.push_back(std::move(found->second.carrier));
  links_.erase(found);
  loop_.post([this, alive = alive_] {
    if (*alive) ended_.clear();
  });
}

bool Peering::linked(const peer::PeerId& peer) const {
  return std::any_of(links_.begin(), links_.end(),
                     [&](const auto& link) { return link.second.carrier->remote() == peer; });
}

// What is handled may lead to more outputs; they are taken up here and not below one another.
void Peering::work() {
  if (std::exchange(working_, true)) return;
  for (auto outputs = replica_.take(); !outputs.empty(); outputs = replica_.take()) {
    for (auto& output : outputs) {
      std::visit([this](auto& out) { handle(out); }, output);
    }
  }
  working_ = false;
}

void Peering::handle(peer::out::Send& out) {
  const auto found = links_.find(out.link);
  if (found == links_.end()) return;
  found->second.carrier->send(std::move(out.bytes));
  replica_.carrier_unsent(out.link, found->second.carrier->unsent_bytes(), now());
}

void Peering::handle(peer::out::Close& out) {
  const auto found = links_.find(out.link);
  if (found == links_.end()) return;
  const std::string why(peer::to_string(out.why));
  log(true, "link",
      {{"closing", peer::to_text(found->second.carrier->remote())},
       {"reason", why},
       {"detail", out.detail}});
  found->second.carrier->close({Status::invalid, why, out.detail});
  drop(out.link);
}

void Peering::handle(peer::out::Append& out) {
  store_.append(std::move(out),
                [this, alive = alive_](std::uint64_t ticket, peer::AppendOutcome outcome,
                                       const storage::Arrived& arrived) {
                  if (!*alive) return;
                  replica_.appended(ticket, std::move(outcome), now());
                  if (arrived.count > 0) {
                    service_.journal.arrived();
                    attachments_.look();
                  }
                  work();
                });
}

void Peering::handle(peer::out::PutFile& out) {
  store_.put_file(std::move(out),
                  [this, alive = alive_](const storage::Hash32& hash, std::uint64_t next,
                                         peer::Replica::FileState state) {
                    if (!*alive) return;
                    replica_.file_stored(hash, next, state, now());
                    work();
                  });
}

void Peering::handle(peer::out::FileDone& out) {
  if (!out.found) log(true, "file", {{"hash", storage::hex(out.hash)}, {"found", "no"}});
  attachments_.finished(out.hash, out.found);
}

// Many acknowledgements, one look.
void Peering::handle(peer::out::AcksChanged&) {
  if (std::exchange(look_planned_, true)) return;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    look_planned_ = false;
    service_.journal.look_again();
    service_.outbox.pump();
    if (stopping_) finish_stop();
  });
}

void Peering::handle(peer::out::Seen& out) {
  log(!out.seen, "peer", {{"id", peer::to_text(out.peer)}, {"seen", out.seen ? "yes" : "no"}});
  peer::out::AcksChanged changed{out.peer};
  handle(changed);
}

void Peering::handle(peer::out::Alarm& out) {
  const std::string what(peer::to_string(out.what));
  log(true, "alarm",
      {{"what", what},
       {"raised", out.raised ? "yes" : "no"},
       {"peer", peer::to_text(out.peer)},
       {"detail", out.detail}});
  alarms_.push_back({options_.wall_ms(), what, out.peer, out.detail, out.raised});
  if (alarms_.size() > alarms_kept) alarms_.pop_front();
  peer::out::AcksChanged changed{out.peer};
  handle(changed);
}

// --- what the service asks ---------------------------------------------------------------------

desk::Sight Peering::sight() const {
  desk::Sight out;
  out.self = service_.store.log().peer;
  out.now_ms = options_.wall_ms();
  out.skewed = replica_.skewed();
  out.sees = [this](const desk::PeerId& peer) { return replica_.sees(peer, now()); };
  out.acked = [this](const desk::PeerId& peer, const storage::LogKey& key) {
    return replica_.acked(peer, key);
  };
  return out;
}

void Peering::own_durable() {
  replica_.own_appended(now());
  // Not from within the journal's own work.
  loop_.post([this, alive = alive_] {
    if (*alive) work();
  });
}

void Peering::folded(std::string_view type) {
  const bool peers = type.starts_with("peer.");
  const bool members = type.starts_with("member.");
  const bool erasure = type == "buyer.erased" || type == "buyer.forgotten";
  if (!peers && !members && !erasure) return;
  loop_.post([this, alive = alive_, peers, members] {
    if (!*alive) return;
    if (peers) {
      peers_changed();
      greet();
    }
    if (peers || members) agree_to_members();
    if (!peers && !members) erasures_.look();
  });
}

std::vector<desk::PeerView> Peering::others() const {
  std::vector<desk::PeerView> out;
  for (auto& view : service_.desk.peers()) {
    if (view.id == service_.store.log().peer || view.standing == desk::PeerStanding::removed) {
      continue;
    }
    out.push_back(std::move(view));
  }
  return out;
}

void Peering::peers_changed() {
  std::vector<peer::KnownPeer> known;
  for (const auto& view : service_.desk.peers()) {
    if (view.id == service_.store.log().peer) continue;
    peer::KnownPeer one;
    one.id = view.id;
    if (view.standing == desk::PeerStanding::removed) {
      one.cuts = view.cut;
      cut_off(view);
    }
    known.push_back(std::move(one));
  }
  // Of a desk that was just joined nothing is here yet but who let us in.
  if (known.empty() && options_.inviter) known.push_back({*options_.inviter, {}});
  if (!known.empty()) attachments_.look();
  replica_.set_peers(std::move(known), now());
  work();
  erasures_.look();
  if (hooks_.on_peers) hooks_.on_peers();
}

void Peering::cut_off(const desk::PeerView& removed) {
  const auto known = cut_off_.find(removed.id);
  if (known != cut_off_.end() && known->second == removed.cut) return;
  cut_off_[removed.id] = removed.cut;
  auto cuts = removed.cut;
  if (cuts.empty()) cuts[0] = 0;  // there is no such log: nothing is taken
  for (const auto& [incarnation, seq] : cuts) {
    service_.store.cut(removed.id, incarnation, seq,
                       [this, alive = alive_, id = removed.id,
                        &loop = loop_](const storage::Result<void>& result) {
                         if (result.has_error()) return;
                         loop.post([this, alive, id] {
                           if (*alive) widen_cut(id);
                         });
                       });
  }
}

// What was taken of its logs beyond the cut, before this peer knew of it, is the desk's: everybody
// is to have it, or the logs would differ for good.
void Peering::widen_cut(const peer::PeerId& removed) {
  std::vector<desk::Desk::LogCut> cut;
  std::map<std::uint64_t, std::uint64_t> tips;
  for (const auto& tip : service_.store.frontier()) {
    if (tip.log.peer != removed || tip.seq == 0) continue;
    cut.push_back({tip.log.incarnation, tip.seq});
    tips[tip.log.incarnation] = tip.seq;
  }
  const auto wider = service_.desk.remove_peer(removed, cut);  // an error: nothing is beyond it
  if (wider.has_error() || std::exchange(widened_[removed], tips) == tips) return;
  service_.append(wider.value(), [](const Result<std::vector<Outcome>>&) {});
}

// A peer that left, or was restored, says that it is back before it acts.
void Peering::greet() {
  if (greeting_ || stopping_) return;
  // To agree is a joiner's first event: it is queued before any other.
  const bool joins = options_.inviter && !options_.agreed;
  if (!joins && (!may_append() || !service_.desk.needs_hello())) return;
  greeting_ = true;
  const auto hello = joins ? service_.desk.agree_to_join(*options_.inviter) : service_.desk.hello();
  if (hello.has_error()) {
    greeting_ = false;
    return;
  }
  service_.append(hello.value(),
                  [this, alive = alive_, joins](const Result<std::vector<Outcome>>& result) {
                    if (!*alive) return;
                    greeting_ = false;
                    if (!joins || !result) return;
                    options_.agreed = true;
                    if (hooks_.on_agreed) hooks_.on_agreed();
                  });
}

// What the owner has written down as the other owner did needs no further word.
void Peering::agree_to_members() {
  const auto& self = service_.store.log().peer;
  for (const auto& change : service_.desk.changes_waiting()) {
    const auto& waits = change.waits_for;
    if (std::find(waits.begin(), waits.end(), self) == waits.end()) continue;
    const bool expected = std::any_of(
        options_.members_elsewhere.begin(), options_.members_elsewhere.end(),
        [&](const desk::MemberSpec& spec) {
          return spec.number == change.member && spec.weight == change.weight && !change.removed;
        });
    if (!expected || !agreed_to_.insert(change.change).second) continue;
    const auto agreed = service_.desk.agree_to_change(change.change);
    if (agreed.has_error()) continue;
    service_.append(agreed.value(), [this, alive = alive_, id = change.change](
                                        const Result<std::vector<Outcome>>& result) {
      if (*alive && !result) agreed_to_.erase(id);
    });
  }
}

void Peering::unfreeze(const storage::LogName& log, std::function<void(Result<void>)> done) {
  service_.store.unfreeze(log, [this, alive = alive_, log, done = std::move(done),
                                &loop = loop_](const storage::Result<void>& result) {
    loop.post([this, alive, log, done, result] {
      if (!*alive) return;
      if (result.has_error()) return done(to_error(result.error()));
      replica_.unfreeze(log, now());
      work();
      done({});
    });
  });
}

// A chat of a peer that has vanished: taken unless the thread shows that somebody has answered.
void Peering::take_over(desk::Proposal proposal) {
  const auto chat = desk::id16(proposal.facts["chat"].as_bin());
  if (!chat || !taking_.insert(*chat).second) return;
  const auto kept = std::make_shared<desk::Proposal>(std::move(proposal));
  read_tail(*chat, [this, alive = alive_, chat = *chat, kept](Tail tail) {
    if (!*alive) return;
    if (tail == Tail::answered) {
      // What the connector finds in the thread reaches the desk as message.sent by itself.
      taking_.erase(chat);
      return;
    }
    kept->needs_tail = false;
    service_.append(*kept, [this, alive, chat](const Result<std::vector<Outcome>>&) {
      if (*alive) taking_.erase(chat);
    });
  });
}

void Peering::read_tail(const desk::Id16& chat, TailRead done) {
  const auto row = service_.desk.chat_row(chat, options_.wall_ms());
  const auto answer = [this, alive = alive_, done](Tail tail) {
    loop_.post([alive, done, tail] {
      if (*alive) done(tail);
    });
  };
  if (!row) return answer(Tail::unknown);
  Value params = Value::map({{"chat", Value::bin(chat)}, {"since_ms", row->last_in_ms}});
  if (row->last_in) params["refs"] = service_.bodies.of(*row->last_in)["refs"];
  const auto asked = service_.bus.call(row->shop, "thread.tail", params, tail_deadline_ms,
                                       [answer](const Result<std::string>& result) {
                                         if (!result) return answer(Tail::unknown);
                                         const auto told = decode(*result);
                                         answer(!told                           ? Tail::unknown
                                                : (*told)["answered"].as_bool() ? Tail::answered
                                                                                : Tail::unanswered);
                                       });
  if (!asked) answer(Tail::unknown);
}

Erasures::Hooks Peering::erasing() {
  Erasures::Hooks hooks;
  hooks.wanted = [this] { return service_.desk.erasures_wanted(service_.store.log().peer); };
  hooks.destroy = [this](const desk::ErasureView& wanted, auto done) {
    struct Work {
      desk::ErasureView wanted;
      Erasures::Keys keys;
      storage::Result<void> done;
    };
    auto work = std::make_shared<Work>();
    work->wanted = wanted;
    service_.pool.run(
        [work, &store = service_.store] {
          if (work->wanted.erasure) {
            work->keys = store.keys_of(work->wanted.buyer);
            work->done = store.erase_buyer(work->wanted.buyer);
          }
          if (work->done.has_value() && !work->wanted.keys.empty()) {
            work->done = store.erase_keys(work->wanted.keys);
          }
        },
        [this, alive = alive_, work, done] {
          if (!*alive) return;
          if (work->done.has_error()) {
            log(true, "erase", {{"error", work->done.error().message}});
            return done(std::nullopt);
          }
          Erasures::Keys keys = work->wanted.keys;
          keys.insert(keys.end(), work->keys.begin(), work->keys.end());
          std::sort(keys.begin(), keys.end());
          keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
          done(std::move(keys));
        });
  };
  hooks.say = [this](const storage::Id16& buyer, const Erasures::Keys& keys, auto done) {
    const auto forgotten = service_.desk.forgotten(buyer, keys);
    if (forgotten.has_error()) return done(false);
    service_.append(forgotten.value(), [done](const Result<std::vector<Outcome>>& appended) {
      done(appended.has_value());
    });
  };
  return hooks;
}

// --- the end -----------------------------------------------------------------------------------

void Peering::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  stop_by_ms_ = loop_.now_ms() + goodbye_ms_max;
  const auto proposal = service_.desk.goodbye(sight());
  if (proposal.has_error() || !may_append()) {
    stop_by_ms_ = loop_.now_ms();
    return loop_.post([this, alive = alive_] {
      if (*alive) finish_stop();
    });
  }
  service_.append(proposal.value(),
                  [this, alive = alive_](const Result<std::vector<Outcome>>& result) {
                    if (!*alive) return;
                    if (!result) {
                      stop_by_ms_ = loop_.now_ms();
                    } else {
                      for (const auto& tip : service_.store.frontier()) {
                        if (tip.log == service_.store.log()) goodbye_ = {tip.log, tip.seq};
                      }
                    }
                    finish_stop();
                  });
}

void Peering::finish_stop() {
  if (!stopped_) return;
  bool known = goodbye_.seq > 0;
  for (const auto& other : others()) {
    if (!replica_.sees(other.id, now())) continue;  // it cannot be told now
    known = known && replica_.acked(other.id, goodbye_);
  }
  if (!known && loop_.now_ms() < stop_by_ms_) return;
  for (auto& [id, link] : links_) {
    link.carrier->close({Status::ok, "the desk is stopping", {}});
    replica_.link_down(id, now());
    ended_.push_back(std::move(link.carrier));
  }
  links_.clear();
  std::exchange(stopped_, nullptr)();
}

void Peering::log(bool warn, std::string_view what,
                  const std::vector<std::pair<std::string, std::string>>& fields) const {
  if (hooks_.log) hooks_.log(warn, what, fields);
}

}  // namespace deskmate::daemon
