// What all peers have to agree to or to do: changes of the roster, and that a buyer is forgotten.
#include <gtest/gtest.h>

#include <vector>

#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

TEST(PeersAgree, R6_a_change_of_weight_waits_for_the_other_owner_even_one_who_is_away) {
  PeersWorld world = two();
  world.add(2, world.desk(2).goodbye(world.sight(2)));
  world.settle();
  world.add(1, world.desk(1).set_member(spec_of(1, 9, "Renamed", "presale")));
  const auto waiting = world.desk(1).changes_waiting();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].weight, 9u);
  EXPECT_EQ(waiting[0].waits_for, std::vector<PeerId>{peer_id(2)});
  EXPECT_EQ(world.desk(1).member(1, world.now_ms)->weight, 3u);
  EXPECT_EQ(world.desk(1).member(1, world.now_ms)->name, "Renamed");
  EXPECT_EQ(world.desk(1).agree_to_change(waiting[0].change).error().code, Errc::no_such_change);
  world.exchange();
  world.add(2, world.desk(2).agree_to_change(waiting[0].change));
  world.settle();
  EXPECT_EQ(world.desk(1).member(1, world.now_ms)->weight, 9u);
  EXPECT_TRUE(world.desk(1).changes_waiting().empty());
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersAgree, R6_a_new_member_is_none_until_agreed_and_a_name_needs_nobody) {
  PeersWorld world = two();
  world.member(1, 7, 2);
  EXPECT_FALSE(world.desk(1).member(7, world.now_ms).has_value());
  world.add(1, world.desk(1).set_member(spec_of(1, 3, "Other name", "aftersale")));
  EXPECT_EQ(world.desk(1).member(1, world.now_ms)->role, "aftersale");
  EXPECT_EQ(world.desk(1).changes_waiting().size(), 1u);
}

TEST(PeersAgree, R6_a_removed_peer_is_not_waited_for) {
  PeersWorld world = two();
  world.member(1, 7, 2);
  world.add(1, world.desk(1).remove_peer(peer_id(2), {{1, 5}}));
  EXPECT_TRUE(world.desk(1).member(7, world.now_ms).has_value());
  EXPECT_TRUE(world.desk(1).changes_waiting().empty());
}

// While a change is agreed at one side only, both rosters count.
TEST(PeersAgree, R1_never_two_act_while_a_change_of_weights_is_under_way) {
  PeersWorld world = two();
  MemberSpec spec;
  spec.number = 1;
  spec.name = "Member 1";
  spec.role = "presale";
  spec.weight = 30;
  const Id16 change = world.add(1, world.desk(1).set_member(spec));
  world.exchange();
  world.add(2, world.desk(2).agree_to_change(change));  // and then the link is cut
  world.cut(1, 2);
  EXPECT_EQ(world.desk(2).member(1, world.now_ms)->weight, 30u);
  EXPECT_EQ(world.desk(1).member(1, world.now_ms)->weight, 3u);
  world.take_over = false;
  int acted = 0;
  int nobody = 0;
  for (int i = 0; i < 40; ++i) {
    world.receive(1, chat_name(i), "m" + std::to_string(i));
    world.receive(2, chat_name(i), "m" + std::to_string(i));
    world.settle();
    const auto actors = world.actors(chat_name(i));
    ASSERT_LE(actors.size(), 1u) << i;
    (actors.empty() ? nobody : acted) += 1;
  }
  EXPECT_GT(acted, 10);
  EXPECT_GT(nobody, 0);  // those that the rosters disagree about wait for the target
}

TEST(PeersErase, R126_every_peer_is_asked_until_it_has_forgotten_all_keys_of_anybody) {
  PeersWorld world = two();
  world.add(1, world.desk(1).erase_buyer(id("b")));
  world.exchange();
  for (const std::uint8_t n : {std::uint8_t{1}, std::uint8_t{2}}) {
    ASSERT_EQ(world.desk(n).erasures_wanted(peer_id(n)).size(), 1u);
    EXPECT_EQ(world.desk(n).erasures_wanted(peer_id(n))[0].buyer, id("b"));
  }
  world.add(1, world.desk(1).forgotten(id("b"), {id("key 1")}));
  EXPECT_TRUE(world.desk(1).erasures_wanted(peer_id(1)).empty());
  // The other had minted one of its own, which has come here meanwhile.
  world.exchange();
  EXPECT_EQ(world.desk(2).erasures_wanted(peer_id(2))[0].keys, std::vector<Id16>{id("key 1")});
  world.add(2, world.desk(2).forgotten(id("b"), {id("key 1"), id("key 2")}));
  world.exchange();
  EXPECT_TRUE(world.desk(2).erasures_wanted(peer_id(2)).empty());
  ASSERT_EQ(world.desk(1).erasures_wanted(peer_id(1)).size(), 1u);
  EXPECT_EQ(world.desk(1).erasures_wanted(peer_id(1))[0].keys, std::vector<Id16>{id("key 2")});
  world.add(1, world.desk(1).forgotten(id("b"), {id("key 2")}));
  EXPECT_TRUE(world.desk(1).erasures_wanted(peer_id(1)).empty());
  // Asked again later, it is to be done again.
  world.add(2, world.desk(2).erase_buyer(id("b")));
  world.exchange();
  EXPECT_EQ(world.desk(1).erasures_wanted(peer_id(1)).size(), 1u);
}

}  // namespace
}  // namespace deskmate::desk
