// Promises, questions and listening, through a running desk.
#include <chrono>

#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

std::uint64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

struct WordCommands : RunningDesk {
  WordCommands() {
    receive("1", "Is the blue one in stock?");
    until({"chats"}, "assigned");
  }
  // The first words of the first row of a list.
  std::string first(const std::vector<std::string>& words) {
    std::istringstream rows(desk(words).out);
    std::string row;
    std::getline(rows, row);
    std::getline(rows, row);
    return row.substr(0, row.find(' '));
  }
};

TEST_F(WordCommands, R22_a_promise_is_listed_comes_back_and_is_kept_by_somebodys_word) {
  EXPECT_THAT(desk({"promises"}).out, HasSubstr("no promises are open"));
  const Ran made = desk({"promise", "1", "20", "I will ask the warehouse.", "--as", "1"});
  ASSERT_EQ(made.code, exit_ok) << made.err;
  const Ran list = desk({"promises"});
  EXPECT_THAT(list.out, HasSubstr("I will ask the warehouse."));
  EXPECT_THAT(list.out, HasSubstr("Eve"));
  EXPECT_THAT(desk({"promises", "--overdue"}).out, HasSubstr("no promises are open"));
  EXPECT_THAT(desk({"promises", "--member", "2"}).out, HasSubstr("no promises are open"));
  const std::string id = first({"promises"});

  ASSERT_TRUE(ask("desk.promise", Value::map({{"chat", 1},
                                              {"member", 2},
                                              {"due_ms", now_ms() + 1'000},
                                              {"kind", "gift"},
                                              {"text", "A card."}})));
  until({"promises", "--overdue"}, "A card.");
  EXPECT_EQ(desk({"reply", "1", "It is.", "--as", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"promises", "--overdue"}).out, HasSubstr("A card.")) << "a reply keeps nothing";
  EXPECT_THAT(desk({"chats", "--queue"}).out, HasSubstr("(promise due)"));
  const auto page = ask("desk.promises", Value::map({{"limit", 1}}));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ((*page)["promises"].size(), 1u);
  EXPECT_TRUE((*page)["promises"][0]["overdue"].as_bool());
  EXPECT_EQ((*page)["promises"][0]["kind"].as_str(), "gift");
  const auto rest = ask("desk.promises", Value::map({{"after", (*page)["next"]}}));
  ASSERT_TRUE(rest);
  EXPECT_EQ((*rest)["promises"][0]["promise"].as_str().substr(0, 8), id);
  EXPECT_TRUE((*rest)["next"].is_nil());

  EXPECT_EQ(desk({"dropped", first({"promises"}), "Sold out.", "--as", "2"}).code, exit_ok);
  EXPECT_EQ(desk({"kept", id, "--as", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"kept", id, "--as", "1"}).err, HasSubstr(id));
  EXPECT_THAT(desk({"promises"}).out, HasSubstr("no promises are open"));
  const Ran chat = desk({"chat", "1"});
  EXPECT_THAT(chat.out, ContainsRegex("member 1 promised by [0-9]"));
  EXPECT_THAT(chat.out, HasSubstr("promise dropped by member 2\n    Sold out."));
  EXPECT_THAT(chat.out, HasSubstr("promise kept, says member 1"));
}

TEST_F(WordCommands, R41_R22_a_holding_reply_promises_and_a_colleagues_answer_comes_back) {
  ASSERT_EQ(desk({"reply", "1", "I am asking.", "--promise", "20", "--as", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"promises"}).out, HasSubstr("I am asking."));
  const auto refused =
      ask("desk.reply", Value::map({{"chat", 1},
                                    {"member", 1},
                                    {"text", "Never sent."},
                                    {"promise", Value::map({{"due_ms", now_ms() - 1}})}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where, "due_ms");
  EXPECT_THAT(desk({"chat", "1"}).out, Not(HasSubstr("Never sent.")));

  ASSERT_EQ(desk({"ask", "1", "2", "Is it in stock?", "--as", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"questions", "--to", "2"}).out, HasSubstr("Is it in stock?"));
  EXPECT_THAT(desk({"questions", "--to", "1"}).out, HasSubstr("no questions are open"));
  const auto chat = ask("desk.chat", Value::map({{"chat", 1}}));
  ASSERT_TRUE(chat);
  EXPECT_EQ((*chat)["questions"][0]["text"].as_str(), "Is it in stock?");
  EXPECT_EQ((*chat)["questions_open"].as_uint(), 1u);
  EXPECT_EQ((*chat)["promises"].size(), 1u);
  const std::string id = first({"questions"});
  ASSERT_EQ(desk({"answer", id, "Ten", "of", "them.", "--as", "2"}).code, exit_ok);
  EXPECT_THAT(desk({"questions"}).out, HasSubstr("no questions are open"));
  EXPECT_THAT(desk({"chat", "1"}).out,
              HasSubstr("member 2 answers the colleague\n    Ten of them."));
  EXPECT_EQ(desk({"ask", "1", "9", "?", "--as", "1"}).code, exit_refused);
}

TEST_F(WordCommands, R26_who_is_listened_to_can_see_it) {
  ASSERT_EQ(desk({"listen", "--to", "1", "--minutes", "5", "--as", "2"}).code, exit_ok);
  const auto members = ask("desk.members", Value::map());
  ASSERT_TRUE(members);
  EXPECT_EQ((*members)["members"][0]["listeners"][0]["member"].as_uint(), 2u);
  EXPECT_EQ((*members)["members"][1]["listening"]["to"].as_uint(), 1u);
  ASSERT_EQ(desk({"listen", "--chat", "1", "--as", "2"}).code, exit_ok);
  const auto chat = ask("desk.chat", Value::map({{"chat", 1}}));
  ASSERT_TRUE(chat);
  EXPECT_EQ((*chat)["listeners"][0]["member"].as_uint(), 2u);
  ASSERT_EQ(desk({"listen", "--chat", "1", "--minutes", "0", "--as", "2"}).code, exit_ok);
  EXPECT_TRUE((*ask("desk.chat", Value::map({{"chat", 1}})))["listeners"].is_nil());
  EXPECT_EQ(desk({"listen", "--chat", "1", "--minutes", "481", "--as", "2"}).code, exit_refused);
}

}  // namespace
}  // namespace deskmate::daemon::cli
