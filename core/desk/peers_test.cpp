// Two peers that see each other: one holds the book, and nobody acts before all have acknowledged.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

TEST(PeersConnected, R1_the_book_gives_three_to_one_and_each_acts_once_all_have_acknowledged) {
  PeersWorld world = two();
  std::map<MemberNo, int> given;
  for (int i = 1; i <= 40; ++i) {
    const std::string chat = chat_name(i);
    world.receive(i % 2 == 0 ? 1 : 2, chat, "m " + chat);
    EXPECT_TRUE(world.actors(chat).empty());
    world.settle();
    const MemberNo owner = world.owner(1, chat);
    ++given[owner];
    EXPECT_EQ(world.actors(chat), std::vector<std::uint8_t>{static_cast<std::uint8_t>(owner)});
    EXPECT_LT(std::abs(given[1] - 0.75 * i), 1.0);
  }
  EXPECT_EQ(given[1], 30);
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersConnected, R1_an_assignment_that_not_all_have_acknowledged_is_not_acted_on) {
  PeersWorld world = two();
  world.receive(1, "c", "m");
  world.decide(1);
  EXPECT_EQ(world.owner(1, "c"), 1u);
  EXPECT_EQ(world.may(1, "c"), May::no);
  EXPECT_EQ(world.why_may(1, "c"), "unacked");
  world.exchange();
  EXPECT_EQ(world.may(1, "c"), May::yes);
}

TEST(PeersConnected, R2_stickiness_holds_across_peers) {
  PeersWorld world = two();
  const std::uint8_t n = world.give("c", "m1");
  world.add(n, world.desk(n).reply(id("c"), n, "Hello"));
  world.add(n, world.desk(n).close(id("c"), n));
  world.settle();
  world.now_ms += hour_ms;
  world.receive(2, "c", "m2");
  world.settle();
  EXPECT_EQ(world.owner(2, "c"), n);
  EXPECT_EQ(world.rule(2, "c"), "sticky");
  EXPECT_EQ(world.actors("c"), std::vector<std::uint8_t>{n});
}

TEST(PeersConnected, R121_one_message_seen_by_both_is_one_and_opens_one_visit) {
  for (const bool first : {true, false}) {
    PeersWorld world = two();
    world.receive(first ? 1 : 2, "c", "m");
    world.now_ms += 7;
    world.receive(first ? 2 : 1, "c", "m");
    world.cut(1, 2);
    world.now_ms += 1;
    const auto visit = [&](std::uint8_t n) {
      for (const Proposal& one : world.desk(n).decide(world.sight(n))) {
        if (one.type == "chat.assigned") return std::string(one.facts["visit"].as_bin());
      }
      return std::string();
    };
    const std::string here = visit(1);
    const std::string there = visit(2);
    EXPECT_NE(here.empty(), there.empty());  // one of them, not both
    EXPECT_EQ(here + there, std::string(bytes_of(id("m"))));
    world.heal();
    world.settle();
    EXPECT_EQ(world.difference(), "");
    EXPECT_EQ(world.desk(1).chat(id("c"), world.now_ms, 100)->entries.size(), 2u);
    EXPECT_EQ(world.actors("c").size(), 1u);
  }
}

TEST(PeersSkew, R1_with_clocks_too_far_apart_nothing_is_decided_or_sent) {
  PeersWorld world = two();
  world.receive(1, "c", "m");
  world.settle();
  world.skewed = true;
  world.receive(1, "d", "n");
  world.now_ms += hour_ms;
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    EXPECT_TRUE(world.desk(n).decide(world.sight(n)).empty());
    EXPECT_EQ(world.why_may(n, "c"), "skewed");
  }
}

TEST(PeersGreet, R40_whoever_may_answer_greets_once) {
  Policy policy;
  policy.greetings["mail"] = "Hello!";
  PeersWorld world(2, policy);
  world.member(1, 1, 1);
  world.pair();
  const auto greetings = [&](const std::string& chat) {
    int count = 0;
    const ChatView view = world.desk(1).chat(id(chat), world.now_ms, 100).value();
    for (const Entry& entry : view.entries) {
      count += entry.kind == EntryKind::reply && entry.automatic ? 1 : 0;
    }
    return count;
  };
  world.receive(2, "c", "m");
  world.settle();
  EXPECT_EQ(greetings("c"), 1);
  world.add(1, world.desk(1).set_presence(1, Presence::away));
  world.settle();
  world.receive(2, "queued", "n");
  world.settle();
  EXPECT_EQ(greetings("queued"), 1);
}

}  // namespace
}  // namespace deskmate::desk
