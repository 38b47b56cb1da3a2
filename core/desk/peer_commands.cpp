// Commands about peers, agreements and erasures: valid events of this peer, or why not.
#include <algorithm>

#include "core/desk/commands.hpp"
#include "core/desk/peers.hpp"

namespace deskmate::desk {
namespace {

Value peer_value(const PeerId& peer) { return Value::bin(bytes_of(peer)); }

// The beginning, in hexadecimal.
std::string short_id(const PeerId& peer) {
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    for (const int shift : {4, 0}) out += "0123456789abcdef"[peer[i] >> shift & 15];
  }
  return out;
}

}  // namespace

std::vector<PeerId> Commands::other_owners() const {
  auto out = Peers(state_).owners();
  out.erase(std::remove(out.begin(), out.end(), self()), out.end());
  return out;
}

Value Commands::peers_value(const std::vector<PeerId>& peers) {
  Array out;
  for (const PeerId& peer : peers) out.push_back(peer_value(peer));
  return out;
}

// What both owners must agree to goes in with whom it waits for; the rest is the profile's.
void Commands::ask_the_others(Map& facts, const MemberSpec& member) const {
  const Peers peers(state_);
  const auto asks = other_owners();
  if (member.peer) facts.add("peer", peer_value(*member.peer));
  if (asks.empty()) return;
  const auto known = state_.find<MemberRecord>(table::members, Key().u32(member.number));
  const PeerId peer =
      member.peer.value_or(known && known->known() ? peers.peer_of(*known) : self());
  if (known && known->known() && known->weight == member.weight &&
      known->removed == member.removed && peers.peer_of(*known) == peer) {
    facts.add("keeps", true);
    return;
  }
  if (!member.peer) facts.add("peer", peer_value(peer));
  facts.add("asks", peers_value(asks));
}

Result<Proposal> Commands::add_peer(const PeerId& peer, std::string_view name) const {
  const Peers peers(state_);
  if (peer == self()) return Error{Errc::same_peer, short_id(peer)};
  if (const PeerRecord* known = peers.find(peer)) {
    if (known->added_at.any() || known->met || peers.founder(peer)) {
      return Error{Errc::same_peer, short_id(peer)};
    }
  }
  if (peers.all().size() >= peers_max) return Error{Errc::bad_value, "peers"};
  if (name.empty() || name.size() > name_max || name.find('\0') != std::string_view::npos ||
      !is_utf8(name)) {
    return Error{Errc::bad_value, "name"};
  }
  const auto& book = state_.load<BookRecord>(table::book, book_key);
  return proposal("peer.added", {{"peer", peer_value(peer)},
                                 {"name", name},
                                 {"founder", peer_value(book.founder.value_or(self()))}});
}

Result<Proposal> Commands::agree_to_join(const PeerId& inviter) const {
  if (inviter == self()) return Error{Errc::same_peer, short_id(inviter)};
  return proposal("peer.agreed", {{"peer", peer_value(inviter)}});
}

Result<Proposal> Commands::hello() const {
  if (Peers(state_).standing(self()) == PeerStanding::removed) return Error{Errc::peer_left, {}};
  return proposal("peer.hello", {});
}

Result<Proposal> Commands::goodbye(const Sight& sight, std::optional<PeerId> to) const {
  const Peers peers(state_);
  if (!peers.here(self())) return Error{Errc::peer_left, {}};
  if (to && (*to == self() || !peers.find(*to) || peers.standing(*to) == PeerStanding::removed)) {
    return Error{Errc::no_such_peer, short_id(*to)};
  }
  Map facts;
  // Only whoever holds the book passes it on, so that there is always one last holder.
  if (peers.registered_holder() == self() || peers.holder() == self()) {
    const auto first = [&](const auto& fits) -> std::optional<PeerId> {
      for (const PeerId& peer : peers.view()) {
        if (peer != self() && fits(peer)) return peer;
      }
      return std::nullopt;
    };
    if (!to) to = first([&](const PeerId& peer) { return peers.ready(peer) && sight.seen(peer); });
    if (!to) to = first([&](const PeerId& peer) { return peers.ready(peer); });
    if (to) facts.add("to", peer_value(*to));
  }
  return proposal("peer.goodbye", std::move(facts));
}

Result<Proposal> Commands::pass_book(const PeerId& to) const {
  const Peers peers(state_);
  if (peers.holder() != self()) return Error{Errc::peer_left, {}};
  if (to == self()) return Error{Errc::same_peer, short_id(to)};
  if (!peers.ready(to)) return Error{Errc::no_such_peer, short_id(to)};
  return proposal("book.passed", {{"to", peer_value(to)}});
}

Result<Proposal> Commands::declare_gone(const PeerId& peer) const {
  const Peers peers(state_);
  if (peer == self()) return Error{Errc::same_peer, short_id(peer)};
  if (!peers.find(peer)) return Error{Errc::no_such_peer, short_id(peer)};
  const PeerStanding standing = peers.standing(peer);
  if (standing == PeerStanding::gone || standing == PeerStanding::removed) {
    return Error{Errc::same_peer, short_id(peer)};
  }
  return proposal("peer.gone", {{"peer", peer_value(peer)}});
}

Result<Proposal> Commands::remove_peer(const PeerId& peer,
                                       const std::vector<Desk::LogCut>& cut) const {
  const Peers peers(state_);
  if (peer == self()) return Error{Errc::same_peer, short_id(peer)};
  if (!peers.find(peer)) return Error{Errc::no_such_peer, short_id(peer)};
  if (const PeerRecord* known = peers.find(peer); known->removed_at.any()) {
    // Once more only to say that this peer had taken more of its logs by then.
    const bool wider = std::any_of(cut.begin(), cut.end(), [&](const Desk::LogCut& one) {
      return std::none_of(known->cut.begin(), known->cut.end(), [&](const CutRecord& there) {
        return there.incarnation == one.incarnation && there.seq >= one.seq;
      });
    });
    if (!wider) return Error{Errc::same_peer, short_id(peer)};
  }
  if (cut.size() > ids_max) return Error{Errc::too_long, std::to_string(ids_max)};
  Array list;
  for (const auto& one : cut) list.push_back(Value::array({one.incarnation, one.seq}));
  return proposal("peer.removed", {{"peer", peer_value(peer)}, {"cut", std::move(list)}});
}

Result<Proposal> Commands::agree_to_change(const Id16& change) const {
  const auto record = state_.find<ChangeRecord>(table::changes, Key().id(change));
  if (!record || !record->at.any()) return Error{Errc::no_such_change, {}};
  const auto lacks = change_waits_for(state_, *record);
  if (std::find(lacks.begin(), lacks.end(), self()) == lacks.end()) {
    return Error{Errc::no_such_change, {}};
  }
  return proposal("member.agreed",
                  {{"change", Value::bin(change)}, {"asks", peers_value(other_owners())}});
}

Result<Proposal> Commands::erase_buyer(const Id16& buyer) const {
  return proposal("buyer.erased", {{"buyer", Value::bin(buyer)}});
}

Result<Proposal> Commands::forgotten(const Id16& buyer, const std::vector<Id16>& keys) const {
  if (keys.size() > forgotten_keys_max) {
    return Error{Errc::too_long, std::to_string(forgotten_keys_max)};
  }
  Array list;
  for (const Id16& key : keys) list.push_back(Value::bin(key));
  Map facts{{"buyer", Value::bin(buyer)}, {"keys", std::move(list)}};
  if (const auto erasure = state_.find<ErasureRecord>(table::erasures, Key().id(buyer))) {
    facts.add("erasure", Value::bin(erasure->event));
  }
  return proposal("buyer.forgotten", std::move(facts));
}

}  // namespace deskmate::desk
