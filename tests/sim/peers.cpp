#include "tests/sim/peers.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>

#include "core/desk/rendezvous.hpp"
#include "core/desk/test_world.hpp"
#include "core/peer/memory_store.hpp"
#include "core/peer/replica_messages.hpp"

namespace deskmate::sim {
namespace {

using desk::Id16;
using desk::Proposal;
using peer::LinkId;
using peer::PeerId;

constexpr std::uint64_t start_ms = 1'800'000'000'000;
constexpr std::uint64_t step_ms = 500;
constexpr std::uint64_t settled_ms = 30'000;  // pairing is over
constexpr std::uint64_t busy_ms = 170'000;    // buyers write, things break
constexpr std::uint64_t healed_ms = 175'000;  // nothing breaks any more
constexpr std::uint64_t end_ms = 340'000;
constexpr std::uint64_t send_max_ms = 3'000;
constexpr std::uint64_t target_ms = 20'000;
constexpr std::uint64_t visible_ms =
    4'000;  // send time-out: an answer stands in the thread by then
constexpr std::size_t trace_kept = 60;
constexpr std::size_t queue_bytes_max = 16u << 20;

PeerId id_of(int number) {
  PeerId id{};
  id.fill(static_cast<std::uint8_t>(number));
  return id;
}

// What the marketplace holds of one message of a buyer.
struct Answer {
  int peer = 0;
  std::uint64_t at_ms = 0;
  bool tail = false;  // the thread's tail was read before
  Id16 request{};
};
struct Asked {
  std::string chat, buyer, name;
  std::uint64_t at_ms = 0;
  std::vector<Answer> answers;
  bool skewed = false;  // a clock was off by more than what is routed with
};

class World;

class One {
 public:
  One(World& world, int number);
  void boot();
  void crash();
  void step();
  void sync();
  void receive(LinkId link, const std::string& bytes);
  void link_up(LinkId link, int to);
  void link_down(LinkId link);
  void see(std::size_t asked);
  void append(const Proposal& proposal);
  void drain();
  peer::Now now() const;
  desk::Sight sight();
  bool up() const { return replica != nullptr; }

  World& world;
  const int number;
  peer::testing::MemoryStore store;
  std::unique_ptr<peer::Replica> replica;
  std::unique_ptr<desk::MemoryTables> tables;
  std::unique_ptr<desk::Desk> desk;
  std::int64_t clock_off_ms = 0;
  bool disk_works = true;
  bool sync_due = false;
  std::uint64_t sync_ms = 30;  // at most, until what waits is on disk
  std::size_t folded = 0;
  std::uint64_t hlc = 0;
  std::set<std::size_t> seen;
  bool look = true;        // for decide()
  bool stirred = true;     // something that answer() and outbox() look at has changed
  std::set<Id16> sending;  // requests that are on their way to the marketplace

 private:
  void fold_new();
  void decide();
  void answer();
  void outbox();
  void agree();
  void claim_by_presence();
};

class World {
 public:
  explicit World(const Setting& given) : setting(given), random(given.seed) {}

  Outcome play() {
    for (int n = 1; n <= setting.peers; ++n) {
      all.push_back(std::make_unique<One>(*this, n));
    }
    for (auto& one : all) one->boot();
    found();
    plan();
    while (!happenings.empty() && outcome.failure.empty()) {
      Happening next = happenings.top();
      happenings.pop();
      now_ms = next.at_ms;
      next.run();
    }
    if (outcome.failure.empty()) finish();
    outcome.trace.assign(lines.begin(), lines.end());
    return std::move(outcome);
  }

  std::uint64_t below(std::uint64_t n) { return random() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }

  void at(std::uint64_t at_ms, std::function<void()> run) {
    happenings.push({at_ms, ++order, std::move(run)});
  }
  void say(const std::string& line) {
    lines.push_back(std::to_string(now_ms) + " " + line);
    if (!setting.trace && lines.size() > trace_kept) lines.pop_front();
  }
  void fail(const std::string& what) {
    say("FAILED: " + what);
    if (outcome.failure.empty()) outcome.failure = "at " + std::to_string(now_ms) + " ms: " + what;
  }
  One& one(int number) { return *all[static_cast<std::size_t>(number - 1)]; }

  // --- the network
  // --------------------------------------------------------------------------------
  struct Wire {
    int a = 0, b = 0;
    bool stands[2] = {false, false};  // what a sends, what b sends
    std::uint64_t last_ms[2] = {0, 0};
    std::deque<std::string> held[2];
    std::uint64_t delay_ms = 5;
  };
  void connect(int a, int b) {
    if (!one(a).up() || !one(b).up()) return;
    const LinkId id = ++links;
    Wire& wire = wires[id];
    wire.a = a;
    wire.b = b;
    wire.delay_ms = 1 + below(setting.calm ? 20 : 300);
    say("link " + std::to_string(id) + " up: " + std::to_string(a) + "-" + std::to_string(b));
    one(a).link_up(id, b);
    one(b).link_up(id, a);
  }
  bool connected(int a, int b) const {
    return std::any_of(wires.begin(), wires.end(), [&](const auto& entry) {
      return (entry.second.a == a && entry.second.b == b) ||
             (entry.second.a == b && entry.second.b == a);
    });
  }
  void cut(LinkId id, int by = 0) {
    const auto wire = wires.find(id);
    if (wire == wires.end()) return;
    const int a = wire->second.a;
    const int b = wire->second.b;
    wires.erase(wire);
    say("link " + std::to_string(id) + " down");
    if (a != by) one(a).link_down(id);
    if (b != by) one(b).link_down(id);
  }
  void send(LinkId id, int from, std::string bytes) {
    const auto entry = wires.find(id);
    if (entry == wires.end()) return;
    Wire& wire = entry->second;
    const int side = wire.a == from ? 0 : 1;
    if (wire.stands[side]) {
      wire.held[side].push_back(std::move(bytes));
      return;
    }
    const std::uint64_t arrives =
        std::max(wire.last_ms[side], now_ms + wire.delay_ms + below(wire.delay_ms + 1));
    wire.last_ms[side] = arrives;
    const int to = side == 0 ? wire.b : wire.a;
    at(arrives, [this, id, to, bytes = std::move(bytes)] {
      if (wires.contains(id)) one(to).receive(id, bytes);
    });
  }
  void stand_still(LinkId id, int side, bool stands) {
    const auto entry = wires.find(id);
    if (entry == wires.end()) return;
    Wire& wire = entry->second;
    wire.stands[side] = stands;
    if (stands) return;
    for (std::string& bytes : std::exchange(wire.held[side], {})) {
      send(id, side == 0 ? wire.a : wire.b, std::move(bytes));
    }
  }

  // --- the marketplace
  // ----------------------------------------------------------------------------
  bool clocks_apart() const {
    return std::any_of(all.begin(), all.end(), [](const auto& peer) {
      return peer->clock_off_ms > static_cast<std::int64_t>(peer::skew_max_ms) ||
             peer->clock_off_ms < -static_cast<std::int64_t>(peer::skew_max_ms);
    });
  }

  void write(const std::string& chat, const std::string& buyer) {
    const std::size_t index = asked.size();
    asked.push_back({chat, buyer, "message " + std::to_string(index), now_ms, {}, clocks_apart()});
    say("buyer writes " + chat + " #" + std::to_string(index));
    for (auto& peer : all) {
      at(now_ms + 50 + below(chance(10) ? 8'000 : 1'000), [&peer, index] { peer->see(index); });
    }
  }
  std::optional<std::size_t> asked_of(const Id16& message) {
    if (names.size() != asked.size()) {
      for (std::size_t i = names.size(); i < asked.size(); ++i) {
        names[desk::id(asked[i].name)] = i;
      }
    }
    const auto found = names.find(message);
    if (found == names.end()) return std::nullopt;
    return found->second;
  }
  void deliver(int peer, std::size_t index, bool tail, std::uint64_t read_ms, const Id16& request,
               const std::string& why) {
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

  const Setting setting;
  std::uint64_t now_ms = 0;
  std::vector<std::unique_ptr<One>> all;
  std::vector<Asked> asked;
  std::map<Id16, std::size_t> names;
  std::map<LinkId, Wire> wires;
  Outcome outcome;
  std::map<storage::LogName, std::uint64_t> written;  // of every log, what was durable
  std::vector<int> weights;

 private:
  struct Happening {
    std::uint64_t at_ms = 0, order = 0;
    std::function<void()> run;
    bool operator<(const Happening& other) const {
      return std::pair(at_ms, order) > std::pair(other.at_ms, other.order);
    }
  };

  void found() {
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
      for (int b = a + 1; b <= setting.peers; ++b) connect(a, b);
    }
    for (int n = 1; n <= setting.peers; ++n) {
      at(3'000, [this, n] {
        if (one(n).desk->needs_hello() || n > 1) {
          if (const auto hello = one(n).desk->hello()) one(n).append(*hello);
        }
      });
    }
  }

  void plan() {
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

  void plan_trouble() {
    const int troubles = 3 + static_cast<int>(below(7));
    for (int i = 0; i < troubles; ++i) {
      const std::uint64_t t = settled_ms + below(busy_ms - settled_ms);
      const std::uint64_t lasts = 1'000 + below(chance(50) ? 10'000 : 80'000);
      const int a = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
      const int b = 1 + static_cast<int>(below(static_cast<std::uint64_t>(setting.peers)));
      switch (below(8)) {
        case 0:
        case 1:  // a is cut off from b, or from everybody
          at(t, [this, a, b, lasts] { part(a, b == a ? 0 : b, now_ms + lasts); });
          break;
        case 2:
        case 3:  // one way, or both, everything stands; after a while it breaks or goes on
          at(t, [this, lasts] {
            if (wires.empty()) return;
            auto wire = wires.begin();
            std::advance(wire, static_cast<std::ptrdiff_t>(below(wires.size())));
            const LinkId id = wire->first;
            const int sides = 1 + static_cast<int>(below(3));
            say("link " + std::to_string(id) + " stands still, " + std::to_string(sides));
            for (int side = 0; side < 2; ++side) {
              if ((sides & (1 << side)) != 0) stand_still(id, side, true);
            }
            at(now_ms + lasts, [this, id] {
              if (chance(50)) return cut(id);
              stand_still(id, 0, false);
              stand_still(id, 1, false);
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

  std::map<std::pair<int, int>, std::uint64_t> parted_;
  void part(int a, int b, std::uint64_t until_ms) {
    for (int other = 1; other <= setting.peers; ++other) {
      if (other == a || (b != 0 && other != b)) continue;
      std::uint64_t& until = parted_[std::minmax(a, other)];
      until = std::max(until, until_ms);
    }
    std::vector<LinkId> gone;
    for (const auto& [id, wire] : wires) {
      if (parted_[std::minmax(wire.a, wire.b)] > now_ms) gone.push_back(id);
    }
    for (const LinkId id : gone) cut(id);
  }

 public:
  // Dials whoever is not linked.
  void dial() {
    for (int a = 1; a <= setting.peers; ++a) {
      for (int b = a + 1; b <= setting.peers; ++b) {
        if (now_ms < parted_[{a, b}] || !one(a).up() || !one(b).up()) continue;
        if (!connected(a, b) ||
            (!setting.calm && now_ms < busy_ms && below(400) == 0 && wires.size() < 12)) {
          connect(a, b);
        }
      }
    }
  }

 private:
  void heal() {
    say("healed");
    parted_.clear();
    for (auto& peer : all) {
      peer->disk_works = true;
      peer->sync_ms = 30;
      peer->clock_off_ms = 0;
      if (!peer->up()) peer->boot();
    }
    std::vector<LinkId> ids;
    for (const auto& [id, wire] : wires) ids.push_back(id);
    for (const LinkId id : ids) {
      stand_still(id, 0, false);
      stand_still(id, 1, false);
    }
  }

  void look_at_limits() {
    for (auto& peer : all) {
      if (!peer->up()) continue;
      const auto status = peer->replica->status();
      if (status.buffered_bytes > queue_bytes_max) fail("too much is buffered");
      if (!status.frozen.empty()) fail("a log is frozen, and none was forked");
      if (peer->replica->rolled_back()) fail("rolled back, and no disk was");
    }
    if (setting.calm) check_split(1.0, false);
  }

  // Whoever has c chats gets none until the share has come up to c - 1: from (c - 1) T/w chats of
  // the set on all are within 1 again.
  static double even_after(const desk::LedgerView& view) {
    double total = 0;
    for (const auto& share : view) total += share.weight;
    double chats = 0;
    for (const auto& share : view) {
      chats = std::max(chats, (static_cast<double>(share.count) - 1) * total / share.weight);
    }
    return chats;
  }

  void check_split(double bound, bool owing) {
    for (auto& peer : all) {
      for (const auto& view : peer->desk->ledger()) {
        double n = 0;
        double total = 0;
        for (const auto& share : view) {
          n += static_cast<double>(share.count);
          total += share.weight;
        }
        const bool worked_off = !owing || n >= even_after(view);
        for (const auto& share : view) {
          const double off = std::abs(static_cast<double>(share.count) - n * share.weight / total);
          outcome.deviation = std::max(outcome.deviation, off);
          if (off > bound && worked_off) {
            fail("member " + std::to_string(share.member) + " has " + std::to_string(share.count) +
                 " of " + std::to_string(n));
          }
        }
      }
    }
  }

  void finish() {
    outcome.messages = static_cast<int>(asked.size());
    const peer::testing::MemoryStore& first = one(1).store;
    for (auto& peer : all) {
      for (const auto& [log, seq] : written) {
        const auto here = peer->store.logs.find(log);
        if (here == peer->store.logs.end() || here->second.items.size() < seq) {
          return fail("peer " + std::to_string(peer->number) + " lacks of the log of " +
                      std::to_string(log.peer[0]) + " what was acknowledged");
        }
        if (here->second.chains != first.logs.at(log).chains) return fail("logs differ");
      }
      if (peer->desk->hash() != one(1).desk->hash()) {
        return fail("peer " + std::to_string(peer->number) + " has another state than 1");
      }
    }
    if (setting.seed % 16 == 0 && one(1).desk->hash() != one(1).desk->full_hash()) {
      return fail("the hash is not that of the tables");
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      // A later message of the thread may have been answered in its place.
      const bool done = std::any_of(asked.begin() + static_cast<std::ptrdiff_t>(i), asked.end(),
                                    [&](const Asked& later) {
                                      return later.chat == asked[i].chat && !later.answers.empty();
                                    });
      // An answer to an earlier message was on its way when this one came in at another peer: the
      // chat is open, but does not count as waiting.
      const auto row = one(1).desk->chat_row(desk::id(asked[i].chat), start_ms + now_ms);
      if (!done && row && row->last_out_ms > start_ms + asked[i].at_ms) {
        ++outcome.crossed;
        continue;
      }
      // Seen first where the clock was a minute behind: by its stamp it is before an answer that
      // was sent elsewhere meanwhile. The clocks were alarmed about.
      if (!done && row && asked[i].skewed && row->waiting_since_ms == 0) {
        ++outcome.behind;
        continue;
      }
      if (!done) return fail("#" + std::to_string(i) + " of " + asked[i].chat + " has no answer");
    }
    for (const std::uint64_t wait : outcome.waits_ms) {
      if (wait > 2 * target_ms) ++outcome.freezes;
    }
    check_split(1.0, !setting.calm);
  }

  std::mt19937_64 random;
  std::priority_queue<Happening> happenings;
  std::uint64_t order = 0;
  std::deque<std::string> lines;
  LinkId links = 0;
};

// --- one peer
// -------------------------------------------------------------------------------------

storage::LogName log_of(int number) {
  storage::LogName log;
  log.desk.fill(7);
  log.peer = id_of(number);
  log.incarnation = 1;
  return log;
}

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
  std::vector<LinkId> gone;
  for (const auto& [id, wire] : world.wires) {
    if (wire.a == number || wire.b == number) gone.push_back(id);
  }
  store.crash();
  replica.reset();
  desk.reset();
  tables.reset();
  seen.clear();
  for (const LinkId id : gone) world.cut(id, number);
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
  if (!sync_due) {
    sync_due = true;
    world.at(world.now_ms + 1 + world.below(sync_ms), [this] { sync(); });
  }
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
        world.send(link, number, std::move(send->bytes));
        replica->carrier_unsent(link, 0, now());
      } else if (auto* close = std::get_if<peer::out::Close>(&output)) {
        world.fail("peer " + std::to_string(number) + " closes a link: " + close->detail);
        world.cut(close->link, number);
      } else if (auto* append = std::get_if<peer::out::Append>(&output)) {
        store.append(std::move(*append));
        if (!sync_due) {
          sync_due = true;
          world.at(world.now_ms + 1 + world.below(sync_ms), [this] { sync(); });
        }
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

void One::step() {
  if (number == 1) world.dial();
  if (!up()) return;
  replica->tick(now());
  if (world.now_ms % 1'000 == 0) {
    peer::Frontier frontier;
    for (const auto& tip : store.frontier()) frontier[tip.log] = tip.seq;
    replica->folded(frontier, desk->hash(), now());
  }
  drain();
  if (store.pending_own() != 0 || !replica->may_append(now())) return;
  if (stirred) agree();
  decide();
  if (store.pending_own() != 0 || (!stirred && world.now_ms % 3'000 != 0)) return;
  stirred = false;
  answer();
  outbox();
}

void One::agree() {
  for (const auto& change : desk->changes_waiting()) {
    if (std::find(change.waits_for.begin(), change.waits_for.end(), id_of(number)) ==
        change.waits_for.end()) {
      continue;
    }
    if (const auto agreed = desk->agree_to_change(change.change)) append(*agreed);
  }
}

void One::decide() {
  const auto deadline = desk->next_deadline_ms();
  const bool due = deadline && *deadline <= now().utc_ms;
  if (!look && !due && !desk->wants_decide()) return;
  if (look) desk->look_again();
  look = false;
  if (world.setting.mutant == Mutant::hash_presence) claim_by_presence();
  for (Proposal& proposal : desk->decide(sight())) {
    if (proposal.needs_tail && world.setting.mutant != Mutant::timer_alone) {
      // The buyer may have been answered meanwhile, by somebody out of sight.
      const auto row = desk->chat_row(*desk::id16(proposal.facts["chat"].as_bin()), now().utc_ms);
      std::optional<Answer> answered;
      for (const Asked& asked : world.asked) {
        if (row && desk::id(asked.chat) == row->id && !asked.answers.empty() &&
            start_ms + asked.at_ms >= row->waiting_since_ms) {
          answered = asked.answers.back();
        }
      }
      if (answered) {
        Proposal sent;
        sent.type = "message.sent";
        sent.facts = Value::map({{"shop", "mail"},
                                 {"thread", proposal.facts["chat"]},
                                 {"buyer", Value::bin(desk::bytes_of(*row->buyer))},
                                 {"message", Value::bin(desk::bytes_of(answered->request))},
                                 {"at", start_ms + answered->at_ms}});
        append(sent);
        continue;
      }
    }
    append(proposal);
  }
}

void One::claim_by_presence() {
  bool whole = true;
  std::vector<desk::Contender> present;
  for (int n = 1; n <= world.setting.peers; ++n) {
    const bool seen_now = n == number || replica->sees(id_of(n), now());
    whole = whole && seen_now;
    if (seen_now) {
      present.push_back(
          {static_cast<desk::MemberNo>(n),
           static_cast<std::uint32_t>(world.weights[static_cast<std::size_t>(n - 1)])});
    }
  }
  if (whole) return;
  for (const auto& row : desk->chats({.owner = 0}, now().utc_ms, 100)) {
    if (row.state == desk::ChatState::closed || !row.opening) continue;
    if (desk::rendezvous(row.id, present) != static_cast<desk::MemberNo>(number)) continue;
    Proposal claim;
    claim.type = "chat.assigned";
    const Id16 visit = storage::event_id(*row.opening);
    claim.facts = Value::map({{"chat", Value::bin(desk::bytes_of(row.id))},
                              {"visit", Value::bin(desk::bytes_of(visit))},
                              {"number", row.number == 0 ? 1u : row.number},
                              {"member", number},
                              {"claim", "cut"},
                              {"why", Value::map({{"rule", "cut"}, {"member", number}})}});
    append(claim);
  }
}

// The member at this peer answers whoever waits, if it may.
void One::answer() {
  const auto member = static_cast<desk::MemberNo>(number);
  std::set<Id16> under_way;
  for (const auto& request : desk->pending_requests("reply", "", 1'000)) {
    if (request.chat && request.home == id_of(number)) under_way.insert(*request.chat);
  }
  for (const auto& row : desk->chats({.owner = member}, now().utc_ms, 200)) {
    if (under_way.contains(row.id)) continue;
    if (row.waiting_since_ms == 0) {  // answered: closed after a while
      if (row.last_out_ms + 10'000 > now().utc_ms) continue;
      if (const auto closed = desk->close(row.id, member)) append(*closed);
      continue;
    }
    if (!desk->may_act(row.id, sight()).any()) continue;
    const auto reply = desk->reply(row.id, member, "An answer.");
    if (!reply) continue;
    append(*reply);
  }
}

void One::outbox() {
  for (const auto& request : desk->pending_requests("reply", "", 100)) {
    if (request.home != id_of(number) || !request.chat || sending.contains(request.id)) continue;
    const auto view = desk->chat(*request.chat, now().utc_ms, 50);
    if (!view || !view->chat.last_in) continue;
    const auto& item = store.logs[request.ref.log].items[request.ref.seq - 1];
    const auto header = storage::decode_header(item.record);
    const auto facts = decode(header->facts);
    const auto to = facts ? desk::id16((*facts)["to_message"].as_bin()) : std::nullopt;
    const auto index = to ? world.asked_of(*to) : std::nullopt;
    if (!index) continue;
    const auto outcome = [this, id = request.id](const char* type) {
      Proposal done;
      done.type = std::string("reply.") + type;
      done.facts = Value::map({{"request", Value::bin(desk::bytes_of(id))},
                               {"kind", "reply"},
                               {"attempt", 1},
                               {"message", Value::bin(desk::bytes_of(id))}});
      return done;
    };
    const auto& answers = world.asked[*index].answers;
    const bool ours = std::any_of(answers.begin(), answers.end(),
                                  [&](const Answer& one) { return one.request == request.id; });
    if (ours) {  // it had gone out before we were killed
      append(outcome("done"));
      continue;
    }
    const desk::Right right = desk->may_act(*request.chat, sight());
    if (!right.any()) {
      if (request.state == desk::RequestState::pending) {
        const auto dropped = outcome("failed");
        append(dropped);
      }
      continue;
    }
    const bool tail = right.may == desk::May::after_tail;
    if (tail && !answers.empty() && world.setting.mutant != Mutant::timer_alone) {
      append(outcome("failed"));  // somebody else has answered
      continue;
    }
    sending.insert(request.id);
    append(outcome("attempted"));
    const std::string why(right.why["rule"].as_str());
    const std::uint64_t read_ms = world.now_ms;
    world.at(world.now_ms + 40 + world.below(send_max_ms),
             [this, index, tail, why, read_ms, id = request.id, outcome] {
               if (!up() || !sending.contains(id)) return;
               world.deliver(number, *index, tail, read_ms, id, why);
               sending.erase(id);
               append(outcome("done"));
             });
  }
}

}  // namespace

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
