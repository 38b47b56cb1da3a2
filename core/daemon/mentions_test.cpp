#include "core/daemon/mentions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

using Kind = Mention::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Mention number(const char* text) { return {Kind::number, text}; }
Mention email(const char* text) { return {Kind::email, text}; }
Mention phone(const char* text) { return {Kind::phone, text}; }

TEST(Mentions, OrderNumbers) {
  EXPECT_THAT(find_mentions("Where is T_1001? Also #2002-A, please."),
              ElementsAre(number("T_1001"), number("2002-A")));
  EXPECT_THAT(find_mentions("code QYFJ7R2SYPM2Y9SW or ABCDEFGHJKLM"),
              ElementsAre(number("QYFJ7R2SYPM2Y9SW"), number("ABCDEFGHJKLM")));
}

TEST(Mentions, WithinChineseText) {
  EXPECT_THAT(find_mentions("我的订单T_1001还没到"), ElementsAre(number("T_1001")));
  EXPECT_THAT(find_mentions("订单号：Ｔ＿１００１。"), ElementsAre(number("T_1001")));
}

TEST(Mentions, OrdinaryWordsAreNone) {
  EXPECT_THAT(find_mentions("Hello, is the red one in stock? I need 2, size XL, today."),
              IsEmpty());
  EXPECT_THAT(find_mentions(""), IsEmpty());
  EXPECT_THAT(find_mentions("@ a@ @b a@b"), IsEmpty());
}

TEST(Mentions, Addresses) {
  EXPECT_THAT(find_mentions("write to <ann.lee+shop@mail.example.org>."),
              ElementsAre(email("ann.lee+shop@mail.example.org")));
  EXPECT_THAT(find_mentions("邮箱ann@example.org。"), ElementsAre(email("ann@example.org")));
  EXPECT_THAT(find_mentions("ann@example.org, ann@example.org"),
              ElementsAre(email("ann@example.org")));
}

TEST(Mentions, TelephoneNumbers) {
  EXPECT_THAT(find_mentions("call +49 30 1234567 now"),
              ElementsAre(phone("+49 30 1234567"), number("1234567")));
  EXPECT_THAT(find_mentions("电话13800138000谢谢"),
              ElementsAre(phone("13800138000"), number("13800138000")));
}

TEST(Mentions, PartOfAWordIsNoTelephoneNumber) {
  EXPECT_THAT(find_mentions("AB13800138000"), ElementsAre(number("AB13800138000")));
  EXPECT_THAT(find_mentions("13800138000X"), ElementsAre(number("13800138000X")));
}

TEST(Mentions, AreLimited) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "N" + std::to_string(100000 + i) + " ";
  EXPECT_EQ(find_mentions(text).size(), mentions_max);
  EXPECT_THAT(find_mentions(std::string(mention_text_max, ' ') + "T_1001"), IsEmpty());
  EXPECT_THAT(find_mentions(std::string(100, '9')), IsEmpty());
}

TEST(Mentions, AnyBytesDoNoHarm) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_LE(find_mentions(all + "\xEF").size(), mentions_max);
}

}  // namespace
}  // namespace deskmate::daemon
