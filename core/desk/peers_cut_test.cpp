// Links that are cut and healed, three who do not all see each other, machines that vanish: who may
// act, and that never two do.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

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

TEST(PeersCut, R121_no_number_is_given_twice) {
  PeersWorld world = two();
  world.cut(1, 2);
  for (int i = 0; i < 40; ++i) {
    const auto n = static_cast<std::uint8_t>(1 + i % 2);
    world.receive(n, chat_name(i), "message " + std::to_string(i));
  }
  world.settle();
  world.now_ms += Policy{}.cut_after_ms;
  world.settle();
  world.heal();
  world.settle();
  std::set<ChatNo> numbers;
  for (const auto& row : world.desk(1).chats({}, world.now_ms, 100)) {
    EXPECT_GT(row.number, 0u);
    EXPECT_LT(row.number, chat_twin_step);
    EXPECT_TRUE(numbers.insert(row.number).second) << row.number;
  }
  EXPECT_EQ(numbers.size(), 40u);
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

std::uint64_t waits_since(PeersWorld& world, std::uint8_t n, const std::string& chat) {
  return world.desk(n).chat_row(id(chat), world.now_ms)->waiting_since_ms;
}

void answer(PeersWorld& world, std::uint8_t n, const std::string& chat) {
  const Id16 reply = world.add(n, world.desk(n).reply(id(chat), n, "Yes"));
  world.add(n, "reply.done",
            Value::map({{"request", Value::bin(reply)}, {"kind", "reply"}, {"attempt", 1}}));
}

// The other peer alone sees a second message of a chat that has an owner.
struct InACut {
  PeersWorld world;
  std::uint8_t owner, other;
  std::uint64_t second_ms;
};
InACut second_message_in_a_cut() {
  PeersWorld world = two();
  const std::uint8_t owner = world.give("c", "first");
  const auto other = static_cast<std::uint8_t>(3 - owner);
  world.cut(1, 2);
  const std::uint64_t second_ms = world.now_ms += 1'000;
  world.receive(other, "c", "second");
  world.now_ms += 1'000;
  return {std::move(world), owner, other, second_ms};
}

TEST(PeersCut, a_message_that_crosses_an_answer_and_a_close_waits) {
  for (const bool closes : {false, true}) {
    auto [world, owner, other, second_ms] = second_message_in_a_cut();
    answer(world, owner, "c");
    if (closes) world.add(owner, world.desk(owner).close(id("c"), owner));
    EXPECT_EQ(waits_since(world, owner, "c"), 0u);
    world.heal();
    world.settle();
    EXPECT_EQ(world.difference(), "");
    EXPECT_EQ(waits_since(world, owner, "c"), second_ms);
    EXPECT_NE(world.desk(owner).chat_row(id("c"), world.now_ms)->state, ChatState::closed);
    EXPECT_EQ(world.actors("c").size(), 1u);
    world.now_ms += 1'000;
    answer(world, owner, "c");
    world.settle();
    EXPECT_EQ(waits_since(world, other, "c"), 0u);
  }
}

// Found by seed 2012 of the simulation.
TEST(PeersCut, a_message_that_crosses_a_reply_under_way_shows_as_waiting) {
  auto [world, owner, other, second_ms] = second_message_in_a_cut();
  world.add(owner, world.desk(owner).reply(id("c"), owner, "Yes"));
  EXPECT_EQ(waits_since(world, owner, "c"), 0u);
  world.heal();
  world.settle();
  EXPECT_NE(waits_since(world, owner, "c"), 0u);
  EXPECT_LE(waits_since(world, other, "c"), second_ms);
  EXPECT_EQ(world.difference(), "");
}

void answer_by_hand(PeersWorld& world, std::uint8_t n, const std::string& chat) {
  world.add(n, "message.sent",
            Value::map({{"shop", "mail"},
                        {"thread", bin(chat)},
                        {"buyer", bin("buyer of " + chat)},
                        {"message", bin("sent")},
                        {"at", world.now_ms}}));
}

// How it was answered, and whether the other peer had seen the first message, too: then that one
// comes to stand before both.
class PeersClock : public testing::TestWithParam<std::tuple<bool, bool>> {};
INSTANTIATE_TEST_SUITE_P(, PeersClock, testing::Combine(testing::Bool(), testing::Bool()),
                         [](const auto& which) {
                           return std::string(std::get<0>(which.param) ? "by_hand" : "by_desk") +
                                  (std::get<1>(which.param) ? "_seen_twice" : "_seen_once");
                         });

// Found by seeds 13382 and 10728 of the simulation.
TEST_P(PeersClock, a_message_waits_that_came_in_where_the_clock_was_behind) {
  const auto [by_hand, seen_twice] = GetParam();
  PeersWorld world = two();
  const std::uint8_t owner = world.give("c", "first");
  const auto other = static_cast<std::uint8_t>(3 - owner);
  world.cut(1, 2);
  world.now_ms += 1'000;
  (by_hand ? answer_by_hand : answer)(world, owner, "c");
  world.add(owner, world.desk(owner).close(id("c"), owner));
  // By its stamp it is before what was answered; its thread knows better.
  const std::uint64_t second_ms = world.now_ms + 500;
  world.at(other).last_stamp = 0;
  world.now_ms -= 28'000;
  if (seen_twice) world.receive(other, "c", "first");
  world.add(other, "message.received",
            Value::map({{"shop", "mail"},
                        {"thread", bin("c")},
                        {"buyer", bin("buyer of c")},
                        {"message", bin("second")},
                        {"at", second_ms}}));
  world.now_ms += 29'000;
  world.heal();
  world.settle();
  EXPECT_EQ(world.difference(), "");
  EXPECT_NE(waits_since(world, owner, "c"), 0u);
  EXPECT_EQ(world.actors("c").size(), 1u);
  // It is what a reply is to, wherever the first stands.
  const auto reply = world.desk(owner).reply(id("c"), owner, "Yes");
  EXPECT_EQ(reply.value().facts["to_message"], bin("second"));
  answer(world, owner, "c");
  world.add(owner, world.desk(owner).close(id("c"), owner));
  world.settle();
  EXPECT_EQ(waits_since(world, other, "c"), 0u);
  EXPECT_EQ(world.desk(other).chat_row(id("c"), world.now_ms)->state, ChatState::closed);
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
  const std::uint8_t owner = world.give("c", "m");
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
  const std::uint8_t owner = world.give("c", "m");
  const std::uint8_t other = owner == 1 ? 2 : 1;
  const std::uint64_t asked_ms = world.now_ms;
  world.now_ms += 1'000;
  const Id16 reply = world.add(owner, world.desk(owner).reply(id("c"), owner, "An answer."));
  world.settle();
  EXPECT_EQ(world.desk(other).chat_row(id("c"), world.now_ms)->waiting_since_ms, 0u);
  world.off.insert(owner);
  const Policy policy;
  world.now_ms = asked_ms + policy.target_ms + 2 * policy.slot_ms();
  const auto row = world.desk(other).chat_row(id("c"), world.now_ms);
  EXPECT_EQ(row->waiting_since_ms, asked_ms);
  ASSERT_TRUE(row->answering);
  EXPECT_EQ(row->answering->member, owner);
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

}  // namespace
}  // namespace deskmate::desk
