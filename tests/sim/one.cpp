#include "tests/sim/one.hpp"

#include <algorithm>
#include <utility>

#include "core/desk/schema.hpp"
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
  tables = std::make_unique<desk::MemoryTables>();
  desk::Policy policy;
  policy.self = store.log();
  if (world.setting.mutant == Mutant::no_hello) policy.self.incarnation = 1;
  policy.sticky_ms = 0;
  policy.target_ms = target_ms;
  policy.send_timeout_ms = visible_ms;
  policy.skew_ms = 30'000;
  if (world.setting.mutant == Mutant::timer_alone) policy.send_timeout_ms = policy.skew_ms = 0;
  desk = std::make_unique<desk::Desk>(*tables, policy);
  folded = 0;
  closing = false;
  look = stirred = erasures_changed_ = true;
  removed_.clear();
  fold_new();
  know_peers();
  catching_up_ = true;
}

void One::crash() {
  if (!up()) return;
  world.say("peer " + std::to_string(number) + " is killed");
  for (const auto& [request, one] : std::exchange(sending, {})) {  // it may have gone out
    if (world.chance(50)) {
      world.deliver(number, one.asked, one.tail, one.read_ms, request, one.why);
    }
  }
  store.crash();
  replica.reset();
  desk.reset();
  tables.reset();
  seen.clear();
  world.network.cut_all_of(number);
}

void One::close_laptop() {
  if (!may_append() || closing) return;
  const auto goodbye = desk->goodbye(sight());
  if (!goodbye) return;
  world.say("peer " + std::to_string(number) + " says goodbye");
  ++world.outcome.goodbyes;
  closing = true;
  append(*goodbye);
}

void One::keep_backup() {
  backup = store;
  backup->crash();  // what waits is in no backup
}

void One::restore(bool anew) {
  crash();
  world.say("the disk of peer " + std::to_string(number) + " is restored" +
            (anew ? ", with a new log" : ""));
  const auto own = log_of(number, incarnation);
  if (anew) ++incarnation;
  const auto erased = store.erased;  // the list is in no backup
  store = peer::testing::MemoryStore(log_of(number, incarnation));
  store.logs = backup->logs;
  store.arrivals = backup->arrivals;
  store.keys_here = backup->keys_here;
  store.files = backup->files;
  for (const Id16& key : erased) store.erase_key(key);
  if (anew) {  // as its own peer signs it, whenever it is asked
    for (auto& [name, log] : store.logs) {
      if (name.peer == own.peer && !log.items.empty()) log.heads.insert(log.items.size());
    }
  }
  restored_ = restored_ || anew;
  world.lost_with_a_disk();
}

void One::unfreeze() {
  for (auto& [name, log] : store.logs) {
    if (!std::exchange(log.frozen, false) || !up()) continue;
  }
  if (!up()) return;
  for (const auto& name : replica->status().frozen) replica->unfreeze(name, now());
  drain();
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

}  // namespace deskmate::sim
