// Two and three peers, links that are cut and healed: who may act, and that never two do.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/desk/ledger.hpp"
#include "core/desk/rendezvous.hpp"
#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

PeersWorld two() {
  PeersWorld world(2);
  world.member(1, 1, 3);
  world.pair();
  world.member(2, 2, 1);
  world.exchange();
  for (const MemberChange& change : world.desk(1).changes_waiting()) {
    world.add(1, world.desk(1).agree_to_change(change.change));
  }
  world.settle();
  return world;
}

PeersWorld three() {
  PeersWorld world(3);
  world.member(1, 1, 2);
  world.member(1, 2, 1);
  world.member(1, 3, 1);
  world.pair();
  for (const MemberNo member : {2u, 3u}) {
    MemberSpec spec;
    spec.number = member;
    spec.name = "Member";
    spec.role = "presale";
    spec.weight = 1;
    spec.peer = peer_id(static_cast<std::uint8_t>(member));
    const Id16 change = world.add(1, world.desk(1).set_member(spec));
    world.exchange();
    world.add(2, world.desk(2).agree_to_change(change));
    world.add(3, world.desk(3).agree_to_change(change));
    world.settle();
  }
  return world;
}

std::string chat_name(int i) { return "chat " + std::to_string(i); }

// A chat that the draw gives to this member among the settled ones.
std::string drawn_for(PeersWorld& world, MemberNo member, int from = 0) {
  std::vector<Contender> roster;
  for (const MemberView& one : world.desk(1).members(world.now_ms)) {
    roster.push_back({one.number, one.weight});
  }
  for (int i = from;; ++i) {
    if (rendezvous(id(chat_name(i)), roster) == member) return chat_name(i);
  }
}

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
  world.receive(1, "c", "m1");
  world.settle();
  const MemberNo owner = world.owner(1, "c");
  const auto n = static_cast<std::uint8_t>(owner);
  world.add(n, world.desk(n).reply(id("c"), owner, "Hello"));
  world.add(n, world.desk(n).close(id("c"), owner));
  world.settle();
  world.now_ms += hour_ms;
  world.receive(2, "c", "m2");
  world.settle();
  EXPECT_EQ(world.owner(2, "c"), owner);
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

TEST(PeersCut, R1_both_sides_draw_alike_and_never_both_act) {
  PeersWorld world = two();
  world.cut(1, 2);
  std::map<MemberNo, int> given;
  for (int i = 0; i < 100; ++i) {
    world.receive(1, chat_name(i), "m" + std::to_string(i));
    world.receive(2, chat_name(i), "m" + std::to_string(i));
    world.settle();
    const auto actors = world.actors(chat_name(i));
    ASSERT_EQ(actors.size(), 1u) << i;
    const MemberNo owner = world.owner(actors[0], chat_name(i));
    EXPECT_EQ(owner, actors[0]);
    EXPECT_EQ(world.rule(actors[0], chat_name(i)), "cut");
    ++given[owner];
    // Nobody reaches the limit of open chats.
    world.add(actors[0], world.desk(actors[0]).reply(id(chat_name(i)), owner, "Hello"));
    world.add(actors[0], world.desk(actors[0]).close(id(chat_name(i)), owner));
  }
  EXPECT_NEAR(given[1], 75, 18);
  world.heal();
  world.settle();
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersCut, R1_an_assignment_under_way_when_the_link_was_cut_never_makes_two_owners) {
  for (int i = 0; i < 40; ++i) {
    PeersWorld world = two();
    const std::string chat = chat_name(i);
    world.receive(1, chat, "m");
    world.receive(2, chat, "m");
    world.decide(1);  // the book's assignment has not left yet
    world.cut(1, 2);
    world.settle();
    EXPECT_LE(world.actors(chat).size(), 1u) << i;
    world.heal();
    world.settle();
    EXPECT_EQ(world.difference(), "");
    ASSERT_EQ(world.actors(chat).size(), 1u) << i;
    EXPECT_EQ(world.owner(1, chat), world.owner(2, chat));
  }
}

TEST(PeersCut, R1_a_close_that_the_owner_has_not_seen_opens_no_second_visit) {
  PeersWorld world = two();
  // Member 1 has it, member 2 closes it in the cut, and the draw would give it to member 2.
  std::string chat;
  for (int i = 0;; ++i) {
    chat = drawn_for(world, 2, i);
    world.receive(1, chat, "m1 " + chat);
    world.settle();
    if (world.owner(1, chat) == 1) break;
    world.add(2, world.desk(2).close(id(chat), 2));
    world.settle();
    i = std::stoi(chat.substr(5));
  }
  world.cut(1, 2);
  world.add(2, world.desk(2).close(id(chat), 2));
  world.now_ms += second_ms;
  world.receive(1, chat, "m2 " + chat);
  world.receive(2, chat, "m2 " + chat);
  world.take_over = false;
  world.settle();
  EXPECT_EQ(world.actors(chat), std::vector<std::uint8_t>{1});
}

TEST(PeersCut, R1_the_surplus_of_a_cut_is_worked_off) {
  PeersWorld world = two();
  world.cut(1, 2);
  for (int i = 0; i < 60; ++i) {
    // Only those that the draw gives to member 2.
    const std::string chat = drawn_for(world, 2, i);
    i = std::stoi(chat.substr(5));
    world.receive(2, chat, "m " + chat);
    world.settle();
    ASSERT_EQ(world.owner(2, chat), 2u);
    world.add(2, world.desk(2).close(id(chat), 2));
  }
  world.heal();
  world.settle();
  const auto ledger = [&] { return world.desk(1).ledger().at(0); };
  const double before = static_cast<double>(ledger()[1].count) -
                        static_cast<double>(ledger()[0].count + ledger()[1].count) / 4;
  ASSERT_GT(before, 3);
  const int chats = static_cast<int>(std::ceil(before > 0 ? before * 4 : -before * 4 / 3));
  for (int i = 0; i < chats; ++i) {
    world.receive(1, "after " + std::to_string(i), "a" + std::to_string(i));
    world.settle();
    const MemberNo owner = world.owner(1, "after " + std::to_string(i));
    world.add(1, world.desk(1).close(id("after " + std::to_string(i)), owner));
    world.settle();
  }
  const double total = static_cast<double>(ledger()[0].count + ledger()[1].count);
  EXPECT_LT(std::abs(static_cast<double>(ledger()[0].count) - total * 3 / 4), 1.0);
}

TEST(PeersThree, R1_two_that_see_each_other_and_a_third_that_sees_one_of_them) {
  PeersWorld world = three();
  world.cut(1, 3);
  int waited = 0;
  for (int i = 0; i < 40; ++i) {
    for (std::uint8_t n = 1; n <= 3; ++n) world.receive(n, chat_name(i), "m" + std::to_string(i));
    for (std::uint8_t n = 1; n <= 3; ++n) {
      world.decide(n);
      EXPECT_LE(world.actors(chat_name(i)).size(), 1u);
    }
    world.settle();
    if (world.actors(chat_name(i)).empty()) {
      // Drawn for the one who sees all, and so waits for the book a little longer.
      world.now_ms += Policy{}.cut_after_ms;
      world.settle();
      EXPECT_EQ(world.actors(chat_name(i)), std::vector<std::uint8_t>{2});
      ++waited;
    }
    EXPECT_EQ(world.actors(chat_name(i)).size(), 1u);
  }
  EXPECT_GT(waited, 0);
  world.heal();
  world.settle();
  EXPECT_EQ(world.difference(), "");
}

// Found by seed 2129 of the simulation.
TEST(PeersThree, R1_an_assignment_counts_only_where_the_message_is_known_that_opens_the_visit) {
  PeersWorld world = three();
  std::string chat;
  for (int i = 0; world.owner(3, chat) != 3; ++i) {
    world.settle();
    chat = drawn_for(world, 2, i);
    world.held = {{3, 2}};
    world.receive(3, chat, "first of " + chat);
    world.exchange();
    world.decide(1);
    world.exchange();
    if (world.owner(3, chat) != 3) world.held.clear();
  }
  // The one peer saw the message itself, after it was assigned by what another had seen.
  world.now_ms += 500;
  world.receive(2, chat, "first of " + chat);
  world.exchange();
  EXPECT_EQ(world.owner(2, chat), 0u);
  world.cut(1, 2);
  world.cut(2, 3);
  world.decide(2);
  EXPECT_EQ(world.actors(chat), std::vector<std::uint8_t>{2});
  world.held.clear();
  world.heal();
  world.settle();
  EXPECT_EQ(world.actors(chat), std::vector<std::uint8_t>{2});
  EXPECT_EQ(world.difference(), "");
}

TEST(PeersVanished, R121_the_others_take_over_in_slots_and_read_the_thread_first) {
  PeersWorld world = three();
  world.receive(1, "c", "m");
  world.settle();
  const MemberNo first = world.owner(1, "c");
  const auto owner = static_cast<std::uint8_t>(first);
  world.off.insert(owner);
  std::vector<std::uint8_t> others;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    if (n != owner) others.push_back(n);
  }
  world.cut(others[0], others[1]);
  const Policy policy;
  world.now_ms += policy.target_ms + policy.slot_ms() - 1;
  for (const std::uint8_t n : others) {
    EXPECT_FALSE(world.decide(n));
    EXPECT_EQ(world.desk(n).next_deadline_ms(),
              world.now_ms + 1 + (n == others[1] ? policy.slot_ms() : 0));
  }
  world.now_ms += 1;
  EXPECT_FALSE(world.decide(others[1]));
  const auto proposals = world.desk(others[0]).decide(world.sight(others[0]));
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_TRUE(proposals[0].needs_tail);
  EXPECT_TRUE(world.decide(others[0]));
  EXPECT_EQ(world.rule(others[0], "c"), "vanished");
  EXPECT_EQ(world.may(others[0], "c"), May::after_tail);
  // The owner's own right has lapsed: it, too, looks first.
  EXPECT_EQ(world.may(owner, "c"), May::after_tail);
  world.off.clear();
  world.heal();
  world.settle();
  EXPECT_EQ(world.difference(), "");
  EXPECT_EQ(world.actors("c"), std::vector<std::uint8_t>{others[0]});
}

// The owner has written an answer and its machine is gone before that went out: the buyer waits.
TEST(PeersVanished, R121_a_reply_that_has_not_gone_out_answers_nobody) {
  PeersWorld world = two();
  world.receive(1, "c", "m");
  world.settle();
  const MemberNo first = world.owner(1, "c");
  const auto owner = static_cast<std::uint8_t>(first);
  const std::uint8_t other = owner == 1 ? 2 : 1;
  const std::uint64_t asked_ms = world.now_ms;
  world.now_ms += 1'000;
  const Id16 reply = world.add(owner, world.desk(owner).reply(id("c"), first, "An answer."));
  world.settle();
  EXPECT_EQ(world.desk(other).chat_row(id("c"), world.now_ms)->waiting_since_ms, 0u);
  world.off.insert(owner);
  const Policy policy;
  world.now_ms = asked_ms + policy.target_ms + 2 * policy.slot_ms();
  const auto row = world.desk(other).chat_row(id("c"), world.now_ms);
  EXPECT_EQ(row->waiting_since_ms, asked_ms);
  ASSERT_TRUE(row->answering);
  EXPECT_EQ(row->answering->member, first);
  EXPECT_EQ(row->answering->peer, peer_id(owner));
  EXPECT_EQ(row->answering->since_ms, asked_ms + 1'000);
  ASSERT_EQ(world.desk(other).queue(world.now_ms, 10).size(), 1u);
  const auto proposals = world.desk(other).decide(world.sight(other));
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_TRUE(proposals[0].needs_tail);
  EXPECT_TRUE(world.decide(other));
  EXPECT_EQ(world.owner(other, "c"), other);
  EXPECT_EQ(world.may(other, "c"), May::after_tail);
  // The owner's right has lapsed with that, too: it reads the thread before it sends.
  EXPECT_EQ(world.may(owner, "c"), May::after_tail);
  world.off.clear();
  world.settle();
  EXPECT_EQ(world.why_may(owner, "c"), "others");
  // It had gone out after all: nobody waits any more.
  world.add(owner, "reply.done",
            Value::map({{"request", Value::bin(reply)}, {"kind", "reply"}, {"attempt", 1}}));
  world.settle();
  EXPECT_EQ(world.desk(other).chat_row(id("c"), world.now_ms)->waiting_since_ms, 0u);
  EXPECT_EQ(world.may(other, "c"), May::yes);
  EXPECT_EQ(world.difference(), "");
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

TEST(PeersAgree, R6_a_change_of_weight_waits_for_the_other_owner_even_one_who_is_away) {
  PeersWorld world = two();
  world.add(2, world.desk(2).goodbye(world.sight(2)));
  world.settle();
  MemberSpec spec;
  spec.number = 1;
  spec.name = "Renamed";
  spec.role = "presale";
  spec.weight = 9;
  world.add(1, world.desk(1).set_member(spec));
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
  MemberSpec spec;
  spec.number = 1;
  spec.name = "Other name";
  spec.role = "aftersale";
  spec.weight = 3;
  world.add(1, world.desk(1).set_member(spec));
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
  EXPECT_EQ(world.may(1, chat), May::yes);
  EXPECT_EQ(world.difference(), "");
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

// Whatever happens: never two who may answer without a look at the channel, all the same in the
// end.
TEST(PeersRandom, R1_never_two_may_act_and_all_end_alike) {
  std::uint64_t acted = 0;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    PeersWorld world = seed % 2 == 0 ? two() : three();
    world.take_over = false;  // that is the vanished case, where the channel decides
    const std::uint8_t count = world.count();
    const auto some = [&] { return static_cast<std::uint8_t>(1 + below(count)); };
    const auto check = [&] {
      for (int i = 0; i < 6; ++i) {
        const auto actors = world.actors(chat_name(i));
        ASSERT_LE(actors.size(), 1u) << chat_name(i);
        acted += actors.size();
      }
    };
    for (int step = 0; step < 120; ++step) {
      const std::uint8_t n = some();
      const std::string chat = chat_name(static_cast<int>(below(6)));
      world.now_ms += below(3);
      switch (below(14)) {
        case 0:
        case 1:
        case 2: {
          const std::string message = chat + " m" + std::to_string(step);
          for (std::uint8_t to = 1; to <= count; ++to) {
            if (below(3) != 0) world.receive(to, chat, message);
          }
          break;
        }
        case 3:
        case 4:
        case 5:
          world.decide(n);
          break;
        case 6:
        case 7:
          world.exchange();
          break;
        case 8:
          world.cut(n, some());
          break;
        case 9:
          world.heal(n, some());
          break;
        case 10:
          if (const auto bye = world.desk(n).goodbye(world.sight(n)); bye && below(2) == 0) {
            world.add(n, bye);
          }
          break;
        case 11:
          if (world.desk(n).needs_hello()) world.add(n, world.desk(n).hello());
          break;
        case 12:
          if (const MemberNo owner = world.owner(n, chat); owner != 0 && below(2) == 0) {
            if (const auto closed = world.desk(n).close(id(chat), owner)) world.add(n, closed);
          }
          break;
        default:
          if (const auto open = world.desk(n).changes_waiting(); !open.empty()) {
            if (const auto yes = world.desk(n).agree_to_change(open.front().change)) {
              world.add(n, yes);
            }
          } else if (below(2) == 0) {
            MemberSpec spec;
            spec.number = 1 + below(count);
            spec.name = "Member";
            spec.role = "presale";
            spec.weight = 1 + below(9);
            world.add(n, world.desk(n).set_member(spec));
          }
      }
      ASSERT_NO_FATAL_FAILURE(check()) << "step " << step;
    }
    world.heal();
    for (std::uint8_t n = 1; n <= count; ++n) {
      if (world.desk(n).needs_hello()) world.add(n, world.desk(n).hello());
    }
    world.settle();
    check();
    EXPECT_EQ(world.difference(), "");
    for (std::uint8_t n = 1; n <= count; ++n) {
      for (const PeerView& peer : world.desk(n).peers()) EXPECT_TRUE(peer.ready);
    }
  }
  EXPECT_GT(acted, 1'000u);
}

}  // namespace
}  // namespace deskmate::desk
