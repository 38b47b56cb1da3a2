#include "core/daemon/notices.hpp"

#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

using Numbers = std::vector<std::uint64_t>;

TEST(Notices, R19_TheOnlyChatNeedsNoNumber) {
  const auto plain = addressed("  It left today.\n", Numbers{41});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text, "It left today.");
  const auto marked = addressed("#41 It left today.", Numbers{41});
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->text, "It left today.");
  // A number that is no mark is what the member says.
  EXPECT_EQ(addressed("41 pieces are left.", Numbers{41})->text, "41 pieces are left.");
  EXPECT_EQ(addressed("#7 is your size.", Numbers{41})->text, "#7 is your size.");
}

TEST(Notices, R19_OfSeveralChatsTheNumberInFrontSaysWhich) {
  const Numbers several{41, 42, 43};
  for (const char* text : {"42 It left.", "#42 It left.", "42: It left.", "#42：It left.",
                           "＃42 It left.", "42\nIt left."}) {
    const auto one = addressed(text, several);
    ASSERT_TRUE(one) << text;
    EXPECT_EQ(one->chat, 1u) << text;
    EXPECT_EQ(one->text, "It left.") << text;
  }
}

TEST(Notices, R19_WhatCannotBeToldGoesToNobody) {
  const Numbers several{41, 42};
  for (const char* text : {"", " \n", "It left.", "44 It left.", "42", "42nd street",
                           "9999999999999999999999 It left.",
                           // to two buyers at once: each would read what is the other's
                           "#41 It left.\n#42 It waits.", "41 It left.\n\n 42: It waits."}) {
    EXPECT_FALSE(addressed(text, several)) << text;
  }
  EXPECT_FALSE(addressed("It left.", Numbers{}));
  // The same number again, or one that is no chat's, is text.
  EXPECT_TRUE(addressed("41 Sizes:\n#7\n#41 too", several));
}

}  // namespace
}  // namespace deskmate::daemon
