// Handshake, rights, requests and answers.
#include "core/bus/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bus/test_session.hpp"
#include "core/bus/topics.hpp"

namespace deskmate::bus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Topics, CoverFamilies) {
  EXPECT_TRUE(covers("*", "order.seen"));
  EXPECT_TRUE(covers("order.*", "order.seen"));
  EXPECT_TRUE(covers("order.*", "order.line.seen"));
  EXPECT_TRUE(covers("order.*", "order.*"));
  EXPECT_TRUE(covers("order.seen", "order.seen"));
  EXPECT_FALSE(covers("order.*", "order"));
  EXPECT_FALSE(covers("order.*", "order."));
  EXPECT_FALSE(covers("order.*", "orders.seen"));
  EXPECT_FALSE(covers("order.*", "*"));
  EXPECT_FALSE(covers("order.seen", "order.*"));
  EXPECT_FALSE(covers("order.see", "order.seen"));
  EXPECT_FALSE(covers("", "order.seen"));
}

TEST(Topics, AStarStandsAloneOrAtTheEnd) {
  for (const char* good : {"*", "order.*", "order.line.*", "order.seen", "o.*"}) {
    EXPECT_TRUE(is_pattern(good)) << good;
  }
  for (const char* bad : {"", "*.seen", "order.*.seen", "order*", "**", ".*", "*.*", "order.**"}) {
    EXPECT_FALSE(is_pattern(bad)) << bad;
  }
  EXPECT_TRUE(is_pattern(std::string(name_bytes_max, 'a')));
  EXPECT_FALSE(is_pattern(std::string(name_bytes_max + 1, 'a')));
}

TEST(RightsTest, OwnerMayEverythingAndNobodyNothing) {
  const Rights nobody;
  EXPECT_FALSE(nobody.may_read("a.b"));
  EXPECT_FALSE(nobody.may_append("a.b"));
  EXPECT_FALSE(nobody.may_request("kv.get"));
  EXPECT_TRUE(owner_rights().may_read("*"));
  EXPECT_TRUE(owner_rights().may_append("a.b"));
  EXPECT_TRUE(owner_rights().may_request("desk.status"));
  EXPECT_TRUE(plugin_rights().may_request("kv.get"));
  EXPECT_FALSE(plugin_rights().may_request("desk.status"));
}

TEST_F(SessionTest, HelloIsAnsweredByWelcome) {
  connect();
  EXPECT_EQ(desk->name(), "mail");
  EXPECT_EQ(guest->welcome().instance, "mail");
  EXPECT_EQ(guest->welcome().language, "zh");
  EXPECT_EQ(decode(guest->welcome().settings)->as_map()["port"].as_int(), 993);
  EXPECT_EQ(guest->welcome().limits.requests, 256u);
  EXPECT_EQ(guest->welcome().limits.heartbeat_ms, 10'000u);
  EXPECT_TRUE(desk->rights().may_append("order.seen"));
}

TEST_F(SessionTest, SilenceInsteadOfHelloEndsIt) {
  accept();
  loop.advance(4'999);
  EXPECT_TRUE(desk_ends.empty());
  loop.advance(1);
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].code, Status::deadline);
  EXPECT_EQ(desk_ends[0].where, "hello");
}

TEST_F(SessionTest, NoWelcomeEndsTheGuestsSide) {
  MemoryPair pair = make_memory_pair(loop);
  guest = Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", "mail", "", ""},
                           guest_handlers());
  loop.advance(5'000);
  ASSERT_EQ(guest_ends.size(), 1u);
  EXPECT_THAT(guest_ends[0].message, HasSubstr("no welcome"));
}

TEST_F(SessionTest, WhoeverIsNotLetInHearsWhy) {
  accept();
  bare->send(Hello{1, "plugin", "stranger", "", ""});
  loop.run();
  const auto goodbyes = bare->all<Goodbye>();
  ASSERT_EQ(goodbyes.size(), 1u);
  EXPECT_EQ(goodbyes[0].reason.code, Status::denied);
  EXPECT_THAT(goodbyes[0].reason.message, HasSubstr("who is that?"));
  EXPECT_TRUE(bare->closed);
  EXPECT_EQ(desk_ends.size(), 1u);
}

TEST_F(SessionTest, AnotherProtocolIsRefused) {
  accept();
  bare->send(Hello{2, "plugin", "mail", "", ""});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_THAT(desk_ends[0].message, HasSubstr("protocol 2"));
  EXPECT_EQ(hellos, 0u);
}

TEST_F(SessionTest, FramesBeforeHelloAndASecondHelloEndIt) {
  for (const Frame& frame :
       {Frame(Request{1, "kv.get", 1'000, "\x80"}), Frame(Reply{1, "\xc0"}), Frame(Welcome{})}) {
    desk_ends.clear();
    accept();
    bare->send(frame);
    loop.run();
    ASSERT_EQ(desk_ends.size(), 1u) << kind_name(frame);
    EXPECT_EQ(desk_ends[0].where, "frame");
  }
  desk_ends.clear();
  accept_and_open();
  bare->send(Hello{1, "plugin", "mail", "", ""});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(hellos, 1u);
}

TEST_F(SessionTest, UnknownFramesAreIgnored) {
  accept_and_open();
  bare->send(UnknownFrame{77});
  bare->send(Ping{5});
  loop.run();
  EXPECT_TRUE(desk->open());
  EXPECT_EQ(bare->all<Pong>(), std::vector<Pong>{Pong{5}});
}

TEST_F(SessionTest, RequestIsAnsweredOnceEachWay) {
  connect();
  Outcome to_desk;
  Outcome to_guest;
  ASSERT_TRUE(guest->request("kv.get", Value::map({{"key", "a"}}), 1'000, into(to_desk)));
  ASSERT_TRUE(desk->request("action.perform", Value::map(), 1'000, into(to_guest)));
  loop.run();
  ASSERT_EQ(requests.size(), 1u);
  ASSERT_EQ(guest_requests.size(), 1u);
  EXPECT_EQ(requests[0].method, "kv.get");
  EXPECT_EQ(requests[0].deadline_ms, 1'000u);
  EXPECT_EQ(to_desk.calls, 0u);
  answers[0].ok(Value(42));
  guest_answers[0].fail({Status::unavailable, "the shop is closed", "shop"});
  EXPECT_EQ(to_desk.calls, 0u);
  loop.run();
  EXPECT_EQ(to_desk.calls, 1u);
  EXPECT_EQ(to_desk.value, Value(42));
  EXPECT_EQ(to_guest.calls, 1u);
  EXPECT_EQ(to_guest.status, Status::unavailable);
  EXPECT_EQ(to_guest.message, "the shop is closed");
}

TEST_F(SessionTest, AnAnswerIsUsedOnce) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcome)));
  loop.run();
  EXPECT_TRUE(answers[0].wanted());
  const std::uint64_t id = requests[0].id;
  answers[0].ok(Value(1));
  EXPECT_FALSE(answers[0].wanted());
  EXPECT_THROW(answers[0].ok(Value(2)), std::logic_error);
  const auto second = desk->answer(id, std::string("\xc0"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Status::not_found);
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.value, Value(1));
}

TEST_F(SessionTest, ADroppedAnswerIsARefusal) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcome)));
  loop.run();
  answers.clear();
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.status, Status::internal);
}

TEST_F(SessionTest, AMovedAnswerStaysOne) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcome)));
  loop.run();
  {
    Answer moved = std::move(answers[0]);
    Answer again;
    again = std::move(moved);
    answers.clear();
    loop.run();
    EXPECT_EQ(outcome.calls, 0u);
    again.ok(Value(3));
  }
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.value, Value(3));
}

TEST_F(SessionTest, WithoutAnAnswerTheDeadlineAnswersOnBothSides) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 200, into(outcome)));
  loop.advance(199);
  EXPECT_EQ(outcome.calls, 0u);
  loop.advance(1);
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.status, Status::deadline);
  EXPECT_THAT(outcome.message, HasSubstr("kv.get"));
  EXPECT_EQ(cancelled.size(), 1u);
  EXPECT_FALSE(answers[0].wanted());
  answers[0].ok(Value(1));  // too late, dropped
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(desk->report().requests_in, 0u);
  EXPECT_EQ(guest->report().requests_out, 0u);
  EXPECT_TRUE(guest->open());
}

TEST_F(SessionTest, AnEarlierDeadlineIsNotHeldUpByALaterOne) {
  connect();
  Outcome late;
  Outcome early;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 4'000, into(late)));
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 50, into(early)));
  loop.advance(50);
  EXPECT_EQ(early.calls, 1u);
  EXPECT_EQ(late.calls, 0u);
  loop.advance(3'950);
  EXPECT_EQ(late.calls, 1u);
}

TEST_F(SessionTest, AHandlerThatForgetsAnswersAtTheDeadline) {
  accept_and_open();
  bare->send(Request{1, "kv.get", 300, "\x80"});
  loop.advance(300);
  const auto refusals = bare->all<Refusal>();
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].error.code, Status::deadline);
  EXPECT_THAT(cancelled, ElementsAre(1u));
}

TEST_F(SessionTest, CancelAnswersSoonAndTellsTheOther) {
  connect();
  Outcome outcome;
  const auto id = guest->request("kv.get", Value::map(), 1'000, into(outcome));
  ASSERT_TRUE(id);
  loop.run();
  guest->cancel(*id);
  guest->cancel(*id);
  EXPECT_EQ(outcome.calls, 0u);  // never from within
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.status, Status::cancelled);
  EXPECT_THAT(cancelled, ElementsAre(*id));
  EXPECT_FALSE(answers[0].wanted());
  answers[0].ok(Value(1));
  guest->cancel(*id);
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
}

TEST_F(SessionTest, CancelledIsAnsweredWithItsStatus) {
  accept_and_open();
  bare->send(Request{1, "kv.get", 1'000, "\x80"});
  bare->send(Cancel{1});
  bare->send(Cancel{1});
  bare->send(Cancel{9});
  loop.run();
  const auto refusals = bare->all<Refusal>();
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].id, 1u);
  EXPECT_EQ(refusals[0].error.code, Status::cancelled);
}

TEST_F(SessionTest, AnAnswerToNothingEndsIt) {
  accept_and_open();
  bare->send(Reply{1, "\xc0"});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].where, "frame");
}

TEST_F(SessionTest, ASecondAnswerIsIgnored) {
  accept_and_open();
  Outcome outcome;
  ASSERT_TRUE(desk->request("action.perform", Value::map(), 1'000, into(outcome)));
  bare->send(Reply{1, "\x01"});
  bare->send(Reply{1, "\x02"});
  loop.run();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.value, Value(1));
  EXPECT_TRUE(desk->open());
}

TEST_F(SessionTest, AnIdInUseEndsIt) {
  accept_and_open();
  bare->send(Request{1, "kv.get", 1'000, "\x80"});
  bare->send(Request{1, "kv.get", 1'000, "\x80"});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_THAT(desk_ends[0].message, HasSubstr("id 1"));
  EXPECT_THAT(desk_ends[0].message, HasSubstr("mail"));
}

TEST_F(SessionTest, DeadlinesOutOfBoundsAreRefused) {
  connect();
  Outcome outcome;
  EXPECT_EQ(guest->request("kv.get", Value::map(), 0, into(outcome)).error().code, Status::invalid);
  EXPECT_EQ(
      guest->request("kv.get", Value::map(), DM_DEADLINE_MAX_MS + 1, into(outcome)).error().code,
      Status::invalid);
  EXPECT_EQ(guest->request("", Value::map(), 1, into(outcome)).error().code, Status::invalid);
  loop.run();
  EXPECT_EQ(outcome.calls, 0u);

  accept_and_open();
  bare->send(Request{1, "kv.get", 0, "\x80"});
  bare->send(Request{2, "kv.get", DM_DEADLINE_MAX_MS + 1, "\x80"});
  loop.run();
  EXPECT_EQ(bare->all<Refusal>().size(), 2u);
  EXPECT_TRUE(requests.empty());
  EXPECT_TRUE(desk->open());
}

TEST_F(SessionTest, TheEndAnswersWhatIsOpen) {
  connect();
  Outcome to_desk;
  Outcome to_guest;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(to_desk)));
  ASSERT_TRUE(desk->request("action.perform", Value::map(), 1'000, into(to_guest)));
  loop.run();
  desk->end({Status::unavailable, "restarting", "test"});
  EXPECT_EQ(to_guest.calls, 0u);  // never from within
  EXPECT_TRUE(desk_ends.empty());
  loop.run();
  EXPECT_EQ(to_desk.status, Status::unavailable);
  EXPECT_THAT(to_desk.message, HasSubstr("restarting"));
  EXPECT_EQ(to_guest.status, Status::unavailable);
  EXPECT_EQ(to_desk.calls, 1u);
  EXPECT_EQ(to_guest.calls, 1u);
  ASSERT_EQ(guest_ends.size(), 1u);
  EXPECT_EQ(guest_ends[0].where, "goodbye");
  EXPECT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(guest->request("kv.get", Value::map(), 1, into(to_desk)).error().code,
            Status::unavailable);
  answers[0].ok(Value(1));  // into the void
  desk->end({Status::ok, "again", ""});
  loop.advance(60'000);
  EXPECT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(loop.timers(), 0u);
}

TEST_F(SessionTest, AConnectionThatBreaksEndsIt) {
  accept_and_open();
  Outcome outcome;
  ASSERT_TRUE(desk->request("action.perform", Value::map(), 1'000, into(outcome)));
  loop.run();
  bare->close();
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].where, "closed");
  EXPECT_EQ(outcome.status, Status::unavailable);
}

TEST_F(SessionTest, GoodbyeIsPassedOn) {
  accept_and_open();
  bare->send(Goodbye{{Status::ok, "done for today", ""}});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].code, Status::ok);
  EXPECT_EQ(desk_ends[0].message, "done for today");
  EXPECT_EQ(desk_ends[0].where, "goodbye");
}

TEST_F(SessionTest, DestructionAnswersWithCancelled) {
  connect();
  Outcome waiting;
  Outcome given_up;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(waiting)));
  const auto id = guest->request("kv.get", Value::map(), 1'000, into(given_up));
  guest->cancel(*id);
  guest.reset();
  EXPECT_EQ(waiting.calls, 1u);
  EXPECT_EQ(waiting.status, Status::cancelled);
  EXPECT_EQ(given_up.calls, 1u);
  loop.run();
  EXPECT_EQ(given_up.calls, 1u);
  ASSERT_EQ(desk_ends.size(), 1u);
}

TEST_F(SessionTest, CancelAllAnswersNow) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcome)));
  guest->cancel_all();
  EXPECT_EQ(outcome.calls, 1u);
  EXPECT_EQ(outcome.status, Status::cancelled);
  loop.run();
  EXPECT_TRUE(guest->open());
}

TEST_F(SessionTest, ASessionMayBeLetGoFromItsOwnCallback) {
  connect();
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000,
                             [this](Result<std::string>) { guest.reset(); }));
  loop.run();
  answers[0].ok(Value());
  loop.run();
  EXPECT_EQ(guest, nullptr);
  EXPECT_EQ(desk_ends.size(), 1u);
}

TEST_F(SessionTest, RequestsFromWithinAnswersDoNotNest) {
  connect();
  // A chain as long as this would overflow the stack if it nested.
  std::size_t left = 20'000;
  std::function<void()> ask = [&] {
    const auto asked = guest->request("kv.get", Value::map(), 1'000, [&](Result<std::string>) {
      if (--left > 0) ask();
    });
    ASSERT_TRUE(asked);
  };
  ask();
  while (left > 0) {
    loop.run();
    if (answers.empty()) break;
    answers.back().ok(Value());
    answers.clear();
    requests.clear();
  }
  EXPECT_EQ(left, 0u);
}

TEST_F(SessionTest, TwoSessionsAreIndependent) {
  connect();
  const auto first_desk = desk;
  const auto first_guest = guest;
  connect();
  Outcome first;
  Outcome second;
  ASSERT_TRUE(first_guest->request("kv.get", Value::map({{"n", 1}}), 1'000, into(first)));
  ASSERT_TRUE(guest->request("kv.get", Value::map({{"n", 2}}), 1'000, into(second)));
  loop.run();
  first_desk->end({Status::ok, "", ""});
  answers[1].ok(Value("second"));
  loop.run();
  EXPECT_EQ(first.status, Status::unavailable);
  EXPECT_EQ(second.value, Value("second"));
  EXPECT_TRUE(desk->open());
}

}  // namespace
}  // namespace deskmate::bus
