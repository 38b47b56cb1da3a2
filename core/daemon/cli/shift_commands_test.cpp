// R14 through a running desk: overtime that is asked for and answered, and the handover.
#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct ShiftCommands : RunningDesk {
  Value member(std::uint64_t number) {
    const auto all = ask("desk.members", Value::map());
    for (const Value& one : (*all)["members"].as_array()) {
      if (one["number"].as_uint() == number) return one;
    }
    return {};
  }
};

TEST_F(ShiftCommands, R14_a_handover_gives_the_open_chats_to_whoever_is_there) {
  receive("1", "Is the blue one in stock?");
  until({"chats"}, "assigned");
  const auto chat = ask("desk.chat", Value::map({{"chat", 1}}));
  ASSERT_TRUE(chat) << chat.error().message;
  const std::string owner = std::to_string((*chat)["member"].as_uint());
  const Ran handed = desk({"handover", "Wants two of them.", "--as", owner});
  ASSERT_EQ(handed.code, exit_ok) << handed.err;
  EXPECT_THAT(handed.out, HasSubstr("chats handed over: 1"));
  EXPECT_EQ(member(std::stoul(owner))["presence"].as_str(), "off");
  const std::string other = owner == "1" ? "2" : "1";
  until({"chat", "1"}, "member " + owner + " handed it over");
  EXPECT_THAT(desk({"chat", "1"}).out, HasSubstr("Wants two of them."));
  until({"chats", "--member", other}, "blue one");
  EXPECT_THAT(desk({"handover", "--as", owner}).out, HasSubstr("chats handed over: 0"));
}

// Two equals: each approves the other's.
TEST_F(ShiftCommands, R14_overtime_is_approved_by_the_other) {
  stop();
  std::string config = storage::testing::read_bytes(folder / "deskmate.toml");
  const std::string ann = "name = \"Ann\"\n";
  config.insert(config.find(ann) + ann.size(), "schedule = [\"00:00-12:00\", \"12:00-23:59\"]\n");
  std::ofstream(folder / "deskmate.toml") << config;
  start();
  const Ran asked = desk({"overtime", "1440", "--as", "1"});
  ASSERT_EQ(asked.code, exit_ok) << asked.err;
  EXPECT_THAT(desk({"members"}).out, HasSubstr("asks for overtime to"));
  EXPECT_THAT(desk({"approve-overtime", "1", "--as", "1"}).err, HasSubstr("supervisor"));
  EXPECT_EQ(desk({"approve-overtime", "1", "--as", "2"}).code, exit_ok);
  EXPECT_THAT(desk({"members"}).out,
              AllOf(HasSubstr("overtime to"), Not(HasSubstr("asks for overtime"))));
  EXPECT_GT(member(1)["shift_ends_ms"].as_uint(), 0u);
  EXPECT_EQ(member(1)["overtime_until_ms"].as_uint(), member(1)["shift_ends_ms"].as_uint());
  EXPECT_NE(desk({"refuse-overtime", "1", "--as", "2"}).code, exit_ok) << "answered already";
}

TEST_F(ShiftCommands, R14_overtime_needs_a_shift_a_time_and_somebody_elses_word) {
  EXPECT_THAT(desk({"overtime", "30", "--as", "1"}).err, HasSubstr("no working hours"));
  EXPECT_NE(desk({"approve-overtime", "1", "--as", "2"}).code, exit_ok);
  EXPECT_EQ(ask("desk.overtime_answer", Value::map({{"of", 1}, {"member", 2}})).error().where,
            "approved");
}

}  // namespace
}  // namespace deskmate::daemon::cli
