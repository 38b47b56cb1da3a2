// Problem orders and rules on the command line, through a running desk.
#include <fstream>

#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct ProblemCommands : RunningDesk {
  void find(const Value& order, const char* kind, const char* code, Value params = Value::map()) {
    std::string id;
    const std::string hex(order["id"].as_str());
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      id += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    append(Value::map({{"type", "problem.found"},
                       {"facts", Value::map({{"shop", "box"},
                                             {"order", Value::bin(std::string_view(id))},
                                             {"kind", kind},
                                             {"plugin", "orders"},
                                             {"rule", kind},
                                             {"version", "1.0.0"},
                                             {"code", code},
                                             {"params", std::move(params)},
                                             {"severity", "normal"},
                                             {"since", 1'700'000'000'000},
                                             {"fixes", Value::array({"ask_buyer"})}})}}));
  }
};

TEST_F(ProblemCommands, R60_R61_problems_are_listed_shown_with_the_order_and_settled) {
  EXPECT_THAT(desk({"problems"}).out, HasSubstr("no problem orders"));
  const Value order = see_order();
  find(order, "vague_address", "short", Value::map({{"at_least", 6}}));
  const Ran list = desk({"problems"});
  EXPECT_THAT(list.out, HasSubstr("The street is shorter than 6 characters"));
  EXPECT_THAT(list.out, HasSubstr("ask the buyer"));
  EXPECT_THAT(list.out, HasSubstr("T-1"));
  EXPECT_THAT(command({"--language", "zh", "--config", folder / "deskmate.toml", "problems"}).out,
              HasSubstr("街道地址少于 6 个字"));
  EXPECT_THAT(desk({"problems", "--kind", "late"}).out, HasSubstr("no problem orders"));
  EXPECT_THAT(desk({"problems", "--call"}).out, HasSubstr("nobody is to be called"));
  const Ran shown = desk({"order", "T-1"});
  EXPECT_THAT(shown.out, HasSubstr("! The street is shorter than 6 characters (vague_address)"));
  EXPECT_THAT(shown.out, HasSubstr("suggested: ask the buyer"));
  EXPECT_THAT(shown.out, HasSubstr("place 1 of 1 in the order of payment"));
  EXPECT_THAT(shown.out, HasSubstr("promised for"));
  EXPECT_THAT(desk({"ship-queue"}).out, HasSubstr("T-1"));

  const Ran written = desk({"problem", "write", "T-1", "vague_address", "--as", "1"});
  EXPECT_EQ(written.code, exit_refused) << "no chat, or it is night";
  const Ran none = desk({"problem", "done", "T-1", "late", "Sent.", "--as", "1"});
  EXPECT_EQ(none.code, exit_refused);
  EXPECT_THAT(none.err, HasSubstr("There is no such open problem"));
  const Ran done =
      desk({"problem", "done", "T-1", "vague_address", "Asked by phone.", "--as", "1"});
  EXPECT_EQ(done.code, exit_ok) << done.err;
  EXPECT_THAT(desk({"problems"}).out, HasSubstr("no problem orders"));
  EXPECT_THAT(desk({"order", "T-1"}).out, HasSubstr("settled: The street"));
}

TEST_F(ProblemCommands, R62_a_buyer_who_wants_to_be_left_alone) {
  see_order();
  EXPECT_EQ(desk({"contact", "T-1", "perhaps"}).code, exit_usage);
  EXPECT_EQ(desk({"contact", "T-1", "no", "--as", "1"}).code, exit_ok);
  find(ask("desk.order", Value::map({{"order", "T-1"}})).value()["orders"][0], "late", "over");
  EXPECT_THAT(desk({"problems"}).out, HasSubstr("not to be contacted"));
  EXPECT_THAT(desk({"problem", "write", "T-1", "late", "Hello", "--as", "1"}).err,
              HasSubstr("not to be contacted"));
}

TEST_F(ProblemCommands, R63_what_was_counted_is_written_down) {
  EXPECT_EQ(desk({"stock-count", "box", "CUP", "3", "--as", "1"}).code, exit_refused)
      << "the shop has no such product";
  append(Value::map({{"type", "product.seen"},
                     {"facts", Value::map({{"shop", "box"}, {"sku", "CUP"}, {"stock", 4}})}}));
  EXPECT_EQ(desk({"stock-count", "box", "CUP", "3", "--as", "1"}).code, exit_ok);
  EXPECT_EQ(desk({"stock-count", "box", "CUP", "-3", "--as", "1"}).code, exit_refused);
}

TEST_F(ProblemCommands, R61_without_rule_plugins_that_is_said) {
  EXPECT_THAT(desk({"rules", "show"}).out, HasSubstr("no rule plugins"));
  EXPECT_THAT(desk({"rules", "sweep"}).err, HasSubstr("no rule plugin is running"));
  EXPECT_THAT(desk({"rules", "test"}).err, HasSubstr("no rule plugin is running"));
  EXPECT_EQ(desk({"rules", "dry-run", "/nowhere.toml"}).code, exit_usage);
  std::ofstream(folder / "r.toml") << "[late]\n";
  EXPECT_EQ(desk({"rules", "dry-run", folder / "r.toml", "--since", "soon"}).code, exit_usage);
  EXPECT_THAT(desk({"rules", "dry-run", folder / "r.toml"}).err,
              HasSubstr("no rule plugin is running"));
}

}  // namespace
}  // namespace deskmate::daemon::cli
