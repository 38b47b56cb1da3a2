#include "tests/sim/world.hpp"

#include <algorithm>
#include <iterator>

#include "tests/sim/one.hpp"

namespace deskmate::sim {

PeerId id_of(int number) {
  PeerId id{};
  id.fill(static_cast<std::uint8_t>(number));
  return id;
}

storage::LogName log_of(int number, std::uint64_t incarnation) {
  storage::LogName log;
  log.desk.fill(7);
  log.peer = id_of(number);
  log.incarnation = incarnation;
  return log;
}

std::string refused_by(int number) { return "Refused by " + std::to_string(number); }

World::World(const Setting& given) : setting(given), network(*this), random_(given.seed) {}
World::~World() = default;

void World::at(std::uint64_t at_ms, std::function<void()> run) {
  happenings_.push({at_ms, ++order_, std::move(run)});
}
void World::say(const std::string& line) {
  lines_.push_back(std::to_string(now_ms) + " " + line);
  if (!setting.trace && lines_.size() > trace_kept) lines_.pop_front();
}
void World::fail(const std::string& what) {
  say("FAILED: " + what);
  if (outcome.failure.empty()) outcome.failure = "at " + std::to_string(now_ms) + " ms: " + what;
}

Outcome World::play() {
  for (int n = 1; n <= setting.peers; ++n) {
    all.push_back(std::make_unique<One>(*this, n));
  }
  for (auto& one : all) one->boot();
  found();
  plan();
  while (!happenings_.empty() && outcome.failure.empty()) {
    Happening next = happenings_.top();
    happenings_.pop();
    now_ms = next.at_ms;
    next.run();
  }
  if (outcome.failure.empty()) finish();
  outcome.trace.assign(lines_.begin(), lines_.end());
  return std::move(outcome);
}

bool World::clocks_apart() const {
  return std::any_of(all.begin(), all.end(), [](const auto& peer) {
    return peer->clock_off_ms > static_cast<std::int64_t>(peer::skew_max_ms) ||
           peer->clock_off_ms < -static_cast<std::int64_t>(peer::skew_max_ms);
  });
}

void World::write(const std::string& chat, const std::string& buyer) {
  const std::size_t index = asked.size();
  asked.push_back({chat, buyer, "message " + std::to_string(index), now_ms, {}});
  say("buyer writes " + chat + " #" + std::to_string(index));
  for (auto& peer : all) {
    at(now_ms + 50 + below(chance(10) ? 8'000 : 1'000), [&peer, index] { peer->see(index); });
    if (chance(5)) at(now_ms + below(40'000), [&peer, index] { peer->see_again(index); });
  }
}
std::optional<std::size_t> World::asked_of(const Id16& message) {
  if (names_.size() != asked.size()) {
    for (std::size_t i = names_.size(); i < asked.size(); ++i) {
      names_[desk::id(asked[i].name)] = i;
    }
  }
  const auto found = names_.find(message);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}
void World::deliver(int peer, std::size_t index, bool tail, std::uint64_t read_ms,
                    const Id16& request, const std::string& why) {
  Asked& message = asked[index];
  say("peer " + std::to_string(peer) + " answers #" + std::to_string(index) + " (" + why + ")");
  if (const auto home = homes.find(request); home == homes.end() || home->second != peer) {
    return fail("peer " + std::to_string(peer) + " acts on a request whose home is elsewhere");
  }
  const bool others = std::any_of(message.answers.begin(), message.answers.end(),
                                  [&](const Answer& one) { return one.peer != peer; });
  if (others && setting.claim) return say("the claim is somebody else's");
  for (const Answer& before : message.answers) {
    if (before.peer == peer) continue;
    if (overridden.contains(peer) || overridden.contains(before.peer)) {
      ++outcome.overridden;
      continue;
    }
    if (!tail && !before.tail) {
      return fail("#" + std::to_string(index) + " answered by " + std::to_string(before.peer) +
                  " and " + std::to_string(peer) + ", and neither had vanished");
    }
    if (tail && before.at_ms + visible_ms < read_ms) {
      return fail("#" + std::to_string(index) + " answered again though the answer stood there");
    }
    ++outcome.doubles;
  }
  if (message.answers.empty()) outcome.waits_ms.push_back(now_ms - message.at_ms);
  message.answers.push_back({peer, now_ms, tail, request});
}

void World::found() {
  One& first = one(1);
  static const std::vector<std::vector<int>> shares = {{3, 1}, {3, 1, 2}, {5, 1, 1, 2, 1}};
  weights = shares[setting.peers == 2 ? 0 : setting.peers == 3 ? 1 : 2];
  weights.resize(static_cast<std::size_t>(setting.peers), 1);
  for (int n = 1; n <= setting.peers; ++n) {
    desk::MemberSpec spec;
    spec.number = static_cast<desk::MemberNo>(n);
    spec.name = "Member";
    spec.role = "presale";
    spec.weight = static_cast<std::uint32_t>(weights[static_cast<std::size_t>(n - 1)]);
    spec.peer = id_of(n);
    first.append(first.desk->set_member(spec).value());
    first.sync();
  }
  for (int n = 2; n <= setting.peers; ++n) {
    first.append(first.desk->add_peer(id_of(n), "Peer").value());
    first.sync();
  }
  for (int n = 2; n <= setting.peers; ++n) {
    one(n).append(one(n).desk->agree_to_join(id_of(1)).value());
    one(n).sync();
  }
  for (int a = 1; a <= setting.peers; ++a) {
    for (int b = a + 1; b <= setting.peers; ++b) network.connect(a, b);
  }
}

void World::plan() {
  for (std::uint64_t t = step_ms; t <= end_ms; t += step_ms) {
    at(t, [this] {
      if (clocks_apart()) clocks_apart_ms_ = now_ms;
      for (auto& peer : all) peer->step();
      if (now_ms % 5'000 == 0) look_at_limits();
    });
  }
  const int count = 14 + static_cast<int>(below(14));
  for (int i = 0; i < count; ++i) {
    const std::string chat = "chat " + std::to_string(i);
    const std::uint64_t t = settled_ms + below(busy_ms - settled_ms);
    at(t, [this, chat] { write(chat, chat); });
    if (chance(15)) at(t + 5'000 + below(60'000), [this, chat] { write(chat, chat); });
  }
  // Once all is healed the split comes even again.
  for (int i = 0; i < 26; ++i) {
    const std::string chat = "after " + std::to_string(i);
    at(healed_ms + 30'000 + static_cast<std::uint64_t>(i) * 3'000,
       [this, chat] { write(chat, chat); });
  }
  plan_words();
  if (!setting.calm) plan_trouble();
  at(healed_ms, [this] { heal(); });
  at(healed_ms + 15'000, [this] { remove_again(); });
}

void World::heal() {
  say("healed");
  unfork();
  for (auto& peer : all) {
    peer->disk_works = true;
    peer->sync_ms = 30;
    peer->clock_off_ms = 0;
    peer->newer = false;
    if (!peer->up() && on_desk(peer->number)) peer->boot();
  }
  network.heal();
  if (may_hold_the_future()) return;
  for (auto& peer : all) {
    if (!on_desk(peer->number)) continue;
    for (const auto& tip : peer->store.frontier()) {
      if (!on_desk(tip.log.peer[0])) continue;
      std::uint64_t& seq = catching_.goal[tip.log];
      seq = std::max(seq, tip.seq);
    }
  }
  catching_.up = !caught_up();
  catching_.since_ms = now_ms;
}

// The owners have decided: whoever went on with the old disk begins a new log from before the
// fork, and the others take the log again that they had frozen.
void World::unfork() {
  if (forked == 0) return;
  check_forks();
  const int which = std::exchange(forked, 0);
  if (!on_desk(which)) return;
  one(which).restore(true);
  for (auto& peer : all) peer->unfreeze();
}

// Who removed it lost the word with a disk: the owners look, and say it again.
void World::remove_again() {
  for (const int victim : removed) {
    One& who = any();
    const auto peers = who.desk->peers();
    const bool known = std::any_of(peers.begin(), peers.end(), [&](const auto& view) {
      return view.id == id_of(victim) && view.standing == desk::PeerStanding::removed;
    });
    if (known || !who.may_append()) continue;
    std::vector<desk::Desk::LogCut> cut;
    for (const auto& tip : who.store.frontier()) {
      if (tip.log.peer == id_of(victim)) cut.push_back({tip.log.incarnation, tip.seq});
    }
    if (const auto removal = who.desk->remove_peer(id_of(victim), cut)) who.append(*removal);
  }
}

One& World::any() {
  return **std::find_if(all.begin(), all.end(),
                        [this](const auto& peer) { return on_desk(peer->number); });
}

bool World::caught_up() const {
  return std::all_of(all.begin(), all.end(), [this](const auto& peer) {
    if (!on_desk(peer->number)) return true;
    return std::all_of(catching_.goal.begin(), catching_.goal.end(), [&](const auto& one) {
      const auto log = peer->store.logs.find(one.first);
      return log != peer->store.logs.end() && log->second.items.size() >= one.second;
    });
  });
}

void World::linked() {
  if (catching_.up) catching_.since_ms = now_ms;
}

void World::folded() {
  if (!catching_.up || !caught_up()) return;
  catching_.up = false;
  const std::uint64_t took_ms = now_ms - catching_.since_ms;
  const std::uint64_t disks_ms = std::min<std::uint64_t>(took_ms, 30);
  outcome.round_trips.push_back(static_cast<double>(took_ms - disks_ms) /
                                static_cast<double>(network.round_trip_ms()));
}

void World::lost_with_a_disk() {
  for (auto& [log, seq] : written) {
    std::uint64_t most = 0;
    for (const auto& peer : all) {
      if (peer->number == forked && log.peer == id_of(forked)) continue;
      if (!on_desk(peer->number)) continue;
      const auto here = peer->store.logs.find(log);
      if (here != peer->store.logs.end()) most = std::max(most, here->second.items.size());
    }
    seq = std::min(seq, most);
  }
}

const char* to_string(Mutant mutant) {
  switch (mutant) {
    case Mutant::none:
      return "none";
    case Mutant::no_wait:
      return "assign without waiting for the view";
    case Mutant::timer_alone:
      return "take over by timer alone";
    case Mutant::hash_presence:
      return "hash over presence";
    case Mutant::acks_ahead:
      return "acknowledgements ahead of logs";
    case Mutant::own_word:
      return "a change without the others' word";
    case Mutant::narrow_cut:
      return "a removed peer's log cut at what the remover had";
    case Mutant::no_hello:
      return "restored, and no hello";
    case Mutant::any_home:
      return "acting on the requests of others";
    case Mutant::keeps_keys:
      return "destroying own keys only";
  }
  return "";
}

Outcome play(const Setting& setting) { return World(setting).play(); }

}  // namespace deskmate::sim
