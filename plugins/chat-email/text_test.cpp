#include "plugins/chat-email/text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deskmate/value.hpp>

#include "plugins/chat-email/html_text.hpp"
#include "plugins/chat-email/quote.hpp"

namespace deskmate::chat_email {
namespace {

TEST(Text, ReadsTheCharsetsThatBuyersUse) {
  EXPECT_EQ(decode_text("\xC4\xE3\xBA\xC3", "GB2312", ""), "你好");
  EXPECT_EQ(decode_text("\xC4\xE3\xBA\xC3", "gbk", ""), "你好");
  // 㐂 (U+3402) exists in GB18030 only, in four bytes.
  EXPECT_EQ(decode_text("\x81\x39\xEF\x31", "gb18030", ""), "㐂");
  EXPECT_EQ(decode_text("\xA7\x41\xA6\x6E", "Big5", ""), "你好");
  EXPECT_EQ(decode_text("\x1B$B$3$s$K$A$O\x1B(B", "ISO-2022-JP", ""), "こんにちは");
  EXPECT_EQ(decode_text("\x82\xB1\x82\xF1", "Shift_JIS", ""), "こん");
  EXPECT_EQ(decode_text("\xBE\xC8\xB3\xE7", "EUC-KR", ""), "안녕");
  EXPECT_EQ(decode_text("caf\xE9 \x80", "iso-8859-1", ""), "café €");
  EXPECT_EQ(decode_text("\xCF\xF0\xE8", "windows-1251", ""), "При");
  EXPECT_EQ(decode_text("Gr+APwA-e", "utf-7", "").substr(0, 2), "Gr");
}

TEST(Text, FindsOutWhatIsNotSaid) {
  EXPECT_EQ(decode_text("你好", "", "gb18030"), "你好");
  EXPECT_EQ(decode_text("\xC4\xE3\xBA\xC3", "", "gb18030"), "你好");
  EXPECT_EQ(decode_text("\xC4\xE3\xBA\xC3", "us-ascii", "gb18030"), "你好");
  EXPECT_EQ(decode_text("\xC4\xE3\xBA\xC3", "no-such-charset", "gb18030"), "你好");
  EXPECT_EQ(decode_text("\xC4\xE3", "utf-16//IGNORE", "no-such-either"), "\uFFFD\uFFFD");
}

TEST(Text, ReplacesWhatIsInvalid) {
  EXPECT_EQ(clean_text("a\xFF"
                       "b\xC3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(clean_text(std::string_view("a\0b\x07\x7F", 5)), "ab");
  EXPECT_EQ(clean_text("a\r\nb\rc\n"), "a\nb\nc\n");
  EXPECT_TRUE(is_utf8(decode_text("\xFF\xFE\xC4\xE3", "gb18030", "")));
  EXPECT_TRUE(is_utf8(decode_text("\xE4\xBD", "utf-8", "")));
  EXPECT_EQ(decode_text("ok\xC4", "gbk", ""), "ok\uFFFD");
}

TEST(Text, MakesOneLine) {
  EXPECT_EQ(clean_line("  a\r\n b\t\tc ", 100), "a b c");
  EXPECT_EQ(clean_line("你好", 4), "你");
}

TEST(Text, MakesFileNamesSafe) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\Users\\a\\发票.pdf"), "发票.pdf");
  EXPECT_EQ(safe_file_name(".bashrc"), "bashrc");
  EXPECT_EQ(safe_file_name("-rf"), "rf");
  EXPECT_EQ(safe_file_name("a \u202E b.txt"), "a b.txt");
  const std::string most(kFileNameBytesMax - 1, 'x');
  EXPECT_EQ(safe_file_name(most + " cut here"), most);
  EXPECT_EQ(safe_file_name(most + ".. cut here, too long to be an extension"), most);
  EXPECT_EQ(safe_file_name(""), "file");
  EXPECT_EQ(safe_file_name("...."), "file");
  EXPECT_EQ(safe_file_name("a\r\nb\";$(x).txt"), "a b___(x).txt");
  EXPECT_EQ(safe_file_name("photo\u202Egpj.exe"), "photogpj.exe");
  const std::string name = safe_file_name(std::string(500, 'x') + ".jpeg");
  EXPECT_EQ(name.size(), kFileNameBytesMax);
  EXPECT_TRUE(name.ends_with(".jpeg"));
  EXPECT_TRUE(is_utf8(safe_file_name(std::string(119, 'a') + "你好你好")));
}

TEST(HtmlText, ReadsLikeTheMail) {
  EXPECT_EQ(html_to_text("<p>Hi,<br>where is <b>1001</b>?</p><p>Ann</p>"),
            "Hi,\nwhere is 1001?\n\nAnn");
  EXPECT_EQ(html_to_text("<div>你好</div><div>我的订单&nbsp;1001&lt;在哪</div>"),
            "你好\n我的订单 1001<在哪");
  EXPECT_EQ(html_to_text("<ul><li>one<li>two</ul>"), "- one\n- two");
  EXPECT_EQ(html_to_text("<a href='https://e.org/x'>here</a>"), "here (https://e.org/x)");
  EXPECT_EQ(html_to_text("<a href='https://e.org/'>https://e.org/</a>"), "https://e.org/");
  EXPECT_EQ(html_to_text("<img alt='broken cup'>"), "[broken cup]");
  EXPECT_EQ(html_to_text("<pre>a\n  b</pre>"), "a\n  b");
  EXPECT_EQ(html_to_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
            "a b\nc");
  EXPECT_EQ(html_to_text("Yes<blockquote>was it<br>blue?</blockquote>"), "Yes\n> was it\n> blue?");
}

TEST(HtmlText, LeavesOutWhatNobodySees) {
  EXPECT_EQ(html_to_text("<head><title>t</title><style>p{}</style></head><script>x()</script>ok"),
            "ok");
  EXPECT_EQ(html_to_text("a<span style='display: none'>secret</span>b"), "ab");
}

TEST(HtmlText, IsQuickWithHostilePages) {
  const auto begin = std::chrono::steady_clock::now();
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<div>";
  EXPECT_EQ(html_to_text(deep + "end"), "end");
  std::string formats;
  for (int i = 0; i < 20'000; ++i) formats += "<p><b class=x" + std::to_string(i) + ">y</p>";
  EXPECT_NE(html_to_text(formats).find('y'), std::string::npos);
  std::string tables;
  for (int i = 0; i < 30'000; ++i) tables += "<table><tr><td>";
  EXPECT_TRUE(html_to_text(tables).size() <= kTextBytesMax);
  std::string attributes = "<p ";
  for (int i = 0; i < 100'000; ++i) attributes += "a" + std::to_string(i) + "=1 ";
  EXPECT_EQ(html_to_text(attributes + ">end"), "end");
  EXPECT_LE(html_to_text(std::string(1'000'000, '<')).size(), kTextBytesMax);
  EXPECT_LE(html_to_text(std::string(10'000'000, 'x')).size(), kTextBytesMax);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Quote, PartsWhatIsSaidFromTheHistory) {
  Reply reply =
      split_reply("Where is it?\n\nOn Monday Ann <ann@shop.test> wrote:\n> On its way.\n");
  EXPECT_EQ(reply.said, "Where is it?");
  EXPECT_EQ(reply.quoted, "On Monday Ann <ann@shop.test> wrote:\n> On its way.");
  reply = split_reply("还没到\n\n在 2026年3月2日，Ann <ann@shop.test> 写道：\n> 快了\n> 1001");
  EXPECT_EQ(reply.said, "还没到");
  reply =
      split_reply("还没到\n\n------------------ 原始邮件 ------------------\n发件人: Ann\n快了");
  EXPECT_EQ(reply.said, "还没到");
  reply = split_reply("No.\n\n发件人：Ann\n发送时间：2026\n收件人：Bo\n主题：x\n\n快了");
  EXPECT_EQ(reply.said, "No.");
  reply = split_reply("No.\n\n*From:* Ann\n*Sent:* Monday\n*To:* Bo\n*Subject:* x\n\nsoon");
  EXPECT_EQ(reply.said, "No.");
  reply = split_reply(
      "No.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann Very Long Name\n<ann@shop.test> wrote:\n\n> x");
  EXPECT_EQ(reply.said, "No.");
}

TEST(Quote, KeepsAnswersBetweenTheLines) {
  const std::string text = "On Monday Ann wrote:\n> Blue?\nYes, blue.\n> Large?\nNo.";
  EXPECT_EQ(split_reply(text).said, text);
  EXPECT_EQ(split_reply("> only quoted").said, "> only quoted");
  EXPECT_EQ(split_reply("").said, "");
  EXPECT_EQ(split_reply("On time it was never, she wrote: late").said,
            "On time it was never, she wrote: late");
}

TEST(Quote, LeavesOutSignatures) {
  EXPECT_EQ(split_reply("Where is it?\n-- \nBo\nManager of everything").said, "Where is it?");
  EXPECT_EQ(split_reply("还没到\n\n发自我的iPhone").said, "还没到");
  EXPECT_EQ(split_reply("ok\n\nSent from my iPhone\n\nOn Monday Ann wrote:\n> x").said, "ok");
  EXPECT_EQ(split_reply("-- \nBo").said, "-- \nBo");
}

TEST(Quote, IsQuickWithManyLines) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "> x\n";
  text += "y\n";
  EXPECT_TRUE(split_reply(text).said.ends_with("y"));
}

}  // namespace
}  // namespace deskmate::chat_email
