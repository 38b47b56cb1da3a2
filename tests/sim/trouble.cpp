// What people do on such a day, and what breaks.
#include <algorithm>
#include <iterator>

#include "tests/sim/one.hpp"

namespace deskmate::sim {

// What needs no trouble: changes of weights, of members, a newer version, erased buyers, the book.
void World::plan_words() {
  const auto somebody = [this] {
    return 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
  };
  const auto some_time = [this] { return settled_ms + below(busy_ms - settled_ms); };
  const std::uint64_t changes = below(3);
  for (std::uint64_t i = 0; i < changes; ++i) {
    at(some_time(), [this, a = somebody()] { change_a_member(a); });
  }
  if (chance(30)) at(some_time(), [this, a = somebody()] { erase_a_buyer(a); });
  if (chance(30)) {
    const std::uint64_t t = some_time();
    const int a = somebody();
    at(t, [this, a] { one(a).newer = true; });
    for (int i = 0; i < 8; ++i) {
      at(t + below(60'000), [this, a] {
        if (one(a).newer) one(a).append_unknown();
      });
    }
  }
  if (chance(30)) {
    at(some_time(), [this, a = somebody(), b = somebody()] {
      if (!one(a).may_append() || one(a).closing) return;
      if (const auto passed = one(a).desk->pass_book(id_of(b))) one(a).append(*passed);
    });
  }
}

void World::plan_trouble() {
  const int troubles = 3 + static_cast<int>(below(8));
  for (int i = 0; i < troubles; ++i) {
    const std::uint64_t t = settled_ms + below(busy_ms - settled_ms);
    const std::uint64_t lasts_ms = 1'000 + below(chance(50) ? 10'000 : 80'000);
    const int a = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
    const int b = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
    const std::uint64_t kind = below(16);
    at(t, [this, kind, a, b, lasts_ms] { trouble(kind, a, b, lasts_ms); });
  }
}

void World::trouble(std::uint64_t kind, int a, int b, std::uint64_t lasts_ms) {
  switch (kind) {
    case 0:
    case 1:
    case 2:  // a is cut off from b, or from everybody
      return network.part(a, b == a ? 0 : b, now_ms + lasts_ms);
    case 3:
    case 4:
      return stop_a_link(lasts_ms);
    case 5:
      say("links flap");
      return network.flap(std::min(now_ms + lasts_ms, busy_ms));
    case 6:
    case 7:  // kill -9
      one(a).crash();
      return at(now_ms + lasts_ms, [this, a] {
        if (on_desk(a)) one(a).boot();
      });
    case 8:
    case 9:
      return slow_disk(a, lasts_ms);
    case 10:
      return move_clock(a, lasts_ms);
    case 11:
    case 12:
      return close_laptop(a, lasts_ms);
    case 13:
      return restore(a, lasts_ms);
    case 14:
      if (chance(50)) return remove(a, b);
      return declare_gone(a, b);
    default:
      if (chance(50)) return fork(a, lasts_ms);
      return restore(a, lasts_ms);
  }
}

// One way, or both, everything stands; after a while it breaks or goes on.
void World::stop_a_link(std::uint64_t lasts_ms) {
  if (network.wires().empty()) return;
  auto wire = network.wires().begin();
  std::advance(wire, static_cast<std::ptrdiff_t>(below(network.wires().size())));
  const LinkId id = wire->first;
  const int sides = 1 + static_cast<int>(below(3));
  say("link " + std::to_string(id) + " stands still, " + std::to_string(sides));
  for (int side = 0; side < 2; ++side) {
    if ((sides & (1 << side)) != 0) network.stand_still(id, side, true);
  }
  at(now_ms + lasts_ms, [this, id] {
    if (chance(50)) return network.cut(id);
    network.stand_still(id, 0, false);
    network.stand_still(id, 1, false);
  });
}

void World::slow_disk(int a, std::uint64_t lasts_ms) {
  if (chance(60)) {
    say("disk of " + std::to_string(a) + " is slow");
    one(a).sync_ms = 4'000;
    return at(now_ms + lasts_ms, [this, a] { one(a).sync_ms = 30; });
  }
  say("disk of " + std::to_string(a) + " fails");
  one(a).disk_works = false;
  at(now_ms + std::min<std::uint64_t>(lasts_ms, 8'000), [this, a] { one(a).disk_works = true; });
}

void World::move_clock(int a, std::uint64_t lasts_ms) {
  one(a).clock_off_ms = chance(10)
                            ? -600'000
                            : static_cast<std::int64_t>(below(chance(30) ? 120'000 : 10'000)) -
                                  static_cast<std::int64_t>(chance(50) ? 60'000 : 5'000);
  say("clock of " + std::to_string(a) + " off by " + std::to_string(one(a).clock_off_ms));
  at(now_ms + lasts_ms, [this, a] { one(a).clock_off_ms = 0; });
}

void World::close_laptop(int a, std::uint64_t lasts_ms) {
  one(a).close_laptop();
  at(now_ms + 5'000 + lasts_ms, [this, a] {
    if (on_desk(a)) one(a).boot();
  });
}

// A lost laptop, mostly one that is never heard of again.
void World::remove(int a, int victim) {
  if (setting.peers < 3 || !removed.empty() || victim == a || forked == victim) return;
  const bool dies = chance(70);
  if (dies) one(victim).crash();
  at(now_ms + 1'000 + below(20'000), [this, a, victim, dies] {
    One& who = one(a);
    if (!removed.empty() || !who.may_append() || who.closing || forked != 0) return;
    if (dies && one(victim).up()) return;
    std::vector<desk::Desk::LogCut> cut;
    for (const auto& tip : who.store.frontier()) {
      if (tip.log.peer == id_of(victim)) cut.push_back({tip.log.incarnation, tip.seq});
    }
    const auto removal = who.desk->remove_peer(id_of(victim), cut);
    if (!removal) return;
    say("peer " + std::to_string(a) + " removes " + std::to_string(victim));
    who.append(*removal);
    who.sync();
    const auto& own = who.store.logs[who.store.log()].items;
    const auto header = storage::decode_header(own.back().record);
    if (!header || header->type != "peer.removed") return;  // the disk failed
    ++outcome.removals;
    removed.insert(victim);
    if (!dies) overridden.insert(victim);
    std::erase_if(written, [&](const auto& one) { return one.first.peer == id_of(victim); });
    lost_with_a_disk();
  });
}

void World::declare_gone(int a, int other) {
  One& who = one(a);
  if (a == other || !who.may_append() || who.closing) return;
  if (who.replica->sees(id_of(other), who.now())) return;
  const auto gone = who.desk->declare_gone(id_of(other));
  if (!gone) return;
  say("peer " + std::to_string(a) + " says that " + std::to_string(other) + " is gone");
  overridden.insert(other);
  who.append(*gone);
}

// A disk that is replaced: what the backup lacks comes back from the others.
void World::restore(int a, std::uint64_t lasts_ms) {
  if (forked != 0 || !on_desk(a)) return;
  one(a).keep_backup();
  at(now_ms + 2'000 + below(40'000), [this, a, lasts_ms] {
    if (forked != 0 || !on_desk(a) || now_ms >= busy_ms) return;
    one(a).restore(true);
    ++outcome.restores;
    at(now_ms + lasts_ms, [this, a] {
      if (on_desk(a)) one(a).boot();
    });
  });
}

// Somebody copies the old disk back and lets it run, out of everybody's sight.
void World::fork(int a, std::uint64_t lasts_ms) {
  if (forked != 0 || outcome.forks != 0 || !removed.empty() || !one(a).up()) return;
  one(a).keep_backup();
  at(now_ms + 10'000, [this, a, lasts_ms] {
    if (forked != 0 || !removed.empty() || !one(a).up() || now_ms >= busy_ms) return;
    const auto& logs = one(a).store.logs;
    const auto own = logs.find(one(a).store.log());
    const auto before = one(a).backup->logs.find(one(a).store.log());
    if (own == logs.end() || before == one(a).backup->logs.end()) return;
    const std::size_t upto = own->second.items.size();
    if (before->second.items.size() == upto) return;
    for (const auto& peer : all) {  // nobody takes the other branch
      const auto here = peer->store.logs.find(own->first);
      if (here == peer->store.logs.end() || here->second.items.size() < upto) return;
    }
    forked = a;
    ++outcome.forks;
    overridden.insert(a);
    network.part(a, 0, now_ms + 8'000 + lasts_ms);
    one(a).restore(false);
    one(a).boot();
  });
}

// Weights, and who is a member, take all owners' word. The name says who will refuse.
void World::change_a_member(int a) {
  One& who = one(a);
  const int member = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
  if (!who.may_append() || who.closing || !on_desk(a) || !on_desk(member)) return;
  const int refuser = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
  const bool refused = refuser != a && chance(40);
  const auto known = who.desk->member(static_cast<desk::MemberNo>(member), who.now().utc_ms);
  if (!known) return;
  desk::MemberSpec spec;
  spec.number = static_cast<desk::MemberNo>(member);
  spec.name = refused ? refused_by(refuser) : "Member";
  spec.role = "presale";
  spec.weight = 1 + static_cast<std::uint32_t>(below(6));
  spec.peer = id_of(member);
  if (setting.peers >= 3 && !member_left_ && chance(20)) spec.removed = member_left_ = true;
  auto change = who.desk->set_member(spec);
  if (!change) return;
  say("peer " + std::to_string(a) + " wants weight " + std::to_string(spec.weight) + " for " +
      std::to_string(member) + (spec.removed ? ", removed" : "") + (refused ? ", refused" : ""));
  if (setting.mutant == Mutant::own_word) change->facts["asks"] = Value::array({});
  who.append(*change);
}

void World::erase_a_buyer(int a) {
  if (asked.empty() || !one(a).may_append() || one(a).closing || !on_desk(a)) return;
  const std::string buyer = asked[below(asked.size())].buyer;
  const auto erasure = one(a).desk->erase_buyer(desk::id(buyer));
  if (!erasure) return;
  say("peer " + std::to_string(a) + " erases the buyer of " + buyer);
  one(a).append(*erasure);
}

}  // namespace deskmate::sim
