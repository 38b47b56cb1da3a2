// Headers first, bodies behind: between peers that know of it, one that does not, and one that
// means ill.
#include <gtest/gtest.h>

#include "core/peer/test_replicas.hpp"

namespace deskmate::peer::testing {
namespace {

std::string body_of(std::uint64_t seq, std::size_t bytes) {
  std::string body = std::to_string(seq) + ":";
  while (body.size() < bytes) body += std::to_string(body.size() * seq);
  return body;
}

void write_bodies(Net& net, std::uint8_t number, std::size_t count, std::size_t bytes = 300) {
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string body = body_of(i, bytes);
    net[number].store.append(record_with(body), body);
  }
  net.sync(number);
}

std::size_t awaited(Net& net, std::uint8_t at, std::uint8_t whose) {
  return net[at].store.logs[log_of(whose)].awaited.size();
}

// Answers to body_want do not come through.
Net::Tap without_bodies(std::uint8_t from) {
  return [from](std::uint8_t sender, std::uint8_t, std::string& bytes) {
    const auto run = read_as<message::Run>(bytes);
    if (!run || sender != from) return true;
    const auto packed = run->size == 0 ? run->bytes : *message::unpack(run->bytes, run->size);
    if (message::decode_stretch(log_of(from), packed)) return true;
    bytes = message::encode(message::Beat{});
    return true;
  };
}

// A hello, as one says it who knows nothing of bodies that come later.
void knows_nothing_of_it(std::string& bytes) {
  auto hello = read_as<message::Hello>(bytes);
  if (!hello) return;
  hello->features.clear();
  bytes = message::encode(*hello);
}

TEST(ReplicaBodies, ComeBehindWhatTheyBelongTo) {
  Net net{1, 2};
  write_bodies(net, 1, 600);
  net.tap = without_bodies(1);
  net.connect(1, 2);
  // Durable and acknowledged without one of them.
  EXPECT_EQ(net[2].store.logs[log_of(1)].items.size(), 600u);
  EXPECT_TRUE(net[1].replica->acked(peer_id(2), {log_of(1), 600}));
  EXPECT_EQ(awaited(net, 2, 1), 600u);
  net.tap = nullptr;
  net.disconnect(1, 2);
  net.connect(1, 2);
  EXPECT_EQ(awaited(net, 2, 1), 0u);
  EXPECT_TRUE(net.has_all(1, 2));
}

TEST(ReplicaBodies, TheNewestFirst) {
  Net net{1, 2};
  write_bodies(net, 1, 1'000);
  std::vector<std::uint64_t> asked;
  net.tap = [&](std::uint8_t, std::uint8_t, std::string& bytes) {
    if (const auto want = read_as<message::BodyWant>(bytes)) {
      asked.insert(asked.end(), want->seqs.begin(), want->seqs.end());
    }
    return true;
  };
  net.connect(1, 2);
  EXPECT_TRUE(net.has_all(1, 2));
  ASSERT_GE(asked.size(), 1'000u);
  EXPECT_EQ(asked.front(), 1'000u);
  EXPECT_TRUE(std::is_sorted(asked.rbegin(), asked.rbegin() + 256));
}

TEST(ReplicaBodies, WhatIsWrittenNowComesWithItsText) {
  Net net{1, 2};
  net.connect(1, 2);
  net.kinds.clear();
  write_bodies(net, 1, 3);
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_EQ((net.kinds[{2, 1}]["body_want"]), 0u);
  write_bodies(net, 1, 1, 2 * live_bytes_max);  // but none so large that others wait for it
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_EQ((net.kinds[{2, 1}]["body_want"]), 1u);
}

TEST(ReplicaBodies, GoOnWhereverTheLinkBroke) {
  for (std::size_t every = 1; every <= 9; ++every) {
    Net net{1, 2};
    write_bodies(net, 1, 900, 2'000);
    break_and_resume(net, every);
    EXPECT_TRUE(net.same(1, 2)) << "broken every " << every;
    EXPECT_EQ(awaited(net, 2, 1), 0u);
  }
}

TEST(ReplicaBodies, ComeFromThirdPeersAsSoonAsTheyHaveThem) {
  Net net{1, 2, 3};
  write_bodies(net, 1, 100);
  net.tap = without_bodies(1);
  net.connect(1, 2);
  net.disconnect(1, 2);
  net.connect(2, 3);  // 2 has the headers alone
  EXPECT_EQ(awaited(net, 3, 1), 100u);
  net.tap = nullptr;
  net.connect(1, 2);
  EXPECT_EQ(awaited(net, 2, 1), 0u);
  net.pass(body_again_ms + 1'000);
  EXPECT_EQ(awaited(net, 3, 1), 0u);
  EXPECT_TRUE(net[3].store.lost.empty());
  EXPECT_TRUE(net.has_all(1, 3));
}

TEST(ReplicaBodies, ComeFromAnotherWhereOneStandsStill) {
  Net net{1, 2, 3};
  write_bodies(net, 1, 100);
  net.connect(1, 2);
  net.tap = without_bodies(1);
  net.connect(1, 3);
  net.connect(2, 3);
  net.pass(stall_ms + 2'000);
  EXPECT_EQ(awaited(net, 3, 1), 0u);
  EXPECT_TRUE(net.connected(1, 3));
}

TEST(ReplicaBodies, APeerThatKnowsNothingOfItGetsAndGivesWholeStretches) {
  Net net{1, 2};
  write_bodies(net, 1, 500);
  write_bodies(net, 2, 400);
  net.tap = [](std::uint8_t, std::uint8_t, std::string& bytes) {
    knows_nothing_of_it(bytes);
    const auto run = read_as<message::Run>(bytes);
    EXPECT_TRUE(!run || run->size == 0);
    return true;
  };
  net.connect(1, 2);
  EXPECT_TRUE(net.same(1, 2));
  EXPECT_EQ((net.kinds[{2, 1}]["body_want"]), 0u);
  EXPECT_EQ((net.kinds[{1, 2}]["body_want"]), 0u);
}

// A third party cannot give such a peer what it awaits itself; it does once it has it.
TEST(ReplicaBodies, APeerThatKnowsNothingOfItWaitsForBodiesThatAreAwaited) {
  Net net{1, 2, 3};
  write_bodies(net, 1, 300);
  const auto lost_answers = without_bodies(1);
  bool lose = true;
  net.tap = [&](std::uint8_t from, std::uint8_t to, std::string& bytes) {
    if (from == 3 || to == 3) knows_nothing_of_it(bytes);
    return !lose || lost_answers(from, to, bytes);
  };
  net.connect(1, 2);
  net.connect(2, 3);
  EXPECT_TRUE(net[3].store.logs[log_of(1)].items.empty());
  lose = false;
  net.disconnect(1, 2);
  net.connect(1, 2);
  net.pass(2'000);
  EXPECT_TRUE(net.has_all(1, 3));
}

TEST(ReplicaBodies, KeysComeWithThem) {
  Net net{1, 2};
  for (std::uint8_t i = 1; i <= 100; ++i) {
    net[1].store.keys_here[id16(i)] = {id16(i), id16(1), {}};
    net.write_record(1, sealed_record(id16(i), "sealed"), "sealed");
  }
  net.tap = without_bodies(1);
  net.connect(1, 2);
  EXPECT_TRUE(net[2].store.keys_here.empty());
  net.tap = nullptr;
  net.disconnect(1, 2);
  net[2].store.erase_key(id16(7));
  net.connect(1, 2);
  EXPECT_EQ(net[2].store.keys_here.size(), 99u);
  EXPECT_EQ(awaited(net, 2, 1), 1u);  // whose key was destroyed is never asked for
}

TEST(ReplicaBodies, WhatNobodyHasIsNotAskedForForEver) {
  Net net{1, 2, 3};
  for (int i = 0; i < 50; ++i) net.write_record(1, record_with("gone"), "");
  net.connect(1, 2);
  EXPECT_EQ(awaited(net, 2, 1), 50u);  // 3 may have them
  std::size_t asked = 0;
  net.tap = [&](std::uint8_t from, std::uint8_t, std::string& bytes) {
    asked += from == 2 && is<message::BodyWant>(bytes) ? 1 : 0;
    return true;
  };
  net.pass(body_again_ms_max);
  EXPECT_GT(asked, 0u);
  EXPECT_LT(asked, 10u);
  net.connect(1, 3);
  net.connect(2, 3);
  net.pass(2 * body_again_ms_max);
  EXPECT_EQ(awaited(net, 2, 1), 0u);
  EXPECT_EQ(net[2].store.lost.size(), 50u);
  asked = 0;
  net.pass(2 * body_again_ms_max);
  EXPECT_EQ(asked, 0u);
}

// What was asked for elsewhere at that time was passed over with 1; so it has to be asked for it
// once the other has said not to have it.
TEST(ReplicaBodies, WhoeverWasPassedOverIsAskedOnceAnotherSaysNotToHaveIt) {
  Net net{1, 2, 3};
  write_bodies(net, 1, 100);
  const auto lost_answers = without_bodies(1);
  net.tap = lost_answers;
  net.connect(1, 2);
  net.disconnect(1, 2);  // 2 has the headers alone
  std::string held;      // its answer, until the next beat
  bool holds = true;
  net.tap = [&](std::uint8_t from, std::uint8_t to, std::string& bytes) {
    if (from != 2 || to != 3) return true;
    const auto run = read_as<message::Run>(bytes);
    if (run && holds && !message::decode_stretch(log_of(1), run->bytes)) {
      held = std::exchange(bytes, message::encode(message::Beat{}));
    } else if (is<message::Beat>(bytes) && !holds && !held.empty()) {
      bytes = std::exchange(held, {});
    }
    return true;
  };
  net.connect(2, 3);
  ASSERT_FALSE(held.empty());
  net.connect(1, 3);
  EXPECT_EQ(awaited(net, 3, 1), 100u);
  holds = false;
  net.pass(2 * beat_ms);
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(awaited(net, 3, 1), 0u);
  EXPECT_TRUE(net[3].store.lost.empty());
}

TEST(ReplicaBodies, ComeAgainAfterTheDiskFailed) {
  Net net{1, 2};
  write_bodies(net, 1, 100);
  net.tap = without_bodies(1);
  net.connect(1, 2);
  net.tap = nullptr;
  net[2].disk_works = false;
  net.disconnect(1, 2);
  net.connect(1, 2);
  EXPECT_TRUE(raised(net[2], Trouble::disk));
  EXPECT_EQ(awaited(net, 2, 1), 100u);
  net[2].disk_works = true;
  net.pass(append_retry_ms + 1'000);
  EXPECT_EQ(awaited(net, 2, 1), 0u);
}

// --- one that means ill -----------------------------------------------------------------------

// Gave 1 a log of 100 events, and is asked for their bodies.
struct BodyLiar {
  BodyLiar() : theirs(log_of(9)) {
    for (std::uint64_t i = 1; i <= 100; ++i) {
      const std::string body = body_of(i, 50);
      theirs.append(record_with(body), body);
    }
    theirs.sync();
    liar = std::make_unique<Liar>(net, 1);
    liar->features = {"bodies", "zstd"};
    liar->hello({{{peer_id(9), 1}, 100}});
    send(liar->wants.at(0).number, message::encode(**theirs.read(log_of(9), 0, 1u << 20, true)));
    liar->store();
  }
  void send(std::uint64_t number, std::string bytes, std::uint64_t size = 0) {
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes_max) {
      message::Run run;
      run.number = number;
      run.offset = at;
      run.total = bytes.size();
      run.size = size;
      run.bytes = bytes.substr(at, piece_bytes_max);
      liar->say(run);
    }
  }
  std::vector<storage::BodyRead> answer(std::size_t count) {
    return {count, {"a body", std::nullopt}};
  }
  std::uint64_t asked() { return liar->body_wants.at(0).number; }
  std::size_t buffered() { return net[1].replica->status().buffered_bytes; }

  Net net{1, 9};
  MemoryStore theirs;
  std::unique_ptr<Liar> liar;
};

TEST(ReplicaBodies, AnotherBodyThanTheHeaderNamesClosesTheLink) {
  BodyLiar it;
  ASSERT_EQ(it.liar->body_wants.size(), 1u);
  EXPECT_EQ(it.liar->body_wants[0].seqs.size(), 100u);
  it.send(it.asked(), message::encode(it.answer(100)));
  ASSERT_EQ(it.liar->appends.size(), 2u);
  it.liar->store();
  EXPECT_TRUE(it.liar->closed);
  EXPECT_EQ(it.net[1].store.logs[log_of(9)].awaited.size(), 100u);
}

TEST(ReplicaBodies, WhatWasNotAskedForIsNotTaken) {
  BodyLiar it;
  it.send(it.asked() + 77, message::encode(it.answer(100)));
  EXPECT_EQ(it.liar->appends.size(), 1u);
  EXPECT_EQ(it.buffered(), 0u);
  EXPECT_FALSE(it.liar->closed);
  it.send(it.asked(), message::encode(it.answer(101)));  // more than were asked for
  EXPECT_TRUE(it.liar->closed);
  EXPECT_EQ(it.liar->appends.size(), 1u);
}

TEST(ReplicaBodies, TooLongAnAnswerClosesTheLinkBeforeItIsKept) {
  BodyLiar it;
  message::Run run;
  run.number = it.asked();
  run.total = body_answer_max + 1;
  run.bytes = "x";
  it.liar->say(run);
  EXPECT_TRUE(it.liar->closed);
  EXPECT_EQ(it.buffered(), 0u);
}

TEST(ReplicaBodies, AnAnswerWithoutEndClosesTheLink) {
  BodyLiar it;
  std::size_t most = 0;
  message::Run run;
  run.number = it.asked();
  run.total = body_answer_max;
  run.bytes.assign(1'000, 'x');
  for (std::size_t i = 0; i < 10'000 && !it.liar->closed; ++i) {
    it.liar->say(run);
    run.offset += run.bytes.size();
    most = std::max(most, it.buffered());
  }
  EXPECT_TRUE(it.liar->closed);
  EXPECT_LE(most, body_answer_max);
}

TEST(ReplicaBodies, AnswersThatBringNothingAreNotAskedForAgainAndAgain) {
  BodyLiar it;
  it.net.introduce(1);
  std::vector<storage::BodyRead> nothing(1);
  for (std::size_t i = 0; i < it.liar->body_wants.size() && i < 1'000; ++i) {
    it.send(it.liar->body_wants[i].number, message::encode(nothing));
  }
  EXPECT_LE(it.liar->body_wants.size(), 101u);
  EXPECT_LE(it.net[1].store.logs[log_of(9)].awaited.size(), 100u);
}

TEST(ReplicaBodies, WhatDoesNotUnpackToWhatWasSaidIsRefused) {
  const std::string zeros(64u << 20, '\0');
  const std::string bomb = message::pack(zeros);
  ASSERT_LT(bomb.size(), 10'000u);
  EXPECT_EQ(message::unpack(bomb, 1'000'000), std::nullopt);
  EXPECT_EQ(message::unpack("no zstd", 100), std::nullopt);
  EXPECT_EQ(message::unpack(message::pack(std::string(5'000, 'x')), 4'999), std::nullopt);
  EXPECT_EQ(message::unpack(message::pack(std::string(5'000, 'x')), 5'001), std::nullopt);
  EXPECT_EQ(message::unpack(message::pack(std::string(5'000, 'x')), 5'000),
            std::string(5'000, 'x'));
  for (const std::uint64_t said : {zeros.size(), std::size_t{500'000}, bomb.size()}) {
    BodyLiar it;
    it.send(it.asked(), bomb, said);
    EXPECT_TRUE(it.liar->closed) << said;
    EXPECT_EQ(it.buffered(), 0u);
  }
}

TEST(ReplicaBodies, AStretchThatUnpacksToMoreThanOneCanHaveIsRefused) {
  Net net{1, 9};
  Liar liar(net, 1);
  liar.features = {"bodies", "zstd"};
  liar.hello({{{peer_id(9), 1}, 100}});
  message::Run run;
  run.number = liar.wants.at(0).number;
  run.bytes = message::pack(std::string(stretch_bytes_max + 1, 'x'));
  run.total = run.bytes.size();
  run.size = stretch_bytes_max + 1;
  liar.say(run);
  EXPECT_TRUE(liar.closed);
}

TEST(ReplicaBodies, WhoeverAsksForTooMuchAtOnceIsClosed) {
  Net net{1, 9};
  write_bodies(net, 1, 20, 60'000);
  Liar liar(net, 1);
  liar.features = {"bodies"};
  liar.hello({});
  message::BodyWant want;
  want.log = {peer_id(1), 1};
  want.seqs.assign(bodies_asked_max, 3);
  for (std::size_t i = 0; i < body_wants_max + 16 && !liar.closed; ++i) {
    ++want.number;
    liar.say(want);
  }
  EXPECT_TRUE(liar.closed);
  EXPECT_FALSE(message::decode(message::encode(message::BodyWant{1, want.log, {}})));
  want.seqs.assign(bodies_asked_max + 1, 3);
  EXPECT_FALSE(message::decode(message::encode(want)));
}

}  // namespace
}  // namespace deskmate::peer::testing
