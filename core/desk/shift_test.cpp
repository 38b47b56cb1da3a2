// R14: shifts, overtime and the handover of open chats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

MemberSpec shift(MemberNo number, std::string hours, std::string role = "presale",
                 std::uint32_t weight = 1) {
  MemberSpec spec = spec_of(number, weight, "Member " + std::to_string(number), std::move(role));
  spec.schedule = {std::move(hours)};
  return spec;
}

MemberView view(World& world, MemberNo number) {
  return world.desk.member(number, world.now_ms).value();
}

TEST(Shifts, R14_a_member_knows_when_the_shift_ends) {
  World world;  // 08:00 UTC
  world.member(shift(1, "07:00-11:00"));
  world.member(2, 1);
  EXPECT_EQ(view(world, 1).shift_ends_ms, world.now_ms + 3 * hour_ms);
  EXPECT_EQ(view(world, 2).shift_ends_ms, 0u);  // no end
  world.now_ms += 3 * hour_ms;
  EXPECT_EQ(view(world, 1).shift_ends_ms, 0u);  // none is on
  EXPECT_FALSE(view(world, 1).on_shift);
}

TEST(Shifts, R14_overtime_is_asked_for_and_approved) {
  World world;
  world.member(shift(1, "07:00-09:00"));
  world.member(spec_of(2, 0, "Super", "supervisor"));
  world.decide();
  const std::uint64_t end = world.now_ms + hour_ms;
  const std::uint64_t until = end + 90 * minute_ms;
  world.add(world.desk.ask_overtime(1, until, world.now_ms).value());
  EXPECT_EQ(view(world, 1).overtime_asked_ms, until);
  EXPECT_EQ(view(world, 1).shift_ends_ms, end);  // asked for is not approved

  world.add(world.desk.answer_overtime(1, 2, true, world.now_ms).value());
  EXPECT_EQ(view(world, 1).overtime_asked_ms, 0u);
  EXPECT_EQ(view(world, 1).overtime_until_ms, until);
  EXPECT_EQ(view(world, 1).shift_ends_ms, until);

  world.now_ms = until - 1;
  world.receive("in time", "b1");
  world.decide();
  EXPECT_EQ(world.owner("in time"), 1u);
  EXPECT_EQ(world.desk.next_deadline_ms(), until);
  world.now_ms = until;
  world.receive("too late", "b2");
  world.decide();
  EXPECT_EQ(world.owner("too late"), 0u);
  EXPECT_FALSE(view(world, 1).on_shift);
  EXPECT_EQ(view(world, 1).overtime_until_ms, 0u);
}

TEST(Shifts, R14_overtime_that_is_refused_or_over_changes_nothing) {
  World world;
  world.member(shift(1, "07:00-09:00"));
  world.member(spec_of(2, 0, "Super", "supervisor"));
  const std::uint64_t until = world.now_ms + 2 * hour_ms;
  world.add(world.desk.ask_overtime(1, until, world.now_ms).value());
  world.add(world.desk.answer_overtime(1, 2, false, world.now_ms).value());
  EXPECT_EQ(view(world, 1).overtime_asked_ms, 0u);
  EXPECT_EQ(view(world, 1).shift_ends_ms, world.now_ms + hour_ms);
  EXPECT_EQ(world.desk.answer_overtime(1, 2, true, world.now_ms).error().code, Errc::not_asked);

  world.add(world.desk.ask_overtime(1, until, ++world.now_ms).value());
  EXPECT_EQ(view(world, 1).overtime_asked_ms, until);  // asked again
  world.now_ms = until;
  EXPECT_EQ(view(world, 1).overtime_asked_ms, 0u);  // nobody answered in time
  EXPECT_EQ(world.desk.answer_overtime(1, 2, true, world.now_ms).error().code, Errc::not_asked);
}

TEST(Shifts, R14_who_may_approve) {
  World world;
  const auto ask = [&](MemberNo member) {
    ++world.now_ms;
    world.add(world.desk.ask_overtime(member, world.now_ms + 11 * hour_ms, world.now_ms).value());
  };
  const auto may = [&](MemberNo member, MemberNo by) {
    return world.desk.answer_overtime(member, by, true, world.now_ms).has_value();
  };
  world.member(shift(1, "07:00-18:00"));
  EXPECT_THAT(view(world, 1).overtime_answerers, testing::IsEmpty());  // nothing was asked
  ask(1);
  EXPECT_TRUE(may(1, 1));  // alone
  EXPECT_THAT(view(world, 1).overtime_answerers, testing::ElementsAre(1));
  world.member(shift(2, "07:00-18:00"));
  EXPECT_FALSE(may(1, 1));
  EXPECT_TRUE(may(1, 2));  // two equals
  world.member(shift(3, "07:00-18:00", "supervisor"));
  EXPECT_FALSE(may(1, 2));
  EXPECT_TRUE(may(1, 3));
  ask(3);
  EXPECT_FALSE(may(3, 3));  // the only supervisor: another member
  EXPECT_TRUE(may(3, 2));
  world.member(shift(4, "07:00-18:00", "manager"));
  EXPECT_FALSE(may(3, 2));
  EXPECT_TRUE(may(3, 4));
  EXPECT_THAT(view(world, 3).overtime_answerers, testing::ElementsAre(4));
}

TEST(Shifts, R14_overtime_has_a_shift_and_an_end) {
  World world;
  world.member(1, 1);
  EXPECT_EQ(world.desk.ask_overtime(1, world.now_ms + 1, world.now_ms).error().code,
            Errc::no_shifts);
  EXPECT_EQ(world.desk.ask_overtime(7, world.now_ms + 1, world.now_ms).error().code,
            Errc::no_such_member);
  world.member(shift(1, "07:00-09:00"));
  EXPECT_EQ(world.desk.ask_overtime(1, world.now_ms, world.now_ms).error().code, Errc::bad_value);
  const std::uint64_t end = world.now_ms + hour_ms;
  EXPECT_EQ(world.desk.ask_overtime(1, end, world.now_ms).error().code, Errc::bad_value);
  EXPECT_TRUE(world.desk.ask_overtime(1, end + 1, world.now_ms));
  const std::uint64_t latest = world.now_ms + overtime_ms_max;
  EXPECT_TRUE(world.desk.ask_overtime(1, latest, world.now_ms));
  EXPECT_EQ(world.desk.ask_overtime(1, latest + 1, world.now_ms).error().code, Errc::bad_value);
}

// 40 open chats of member 1 go to 2, 3 and 4 as new ones would: 2:1:1.
TEST(Shifts, R14_a_handover_divides_open_chats_by_weight) {
  World world;
  world.member(shift(1, "07:00-09:00"));
  world.decide();
  for (int i = 0; i <= 40; ++i) {
    world.receive("c" + std::to_string(i), "b" + std::to_string(i));
  }
  world.decide();
  world.member(2, 2);
  world.member(3, 1);
  world.member(4, 1);
  world.close("c0", 1);
  const Proposals handover =
      world.desk.hand_over(1, "The blue ones are late.", world.now_ms).value();
  ASSERT_EQ(handover.size(), 41u);  // off, and 40 chats
  for (const Proposal& one : handover) world.add(one);
  EXPECT_EQ(view(world, 1).presence, Presence::off);
  EXPECT_EQ(view(world, 1).open, 0u);
  world.decide();
  std::map<MemberNo, int> got;
  for (int i = 1; i <= 40; ++i) ++got[world.owner("c" + std::to_string(i))];
  EXPECT_THAT(
      got, testing::ElementsAre(testing::Pair(2, 20), testing::Pair(3, 10), testing::Pair(4, 10)));
  EXPECT_EQ(world.row("c0").state, ChatState::closed);
  EXPECT_THAT(world.why("c5"), testing::HasSubstr("by weight, 2:1:1"));
  const ChatView chat = world.view("c5");
  EXPECT_THAT(chat.entries, testing::Contains(testing::Field(&Entry::kind, EntryKind::released)));

  // Nothing comes back to who went; the next shift begins by itself.
  world.now_ms += hour_ms;
  EXPECT_EQ(view(world, 1).presence, Presence::off);
  world.now_ms += 22 * hour_ms;
  EXPECT_EQ(view(world, 1).presence, Presence::online);
  world.decide();
  EXPECT_EQ(view(world, 1).open, 0u);
}

TEST(Shifts, R14_what_nobody_can_take_waits_for_the_next) {
  World world;
  world.member(shift(1, "07:00-09:00"));
  world.receive("c", "b");
  world.decide();
  for (const Proposal& one : world.desk.hand_over(1, "", world.now_ms).value()) world.add(one);
  world.decide();
  EXPECT_EQ(world.row("c").state, ChatState::queued);
  world.member(2, 1);
  world.decide();
  EXPECT_EQ(world.owner("c"), 2u);
}

TEST(Shifts, R14_a_handover_of_nobody_or_with_too_long_a_note_is_refused) {
  World world;
  world.member(1, 1);
  EXPECT_EQ(world.desk.hand_over(2, "", world.now_ms).error().code, Errc::no_such_member);
  EXPECT_EQ(world.desk.hand_over(1, std::string(text_max + 1, 'x'), world.now_ms).error().code,
            Errc::too_long);
  EXPECT_EQ(world.desk.hand_over(1, "\xff", world.now_ms).error().code, Errc::bad_value);
  ASSERT_TRUE(world.desk.hand_over(1, "", world.now_ms));
  EXPECT_EQ(world.desk.hand_over(1, "", world.now_ms)->size(), 1u);  // no open chats: just off
}

}  // namespace
}  // namespace deskmate::desk
