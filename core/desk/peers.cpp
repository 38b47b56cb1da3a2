#include "core/desk/peers.hpp"

#include <algorithm>

namespace deskmate::desk {

std::string_view to_string(PeerStanding standing) {
  switch (standing) {
    case PeerStanding::joining:
      return "joining";
    case PeerStanding::here:
      return "here";
    case PeerStanding::left:
      return "left";
    case PeerStanding::gone:
      return "gone";
    case PeerStanding::removed:
      return "removed";
  }
  return "joining";
}

Peers::Peers(const State& state) : state_(state) {
  state_.each(table::peers, {}, false, [this](std::string_view key, std::string_view value) {
    all_.push_back({peer_at(key, 0), state_.decode<PeerRecord>(value)});
    return true;
  });
  if (all_.empty()) return;
  book_ = state_.load<BookRecord>(table::book, book_key);
  // The first peer said nothing when it was alone; others are there once they are spoken of.
  if (book_.founder && find(*book_.founder) == nullptr) {
    const auto at =
        std::lower_bound(all_.begin(), all_.end(), *book_.founder,
                         [](const One& one, const PeerId& wanted) { return one.id < wanted; });
    all_.insert(at, One{*book_.founder, PeerRecord{}});
  }
  for (const One& one : all_) {
    if (here(one.id)) view_.push_back(one.id);
  }
}

const PeerRecord* Peers::find(const PeerId& peer) const {
  const auto at =
      std::find_if(all_.begin(), all_.end(), [&](const One& one) { return one.id == peer; });
  return at == all_.end() ? nullptr : &at->record;
}

PeerStanding Peers::standing(const PeerId& peer) const {
  const PeerRecord* record = find(peer);
  if (record == nullptr) return PeerStanding::joining;
  if (record->removed_at.any()) return PeerStanding::removed;
  switch (static_cast<Said>(record->said)) {
    case Said::goodbye:
      return PeerStanding::left;
    case Said::gone:
      return PeerStanding::gone;
    case Said::hello:
      return founder(peer) || record->joined() ? PeerStanding::here : PeerStanding::joining;
    case Said::nothing:
      break;
  }
  return founder(peer) ? PeerStanding::here : PeerStanding::joining;
}

bool Peers::ready(const PeerId& peer) const {
  if (!here(peer)) return false;
  const PeerRecord* record = find(peer);
  if (static_cast<Said>(record->said) == Said::nothing) return true;  // the first, from the start
  return record->ready_at.any() && record->hello_at < record->ready_at;
}

bool Peers::needs_hello(const storage::LogName& self) const {
  const PeerRecord* mine = find(self.peer);
  if (alone() || mine == nullptr || mine->removed_at.any()) return false;
  const auto said = static_cast<Said>(mine->said);
  // The first peer said nothing when it was alone, in the log in which it added the second.
  if (said == Said::nothing) {
    return !founder(self.peer) ||
           (book_.founder_at.peer == read_be(bytes_of(self.peer).substr(0, 8)) &&
            book_.founder_at.incarnation != self.incarnation);
  }
  return said != Said::hello || mine->hello_at.incarnation != self.incarnation;
}

std::vector<PeerId> Peers::owners() const {
  std::vector<PeerId> out;
  for (const One& one : all_) {
    const bool joined = founder(one.id) || one.record.joined();
    if (joined && !one.record.removed_at.any()) out.push_back(one.id);
  }
  return out;
}

std::optional<PeerId> Peers::holder() const {
  if (alone()) return std::nullopt;
  const auto& named = registered_holder();
  if (named && here(*named)) return named;
  for (const PeerId& peer : view_) {
    if (ready(peer)) return peer;
  }
  if (view_.empty()) return std::nullopt;
  return view_.front();
}

bool Peers::has_met(const PeerId& who, const PeerId& whom) const {
  const PeerRecord* record = find(whom);
  return record != nullptr &&
         state_.has(table::met, Key().peer(whom).place(record->hello_at).peer(who));
}

std::vector<PeerId> Peers::unmet(const PeerId& peer) const {
  std::vector<PeerId> wanted = view_;
  // Whoever keeps the book knows of everybody who began to act before: also when it has left.
  if (const auto& keeper = registered_holder()) {
    const PeerStanding is = standing(*keeper);
    if (is != PeerStanding::gone && is != PeerStanding::removed) wanted.push_back(*keeper);
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::erase_if(wanted, [&](const PeerId& one) { return one == peer || has_met(one, peer); });
  // A restored peer has forgotten what came after its backup: whoever had left by then may have
  // come back, and have left again since.
  if (!restored(peer)) return wanted;
  for (const One& one : all_) {
    if (standing(one.id) == PeerStanding::left && !has_met_log(one.id, peer)) {
      wanted.push_back(one.id);
    }
  }
  return wanted;
}

bool Peers::restored(const PeerId& peer) const {
  const PeerRecord* record = find(peer);
  if (record == nullptr || !record->hello_at.any()) return false;
  const Place& joined = founder(peer) ? book_.founder_at : record->agreed_at;
  return joined.peer == record->hello_at.peer && joined.incarnation != record->hello_at.incarnation;
}

bool Peers::has_met_log(const PeerId& who, const PeerId& whom) const {
  bool met = false;
  each_met_hello(whom, [&](const Place&, const PeerId& by) {
    met = by == who;
    return !met;
  });
  return met;
}

Place Peers::began_anew(const PeerId& peer) const {
  Place first = find(peer)->hello_at;
  each_met_hello(peer, [&](const Place& hello, const PeerId&) {
    first = hello;
    return true;
  });
  return first;
}

void Peers::each_met_hello(const PeerId& whom,
                           const std::function<bool(const Place&, const PeerId&)>& each) const {
  const std::uint64_t incarnation = find(whom)->hello_at.incarnation;
  state_.each(table::met, Key().peer(whom), true, [&](std::string_view key, std::string_view) {
    const Place hello = place_of(key.substr(sizeof(PeerId)));
    return hello.incarnation == incarnation &&
           each(hello, peer_at(key, sizeof(PeerId) + place_size));
  });
}

bool Peers::dropped_since(const Place& place) const {
  return std::any_of(all_.begin(), all_.end(), [&](const One& one) {
    const bool gone = static_cast<Said>(one.record.said) == Said::gone;
    return place < one.record.removed_at || (gone && place < one.record.said_at) ||
           (place < one.record.hello_at && restored(one.id) && place < began_anew(one.id));
  });
}

std::vector<PeerId> Peers::lacking(const Place& event, const Sight& sight) const {
  std::vector<PeerId> out;
  const EventRef ref = state_.ref(event);
  for (const PeerId& peer : view_) {
    if (peer != sight.self && !sight.has_acked(peer, ref)) out.push_back(peer);
  }
  return out;
}

bool Peers::whole(const Sight& sight) const {
  return std::all_of(view_.begin(), view_.end(),
                     [&](const PeerId& peer) { return sight.seen(peer); });
}

PeerId Peers::peer_of(const MemberRecord& member) const {
  return member.peer.value_or(book_.founder.value_or(PeerId{}));
}

std::vector<Contender> Peers::settled() const {
  std::vector<Contender> out;
  for (const auto& [number, member] : state_.members()) {
    if (member.removed || member.weight == 0 || !here(peer_of(member))) continue;
    if (out.size() < members_max) out.push_back({number, member.weight});
  }
  return out;
}

std::vector<std::vector<Contender>> Peers::rosters(const PeerId& self) const {
  std::vector<ChangeRecord> waiting;
  state_.each(table::changes_open, {}, false, [&](std::string_view key, std::string_view) {
    auto change = state_.load<ChangeRecord>(table::changes, key);
    const auto lacks = change_waits_for(state_, change);
    // What self has not agreed to is in force nowhere.
    if (std::find(lacks.begin(), lacks.end(), self) == lacks.end()) {
      waiting.push_back(std::move(change));
    }
    return waiting.size() <= changes_weighed_max;
  });
  if (waiting.empty()) return {settled()};
  if (waiting.size() > changes_weighed_max) return {};

  std::map<MemberNo, MemberRecord> members;
  state_.each(table::members, {}, false, [&](std::string_view key, std::string_view value) {
    members[static_cast<MemberNo>(read_be(key))] = state_.decode<MemberRecord>(value);
    return true;
  });
  std::vector<std::vector<Contender>> out;
  for (std::uint32_t chosen = 0; chosen < 1u << waiting.size(); ++chosen) {
    auto roster = members;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if ((chosen >> i & 1) == 0) continue;
      const ChangeRecord& change = waiting[i];
      MemberRecord& member = roster[change.member];
      if (!take_latest(member.settled_at, change.at)) continue;
      member.profile_at = change.at;
      member.waiting = false;
      member.weight = change.weight;
      member.removed = change.removed;
      member.peer = change.peer;
    }
    std::vector<Contender> contenders;
    for (const auto& [number, member] : roster) {
      if (!member.known() || member.removed || member.weight == 0 || !here(peer_of(member))) {
        continue;
      }
      if (contenders.size() < members_max) contenders.push_back({number, member.weight});
    }
    out.push_back(std::move(contenders));
  }
  return out;
}

// Only the word of those who are asked counts, and of a removed peer none: so a change in force
// stays so whatever comes after, in whatever order.
std::vector<PeerId> change_waits_for(const State& state, const ChangeRecord& change) {
  std::vector<PeerId> asked = change.asks;
  std::vector<PeerId> lacking;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const PeerId peer = asked[i];
    if (peer == change.by) continue;
    const auto record = state.find<PeerRecord>(table::peers, Key().peer(peer));
    if (record && record->removed_at.any()) continue;
    const auto agreed = std::find_if(change.agreed.begin(), change.agreed.end(),
                                     [&](const AgreedRecord& one) { return one.peer == peer; });
    if (agreed == change.agreed.end()) {
      lacking.push_back(peer);
      continue;
    }
    for (const PeerId& also : agreed->asks) {
      if (std::find(asked.begin(), asked.end(), also) == asked.end() &&
          asked.size() < 2 * peers_max) {
        asked.push_back(also);
      }
    }
  }
  std::sort(lacking.begin(), lacking.end());
  return lacking;
}

MemberChange change_view(const State& state, const Id16& id, const ChangeRecord& change) {
  MemberChange out;
  out.change = id;
  out.member = change.member;
  out.name = change.name;
  out.weight = change.weight;
  out.removed = change.removed;
  out.peer = change.peer;
  out.by = change.by;
  out.asked_ms = stamp_ms(change.at.stamp);
  out.agreed.push_back(change.by);
  out.waits_for = change_waits_for(state, change);
  out.in_force = out.waits_for.empty();
  std::uint64_t latest_ms = out.asked_ms;
  for (const AgreedRecord& one : change.agreed) {
    out.agreed.push_back(one.peer);
    latest_ms = std::max(latest_ms, stamp_ms(one.at.stamp));
  }
  if (out.in_force) out.in_force_ms = latest_ms;
  return out;
}

}  // namespace deskmate::desk
