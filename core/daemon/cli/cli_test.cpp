// The command line against a running desk, in one process.
#include <gmock/gmock.h>

#include <fstream>

#include "core/bus/session.hpp"
#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(RunningDesk, ShowsItself) {
  const Ran status = until({"status"}, "members: 2 of 2");
  EXPECT_EQ(status.code, exit_ok);
  EXPECT_THAT(status.out, HasSubstr("Test (Deskmate "));
  EXPECT_THAT(desk({"members"}).out, HasSubstr("Ann   pre-sale  3"));
  EXPECT_THAT(desk({"plugins"}).out, HasSubstr("no plugins"));
  EXPECT_THAT(desk({"chats"}).out, HasSubstr("no chats"));
  EXPECT_THAT(desk({"orders"}).out, HasSubstr("no orders"));
  EXPECT_EQ(desk({"requests"}).code, exit_ok);
  EXPECT_EQ(desk({"ledger"}).code, exit_ok);
}

TEST_F(RunningDesk, ALinkToTheConsoleIsForAMemberWhoWorksHere) {
  EXPECT_THAT(desk({"login-link"}).out, HasSubstr("http://127.0.0.1:"));
  EXPECT_THAT(desk({"login-link", "--as", "2"}).out, HasSubstr("/#setup="));
  const Ran nobody = desk({"login-link", "--as", "9"});
  EXPECT_EQ(nobody.code, exit_refused);
  EXPECT_THAT(nobody.err, HasSubstr("no member 9"));
}

TEST_F(RunningDesk, ThePhoneIsShownTheWayWhereThereIsOne) {
  const Ran none = desk({"phone"});
  EXPECT_EQ(none.code, exit_refused);
  EXPECT_THAT(none.err, HasSubstr("tls = [\"0.0.0.0:7443\"] under [console]"));
  stop();
  std::ifstream in(folder / "deskmate.toml");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.insert(text.find("listen"), "tls = [\"127.0.0.1:0\"]\n");
  std::ofstream(folder / "deskmate.toml") << text;
  start();
  const Ran shown = desk({"phone", "--as", "2"});
  EXPECT_EQ(shown.code, exit_ok) << shown.err;
  EXPECT_THAT(shown.out, ContainsRegex("https://127.0.0.1:[0-9]+/#setup="));
  EXPECT_THAT(shown.out, ContainsRegex("    ([0-9A-F][0-9A-F]:)+[0-9A-F][0-9A-F]\n"));
  EXPECT_THAT(shown.out, HasSubstr("the password of Li"));
  EXPECT_THAT(shown.out, HasSubstr("▀"));
  EXPECT_THAT(desk({"phone", "--as", "9"}).err, HasSubstr("no member 9"));
}

TEST_F(RunningDesk, AChatFromTheFirstMessageToItsEnd) {
  receive("1", "Where is T_1001?");
  until({"chats"}, "assigned");
  const Ran chat = desk({"chat", "1"});
  EXPECT_THAT(chat.out, HasSubstr("Where is T_1001?"));
  EXPECT_THAT(chat.out, HasSubstr("A question"));
  EXPECT_THAT(chat.out, HasSubstr("by weight, 3:1"));

  EXPECT_EQ(desk({"note", "1", "asked", "the", "courier"}).code, exit_ok);
  EXPECT_EQ(desk({"reply", "1", "-"}, "It left today.\nRegards").code, exit_ok);
  const Ran answered = desk({"chat", "1"});
  EXPECT_THAT(answered.out, HasSubstr("asked the courier"));
  EXPECT_THAT(answered.out, HasSubstr("    It left today.\n    Regards\n"));
  EXPECT_THAT(desk({"requests"}).out, HasSubstr("reply"));  // no connector is there

  EXPECT_EQ(desk({"transfer", "1", "2", "speaks", "Chinese"}).code, exit_ok);
  until({"chats"}, "2");
  EXPECT_EQ(desk({"close", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"chats"}).out, HasSubstr("no chats"));
  EXPECT_THAT(desk({"chats", "--all"}).out, HasSubstr("closed"));
}

TEST_F(RunningDesk, RefusesWithTheReason) {
  const Ran reply = desk({"reply", "7", "hello"});
  EXPECT_EQ(reply.code, exit_refused);
  EXPECT_THAT(reply.err, HasSubstr("7"));
  EXPECT_EQ(desk({"order", "T_1"}).code, exit_refused);
  const Ran away = desk({"away"});
  EXPECT_EQ(away.code, exit_refused);
  EXPECT_THAT(away.err, HasSubstr("--as"));
  EXPECT_EQ(desk({"resolve", "00", "done", "--as", "1"}).code, exit_refused);
  EXPECT_THAT(command({"--language", "zh", "--config", folder / "deskmate.toml", "away"}).err,
              HasSubstr("哪位成员"));
}

TEST_F(RunningDesk, PresenceChanges) {
  EXPECT_EQ(desk({"--as", "1", "away", "--minutes", "5"}).code, exit_ok);
  until({"members"}, "away");
  EXPECT_EQ(desk({"--as", "1", "back"}).code, exit_ok);
  EXPECT_THAT(desk({"members"}).out, Not(HasSubstr("away")));
  EXPECT_EQ(desk({"--as", "2", "suspend"}).code, exit_ok);
  until({"members"}, "suspended");
}

TEST_F(RunningDesk, AnswersInJson) {
  receive("1", "hello");
  until({"chats"}, "assigned");
  const Ran chats = desk({"--json", "chats"});
  EXPECT_THAT(chats.out, HasSubstr("\"chat\": 1"));
  EXPECT_THAT(chats.out, HasSubstr("\"state\": \"assigned\""));
  EXPECT_THAT(desk({"reply", "1", "hi", "--json"}).out, HasSubstr("\"event\": \""));
  EXPECT_THAT(desk({"version", "--json"}).out, HasSubstr("\"version\""));
}

TEST_F(RunningDesk, TheLogTellsWhatHappened) {
  receive("1", "hello");
  until({"chats"}, "assigned");
  EXPECT_THAT(desk({"log"}).out, HasSubstr("message.received  shop=mail  Eve:  hello"));
  EXPECT_THAT(desk({"log", "--topic", "chat.*"}).out, HasSubstr("chat.assigned"));
  EXPECT_THAT(desk({"log", "--topic", "chat.*"}).out, Not(HasSubstr("message.received")));
  const Ran nowhere = desk({"log", "--topic", "*.assigned"});
  EXPECT_EQ(nowhere.code, exit_refused);
  EXPECT_THAT(nowhere.err, HasSubstr("*.assigned is no type of an event"));
  std::vector<std::string> many = {"log"};
  for (std::size_t i = 0; i <= bus::topics_max; ++i) many.insert(many.end(), {"--topic", "chat.*"});
  EXPECT_THAT(desk(many).err, HasSubstr("more than 64 types at once"));
  EXPECT_THAT(desk({"log", "--json", "--limit", "1"}).out, HasSubstr("\"type\":\"chat.assigned\""));
}

TEST_F(RunningDesk, TheLogIsShownAsFarBackAsAsked) {
  receive("1", "the first of all");
  auto client = bus::Client::connect(folder / "data/deskmate.sock");
  ASSERT_TRUE(client) << client.error().message;
  for (int batch = 0; batch < 11; ++batch) {
    Value events = Value::array();
    for (int i = 0; i < 200; ++i)
      events.push_back(Value::map({{"type", "weather.seen"}, {"facts", Value::map()}}));
    const auto answer = client->call("log.append", Value::map({{"events", std::move(events)}}));
    ASSERT_TRUE(answer) << answer.error().message;
  }
  const auto shown = [&](const char* limit) {
    const Ran ran = desk({"log", "--topic", "weather.*", "--topic", "message.*", "--limit", limit});
    EXPECT_EQ(ran.code, exit_ok) << ran.err;
    return ran.out;
  };
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(shown("1700")), 1'700);
  EXPECT_THAT(shown("1700"), Not(HasSubstr("the first of all")));
  const std::string all = shown("100000");
  EXPECT_EQ(lines(all), 2'201);
  EXPECT_LT(all.find("the first of all"), all.find('\n'));
}

TEST_F(RunningDesk, VerifiesBacksUpAndRestores) {
  receive("1", "hello");
  until({"chats"}, "assigned");
  const Ran verified = desk({"verify"});
  EXPECT_EQ(verified.code, exit_ok) << verified.out << verified.err;
  EXPECT_EQ(desk({"backup", folder / "backup"}).code, exit_ok);
  EXPECT_EQ(desk({"restore", folder / "backup"}).code, exit_refused);  // the folder is in use
  stop();
  const Ran offline = desk({"verify"});
  EXPECT_EQ(offline.code, exit_ok) << offline.out << offline.err;

  std::filesystem::rename(folder / "data/secrets", folder / "secrets");
  std::filesystem::rename(folder / "data", folder / "old");
  std::ofstream(folder / "deskmate.toml", std::ios::app) << "";
  std::ofstream(folder / "restored.toml")
      << "[desk]\nfolder = \"data\"\nsecrets = \"secrets\"\n[log]\nfile = \"log\"\n";
  const Ran restored = command(
      {"--language", "en", "--config", folder / "restored.toml", "restore", folder / "backup"});
  EXPECT_EQ(restored.code, exit_ok) << restored.err;
  EXPECT_EQ(command({"--config", folder / "restored.toml", "verify"}).code, exit_ok);
}

TEST_F(RunningDesk, AStateSurvivesARestart) {
  receive("1", "hello");
  until({"chats"}, "assigned");
  stop();
  EXPECT_EQ(desk({"status"}).code, exit_not_running);
  start();
  EXPECT_THAT(desk({"chat", "1"}).out, HasSubstr("hello"));
  receive("1", "hello");  // again: known
  EXPECT_THAT(desk({"--json", "status"}).out, HasSubstr("\"open\": 1"));
}

TEST_F(RunningDesk, TakesOverAChangedConfiguration) {
  std::ofstream(folder / "deskmate.toml", std::ios::app)
      << "[[member]]\nnumber = 3\nname = \"Wu\"\n";
  daemon->reload();
  until({"members"}, "Wu");
  std::ofstream(folder / "deskmate.toml", std::ios::app) << "[nonsense]\n";
  daemon->reload();
  EXPECT_EQ(command({"--socket", folder / "data/deskmate.sock", "status"}).code, exit_ok);
}

TEST_F(RunningDesk, OneDaemonAFolder) {
  auto config = load_config(folder / "deskmate.toml");
  ASSERT_TRUE(config.has_value());
  config.value().socket = folder / "other.sock";
  const auto second = Daemon::start(config.value(), Language::en, {.signals = false});
  ASSERT_FALSE(second);
  EXPECT_FALSE(second.error().message.empty());
  EXPECT_EQ(desk({"status"}).code, exit_ok);
}

TEST(CommandLine, ExitCodes) {
  storage::testing::TempFolder folder;
  std::ofstream(folder / "good.toml") << "[desk]\nfolder = \"data\"\n";
  std::ofstream(folder / "bad.toml") << "[desk]\nfodler = \"data\"\n";
  EXPECT_EQ(command({"--help"}).code, exit_ok);
  EXPECT_EQ(command({}).code, exit_usage);
  EXPECT_EQ(command({"chat"}).code, exit_usage);
  for (const char* language : {"en", "zh"}) {
    const Ran named = command({"--language", language, "relay", "--listen", "desk.example:7370"});
    EXPECT_EQ(named.code, exit_usage);
    EXPECT_THAT(named.err, HasSubstr(language == std::string_view("zh") ? "主机名" : "is a name"));
  }
  EXPECT_EQ(command({"--config", folder / "good.toml", "status"}).code, exit_not_running);
  const Ran bad = command({"--language", "en", "--config", folder / "bad.toml", "status"});
  EXPECT_EQ(bad.code, exit_config);
  EXPECT_THAT(bad.err, HasSubstr("bad.toml:2:1: unknown setting \"desk.fodler\""));
  EXPECT_EQ(command({"--config", folder / "bad.toml", "config", "check"}).code, exit_config);
  EXPECT_EQ(command({"--config", folder / "good.toml", "config", "check"}).code, exit_ok);
  EXPECT_EQ(command({"--config", folder / "good.toml", "verify"}).code, exit_refused);
}

TEST(CommandLine, HelpInBothLanguages) {
  EXPECT_THAT(command({"--language", "zh", "--help"}).out, HasSubstr("回复顾客"));
  EXPECT_THAT(command({"--language", "en", "--help"}).out, HasSubstr("Answer the buyer"));
}

TEST(CommandLine, CompletionKnowsTheCommands) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = command({"completion", shell});
    EXPECT_EQ(ran.code, exit_ok);
    for (const char* word : {"reply", "backup", "order-note"}) {
      EXPECT_THAT(ran.out, HasSubstr(word)) << shell;
    }
  }
  EXPECT_EQ(command({"completion", "tcsh"}).code, exit_usage);
}

}  // namespace
}  // namespace deskmate::daemon::cli
