#include "core/daemon/hybrid_clock.hpp"

#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

TEST(HybridClock, FollowsTheMachine) {
  HybridClock clock;
  EXPECT_EQ(clock.next(1000), 1000u << 16);
  EXPECT_EQ(clock.next(1001), 1001u << 16);
}

TEST(HybridClock, CountsWithinAMillisecond) {
  HybridClock clock;
  const auto first = clock.next(1000);
  EXPECT_EQ(clock.next(1000), first + 1);
  EXPECT_EQ(clock.next(1000), first + 2);
}

TEST(HybridClock, RisesWhenTheMachineGoesBack) {
  HybridClock clock;
  const auto first = clock.next(5000);
  const auto second = clock.next(1000);
  EXPECT_GT(second, first);
  EXPECT_EQ(stamp_ms(second), 5000u);
  EXPECT_EQ(clock.next(6000), 6000u << 16);
}

TEST(HybridClock, ComesAfterWhatItHasSeen) {
  HybridClock clock;
  clock.seen((9000u << 16) + 7);
  EXPECT_EQ(clock.next(1000), (9000u << 16) + 8);
  clock.seen(3);  // older: no effect
  EXPECT_EQ(clock.last(), (9000u << 16) + 8);
}

TEST(HybridClock, BorrowsFromTheNextMillisecond) {
  HybridClock clock;
  clock.seen((1000u << 16) + 0xffff);
  EXPECT_EQ(clock.next(1000), 1001u << 16);
}

}  // namespace
}  // namespace deskmate::daemon
