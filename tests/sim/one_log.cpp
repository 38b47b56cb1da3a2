#include <algorithm>
#include <utility>

#include "core/desk/schema.hpp"
#include "storage/hash.hpp"
#include "tests/sim/one.hpp"

namespace deskmate::sim {

// A message as this peer's connector sees it, unless it has come from the others already.
void One::see(std::size_t index) {
  if (!up() || seen.contains(index)) return;
  if (!may_append()) {
    catching_up_ = true;
    return;
  }
  seen.insert(index);
  see_again(index);
}

// Connectors may show a message twice.
void One::see_again(std::size_t index) {
  if (!may_append()) return;
  const Asked& message = world.asked[index];
  Proposal received;
  received.type = "message.received";
  received.facts = Value::map({{"shop", "mail"},
                               {"thread", desk::bin(message.chat)},
                               {"buyer", desk::bin(message.buyer)},
                               {"message", desk::bin(message.name)},
                               {"at", start_ms + message.at_ms}});
  received.body = Value("What the buyer of " + message.chat + " wrote");
  received.buyer = desk::id(message.buyer);
  append(received);
}

Id16 One::key_of(const Id16& buyer) const {
  const auto erased = erased_.find(buyer);
  return desk::id("key " + std::to_string(number) + " " + std::to_string(incarnation) + " " +
                  std::to_string(erased == erased_.end() ? 0 : erased->second) +
                  storage::hex(buyer));
}

void One::append(const Proposal& proposal) {
  hlc = std::max(hlc + 1, now().utc_ms << 16);
  storage::HeaderView header;
  header.type = proposal.type;
  header.stamp = hlc;
  const std::string facts = encode(proposal.facts);
  header.facts = facts;
  if (proposal.request) {
    header.flags = storage::flag_request;
    header.home = id_of(number);
  }
  std::string body;
  if (proposal.body && proposal.buyer) {
    const Id16 key = key_of(*proposal.buyer);
    if (!store.erased.contains(key)) {
      if (!erased_.contains(*proposal.buyer)) world.keys_before.insert(key);
      store.keys_here[key] = {key, *proposal.buyer, {}};
      body = encode(*proposal.body);
      header.flags |= storage::flag_body | storage::flag_sealed;
      header.seal_alg = storage::seal_xchacha20_poly1305;
      header.key_id = key;
      header.body_hash = storage::hash_of(body);
    }
  }
  store.append(storage::encode(header), std::move(body));
  plan_sync();
}

// What a newer version writes: another type, more facts, another flag, another version.
void One::append_unknown() {
  if (!may_append()) return;
  hlc = std::max(hlc + 1, now().utc_ms << 16);
  const std::string facts = encode(
      Value::map({{"shelf", 7}, {"message", desk::bin("shelf")}, {"new", Value::array({1})}}));
  storage::HeaderView header;
  header.type = "shelf.counted";
  header.stamp = hlc;
  header.facts = facts;
  std::string record;
  switch (world.below(3)) {
    case 0:
      record = storage::encode(header);
      break;
    case 1:
      record = storage::encode(header);
      record[1] = 64;  // a flag
      break;
    default:
      record = storage::encode(header);
      record[0] = 2;  // a version
      record += "and more";
  }
  ++world.outcome.unknown;
  store.append(std::move(record));
  plan_sync();
}

void One::plan_sync() {
  if (sync_due) return;
  sync_due = true;
  world.at(world.now_ms + 1 + world.below(sync_ms), [this] { sync(); });
}

void One::sync() {
  sync_due = false;
  if (!up()) return;
  const bool lost = !disk_works && store.pending_own() != 0;
  for (auto& done : store.sync(disk_works)) {
    replica->appended(done.ticket, std::move(done.outcome), now());
  }
  if (lost) {  // whoever had something to write tries again
    seen.clear();
    for (std::size_t i = 0; i < world.asked.size(); ++i) {
      const Id16 message = desk::id(world.asked[i].name);
      if (tables->get(desk::table::messages.name, desk::bytes_of(message))) seen.insert(i);
    }
    world.at(world.now_ms + 1'000, [this] {
      for (std::size_t i = 0; i < world.asked.size(); ++i) see(i);
    });
    look = erasures_changed_ = true;
  }
  const auto own = store.logs.find(store.log());
  if (own != store.logs.end() && world.forked != number && world.on_desk(number)) {
    world.written[store.log()] = own->second.items.size();
  }
  fold_new();
  replica->own_appended(now());
  drain();
}

void One::fold_new() {
  for (; folded < store.arrivals.size(); ++folded) {
    const storage::LogKey& key = store.arrivals[folded];
    const auto& item = store.logs[key.log].items[key.seq - 1];
    const auto header = storage::decode_header(item.record);
    if (!header) continue;
    hlc = std::max(hlc, header->stamp);
    desk::EventView event;
    event.key = key;
    event.id = storage::event_id(key);
    event.stamp = header->stamp;
    event.type = header->type;
    event.facts = header->facts;
    event.request = (header->flags & storage::flag_request) != 0;
    event.home = header->home;
    desk->fold(event);
    look = stirred = true;
    if (header->type.starts_with("peer.")) peers_changed_ = true;
    if (header->type == "buyer.erased" || header->type == "buyer.forgotten") {
      erasures_changed_ = true;
    }
    if (event.request && key.log == store.log()) world.homes[event.id] = number;
    if (header->type == "chat.assigned" && key.log == store.log()) {
      const auto facts = decode(header->facts);
      const std::string rule(facts ? (*facts)["why"]["rule"].as_str() : "");
      world.say("peer " + std::to_string(number) + " assigns to " +
                std::to_string(facts ? (*facts)["member"].as_int() : 0) + " by " + rule);
      if (rule == "cut") ++world.outcome.cut;
      if (rule == "vanished") ++world.outcome.vanished;
    }
  }
  if (peers_changed_ && replica != nullptr) know_peers();
  world.folded();
}

// Whose logs are taken, and who is let in.
void One::know_peers() {
  peers_changed_ = false;
  std::vector<peer::KnownPeer> others;
  for (int n = 1; n <= world.setting.peers; ++n) {
    if (n != number) others.push_back({id_of(n), {}});
  }
  for (const auto& view : desk->peers()) {
    if (view.standing != desk::PeerStanding::removed) continue;
    const int other = view.id[0];
    if (other == number) continue;
    if (removed_.insert(other).second) {
      world.at(world.now_ms, [this, other] { world.network.cut_between(number, other); });
    }
    for (auto& one : others) {
      if (one.id == view.id) one.cuts = view.cut;
    }
  }
  replica->set_peers(std::move(others), now());
}

// Whoever has more of a removed peer's log than it was cut at shares it.
void One::widen_cuts() {
  if (removed_.empty() || world.setting.mutant == Mutant::narrow_cut) return;
  for (const auto& view : desk->peers()) {
    if (view.standing != desk::PeerStanding::removed) continue;
    std::vector<desk::Desk::LogCut> cut;
    bool wider = false;
    for (const auto& tip : store.frontier()) {
      if (tip.log.peer != view.id) continue;
      cut.push_back({tip.log.incarnation, tip.seq});
      const auto at = view.cut.find(tip.log.incarnation);
      wider = wider || at == view.cut.end() || at->second < tip.seq;
    }
    if (!wider) continue;
    if (const auto removal = desk->remove_peer(view.id, cut)) append(*removal);
  }
}

desk::Sight One::sight() {
  desk::Sight sight;
  sight.self = id_of(number);
  sight.now_ms = now().utc_ms;
  sight.skewed = replica->skewed();
  sight.sees = [this](const PeerId& peer) { return replica->sees(peer, now()); };
  const bool at_once = world.setting.mutant == Mutant::no_wait;
  sight.acked = [this, at_once](const PeerId& peer, const storage::LogKey& key) {
    return at_once || replica->acked(peer, key);
  };
  return sight;
}

void One::drain() {
  if (!up()) return;
  for (bool busy = true; busy;) {
    busy = false;
    for (peer::Output& output : replica->take()) {
      busy = true;
      if (auto* send = std::get_if<peer::out::Send>(&output)) {
        const LinkId link = send->link;
        world.network.send(link, number, std::move(send->bytes));
        replica->carrier_unsent(link, 0, now());
      } else if (auto* close = std::get_if<peer::out::Close>(&output)) {
        if (world.outcome.forks == 0) {
          world.fail("peer " + std::to_string(number) + " closes a link: " + close->detail);
        }
        world.network.cut(close->link, number);
      } else if (auto* append = std::get_if<peer::out::Append>(&output)) {
        store.append(std::move(*append));
        plan_sync();
      } else if (auto* alarm = std::get_if<peer::out::Alarm>(&output)) {
        world.say("peer " + std::to_string(number) + ": " +
                  std::string(peer::to_string(alarm->what)) + " " + alarm->detail);
        if (alarm->raised) alarms.emplace(alarm->what, world.now_ms);
        if (alarm->what == peer::Trouble::diverged && alarm->raised && world.forked == 0) {
          world.fail("another state at the same frontier");
        }
      } else if (std::holds_alternative<peer::out::AcksChanged>(output) ||
                 std::holds_alternative<peer::out::Seen>(output)) {
        look = stirred = true;
      }
    }
  }
}

}  // namespace deskmate::sim
