// R6: who got what and why, by the day, with what is owed and the changes of weight.
#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

// Three days: 5 chats by weight; then a returning buyer and a transfer; then 3 by weight again
// after a change of weights.
struct Days : ::testing::Test {
  Days() {
    world.member(1, 3);
    world.member(2, 1);
    for (int i = 0; i < 5; ++i) world.receive("c" + std::to_string(i), "b" + std::to_string(i));
    world.decide();
    start_ms = world.now_ms;
    world.close("c0", 1);
    world.now_ms += day_ms;
    world.receive("c0", "b0");
    world.decide();
    world.add(world.desk.transfer(id("c1"), 1, MemberNo{2}, "Please").value());
    world.now_ms += day_ms;
    world.member(2, 2);
    for (int i = 0; i < 3; ++i) world.receive("d" + std::to_string(i), "e" + std::to_string(i));
    world.decide();
  }
  World world;
  std::uint64_t start_ms = 0;
};

TEST_F(Days, R6_each_day_says_who_got_what_by_which_rule) {
  const SplitView split = world.desk.split(start_ms - 1, world.now_ms + 1, "");
  ASSERT_EQ(split.days.size(), 3u);
  EXPECT_EQ(split.days[0].date, "2027-01-15");
  EXPECT_EQ(split.days[2].date, "2027-01-17");
  const SplitDay& first = split.days[0];
  ASSERT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.rows[0].given.at("weight"), 4u);
  EXPECT_EQ(first.rows[1].given.at("weight"), 1u);
  EXPECT_EQ(first.rows[0].charged, 4u);
  const SplitDay& second = split.days[1];
  EXPECT_EQ(second.rows[0].given.at("sticky"), 1u);
  EXPECT_EQ(second.rows[1].given.at("transferred"), 1u);
  EXPECT_EQ(second.rows[0].charged + second.rows[1].charged, 0u);
  ASSERT_EQ(split.rows.size(), 2u);
  EXPECT_EQ(split.rows[0].total + split.rows[1].total, 10u);
}

TEST_F(Days, R6_what_is_owed_is_as_of_each_days_end) {
  const SplitView split = world.desk.split(start_ms - 1, world.now_ms + 1, "");
  const auto debt_of = [&](std::size_t day, std::uint32_t weight) {
    for (const SplitSet& set : split.days[day].debt) {
      if (set.at(1).weight == weight) return set;
    }
    return SplitSet{};
  };
  // After 5 of 3:1, member 1 has 4 for 3.75.
  EXPECT_EQ(debt_of(0, 1).at(0).count, 4u);
  EXPECT_EQ(debt_of(0, 1).at(0).owed, -1);
  EXPECT_EQ(debt_of(0, 1).at(0).of, 4);
  EXPECT_EQ(debt_of(0, 1).at(1).owed, 1);
  EXPECT_EQ(debt_of(2, 1).at(0).count, 4u);
  // The set of the new weights began on the third day.
  EXPECT_EQ(debt_of(1, 2).at(0).count + debt_of(1, 2).at(1).count, 0u);
  EXPECT_EQ(debt_of(2, 2).at(0).count + debt_of(2, 2).at(1).count, 3u);
}

TEST_F(Days, R6_a_part_of_the_time_is_the_same_days) {
  const SplitView all = world.desk.split(start_ms - 1, world.now_ms + 1, "");
  const SplitView one = world.desk.split(start_ms + hour_ms, start_ms + day_ms + hour_ms, "");
  ASSERT_EQ(one.days.size(), 1u);
  EXPECT_EQ(one.days[0].date, all.days[1].date);
  EXPECT_EQ(one.days[0].rows.size(), all.days[1].rows.size());
  // What came later is not owed for yet.
  for (const SplitSet& set : one.days[0].debt) {
    for (const SplitDebt& debt : set) EXPECT_EQ(debt.count, 0u) << debt.weight;
  }
  EXPECT_TRUE(world.desk.split(world.now_ms + 1, world.now_ms + day_ms, "").days.empty());
}

TEST_F(Days, R6_changes_of_weight_stand_on_the_day_they_came_into_force) {
  const SplitView split = world.desk.split(0, world.now_ms + 1, "");
  ASSERT_EQ(split.days.size(), 3u);
  EXPECT_EQ(split.days[0].changes.size(), 2u);
  EXPECT_TRUE(split.days[1].changes.empty());
  ASSERT_EQ(split.days[2].changes.size(), 1u);
  EXPECT_EQ(split.days[2].changes[0].member, 2u);
  EXPECT_EQ(split.days[2].changes[0].weight, 2u);
  EXPECT_TRUE(split.waiting.empty());
}

TEST(Split, R6_days_are_those_of_the_zone) {
  Policy policy;
  policy.local_minutes = [](std::string_view zone, std::uint64_t utc_ms) {
    return static_cast<std::int64_t>(utc_ms / minute_ms) + (zone == "Asia/Shanghai" ? 8 * 60 : 0);
  };
  World world(policy);
  world.member(1, 1);
  world.now_ms += 10 * hour_ms;  // 18:00 in UTC, 02:00 in Shanghai
  world.receive("c", "b");
  world.decide();
  const auto last = [&](std::string_view zone) {
    return world.desk.split(0, world.now_ms + 1, zone).days.back().date;
  };
  EXPECT_EQ(last(""), "2027-01-15");
  EXPECT_EQ(last("Asia/Shanghai"), "2027-01-16");
}

}  // namespace
}  // namespace deskmate::desk
