// The desk's peers, what both owners must agree to, and erasures. See README.md, "Several peers".
#include <algorithm>

#include "core/desk/fold.hpp"
#include "core/desk/peers.hpp"

namespace deskmate::desk {
namespace {

void edit_peer(State& state, const PeerId& peer, const std::function<void(PeerRecord&)>& change) {
  const Key key = Key().peer(peer);
  PeerRecord record = state.load<PeerRecord>(table::peers, key);
  change(record);
  state.save(table::peers, key, record);
}

void say(PeerRecord& record, Said said, const Place& at) {
  if (take_latest(record.said_at, at)) record.said = static_cast<std::uint8_t>(said);
  if (said == Said::hello) take_latest(record.hello_at, at);
}

}  // namespace

Folded Fold::peer_added(In& in) {
  Facts& facts = in.facts;
  const PeerId peer = facts.peer("peer");
  const std::string name = facts.name_if("name");
  const PeerId founder = facts.peer_if("founder").value_or(in.event.key.log.peer);
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, peer, [&](PeerRecord& record) {
    if (take_first(record.added_at, at)) record.name = name;
  });
  edit_book([&](BookRecord& book) {
    if (take_first(book.founder_at, at)) book.founder = founder;
  });
  return Folded::routing;
}

Folded Fold::peer_agreed(In& in) {
  in.facts.peer("peer");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, in.event.key.log.peer,
            [&](PeerRecord& record) { take_first(record.agreed_at, at); });
  return Folded::routing;
}

Folded Fold::peer_removed(In& in) {
  const PeerId peer = in.facts.peer("peer");
  std::vector<CutRecord> cut;
  const View list = in.facts.raw("cut");
  in.facts.require((list.is_nil() || list.is_array()) && list.size() <= ids_max);
  if (!in.facts.ok()) return Folded::malformed;
  for (const View item : list) {
    in.facts.require(item.is_array() && item.size() == 2);
    if (!in.facts.ok()) return Folded::malformed;
    cut.push_back({item[std::size_t{0}].as_uint(), item[std::size_t{1}].as_uint()});
  }
  const Place at = state_.place(in.event);
  // What any peer of the desk had taken is everybody's: the cut is the widest of all.
  edit_peer(state_, peer, [&](PeerRecord& record) {
    take_first(record.removed_at, at);
    for (const CutRecord& one : cut) {
      const auto known = std::lower_bound(
          record.cut.begin(), record.cut.end(), one,
          [](const CutRecord& a, const CutRecord& b) { return a.incarnation < b.incarnation; });
      if (known == record.cut.end() || known->incarnation != one.incarnation) {
        record.cut.insert(known, one);
      } else {
        known->seq = std::max(known->seq, one.seq);
      }
    }
  });
  // Nobody waits for its word any more.
  std::vector<Id16> open;
  state_.each(table::changes_open, {}, false, [&](std::string_view key, std::string_view) {
    open.push_back(id_at(key, 0));
    return true;
  });
  for (const Id16& change : open) settle(change);
  return Folded::routing;
}

Folded Fold::peer_hello(In& in) {
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, in.event.key.log.peer,
            [&](PeerRecord& record) { say(record, Said::hello, at); });
  return Folded::routing;
}

Folded Fold::peer_goodbye(In& in) {
  const auto to = in.facts.peer_if("to");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, in.event.key.log.peer,
            [&](PeerRecord& record) { say(record, Said::goodbye, at); });
  if (to) pass_book(*to, at);
  return Folded::routing;
}

Folded Fold::peer_gone(In& in) {
  const PeerId peer = in.facts.peer("peer");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, peer, [&](PeerRecord& record) { say(record, Said::gone, at); });
  return Folded::routing;
}

// Who is known here is known to whoever reads this, even before the other's own log has come.
Folded Fold::peer_met(In& in) {
  Facts& facts = in.facts;
  const PeerId peer = facts.peer("peer");
  Place hello;
  hello.stamp = facts.uint("stamp", UINT64_MAX);
  hello.incarnation = facts.uint("incarnation", UINT64_MAX);
  hello.seq = facts.uint("seq");
  hello.peer = read_be(bytes_of(peer).substr(0, 8));
  facts.require(hello.any());
  if (!facts.ok()) return Folded::malformed;
  state_.place(in.event);
  edit_peer(state_, peer, [&](PeerRecord& record) {
    record.met = true;
    say(record, Said::hello, hello);
  });
  state_.put(table::met, Key().peer(peer).place(hello).peer(in.event.key.log.peer), {});
  return Folded::routing;
}

Folded Fold::peer_ready(In& in) {
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  edit_peer(state_, in.event.key.log.peer,
            [&](PeerRecord& record) { take_latest(record.ready_at, at); });
  return Folded::routing;
}

Folded Fold::book_passed(In& in) {
  const PeerId to = in.facts.peer("to");
  if (!in.facts.ok()) return Folded::malformed;
  pass_book(to, state_.place(in.event));
  return Folded::routing;
}

void Fold::edit_book(const std::function<void(BookRecord&)>& change) {
  BookRecord book = state_.load<BookRecord>(table::book, book_key);
  change(book);
  state_.save(table::book, book_key, book);
}

void Fold::pass_book(const PeerId& to, const Place& at) {
  edit_book([&](BookRecord& book) {
    if (take_latest(book.passed_at, at)) book.holder = to;
  });
}

Folded Fold::member_agreed(In& in) {
  const Id16 change = in.facts.id("change");
  const auto asks = in.facts.peers("asks");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  const PeerId peer = in.event.key.log.peer;
  ChangeRecord record = state_.load<ChangeRecord>(table::changes, Key().id(change));
  auto mine =
      std::lower_bound(record.agreed.begin(), record.agreed.end(), peer,
                       [](const AgreedRecord& one, const PeerId& who) { return one.peer < who; });
  if (mine == record.agreed.end() || mine->peer != peer) {
    mine = record.agreed.insert(mine, AgreedRecord{});
    mine->peer = peer;
    mine->asks = asks;
  }
  take_first(mine->at, at);
  // A restored peer may say it twice. So that a change in force stays so, the fewest are asked.
  std::erase_if(mine->asks, [&](const PeerId& one) {
    return std::find(asks.begin(), asks.end(), one) == asks.end();
  });
  state_.save(table::changes, Key().id(change), record);
  settle(change);
  return Folded::routing;
}

// In force once nobody's word lacks; from then on for good.
void Fold::settle(const Id16& change) {
  const Key id = Key().id(change);
  const auto record = state_.load<ChangeRecord>(table::changes, id);
  if (!record.at.any()) return;
  if (!change_waits_for(state_, record).empty()) {
    state_.put(table::changes_open, id, {});
    return;
  }
  state_.erase(table::changes_open, id);
  const Key key = Key().u32(record.member);
  MemberRecord member = state_.load<MemberRecord>(table::members, key);
  if (take_latest(member.settled_at, record.at)) {
    member.weight = record.weight;
    member.removed = record.removed;
    member.peer = record.peer;
  }
  member.waiting = false;
  state_.save(table::members, key, member);
}

Folded Fold::buyer_erased(In& in) {
  const Id16 buyer = in.facts.id("buyer");
  if (!in.facts.ok()) return Folded::malformed;
  ErasureRecord record = state_.load<ErasureRecord>(table::erasures, Key().id(buyer));
  if (take_latest(record.at, state_.place(in.event))) record.event = in.event.id;
  state_.save(table::erasures, Key().id(buyer), record);
  return Folded::quiet;
}

Folded Fold::buyer_forgotten(In& in) {
  Facts& facts = in.facts;
  const Id16 buyer = facts.id("buyer");
  const auto erasure = facts.id_if("erasure");
  std::vector<Id16> keys;
  const View list = facts.raw("keys");
  facts.require((list.is_nil() || list.is_array()) && list.size() <= forgotten_keys_max);
  if (!facts.ok()) return Folded::malformed;
  for (const View item : list) {
    const auto key = id16(item.as_bin());
    facts.require(key.has_value());
    if (!facts.ok()) return Folded::malformed;
    keys.push_back(*key);
  }
  const PeerId peer = in.event.key.log.peer;
  const Place at = state_.place(in.event);
  const Key done = Key().id(buyer).peer(peer);
  ForgottenRecord record = state_.load<ForgottenRecord>(table::forgotten, done);
  if (erasure && take_latest(record.at, at)) record.erasure = erasure;
  state_.save(table::forgotten, done, record);
  for (const Id16& key : keys) state_.put(table::dead_keys, Key().id(buyer).id(key).peer(peer), {});
  return Folded::quiet;
}

}  // namespace deskmate::desk
