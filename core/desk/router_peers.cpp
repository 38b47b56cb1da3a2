// The router where the desk has several peers: what each may take, and when. README.md has the rule
// and its argument.
#include <algorithm>
#include <utility>

#include "core/desk/router.hpp"

namespace deskmate::desk {

void Router::next_at(std::uint64_t at_ms) {
  out_.next_ms = std::min(out_.next_ms.value_or(at_ms), at_ms);
}

void Router::among_peers(bool parked) {
  if (sight_.skewed) return;
  const PeerStanding standing = peers_.standing(sight_.self);
  if (standing == PeerStanding::removed) return;
  // With a new log it says hello before anything else, whatever its backup says of it.
  if (standing == PeerStanding::here && peers_.needs_hello(policy_.self)) return;
  know_the_others();
  // Told to be gone while at work: from here on as one that comes back.
  if (standing == PeerStanding::gone) {
    out_.proposals.push_back(proposal("peer.hello", {}));
    return;
  }
  if (standing != PeerStanding::here) return;
  const bool ready = peers_.ready(sight_.self);
  const bool whole = peers_.whole(sight_);
  if (ready && whole) {
    if (peers_.holder() == sight_.self) {
      assign(parked);
    } else {
      take_in_a_cut(true);
    }
  } else {
    if (ready) take_in_a_cut(false);
    take_from_the_vanished();
  }
  greet_ours();
}

// Whoever says hello acts only once all others have said that they know of it.
void Router::know_the_others() {
  for (const Peers::One& one : peers_.all()) {
    if (one.id == sight_.self || !peers_.here(one.id) || peers_.ready(one.id)) continue;
    if (peers_.has_met(sight_.self, one.id)) continue;
    const Place& hello = one.record.hello_at;
    out_.proposals.push_back(proposal("peer.met", {{"peer", Value::bin(bytes_of(one.id))},
                                                   {"stamp", hello.stamp},
                                                   {"incarnation", hello.incarnation},
                                                   {"seq", hello.seq}}));
  }
  if (peers_.here(sight_.self) && !peers_.ready(sight_.self) && peers_.unmet(sight_.self).empty()) {
    out_.proposals.push_back(proposal("peer.ready", {}));
  }
}

bool Router::blocked(const ChatRecord& chat) const {
  return chat.buyer && state_.blocked_until(state_.group(*chat.buyer), now_ms_).has_value();
}

std::optional<std::size_t> Router::of_roster(MemberNo number) const {
  for (std::size_t i = 0; i < roster_.size(); ++i) {
    if (roster_[i].number == number) return i;
  }
  return std::nullopt;
}

std::vector<LedgerShare> Router::settled_shares() const {
  std::vector<LedgerShare> out;
  for (const Contender& one : peers_.settled()) out.push_back({one.member, one.weight, 0});
  return out;
}

void Router::take(const Id16& id, const ChatRecord& chat, std::size_t member, Value why) {
  Standing& one = roster_[member];
  ++one.open;
  const auto shares = settled_shares();
  const bool cut = why["rule"].as_str() == "cut";
  if (!shares.empty()) why["shares"] = shares_value(shares);
  Map facts{{"chat", Value::bin(id)},
            {"visit", Value::bin(visit_of(id, chat))},
            {"number", number_of(chat)},
            {"member", one.number},
            {"why", std::move(why)}};
  if (cut) facts.add("claim", "cut");
  const bool shared = std::any_of(shares.begin(), shares.end(), [&](const LedgerShare& share) {
    return share.member == one.number;
  });
  if (shared) facts.add("shares", shares_value(shares));
  Proposal out = proposal("chat.assigned", std::move(facts));
  out.needs_tail = !cut;
  out_.proposals.push_back(std::move(out));
}

// R2 of the README: a visit of which no assignment is known but one of this peer's own, to itself,
// that not all have acknowledged, and that the draw gives to a member here, whichever of the
// rosters in question is the settled one.
bool Router::takes_in_a_cut(const Id16& id, const ChatRecord& chat,
                            const std::vector<std::vector<Contender>>& rosters) {
  if (!chat.open() || chat.worded() || chat.claim_cut) return false;
  if (chat.claim_at.any()) {
    const auto owner = of_roster(chat.claim_member);
    const bool ours = state_.ref(chat.claim_at).log.peer == sight_.self && owner &&
                      peers_.peer_of(roster_[*owner].record) == sight_.self;
    if (!ours || lacking_word(peers_, chat, chat.claim_at, sight_).empty()) return false;
  }
  if (chat.opening < chat.last_out) return false;  // somebody is at it
  if (!closing_known(peers_, chat, sight_) || blocked(chat)) return false;
  std::optional<std::size_t> winner;
  for (const auto& roster : rosters) {
    const auto drawn = rendezvous(id, roster);
    if (!drawn) return false;
    const auto member = of_roster(*drawn);
    if (!member || peers_.peer_of(roster_[*member].record) != sight_.self) return false;
    if (!winner) winner = member;
  }
  if (!winner || !roster_[*winner].available_here()) return false;
  take(id, chat, *winner, Value::map({{"rule", "cut"}, {"member", roster_[*winner].number}}));
  return true;
}

// whole: this peer sees all others, but the book's holder has not decided.
void Router::take_in_a_cut(bool whole) {
  std::vector<Item> items;
  for (const Item& item : todo(Todo::fresh, queue_scan_max)) {
    const std::uint64_t due_ms = stamp_ms(item.order) + (whole ? policy_.cut_after_ms : 0);
    if (now_ms_ < due_ms) {
      next_at(due_ms);
    } else {
      items.push_back(item);
    }
  }
  if (!whole) {
    for (const Item& item : todo(Todo::queued, queue_scan_max)) items.push_back(item);
  }
  if (!whole) take_own_again(items);
  if (items.empty()) return;
  const auto rosters = peers_.rosters(sight_.self);
  if (rosters.empty()) return;
  for (const Item& item : items) {
    if (out_.proposals.size() >= decisions_max) {
      out_.more = true;
      return;
    }
    const auto chat = state_.find<ChatRecord>(table::chats, Key().id(item.id));
    if (chat) takes_in_a_cut(item.id, *chat, rosters);
  }
}

// What the book here gave to a member here before the link was cut.
void Router::take_own_again(std::vector<Item>& items) const {
  for (const Standing& member : roster_) {
    if (peers_.peer_of(member.record) != sight_.self || member.open == 0) continue;
    state_.each(table::open, Key().u32(member.number), false,
                [&](std::string_view key, std::string_view) {
                  items.push_back({id_at(key, 4), 0});
                  return items.size() < 3 * queue_scan_max;
                });
  }
}

// R3: when this peer takes a waiting visit; nothing: never, as things are.
std::optional<std::uint64_t> Router::take_over_ms(const Id16& id, const ChatRecord& chat) const {
  const std::uint64_t target_ms = chat.waiting_ms + policy_.target_ms;
  std::optional<PeerId> owner;
  if (chat.owner() != 0) {
    const auto member = state_.find<MemberRecord>(table::members, Key().u32(chat.owner()));
    if (member) owner = peers_.peer_of(*member);
  }
  if (owner == sight_.self) {
    if (may_act(state_, policy_, peers_, id, chat, sight_).any())
      return std::nullopt;  // it is ours
    return target_ms;
  }
  if (owner && peers_.here(*owner) && sight_.seen(*owner)) return std::nullopt;
  std::uint64_t slot = 1;  // the owner's own is before
  for (const PeerId& peer : peers_.view()) {
    if (peer < sight_.self && peer != owner) ++slot;
  }
  return target_ms + slot * policy_.slot_ms();
}

void Router::take_from_the_vanished() {
  std::size_t looked_at = 0;
  std::vector<std::pair<Id16, ChatRecord>> due;
  state_.each(table::waiting, {}, false, [&](std::string_view key, std::string_view) {
    const std::uint64_t since_ms = read_be(key.substr(0, 8));
    if (now_ms_ < since_ms + policy_.target_ms) {
      next_at(since_ms + policy_.target_ms);
      return false;
    }
    const Id16 id = id_at(key, 8);
    const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
    const auto at_ms = chat ? take_over_ms(id, *chat) : std::nullopt;
    if (at_ms && *at_ms <= now_ms_) {
      due.emplace_back(id, *chat);
    } else if (at_ms) {
      next_at(*at_ms);
    }
    return ++looked_at < queue_scan_max && due.size() < decisions_max;
  });
  for (const auto& [id, chat] : due) {
    if (out_.proposals.size() >= decisions_max) {
      out_.more = true;
      return;
    }
    if (blocked(chat)) continue;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < roster_.size(); ++i) {
      if (peers_.peer_of(roster_[i].record) != sight_.self || !roster_[i].available_here())
        continue;
      if (!best || roster_[i].open < roster_[*best].open) best = i;
    }
    if (!best) return;
    Value why = Value::map({{"rule", "vanished"},
                            {"member", roster_[*best].number},
                            {"waited_ms", now_ms_ - chat.waiting_ms}});
    if (chat.owner() != 0) why["from"] = chat.owner();
    take(id, chat, *best, std::move(why));
  }
}

// R40 with other peers: whoever may answer greets, or for the queue whoever holds the book, once
// all know of it.
void Router::greet_ours() {
  if (policy_.greetings.empty() && policy_.shop_hours.empty()) return;
  const std::uint64_t oldest_ms = now_ms_ - std::min(now_ms_, policy_.greeting_fresh_ms);
  const Key kind = Key().u8(static_cast<std::uint8_t>(Todo::greet));
  std::vector<Id16> items;
  state_.scan(table::todo, Key().u8(static_cast<std::uint8_t>(Todo::greet)).u64(oldest_ms << 16),
              false, [&](std::string_view key, std::string_view) {
                if (key.substr(0, 1) != kind.str()) return false;
                items.push_back(id_at(key, 9));
                return items.size() < queue_scan_max;
              });
  for (const Id16& id : items) {
    if (out_.proposals.size() >= decisions_max) {
      out_.more = true;
      return;
    }
    const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
    if (!chat || blocked(*chat)) continue;
    if (chat->queued()) {
      const bool ours = state_.ref(chat->queued_at).log.peer == sight_.self &&
                        peers_.holder() == sight_.self && peers_.ready(sight_.self);
      if (ours && lacking_word(peers_, *chat, chat->queued_at, sight_).empty() &&
          closing_known(peers_, *chat, sight_)) {
        greet(id, *chat, 0);
      }
    } else if (!(chat->opening < chat->queued_at) &&
               may_act(state_, policy_, peers_, id, *chat, sight_).may == May::yes) {
      greet(id, *chat, chat->owner());
    }
  }
}

}  // namespace deskmate::desk
