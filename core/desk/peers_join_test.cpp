// Peers that join, leave, come back, are declared gone or removed for good.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

TEST(PeersJoin, R120_a_peer_that_joins_acts_once_all_know_of_it) {
  PeersWorld world(2);
  world.member(1, 1, 3);
  EXPECT_TRUE(world.desk(1).peers().empty());
  world.add(1, world.desk(1).add_peer(peer_id(2), "Laptop"));
  EXPECT_EQ(world.desk(1).peers().size(), 2u);
  world.exchange();
  EXPECT_TRUE(world.desk(2).needs_hello());
  world.add(2, world.desk(2).agree_to_join(peer_id(1)));
  world.add(2, world.desk(2).hello());
  EXPECT_EQ(world.desk(2).peers()[1].waits_for, std::vector<PeerId>{peer_id(1)});
  world.settle();
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    const auto peers = world.desk(n).peers();
    ASSERT_EQ(peers.size(), 2u);
    EXPECT_TRUE(peers[0].founder && peers[0].ready && peers[0].holds_book);
    EXPECT_TRUE(peers[1].ready && !peers[1].holds_book);
    EXPECT_EQ(peers[1].name, "Laptop");
    EXPECT_FALSE(world.desk(n).needs_hello());
  }
  EXPECT_EQ(world.difference(), "");
}

// The first peer never said hello; from a backup, with a new log, it says so before it acts.
TEST(PeersJoin, R125_the_first_peer_restored_says_hello_before_it_acts) {
  PeersWorld world = two();
  const std::string chat = drawn_for(world, 1);
  world.receive(1, chat, "m");
  world.receive(2, chat, "m");
  world.settle();
  EXPECT_FALSE(world.desk(1).needs_hello());
  Policy restored = world.desk(1).policy();
  restored.self.incarnation = 2;
  world.desk(1).set_policy(restored);
  world.cut(1, 2);
  EXPECT_TRUE(world.desk(1).needs_hello());
  EXPECT_EQ(world.may(1, chat), May::no);
  const std::string later = drawn_for(world, 1, 1'000);
  world.receive(1, later, "m2");
  EXPECT_FALSE(world.decide(1));
  world.heal();
  world.add(1, world.desk(1).hello());
  world.settle();
  EXPECT_FALSE(world.desk(1).needs_hello());
  // It may have answered what came before, and have forgotten it.
  EXPECT_EQ(world.may(1, chat), May::after_tail);
  EXPECT_EQ(world.why_may(1, chat), "dropped");
  world.receive(1, "new", "m3");
  world.settle();
  EXPECT_EQ(world.actors("new").size(), 1u);
  EXPECT_EQ(world.difference(), "");
}

// Found by seed 98996 of the simulation: in a cut it had answered, which went with its disk.
TEST(PeersJoin, R125_what_a_restored_peer_may_have_answered_is_answered_after_a_look) {
  PeersWorld world = two();
  world.cut(1, 2);
  const std::string chat = drawn_for(world, 2);
  world.receive(1, chat, "m");
  world.settle();
  EXPECT_TRUE(world.actors(chat).empty());
  Policy restored = world.desk(2).policy();
  restored.self.incarnation = 2;
  world.desk(2).set_policy(restored);
  world.now_ms += 1;
  world.add(2, world.desk(2).hello());
  world.heal();
  world.now_ms += 1;
  world.settle();
  const auto owner = static_cast<std::uint8_t>(world.owner(1, chat));
  ASSERT_NE(owner, 0);
  EXPECT_EQ(world.may(owner, chat), May::after_tail);
  EXPECT_EQ(world.why_may(owner, chat), "dropped");
  // A later start of the same log is no reason to look again.
  world.receive(1, "later", "m2");
  world.settle();
  world.now_ms += 1;
  world.add(2, world.desk(2).goodbye(world.sight(2)));
  world.add(2, world.desk(2).hello());
  world.settle();
  EXPECT_EQ(world.actors("later").size(), 1u);
}

// Found by seed 23002 of the simulation: the backup is of when the other had left, but it had come
// back since, and works now, out of sight.
TEST(PeersJoin, R125_a_restored_peer_is_not_alone_because_the_other_had_left) {
  PeersWorld world = two();
  world.add(1, world.desk(1).goodbye(world.sight(1)));
  world.settle();
  Policy restored = world.desk(2).policy();
  restored.self.incarnation = 2;
  world.desk(2).set_policy(restored);
  world.off = {1};
  world.add(2, world.desk(2).hello());
  world.receive(2, "c", "m");
  world.settle();
  EXPECT_EQ(world.owner(2, "c"), 0u);
  EXPECT_NE(world.may(2, "c"), May::yes);
  // It looks after the chat all the same, once it has waited, and reads the thread first.
  world.take_over = true;
  world.now_ms += Policy{}.target_ms + 2 * Policy{}.slot_ms();
  world.settle();
  EXPECT_EQ(world.may(2, "c"), May::after_tail);
  world.off.clear();
  world.add(1, world.desk(1).hello());
  world.settle();
  EXPECT_EQ(world.actors("c").size(), 1u);
  EXPECT_EQ(world.difference(), "");
  // From then on it is alone where the other leaves.
  world.add(1, world.desk(1).goodbye(world.sight(1)));
  world.settle();
  world.off = {1};
  world.receive(2, "later", "m2");
  world.settle();
  EXPECT_EQ(world.may(2, "later"), May::yes);
}

TEST(PeersLeave, R121_what_was_not_sent_before_a_goodbye_passes_too) {
  PeersWorld world = two();
  for (int i = 0; i < 4; ++i) world.receive(1, chat_name(i), "m" + std::to_string(i));
  world.settle();
  int pending = 0;
  for (int i = 0; i < 4; ++i) {
    if (world.owner(1, chat_name(i)) != 1) continue;
    world.add(1, world.desk(1).reply(id(chat_name(i)), 1, "An answer."));
    ++pending;
  }
  ASSERT_GT(pending, 0);
  world.add(1, world.desk(1).goodbye(world.sight(1)));
  world.settle();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(world.owner(2, chat_name(i)), 2u);
    EXPECT_NE(world.desk(2).chat_row(id(chat_name(i)), world.now_ms)->waiting_since_ms, 0u);
  }
  // What is said to be on its way is looked for in the thread first.
  EXPECT_EQ(world.why_may(2, chat_name(0)), "under_way");
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersLeave, R120_a_goodbye_passes_the_book_and_what_waits_at_once) {
  PeersWorld world = two();
  for (int i = 0; i < 4; ++i) world.receive(1, chat_name(i), "m" + std::to_string(i));
  world.settle();
  world.add(1, world.desk(1).goodbye(world.sight(1)));
  world.settle();
  EXPECT_EQ(world.desk(2).book_holder(), peer_id(2));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(world.owner(2, chat_name(i)), 2u);
    EXPECT_EQ(world.actors(chat_name(i)), std::vector<std::uint8_t>{2});
    EXPECT_EQ(world.why_may(1, chat_name(i)), "left");
  }
  world.off.insert(1);
  world.receive(2, "alone", "m");
  world.decide(2);
  EXPECT_EQ(world.actors("alone"), std::vector<std::uint8_t>{2});
  // Back again, but cut off: it does not act until the other knows of it.
  world.off.clear();
  world.cut(1, 2);
  world.add(1, world.desk(1).hello());
  const std::string mine = drawn_for(world, 1);
  world.receive(1, mine, "n");
  world.receive(2, mine, "n");
  world.settle();
  EXPECT_EQ(world.actors(mine), std::vector<std::uint8_t>{2});
  EXPECT_EQ(world.desk(1).peers()[0].waits_for, std::vector<PeerId>{peer_id(2)});
  world.heal();
  world.settle();
  EXPECT_EQ(world.actors(mine), std::vector<std::uint8_t>{2});
  EXPECT_TRUE(world.desk(2).peers()[0].ready);
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersLeave, R120_of_two_who_both_left_only_the_last_begins_alone) {
  PeersWorld world = two();
  world.add(1, world.desk(1).goodbye(world.sight(1)));
  world.settle();
  world.add(2, world.desk(2).goodbye(world.sight(2)));
  world.settle();
  world.cut(1, 2);
  world.add(1, world.desk(1).hello());
  world.add(2, world.desk(2).hello());
  world.receive(1, "c", "m");
  world.receive(2, "c", "m");
  world.settle();
  EXPECT_EQ(world.actors("c"), std::vector<std::uint8_t>{2});
  EXPECT_EQ(world.desk(1).peers()[0].waits_for, std::vector<PeerId>{peer_id(2)});
  world.heal();
  world.settle();
  EXPECT_TRUE(world.desk(1).peers()[0].ready);
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersLeave, R120_one_declared_gone_comes_back_by_a_hello) {
  PeersWorld world = two();
  world.off.insert(1);
  world.add(2, world.desk(2).declare_gone(peer_id(1)));
  world.receive(2, "c", "m");
  world.settle();
  EXPECT_EQ(world.desk(2).book_holder(), peer_id(2));
  EXPECT_EQ(world.actors("c"), std::vector<std::uint8_t>{1 + 1});
  world.off.clear();
  world.settle();
  EXPECT_TRUE(world.desk(1).peers()[0].ready);
  EXPECT_EQ(world.difference(), "");
}

// Whoever had taken more of its log than the remover shares it: else the logs differ for good.
TEST(PeersRemoved, R120_the_cut_is_the_widest_of_all_in_whatever_order_they_come) {
  PeersWorld world = three();
  world.cut(1, 2);
  world.add(1, world.desk(1).remove_peer(peer_id(3), {{1, 5}}));
  world.add(2, world.desk(2).remove_peer(peer_id(3), {{1, 4}, {2, 1}}));
  world.heal();
  world.exchange();
  const auto cut_of = [&](std::uint8_t n) {
    for (const PeerView& view : world.desk(n).peers()) {
      if (view.id == peer_id(3)) return view.cut;
    }
    return std::map<std::uint64_t, std::uint64_t>();
  };
  const std::map<std::uint64_t, std::uint64_t> widest = {{1, 5}, {2, 1}};
  EXPECT_EQ(cut_of(1), widest);
  EXPECT_EQ(cut_of(2), widest);
  EXPECT_TRUE(world.desk(2).remove_peer(peer_id(3), {{1, 5}, {2, 1}}).has_error());
  world.add(2, world.desk(2).remove_peer(peer_id(3), {{1, 7}}));
  world.exchange();
  EXPECT_EQ(cut_of(1).at(1), 7u);
  EXPECT_EQ(world.difference(), "");
}

// Found by seed 15353 of the simulation.
TEST(PeersRemoved, R120_what_it_may_have_answered_unseen_is_answered_after_a_look) {
  PeersWorld world = three();
  world.cut(1, 3);
  world.cut(2, 3);
  const std::string before = drawn_for(world, 3);
  for (std::uint8_t n = 1; n <= 3; ++n) world.receive(n, before, "m");
  world.settle();
  EXPECT_EQ(world.actors(before), std::vector<std::uint8_t>{3});
  world.off = {3};  // and its disk is lost, with the answer that it gave
  world.now_ms += 1;
  world.add(1, world.desk(1).remove_peer(peer_id(3), {}));
  world.now_ms += Policy{}.target_ms / 2;
  world.settle();
  ASSERT_TRUE(world.owner(1, before) == 1 || world.owner(1, before) == 2);
  const auto owner = static_cast<std::uint8_t>(world.owner(1, before));
  EXPECT_EQ(world.may(owner, before), May::after_tail);
  EXPECT_EQ(world.why_may(owner, before), "dropped");
  // What came after is nobody's secret.
  for (std::uint8_t n = 1; n <= 2; ++n) world.receive(n, "later", "m2");
  world.settle();
  EXPECT_EQ(world.actors("later").size(), 1u);
}

}  // namespace
}  // namespace deskmate::desk
