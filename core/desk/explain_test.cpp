#include "core/desk/explain.hpp"

#include <gtest/gtest.h>

#include "core/desk/phrases.hpp"
#include "core/desk/policy.hpp"

namespace deskmate::desk {
namespace {

using M = Value;

struct Case {
  Value why;
  const char* en;
  const char* zh;
};

TEST(Explain, R3_every_rule_in_both_languages) {
  const Value last = M::map({{"member", 2}, {"ago_ms", 41 * hour_ms}, {"because", "away"}});
  const Value late = M::map(
      {{"member", 2}, {"ago_ms", 80 * hour_ms}, {"because", "late"}, {"within_ms", 72 * hour_ms}});
  const Value shares = M::array({M::array({1, 3}), M::array({2, 1})});
  const Case cases[] = {
      {M::map(
           {{"rule", "sticky"}, {"member", 2}, {"ago_ms", 41 * hour_ms}, {"presence", "online"}}),
       "last served by member 2, 41 h ago, online", "上次由 2 号接待，41 小时前，在线"},
      {M::map({{"rule", "weight"}, {"member", 2}, {"shares", shares}, {"owed", 4}, {"of", 4}}),
       "by weight, 3:1, member 2 was owed 1", "按权重 3:1，应给 2 号 1 个"},
      {M::map({{"rule", "weight"},
               {"member", 1},
               {"shares", shares},
               {"owed", 3},
               {"of", 4},
               {"last", last}}),
       "by weight, 3:1, member 1 was owed 0.75; last served by member 2, 41 h ago, but away",
       "按权重 3:1，应给 1 号 0.75 个；上次由 2 号在 41 小时前接待，但离开"},
      {M::map({{"rule", "weight"},
               {"member", 1},
               {"shares", shares},
               {"owed", 2},
               {"of", 4},
               {"last", late}}),
       "by weight, 3:1, member 1 was owed 0.5; last served by member 2, 80 h ago, more than 72 h",
       "按权重 3:1，应给 1 号 0.5 个；上次由 2 号接待，已是 80 小时前，超过 72 小时"},
      {M::map({{"rule", "expert"}, {"member", 3}, {"topic", "customs"}}),
       "member 3 is an expert for \"customs\"", "3 号是“customs”的专家"},
      {M::map({{"rule", "role"}, {"member", 3}, {"role", "supervisor"}}),
       "transferred to supervisor, member 3 had the fewest chats", "转给主管，3 号会话最少"},
      {M::map({{"rule", "manual"}, {"member", 3}}), "taken by member 3", "3 号自己接了"},
      {M::map({{"rule", "transferred"}, {"from", 1}, {"member", 2}}),
       "transferred by member 1 to member 2", "由 1 号转给 2 号"},
      {M::map({{"rule", "cut"}, {"member", 2}, {"shares", shares}}),
       "the peers could not see each other: drawn by the weights 3:1, member 2",
       "联系不上其他机器，按权重 3:1 抽签，归 2 号"},
      {M::map({{"rule", "vanished"}, {"member", 2}, {"from", 1}, {"waited_ms", 3 * minute_ms}}),
       "the buyer had waited 3 min and member 1's machine could not be seen: taken over by member "
       "2",
       "买家已等 3 分钟，联系不上 1 号的机器，由 2 号接手"},
      {M::map({{"rule", "vanished"}, {"member", 2}, {"waited_ms", 3 * minute_ms}}),
       "the buyer had waited 3 min and nobody had the chat: taken over by member 2",
       "买家已等 3 分钟，没有人可以接待，由 2 号接手"},
      {M::map({{"rule", "unacked"}}), "not all machines have confirmed who has it",
       "尚未经所有机器确认归属"},
      {M::map({{"rule", "queued"}, {"because", "nobody"}}),
       "in the queue: nobody is there to take it", "排队中：没有人可以接待"},
      {M::map({{"rule", "queued"}, {"because", "full"}, {"role", "aftersale"}}),
       "in the queue: those who are there have as many chats as they may (after-sale)",
       "排队中：在线的成员会话已满（售后）"},
      {M::map({{"rule", "queued"}, {"because", "cooling"}}),
       "in the queue: those who are there are resting", "排队中：在线的成员正在休息"},
      {M::map({{"rule", "blocked"}}), "not routed: the buyer is blocked", "不分配：买家已被拉黑"},
      {M::map({{"rule", "of a later version"}}), "of a later version", "of a later version"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(explain(one.why, Language::english), one.en);
    EXPECT_EQ(explain(one.why, Language::chinese), one.zh);
  }
}

TEST(Explain, R3_short_spans_have_their_own_units) {
  const auto ago = [](std::uint64_t ms) {
    return explain(
        M::map({{"rule", "sticky"}, {"member", 1}, {"ago_ms", ms}, {"presence", "online"}}),
        Language::english);
  };
  EXPECT_EQ(ago(5 * second_ms), "last served by member 1, 5 s ago, online");
  EXPECT_EQ(ago(5 * minute_ms), "last served by member 1, 5 min ago, online");
}

TEST(Explain, every_error_says_something_in_both_languages) {
  for (int code = 0; code <= static_cast<int>(Errc::bad_value); ++code) {
    const Error error{static_cast<Errc>(code), "x"};
    EXPECT_GT(explain(error, Language::english).size(), 5u);
    EXPECT_GT(explain(error, Language::chinese).size(), 5u);
    EXPECT_NE(explain(error, Language::english), explain(error, Language::chinese));
  }
}

TEST(Phrases, R40_variables_are_replaced_once) {
  PhraseVariables names{"{agent}", "T_1001", "", "Lin", ""};
  const Expanded out = expand_phrase("{buyer}: {order}, {parcel} {{x} {other} {agent}", names);
  EXPECT_EQ(out.text, "{agent}: T_1001,  {x} {other} Lin");
  EXPECT_EQ(out.missing, std::vector<std::string>{"parcel"});
}

TEST(Phrases, R40_broken_braces_stay) {
  EXPECT_EQ(expand_phrase("{", {}).text, "{");
  EXPECT_EQ(expand_phrase("a{b", {}).text, "a{b");
  EXPECT_EQ(expand_phrase("}{", {}).text, "}{");
  EXPECT_EQ(expand_phrase("", {}).text, "");
}

}  // namespace
}  // namespace deskmate::desk
