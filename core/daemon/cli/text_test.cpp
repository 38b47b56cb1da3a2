#include "core/daemon/cli/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace deskmate::daemon::cli {
namespace {

TEST(CliText, ChineseTakesTwoColumns) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("订单"), 4u);
  EXPECT_EQ(shorten("订单还没到", 6), "订单…");
  EXPECT_EQ(shorten("abc", 3), "abc");
  Table table({"A", "B"});
  table.add({"订单", "x"});
  table.add({"abc", "y"});
  std::ostringstream out;
  table.print(out);
  EXPECT_EQ(out.str(), "A     B\n订单  x\nabc   y\n");
}

TEST(CliText, NothingSteersTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\x07"), "a[2Jbc");
  EXPECT_EQ(printable("one\ntwo"), "one two");
  EXPECT_EQ(printable("one\ntwo", true), "one\ntwo");
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "abc"),
            "abc");  // right-to-left override
}

TEST(CliText, Money) {
  EXPECT_EQ(money(1299, "EUR"), "12.99 EUR");
  EXPECT_EQ(money(5, "CNY"), "0.05 CNY");
  EXPECT_EQ(money(-5, "CNY"), "-0.05 CNY");
  EXPECT_EQ(money(500, "JPY"), "500 JPY");
  EXPECT_EQ(money(1500, "KWD"), "1.500 KWD");
}

TEST(CliText, AmountsAsTyped) {
  EXPECT_EQ(parse_money("12.5", "EUR"), 1250);
  EXPECT_EQ(parse_money("12", "EUR"), 1200);
  EXPECT_EQ(parse_money("500", "JPY"), 500);
  EXPECT_EQ(parse_money("1.5", "KWD"), 1500);
  for (const char* bad :
       {"", "0", "-1", "1.234", "1.", ".5", "12,50", "1e3", "x", "99999999999999999999"}) {
    EXPECT_EQ(parse_money(bad, "EUR"), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_money("1.5", "JPY"), std::nullopt);
}

TEST(CliText, Times) {
  EXPECT_EQ(ago(Language::en, 5'000), "5 s");
  EXPECT_EQ(ago(Language::en, 41 * 3'600'000ull), "41 h");
  EXPECT_EQ(ago(Language::zh, 4 * 86'400'000ull), "4 天");
}

TEST(CliText, Json) {
  const Value value = Value::map({{"a", Value::array({1, "x", true, Value()})},
                                  {"b", Value::map()},
                                  {"id", Value::bin("\x01\xff")}});
  EXPECT_EQ(to_json_line(value), R"({"a":[1,"x",true,null],"b":{},"id":"01ff"})");
  EXPECT_EQ(to_json(value),
            "{\n  \"a\": [\n    1,\n    \"x\",\n    true,\n    null\n  ],\n  \"b\": {},\n"
            "  \"id\": \"01ff\"\n}");
}

}  // namespace
}  // namespace deskmate::daemon::cli
