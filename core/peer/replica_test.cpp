#include "core/peer/replica.hpp"

#include <gtest/gtest.h>

#include "core/peer/test_replicas.hpp"

namespace deskmate::peer::testing {
namespace {

TEST(Replica, CatchesUpBothWays) {
  Net net{1, 2};
  net.write(1, 1'000);
  net.write(2, 300);
  net.connect(1, 2);
  EXPECT_TRUE(net.same(1, 2));
  EXPECT_EQ(net[2].store.logs[log_of(1)].items.size(), 1'000u);
  net.write(1, 1);  // and goes on as it comes
  net.write(2, 1);
  EXPECT_TRUE(net.same(1, 2));
}

TEST(Replica, SendsNothingTwiceThatIsThere) {
  Net net{1, 2};
  net.write(1, 500, 1'000);
  net.connect(1, 2);
  net.disconnect(1, 2);
  const std::size_t before = net.wire_bytes;
  net.write(1, 1);
  net.connect(1, 2);
  EXPECT_TRUE(net.same(1, 2));
  EXPECT_LT(net.wire_bytes - before, 4'000u);
}

// The link breaks at every message, one after the other, until all is there.
TEST(Replica, ResumesWhereverTheLinkBroke) {
  for (std::size_t every = 1; every <= 12; ++every) {
    Net net{1, 2};
    net.write(1, 3'000, 100);
    net.write(2, 100);
    const std::size_t breaks = break_and_resume(net, every);
    EXPECT_TRUE(net.same(1, 2)) << "broken every " << every;
    EXPECT_GT(breaks, 0u);
  }
}

TEST(Replica, ForwardsThirdPartiesLogs) {
  Net net{1, 2, 3};
  net.write(1, 400);
  net.connect(1, 2);
  net.connect(2, 3);  // 1 and 3 have never met
  EXPECT_TRUE(net.has_all(1, 3));
  net.write(1, 1);
  EXPECT_TRUE(net.has_all(1, 3));
  net.write(3, 1);
  EXPECT_TRUE(net.has_all(3, 1));
}

TEST(Replica, WantsALogFromOneLinkAndFromAnotherWhenThatDrops) {
  Net net{1, 2, 3};
  net.connect(1, 2);
  net.connect(2, 3);
  net.connect(1, 3);
  net.kinds.clear();
  net.write(1, 5);
  EXPECT_EQ((net.kinds[{1, 3}]["run"]), 1u);
  EXPECT_EQ((net.kinds[{2, 3}]["run"]), 0u);  // it has it from 1 itself
  net.disconnect(1, 3);
  net.write(1, 5);
  EXPECT_EQ((net.kinds[{2, 3}]["run"]), 1u);
  EXPECT_TRUE(net.has_all(1, 3));
  net.connect(1, 3);  // and its own peer is better than anybody
  net.kinds.clear();
  net.write(1, 5);
  EXPECT_EQ((net.kinds[{1, 3}]["run"]), 1u);
  EXPECT_EQ((net.kinds[{2, 3}]["run"]), 0u);
}

TEST(Replica, TakesALogFromElsewhereWhenItsLinkStandsStill) {
  Net net{1, 2, 3};
  net.connect(1, 2);
  net.connect(2, 3);
  net.connect(1, 3);
  net.tap = [](std::uint8_t from, std::uint8_t to, std::string& bytes) {
    if (from == 1 && to == 3) bytes = message::encode(message::Beat{});  // nothing but beats
    return true;
  };
  net.write(1, 5);
  EXPECT_FALSE(net.has_all(1, 3));
  net.pass(stall_ms + 1'000);
  EXPECT_TRUE(net.has_all(1, 3));
  net.write(1, 5);
  EXPECT_TRUE(net.has_all(1, 3));
}

TEST(Replica, KeepsToTheWindow) {
  Net net{1, 2};
  net[2].stores = false;
  net.write(1, 2'000, 10'000);  // 20 MB
  net.connect(1, 2);
  const auto status = net[2].replica->status();
  EXPECT_LE(status.buffered_bytes, want_window_bytes);
  EXPECT_GT(status.buffered_bytes, want_window_bytes / 2);
  EXPECT_EQ(net[1].replica->status().links[0].unacked_bytes, status.buffered_bytes);
  EXPECT_LT(net.wire_bytes, want_window_bytes + want_window_bytes / 8);
  net.store_waiting(2);
  EXPECT_TRUE(net.has_all(1, 2));
}

TEST(Replica, WaitsWhileTheCarrierIsFull) {
  MemoryStore store(log_of(1));
  for (int i = 0; i < 500; ++i) {
    store.append(storage::encode(header_of(std::string(10'000, 'x'))));
  }
  store.sync();
  Replica replica(store, {1'000, start_utc_ms});
  const Now now{1'000, start_utc_ms};
  replica.set_peers({{peer_id(2)}}, now);
  replica.link_up(1, peer_id(2), now);
  replica.receive(1, message::encode(hello_of(2)), now);
  replica.receive(1, message::encode(message::Want{1, {peer_id(1), 1}, 0}), now);
  std::size_t bytes = 0;
  for (const Output& output : replica.take()) {
    if (const auto* send = std::get_if<out::Send>(&output)) bytes += send->bytes.size();
  }
  EXPECT_GE(bytes, carrier_unsent_max);
  EXPECT_LE(bytes, carrier_unsent_max + piece_bytes_max + 2'000);
  replica.carrier_unsent(1, carrier_unsent_max, now);
  EXPECT_TRUE(replica.take().empty());
  replica.carrier_unsent(1, 0, now);
  EXPECT_FALSE(replica.take().empty());
}

TEST(Replica, SendsWhatIsLargerThanAMessage) {
  Net net{1, 2};
  const std::string body(storage::body_max, 'b');
  const std::string record = record_with(body);
  for (int i = 0; i < 12; ++i) net.write_record(1, record, body);
  std::size_t largest = 0;
  net.tap = [&](std::uint8_t, std::uint8_t, std::string& bytes) {
    largest = std::max(largest, bytes.size());
    return true;
  };
  net.connect(1, 2);
  EXPECT_TRUE(net.same(1, 2));
  EXPECT_LE(largest, message_bytes_max);
}

TEST(Replica, CountsAcknowledgementsOnlyWithTheAcknowledgersLog) {
  Net net{1, 2};
  net.connect(1, 2);
  net.write(1, 1);
  const storage::LogKey first{log_of(1), 1};
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), first));
  EXPECT_FALSE(net[1].replica->acked(peer_id(2), {log_of(1), 2}));
  EXPECT_GT(net[1].acks_changed, 0u);
  // 2 writes something, and acknowledges the next before 1 has that on disk.
  net[1].stores = false;
  net.write(2, 1);
  net.write(1, 1);
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_FALSE(net[1].replica->acked(peer_id(2), {log_of(1), 2}));
  net.store_waiting(1);
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 2}));
}

// What becomes durable after our hello went out and before theirs has come is in no hello.
TEST(Replica, TellsWhatBecameDurableBetweenTheHelloAndItsAnswer) {
  Net net{1, 2};
  net.connect(1, 2);
  net[2].stores = false;
  net.write(1, 1);
  net.disconnect(1, 2);
  ASSERT_FALSE(net[1].replica->acked(peer_id(2), {log_of(1), 1}));
  net[2].stores = true;
  net.tap = [&](std::uint8_t, std::uint8_t to, std::string&) {
    if (to != 2) return true;
    net.store_waiting(2);
    return true;
  };
  net.connect(1, 2);
  ASSERT_TRUE(net.has_all(1, 2));
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 1}));
}

TEST(Replica, ForgetsAcknowledgementsOfAPeerThatLostThem) {
  Net net{1, 2};
  net.connect(1, 2);
  net.write(1, 3);
  ASSERT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 3}));
  net.disconnect(1, 2);
  net.add(2, 9);  // its disk is of yesterday, so it begins another log
  net[2].stores = false;
  net.connect(1, 2);
  EXPECT_FALSE(net[1].replica->acked(peer_id(2), {log_of(1), 1}));
  net.store_waiting(2);
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 3}));
}

TEST(Replica, MergesAcknowledgementsThatCannotCountYet) {
  Net net{1, 2};
  net.connect(1, 2);
  net[1].stores = false;
  net.write(2, 1);
  net.write(1, 1);
  for (std::size_t i = 0; i < 3 * pending_acks_max; ++i) net.write(1, 1);
  EXPECT_FALSE(net[1].replica->acked(peer_id(2), {log_of(1), 1}));
  net.store_waiting(1);
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 1 + 3 * pending_acks_max}));
}

TEST(Replica, SeesOnlyWhoAnswers) {
  Net net{1, 2};
  net.connect(1, 2);
  net.pass(2'000);
  EXPECT_TRUE(net[1].replica->sees(peer_id(2), net.now(1)));
  // From 1 to 2 nothing gets through any more: 1 still hears 2, and does not see it.
  net.tap = [](std::uint8_t from, std::uint8_t, std::string& bytes) {
    if (from == 1) bytes = message::encode(message::Stop{0});
    return true;
  };
  net.pass(unseen_after_ms + 2'000);
  EXPECT_FALSE(net[1].replica->sees(peer_id(2), net.now(1)));
  EXPECT_FALSE(net[2].replica->sees(peer_id(1), net.now(2)));
  net.tap = nullptr;
  net.pass(2'000);
  EXPECT_TRUE(net[1].replica->sees(peer_id(2), net.now(1)));
  net.disconnect(1, 2);
  EXPECT_FALSE(net[1].replica->sees(peer_id(2), net.now(1)));
}

TEST(Replica, TellsWhenClocksAreApart) {
  Net net{1, 2};
  net.connect(1, 2);
  net[2].clock_off_ms = static_cast<std::int64_t>(skew_max_ms) - 1'000;
  net.pass(3'000);
  EXPECT_FALSE(net[1].replica->skewed());
  net[2].clock_off_ms = -static_cast<std::int64_t>(skew_max_ms) - 1'000;
  net.pass(3'000);
  EXPECT_TRUE(net[1].replica->skewed());
  EXPECT_TRUE(net[2].replica->skewed());
  EXPECT_TRUE(raised(net[1], Trouble::skewed));
  net[2].clock_off_ms = 0;
  net.pass(3'000);
  EXPECT_FALSE(net[1].replica->skewed());
  EXPECT_FALSE(net[1].alarms.back().raised);
}

TEST(Replica, OneClockOfThreeKeepsOnlyItsOwnerFromRouting) {
  Net net{1, 2, 3};
  net[3].clock_off_ms = 3'600'000;
  net.connect(1, 2);
  net.connect(1, 3);
  net.connect(2, 3);
  net.pass(3'000);
  EXPECT_FALSE(net[1].replica->skewed());
  EXPECT_FALSE(net[2].replica->skewed());
  EXPECT_TRUE(net[3].replica->skewed());
}

TEST(Replica, HoldsEventsFromTheFuture) {
  Net net{1, 2};
  net.connect(1, 2);
  net.write(1, 1);
  net[1].clock_off_ms = static_cast<std::int64_t>(skew_max_ms) + 20'000;
  net.write(1, 1);
  EXPECT_EQ(net[2].store.logs[log_of(1)].items.size(), 1u);
  EXPECT_TRUE(raised(net[2], Trouble::ahead));
  EXPECT_TRUE(net.connected(1, 2));
  net[1].clock_off_ms = 0;
  net.pass(30'000);  // until it is no longer the future
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_EQ(net[2].replica->status().buffered_bytes, 0u);
}

TEST(Replica, AppendsAloneAfterAWhileWithoutAnybody) {
  Net net{1};
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));  // nobody is known
  net.add(2);
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  net.pass(first_hello_wait_ms);
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
}

TEST(Replica, AppendsInARestoredLogOnceWhatItWroteBeforeIsBack) {
  Net net{1, 2};
  net.connect(1, 2);
  net.write(1, 3);
  net.disconnect(1, 2);
  // Its disk is lost, and a backup of before the three is there.
  net.add(1, 2).stores = false;
  net.connect(1, 2);
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  net[1].stores = true;
  net.pass(1'000);
  net.store_waiting(1);
  EXPECT_TRUE(net.has_all(2, 1));
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
  // Whoever only says that there is more does not keep it for long.
  net.add(9);
  net.add(1, 3);
  Liar liar(net, 1);
  liar.hello({{{peer_id(1), 2}, 1'000}});
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  liar.pass(own_past_wait_ms_max);
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
}

TEST(Replica, TakesNothingOfStrangersAndOfTheRemovedUpToTheCut) {
  Net net{1, 2, 3};
  net.write(3, 2);
  net.connect(2, 3);
  net.write(3, 2);
  net[1].replica->set_peers({{peer_id(2)}}, net.now(1));
  net.connect(1, 2);
  EXPECT_FALSE(net[1].store.logs.contains(log_of(3)));
  net[1].replica->set_peers({{peer_id(2)}, {peer_id(3), {{{1, 2}}}}}, net.now(1));
  net.settle();
  EXPECT_GE(net[1].store.logs[log_of(3)].items.size(), 2u);
  net.write(3, 3);
  EXPECT_EQ(net[1].store.logs[log_of(3)].items.size(), 4u);
  net[1].replica->set_peers({{peer_id(2)}, {peer_id(3)}}, net.now(1));
  net.settle();
  EXPECT_TRUE(net.has_all(3, 1));
}

TEST(Replica, ComparesStates) {
  Net net{1, 2};
  net.write(1, 3);
  net.connect(1, 2);
  net.fold(1, 1);
  net.fold(2, 1);
  net.pass(2'000);
  EXPECT_FALSE(raised(net[1], Trouble::diverged));
  net.write(1, 1);
  net.fold(1, 2);
  net.pass(2'000);  // 2 has not folded it yet: nothing to compare
  EXPECT_FALSE(raised(net[1], Trouble::diverged));
  net.fold(2, 3);
  net.pass(2'000);
  EXPECT_TRUE(raised(net[1], Trouble::diverged));
  EXPECT_TRUE(raised(net[2], Trouble::diverged));
}

// After an upgrade of one: the same events, another version of what is made of them.
TEST(Replica, DoesNotCompareStatesOfDifferentVersions) {
  Net net{1, 2};
  net.write(1, 3);
  net.connect(1, 2);
  net.fold(1, 1, "4");
  net.pass(2'000);
  net.fold(2, 2, "5");
  net.pass(2'000);
  EXPECT_FALSE(raised(net[1], Trouble::diverged));
  EXPECT_FALSE(raised(net[2], Trouble::diverged));
  net.fold(1, 3, "5");
  net.pass(2'000);
  EXPECT_TRUE(raised(net[1], Trouble::diverged));
  EXPECT_TRUE(raised(net[2], Trouble::diverged));
}

TEST(Replica, ManyAtRandomEndTheSame) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::uint32_t state = seed * 2654435761u;
    const auto below = [&state](std::uint32_t n) {
      state = state * 1664525u + 1013904223u;
      return (state >> 8) % n;
    };
    Net net;
    for (std::uint8_t n = 1; n <= 4; ++n) net.add(n);
    for (int step = 0; step < 120; ++step) {
      const auto a = static_cast<std::uint8_t>(1 + below(4));
      const auto b = static_cast<std::uint8_t>(1 + below(4));
      if (a == b || below(3) == 0) {
        net.write(a, 1 + below(20));
      } else if (net.connected(a, b)) {
        net.disconnect(a, b);
      } else {
        net.connect(a, b);
      }
      if (below(4) == 0) net.pass(1'000);
    }
    for (std::uint8_t n = 1; n < 4; ++n) {
      if (!net.connected(n, n + 1)) net.connect(n, static_cast<std::uint8_t>(n + 1));
    }
    net.pass(2'000);
    for (std::uint8_t n = 2; n <= 4; ++n) EXPECT_TRUE(net.same(1, n)) << "seed " << seed;
  }
}

TEST(ReplicaMessage, ReadsWhatItWrites) {
  message::Run run;
  run.number = 3;
  run.offset = 5;
  run.total = 9;
  run.bytes = "abcd";
  run.keys = {{id16(1), id16(2), {}}};
  const auto read = message::decode(message::encode(run));
  ASSERT_TRUE(read);
  const auto& back = std::get<message::Run>(*read);
  EXPECT_EQ(back.bytes, run.bytes);
  EXPECT_EQ(back.total, run.total);
  ASSERT_EQ(back.keys.size(), 1u);
  EXPECT_EQ(back.keys[0].buyer, id16(2));
}

TEST(ReplicaMessage, RefusesEveryTruncation) {
  message::Hello hello;
  hello.frontier = {{{peer_id(1), 1}, 5}, {{peer_id(2), 1}, 6}};
  hello.features = {"a"};
  const std::string bytes = message::encode(hello);
  ASSERT_TRUE(message::decode(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(message::decode(std::string_view(bytes).substr(0, size)));
  }
  Stretch stretch;
  stretch.log = log_of(1);
  stretch.first = 1;
  stretch.items = {{"record", "body"}, {"record", ""}};
  const std::string encoded = message::encode(stretch);
  ASSERT_TRUE(message::decode_stretch(log_of(1), encoded));
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(message::decode_stretch(log_of(1), std::string_view(encoded).substr(0, size)));
  }
}

}  // namespace
}  // namespace deskmate::peer::testing
