// Offers, approvals and allowances on the command line, through a running desk.
#include "core/daemon/cli/test_desk.hpp"

namespace deskmate::daemon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct MoneyCommands : RunningDesk {
  // The first offer in the list, as it is called there.
  std::string first_offer(const char* which = "--all") {
    const auto list = desk({"--json", "offers", which});
    const auto at = list.out.find("\"offer\":");
    EXPECT_NE(at, std::string::npos) << list.out;
    const auto begin = list.out.find('"', at + 8) + 1;
    return list.out.substr(begin, list.out.find('"', begin) - begin);
  }
};

TEST_F(MoneyCommands, R81_R82_an_offer_is_proposed_listed_shown_and_withdrawn) {
  EXPECT_THAT(desk({"offers"}).out, HasSubstr("no offers"));
  EXPECT_THAT(desk({"approvals"}).out, HasSubstr("nothing waits for approval"));
  see_order();
  EXPECT_THAT(desk({"offer", "standard", "T-1"}).out, HasSubstr("refund 10.00 EUR"));
  const Ran made = desk({"offer", "propose", "T-1", "The cup is chipped.", "--refund", "2.50",
                         "--liable", "courier", "--cause", "courier", "--as", "1"});
  ASSERT_EQ(made.code, exit_ok) << made.err;
  EXPECT_THAT(made.out, HasSubstr("read it back to the buyer"));
  EXPECT_THAT(made.out, Not(HasSubstr("beyond")));
  const Ran list = desk({"offers"});
  EXPECT_THAT(list.out, HasSubstr("T-1"));
  EXPECT_THAT(list.out, HasSubstr("refund 2.50 EUR"));
  EXPECT_THAT(list.out, HasSubstr("proposed"));
  EXPECT_THAT(command({"--language", "zh", "--config", folder / "deskmate.toml", "offers"}).out,
              HasSubstr("已提出"));
  const std::string offer = first_offer();
  const Ran shown = desk({"offer", "show", offer});
  EXPECT_THAT(shown.out, HasSubstr("Order: T-1"));
  EXPECT_THAT(shown.out, HasSubstr("Liable: courier"));
  EXPECT_THAT(shown.out, HasSubstr("The cup is chipped."));
  EXPECT_THAT(desk({"offer", "confirm", offer, "Yes.", "--as", "1"}).err, HasSubstr("read back"));
  EXPECT_EQ(desk({"offer", "withdraw", offer, "A mistake.", "--as", "1"}).code, exit_ok);
  EXPECT_THAT(desk({"offers"}).out, HasSubstr("no offers"));
  EXPECT_THAT(desk({"offers", "--over"}).out, HasSubstr("ended"));
}

TEST_F(MoneyCommands, R81_R123_beyond_the_authority_it_waits_and_one_asks_another) {
  see_order();
  ASSERT_EQ(desk({"authority", "set", "settlements_month", "0"}).code, exit_ok);
  const Ran made = desk(
      {"offer", "propose", "T-1", "Chipped.", "--refund", "1", "--cause", "packing", "--as", "1"});
  ASSERT_EQ(made.code, exit_ok) << made.err;
  EXPECT_THAT(made.out, HasSubstr("beyond the member's authority: settlements of the month"));
  EXPECT_THAT(desk({"offers"}).out, HasSubstr("settlements of the month"));
  const std::string offer = first_offer();
  EXPECT_EQ(desk({"approve", offer, "--as", "2"}).code, exit_usage) << "not without a reason";
}

TEST_F(MoneyCommands, R81_R52_limits_are_shown_set_and_reset) {
  const auto set = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"authority", "set"});
    return desk(std::move(words));
  };
  EXPECT_EQ(set({"gifts_month", "12.50", "--currency", "EUR"}).code, exit_ok);
  EXPECT_EQ(set({"discount_share", "1.5"}).code, exit_ok);
  EXPECT_EQ(set({"settlements_month", "7", "--member", "2"}).code, exit_ok);
  const Ran shown = desk({"authority", "--currency", "EUR"});
  EXPECT_THAT(shown.out, HasSubstr("12.50 EUR"));
  EXPECT_THAT(shown.out, HasSubstr("1.50 %"));
  EXPECT_THAT(shown.out, HasSubstr("member:2"));
  EXPECT_EQ(desk({"authority", "reset", "settlements_month", "--member", "2"}).code, exit_ok);
  EXPECT_THAT(desk({"authority"}).out, Not(HasSubstr("member:2")));

  EXPECT_THAT(set({"settlements_month", "many"}).err, HasSubstr("many is no such value"));
  EXPECT_EQ(set({"settlements_month", "1.5"}).code, exit_usage);
  EXPECT_EQ(set({"gifts_month", "1.005", "--currency", "EUR"}).code, exit_usage);
  EXPECT_EQ(set({"no_such_limit", "1"}).code, exit_refused);
  EXPECT_EQ(set({"settlements_month", "1", "--role", "a", "--member", "1"}).code, exit_usage);
  EXPECT_EQ(desk({"authority", "move", "x", "b"}).code, exit_usage);
}

TEST_F(MoneyCommands, R83_what_cannot_be_is_refused_and_nothing_is_written) {
  EXPECT_EQ(desk({"offer", "standard", "none"}).code, exit_refused);
  EXPECT_EQ(desk({"offer", "propose", "none", "Why.", "--refund", "1"}).code, exit_refused);
  see_order();
  EXPECT_EQ(desk({"offer", "propose", "T-1", "Why.", "--refund", "one"}).code, exit_usage);
  EXPECT_EQ(desk({"offer", "propose", "T-1", "Why.", "--refund", "10.01", "--as", "1"}).code,
            exit_refused)
      << "more than was paid";
  EXPECT_EQ(desk({"offer", "show", "ffff"}).code, exit_refused);
  const Ran paid = desk({"payment", "T-1", "1", folder / "no-such.png", "--chat", "1"});
  EXPECT_EQ(paid.code, exit_refused);
  EXPECT_THAT(paid.err, HasSubstr("no-such.png cannot be read"));
  EXPECT_THAT(desk({"offers", "--all"}).out, HasSubstr("no offers"));
  EXPECT_THAT(desk({"money"}).out, HasSubstr("nothing was given away"));
}

}  // namespace
}  // namespace deskmate::daemon::cli
