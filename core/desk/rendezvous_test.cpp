#include "core/desk/rendezvous.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

// Worked out with 60 decimal digits, rounded down.
TEST(Rendezvous, logarithms_are_the_golden_ones) {
  const std::pair<std::uint64_t, std::uint64_t> golden[] = {
      {1ull, 0ull},
      {2ull, 281474976710656ull},
      {3ull, 446127282977750ull},
      {5ull, 653564656432238ull},
      {7ull, 790200161304709ull},
      {10ull, 935039633142894ull},
      {1000ull, 2805118899428682ull},
      {4294967295ull, 9007199254646443ull},
      {9223372036854775808ull, 17732923532771328ull},
      {9223372036854775809ull, 17732923532771328ull},
      {18446744073709551615ull, 18014398509481983ull},
      {1311768467463790320ull, 16940914537504630ull},
  };
  for (const auto& [x, log] : golden) {
    EXPECT_LE(log2_fixed(x), log) << x;
    EXPECT_GE(log2_fixed(x) + 1, log) << x;
  }
}

TEST(Rendezvous, draws_are_the_golden_ones) {
  Id16 counted{};
  std::iota(counted.begin(), counted.end(), std::uint8_t{0});
  Id16 ones{};
  ones.fill(0xff);
  const std::tuple<Id16, MemberNo, std::uint64_t> golden[] = {
      {Id16{}, 1, 280755703358493ull},  {Id16{}, 2, 266279116086251ull},
      {Id16{}, 3, 62487162337463ull},   {counted, 1, 463106965052933ull},
      {counted, 2, 671986328519248ull}, {counted, 3, 980204272689570ull},
      {ones, 1, 300784529618298ull},    {ones, 2, 221925592444070ull},
      {ones, 3, 187308348581851ull},
  };
  for (const auto& [chat, member, value] : golden) {
    const std::uint64_t mine = draw(chat, member);
    EXPECT_LE(std::max(mine, value) - std::min(mine, value), 2u) << member;
  }
}

TEST(Rendezvous, everybody_is_drawn_in_proportion_to_the_weights) {
  const std::vector<Contender> three = {{1, 3}, {2, 1}, {5, 4}};
  std::map<MemberNo, int> given;
  constexpr int chats = 20'000;
  for (int i = 0; i < chats; ++i) ++given[*rendezvous(id("c" + std::to_string(i)), three)];
  for (const Contender& one : three) {
    const double share = one.weight / 8.0;
    const double deviation = std::sqrt(chats * share * (1 - share));
    EXPECT_NEAR(given[one.member], chats * share, 4 * deviation) << one.member;
  }
}

TEST(Rendezvous, nobody_without_weight_and_nobody_at_all) {
  EXPECT_FALSE(rendezvous(id("c"), {}).has_value());
  const std::vector<Contender> none = {{1, 0}, {2, 0}};
  EXPECT_FALSE(rendezvous(id("c"), none).has_value());
  const std::vector<Contender> one = {{1, 0}, {2, 1}};
  EXPECT_EQ(rendezvous(id("c"), one), 2u);
}

// What the rule of the cut rests on.
TEST(Rendezvous, R1_two_who_know_each_other_never_both_win_whoever_else_they_have_in_mind) {
  std::mt19937 random(5);
  int both_sides_won = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Contender mine{1, 1 + static_cast<std::uint32_t>(random() % 9)};
    const Contender theirs{2, 1 + static_cast<std::uint32_t>(random() % 9)};
    const auto with_others = [&] {
      std::vector<Contender> out = {mine, theirs};
      for (MemberNo other = 3; other < 8; ++other) {
        if (random() % 2 == 0) out.push_back({other, 1 + static_cast<std::uint32_t>(random() % 9)});
      }
      std::shuffle(out.begin(), out.end(), random);
      return out;
    };
    const Id16 chat = id("chat " + std::to_string(round));
    const bool i_win = rendezvous(chat, with_others()) == mine.member;
    const bool they_win = rendezvous(chat, with_others()) == theirs.member;
    ASSERT_FALSE(i_win && they_win);
    both_sides_won |= (i_win ? 1 : 0) | (they_win ? 2 : 0);
  }
  EXPECT_EQ(both_sides_won, 3);
}

}  // namespace
}  // namespace deskmate::desk
