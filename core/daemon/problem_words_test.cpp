#include "core/daemon/problem_words.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/daemon/quiet.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::uint64_t hour_ms = 3'600'000;
constexpr std::uint64_t midnight_ms = 1'800'057'600'000;  // 2027-01-16 00:00 UTC

TEST(ProblemWords, R61_every_kind_and_reason_is_said_in_both_languages) {
  std::set<std::string_view> keys;
  for (const auto& words : problem_words()) {
    EXPECT_TRUE(keys.insert(words.key).second) << words.key;
    EXPECT_FALSE(words.en.empty()) << words.key;
    EXPECT_TRUE(looks_chinese(words.zh)) << words.key;
    EXPECT_EQ(words.ask_en.empty(), words.ask_zh.empty()) << words.key;
    for (const std::string_view en : {words.en, words.ask_en}) {
      for (auto at = en.find('{'); at != std::string_view::npos; at = en.find('{', at + 1)) {
        const auto name = en.substr(at, en.find('}', at) - at + 1);
        const auto zh = en == words.en ? words.zh : words.ask_zh;
        EXPECT_NE(zh.find(name), std::string_view::npos) << words.key << " " << name;
      }
    }
  }
}

TEST(ProblemWords, R61_params_stand_in_the_words) {
  const Value params = Value::map({{"at_least", 6}});
  EXPECT_EQ(problem_text("vague_address", "short", params, Language::en),
            "The street is shorter than 6 characters");
  EXPECT_EQ(problem_text("vague_address", "short", params, Language::zh), "街道地址少于 6 个字");
  const Value due = Value::map({{"leaves_by_ms", midnight_ms}});
  EXPECT_EQ(problem_text("late", "soon", due, Language::en, "Asia/Shanghai"),
            "It has to leave by 2027-01-16 08:00");
  const Value ring = Value::map({{"sku", "RING"}});
  EXPECT_EQ(problem_text("measures", "missing", ring, Language::en),
            "RING is made to measure, and measures are missing");
  EXPECT_EQ(problem_text("measures", "missing", ring, Language::zh), "RING 为定制品，缺少尺寸");
  EXPECT_EQ(problem_text("moon", "full", params, Language::en), "moon/full at_least=6");
  EXPECT_EQ(fix_text("ask_buyer", Language::en), "ask the buyer");
  EXPECT_EQ(fix_text("dance", Language::zh), "dance");
}

TEST(ProblemWords, R62_the_buyer_is_asked_in_their_language) {
  const Value none = Value::map();
  EXPECT_EQ(buyer_question("vague_address", "no_number", none, "SB-1", Language::en),
            "Your order SB-1: which house number shall we send it to?");
  EXPECT_EQ(buyer_question("vague_address", "no_number", none, "SB-1", Language::zh),
            "订单 SB-1 的地址缺少门牌号，请补充一下，好吗？");
  EXPECT_EQ(buyer_question("audit", "before_making", none, "SB-1", Language::en), "");
  EXPECT_EQ(buyer_question("moon", "full", none, "SB-1", Language::en), "");
  EXPECT_TRUE(looks_chinese("Li 李"));
  EXPECT_FALSE(looks_chinese("Zoë — 5 €"));
}

TEST(Quiet, R62_quiet_hours_go_past_midnight_in_their_zone) {
  RuleTimes times;
  times.quiet = "21:00-09:00";
  const auto quiet = [&](std::uint64_t ms) { return quiet_until_ms(times, ms); };
  EXPECT_FALSE(quiet(midnight_ms - 3 * hour_ms - 1));
  EXPECT_EQ(quiet(midnight_ms - 3 * hour_ms), midnight_ms + 9 * hour_ms);
  EXPECT_EQ(quiet(midnight_ms + 9 * hour_ms - 1), midnight_ms + 9 * hour_ms);
  EXPECT_FALSE(quiet(midnight_ms + 9 * hour_ms));
  times.zone = "Asia/Shanghai";
  EXPECT_TRUE(quiet(midnight_ms)) << "eight in the morning there";
  EXPECT_FALSE(quiet(midnight_ms + hour_ms));
  times.quiet = "";
  EXPECT_FALSE(quiet(midnight_ms));
}

}  // namespace
}  // namespace deskmate::daemon
