#include "plugins/chat-email/notice.hpp"

#include <gtest/gtest.h>

#include "plugins/chat-email/filter.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/outgoing.hpp"
#include "plugins/chat-email/quote.hpp"

namespace deskmate::chat_email {
namespace {

const std::string kRequest = "00112233445566778899aabbccddeeff";
const std::string kMark(kNoticeMark);

TEST(Notice, R19_IsMarkedAndBeginsAThread) {
  OutgoingMail out;
  out.request_hex = kRequest;
  out.from_address = "shop@shop.test";
  out.to = "ann@phone.test";
  out.subject = "新消息\nBcc: eve@evil.test";
  out.text = "#41 Where is it?";
  out.notice = true;
  const std::string bytes = build_mail(out);
  const Mail mail = parse_mail(bytes, ParseLimits{});
  EXPECT_EQ(mail.message_id, own_message_id(kRequest, "shop@shop.test"));
  EXPECT_TRUE(mail.references.empty());
  EXPECT_TRUE(mail.deskmate_notice);
  EXPECT_EQ(mail.auto_submitted, "auto-generated");
  EXPECT_EQ(mail.subject, "新消息 Bcc: eve@evil.test");  // one header, and no "Re:"
  EXPECT_TRUE(mail.text.starts_with(kMark)) << mail.text;
  EXPECT_EQ(reason_to_skip(mail, "shop@shop.test"), Skip::own_copy);
}

TEST(Notice, R19_AnAnswerIsOnlyWhatTheMemberWrote) {
  const std::string history = kMark + "\n\n#41 Where is it?\n#42 And mine?";
  const std::string quoted = "> " + kMark + "\n>\n> #41 Where is it?\n> #42 And mine?";
  const std::pair<std::string, std::string> cases[] = {
      {"It left today.", "It left today."},
      {"It left today.\n\nOn Mon, 5 Jan 2026, Shop <shop@shop.test> wrote:\n" + quoted,
       "It left today."},
      {"It left today.\n\nOn Mon, 5 Jan 2026, Shop <shop@shop.test>\nwrote:\n\n" + quoted,
       "It left today."},
      {"今天已发出。\n\n在 2026年1月5日，小店 写道：\n" + quoted, "今天已发出。"},
      {"It left today.\n\nFrom: Shop\nSubject: New:\n\n" + history,
       "It left today.\n\nFrom: Shop"},  // an unknown program's history is cut at the mark
      {"On Mon, 5 Jan 2026, Shop wrote:\n" + quoted + "\n\nIt left today.", "It left today."},
      {"Two things:\nIt left.\nIt is blue.", "Two things:\nIt left.\nIt is blue."},
      {history, ""},
      {quoted, ""},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(answer_text(text), expected) << text;
    // And behind what the reading of a mail has cut off before.
    const std::string said = answer_text(split_reply(text).said);
    EXPECT_EQ(said.find("Where is it?"), std::string::npos) << text;
    EXPECT_EQ(said.find("And mine?"), std::string::npos) << text;
  }
}

TEST(Notice, R19_AnAnswerNamesTheNoticeAndItsSender) {
  const Mail mail = parse_mail(
      "From: Ann <Ann@Phone.test>\r\nTo: shop@shop.test\r\nMessage-ID: <a1@phone.test>\r\n"
      "In-Reply-To: <" +
          own_message_id(kRequest, "shop@shop.test") + ">\r\n\r\nIt left.\r\n",
      ParseLimits{});
  const NewEvent event = answer_event(mail, "mail", kRequest, "a1@phone.test", 1700);
  EXPECT_EQ(event.type, "notice.answered");
  const Value facts(event.facts);
  EXPECT_EQ(Id::from(facts["request"].as_bin()).hex(), kRequest);
  EXPECT_EQ(facts["at"].as_uint(), 1700u);
  EXPECT_EQ(Value(event.body)["text"].as_str(), "It left.");
  EXPECT_EQ(Value(event.refs)["sender"].as_str(), "ann@phone.test");
  EXPECT_EQ(event.dedupe, "message");
}

TEST(Notice, R19_SoManyAreKnownAndNoMore) {
  std::string known = add_notice("", kRequest);
  EXPECT_TRUE(knows_notice(known, kRequest));
  EXPECT_EQ(add_notice(known, kRequest), known);
  EXPECT_FALSE(knows_notice(known, "ff112233445566778899aabbccddeeff"));
  const auto nth = [](std::size_t n) {
    std::string hex = to_hex(std::string_view(reinterpret_cast<const char*>(&n), sizeof n));
    return hex + hex;
  };
  for (std::size_t n = 1; n <= kNoticesKnownMax; ++n) known = add_notice(known, nth(n));
  EXPECT_EQ(known.size(), kNoticesKnownMax * 16);
  EXPECT_FALSE(knows_notice(known, kRequest));
  EXPECT_TRUE(knows_notice(known, nth(1)));
}

}  // namespace
}  // namespace deskmate::chat_email
