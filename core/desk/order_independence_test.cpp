// The same events in any order give the same state, byte for byte, and the same hash.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/desk/codec.hpp"
#include "core/desk/schema.hpp"
#include "core/desk/test_random_events.hpp"
#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

struct Folded {
  StateHash hash{};
  StateHash full{};
  MemoryTables tables;
  Counts counts;
};

Folded fold_all(const std::vector<TestEvent>& events) {
  Folded out;
  Desk desk(out.tables, Policy{});
  for (const TestEvent& event : events) desk.fold(event.view());
  out.hash = desk.hash();
  out.full = desk.full_hash();
  out.counts = desk.counts();
  out.tables.erase(table::meta.name, "state");  // counts what was folded, not what is
  return out;
}

TEST(OrderIndependence, any_order_gives_the_same_state_and_hash) {
  std::uint64_t malformed = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto events = RandomEvents(seed).events(160);
    const Folded reference = fold_all(events);
    ASSERT_EQ(reference.hash, reference.full);
    malformed += reference.counts.malformed;
    std::mt19937 random(seed);
    for (int shuffle = 0; shuffle < 8; ++shuffle) {
      std::shuffle(events.begin(), events.end(), random);
      const Folded other = fold_all(events);
      ASSERT_EQ(other.hash, reference.hash);
      ASSERT_TRUE(other.tables == reference.tables);
      ASSERT_EQ(other.counts.malformed, reference.counts.malformed);
    }
  }
  EXPECT_GT(malformed, 0u);  // they were among them
}

TEST(OrderIndependence,
     a_change_in_force_stays_so_whatever_a_removed_or_a_restored_peer_asks_later) {
  const auto peers = [](std::initializer_list<std::uint8_t> which) {
    Array out;
    for (const std::uint8_t n : which) out.push_back(Value::bin(bytes_of(log_name(n).peer)));
    return Value(std::move(out));
  };
  constexpr std::uint64_t channel_ms = 1'800'000'000'000;
  const std::uint64_t stamp = channel_ms << 16;
  const auto weight = [&](const std::vector<TestEvent>& events) {
    MemoryTables tables;
    Desk desk(tables, Policy{});
    for (const TestEvent& event : events) desk.fold(event.view());
    return desk.members(channel_ms).at(0).weight;
  };
  const TestEvent change = make_event({log_name(0), 1}, stamp + 1, "member.set",
                                      Value::map({{"member", 1},
                                                  {"name", "N"},
                                                  {"role", "presale"},
                                                  {"weight", 5},
                                                  {"asks", peers({1})}}));
  const auto agreed = [&](std::uint64_t incarnation, std::uint64_t at, const Value& asks) {
    return make_event({log_name(1, incarnation), 1}, at, "member.agreed",
                      Value::map({{"change", Value::bin(change.event)}, {"asks", asks}}));
  };
  const TestEvent word = agreed(1, stamp + 2, peers({2}));
  const TestEvent removal = make_event({log_name(0), 2}, stamp + 3, "peer.removed",
                                       Value::map({{"peer", Value::bin(bytes_of(log_name(1).peer))},
                                                   {"cut", Value::array({Value::array({1, 1})})}}));
  EXPECT_EQ(weight({change, word, removal}), 5u);
  EXPECT_EQ(weight({change, removal, word}), 5u);
  const TestEvent again = agreed(2, stamp + 4, Value::array());
  EXPECT_EQ(weight({change, word, again}), 5u);
  EXPECT_EQ(weight({change, again, word}), 5u);
}

TEST(OrderIndependence, an_event_folded_twice_changes_nothing) {
  for (std::uint32_t seed = 100; seed <= 110; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto events = RandomEvents(seed).events(80);
    const Folded once = fold_all(events);
    auto twice = events;
    twice.insert(twice.end(), events.begin(), events.end());
    const Folded again = fold_all(twice);
    ASSERT_EQ(again.hash, once.hash);
    ASSERT_TRUE(again.tables == once.tables);
  }
}

TEST(OrderIndependence, many_folded_before_they_are_settled_are_as_one_by_one) {
  for (std::uint32_t seed = 200; seed <= 220; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto events = RandomEvents(seed).events(120);
    const Folded one_by_one = fold_all(events);
    for (const std::size_t piece : {std::size_t{2}, std::size_t{7}, events.size()}) {
      MemoryTables tables;
      Desk desk(tables, Policy{});
      for (std::size_t i = 0; i < events.size(); ++i) {
        desk.fold_on(events[i].view());
        if (i % piece == piece - 1) desk.settle();
      }
      desk.settle();
      ASSERT_EQ(desk.hash(), one_by_one.hash);
      ASSERT_EQ(desk.full_hash(), one_by_one.hash);
      tables.erase(table::meta.name, "state");
      ASSERT_TRUE(tables == one_by_one.tables);
    }
  }
}

TEST(OrderIndependence, a_desk_that_starts_again_goes_on_where_it_was) {
  const auto events = RandomEvents(7).events(100);
  const Folded whole = fold_all(events);
  MemoryTables tables;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Desk desk(tables, Policy{});
    desk.fold(events[i].view());
  }
  Desk desk(tables, Policy{});
  EXPECT_EQ(desk.hash(), whole.hash);
  EXPECT_EQ(desk.full_hash(), whole.hash);
  EXPECT_EQ(desk.counts().malformed, whole.counts.malformed);
}

TEST(OrderIndependence, the_hash_tells_states_apart) {
  const auto events = RandomEvents(3).events(100);
  const Folded whole = fold_all(events);
  std::size_t different = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto fewer = events;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    const Folded other = fold_all(fewer);
    EXPECT_EQ(other.hash == whole.hash, other.tables == whole.tables);
    different += other.hash != whole.hash ? 1u : 0u;
  }
  EXPECT_GT(different, events.size() / 3);
}

TEST(Fold, what_is_not_known_or_cannot_be_read_changes_nothing) {
  World world;
  world.member(1, 1);
  const StateHash before = world.desk.hash();
  const std::size_t entries = world.tables.entries();
  world.add("weather.seen", Value::map({{"sun", true}}));
  world.add("case.done", Value::map({{"case", 1}}));                  // another's outcome
  world.add("refund.requested", Value::map({{"shop", "s"}}), false);  // not marked as a request
  EXPECT_EQ(world.desk.counts().unknown, 3u);
  world.add("chat.closed", Value::map({{"chat", "text"}, {"member", 1}}));
  world.add("message.received", Value());
  world.add("member.set", Value::map({{"member", 1}, {"weight", weight_max + 1}}));
  world.add("member.set", Value::map({{"member", 1}, {"schedule", Value::array({"soon"})}}));
  world.add("chat.assigned",
            Value::map({{"chat", bin("c")},
                        {"member", 1},
                        {"shares", Value::array({Value::array({2, 1}), Value::array({1, 1})})}}));
  world.last.facts = "\xc1 not msgpack";
  world.desk.fold(world.last.view());
  EXPECT_EQ(world.desk.counts().malformed, 6u);
  EXPECT_EQ(world.desk.hash(), before);
  EXPECT_EQ(world.tables.entries(), entries);
}

// The number of table operations of an event must not grow with what came before.
class CountingTables : public MemoryTables {
 public:
  std::optional<std::string> get(std::string_view table, std::string_view key) override {
    ++operations;
    return MemoryTables::get(table, key);
  }
  void put(std::string_view table, std::string_view key, std::string value) override {
    ++operations;
    MemoryTables::put(table, key, std::move(value));
  }
  void scan(std::string_view table, const Range& range, const Each& each) override {
    MemoryTables::scan(table, range, [&](std::string_view key, std::string_view value) {
      ++operations;
      return each(key, value);
    });
  }
  std::uint64_t operations = 0;
};

TEST(Fold, the_cost_of_an_event_does_not_grow_with_history) {
  CountingTables tables;
  Desk desk(tables, Policy{});
  std::uint64_t seq = 0;
  const auto fold = [&](const char* type, Map facts) {
    ++seq;
    const TestEvent event =
        make_event({log_name(1), seq}, (std::uint64_t{1'800'000'000'000} + seq) << 16, type,
                   Value(std::move(facts)), false);
    desk.fold(event.view());
  };
  // One long chat of one buyer, and many short ones.
  const auto round = [&](std::uint64_t i) {
    for (const std::string& chat : {std::string("long"), "chat " + std::to_string(i)}) {
      fold("message.received", {{"shop", "mail"},
                                {"thread", bin(chat)},
                                {"buyer", bin("buyer")},
                                {"message", bin("m" + std::to_string(seq))},
                                {"at", 1},
                                {"contacts", bins({"contact"})}});
      fold("chat.assigned", {{"chat", bin(chat)}, {"number", i + 1}, {"member", 1}});
      fold("chat.closed", {{"chat", bin(chat)}, {"member", 1}});
    }
  };
  for (std::uint64_t i = 0; i < 20; ++i) round(i);
  const std::uint64_t early = tables.operations;
  round(20);
  const std::uint64_t one_early = tables.operations - early;
  for (std::uint64_t i = 21; i < 1500; ++i) round(i);
  const std::uint64_t late = tables.operations;
  round(1500);
  EXPECT_LE(tables.operations - late, one_early + 4);
  EXPECT_LE(one_early, 6 * 40u);
}

}  // namespace
}  // namespace deskmate::desk
