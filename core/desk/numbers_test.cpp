// How quickly and how much was answered: figures computed by hand.
#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

constexpr std::uint64_t minute_ms = 60'000;

// 08:00 UTC is the world's beginning: 2027-01-15.
struct Numbers : ::testing::Test {
  Numbers() {
    world.member(1, 1);
    world.member(2, 1);
    start_ms = world.now_ms;
  }
  void at(std::uint64_t minutes) { world.now_ms = start_ms + minutes * minute_ms; }
  void answer(const std::string& chat, MemberNo member) {  // what is sent at once
    world.reply(chat, member);
    world.add(
        "reply.done",
        Value::map({{"request", Value::bin(world.last.event)}, {"kind", "reply"}, {"attempt", 1}}));
  }
  NumbersView numbers(std::uint64_t from_ms, std::uint64_t to_ms) {
    return world.desk.numbers(from_ms, to_ms, "");
  }
  World world;
  std::uint64_t start_ms = 0;
};

void expect_waits(const Waits& waits, std::uint64_t count, std::uint64_t mean_min,
                  std::uint64_t median_min) {
  EXPECT_EQ(waits.count, count);
  EXPECT_EQ(waits.mean_ms, mean_min * minute_ms);
  EXPECT_EQ(waits.median_ms, median_min * minute_ms);
}

// 08:00 a asks; 08:01 asks again; 08:04 member 1 answers (4 min, first); 08:05 member 1 adds a word
// (nobody waits); 08:10 a asks; 08:13 member 2 answers (3 min); 08:20 closed.
// 08:30 b asks in the shop; 09:01 member 2 answers (31 min, first).
// 09:10 a asks anew; 09:20 member 1 answers (10 min, first).
struct OneMorning : Numbers {
  OneMorning() {
    world.receive("a", "a");
    at(1);
    world.receive("a", "a");
    at(4);
    answer("a", 1);
    at(5);
    answer("a", 1);
    at(10);
    world.receive("a", "a");
    at(13);
    answer("a", 2);
    at(20);
    world.close("a", 1);
    at(30);
    world.receive("b", "b", {{"shop", "box"}});
    at(61);
    answer("b", 2);
    at(70);
    world.receive("a", "a");
    at(80);
    answer("a", 1);
  }
};

TEST_F(OneMorning, is_counted_and_timed) {
  const NumbersView view = numbers(start_ms, start_ms + day_ms);
  EXPECT_FALSE(view.left_out);
  EXPECT_EQ(view.all.received, 5u);
  EXPECT_EQ(view.all.answers, 5u);
  EXPECT_EQ(view.all.visits, 3u);
  expect_waits(view.all.first, 3, (4 + 31 + 10) / 3, 10);
  expect_waits(view.all.reply, 4, (4 + 3 + 31 + 10) / 4, 4);
}

// R23: a asked at 08:00 and 09:10, b at 08:30; a ordered at 09:00, b a minute more than a week
// later.
TEST_F(OneMorning, R23_tells_which_visits_led_to_an_order) {
  const auto order = [&](const std::string& name, const std::string& buyer, std::uint64_t ms) {
    world.add("order.seen", Value::map({{"shop", "box"},
                                        {"order", bin(name)},
                                        {"buyer", bin(buyer)},
                                        {"state", "placed"},
                                        {"payment", "paid"},
                                        {"total", 1},
                                        {"paid", 1},
                                        {"currency", "EUR"},
                                        {"placed_at", ms},
                                        {"updated_at", ms}}));
  };
  order("one", "a", start_ms + 60 * minute_ms);
  order("two", "b", start_ms + 30 * minute_ms + order_after_ms + minute_ms);
  const NumbersView view = numbers(start_ms, start_ms + day_ms);
  EXPECT_EQ(view.all.visits, 3u);
  EXPECT_EQ(view.all.ordered, 1u);
  EXPECT_EQ(view.hours[8].ordered, 1u);
  EXPECT_EQ(view.shops[0].measures.ordered, 0u);
  EXPECT_EQ(view.shops[1].measures.ordered, 1u);
}

TEST_F(Numbers, R20_counts_first_answers_within_the_target) {
  for (const auto& [chat, wait_ms] : {std::pair{"in time", 30'000}, {"late", 30'001}}) {
    world.receive(chat, chat);
    world.now_ms += static_cast<std::uint64_t>(wait_ms);
    answer(chat, 1);
    world.receive(chat, chat);  // further ones are no first ones
    answer(chat, 1);
  }
  const NumbersView view = numbers(start_ms, start_ms + day_ms);
  EXPECT_EQ(view.all.first.count, 2u);
  EXPECT_EQ(view.all.in_time, 1u);
  EXPECT_EQ(view.members.at(0).measures.in_time, 1u);
}

TEST_F(OneMorning, is_told_by_member_and_shop) {
  const NumbersView view = numbers(start_ms, start_ms + day_ms);
  ASSERT_EQ(view.members.size(), 2u);
  EXPECT_EQ(view.members[0].member, 1u);
  EXPECT_EQ(view.members[0].measures.answers, 3u);
  expect_waits(view.members[0].measures.reply, 2, 7, 4);
  expect_waits(view.members[0].measures.first, 2, 7, 4);
  expect_waits(view.members[1].measures.reply, 2, 17, 3);
  expect_waits(view.members[1].measures.first, 1, 31, 31);
  ASSERT_EQ(view.shops.size(), 2u);
  EXPECT_EQ(view.shops[0].name, "box");
  EXPECT_EQ(view.shops[0].measures.received, 1u);
  EXPECT_EQ(view.shops[1].name, "mail");
  EXPECT_EQ(view.shops[1].measures.visits, 2u);
}

TEST_F(OneMorning, is_told_by_hour_and_day) {
  world.now_ms = start_ms + 2 * day_ms;
  world.receive("c", "c");
  const NumbersView view = numbers(start_ms, world.now_ms + 1);
  ASSERT_EQ(view.days.size(), 3u);
  EXPECT_EQ(view.days[0].name, "2027-01-15");
  EXPECT_EQ(view.days[0].measures.received, 5u);
  EXPECT_EQ(view.days[1].measures.received, 0u);
  EXPECT_EQ(view.days[2].name, "2027-01-17");
  EXPECT_EQ(view.days[2].measures.visits, 1u);
  ASSERT_EQ(view.hours.size(), 24u);
  EXPECT_EQ(view.hours[8].received, 5u);  // four of the first day, one of the last
  EXPECT_EQ(view.hours[9].received, 1u);
  EXPECT_EQ(view.hours[9].answers, 2u);
}

TEST_F(OneMorning, counts_what_lies_within_the_time_only) {
  // From 08:02 to 09:05: a waited since 08:00, and that is told with the answer.
  const NumbersView view = numbers(start_ms + 2 * minute_ms, start_ms + 65 * minute_ms);
  EXPECT_EQ(view.all.received, 2u);
  EXPECT_EQ(view.all.visits, 1u);
  EXPECT_EQ(view.all.answers, 4u);
  EXPECT_EQ(view.all.first.count, 2u);
  EXPECT_EQ(view.all.first.mean_ms, (4 + 31) * minute_ms / 2);
  EXPECT_EQ(numbers(start_ms, start_ms).all.received, 0u);
  EXPECT_TRUE(numbers(start_ms, start_ms).days.empty());
}

TEST_F(Numbers, leave_out_what_is_automatic_given_up_or_closed_unanswered) {
  world.receive("a", "a", {{"auto", true}});
  world.receive("b", "b");
  const Id16 reply = world.add(world.desk.reply(id("b"), 1, "Lost").value());
  world.add("reply.failed",
            Value::map({{"request", Value::bin(reply)}, {"kind", "reply"}, {"attempt", 1}}));
  at(5);
  world.close("b", 1);
  at(6);
  world.receive("b", "b");
  at(8);
  answer("b", 1);
  const NumbersView view = numbers(start_ms, start_ms + day_ms);
  EXPECT_EQ(view.all.received, 2u);
  EXPECT_EQ(view.all.visits, 2u);
  EXPECT_EQ(view.all.answers, 1u);
  expect_waits(view.all.first, 1, 2, 2);
}

TEST_F(Numbers, reach_back_a_year_at_most) {
  const NumbersView view = numbers(0, start_ms);
  EXPECT_EQ(view.from_ms, start_ms - 366 * day_ms);
  EXPECT_EQ(view.days.size(), 367u);  // of the first, what is left of it
}

}  // namespace
}  // namespace deskmate::desk
