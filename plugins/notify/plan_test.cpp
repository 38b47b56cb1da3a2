#include "plan.hpp"

#include <gtest/gtest.h>

#include "words.hpp"

namespace deskmate::notify {
namespace {

constexpr std::uint64_t start = 1'767'600'000'000;
constexpr std::uint64_t minute = 60'000;

Id chat(std::uint32_t number) {
  Id id;
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[1] = static_cast<std::uint8_t>(number);
  id.bytes[15] = 1;
  return id;
}

Rules rules() { return {.overdue_ms = 15 * minute, .gather_ms = 30'000, .per_hour = 6}; }

Now at(std::uint64_t after_ms, bool away = true) {
  Now now;
  now.ms = start + after_ms;
  now.away = away;
  return now;
}

TEST(Plan, R19_AwayANewChatIsToldOnceAndOnceMoreWhenOverdue) {
  Planner planner(rules());
  State state;
  const std::vector<Waiting> rows{{chat(1), start, true}};
  EXPECT_FALSE(planner.plan(state, rows, at(0)));  // gathers
  const auto first = planner.plan(state, rows, at(30'000));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->chats, std::vector{chat(1)});
  EXPECT_FALSE(first->overdue);
  EXPECT_FALSE(planner.plan(state, rows, at(14 * minute)));
  EXPECT_FALSE(planner.plan(state, rows, at(15 * minute)));
  const auto second = planner.plan(state, rows, at(16 * minute));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->overdue);
  EXPECT_FALSE(planner.plan(state, rows, at(10 * 60 * minute)));
  // Answered, and asked again: new.
  EXPECT_FALSE(planner.plan(state, {}, at(601 * minute)));
  const std::vector<Waiting> again{{chat(1), start + 602 * minute, true}};
  EXPECT_FALSE(planner.plan(state, again, at(602 * minute)));
  EXPECT_TRUE(planner.plan(state, again, at(603 * minute)));
}

TEST(Plan, R19_AtTheDeskOnlyOnesOwnOverdueChatsAreTold) {
  Planner planner(rules());
  State state;
  const std::vector<Waiting> rows{{chat(1), start, true}, {chat(2), start, false}};
  EXPECT_FALSE(planner.plan(state, rows, at(10 * minute, false)));
  EXPECT_FALSE(planner.plan(state, rows, at(15 * minute, false)));  // gathers
  const auto batch = planner.plan(state, rows, at(16 * minute, false));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->chats, std::vector{chat(1)});
  // Who then leaves is told of the queue, too.
  EXPECT_FALSE(planner.plan(state, rows, at(17 * minute, true)));
  const auto queue = planner.plan(state, rows, at(18 * minute, true));
  ASSERT_TRUE(queue);
  EXPECT_EQ(queue->chats, std::vector{chat(2)});
}

TEST(Plan, R19_ManyChatsMakeOneNoticeTheLongestWaitingFirst) {
  Planner planner(rules());
  State state;
  std::vector<Waiting> rows;
  for (std::uint32_t n = 0; n < 50; ++n) rows.push_back({chat(n), start + n, true});
  EXPECT_FALSE(planner.plan(state, rows, at(100)));
  rows.push_back({chat(999), start - 1, true});
  const auto batch = planner.plan(state, rows, at(31'000));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->chats.size(), chats_per_notice_max);
  EXPECT_EQ(batch->chats.front(), chat(999));
  EXPECT_EQ(batch->more, 51 - chats_per_notice_max);
  EXPECT_FALSE(planner.plan(state, rows, at(2 * minute)));  // all 51 are told of
}

TEST(Plan, R19_QuietHoursMuteAndTheHourlyLimitPutOffButLoseNothing) {
  Planner planner({.overdue_ms = 0, .gather_ms = 0, .per_hour = 2});
  State state;
  std::vector<Waiting> rows{{chat(1), start, true}};
  Now silent = at(0);
  silent.silent = true;
  EXPECT_FALSE(planner.plan(state, rows, silent));
  rows.push_back({chat(2), start, true});
  const auto both = planner.plan(state, rows, at(minute));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->chats.size(), 2u);
  rows.push_back({chat(3), start, true});
  EXPECT_TRUE(planner.plan(state, rows, at(2 * minute)));
  rows.push_back({chat(4), start, true});
  EXPECT_FALSE(planner.plan(state, rows, at(3 * minute)));  // the third in this hour
  rows.push_back({chat(5), start, true});
  const auto later = planner.plan(state, rows, at(62 * minute));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->chats.size(), 2u);
  // A clock that was set back does not silence.
  rows.push_back({chat(6), start, true});
  State back = state;
  back.sent_ms = {start + 1'000 * minute, start + 1'001 * minute};
  EXPECT_TRUE(planner.plan(back, rows, at(63 * minute)));
}

TEST(Plan, R19_RowsThatWereCutOffAreNotToldTwice) {
  Planner planner({.overdue_ms = 0, .gather_ms = 0, .per_hour = 60});
  State state;
  EXPECT_TRUE(planner.plan(state, {{chat(1), start, true}}, at(0)));
  Now part = at(minute);
  part.whole = false;  // chat 1 is not among those that were asked for
  EXPECT_TRUE(planner.plan(state, {{chat(2), start, true}}, part));
  EXPECT_FALSE(
      planner.plan(state, {{chat(1), start, true}, {chat(2), start, true}}, at(2 * minute)));
}

TEST(Plan, R19_QuietHoursCrossMidnight) {
  const auto night = parse_quiet("22:30-07:00");
  ASSERT_TRUE(night);
  EXPECT_TRUE(night->holds(23 * 60));
  EXPECT_TRUE(night->holds(0));
  EXPECT_FALSE(night->holds(7 * 60));
  EXPECT_FALSE(night->holds(12 * 60));
  EXPECT_TRUE(parse_quiet("12:00-13:00")->holds(12 * 60 + 59));
  EXPECT_FALSE(parse_quiet("12:00-13:00")->holds(13 * 60));
  EXPECT_FALSE(parse_quiet("")->holds(0));
  EXPECT_TRUE(parse_quiet("00:00-24:00")->holds(0));
  for (const char* bad : {"22:30", "22:30-", "22-07", "25:00-07:00", "22:60-07:00", "7:00-9:00",
                          "08:00-08:00", "ab:cd-ef:gh", "24:01-08:00"}) {
    EXPECT_FALSE(parse_quiet(bad)) << bad;
  }
}

TEST(State, R19_ComesBackAsItWasAndFitsItsPlace) {
  State state;
  for (std::uint32_t n = 0; n < told_max + 100; ++n) state.told[chat(n)] = {start + n, n % 2 == 0};
  state.sent_ms = {start, start + 1};
  state.pending = Batch{"17", {chat(1), chat(2)}, 3, true};
  const std::string bytes = state.to_bytes();
  EXPECT_LT(bytes.size(), DM_KV_VALUE_MAX);
  const auto back = State::from_bytes(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->told.size(), told_max);
  EXPECT_EQ(back->told.at(chat(0)).waiting_since_ms, start);
  EXPECT_TRUE(back->told.at(chat(0)).overdue);
  EXPECT_FALSE(back->told.at(chat(1)).overdue);
  EXPECT_EQ(back->sent_ms, state.sent_ms);
  ASSERT_TRUE(back->pending);
  EXPECT_EQ(back->pending->name, "17");
  EXPECT_EQ(back->pending->chats, state.pending->chats);
  EXPECT_EQ(back->pending->more, 3u);
  EXPECT_FALSE(State::from_bytes("rubbish"));
  EXPECT_FALSE(State::from_bytes(encode(Value::map({{"version", 2}}))));
}

TEST(State, R19_SoManyIdsAreKeptAndNoMore) {
  Ids ids(3);
  for (std::uint32_t n = 1; n <= 4; ++n) ids.add(chat(n), start + n);
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_FALSE(ids.find(chat(1)));
  EXPECT_EQ(ids.find(chat(4)), start + 4);
  Ids back(3);
  back.from_bytes(ids.to_bytes());
  EXPECT_EQ(back.find(chat(2)), start + 2);
  EXPECT_EQ(back.size(), 3u);
}

TEST(Words, R19_SayWhatWaitsInBothLanguages) {
  ChatLine one{41, "box", 12 * minute, {"Where is my parcel?"}, 2};
  const Words english = notice_words(false, {one}, 0, 72);
  EXPECT_EQ(english.subject, "Deskmate: chat #41 waits for an answer");
  EXPECT_NE(english.text.find("#41 · box · waiting 12 min\n(2 more before)\nWhere is my parcel?"),
            std::string::npos)
      << english.text;
  EXPECT_NE(english.text.find("Within 3 d"), std::string::npos);
  ChatLine two{42, "box", 3 * hour_ms, {}, 0};
  const Words chinese = notice_words(true, {one, two}, 5, 5);
  EXPECT_EQ(chinese.subject, "Deskmate：7 个会话等待回复");
  EXPECT_NE(chinese.text.find("#42 · box · 已等 3 小时"), std::string::npos) << chinese.text;
  EXPECT_NE(chinese.text.find("另有 5 个会话"), std::string::npos);
  EXPECT_NE(chinese.text.find("5 小时内有效"), std::string::npos);
  for (const char* code : {"which", "expired", "refused"}) {
    EXPECT_NE(refusal_words(false, code, "why so", 41).text,
              refusal_words(true, code, "why so", 41).text);
  }
}

TEST(Words, R19_LongMessagesAreCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcd", 3), "abc…");
  EXPECT_EQ(cut("包裹到哪里", 2), "包裹…");
}

}  // namespace
}  // namespace deskmate::notify
