#include "tests/sim/one.hpp"

#include <algorithm>
#include <utility>

#include "core/peer/replica_messages.hpp"

namespace deskmate::sim {

One::One(World& w, int n) : world(w), number(n), store(log_of(n)) {}

peer::Now One::now() const {
  return {world.now_ms + 1'000,
          static_cast<std::uint64_t>(static_cast<std::int64_t>(start_ms + world.now_ms) +
                                     clock_off_ms)};
}

void One::boot() {
  if (up()) return;
  world.say("peer " + std::to_string(number) + " starts");
  replica = std::make_unique<peer::Replica>(store, now());
  std::vector<peer::KnownPeer> others;
  for (int n = 1; n <= world.setting.peers; ++n) {
    if (n != number) others.push_back({id_of(n)});
  }
  replica->set_peers(std::move(others), now());
  tables = std::make_unique<desk::MemoryTables>();
  desk::Policy policy;
  policy.self = store.log();
  policy.sticky_ms = 0;
  policy.target_ms = target_ms;
  policy.send_timeout_ms = visible_ms;
  policy.skew_ms = 30'000;
  if (world.setting.mutant == Mutant::timer_alone) policy.send_timeout_ms = policy.skew_ms = 0;
  desk = std::make_unique<desk::Desk>(*tables, policy);
  folded = 0;
  sending.clear();
  look = true;
  fold_new();
  for (std::size_t i = 0; i < world.asked.size(); ++i) see(i);
}

void One::crash() {
  if (!up()) return;
  world.say("peer " + std::to_string(number) + " is killed");
  store.crash();
  replica.reset();
  desk.reset();
  tables.reset();
  seen.clear();
  world.network.cut_all_of(number);
}

void One::link_up(LinkId link, int to) {
  if (!up()) return;
  replica->link_up(link, id_of(to), now());
  drain();
}
void One::link_down(LinkId link) {
  if (!up()) return;
  replica->link_down(link, now());
  drain();
}
void One::receive(LinkId link, const std::string& bytes) {
  if (!up()) return;
  if (world.setting.mutant == Mutant::acks_ahead) {
    auto message = peer::message::decode(bytes);
    if (auto* hello = message ? std::get_if<peer::message::Hello>(&*message) : nullptr) {
      hello->seq = 0;
      replica->receive(link, peer::message::encode(*message), now());
      return drain();
    }
    if (auto* have = message ? std::get_if<peer::message::Have>(&*message) : nullptr) {
      have->seq = 0;  // so it needs nothing; then as it was, for what else it tells
      replica->receive(link, peer::message::encode(*message), now());
    }
  }
  replica->receive(link, bytes, now());
  drain();
}

// A message as this peer's connector sees it, unless it has come from the others already.
void One::see(std::size_t index) {
  if (!up() || !seen.insert(index).second) return;
  const Asked& message = world.asked[index];
  Proposal received;
  received.type = "message.received";
  received.facts = Value::map({{"shop", "mail"},
                               {"thread", desk::bin(message.chat)},
                               {"buyer", desk::bin(message.buyer)},
                               {"message", desk::bin(message.name)},
                               {"at", start_ms + message.at_ms}});
  append(received);
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
  store.append(storage::encode(header));
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
      if (tables->get("desk.messages", desk::bytes_of(message))) seen.insert(i);
    }
    world.at(world.now_ms + 1'000, [this] {
      for (std::size_t i = 0; i < world.asked.size(); ++i) see(i);
    });
    look = true;
  }
  const auto own = store.logs.find(store.log());
  if (own != store.logs.end()) world.written[store.log()] = own->second.items.size();
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
    if (header->type == "chat.assigned" && key.log == store.log()) {
      const auto facts = decode(header->facts);
      const std::string rule(facts ? (*facts)["why"]["rule"].as_str() : "");
      world.say("peer " + std::to_string(number) + " assigns to " +
                std::to_string(facts ? (*facts)["member"].as_int() : 0) + " by " + rule);
      if (rule == "cut") ++world.outcome.cut;
      if (rule == "vanished") ++world.outcome.vanished;
    }
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
        world.fail("peer " + std::to_string(number) + " closes a link: " + close->detail);
        world.network.cut(close->link, number);
      } else if (auto* append = std::get_if<peer::out::Append>(&output)) {
        store.append(std::move(*append));
        plan_sync();
      } else if (auto* alarm = std::get_if<peer::out::Alarm>(&output)) {
        world.say("peer " + std::to_string(number) + ": " +
                  std::string(peer::to_string(alarm->what)) + " " + alarm->detail);
        if (alarm->what == peer::Trouble::diverged && alarm->raised) {
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
