#include <gtest/gtest.h>

#include <map>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

// New buyers, one after the other; who got them, as letters.
std::string give(World& world, int count, bool close) {
  static int buyers = 0;
  std::string out;
  for (int i = 0; i < count; ++i) {
    const std::string name = "new " + std::to_string(++buyers);
    world.now_ms += 1000;
    world.receive(name, name);
    world.decide();
    const MemberNo owner = world.owner(name);
    out += owner == 0 ? '-' : static_cast<char>('A' + owner - 1);
    if (close && owner != 0) {
      world.reply(name, owner);
      world.close(name, owner);
    }
  }
  return out;
}

TEST(Routing, R1_three_to_one_over_new_buyers) {
  World world;
  world.member(1, 3);
  world.member(2, 1);
  EXPECT_EQ(give(world, 12, true), "AABAAABAAABA");
  const auto ledger = world.desk.ledger();
  ASSERT_EQ(ledger.size(), 1u);
  EXPECT_EQ(ledger[0], (LedgerView{{1, 3, 9}, {2, 1, 3}}));
}

TEST(Routing, R1_many_at_once_are_divided_as_one_by_one) {
  World world;
  world.member(1, 3);
  world.member(2, 1);
  for (int i = 0; i < 40; ++i) world.receive("c" + std::to_string(i), "b" + std::to_string(i));
  world.decide();
  EXPECT_EQ(world.desk.members(world.now_ms)[0].open, 30u);
  EXPECT_EQ(world.desk.members(world.now_ms)[1].open, 10u);
}

TEST(Routing, R1_other_weights_are_another_ledger) {
  World world;
  world.member(1, 3);
  world.member(2, 1);
  EXPECT_EQ(give(world, 2, true), "AA");
  world.member(2, 3);
  EXPECT_EQ(give(world, 2, true), "AB");  // not "BB": what was before does not count
  world.member(2, 1);
  EXPECT_EQ(give(world, 1, true), "B");  // and goes on where it was
  EXPECT_EQ(world.desk.ledger().size(), 2u);
}

TEST(Routing, R1_weight_zero_gets_none_by_weight) {
  World world;
  world.member(1, 1);
  world.member(2, 0);
  EXPECT_EQ(give(world, 5, true), "AAAAA");
}

TEST(Routing, R2_a_returning_buyer_goes_to_who_served_them) {
  World world;
  world.member(1, 3);
  world.member(2, 1);
  EXPECT_EQ(give(world, 2, true), "AA");
  world.receive("first", "buyer");
  world.decide();
  ASSERT_EQ(world.owner("first"), 2u);
  world.reply("first", 2);
  world.close("first", 2);
  world.now_ms += 41 * hour_ms;
  world.receive("second", "buyer");
  world.decide();
  EXPECT_EQ(world.owner("second"), 2u);
  EXPECT_EQ(world.why("second"), "last served by member 2, 41 h ago, online");
  EXPECT_EQ(give(world, 1, true), "A");  // uncharged: the ledger has three
  // The same chat again is a new visit.
  world.reply("second", 2);
  world.close("second", 2);
  world.now_ms += 10 * hour_ms;
  world.receive("second", "buyer");
  world.decide();
  EXPECT_EQ(world.why("second"), "last served by member 2, 10 h ago, online");
}

TEST(Routing, R2_up_to_72_hours_and_not_a_moment_longer) {
  for (const std::uint64_t late_ms : {0ull, 1ull}) {
    World world;
    world.member(1, 3);
    world.member(2, 1);
    world.receive("c", "buyer");
    world.decide();
    ASSERT_EQ(world.owner("c"), 1u);
    world.close("c", 1);
    world.now_ms += 72 * hour_ms + late_ms;
    world.receive("c", "buyer");
    world.decide();
    EXPECT_EQ(world.why("c"),
              late_ms == 0 ? "last served by member 1, 72 h ago, online"
                           : "by weight, 3:1, member 1 was owed 0.5; last served by member 1, "
                             "72 h ago, more than 72 h");
  }
}

TEST(Routing, R2_not_when_away_or_suspended) {
  for (const Presence state :
       {Presence::away, Presence::suspended, Presence::off, Presence::back_soon}) {
    World world;
    world.member(1, 1);
    world.member(2, 1);
    world.receive("c", "buyer");
    world.decide();
    ASSERT_EQ(world.owner("c"), 1u);
    world.close("c", 1);
    world.presence(1, state);
    world.now_ms += hour_ms;
    world.receive("c", "buyer");
    world.decide();
    EXPECT_EQ(world.owner("c"), 2u);
    EXPECT_NE(world.why("c").find("by weight, 1, member 2 was owed 1; last served by member 1, "
                                  "1 h ago, but "),
              std::string::npos)
        << world.why("c");
  }
}

TEST(Routing, R2_whoever_answered_last_served_them) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  world.receive("c", "buyer");
  world.decide();
  ASSERT_EQ(world.owner("c"), 1u);
  world.reply("c", 2);  // covered for the other
  world.close("c", 1);
  world.now_ms += hour_ms;
  world.receive("c", "buyer");
  world.decide();
  EXPECT_EQ(world.owner("c"), 2u);
}

TEST(Routing, R2_two_chats_of_one_buyer_in_one_round_go_together) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  world.receive("c1", "buyer");
  world.receive("c2", "buyer");
  world.decide();
  EXPECT_EQ(world.owner("c1"), world.owner("c2"));
}

TEST(Routing, R16_joined_accounts_are_one_buyer) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  EXPECT_EQ(give(world, 1, true), "A");
  world.receive("mail", "by mail");
  world.decide();
  ASSERT_EQ(world.owner("mail"), 2u);
  world.close("mail", 2);
  world.add(world.desk.join(id("by mail"), id("in the shop"), 1).value());
  world.receive("shop", "in the shop");
  world.decide();
  EXPECT_EQ(world.owner("shop"), 2u);
  world.close("shop", 2);
  world.add(world.desk.separate(id("in the shop"), id("by mail"), 1).value());
  world.receive("other", "third");
  world.add(world.desk.join(id("third"), id("nobody"), 1).value());
  world.decide();
  EXPECT_EQ(world.owner("other"), 1u);
}

TEST(Routing, R9_suspended_at_fifty_and_queued_when_all_are) {
  World world;
  world.member(1, 3);
  world.member(2, 1);
  const std::string given = give(world, 101, false);
  EXPECT_EQ(std::count(given.begin(), given.end(), 'A'), 50);
  EXPECT_EQ(std::count(given.begin(), given.end(), 'B'), 50);
  EXPECT_EQ(given.back(), '-');
  EXPECT_EQ(world.desk.members(world.now_ms)[0].presence, Presence::suspended);
  const auto queue = world.desk.chats({.owner = 0}, world.now_ms, 10);
  ASSERT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue[0].state, ChatState::queued);
  EXPECT_EQ(explain(queue[0].why, Language::english),
            "in the queue: those who are there have as many chats as they may");
  EXPECT_TRUE(world.decide().empty());  // and it is not queued again
  // As soon as somebody can take it.
  const auto open = world.desk.chats({.owner = 2}, world.now_ms, 1);
  world.add(world.desk.close(open[0].id, 2).value());
  EXPECT_TRUE(world.desk.wants_decide());
  world.decide();
  EXPECT_EQ(world.desk.chat_row(queue[0].id, world.now_ms)->owner, 2u);
}

TEST(Routing, R9_capacity_by_role_and_by_member) {
  World world;
  world.member(1, 1, "aftersale");
  MemberSpec small;
  small.number = 2;
  small.name = "Small";
  small.role = "presale";
  small.weight = 1;
  small.capacity = 3;
  world.member(small);
  EXPECT_EQ(give(world, 14, false), "ABABABAAAAAAA-");
}

TEST(Routing, R9_the_first_in_the_queue_comes_first) {
  World world;
  world.member(1, 1);
  world.presence(1, Presence::away);
  for (const char* name : {"c1", "c2", "c3"}) {
    world.now_ms += minute_ms;
    world.receive(name, name);
    world.decide();
    EXPECT_EQ(world.row(name).state, ChatState::queued);
    EXPECT_EQ(world.why(name), "in the queue: nobody is there to take it");
  }
  MemberSpec one;
  one.number = 1;
  one.name = "One";
  one.role = "presale";
  one.weight = 1;
  one.capacity = 1;
  world.member(one);
  world.presence(1, Presence::online);
  world.decide();
  EXPECT_EQ(world.owner("c1"), 1u);
  EXPECT_EQ(world.owner("c2"), 0u);
  world.close("c1", 1);
  world.receive("c4", "c4");  // newer than those who wait
  world.decide();
  EXPECT_EQ(world.owner("c2"), 1u);
  EXPECT_EQ(world.owner("c4"), 0u);
}

TEST(Routing, R7_schedules_in_the_members_own_zone) {
  Policy policy;
  policy.local_minutes = [](std::string_view zone, std::uint64_t utc_ms) {
    return static_cast<std::int64_t>(utc_ms / minute_ms) + (zone == "Asia/Shanghai" ? 480 : 0);
  };
  World world(policy);
  MemberSpec spec;
  spec.number = 1;
  spec.name = "Lin";
  spec.role = "presale";
  spec.weight = 1;
  spec.zone = "Asia/Shanghai";
  spec.schedule = {"06:00-24:00"};
  world.member(spec);  // now: 08:00 UTC, 16:00 there
  EXPECT_EQ(give(world, 1, true), "A");
  world.now_ms += 8 * hour_ms;  // midnight there
  EXPECT_EQ(give(world, 1, true), "-");
  const MemberView lin = world.desk.members(world.now_ms)[0];
  EXPECT_EQ(lin.presence, Presence::off);
  EXPECT_FALSE(lin.on_shift);
  ASSERT_TRUE(world.desk.next_deadline_ms().has_value());
  EXPECT_EQ(*world.desk.next_deadline_ms() - world.now_ms, 6 * hour_ms - 2000);  // two buyers: 2 s
  world.now_ms = *world.desk.next_deadline_ms();
  world.decide();
  EXPECT_EQ(world.desk.members(world.now_ms)[0].open, 1u);
}

TEST(Routing, R7_away_until_a_time_comes_back_by_itself) {
  World world;
  world.member(1, 1);
  world.presence(1, Presence::back_soon, world.now_ms + 2 * minute_ms);
  EXPECT_EQ(give(world, 1, true), "-");
  EXPECT_EQ(world.desk.members(world.now_ms)[0].presence, Presence::back_soon);
  world.now_ms = world.desk.next_deadline_ms().value();
  world.decide();
  EXPECT_EQ(world.desk.members(world.now_ms)[0].presence, Presence::online);
  EXPECT_EQ(world.desk.members(world.now_ms)[0].open, 1u);
  world.presence(1, Presence::online, world.now_ms + hour_ms);
  world.now_ms += hour_ms;
  EXPECT_EQ(world.desk.members(world.now_ms)[0].presence, Presence::off);
}

TEST(Routing, R12_transfer_to_a_member_with_a_note) {
  World world;
  world.member(1, 1);
  world.member(2, 0);
  world.receive("c", "buyer");
  world.decide();
  EXPECT_EQ(world.desk.transfer(id("c"), 1, MemberNo{2}, " ").error().code, Errc::note_required);
  EXPECT_EQ(world.desk.transfer(id("c"), 1, MemberNo{1}, "x").error().code, Errc::same_member);
  EXPECT_EQ(world.desk.transfer(id("c"), 1, MemberNo{9}, "x").error().code, Errc::no_such_member);
  const Proposal transfer = world.desk.transfer(id("c"), 1, MemberNo{2}, "Wants a refund.").value();
  EXPECT_EQ((*transfer.body)["note"].as_str(), "Wants a refund.");
  EXPECT_EQ(transfer.buyer, id("buyer"));
  EXPECT_FALSE(transfer.facts.as_map().contains("note"));
  world.add(transfer);
  EXPECT_EQ(world.owner("c"), 2u);
  EXPECT_EQ(world.why("c"), "transferred by member 1 to member 2");
  EXPECT_TRUE(world.decide().empty());
  world.close("c", 2);
  EXPECT_EQ(world.desk.transfer(id("c"), 1, MemberNo{2}, "x").error().code, Errc::not_open);
}

TEST(Routing, R12_transfer_to_a_role_waits_for_one_of_it) {
  World world;
  world.member(1, 1);
  world.member(2, 0, "supervisor");
  world.member(3, 0, "supervisor");
  world.receive("c", "buyer");
  world.decide();
  EXPECT_EQ(world.desk.transfer(id("c"), 1, std::string("review"), "x").error().code,
            Errc::no_such_role);
  world.presence(2, Presence::away);
  world.presence(3, Presence::away);
  world.add(world.desk.transfer(id("c"), 1, std::string("supervisor"), "x").value());
  world.decide();
  EXPECT_EQ(world.owner("c"), 0u);
  EXPECT_EQ(world.row("c").wants_role, "supervisor");
  EXPECT_EQ(world.why("c"), "in the queue: nobody is there to take it (supervisor)");
  world.presence(3, Presence::online);
  world.decide();
  EXPECT_EQ(world.owner("c"), 3u);
  EXPECT_EQ(world.why("c"), "transferred to supervisor, member 3 had the fewest chats");
  EXPECT_EQ(world.row("c").wants_role, "");
  ASSERT_EQ(world.desk.ledger().size(), 1u);  // uncharged
  EXPECT_EQ(world.desk.ledger()[0], (LedgerView{{1, 1, 1}}));
}

TEST(Routing, R12_one_key_calls_the_supervisor) {
  World world;
  world.member(1, 1);
  world.member(2, 0, "manager");
  world.receive("c", "buyer");
  world.decide();
  world.add(world.desk.call_supervisor(id("c"), 1).value());
  EXPECT_EQ(world.owner("c"), 1u);  // until somebody takes it over
  world.decide();
  EXPECT_EQ(world.owner("c"), 2u);
}

TEST(Routing, R13_hard_cases_go_to_experts) {
  World world;
  world.member(1, 1);
  MemberSpec expert;
  expert.number = 2;
  expert.name = "Expert";
  expert.role = "aftersale";
  expert.experts = {"customs"};
  world.member(expert);
  world.presence(2, Presence::away);
  world.receive("c", "buyer");
  world.decide();
  world.add(world.desk.flag(id("c"), 1, "customs").value());
  EXPECT_TRUE(world.decide().empty());
  EXPECT_EQ(world.owner("c"), 1u);
  EXPECT_EQ(world.row("c").topic, "customs");
  world.presence(2, Presence::online);
  world.decide();
  EXPECT_EQ(world.owner("c"), 2u);
  EXPECT_EQ(world.why("c"), "member 2 is an expert for \"customs\"");
  EXPECT_EQ(world.row("c").topic, "");
  // A topic that nobody knows leaves the chat where it is.
  world.add(world.desk.flag(id("c"), 2, "weather").value());
  EXPECT_TRUE(world.decide().empty());
  EXPECT_EQ(world.owner("c"), 2u);
}

TEST(Routing, R13_roles_fit_what_was_ordered_where_that_is_wanted) {
  Policy policy;
  policy.match_roles = true;
  World world(policy);
  world.member(1, 1, "presale");
  world.member(2, 1, "insale");
  const auto order = [&](const char* state) {
    world.add("order.seen", Value::map({{"shop", "s"},
                                        {"order", bin("o")},
                                        {"buyer", bin("buyer")},
                                        {"state", state},
                                        {"updated_at", world.now_ms++}}));
  };
  world.receive("new", "stranger");
  world.decide();
  EXPECT_EQ(world.owner("new"), 1u);
  order("shipped");
  world.receive("c1", "buyer");
  world.decide();
  EXPECT_EQ(world.owner("c1"), 2u);
  world.close("c1", 2);
  world.now_ms += 80 * hour_ms;
  order("delivered");
  world.receive("c2", "buyer");  // nobody is after-sale: anybody
  world.decide();
  EXPECT_NE(world.why("c2").find("by weight, 1:1"), std::string::npos);
}

TEST(Routing, R17_blocked_buyers_are_not_routed_until_unblocked) {
  World world;
  world.member(1, 1);
  world.add(world.desk.block(id("buyer"), 1).value());
  world.now_ms += hour_ms;
  world.receive("c", "buyer");
  world.decide();
  EXPECT_EQ(world.row("c").state, ChatState::queued);
  EXPECT_TRUE(world.row("c").blocked);
  EXPECT_EQ(world.why("c"), "not routed: the buyer is blocked");
  EXPECT_TRUE(world.desk.queue(world.now_ms, 10).empty());
  EXPECT_EQ(world.view("c").blocked_until_ms, 0u);
  EXPECT_EQ(world.desk.reply(id("c"), 1, "Hello").error().code, Errc::blocked);
  world.receive("d", "other");
  world.decide();
  EXPECT_EQ(world.owner("c"), 0u);
  EXPECT_EQ(world.owner("d"), 1u);
  world.add(world.desk.unblock(id("buyer"), 1).value());
  world.decide();
  EXPECT_EQ(world.owner("c"), 1u);
}

TEST(Routing, R17_a_block_for_a_time_ends_by_itself_and_covers_joined_accounts) {
  World world;
  world.member(1, 1);
  world.add(world.desk.join(id("buyer"), id("second account"), 1).value());
  world.add(world.desk.block(id("buyer"), 1, world.now_ms + 5 * hour_ms).value());
  world.now_ms += hour_ms;
  world.receive("c", "second account");
  world.decide();
  EXPECT_EQ(world.owner("c"), 0u);
  EXPECT_EQ(world.desk.next_deadline_ms(), world.now_ms + 4 * hour_ms);
  world.now_ms += 4 * hour_ms;
  world.decide();
  EXPECT_EQ(world.owner("c"), 1u);
}

TEST(Routing, R17_whoever_had_an_abusive_chat_rests) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  world.decide();
  world.add(world.desk.flag(id("c"), 1, "abuse").value());
  EXPECT_EQ(give(world, 1, true), "-");
  const MemberView resting = world.desk.members(world.now_ms)[0];
  EXPECT_EQ(resting.cooling_until_ms, world.now_ms - 1000 + 10 * minute_ms);
  EXPECT_FALSE(resting.takes_chats);
  EXPECT_EQ(world.desk.next_deadline_ms(), resting.cooling_until_ms);
  world.now_ms = resting.cooling_until_ms;
  world.decide();
  EXPECT_EQ(world.desk.members(world.now_ms)[0].open, 2u);
}

TEST(Routing, a_member_who_is_removed_leaves_their_chats_to_the_others) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  world.decide();
  MemberSpec gone;
  gone.number = 1;
  gone.name = "Gone";
  gone.role = "presale";
  gone.removed = true;
  world.member(gone);
  EXPECT_TRUE(world.decide().empty());
  world.member(2, 1);
  world.decide();
  EXPECT_EQ(world.owner("c"), 2u);
  EXPECT_NE(world.why("c").find("but no longer a member"), std::string::npos);
  EXPECT_TRUE(world.decide().empty());
  EXPECT_EQ(world.desk.members(world.now_ms).size(), 1u);
}

TEST(Routing, R3_a_chat_can_be_taken_by_hand) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  world.receive("c", "buyer");
  world.decide();
  world.add(world.desk.claim(id("c"), 2).value());
  EXPECT_EQ(world.owner("c"), 2u);
  EXPECT_EQ(world.why("c"), "taken by member 2");
  EXPECT_EQ(world.row("c").number, 1u);
  EXPECT_EQ(world.desk.claim(id("c"), 2).error().code, Errc::same_member);
}

TEST(Routing, numbers_are_short_and_stay) {
  World world;
  world.member(1, 1);
  for (int i = 1; i <= 3; ++i) {
    const std::string name = "c" + std::to_string(i);
    world.receive(name, name);
    world.decide();
    EXPECT_EQ(world.row(name).number, static_cast<ChatNo>(i));
    EXPECT_EQ(world.desk.chats_by_number(static_cast<ChatNo>(i)), std::vector{id(name)});
  }
  world.close("c1", 1);
  world.receive("c1", "c1");
  world.decide();
  EXPECT_EQ(world.row("c1").number, 1u);
  EXPECT_TRUE(world.desk.chats_by_number(4).empty());
}

// Nobody who has read a number answers another buyer with it, whatever is heard of meanwhile.
TEST(Routing, a_number_never_comes_to_mean_another_chat) {
  World world;
  world.member(1, 1);
  for (const char* name : {"one", "two"}) {
    world.receive(name, name);
    world.decide();
  }
  const auto give = [&](const std::string& name, int number) {
    world.receive(name, name);
    world.add("chat.queued", Value::map({{"chat", bin(name)}, {"number", number}}));
  };
  // Given twice while two peers could not see each other.
  give("twin", 2);
  const ChatNo two = world.row("two").number;
  const ChatNo twin = world.row("twin").number;
  EXPECT_EQ(two % chat_twin_step, 2u);
  EXPECT_EQ(twin % chat_twin_step, 2u);
  EXPECT_GT(std::min(two, twin), chat_twin_step);
  ASSERT_NE(two, twin);
  EXPECT_EQ(world.desk.chats_by_number(two), std::vector{id("two")});
  EXPECT_EQ(world.desk.chats_by_number(twin), std::vector{id("twin")});
  EXPECT_EQ(world.desk.chats_by_number(2).size(), 2u);
  // Another of the same number, and each still shows the same.
  give("third", 2);
  EXPECT_EQ(world.row("two").number, two);
  EXPECT_EQ(world.row("twin").number, twin);
  EXPECT_EQ(world.desk.chats_by_number(2).size(), 3u);
  // One chat given two numbers by two peers shows the first; the other is remembered as its own.
  give("one", 7);
  EXPECT_EQ(world.row("one").number, 1u);
  EXPECT_EQ(world.desk.chats_by_number(7), std::vector{id("one")});
  give("seventh", 7);
  EXPECT_EQ(world.desk.chats_by_number(7).size(), 2u);
  EXPECT_GT(world.row("seventh").number, chat_twin_step);
}

TEST(Routing, a_round_is_limited_and_the_next_goes_on) {
  World world;
  Policy policy = world.desk.policy();
  policy.suspend_at = 1000;
  policy.capacity.clear();
  world.desk.set_policy(policy);
  world.member(1, 1);
  for (std::size_t i = 0; i < decisions_max + 10; ++i) {
    world.receive("c" + std::to_string(i), "b" + std::to_string(i));
  }
  const Proposals first = world.desk.decide(world.now_ms);
  EXPECT_EQ(first.size(), decisions_max);
  EXPECT_TRUE(world.desk.wants_decide());
  for (const Proposal& proposal : first) world.add(proposal);
  EXPECT_EQ(world.decide().size(), 10u);
}

}  // namespace
}  // namespace deskmate::desk
