// Money, whatever happens (RapidCheck): a failure prints the steps, made as few as possible, and
// how to run them again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/desk/test_money.hpp"
#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

constexpr std::int64_t settlements_max = 3;
constexpr std::int64_t gifts_max = 700;
constexpr std::int64_t order_paid = 1'000;

// Two peers, links that come and go, members who give at both, and shops that do what the desk
// lets them.
class Shop {
 public:
  Shop() : world(two()) {
    world.take_over = false;
    for (const char* name : {"a", "b"}) world.add(1, "order.seen", sold(name, order_paid));
    limit("settlements_month", "", settlements_max);
    limit("gifts_month", "CNY", gifts_max);
    world.settle();
  }

  void step(std::uint32_t word) {
    const auto some = [&](std::uint32_t n) {
      const std::uint32_t out = word % n;
      word /= n;
      return out;
    };
    world.now_ms += 1 + some(3);
    const auto n = static_cast<std::uint8_t>(1 + some(2));
    const MemberNo member = 1 + some(2);
    const std::string order = some(2) == 0 ? "a" : "b";
    switch (some(14)) {
      case 0:
      case 1:
        return give(n, member, order, "refund", 100 + some(4) * 300, Purpose::settlement);
      case 2:
        return give(n, member, order, "coupon", 1 + some(400), Purpose::gift);
      case 3:
        return propose(n, member, order, 50 + some(300));
      case 4:
        return agree(n);
      case 5:
        return carry_out(n);
      case 6:
      case 7:
        return perform(n, some(4) == 0);
      case 8:
        return world.cut(1, 2);
      case 9:
        world.heal();
        return world.exchange();
      case 10:
        return world.exchange();
      case 11:
        return move(n, member, some(3) == 0 ? Purpose::gift : Purpose::settlement, 1 + some(300));
      case 12:
        return answer(n, some(3) != 0);
      default:
        if (crashed.insert({n, world.now_ms}).second) carry_out(n);  // again, as after a restart
    }
  }

  // What must hold at any time, over all that any peer has done.
  void check() {
    std::map<std::pair<MemberNo, std::string>, std::int64_t> charged;
    for (std::uint8_t n = 1; n <= 2; ++n) {
      for (const TestEvent& event : world.at(n).logs[world.desk(n).policy().self]) {
        if (!event.request) continue;
        const Value facts = decode(event.facts).value();
        const Value& charge = facts["charge"];
        if (charge.is_nil() || failed.count(event.event) != 0) continue;
        charged[{static_cast<MemberNo>(facts["member"].as_uint()),
                 std::string(facts["purpose"].as_str())}] += charge["count"].as_int();
      }
      for (const MemberNo member : {1u, 2u}) {
        for (const PurseView& purse : world.desk(n).purses(member, "CNY", world.now_ms)) {
          RC_ASSERT(purse.left >= 0);
          RC_ASSERT(purse.here >= 0);
          for (const auto& [peer, share] : purse.shares) RC_ASSERT(share >= 0);
        }
      }
    }
    for (const auto& [whose, count] : charged) {
      const std::int64_t most = limits.count(whose.second) != 0 ? limits[whose.second] : INT64_MAX;
      RC_ASSERT(count <= most);
    }
    for (const auto& [order, sum] : refunded) RC_ASSERT(sum <= order_paid);
    for (const auto& [step, times] : steps_done) RC_ASSERT(times == 1);
  }

  // In the end all know the same, and nothing has appeared or vanished.
  void end() {
    world.heal();
    world.settle();
    for (int round = 0; round < 12; ++round) {
      for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
        carry_out(n);
        perform(n, false);
      }
      world.exchange();
      check();
    }
    RC_ASSERT(world.difference() == "");
    for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
      const MoneyLedger ledger = world.desk(n).money_ledger(0, world.now_ms + 1, "UTC");
      std::int64_t buyers = 0;
      for (const auto& [month, accounts] : ledger.accounts) {
        std::int64_t sum = 0;
        for (const auto& [account, value] : accounts) sum += value;
        RC_ASSERT(sum == 0);
        buyers += accounts.at("buyers");
      }
      RC_ASSERT(buyers == given);
    }
  }

  PeersWorld world;

 private:
  void limit(const char* name, const char* currency, std::int64_t value) {
    world.add(1, world.desk(1).set_limit({name, "", currency, value, true}, false, 0));
    limits[currency[0] == '\0' ? "settlement" : "gift"] = value;
  }
  void append(std::uint8_t n, const Result<Proposal>& proposal) {
    if (!proposal) return;
    const Id16 made = world.add(n, proposal);
    if (proposal->type == "offer.proposed") offers.push_back(made);
  }
  void give(std::uint8_t n, MemberNo member, const std::string& order, const char* kind,
            std::int64_t amount, Purpose purpose) {
    append(n, world.desk(n).action(giving(kind, order, member, amount, purpose), world.now_ms));
  }
  void propose(std::uint8_t n, MemberNo member, const std::string& order, std::int64_t amount) {
    append(n, world.desk(n).propose_offer(
                  offering(order, member, {{"refund", amount}, {"coupon", 5}}), world.now_ms));
  }
  // Of the latest offers, at any peer that knows them: two may say so without knowing of it.
  void agree(std::uint8_t n) {
    for (const Id16& offer : offers) {
      append(n, world.desk(n).read_back(offer, n, "Shall we?"));
      append(n, world.desk(n).confirm_offer(offer, n, "Yes."));
    }
  }
  void answer(std::uint8_t n, bool approved) {
    for (const Id16& offer : offers) {
      append(n, world.desk(n).answer_offer(offer, n, approved, "Because."));
    }
  }
  void carry_out(std::uint8_t n) {
    // One after the other, as the daemon does.
    for (auto ready = world.desk(n).carry_out_ready(world.now_ms); !ready.empty();
         ready = world.desk(n).carry_out_ready(world.now_ms)) {
      for (const Proposal& one : ready.front()) world.add(n, Result<Proposal>(one));
    }
  }
  void move(std::uint8_t n, MemberNo member, Purpose purpose, std::int64_t count) {
    const auto purse =
        world.desk(n).purses(member, "CNY", world.now_ms)[static_cast<std::size_t>(purpose)];
    if (purse.here == 0) return;
    append(n, world.desk(n).move_allowance(purse.purse, peer_id(n == 1 ? 2 : 1),
                                           1 + count % purse.here, n));
  }
  // What an outbox does: attempted, looked at again, done.
  void perform(std::uint8_t n, bool fails) {
    Desk& desk = world.desk(n);
    for (const RequestView& request : desk.pending_requests("", "", 100)) {
      if (request.home != peer_id(n)) continue;
      const auto may = [&] { return desk.may_give(request.id, world.sight(n)); };
      if (may() == Give::never || (fails && may() == Give::yes)) {
        world.add(n, request.kind + ".failed", outcome_of(request.id, request.kind));
        failed.insert(request.id);
        continue;
      }
      if (may() != Give::yes) continue;
      world.add(n, request.kind + ".attempted", outcome_of(request.id, request.kind));
      if (may() != Give::yes) {
        world.add(n, request.kind + ".failed",
                  outcome_of(request.id, request.kind, {{"again", true}}));
        continue;
      }
      done(n, request);
    }
  }
  void done(std::uint8_t n, const RequestView& request) {
    for (const TestEvent& event : world.at(n).logs[world.desk(n).policy().self]) {
      if (event.event != request.id) continue;
      const Value facts = decode(event.facts).value();
      const std::int64_t amount = facts["amount"].as_int();
      given += amount;
      if (request.kind == "refund") refunded[*request.order] += amount;
      if (facts["offer"].is_bin()) {
        ++steps_done[{std::string(facts["offer"].as_bin()), facts["step"].as_uint()}];
      }
    }
    world.add(n, request.kind + ".done", outcome_of(request.id, request.kind));
  }

  std::vector<Id16> offers;
  std::set<Id16> failed;
  std::set<std::pair<std::uint8_t, std::uint64_t>> crashed;
  std::map<std::string, std::int64_t> limits;
  std::map<Id16, std::int64_t> refunded;
  std::map<std::pair<std::string, std::uint64_t>, int> steps_done;
  std::int64_t given = 0;
};

RC_GTEST_PROP(MoneyRandom, R81_R82_R123_cuts_never_overrun_nothing_is_done_twice_and_all_end_alike,
              (const std::vector<std::uint32_t>& steps)) {
  Shop shop;
  for (const std::uint32_t word : steps) {
    shop.step(word);
    shop.check();
  }
  shop.end();
}

// Any events of several peers, sense or nonsense, in two orders: the same state, no allowance below
// zero, a ledger that sums to zero, and of each step of an offer at most one request that stands.
RC_GTEST_PROP(MoneyRandom, R84_R123_any_events_in_any_order_come_to_the_same,
              (const std::vector<std::uint32_t>& words)) {
  std::vector<TestEvent> events;
  std::map<std::uint8_t, std::uint64_t> seqs;
  const auto add = [&](std::uint32_t& word, std::string type, Map facts, bool request) {
    const auto peer = static_cast<std::uint8_t>(1 + word % 3);
    const storage::LogKey key{log_name(peer), ++seqs[peer]};
    const std::uint64_t stamp = (1'800'000'000'000ull << 16) + events.size() * 1'000 + word % 4;
    events.push_back(make_event(key, stamp, std::move(type), facts, request));
  };
  for (std::uint32_t word : words) {
    const std::uint32_t all = word;
    const auto some = [&](std::uint32_t n) {
      const std::uint32_t out = word % n;
      word /= n;
      return out;
    };
    const auto event = [&] {
      return bin(std::to_string(1 + some(3)) + "/1/" + std::to_string(1 + some(6)));
    };
    const Value order = bin("o" + std::to_string(some(2)));
    const Value member = 1 + some(2);
    const Value amount = some(500);
    const Value charge = Value::map({{"period", 684}, {"count", some(3)}, {"shared", some(2)}});
    std::uint32_t which = all;
    switch (some(9)) {
      case 0:
        add(which, "order.seen", sold("o" + std::to_string(some(2)), 1'000).as_map(), false);
        break;
      case 1:
        add(which, "offer.proposed",
            {{"shop", "shop"},
             {"order", order},
             {"member", member},
             {"purpose", some(2) == 0 ? "settlement" : "gift"},
             {"currency", "CNY"},
             {"direct", some(2) == 0},
             {"needs", some(2) == 0 ? Value("settlements_month") : Value()},
             {"instead", some(4) == 0 ? event() : Value()},
             {"steps", Value::array({Value::map({{"kind", "refund"}, {"amount", amount}})})}},
            false);
        break;
      case 2:
        add(which, some(2) == 0 ? "offer.confirmed" : "offer.approved",
            {{"offer", event()}, {"member", member}}, false);
        break;
      case 3:
        add(which, some(2) == 0 ? "offer.refused" : "offer.ended",
            {{"offer", event()}, {"member", member}, {"how", "declined"}}, false);
        break;
      case 4:
        add(which, "refund.requested",
            {{"shop", "shop"},
             {"order", order},
             {"member", member},
             {"amount", amount},
             {"currency", "CNY"},
             {"offer", some(2) == 0 ? event() : Value()},
             {"charge", charge}},
            true);
        break;
      case 5:
        add(which, some(2) == 0 ? "refund.done" : "refund.failed",
            {{"request", event()}, {"kind", "refund"}, {"again", some(2) == 0}}, false);
        break;
      case 6:
        add(which, "allowance.moved",
            {{"purpose", "settlement"},
             {"member", member},
             {"period", 684},
             {"to", Value::bin(bytes_of(peer_id(static_cast<std::uint8_t>(1 + some(3)))))},
             {"count", 1 + some(5)},
             {"shared", some(2)}},
            false);
        break;
      case 7:
        add(which, "refund.seen",
            {{"shop", "shop"},
             {"order", order},
             {"refund", bin("r" + std::to_string(some(3)))},
             {"amount", 1 + some(300)},
             {"currency", "CNY"},
             {"at", 1'800'000'000'000},
             {"request", some(2) == 0 ? event() : Value()},
             {"failed", some(3) == 0}},
            false);
        break;
      default:
        add(which, "payment.recorded",
            {{"shop", "shop"},
             {"order", order},
             {"member", member},
             {"amount", 1 + some(300)},
             {"currency", "CNY"},
             {"at", 1'800'000'000'000},
             {"proof", Value::array({Value::bin(std::string(32, 'p'))})},
             {"charge", charge}},
            false);
    }
  }
  MemoryTables first_tables;
  MemoryTables second_tables;
  Policy policy;
  policy.self = log_name(1);
  Desk first(first_tables, policy);
  Desk second(second_tables, policy);
  for (const TestEvent& event : events) first.fold(event.view());
  for (auto event = events.rbegin(); event != events.rend(); ++event) second.fold(event->view());
  for (const TestEvent& event : events) second.fold(event.view());  // and once more
  RC_ASSERT(first.hash() == second.hash());
  RC_ASSERT(first.hash() == first.full_hash());
  RC_ASSERT(second.hash() == second.full_hash());
  const std::uint64_t now = 1'800'000'000'000;
  for (const MemberNo member : {1u, 2u}) {
    for (const PurseView& purse : first.purses(member, "CNY", now)) {
      RC_ASSERT(purse.left >= 0);
      RC_ASSERT(purse.here >= 0);
    }
  }
  for (const auto& [month, accounts] : first.money_ledger(0, now + 1, "UTC").accounts) {
    std::int64_t sum = 0;
    for (const auto& [account, value] : accounts) sum += value;
    RC_ASSERT(sum == 0);
  }
  std::map<std::string, int> stands;
  Sight sight;
  sight.self = peer_id(1);
  for (const TestEvent& event : events) {
    if (!event.request) continue;
    const Value facts = decode(event.facts).value();
    const bool of_offer =
        facts["offer"].is_bin() && first.offer(*id16(facts["offer"].as_bin())).has_value();
    if (!of_offer) continue;
    if (first.may_give(event.event, sight) == Give::yes) {
      ++stands[std::string(facts["offer"].as_bin())];
    }
  }
  for (const auto& [offer, times] : stands) RC_ASSERT(times == 1);
}

}  // namespace
}  // namespace deskmate::desk
