// Stretches as somebody would send them who wants to do harm, or whose disk went wrong.
#include "storage/peer_test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

Result<void> cut_at(Store& store, const Id32& peer, std::uint64_t incarnation, std::uint64_t seq) {
  return await_done([&](Store::Done done) { store.cut(peer, incarnation, seq, std::move(done)); });
}
Result<void> unfreeze(Store& store, const LogName& log) {
  return await_done([&](Store::Done done) { store.unfreeze(log, std::move(done)); });
}

// A store that has three events of somebody's log, and whatever is refused leaves it at that.
class Hostile : public ::testing::Test {
 protected:
  Hostile() : store(open_at(folder.path())), log(store->log().desk) {
    must(try_stretch(*store, log.events(3)));
  }
  void expect_refused(const Stretch& stretch, Errc code) {
    EXPECT_EQ(stretch_error(*store, stretch), code);
    EXPECT_EQ(store->last_arrival(), 3U);
    EXPECT_EQ(seq_of(*store, log.log()), 3U);
    EXPECT_TRUE(must(store->forks()).empty());
  }
  void expect_good() {
    must(try_stretch(*store, log.events(2)));
    expect_whole(*store);
  }
  TempFolder folder;
  std::unique_ptr<Store> store;
  ForgedLog log;
};

TEST_F(Hostile, ASignatureThatIsNotThePeersIsRefused) {
  ForgedLog before = log;
  Stretch good = before.events(2);
  Stretch stretch = good;
  stretch.signature[5] ^= 1;
  expect_refused(stretch, Errc::forged);
  // Another peer's signature of the same head.
  ForgedLog other(store->log().desk, 8);
  stretch = good;
  other.sign(stretch);
  expect_refused(stretch, Errc::forged);
  // The right one of another place.
  stretch = good;
  stretch.log.incarnation += 1;
  stretch.first = 1;
  expect_refused(stretch, Errc::forged);
  // Signed, of fewer events than there are.
  stretch = good;
  stretch.items.pop_back();
  expect_refused(stretch, Errc::forged);
  expect_good();
}

TEST_F(Hostile, EventsThatDoNotLeadToTheHeadAreRefused) {
  ForgedLog before = log;
  Stretch good = before.events(2);
  Stretch stretch = good;
  stretch.items[0].record = log.record("y");
  expect_refused(stretch, Errc::mismatch);
  stretch = good;
  std::swap(stretch.items[0].record, stretch.items[1].record);
  stretch.items[1].record = log.record("z");
  expect_refused(stretch, Errc::mismatch);
  // The chain changed along with them: then the signature is not of it.
  stretch = good;
  stretch.items[0].record = log.record("y");
  stretch.chain[0] ^= 1;
  expect_refused(stretch, Errc::forged);
  expect_good();
}

// The second fits what the first is said to lead to, and is checked before the first is.
TEST_F(Hostile, NothingGoesOnFromAHeadThatItsEventsDoNotLeadTo) {
  ForgedLog branch = log;
  Stretch first = branch.events(2, "y");
  const Stretch second = branch.events(2);
  first.items[0].record = log.record("z");
  std::vector<Errc> refused;
  const auto note = [&](const Result<Arrived>& done) {
    refused.push_back(done ? Errc{} : done.error().code);
  };
  {
    HeldWriter held(*store);
    store->append_stretch(first, note);
    store->append_stretch(second, note);
  }
  expect_good();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0], Errc::mismatch);
  EXPECT_EQ(refused[1], Errc::gap);
}

TEST_F(Hostile, WhatIsThereCannotBeReplacedByWhoeverForwardsIt) {
  ForgedLog whole(store->log().desk);
  Stretch three = whole.events(3);
  three.items[1].record = log.record("y");  // the good head beside other events
  expect_refused(three, Errc::mismatch);
  expect_good();
}

TEST_F(Hostile, ABodyThatIsNotTheOneNamedIsRefused) {
  ForgedLog before = log;
  Stretch good = before.stretch({log.with_body("x", "the body")});
  Stretch stretch = good;
  stretch.items[0].body = "another";
  expect_refused(stretch, Errc::mismatch);
  stretch.items[0].body.clear();
  expect_refused(stretch, Errc::mismatch);
  ForgedLog again = log;
  stretch = again.events(1);
  stretch.items[0].body = "nobody named it";
  expect_refused(stretch, Errc::mismatch);
  must(try_stretch(*store, good));
}

TEST_F(Hostile, AGapIsRefused) {
  ForgedLog ahead = log;
  ahead.events(1);
  expect_refused(ahead.events(1), Errc::gap);
  ForgedLog stranger(store->log().desk, 9);
  stranger.events(1);
  expect_refused(stranger.events(1), Errc::gap);
  Stretch far = ahead.events(1);
  far.first = ~std::uint64_t{0};
  EXPECT_EQ(stretch_error(*store, far), Errc::invalid);
  far.first = 0;
  EXPECT_EQ(stretch_error(*store, far), Errc::invalid);
  expect_good();
}

TEST_F(Hostile, AnotherDesksLogIsRefused) {
  ForgedLog other(buyer_of(77));
  expect_refused(other.events(1), Errc::invalid);
}

TEST_F(Hostile, WhatIsTooMuchIsRefused) {
  {
    ForgedLog next = log;
    expect_refused(next.events(stretch_events_max + 1), Errc::limit);
  }
  {
    ForgedLog next = log;
    HeaderView long_facts = log.header("x");
    const std::string facts(record_max, 'f');
    long_facts.facts = facts;
    expect_refused(next.stretch({{encode(long_facts), ""}}), Errc::limit);
  }
  {
    ForgedLog next = log;
    HeaderView over = log.header("x");
    const std::string facts(facts_max + 1, 'f');
    over.facts = facts;
    expect_refused(next.stretch({{encode(over), ""}}), Errc::invalid);
  }
  {
    ForgedLog next = log;
    expect_refused(next.stretch({log.with_body("x", std::string(stored_body_max + 1, 'b'))}),
                   Errc::limit);
  }
  {
    ForgedLog next = log;
    const auto item = log.with_body("x", std::string(body_max, 'b'));
    expect_refused(next.stretch({item, item}), Errc::limit);
  }
  {
    ForgedLog next = log;
    Stretch none = next.events(1);
    none.items.clear();
    expect_refused(none, Errc::invalid);
  }
  expect_good();
}

TEST_F(Hostile, BytesThatAreNoEventAreRefusedEvenWhenSigned) {
  for (const std::string& record : {std::string(), std::string("\1"), log.record("x") + "more",
                                    log.record("x").substr(0, 20), log.record("")}) {
    ForgedLog next = log;
    EXPECT_EQ(stretch_error(*store, next.stretch({{record, ""}})), Errc::invalid);
  }
  expect_good();
}

TEST_F(Hostile, TwoSignedHistoriesFreezeTheLog) {
  ForgedLog branch(store->log().desk);
  Stretch other = branch.stretch({{log.record("x"), ""}, {log.record("other"), ""}});
  EXPECT_EQ(stretch_error(*store, other), Errc::forked);
  auto forks = must(store->forks());
  ASSERT_EQ(forks.size(), 1U);
  EXPECT_EQ(forks[0].log, log.log());
  EXPECT_EQ(forks[0].seq, 2U);
  EXPECT_TRUE(forks[0].frozen);
  EXPECT_EQ(forks[0].ours.seq, 3U);
  EXPECT_EQ(forks[0].theirs, (SignedHead{2, other.chain, other.signature}));
  for (const SignedHead& head : {forks[0].ours, forks[0].theirs}) {
    EXPECT_TRUE(
        signed_by(log.log().peer, head_message({log.log(), head.seq}, head.chain), head.signature));
  }
  // Nothing more of it is taken, not even what is good, also after a start; other logs go on.
  ForgedLog next = log;
  EXPECT_EQ(stretch_error(*store, next.events(1)), Errc::forked);
  store.reset();
  store = open_at(folder.path());
  next = log;
  EXPECT_EQ(stretch_error(*store, next.events(1)), Errc::forked);
  ForgedLog stranger(store->log().desk, 9);
  must(try_stretch(*store, stranger.events(1)));
  append(*store, {event_of("own")});
  EXPECT_EQ(expect_whole(*store).forks, 1U);

  must(unfreeze(*store, log.log()));
  next = log;
  must(try_stretch(*store, next.events(1)));
  ASSERT_EQ(must(store->forks()).size(), 1U);
  EXPECT_FALSE(must(store->forks())[0].frozen);
  store.reset();
  store = open_at(folder.path());
  must(try_stretch(*store, next.events(1)));
  EXPECT_EQ(stretch_error(*store, other), Errc::forked);
  EXPECT_TRUE(must(store->forks())[0].frozen);
}

TEST_F(Hostile, AForkBeforeOurTipIsProvedByOneEvent) {
  ForgedLog branch(store->log().desk);
  branch.events(1);
  Stretch second = branch.events(1, "other");
  Stretch third = branch.events(1);
  Stretch fourth = branch.events(1);
  // Behind our tip nobody can say who changed what.
  expect_refused(fourth, Errc::mismatch);
  EXPECT_EQ(stretch_error(*store, third), Errc::forked);
  EXPECT_EQ(must(store->forks())[0].seq, 3U);
  EXPECT_EQ(must(store->forks())[0].theirs.seq, 3U);
  must(unfreeze(*store, log.log()));
  EXPECT_EQ(stretch_error(*store, second), Errc::forked);
  EXPECT_EQ(must(store->forks()).size(), 2U);
}

TEST_F(Hostile, AForkThatGoesOnBeyondOurTipIsFoundToo) {
  ForgedLog branch(store->log().desk);
  branch.events(2);
  EXPECT_EQ(
      stretch_error(*store, branch.stretch({{log.record("other"), ""}, {log.record("x"), ""}})),
      Errc::forked);
  EXPECT_EQ(must(store->forks())[0].seq, 3U);
  EXPECT_EQ(store->last_arrival(), 3U);
}

TEST_F(Hostile, ARemovedPeersLogEndsAtItsCut) {
  must(cut_at(*store, log.log().peer, log.log().incarnation, 5));
  ForgedLog whole = log;
  Stretch six = whole.events(3);
  EXPECT_EQ(stretch_error(*store, six), Errc::cut);
  must(try_stretch(*store, log.events(2)));
  ForgedLog next = log;
  EXPECT_EQ(stretch_error(*store, next.events(1)), Errc::cut);
  store.reset();
  store = open_at(folder.path());
  next = log;
  EXPECT_EQ(stretch_error(*store, next.events(1)), Errc::cut);
  // Nor a new incarnation of it.
  Stretch anew = log.events(1);
  anew.log.incarnation = 99;
  anew.first = 1;
  anew.chain = chain_next(chain_start(anew.log), anew.items[0].record);
  log.sign(anew);
  EXPECT_EQ(stretch_error(*store, anew), Errc::cut);
  must(await_done([&](Store::Done done) { store->lift_cuts(log.log().peer, std::move(done)); }));
  must(try_stretch(*store, anew));
  store.reset();
  store = open_at(folder.path());
  must(try_stretch(*store, anew));
  EXPECT_EQ(seq_of(*store, log.log()), 5U);
}

TEST_F(Hostile, WhatIsBeyondACutIsNotForwarded) {
  must(try_stretch(*store, log.events(2)));
  must(cut_at(*store, log.log().peer, log.log().incarnation, 3));
  EXPECT_EQ(next_stretch(*store, log.log(), 0).last(), 3U);
  EXPECT_EQ(must(store->read_stretch(log.log(), 3, 1000)), std::nullopt);
  // There is no head at 4, so nothing that could be checked ends there.
  must(cut_at(*store, log.log().peer, log.log().incarnation, 4));
  EXPECT_EQ(must(store->read_stretch(log.log(), 3, 1000)), std::nullopt);
  EXPECT_EQ(read_all(*store).size(), 5U);
}

TEST(HostileOwn, ARolledBackDiskIsNoticed) {
  TempFolder folder;
  TempFolder kept;
  LogName log;
  Id16 desk{};
  Key32 pseudonym{};
  std::string older;
  {
    auto store = open_at(folder.path());
    append(*store, std::vector<NewEvent>(4, event_of("x")));
    log = store->log();
    desk = log.desk;
    pseudonym = store->pseudonym_key();
    store.reset();
    older = read_bytes(folder / "data.mdb");
  }
  must(create_joined(options_for(kept.path()), desk, pseudonym));
  auto other = open_at(kept.path());
  {
    auto store = open_at(folder.path());
    append(*store, std::vector<NewEvent>(3, event_of("lost")));
    copy_log(*store, *other, log);
  }
  write_bytes(folder / "data.mdb", older);
  auto store = open_at(folder.path());
  EXPECT_EQ(stretch_error(*store, next_stretch(*other, log, 0)), Errc::rolled_back);
  Stretch whole = next_stretch(*other, log, 0);
  whole.signature[0] ^= 1;
  EXPECT_EQ(stretch_error(*store, whole), Errc::forged);
  EXPECT_EQ(store->last_arrival(), 4U);
  // Appending all the same is what forks a log; the others can prove it.
  append(*store, std::vector<NewEvent>(4, event_of("again")));
  EXPECT_EQ(stretch_error(*other, next_stretch(*store, log, 4, 1u << 20)), Errc::forked);
  EXPECT_EQ(stretch_error(*store, next_stretch(*other, log, 0)), Errc::forked);
  EXPECT_EQ(must(store->forks()).size(), 1U);
  EXPECT_EQ(expect_whole(*store).forks, 1U);
}

TEST(HostileOwn, ANewIncarnationTakesTheLostEndBack) {
  Desk desk;
  const LogName log = desk.a->log();
  append(*desk.a, std::vector<NewEvent>(4, event_of("x")));
  desk.a.reset();
  const std::string older = read_bytes(desk.folder_a / "data.mdb");
  desk.a = open_at(desk.folder_a.path());
  append(*desk.a, std::vector<NewEvent>(3, event_of("lost")));
  copy_log(*desk.a, *desk.b, log);
  desk.a.reset();
  write_bytes(desk.folder_a / "data.mdb", older);
  must(renew(options_for(desk.folder_a.path())));
  desk.a = open_at(desk.folder_a.path());
  EXPECT_NE(desk.a->log(), log);
  EXPECT_EQ(desk.a->log().peer, log.peer);
  copy_log(*desk.b, *desk.a, log);
  EXPECT_EQ(seq_of(*desk.a, log), 7U);
  append(*desk.a, {event_of("new")});
  copy_log(*desk.a, *desk.b, desk.a->log());
  EXPECT_EQ(read_all(*desk.b).size(), 8U);
  expect_whole(*desk.a);
  expect_whole(*desk.b);
}

TEST(HostileOwn, NobodyElseAppendsToIt) {
  Desk desk;
  append(*desk.a, {event_of("x")});
  Stretch stretch = next_stretch(*desk.a, desk.a->log(), 0);
  ForgedLog forger(desk.a->log().desk);
  stretch.first = 2;
  stretch.chain = chain_next(desk.a->frontier()[0].chain, stretch.items[0].record);
  forger.sign(stretch);
  EXPECT_EQ(stretch_error(*desk.a, stretch), Errc::forged);
  EXPECT_EQ(desk.a->last_arrival(), 1U);
}

}  // namespace
}  // namespace deskmate::storage
