#include "plugins/chat-email/incoming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deskmate/value.hpp>

#include "plugins/chat-email/filter.hpp"
#include "plugins/chat-email/html_text.hpp"
#include "plugins/chat-email/ids.hpp"

namespace deskmate::chat_email {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Mail parse(const std::string& bytes) { return parse_mail(bytes, ParseLimits{}); }

const std::string kPlain =
    "From: Bo Li <Bo@Buyers.TEST>\r\nTo: shop@shop.test\r\nSubject: Order 1001\r\n"
    "Date: Mon, 02 Mar 2026 10:00:00 +0800\r\nMessage-ID: <m1@buyers.test>\r\n\r\n"
    "Where is my parcel?\r\n";

TEST(Incoming, ReadsAPlainMail) {
  const Mail mail = parse(kPlain);
  EXPECT_EQ(mail.from, "bo@buyers.test");
  EXPECT_EQ(mail.from_name, "Bo Li");
  EXPECT_THAT(mail.to, ElementsAre("shop@shop.test"));
  EXPECT_EQ(mail.subject, "Order 1001");
  EXPECT_EQ(mail.message_id, "m1@buyers.test");
  EXPECT_EQ(mail.date_ms, 1772416800000u);
  EXPECT_EQ(mail.text, "Where is my parcel?");
  EXPECT_THAT(mail.files, IsEmpty());
  EXPECT_THAT(mail.notes, IsEmpty());
}

struct CharsetCase {
  std::string headers;
  std::string body;
};

TEST(Incoming, ReadsChineseHowEverItIsWritten) {
  const std::vector<CharsetCase> cases = {
      {"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
       "我的订单在哪"},
      {"Content-Type: text/plain; charset=\"GB18030\"\r\nContent-Transfer-Encoding: base64\r\n",
       "ztK1xLaptaXU2sTE"},
      {"Content-Type: text/plain; charset=gb2312\r\n"
       "Content-Transfer-Encoding: quoted-printable\r\n",
       "=CE=D2=B5=C4=B6=A9=B5=A5=D4=DA=C4=C4"},
      {"Content-Type: text/plain; charset=GBK\r\nContent-Transfer-Encoding: 8bit\r\n",
       "\xCE\xD2\xB5\xC4\xB6\xA9\xB5\xA5\xD4\xDA\xC4\xC4"},
      {"", "\xCE\xD2\xB5\xC4\xB6\xA9\xB5\xA5\xD4\xDA\xC4\xC4"},
      {"Content-Type: text/html; charset=gb2312\r\n",
       "<p>\xCE\xD2\xB5\xC4\xB6\xA9\xB5\xA5\xD4\xDA\xC4\xC4</p>"},
      {"Content-Type: text/html\r\n",
       "<meta charset=gbk><p>\xCE\xD2\xB5\xC4\xB6\xA9\xB5\xA5\xD4\xDA\xC4\xC4</p>"},
  };
  for (const CharsetCase& c : cases) {
    const Mail mail = parse("From: a@b.c\r\nMIME-Version: 1.0\r\n" + c.headers + "\r\n" + c.body);
    EXPECT_EQ(mail.text, "我的订单在哪") << c.headers << c.body;
  }
  EXPECT_EQ(parse("From: a@b.c\r\nContent-Type: text/plain; charset=big5\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\np0Gmbg==")
                .text,
            "你好");
  EXPECT_EQ(parse("From: a@b.c\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
                  "\x1B$B$3$s$K$A$O\x1B(B")
                .text,
            "こんにちは");
}

TEST(Incoming, ReadsEncodedHeaders) {
  const Mail mail = parse(
      "From: =?gb18030?B?wO7LxA==?= <li@buyers.test>\r\n"
      "Subject: =?GB2312?Q?=CE=D2=B5=C4?= =?utf-8?B?6K6i5Y2V?= 1001\r\n\r\nx");
  EXPECT_EQ(mail.from_name, "李四");
  EXPECT_EQ(mail.subject, "我的订单 1001");
  const Mail raw =
      parse("From: \xC0\xEE\xCB\xC4 <li@buyers.test>\r\nSubject: \xCE\xD2\xB5\xC4\r\n\r\nx");
  EXPECT_EQ(raw.from_name, "李四");
  EXPECT_EQ(raw.subject, "我的");
}

std::string multipart(const std::string& subtype, const std::vector<std::string>& parts) {
  std::string out = "From: a@b.c\r\nMIME-Version: 1.0\r\nContent-Type: multipart/" + subtype +
                    "; boundary=XX\r\n\r\n";
  for (const auto& part : parts) out += "--XX\r\n" + part + "\r\n";
  return out + "--XX--\r\n";
}

TEST(Incoming, PrefersPlainTextAndFallsBackToHtml) {
  EXPECT_EQ(parse(multipart("alternative", {"Content-Type: text/plain\r\n\r\nplain",
                                            "Content-Type: text/html\r\n\r\n<p>html</p>"}))
                .text,
            "plain");
  EXPECT_EQ(parse(multipart("alternative", {"Content-Type: text/plain\r\n\r\n \r\n",
                                            "Content-Type: text/html\r\n\r\n<p>html</p>"}))
                .text,
            "html");
}

TEST(Incoming, TakesAttachmentsWithTheirNames) {
  const Mail mail = parse(multipart(
      "mixed",
      {"Content-Type: text/plain\r\n\r\nsee photo",
       "Content-Type: image/png; name=\"=?gb2312?B?1dXGrC5wbmc=?=\"\r\n"
       "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\niVBORw==",
       "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
       " filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf\r\n\r\nPDF",
       "Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n"
       " filename*0*=utf-8''..%2F%E5%8F%91;\r\n filename*1*=%E7%A5%A8.pdf\r\n\r\nPDF",
       "Content-Type: image/jpeg\r\nContent-Disposition: inline\r\n\r\nJPG",
       "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\ntext",
       "Content-Type: message/rfc822\r\n\r\nFrom: c@d.e\r\n\r\ninner"}));
  EXPECT_EQ(mail.text, "see photo");
  ASSERT_EQ(mail.files.size(), 6u);
  EXPECT_EQ(mail.files[0].name, "照片.png");
  EXPECT_EQ(mail.files[0].type, "image/png");
  EXPECT_EQ(mail.files[0].bytes, "\x89PNG");
  EXPECT_EQ(mail.files[1].name, "发票.pdf");
  EXPECT_EQ(mail.files[2].name, "发票.pdf");
  EXPECT_EQ(mail.files[3].name, "image.jpg");
  EXPECT_EQ(mail.files[4].bytes, "text");
  EXPECT_EQ(mail.files[5].name, "message.eml");
  EXPECT_THAT(mail.files[5].bytes, HasSubstr("inner"));
}

TEST(Incoming, NamesFilesThatAreTooLarge) {
  ParseLimits limits;
  limits.file_bytes_max = 10;
  const Mail mail = parse_mail(
      multipart("mixed", {"Content-Type: text/plain\r\n\r\nhi",
                          "Content-Type: image/png; name=big.png\r\n\r\n" + std::string(11, 'x')}),
      limits);
  EXPECT_THAT(mail.files, IsEmpty());
  EXPECT_THAT(mail.notes, ElementsAre(Note::file_too_large));
  EXPECT_THAT(describe(mail), HasSubstr("big.png"));
}

TEST(Incoming, SurvivesWhatIsBroken) {
  for (const std::string& bytes : std::vector<std::string>{
           "",
           "\r\n",
           "\n\n\n",
           ":",
           "From",
           "From: <",
           "From: \"",
           std::string(3, '\0'),
           std::string("From: a@b.c\r\n\0\0\r\n\r\na\0b", 23),
           "Content-Type: multipart/mixed\r\n\r\n--\r\n",
           "Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n",
           "Content-Type: text/plain; charset=\"\r\n\r\nx",
           "Content-Type: ;;;\r\n\r\nx",
           "Subject: =?utf-8?B?!!!?=\r\n\r\nx",
           "Subject: =?utf-8?Q?=?=\r\n\r\nx",
           "Date: never\r\n\r\nx",
           "Content-Transfer-Encoding: base64\r\n\r\n!!!=A=",
           "Content-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n=Z=4",
           "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n!!!!!\r\n",
           "Content-Type: message/partial; number=1; total=9; id=x\r\n\r\nx"}) {
    const Mail mail = parse(bytes);
    EXPECT_TRUE(is_utf8(mail.text) && is_utf8(mail.subject) && is_utf8(mail.from_name));
  }
  const Mail none = parse("\r\nhello");
  EXPECT_EQ(none.from, "");
  EXPECT_EQ(none.text, "hello");
}

TEST(Incoming, BoundsHostileMails) {
  const auto begin = std::chrono::steady_clock::now();
  std::string headers = "From: a@b.c\r\n";
  for (int i = 0; i < 100'000; ++i) headers += "X-H" + std::to_string(i) + ": y\r\n";
  Mail mail = parse(headers + "Subject: late\r\n\r\nbody");
  EXPECT_EQ(mail.from, "a@b.c");
  EXPECT_EQ(mail.text, "body");
  EXPECT_THAT(mail.notes, Contains(Note::header_cut));

  std::string nested = "From: a@b.c\r\n";
  for (int i = 0; i < 5'000; ++i) {
    const std::string b = "b" + std::to_string(i);
    nested += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
  }
  mail = parse(nested + "\r\ndeep");
  EXPECT_THAT(mail.notes, Contains(Note::parts_left));

  std::vector<std::string> many(5'000, "Content-Type: image/png; name=a.png\r\n\r\nx");
  mail = parse(multipart("mixed", many));
  EXPECT_EQ(mail.files.size(), kFilesMax);
  EXPECT_THAT(mail.notes, Contains(Note::files_left));
  EXPECT_THAT(mail.notes, Contains(Note::parts_left));

  mail = parse("From: a@b.c\r\n\r\n" + std::string(10'000'000, 'x'));
  EXPECT_EQ(mail.text.size(), kTextBytesMax);
  EXPECT_THAT(mail.notes, ElementsAre(Note::text_cut));

  mail = parse("From: a@b.c\r\nSubject: " + std::string(10'000'000, 's') + "\r\n\r\nbody");
  EXPECT_THAT(mail.notes, Contains(Note::header_cut));

  std::string references = "From: a@b.c\r\nReferences:";
  for (int i = 0; i < 5'000; ++i) references += "\r\n <r" + std::to_string(i) + "@b.c>";
  mail = parse(references + "\r\n\r\nx");
  EXPECT_EQ(mail.references.size(), kReferencesMax);
  EXPECT_EQ(mail.references.front(), "r0@b.c");

  std::string to = "From: a@b.c\r\nTo: ";
  for (int i = 0; i < 10'000; ++i) to += "(((((((((";
  mail = parse(to + "\r\n\r\nx");

  std::string part = "Content-Type: text/plain\r\n";
  for (int i = 0; i < 100'000; ++i) part += "X-" + std::to_string(i) + ": y\r\n";
  mail = parse(multipart("mixed", {part + "\r\nhello"}));
  EXPECT_EQ(mail.text, "hello");

  std::string parameters = "From: a@b.c\r\nContent-Type: text/plain";
  for (int i = 0; i < 10'000; ++i) parameters += "; a*" + std::to_string(i) + "=x";
  EXPECT_EQ(parse(parameters + "\r\n\r\nhello").text, "hello");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
}

TEST(Ids, ReadsReferences) {
  EXPECT_THAT(parse_ids("<a@x> <b@y>\r\n\t<c@z>"), ElementsAre("a@x", "b@y", "c@z"));
  EXPECT_THAT(parse_ids("junk <a@x junk> <b@y> <>"), ElementsAre("b@y"));
  EXPECT_THAT(parse_ids("<<a@x>"), ElementsAre("a@x"));
  EXPECT_THAT(parse_ids("a@x"), IsEmpty());
  EXPECT_THAT(parse_ids("<" + std::string(600, 'a') + ">"), IsEmpty());
  const std::string half(kMessageIdBytesMax / 2, '\xe1');
  EXPECT_THAT(parse_ids("<" + half + ">"), IsEmpty());  // three bytes each in UTF-8
}

TEST(Ids, ReadsAddresses) {
  EXPECT_EQ(parse_address(" Bo@Buyers.TEST "), "bo@buyers.test");
  for (const char* bad : {"", "bo", "@x", "bo@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>",
                          "\"a\"@b", "a@b,c@d"}) {
    EXPECT_EQ(parse_address(bad), "") << bad;
  }
}

TEST(Ids, FindsTheThread) {
  EXPECT_EQ(root_id({"r@x", "s@x"}, "s@x", "m@x"), "r@x");
  EXPECT_EQ(root_id({}, "s@x", "m@x"), "s@x");
  EXPECT_EQ(root_id({}, "", "m@x"), "m@x");
  EXPECT_EQ(root_of(thread_name("r@x", "bo@b.c")), "r@x");
  EXPECT_NE(thread_name("r@x", "bo@b.c"), thread_name("r@x", "eve@b.c"));
}

TEST(Ids, KnowsItsOwn) {
  const std::string hex = "00112233445566778899aabbccddeeff";
  const std::string id = own_message_id(hex, "shop@shop.test");
  EXPECT_EQ(id, hex + "@deskmate.shop.test");
  EXPECT_EQ(request_of(id, "shop@shop.test"), hex);
  EXPECT_EQ(request_of(id, "shop@other.test"), std::nullopt);
  EXPECT_EQ(request_of("m1@deskmate.shop.test", "shop@shop.test"), std::nullopt);
}

Skip skip(const std::string& headers) {
  return reason_to_skip(parse(headers + "\r\n\r\nx"), "shop@shop.test");
}

TEST(Filter, LetsPeopleThrough) {
  EXPECT_EQ(reason_to_skip(parse(kPlain), "shop@shop.test"), Skip::none);
  EXPECT_EQ(skip("From: a@b.c\r\nAuto-Submitted: no"), Skip::none);
  EXPECT_EQ(skip("From: a@b.c\r\nPrecedence: first-class"), Skip::none);
  EXPECT_EQ(skip("From: a@b.c\r\nReturn-Path: <a@b.c>"), Skip::none);
}

TEST(Filter, DropsMachines) {
  EXPECT_EQ(skip("From: a@b.c\r\nAuto-Submitted: auto-replied"), Skip::automatic);
  EXPECT_EQ(skip("From: a@b.c\r\nAuto-Submitted: AUTO-GENERATED; x=y"), Skip::automatic);
  EXPECT_EQ(skip("From: a@b.c\r\nX-Auto-Response-Suppress: OOF, AutoReply"), Skip::automatic);
  EXPECT_EQ(skip("From: a@b.c\r\nX-Autoreply: yes"), Skip::automatic);
  EXPECT_EQ(skip("From: a@b.c\r\nPrecedence: Bulk"), Skip::list);
  EXPECT_EQ(skip("From: a@b.c\r\nList-Id: <news.b.c>"), Skip::list);
  EXPECT_EQ(skip("From: MAILER-DAEMON@b.c"), Skip::bounce);
  EXPECT_EQ(skip("From: a@b.c\r\nReturn-Path: <>"), Skip::bounce);
  EXPECT_EQ(skip("From: a@b.c\r\nContent-Type: multipart/report; boundary=x"), Skip::bounce);
  EXPECT_EQ(skip("Subject: nobody"), Skip::no_sender);
}

TEST(Filter, KnowsItsOwnCopies) {
  const std::string hex = "00112233445566778899aabbccddeeff";
  const std::string copy = "From: Shop <shop@shop.test>\r\nMessage-ID: <" + hex +
                           "@deskmate.shop.test>\r\nX-Deskmate-Request: " + hex;
  EXPECT_EQ(skip(copy), Skip::own_copy);
  EXPECT_EQ(skip("From: shop@shop.test\r\nX-Deskmate-Request: " + hex), Skip::own);
  EXPECT_EQ(skip("From: shop@shop.test"), Skip::own);
}

TEST(Filter, NoticesLoops) {
  LoopGuard guard;
  for (std::size_t i = 0; i < LoopGuard::kLoopMailsMax; ++i) {
    EXPECT_FALSE(guard.is_loop("a@b.c", 1000 + i));
  }
  EXPECT_TRUE(guard.is_loop("a@b.c", 2000));
  EXPECT_FALSE(guard.is_loop("other@b.c", 2000));
  EXPECT_FALSE(guard.is_loop("a@b.c", 2000 + LoopGuard::kLoopWindowMs + 1000));
}

}  // namespace
}  // namespace deskmate::chat_email
