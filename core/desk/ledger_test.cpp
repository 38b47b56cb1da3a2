#include "core/desk/ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include <functional>

namespace deskmate::desk {
namespace {

std::vector<LedgerShare> shares_of(const std::vector<std::uint32_t>& weights) {
  std::vector<LedgerShare> shares;
  for (const std::uint32_t weight : weights) {
    shares.push_back({static_cast<std::uint32_t>(shares.size() + 1), weight, 0});
  }
  return shares;
}

std::string sequence(const std::vector<std::uint32_t>& weights, int count) {
  auto shares = shares_of(weights);
  std::string out;
  for (int i = 0; i < count; ++i) {
    const std::size_t next = next_by_weight(shares);
    ++shares[next].count;
    out += static_cast<char>('A' + next);
  }
  return out;
}

// After every chat of several cycles: (2k-2)|n*w - T*c| <= (2k-3)*T, and so each within 1. Plain
// arithmetic, without what next_by_weight uses.
bool holds(const std::vector<std::uint32_t>& weights) {
  auto shares = shares_of(weights);
  std::int64_t total = 0;
  for (const std::uint32_t weight : weights) total += weight;
  const auto k = static_cast<std::int64_t>(weights.size());
  for (std::int64_t n = 1; n <= 3 * total; ++n) {
    ++shares[next_by_weight(shares)].count;
    for (const LedgerShare& share : shares) {
      const std::int64_t off = n * share.weight - total * static_cast<std::int64_t>(share.count);
      if ((2 * k - 2) * std::abs(off) > (2 * k - 3) * total) return false;
      if (n % total == 0 && off != 0) return false;  // whole cycles are exact
    }
  }
  return true;
}

// Every list of k weights from 1 to 9; where sorted, only those that do not fall.
int check_all(std::size_t k, bool sorted) {
  int checked = 0;
  std::vector<std::uint32_t> weights;
  const std::function<void()> grow = [&] {
    if (weights.size() == k) {
      ++checked;
      EXPECT_TRUE(holds(weights)) << testing::PrintToString(weights);
      return;
    }
    const std::uint32_t from = sorted && !weights.empty() ? weights.back() : 1;
    for (std::uint32_t weight = from; weight <= 9; ++weight) {
      weights.push_back(weight);
      grow();
      weights.pop_back();
    }
  };
  grow();
  return checked;
}

TEST(Ledger, R1_three_to_one_goes_A_A_B_A) { EXPECT_EQ(sequence({3, 1}, 8), "AABAAABA"); }

TEST(Ledger, R1_the_first_of_equals_is_the_first_by_number) {
  EXPECT_EQ(sequence({1, 1}, 4), "ABAB");
}

TEST(Ledger, R1_one_member_gets_all) { EXPECT_EQ(sequence({5}, 3), "AAA"); }

TEST(Ledger, R1_the_bound_holds_after_every_chat_for_all_weights_to_nine) {
  EXPECT_EQ(check_all(2, false), 81);
  EXPECT_EQ(check_all(3, false), 729);
  EXPECT_EQ(check_all(4, true), 495);
  EXPECT_EQ(check_all(5, true), 1287);
}

TEST(Ledger, R1_great_weights_hold_too) {
  EXPECT_TRUE(holds({1000, 1}));
  EXPECT_TRUE(holds({997, 991, 983, 1}));
  EXPECT_TRUE(holds({5, 1, 1}));
  EXPECT_TRUE(holds({7, 2, 4}));
}

// Counts that two peers made without seeing each other may be anything; what is owed comes first.
TEST(Ledger, R1_debts_are_made_good) {
  auto shares = shares_of({3, 1});
  shares[0].count = 10;  // of 10, member 2 should have had 2.5
  std::string out;
  for (int i = 0; i < 6; ++i) {
    const std::size_t next = next_by_weight(shares);
    ++shares[next].count;
    out += static_cast<char>('A' + next);
  }
  EXPECT_EQ(out.substr(0, 3), "BBB");
  EXPECT_EQ(shares[0].count, 12u);
  EXPECT_EQ(shares[1].count, 4u);
}

// What the cut and takeovers leave behind: within 1 again after as many chats as it takes until
// whoever is furthest ahead is due, whatever the counts were.
TEST(Ledger, R1_any_surplus_is_worked_off_after_the_number_of_chats_that_is_written) {
  std::mt19937 random(9);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::uint32_t> weights;
    for (std::uint32_t k = 2 + static_cast<std::uint32_t>(random() % 4); k > 0; --k) {
      weights.push_back(1 + static_cast<std::uint32_t>(random() % 9));
    }
    auto shares = shares_of(weights);
    const std::int64_t total = total_weight(shares);
    std::int64_t given = 0;
    for (auto& share : shares) {
      share.count = random() % 30;
      given += static_cast<std::int64_t>(share.count);
    }
    std::int64_t chats = 0;  // the greatest surplus times total / weight, rounded up
    for (const auto& share : shares) {
      const std::int64_t weight = share.weight;
      const std::int64_t due =
          (static_cast<std::int64_t>(share.count) * total + weight - 1) / weight;
      chats = std::max(chats, due - given);
    }
    for (std::int64_t i = 0; i < chats; ++i) ++shares[next_by_weight(shares)].count;
    given += chats;
    for (std::int64_t i = 0; i < 2 * total; ++i) {
      for (const auto& share : shares) {
        const std::int64_t off = static_cast<std::int64_t>(share.count) * total -
                                 given * static_cast<std::int64_t>(share.weight);
        ASSERT_LT(std::abs(off), total) << "round " << round << ", " << i << " after";
      }
      ++shares[next_by_weight(shares)].count;
      ++given;
    }
  }
}

TEST(Ledger, R1_what_is_owed_counts_the_chat_to_give) {
  auto shares = shares_of({3, 1});
  EXPECT_EQ(total_weight(shares), 4);
  EXPECT_EQ(owed(shares, 0), 3);  // three quarters
  shares[0].count = 2;
  EXPECT_EQ(owed(shares, 1), 3);
}

TEST(Ledger, the_key_is_of_members_and_weights_only) {
  auto one = shares_of({3, 1});
  auto other = one;
  other[0].count = 9;
  EXPECT_EQ(ledger_key(one), ledger_key(other));
  other[0].weight = 4;
  EXPECT_NE(ledger_key(one), ledger_key(other));
}

}  // namespace
}  // namespace deskmate::desk
