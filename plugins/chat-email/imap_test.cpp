// IMAP servers that say what no proper server says. The proper ones: server_test.cpp.
#include "plugins/chat-email/imap.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

#include "plugins/chat-email/talker.hpp"

namespace deskmate::chat_email {
namespace {

TEST(Imap, AServerThatNamesNoCapabilitiesIsTakenAsOneWithoutAny) {
  const Talker server("* OK ready\r\n1 OK logged in\r\n2 OK done\r\n");
  const Interrupt interrupt;
  const auto imap = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
  ASSERT_TRUE(imap) << imap.error().message;
  EXPECT_FALSE((*imap)->has_idle());
}

TEST(Imap, AServerThatTakesItsCapabilitiesBackHasNone) {
  const Talker server(
      "* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n1 OK logged in\r\n* CAPABILITY\r\n2 OK done\r\n");
  const Interrupt interrupt;
  const auto imap = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
  ASSERT_TRUE(imap) << imap.error().message;
  EXPECT_FALSE((*imap)->has_idle());
}

TEST(Imap, CapabilitiesAreKnownOnceTheyWereAskedFor) {
  const Talker server(
      "* OK ready\r\n1 OK logged in\r\n* CAPABILITY IMAP4rev1 IDLE\r\n2 OK done\r\n");
  const Interrupt interrupt;
  const auto imap = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
  ASSERT_TRUE(imap) << imap.error().message;
  EXPECT_TRUE((*imap)->has_idle());
}

// A session with an inbox whose select says that; then answer, to the commands from 4 on.
struct Inbox {
  explicit Inbox(const std::string& capabilities, const std::string& selected,
                 const std::string& answer)
      : server("* OK ready\r\n1 OK logged in\r\n* CAPABILITY IMAP4rev1 " + capabilities +
               "\r\n2 OK done\r\n* 9 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 99] .\r\n" +
               selected + "3 OK [READ-WRITE] selected\r\n" + answer) {
    auto opened = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
    EXPECT_TRUE(opened);
    if (opened) imap = std::move(*opened);
    EXPECT_TRUE(imap->select("INBOX"));
  }
  Interrupt interrupt;
  Talker server;
  std::unique_ptr<Imap> imap;
};
const std::string any_keyword = "* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n";

// libetpan asks for all of the announced bytes at once: that must stay a wish.
TEST(Imap, AnnouncedBytesThatDoNotComeTakeNoMemory) {
  const Talker server(
      "* OK ready\r\n1 OK logged in\r\n2 OK done\r\n* LIST () \"/\" {4294967294}\r\nshort");
  const Interrupt interrupt;
  const auto imap = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
  ASSERT_TRUE(imap) << imap.error().message;
  rusage before{};
  rusage after{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &before), 0);
  EXPECT_FALSE((*imap)->sent_folder());
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &after), 0);
  // AddressSanitizer itself keeps an eighth of what is reserved.
  constexpr long kQuarterOfThat = 1024 * 1024;  // KiB
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, kQuarterOfThat);
}

TEST(Imap, AServerThatRepeatsThePasswordIsNotQuoted) {
  const Talker server("* OK ready\r\n1 OK hello\r\n2 NO use sec\1ret, not secret\r\n");
  const Interrupt interrupt;
  const auto imap = Imap::open(server.endpoint(), {"shop", "secret"}, interrupt);
  ASSERT_FALSE(imap);
  EXPECT_NE(imap.error().message.find("not ***"), std::string::npos) << imap.error().message;
  EXPECT_EQ(imap.error().message.find("secret"), std::string::npos) << imap.error().message;
}

TEST(ImapMarks, NeedConditionsAndNewKeywords) {
  EXPECT_TRUE(Inbox("CONDSTORE", any_keyword, "").imap->keeps_marks());
  EXPECT_FALSE(Inbox("IDLE", any_keyword, "").imap->keeps_marks());
  EXPECT_FALSE(Inbox("CONDSTORE", "* OK [PERMANENTFLAGS (\\Seen)] .\r\n", "").imap->keeps_marks());
  EXPECT_FALSE(Inbox("CONDSTORE", "", "").imap->keeps_marks());
}

TEST(ImapMarks, AreReadForTheMailThatIsAskedFor) {
  Inbox inbox("CONDSTORE", any_keyword,
              "* 2 FETCH (UID 7 FLAGS (\\Seen $one NonJunk) MODSEQ (81985529216486895))\r\n"
              "* 3 FETCH (UID 8 FLAGS ($two) MODSEQ (5))\r\n4 OK noop\r\n"
              "* 3 FETCH (UID 8 FLAGS ($two) MODSEQ (5))\r\n"
              "* 2 FETCH (UID 7 FLAGS (\\Seen $one NonJunk) MODSEQ (81985529216486895))\r\n"
              "5 OK done\r\n");
  const auto marks = inbox.imap->marks(7);
  ASSERT_TRUE(marks) << marks.error().message;
  ASSERT_TRUE(*marks);
  EXPECT_EQ((*marks)->modseq, 81985529216486895u);
  EXPECT_EQ((*marks)->keywords, (std::vector<std::string>{"$one", "NonJunk"}));
}

TEST(ImapMarks, OfAMailThatIsGoneAreNone) {
  Inbox inbox("CONDSTORE", any_keyword, "4 OK noop\r\n5 OK done\r\n");
  const auto marks = inbox.imap->marks(7);
  ASSERT_TRUE(marks) << marks.error().message;
  EXPECT_FALSE(*marks);
}

// A server that says CONDSTORE and gives no number for this folder: no condition would hold.
TEST(ImapMarks, WithoutTheirNumberAreNone) {
  Inbox inbox("CONDSTORE", any_keyword, "4 OK noop\r\n* 2 FETCH (UID 7 FLAGS ())\r\n5 OK done\r\n");
  const auto marks = inbox.imap->marks(7);
  ASSERT_TRUE(marks) << marks.error().message;
  EXPECT_FALSE(*marks);
}

TEST(ImapMarks, AreSetOnCondition) {
  for (const char* answer :
       {"4 OK done\r\n", "4 OK [MODIFIED 7] Conditional store failed\r\n",
        "* 2 FETCH (MODSEQ (82) UID 7)\r\n4 OK done\r\n",
        "* 2 FETCH (UID 7 MODSEQ (82) FLAGS (x))\r\n4 OK [MODIFIED 7] failed\r\n",
        "4 NO [MODIFIED 7] failed\r\n"}) {
    Inbox inbox("CONDSTORE", any_keyword, answer);
    const auto marked = inbox.imap->mark(7, "$deskmate-claim-ab", 81985529216486895u);
    EXPECT_TRUE(marked) << answer << marked.error().message;
    inbox.imap.reset();
    EXPECT_NE(inbox.server.heard().find("4 UID STORE 7 (UNCHANGEDSINCE 81985529216486895) "
                                        "+FLAGS.SILENT ($deskmate-claim-ab)"),
              std::string::npos)
        << inbox.server.heard();
  }
}

TEST(ImapMarks, AnswersThatAreNoneAreErrors) {
  for (const char* answer : {"", "4 BAD what\r\n", "4 OK [MODIFIED", "nonsense\r\n"}) {
    Inbox inbox("CONDSTORE", any_keyword, answer);
    EXPECT_FALSE(inbox.imap->mark(7, "$deskmate-claim-ab", 1)) << answer;
  }
}

TEST(ImapSearch, LooksForAnyOfTheNames) {
  Inbox inbox("IDLE", "", "* SEARCH 9 2 5\r\n4 OK done\r\n");
  const auto found = inbox.imap->find_any({"In-Reply-To", "References"}, {"m@x", "r@y"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, (std::vector<std::uint32_t>{2, 5, 9}));
  inbox.imap.reset();
  const std::string heard = inbox.server.heard();
  for (const char* part : {"HEADER In-Reply-To \"m@x\"", "HEADER References \"r@y\""}) {
    EXPECT_NE(heard.find(part), std::string::npos) << heard;
  }
}

}  // namespace
}  // namespace deskmate::chat_email
