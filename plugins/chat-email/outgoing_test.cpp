#include "plugins/chat-email/outgoing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/chat-email/filter.hpp"
#include "plugins/chat-email/ids.hpp"

namespace deskmate::chat_email {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

OutgoingMail reply() {
  OutgoingMail mail;
  mail.request_hex = "00112233445566778899aabbccddeeff";
  mail.from_address = "shop@shop.test";
  mail.from_name = "小店";
  mail.to = "bo@buyers.test";
  mail.subject = "订单 1001";
  mail.root_id = "m1@buyers.test";
  mail.reply_to_id = "m2@buyers.test";
  mail.text = "您好，包裹已寄出。\nIt is on its way.\n.\n.hidden dot\n";
  mail.now_ms = 1772416800000;
  return mail;
}

TEST(Outgoing, IsReadBackAsItWasMeant) {
  const std::string bytes = build_mail(reply());
  const Mail mail = parse_mail(bytes, ParseLimits{});
  EXPECT_EQ(mail.message_id, "00112233445566778899aabbccddeeff@deskmate.shop.test");
  EXPECT_EQ(mail.from, "shop@shop.test");
  EXPECT_EQ(mail.from_name, "小店");
  EXPECT_THAT(mail.to, ElementsAre("bo@buyers.test"));
  EXPECT_EQ(mail.subject, "Re: 订单 1001");
  EXPECT_EQ(mail.in_reply_to, "m2@buyers.test");
  EXPECT_THAT(mail.references, ElementsAre("m1@buyers.test", "m2@buyers.test"));
  EXPECT_EQ(mail.text, "您好，包裹已寄出。\nIt is on its way.\n.\n.hidden dot");
  EXPECT_EQ(mail.date_ms, 1772416800000u);
  EXPECT_EQ(mail.auto_submitted, "");
  EXPECT_EQ(reason_to_skip(mail, "shop@shop.test"), Skip::own_copy);
}

TEST(Outgoing, IsSevenBitInShortLines) {
  OutgoingMail out = reply();
  out.text = std::string(5'000, 'x') + "\n" + std::string(300, '\t') + "你好";
  const std::string bytes = build_mail(out);
  std::size_t line = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_LT(static_cast<unsigned char>(bytes[i]), 0x80);
    if (bytes[i] == '\n') {
      ASSERT_GT(i, 0u);
      ASSERT_EQ(bytes[i - 1], '\r');
    }
    line = bytes[i] == '\n' ? 0 : line + 1;
    ASSERT_LE(line, 998u);
  }
}

TEST(Outgoing, MarksGreetings) {
  OutgoingMail out = reply();
  out.automatic = true;
  EXPECT_EQ(parse_mail(build_mail(out), ParseLimits{}).auto_submitted, "auto-replied");
}

TEST(Outgoing, CarriesFiles) {
  OutgoingMail out = reply();
  out.files = {{"发票.pdf", "application/pdf", std::string("a\0b\r\n.\r\n", 8)},
               {"../x\r\nBcc: e@v.il", "multipart/mixed; boundary=y", "z"}};
  const Mail mail = parse_mail(build_mail(out), ParseLimits{});
  ASSERT_EQ(mail.files.size(), 2u);
  EXPECT_EQ(mail.files[0].name, "发票.pdf");
  EXPECT_EQ(mail.files[0].bytes, std::string("a\0b\r\n.\r\n", 8));
  EXPECT_EQ(mail.files[1].type, "application/octet-stream");
}

TEST(Outgoing, CannotBeGivenHeaders) {
  OutgoingMail out = reply();
  out.from_name = "x\r\nBcc: evil@evil.test\r\n\r\nbody";
  out.subject = "y\r\nBcc: evil@evil.test\n\nbody";
  out.root_id = "a@b>\r\nBcc: evil@evil.test";
  out.reply_to_id = "a@b\r\nBcc: evil@evil.test";
  out.to = "bo@buyers.test\r\nBcc: evil@evil.test";
  const std::string bytes = build_mail(out);
  EXPECT_THAT(bytes, Not(HasSubstr("\nBcc")));
  const Mail mail = parse_mail(bytes, ParseLimits{});
  EXPECT_TRUE(mail.references.empty());
  EXPECT_TRUE(mail.to.empty());
  EXPECT_THAT(mail.subject, HasSubstr("y Bcc"));
}

TEST(Outgoing, SaysReOnce) {
  EXPECT_EQ(reply_subject("Order"), "Re: Order");
  EXPECT_EQ(reply_subject("RE: Order"), "RE: Order");
  EXPECT_EQ(reply_subject("回复：订单"), "回复：订单");
  EXPECT_EQ(reply_subject(""), "Re:");
}

TEST(Outgoing, StaysInAThreadOfWhichOnlyOneEndIsKnown) {
  OutgoingMail out = reply();
  out.reply_to_id = "0123abcd";  // a hash, where the buyer's mail had no Message-ID
  Mail mail = parse_mail(build_mail(out), ParseLimits{});
  EXPECT_EQ(mail.in_reply_to, "m1@buyers.test");
  EXPECT_THAT(mail.references, ElementsAre("m1@buyers.test"));
  out.root_id = out.reply_to_id = "";
  mail = parse_mail(build_mail(out), ParseLimits{});
  EXPECT_EQ(mail.in_reply_to, "");
}

}  // namespace
}  // namespace deskmate::chat_email
