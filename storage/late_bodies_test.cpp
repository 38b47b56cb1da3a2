// Events that are there before their bodies.
#include <gtest/gtest.h>

#include "storage/peer_test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

Result<Arrived> try_bodies(Store& store, Bodies bodies) {
  auto promise = std::make_shared<std::promise<Result<Arrived>>>();
  auto future = promise->get_future();
  store.append_bodies(std::move(bodies),
                      [promise](Result<Arrived> done) { promise->set_value(std::move(done)); });
  return wait_for(std::move(future));
}

std::vector<std::uint64_t> seqs_of(const std::vector<Awaited>& awaited) {
  std::vector<std::uint64_t> seqs;
  for (const Awaited& one : awaited) seqs.push_back(one.seq);
  return seqs;
}

std::vector<std::uint64_t> awaited(Store& store, const LogName& log) {
  return seqs_of(must(store.awaited(log, 0, ~std::uint64_t{0}, 1'000)));
}

// b has a's events, of which the bodies are still at a: 1 plain, 2 without, 3 and 4 of buyer 1, 5
// of buyer 2.
class LateBodies : public ::testing::Test {
 protected:
  LateBodies() : log(desk.a->log()) {
    append(*desk.a, {event_of("one", "plain"), event_of("two"), event_of("three", "third", 1),
                     event_of("four", "fourth", 1), event_of("five", "fifth", 2)});
    const auto stretch = must(desk.a->read_stretch(log, 0, 1u << 20, true)).value();
    for (const auto& item : stretch.items) EXPECT_TRUE(item.body.empty());
    must(try_stretch(*desk.b, stretch));
  }
  void reopen() {
    desk.b.reset();
    desk.b = open_at(desk.folder_b.path());
  }
  Bodies bodies_at_a(const std::vector<std::uint64_t>& seqs) {
    Bodies bodies{log, {}};
    const auto read = must(desk.a->read_bodies(log, seqs, 1u << 20));
    for (std::size_t i = 0; i < read.size(); ++i) bodies.items.push_back({seqs[i], read[i].body});
    return bodies;
  }
  // Arrivals and texts as one who wants bodies gets them.
  std::vector<std::pair<std::uint64_t, std::string>> read_with_bodies() {
    std::vector<std::pair<std::uint64_t, std::string>> seen;
    must(desk.b->read(0, 100, true, [&](const StoredEvent& event) {
      if (event.body_apart) return true;
      const auto body = must(desk.b->open_body(event));
      seen.emplace_back(event.key.seq, body.value_or("-"));
      return true;
    }));
    return seen;
  }
  std::vector<std::uint64_t> read_headers() {
    std::vector<std::uint64_t> seen;
    must(desk.b->read(0, 100, false, [&](const StoredEvent& event) {
      if (!event.again) seen.push_back(event.key.seq);
      return true;
    }));
    return seen;
  }
  VerifyReport verified() {
    auto report = must(desk.b->verify());
    EXPECT_TRUE(report.faults.empty()) << report.faults.front();
    EXPECT_EQ(report.events, 5U);
    return report;
  }

  Desk desk;
  LogName log;
};

using Seqs = std::vector<std::uint64_t>;
using Texts = std::vector<std::pair<std::uint64_t, std::string>>;

TEST_F(LateBodies, AreMissedNewestFirst) {
  EXPECT_EQ(seq_of(*desk.b, log), 5U);
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 4, 3, 1}));
  EXPECT_EQ(seqs_of(must(desk.b->awaited(log, 1, 5, 100))), (Seqs{4, 3}));
  EXPECT_EQ(seqs_of(must(desk.b->awaited(log, 0, 100, 2))), (Seqs{5, 4}));
  EXPECT_EQ(seqs_of(must(desk.b->awaited(log, 5, 6, 2))), Seqs{});
  EXPECT_EQ(desk.b->awaited_count(), 4U);
  const auto two = must(desk.b->awaited(log, 0, 4, 2));
  EXPECT_EQ(std::vector{*two[0].key_id}, desk.a->keys_of(buyer_of(1)));
  EXPECT_EQ(two[1].key_id, std::nullopt);
  EXPECT_EQ(verified().awaited_bodies, 4U);
  reopen();
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 4, 3, 1}));
  EXPECT_EQ(verified().awaited_bodies, 4U);
}

TEST_F(LateBodies, OneThatHasNotComeIsToldFromAnErasedOne) {
  Errc code{};
  must(desk.b->read(0, 1, true, [&](const StoredEvent& event) {
    EXPECT_TRUE(event.body_apart);
    code = desk.b->open_body(event).error().code;
    return true;
  }));
  EXPECT_EQ(code, Errc::awaited);
}

TEST_F(LateBodies, WhoReadsBodiesGetsEachOnceWhenItIsThere) {
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}}));
  must(desk.b->import_keys(desk.a->export_keys(desk.a->keys_of(buyer_of(1)))));
  const Arrived arrived = must(try_bodies(*desk.b, bodies_at_a({4, 1})));
  EXPECT_EQ(arrived.first_arrival, 6U);
  EXPECT_EQ(arrived.count, 2U);
  EXPECT_EQ(desk.b->last_arrival(), 7U);
  append(*desk.b, {event_of("own", "mine")});
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}, {4, "fourth"}, {1, "plain"}, {1, "mine"}}));
  EXPECT_EQ(read_headers(), (Seqs{1, 2, 3, 4, 5, 1}));
  reopen();
  EXPECT_EQ(desk.b->last_arrival(), 8U);
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 3}));
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}, {4, "fourth"}, {1, "plain"}, {1, "mine"}}));
}

TEST_F(LateBodies, WhatComesTwiceOrUnaskedIsPassedOver) {
  must(try_bodies(*desk.b, bodies_at_a({1})));
  EXPECT_EQ(must(try_bodies(*desk.b, bodies_at_a({1}))).count, 0U);
  auto twice = bodies_at_a({3});
  twice.items.push_back(twice.items.front());
  EXPECT_EQ(must(try_bodies(*desk.b, twice)).count, 1U);
  EXPECT_EQ(must(try_bodies(*desk.b, Bodies{log, {{2, "none was named"}, {77, "no event"}}})).count,
            0U);
  EXPECT_EQ(desk.b->last_arrival(), 7U);
  EXPECT_EQ(verified().awaited_bodies, 2U);
}

TEST_F(LateBodies, AnotherBodyIsRefused) {
  auto bodies = bodies_at_a({1, 3});
  bodies.items[1].body += "x";
  EXPECT_EQ(try_bodies(*desk.b, bodies).error().code, Errc::mismatch);
  bodies.items[1].body.assign(stored_body_max + 1, 'x');
  EXPECT_EQ(try_bodies(*desk.b, bodies).error().code, Errc::mismatch);
  EXPECT_EQ(try_bodies(*desk.b, Bodies{log, {}}).error().code, Errc::limit);
  bodies.items.assign(bodies_max + 1, {1, "plain"});
  EXPECT_EQ(try_bodies(*desk.b, bodies).error().code, Errc::limit);
  ForgedLog stranger(log.desk);
  EXPECT_EQ(try_bodies(*desk.b, Bodies{stranger.log(), {{1, "x"}}}).error().code, Errc::not_found);
  EXPECT_EQ(awaited(*desk.b, log).size(), 4U);
  EXPECT_EQ(desk.b->last_arrival(), 5U);
}

TEST_F(LateBodies, OfErasedBuyersAreNotWaitedFor) {
  must(desk.b->erase_keys(desk.a->keys_of(buyer_of(1))));
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 1}));
  // Whoever reads bodies is told of them, behind what is there.
  append(*desk.b, {event_of("own", "mine")});
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}, {3, "-"}, {4, "-"}, {1, "mine"}}));
  auto report = must(desk.b->verify());
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.awaited_bodies, 2U);
  EXPECT_EQ(report.erased_bodies, 2U);
}

TEST_F(LateBodies, OfABuyerErasedBeforeAreNeverAwaited) {
  append(*desk.a, {event_of("six", "sixth", 3)});
  must(desk.b->erase_keys(desk.a->keys_of(buyer_of(3))));
  must(try_stretch(*desk.b, must(desk.a->read_stretch(log, 5, 1u << 20, true)).value()));
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 4, 3, 1}));
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}, {6, "-"}}));
  auto report = must(desk.b->verify());
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.erased_bodies, 1U);
}

TEST_F(LateBodies, WhatNobodyHasIsLostAndSaidSo) {
  must(try_bodies(*desk.b, Bodies{log, {{5, ""}}}));
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{4, 3, 1}));
  EXPECT_EQ(read_with_bodies(), (Texts{{2, ""}, {5, "-"}}));
  EXPECT_EQ(verified().lost_bodies, 1U);
  const auto there = must(desk.b->read_bodies(log, Seqs{5, 4}, 1));
  ASSERT_EQ(there.size(), 2U);
  EXPECT_EQ(there[0].body + there[1].body, "");
}

TEST_F(LateBodies, AreForwardedAsFarAsTheyAreThere) {
  // Whole, only up to the first that is awaited: to such peers as know nothing of late bodies.
  EXPECT_EQ(must(desk.b->read_stretch(log, 0, 1u << 20)), std::nullopt);
  const auto headers = must(desk.b->read_stretch(log, 0, 1u << 20, true)).value();
  EXPECT_EQ(headers, must(desk.a->read_stretch(log, 0, 1u << 20, true)).value());
  must(try_bodies(*desk.b, bodies_at_a({5, 4, 3, 1})));
  EXPECT_EQ(next_stretch(*desk.b, log, 0), next_stretch(*desk.a, log, 0));
  EXPECT_EQ(desk.b->awaited_count(), 0U);
  EXPECT_EQ(verified().awaited_bodies, 0U);
  const auto two = must(desk.b->read_bodies(log, Seqs{5, 1}, 1));
  ASSERT_EQ(two.size(), 1U);  // at least one
  EXPECT_FALSE(two[0].body.empty());
  EXPECT_EQ(std::vector{*two[0].key_id}, desk.a->keys_of(buyer_of(2)));
}

TEST_F(LateBodies, GoIntoABackupAsTheyAre) {
  must(try_bodies(*desk.b, bodies_at_a({5})));
  const TempFolder folder;
  const std::string file = folder.path() + "/backup";
  must(desk.b->backup(file));
  const TempFolder again;
  Options options = options_for(again.path());
  std::filesystem::copy(desk.folder_b.path() + "/secrets", again.path() + "/secrets");
  must(restore(file, options));
  auto restored = open_at(again.path());
  EXPECT_EQ(awaited(*restored, log), (Seqs{4, 3, 1}));
  EXPECT_TRUE(must(restored->verify()).faults.empty());
}

TEST_F(LateBodies, AFullDiskLeavesThemAwaited) {
  Hooks hooks;
  bool full = false;
  hooks.before_commit = [&full] { return full ? ENOSPC : 0; };
  desk.b.reset();
  desk.b = open_at(desk.folder_b.path(), hooks);
  full = true;
  EXPECT_EQ(try_bodies(*desk.b, bodies_at_a({1})).error().code, Errc::full);
  full = false;
  EXPECT_EQ(awaited(*desk.b, log), (Seqs{5, 4, 3, 1}));
  EXPECT_EQ(must(try_bodies(*desk.b, bodies_at_a({1}))).first_arrival, 6U);
  verified();
}

// Only where it is said to be so: an item without its body is otherwise refused.
TEST_F(LateBodies, AStretchHasToSayThatItLeavesThemBehind) {
  append(*desk.a, {event_of("six", "sixth")});
  auto stretch = must(desk.a->read_stretch(log, 5, 1u << 20, true)).value();
  stretch.bodies_behind = false;
  EXPECT_EQ(stretch_error(*desk.b, stretch), Errc::mismatch);
}

// Nothing could be checked later of a body under a hash that is not known here.
TEST_F(LateBodies, OfAnUnknownHashTravelWithTheirEvents) {
  ForgedLog other(log.desk);
  HeaderView header = other.header("x");
  header.flags = flag_body;
  header.hash_alg = 9;
  header.body_hash = Hash32{1};
  auto stretch = other.stretch({{encode(header), ""}});
  stretch.bodies_behind = true;
  EXPECT_EQ(stretch_error(*desk.b, stretch), Errc::mismatch);
  stretch.items[0].body = "somehow hashed";
  must(try_stretch(*desk.b, stretch));
  const auto forwarded = must(desk.b->read_stretch(other.log(), 0, 1u << 20, true)).value();
  EXPECT_EQ(forwarded.items[0].body, "somehow hashed");
}

}  // namespace
}  // namespace deskmate::storage
