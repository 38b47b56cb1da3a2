#include "core/host/restart.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace deskmate::host {
namespace {

TEST(Restart, WaitsTwiceAsLongAfterEveryCrash) {
  Restart restart({.first_ms = 1'000, .longest_ms = 60'000, .crashes = 9, .window_ms = 600'000});
  std::vector<std::uint32_t> waits;
  for (std::uint64_t at = 0; at < 8; ++at) waits.push_back(*restart.crashed(at * 1'000, 0));
  EXPECT_EQ(waits, (std::vector<std::uint32_t>{1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000,
                                               60'000}));
}

TEST(Restart, TakesUpToAFifthOffSoThatSeveralDoNotStartTogether) {
  const auto wait = [](std::uint64_t random) { return *Restart({}).crashed(0, random); };
  EXPECT_EQ(wait(0), 1'000U);
  EXPECT_EQ(wait(200), 800U);
  EXPECT_EQ(wait(201), 1'000U);
  for (std::uint64_t random = 0; random < 1'000; ++random) {
    EXPECT_GE(wait(random), 800U);
    EXPECT_LE(wait(random), 1'000U);
  }
}

TEST(Restart, GivesUpAtTheFifthCrashWithinTenMinutes) {
  Restart restart{RestartTimes{}};
  for (std::uint64_t minute = 0; minute < 4; ++minute) {
    EXPECT_TRUE(restart.crashed(minute * 60'000, 0));
  }
  EXPECT_FALSE(restart.crashed(599'999, 0));
  EXPECT_EQ(restart.crashes(), 5U);
}

TEST(Restart, ForgetsCrashesOlderThanTheWindow) {
  Restart restart{RestartTimes{}};
  for (std::uint64_t minute = 0; minute < 4; ++minute) restart.crashed(minute * 60'000, 0);
  EXPECT_EQ(restart.crashed(600'000, 0), 8'000U);  // the first has just gone out of it
  EXPECT_EQ(restart.crashed(10'000'000, 0), 1'000U);
  EXPECT_EQ(restart.crashes(), 1U);
}

TEST(Restart, BeginsAnewWhenTheOwnerStartsIt) {
  Restart restart{RestartTimes{}};
  for (int i = 0; i < 4; ++i) restart.crashed(0, 0);
  restart.reset();
  EXPECT_EQ(restart.crashed(1, 0), 1'000U);
}

}  // namespace
}  // namespace deskmate::host
