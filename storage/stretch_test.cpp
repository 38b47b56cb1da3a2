// Logs that go from peer to peer: two and three stores, and what is carried between them.
#include "storage/stretch.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <thread>

#include "storage/hash.hpp"
#include "storage/peer_test_support.hpp"
#include "storage/stretches.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

TEST(Stretch, CarriesALogAsItIsStored) {
  Desk desk;
  auto ours = append(*desk.a, {event_of("one", "plain"), event_of("two", "secret", 1),
                               event_of("three", std::string(5'000, 'x'), 2)});
  Stretch stretch = next_stretch(*desk.a, desk.a->log(), 0);
  EXPECT_EQ(stretch.items.size(), 3U);
  Arrived arrived = must(try_stretch(*desk.b, stretch));
  EXPECT_EQ(arrived.first_arrival, 1U);
  EXPECT_EQ(arrived.count, 3U);
  EXPECT_EQ(arrived.seq, 3U);
  auto there = read_all(*desk.b);
  auto here = read_all(*desk.a);
  ASSERT_EQ(there.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(there[i].key, here[i].key);
    EXPECT_EQ(there[i].record, here[i].record);
    EXPECT_EQ(there[i].body, here[i].body);
    EXPECT_EQ(must(desk.b->arrival_of(here[i].key)), i + 1);
  }
  // What b forwards is what a sent.
  EXPECT_EQ(next_stretch(*desk.b, desk.a->log(), 0), stretch);
  EXPECT_EQ(must(desk.b->read_stretch(desk.a->log(), 3, 1)), std::nullopt);
  EXPECT_EQ(must(desk.b->read_stretch(LogName{}, 0, 1)), std::nullopt);
}

TEST(Stretch, TwiceIsOnce) {
  Desk desk;
  append(*desk.a, std::vector<NewEvent>(5, event_of("x", "y", 1)));
  Stretch all = next_stretch(*desk.a, desk.a->log(), 0);
  Stretch start = next_stretch(*desk.a, desk.a->log(), 0, 1);
  ASSERT_EQ(start.items.size(), 1U);
  must(try_stretch(*desk.b, start));
  Arrived rest = must(try_stretch(*desk.b, all));
  EXPECT_EQ(rest.first_arrival, 2U);
  EXPECT_EQ(rest.count, 4U);
  Arrived again = must(try_stretch(*desk.b, all));
  EXPECT_EQ(again.count, 0U);
  EXPECT_EQ(again.seq, 5U);
  must(try_stretch(*desk.b, start));
  // What is sent back to its own peer is nothing new either.
  EXPECT_EQ(must(try_stretch(*desk.a, all)).count, 0U);
  EXPECT_EQ(read_all(*desk.b).size(), 5U);
  expect_whole(*desk.b);
}

TEST(Stretch, TheFrontierSaysWhatIsOnDisk) {
  Desk desk;
  auto tips = desk.b->frontier();
  ASSERT_EQ(tips.size(), 1U);
  EXPECT_EQ(tips[0].log, desk.b->log());
  EXPECT_EQ(tips[0].seq, 0U);
  append(*desk.a, std::vector<NewEvent>(300, event_of("x")));
  copy_log(*desk.a, *desk.b, desk.a->log());
  append(*desk.b, {event_of("y")});
  tips = desk.b->frontier();
  ASSERT_EQ(tips.size(), 2U);
  EXPECT_EQ(tips[0].log, desk.b->log());
  EXPECT_EQ(tips[0].seq, 1U);
  EXPECT_EQ(tips[1].seq, 300U);
  EXPECT_EQ(tips[1].head_seq, 300U);
  EXPECT_EQ(tips[1].chain, desk.a->frontier()[0].chain);
  EXPECT_EQ(desk.a->frontier()[0].head_seq, 256U);
  desk.b.reset();
  desk.b = open_at(desk.folder_b.path());
  EXPECT_EQ(desk.b->frontier()[1], tips[1]);
  EXPECT_EQ(desk.b->frontier()[0].chain, tips[0].chain);
}

TEST(Stretch, ThirdPartiesLogsAreForwarded) {
  Desk desk;
  TempFolder folder_c;
  must(create_joined(options_for(folder_c.path()), desk.a->log().desk, desk.a->pseudonym_key()));
  auto c = open_at(folder_c.path());
  for (int round = 0; round < 4; ++round) {
    append(*desk.a, std::vector<NewEvent>(70, event_of("a", "body", 1)));
    append(*desk.b, std::vector<NewEvent>(30, event_of("b")));
    copy_log(*desk.a, *desk.b, desk.a->log());
  }
  copy_log(*desk.b, *c, desk.a->log());
  copy_log(*desk.b, *c, desk.b->log());
  append(*c, {event_of("c")});
  EXPECT_EQ(c->last_arrival(), 4U * 100 + 1);
  auto report = expect_whole(*c);
  EXPECT_EQ(report.logs, 3U);
  EXPECT_EQ(report.missing_keys, 280U);
  c.reset();
  c = open_at(folder_c.path());
  EXPECT_EQ(append(*c, {event_of("again")})[0].key.seq, 2U);
  append(*desk.a, {event_of("more")});
  copy_log(*desk.a, *c, desk.a->log());
  expect_whole(*c);
}

RC_GTEST_PROP(Stretch, AnySizesAndAnyPlacesToGoOnLeadToTheSameLog, ()) {
  Desk desk;
  const auto sizes = *rc::gen::container<std::vector<std::size_t>>(
      *rc::gen::inRange<std::size_t>(1, 6), rc::gen::inRange<std::size_t>(1, 400));
  for (std::size_t size : sizes) {
    append(*desk.a, std::vector<NewEvent>(size, event_of("x", std::string(size, 'y'), 1)));
  }
  const LogName log = desk.a->log();
  const std::uint64_t all = desk.a->last_arrival();
  while (desk.b->last_arrival() < all) {
    const std::uint64_t have = desk.b->last_arrival();
    const std::uint64_t after =
        have - *rc::gen::inRange<std::uint64_t>(0, std::min<std::uint64_t>(have + 1, 300));
    const auto bytes = *rc::gen::inRange<std::size_t>(1, 120'000);
    Stretch stretch = next_stretch(*desk.a, log, after, bytes);
    RC_ASSERT(stretch.first == after + 1);
    RC_ASSERT(stretch.items.size() <= stretch_events_max);
    Arrived arrived = must(try_stretch(*desk.b, stretch));
    RC_ASSERT(arrived.seq == std::max(have, stretch.last()));
  }
  // Out of b from anywhere: only at heads, but always some.
  TempFolder folder_c;
  must(create_joined(options_for(folder_c.path()), log.desk, desk.a->pseudonym_key()));
  auto c = open_at(folder_c.path());
  while (c->last_arrival() < all) {
    must(try_stretch(*c, next_stretch(*desk.b, log, c->last_arrival(),
                                      *rc::gen::inRange<std::size_t>(1, 120'000))));
  }
  RC_ASSERT(c->frontier()[1].chain == desk.a->frontier()[0].chain);
  expect_whole(*c);
}

TEST(Stretch, KeepsToItsLimits) {
  Desk desk;
  append(*desk.a, std::vector<NewEvent>(10, event_of("x", std::string(body_max, 'b'), 1)));
  for (std::uint64_t after = 0; after < 10; ++after) {
    Stretch one = next_stretch(*desk.a, desk.a->log(), after, 1u << 30);
    EXPECT_EQ(one.items.size(), 1U);  // a second would be too much
    must(try_stretch(*desk.b, one));
  }
  append(*desk.a, std::vector<NewEvent>(2'000, event_of("x")));
  EXPECT_EQ(next_stretch(*desk.a, desk.a->log(), 10, 1u << 30).last(), stretch_events_max);
  copy_log(*desk.a, *desk.b, desk.a->log());
  EXPECT_EQ(desk.b->last_arrival(), 2'010U);
}

TEST(Stretch, EventsOfANewerVersionAreKeptAndForwardedButNotRead) {
  Desk desk;
  ForgedLog log(desk.a->log().desk);
  std::string flags = log.record("new.flag");
  flags[1] = static_cast<char>(flags[1] | 0x40);
  std::string version = log.record("new.version");
  version[0] = 2;
  Stretch stretch = log.stretch({{log.record("old"), ""},
                                 {flags + "and what it means", "any bytes"},
                                 {version, "body of another shape"},
                                 {log.record("old"), ""}});
  Arrived arrived = must(try_stretch(*desk.a, stretch));
  EXPECT_EQ(arrived.count, 4U);
  // Readers see that there is something, and when it was where that can be said.
  std::string types;
  must(desk.a->read(0, 10, true, [&](const StoredEvent& event) {
    types += std::string(event.header.type) + " ";
    if (event.header.type != newer_type) return true;
    EXPECT_EQ(event.header.facts, "\x80");
    EXPECT_EQ(event.header.stamp, event.key.seq == 2 ? log.header("old").stamp : 0);
    EXPECT_EQ(must(desk.a->open_body(event)), "");
    return true;
  }));
  EXPECT_EQ(types, "old newer newer old ");
  EXPECT_EQ(next_stretch(*desk.a, stretch.log, 0), stretch);
  copy_log(*desk.a, *desk.b, stretch.log);
  EXPECT_EQ(next_stretch(*desk.b, stretch.log, 0), stretch);
  EXPECT_EQ(expect_whole(*desk.b).unknown, 2U);
}

TEST(Stretch, AnUnknownHashOrSealIsNotCheckedAndForwarded) {
  Desk desk;
  ForgedLog log(desk.a->log().desk);
  HeaderView header = log.header("odd");
  header.flags = flag_body | flag_sealed;
  header.hash_alg = 77;
  header.seal_alg = 78;
  header.key_id = Id16{};
  header.body_hash = Hash32{};
  Stretch stretch = log.stretch({{encode(header), "sealed somehow"}});
  must(try_stretch(*desk.a, stretch));
  EXPECT_EQ(next_stretch(*desk.a, stretch.log, 0), stretch);
  must(desk.a->read(0, 1, true, [&](const StoredEvent& event) {
    EXPECT_EQ(desk.a->open_body(event).error().code, Errc::newer);
    return true;
  }));
  expect_whole(*desk.a);
}

TEST(Stretch, BodiesOpenOnceTheKeyIsThere) {
  Desk desk;
  append(*desk.a, {event_of("f", "the text", 1)});
  copy_log(*desk.a, *desk.b, desk.a->log());
  must(desk.b->read(0, 1, true, [&](const StoredEvent& event) {
    EXPECT_EQ(desk.b->open_body(event).error().code, Errc::not_found);
    return true;
  }));
  auto ids = desk.a->keys_of(buyer_of(1));
  ASSERT_EQ(ids.size(), 1U);
  must(desk.b->import_keys(desk.a->export_keys(ids)));
  EXPECT_EQ(open_body_at(*desk.b, 1), "the text");
  EXPECT_EQ(expect_whole(*desk.b).missing_keys, 0U);
  // It is used for what is new, and known after a start.
  append(*desk.b, {event_of("g", "mine", 1)});
  EXPECT_EQ(desk.b->keys_of(buyer_of(1)), ids);
  desk.b.reset();
  desk.b = open_at(desk.folder_b.path());
  EXPECT_EQ(open_body_at(*desk.b, 1), "the text");
  must(desk.b->erase_keys(ids));
  EXPECT_EQ(open_body_at(*desk.b, 1), std::nullopt);
  EXPECT_EQ(open_body_at(*desk.b, 2), std::nullopt);
  EXPECT_EQ(expect_whole(*desk.b).erased_bodies, 2U);
  EXPECT_TRUE(desk.b->export_keys(ids).empty());
}

TEST(Stretch, WhatWaitsGoesInOneTransactionWithAppends) {
  std::atomic<int> commits = 0;
  Hooks hooks;
  hooks.before_commit = [&] {
    ++commits;
    return 0;
  };
  Desk desk({}, hooks);
  for (int i = 0; i < 20; ++i) append(*desk.a, {event_of("x")});
  std::promise<void> last;
  {
    HeldWriter held(*desk.b);
    commits = 0;
    for (std::uint64_t after = 0; after < 20; ++after) {
      desk.b->append_stretch(next_stretch(*desk.a, desk.a->log(), after, 1),
                             [](const Result<Arrived>& done) { EXPECT_TRUE(done.has_value()); });
      desk.b->append({event_of("own")}, {});
    }
    desk.b->append({event_of("last")},
                   [&](const Result<std::vector<Appended>>&) { last.set_value(); });
  }
  wait_for(last.get_future());
  EXPECT_EQ(commits, 1);
  EXPECT_EQ(desk.b->last_arrival(), 42U);
  expect_whole(*desk.b);
}

TEST(Checks, FollowTheChainOfStretchesThatWait) {
  LogBook book;
  ForgedLog log(buyer_of(1));
  StretchChecks checks(book, log.log().desk);
  const Stretch first = log.events(2);
  const Stretch second = log.events(3);
  const Checked of_first = checks.check(first);
  ASSERT_TRUE(of_first.formed && of_first.is_signed && of_first.led);
  EXPECT_EQ(of_first.led->from, chain_start(log.log()));
  EXPECT_EQ(of_first.led->to, first.chain);
  const Checked of_second = checks.check(second);
  ASSERT_TRUE(of_second.led);
  EXPECT_EQ(of_second.led->from, first.chain);
  EXPECT_EQ(of_second.led->to, second.chain);
  // Behind a gap it is not known what it goes on from.
  log.events(1);
  const Checked after_a_gap = checks.check(log.events(1));
  EXPECT_TRUE(after_a_gap.is_signed);
  EXPECT_FALSE(after_a_gap.led);
  // What its peer did not sign says nothing about the next.
  Stretch forged = log.events(1);
  forged.signature[0] ^= 1;
  EXPECT_FALSE(checks.check(forged).is_signed);
  EXPECT_FALSE(checks.check(log.events(1)).led);
}

TEST(Checks, GoOnFromWhatIsOnDisk) {
  LogBook book;
  ForgedLog log(buyer_of(1));
  const Stretch first = log.events(2);
  book.set({1, {log.log(), first.last(), first.chain, first.last()}, false});
  StretchChecks checks(book, log.log().desk);
  const Checked next = checks.check(log.events(1));
  ASSERT_TRUE(next.led);
  EXPECT_EQ(next.led->from, first.chain);
  EXPECT_FALSE(checks.check(first).led);  // it is to be compared
}

TEST(Checks, AreForAnyThread) {
  TempFolder folder;
  auto store = open_at(folder.path());
  std::vector<std::thread> threads;
  for (std::uint8_t seed = 1; seed <= 3; ++seed) {
    threads.emplace_back([&store, seed] {
      ForgedLog log(store->log().desk, seed);
      for (std::size_t n = 1; n < 20; ++n) store->append_stretch(log.events(n), {});
      EXPECT_EQ(must(try_stretch(*store, log.events(1))).seq, 191U);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->last_arrival(), 3 * 191U);
  expect_whole(*store);
}

TEST(Joined, HasTheDeskAndItsPseudonyms) {
  Desk desk;
  EXPECT_EQ(desk.b->log().desk, desk.a->log().desk);
  EXPECT_EQ(desk.b->pseudonym_key(), desk.a->pseudonym_key());
  EXPECT_NE(desk.b->log().peer, desk.a->log().peer);
  EXPECT_EQ(desk.b->last_arrival(), 0U);
  desk.b.reset();
  EXPECT_EQ(create_joined(options_for(desk.folder_b.path()), Id16{}, Key32{}).error().code,
            Errc::invalid);
  EXPECT_EQ(open_at(desk.folder_b.path())->pseudonym_key(), desk.a->pseudonym_key());
}

TEST(Joined, KeepsTheIdentityThatPairingUsed) {
  TempFolder folder;
  const Identity identity = must(open_identity(options_for(folder.path())));
  EXPECT_EQ(must(open_identity(options_for(folder.path()))).peer(), identity.peer());
  must(create_joined(options_for(folder.path()), buyer_of(9), Key32{}));
  auto store = open_at(folder.path());
  EXPECT_EQ(store->log().peer, identity.peer());
  EXPECT_EQ(store->identity().seed(), identity.seed());
  EXPECT_TRUE(signed_by(identity.peer(), "message", store->identity().sign("message")));
  EXPECT_FALSE(signed_by(identity.peer(), "massage", store->identity().sign("message")));
  EXPECT_EQ(Identity(identity.seed()).peer(), identity.peer());
}

}  // namespace
}  // namespace deskmate::storage
