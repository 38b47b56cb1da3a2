#include "core/daemon/zone.hpp"

#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

constexpr std::uint64_t summer = 1'750'000'000'000;  // 2025-06-15 15:06:40 UTC
constexpr std::uint64_t winter = 1'765'000'000'000;  // 2025-12-06 05:46:40 UTC

TEST(Zone, KnowsTheWorld) {
  EXPECT_TRUE(zone_exists("Asia/Shanghai"));
  EXPECT_TRUE(zone_exists("UTC"));
  EXPECT_FALSE(zone_exists("Asia/Shanghia"));
  EXPECT_FALSE(zone_exists(""));
}

TEST(Zone, WallClockWithChangesOfClocks) {
  const auto utc = static_cast<std::int64_t>(summer / 60'000);
  EXPECT_EQ(local_minutes("UTC", summer), utc);
  EXPECT_EQ(local_minutes("Asia/Shanghai", summer), utc + 480);
  EXPECT_EQ(local_minutes("Europe/Berlin", summer), utc + 120);
  EXPECT_EQ(local_minutes("Europe/Berlin", winter),
            static_cast<std::int64_t>(winter / 60'000) + 60);
  EXPECT_EQ(local_minutes("No/Where", summer), utc);
}

TEST(Zone, ShowsTime) {
  EXPECT_EQ(local_time("Asia/Shanghai", summer), "2025-06-15 23:06");
  EXPECT_EQ(local_time("America/New_York", winter), "2025-12-06 00:46");
}

}  // namespace
}  // namespace deskmate::daemon
