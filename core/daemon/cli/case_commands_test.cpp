// Cases, calls and missed enquiries, through a running desk.
#include <fstream>
#include <iterator>

#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct CaseCommands : RunningDesk {
  CaseCommands() {
    receive("1", "My parcel is lost.");
    until({"chats"}, "assigned");
  }
  Ran as_ann(std::vector<std::string> words) {
    words.insert(words.begin(), {"--as", "1"});
    return desk(std::move(words));
  }
  Value answer(std::string_view method, const Value& params) {
    const auto result = ask(method, params);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Value::map();
  }
};

TEST_F(CaseCommands, R47_R86_a_chat_becomes_a_case_and_every_party_has_its_word) {
  EXPECT_THAT(desk({"cases"}).out, HasSubstr("no cases"));
  const Ran opened = as_ann({"case", "open", "lost", "--chat", "1", "Nothing came."});
  ASSERT_EQ(opened.code, exit_ok) << opened.err;
  EXPECT_THAT(opened.out, HasSubstr("case 1 opened"));
  ASSERT_EQ(as_ann({"case", "say", "1", "courier", "Left at the door."}).code, exit_ok);
  ASSERT_EQ(as_ann({"call", "1", "out", "--case", "1", "Nobody picked up."}).code, exit_ok);
  const Ran refused = as_ann({"case", "change", "1", "--state", "settled"});
  EXPECT_EQ(refused.code, exit_refused) << "a reason is needed";
  ASSERT_EQ(
      as_ann({"case", "change", "1", "--state", "settled", "--liable", "courier", "--amount",
              "12.50", "--currency", "EUR", "--title", "Lost on the way", "The courier pays."})
          .code,
      exit_ok);
  const Ran shown = desk({"case", "show", "1"});
  EXPECT_THAT(shown.out, HasSubstr("Case 1, lost, settled"));
  EXPECT_THAT(shown.out, HasSubstr("Lost on the way"));
  EXPECT_THAT(shown.out, HasSubstr("courier (written down by member 1)\n    Left at the door."));
  EXPECT_THAT(shown.out, HasSubstr("call of member 1: to the buyer, not answered"));
  EXPECT_THAT(shown.out, ContainsRegex("member 1: .*liable: courier"));
  EXPECT_THAT(shown.out, HasSubstr("    The courier pays."));
  EXPECT_THAT(desk({"cases"}).out, HasSubstr("no cases"));
  EXPECT_THAT(desk({"cases", "--closed"}).out, HasSubstr("Lost on the way"));
  const Ran chat = desk({"chat", "1"});
  EXPECT_THAT(chat.out, HasSubstr("case 1 (lost), member 1"));
  EXPECT_THAT(chat.out, HasSubstr("to the buyer, not answered\n    Nobody picked up."));
  EXPECT_THAT(desk({"calls", "--chat", "1"}).out, HasSubstr("Nobody picked up."));
  EXPECT_EQ(desk({"case", "show", "7"}).code, exit_refused);
}

TEST_F(CaseCommands, R47_R90_R102_what_programs_read_of_a_case) {
  const Value made = answer("desk.case_open", Value::map({{"chat", 1},
                                                          {"member", 1},
                                                          {"kind", "platform"},
                                                          {"severity", "high"},
                                                          {"title", "They stepped in"},
                                                          {"text", "By Friday."}}));
  EXPECT_EQ(made["case"].as_uint(), 1u);
  const Value& id = made["event"];
  answer("desk.case_change", Value::map({{"case", id},
                                         {"member", 1},
                                         {"state", "waiting"},
                                         {"waiting_for", "buyer"},
                                         {"wants", Value::array({"item", "slip"})}}));
  answer("desk.case_say", Value::map({{"case", 1},
                                      {"member", 2},
                                      {"party", "buyer"},
                                      {"evidence", "item"},
                                      {"text", "See the photo."}}));
  const Value found = answer("desk.case", Value::map({{"case", 1}}));
  EXPECT_EQ(found["title"].as_str(), "They stepped in");
  EXPECT_EQ(found["text"].as_str(), "By Friday.");
  EXPECT_EQ(found["state"].as_str(), "waiting");
  EXPECT_EQ(found["wants"].size(), 2u);
  EXPECT_EQ(found["evidence"][0].as_str(), "item");
  ASSERT_EQ(found["lines"].size(), 3u);
  EXPECT_EQ(found["lines"][1]["changes"]["waiting_for"].as_str(), "buyer");
  EXPECT_EQ(found["lines"][2]["text"].as_str(), "See the photo.");
  EXPECT_EQ(found["links"]["chats"][0]["chat"].as_uint(), 1u);
  const Value last = answer("desk.case", Value::map({{"case", 1}, {"limit", 1}}));
  ASSERT_EQ(last["lines"].size(), 1u);
  EXPECT_TRUE(last["earlier"].as_bool());
  const Value before = answer("desk.case", Value::map({{"case", 1}, {"before", last["before"]}}));
  EXPECT_EQ(before["lines"].size(), 2u);

  const Value chat = answer("desk.chat", Value::map({{"chat", 1}}));
  EXPECT_EQ(chat["open_cases"][0].as_uint(), 1u);
  EXPECT_EQ(chat["cases"][0]["title"].as_str(), "They stepped in");
  EXPECT_EQ(chat["entries"].as_array().back()["what"].as_str(), "platform");
  const Value list = answer("desk.cases", Value::map({{"state", "waiting"}, {"assignee", 1}}));
  EXPECT_EQ(list["cases"].size(), 1u);
  EXPECT_EQ(answer("desk.cases", Value::map({{"kind", "lost"}}))["cases"].size(), 0u);
  EXPECT_EQ(answer("desk.cases", Value::map({{"buyer", chat["buyer"]}}))["cases"].size(), 1u);

  receive("2", "Me too.");
  until({"chat", "2"}, "Me too.");
  answer("desk.case_link", Value::map({{"case", 1}, {"member", 1}, {"chat", 2}}));
  EXPECT_EQ(answer("desk.chat", Value::map({{"chat", 2}}))["cases"].size(), 1u);
  answer("desk.case_link",
         Value::map({{"case", 1}, {"member", 1}, {"chat", 2}, {"removed", true}}));
  EXPECT_EQ(answer("desk.chat", Value::map({{"chat", 2}}))["cases"].size(), 0u);

  const auto refused = ask("desk.case_open", Value::map({{"member", 1}, {"kind", "lost"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "chat");
  const auto none = ask("desk.case_say", Value::map({{"case", 9}, {"member", 1}}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Status::not_found);
  EXPECT_EQ(none.error().where, "case");
}

TEST_F(CaseCommands, R102_one_command_builds_the_evidence_of_a_case) {
  answer("desk.case_open",
         Value::map(
             {{"chat", 1}, {"member", 1}, {"kind", "platform"}, {"title", "They <stepped> in"}}));
  answer("desk.note", Value::map({{"chat", 1}, {"member", 1}, {"text", "Only for us."}}));
  answer("desk.case_say",
         Value::map({{"case", 1}, {"member", 1}, {"party", "courier"}, {"text", "It is gone."}}));
  const Value made = answer("desk.case_file", Value::map({{"case", 1}}));
  EXPECT_EQ(made["name"].as_str(), "case-1.html");
  const std::string html(made["html"].as_str());
  EXPECT_THAT(html, HasSubstr("They &lt;stepped&gt; in"));
  EXPECT_THAT(html, HasSubstr("My parcel is lost."));
  EXPECT_THAT(html, HasSubstr("It is gone."));
  EXPECT_THAT(html, Not(HasSubstr("Only for us."))) << "others read it";
  const Ran wrote = desk({"case", "file", "1", folder / "evidence"});
  ASSERT_EQ(wrote.code, exit_ok) << wrote.err;
  std::ifstream in(folder / "evidence/case-1.html");
  const std::string file((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(file, html);
  EXPECT_EQ(desk({"case", "file", "9", folder / "evidence"}).code, exit_refused);
}

TEST_F(CaseCommands, R126_what_was_said_of_an_erased_buyers_case_is_gone) {
  const Value made = answer("desk.case_open", Value::map({{"chat", 1},
                                                          {"member", 1},
                                                          {"kind", "lost"},
                                                          {"title", "Of Eve"},
                                                          {"text", "Eve's parcel."}}));
  answer("desk.promise",
         Value::map({{"chat", 1}, {"member", 1}, {"in_minutes", 5}, {"text", "Eve gets a card."}}));
  answer("desk.call",
         Value::map(
             {{"case", 1}, {"member", 1}, {"direction", "out"}, {"text", "Eve did not answer."}}));
  const Value buyer = answer("desk.chat", Value::map({{"chat", 1}}))["buyer"];
  answer("desk.erase", Value::map({{"buyer", buyer}}));
  const std::string said = desk({"--json", "case", "show", "1"}).out +
                           desk({"--json", "promises"}).out + desk({"--json", "calls"}).out +
                           desk({"--json", "chat", "1"}).out;
  EXPECT_THAT(said, Not(HasSubstr("Eve")));
  const Value found = answer("desk.case", Value::map({{"case", 1}}));
  EXPECT_TRUE(found["erased"].as_bool());
  EXPECT_EQ(found["kind"].as_str(), "lost") << "what happened stays";
  EXPECT_EQ(found["lines"].size(), 2u);
}

TEST_F(CaseCommands, R8_missed_enquiries_are_listed) {
  // The message says that it is years old: it is heard as a week ago.
  const Value found = answer("desk.missed", Value::map({{"from_ms", 0}}));
  ASSERT_EQ(found["missed"].size(), 1u);
  EXPECT_EQ(found["missed"][0]["outcome"].as_str(), "waiting");
  EXPECT_EQ(found["missed"][0]["text"].as_str(), "My parcel is lost.");
  EXPECT_TRUE(found["missed"][0]["lost"].as_bool());
  EXPECT_THAT(desk({"missed", "--days", "100000"}).out, HasSubstr("still waits"));
}

}  // namespace
}  // namespace deskmate::daemon::cli
