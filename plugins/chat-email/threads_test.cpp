#include "plugins/chat-email/threads.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace deskmate::chat_email {
namespace {

const Asked kAsked{"m2@buyers.test", "bo@buyers.test", 5'000, "shop@shop.test"};

ThreadMail answer() {
  ThreadMail mail;
  mail.header = parse_mail(
      "From: Shop <Shop@shop.test>\r\nTo: bo@buyers.test\r\nIn-Reply-To: <m2@buyers.test>\r\n"
      "References: <m1@buyers.test> <m2@buyers.test>\r\n\r\n",
      ParseLimits{});
  mail.received_ms = 4'000;  // by the server's clock, in whole seconds
  return mail;
}

TEST(IsAnswer, WhatNamesTheBuyersMailIsOne) { EXPECT_TRUE(is_answer(answer(), kAsked)); }

TEST(IsAnswer, ElsewhereInTheThreadTheTimeTells) {
  ThreadMail mail = answer();
  mail.header.in_reply_to = "m1@buyers.test";
  mail.header.references = {"m1@buyers.test"};
  EXPECT_FALSE(is_answer(mail, kAsked));
  mail.received_ms = 5'001;
  EXPECT_TRUE(is_answer(mail, kAsked));
}

TEST(IsAnswer, ABuyersMailIsNone) {
  ThreadMail mail = answer();
  mail.header.from = "bo@buyers.test";
  EXPECT_FALSE(is_answer(mail, kAsked));
}

TEST(IsAnswer, WhatLiesAmongTheSentIsOursWhateverItsSender) {
  ThreadMail mail = answer();
  mail.header.from = "ann@shop.test";
  EXPECT_FALSE(is_answer(mail, kAsked));
  mail.sent = true;
  EXPECT_TRUE(is_answer(mail, kAsked));
}

TEST(IsAnswer, AGreetingIsNone) {
  ThreadMail mail = answer();
  mail.header.auto_submitted = "auto-replied";
  EXPECT_FALSE(is_answer(mail, kAsked));
  mail.header.auto_submitted = "no";
  EXPECT_TRUE(is_answer(mail, kAsked));
}

TEST(IsAnswer, WhatWasHandedOnToSomebodyElseIsNone) {
  ThreadMail mail = answer();
  mail.header.to = {"supplier@example.org"};
  EXPECT_FALSE(is_answer(mail, kAsked));
}

TEST(ClaimKeyword, IsAnAtomOfOneClaimer) {
  const std::string keyword = claim_keyword(std::string("\0\xFF {\"\r\n", 7), false);
  EXPECT_EQ(keyword.size(), 48u);
  EXPECT_EQ(keyword.find_first_not_of("$-abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos);
  EXPECT_NE(keyword, claim_keyword("another", false));
  EXPECT_NE(claim_keyword("another", true), claim_keyword("another", false));
  EXPECT_EQ(claim_keyword("another", true), claim_keyword("another", true));
}

TEST(HolderOf, KnowsOneselfFromOthersAndGreetingsFromAnswers) {
  const std::string a = claim_keyword("a", false);
  const std::string b = claim_keyword("b", false);
  const std::string greeting = claim_keyword("b", true);
  EXPECT_EQ(holder_of({}, a), Holder::nobody);
  EXPECT_EQ(holder_of({"NonJunk", greeting, "$"}, a), Holder::nobody);
  EXPECT_EQ(holder_of({greeting}, claim_keyword("a", true)), Holder::other);
  EXPECT_EQ(holder_of({"NonJunk", a}, a), Holder::self);
  EXPECT_EQ(holder_of({b}, a), Holder::other);
  EXPECT_EQ(holder_of({a, b}, a), Holder::other);
  EXPECT_EQ(holder_of({a, b}, b), Holder::other);
  std::string shouted = a;  // keywords have no case
  for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(holder_of({shouted}, a), Holder::self);
}

}  // namespace
}  // namespace deskmate::chat_email
