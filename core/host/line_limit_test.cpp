#include "core/host/line_limit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace deskmate::host {
namespace {

TEST(LineLimit, LetsSoManyASecondThroughAndCountsTheRest) {
  LineLimit limit(3);
  std::uint64_t left_out = 0;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.allow(5'000, left_out));
  EXPECT_FALSE(limit.allow(5'500, left_out));
  EXPECT_FALSE(limit.allow(5'999, left_out));
  EXPECT_EQ(left_out, 0U);
  EXPECT_TRUE(limit.allow(6'000, left_out));
  EXPECT_EQ(left_out, 2U);
  EXPECT_TRUE(limit.allow(6'001, left_out));
  EXPECT_EQ(left_out, 0U);
  EXPECT_EQ(limit.left_out_ever(), 2U);
}

std::vector<std::string> cut(LineCutter& cutter, std::string_view bytes) {
  std::vector<std::string> lines;
  cutter.feed(bytes, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST(LineCutter, PutsPiecesTogetherAndSkipsEmptyLines) {
  LineCutter cutter(10);
  EXPECT_EQ(cut(cutter, "one\n\ntw"), (std::vector<std::string>{"one"}));
  EXPECT_EQ(cut(cutter, "o\nthree"), (std::vector<std::string>{"two"}));
  std::vector<std::string> last;
  cutter.finish([&](std::string_view line) { last.emplace_back(line); });
  EXPECT_EQ(last, (std::vector<std::string>{"three"}));
}

TEST(LineCutter, KeepsOnlyTheBeginningOfALongLine) {
  LineCutter cutter(4);
  EXPECT_EQ(cut(cutter, "abcdef"), (std::vector<std::string>{}));
  EXPECT_EQ(cut(cutter, "ghi\nxyz\n"), (std::vector<std::string>{"abcd", "xyz"}));
}

}  // namespace
}  // namespace deskmate::host
