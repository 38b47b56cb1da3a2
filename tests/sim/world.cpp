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

storage::LogName log_of(int number) {
  storage::LogName log;
  log.desk.fill(7);
  log.peer = id_of(number);
  log.incarnation = 1;
  return log;
}

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
  asked.push_back({chat, buyer, "message " + std::to_string(index), now_ms, {}, clocks_apart()});
  say("buyer writes " + chat + " #" + std::to_string(index));
  for (auto& peer : all) {
    at(now_ms + 50 + below(chance(10) ? 8'000 : 1'000), [&peer, index] { peer->see(index); });
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
  const bool others = std::any_of(message.answers.begin(), message.answers.end(),
                                  [&](const Answer& one) { return one.peer != peer; });
  if (others && setting.claim) return say("the claim is somebody else's");
  for (const Answer& before : message.answers) {
    if (before.peer == peer) continue;
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
  for (int n = 1; n <= setting.peers; ++n) {
    at(3'000, [this, n] {
      if (one(n).desk->needs_hello() || n > 1) {
        if (const auto hello = one(n).desk->hello()) one(n).append(*hello);
      }
    });
  }
}

void World::plan() {
  for (std::uint64_t t = step_ms; t <= end_ms; t += step_ms) {
    at(t, [this] {
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
  if (!setting.calm) plan_trouble();
  at(healed_ms, [this] { heal(); });
}

void World::plan_trouble() {
  const int troubles = 3 + static_cast<int>(below(7));
  for (int i = 0; i < troubles; ++i) {
    const std::uint64_t t = settled_ms + below(busy_ms - settled_ms);
    const std::uint64_t lasts = 1'000 + below(chance(50) ? 10'000 : 80'000);
    const int a = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
    const int b = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
    switch (below(8)) {
      case 0:
      case 1:  // a is cut off from b, or from everybody
        at(t, [this, a, b, lasts] { network.part(a, b == a ? 0 : b, now_ms + lasts); });
        break;
      case 2:
      case 3:  // one way, or both, everything stands; after a while it breaks or goes on
        at(t, [this, lasts] {
          if (network.wires().empty()) return;
          auto wire = network.wires().begin();
          std::advance(wire, static_cast<std::ptrdiff_t>(below(network.wires().size())));
          const LinkId id = wire->first;
          const int sides = 1 + static_cast<int>(below(3));
          say("link " + std::to_string(id) + " stands still, " + std::to_string(sides));
          for (int side = 0; side < 2; ++side) {
            if ((sides & (1 << side)) != 0) network.stand_still(id, side, true);
          }
          at(now_ms + lasts, [this, id] {
            if (chance(50)) return network.cut(id);
            network.stand_still(id, 0, false);
            network.stand_still(id, 1, false);
          });
        });
        break;
      case 4:
      case 5:  // kill -9
        at(t, [this, a, lasts] {
          one(a).crash();
          at(now_ms + lasts, [this, a] { one(a).boot(); });
        });
        break;
      case 6:  // the disk
        at(t, [this, a, lasts] {
          if (chance(60)) {
            say("disk of " + std::to_string(a) + " is slow");
            one(a).sync_ms = 4'000;
            return at(now_ms + lasts, [this, a] { one(a).sync_ms = 30; });
          }
          say("disk of " + std::to_string(a) + " fails");
          one(a).disk_works = false;
          at(now_ms + std::min<std::uint64_t>(lasts, 8'000),
             [this, a] { one(a).disk_works = true; });
        });
        break;
      default:  // the clock
        at(t, [this, a, lasts] {
          one(a).clock_off_ms = static_cast<std::int64_t>(below(chance(30) ? 120'000 : 10'000)) -
                                static_cast<std::int64_t>(chance(50) ? 60'000 : 5'000);
          say("clock of " + std::to_string(a) + " off by " + std::to_string(one(a).clock_off_ms));
          at(now_ms + lasts, [this, a] { one(a).clock_off_ms = 0; });
        });
    }
  }
}

void World::heal() {
  say("healed");
  for (auto& peer : all) {
    peer->disk_works = true;
    peer->sync_ms = 30;
    peer->clock_off_ms = 0;
    if (!peer->up()) peer->boot();
  }
  network.heal();
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
  }
  return "";
}

Outcome play(const Setting& setting) { return World(setting).play(); }

}  // namespace deskmate::sim
