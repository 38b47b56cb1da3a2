// Credit, heartbeat and what happens at each limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bus/test_session.hpp"

namespace deskmate::bus {
namespace {

using testing::HasSubstr;

class SessionLimitsTest : public SessionTest {
 protected:
  static std::vector<Event> some_events(std::size_t count, std::size_t bytes = 0) {
    const std::string facts = encode(Value::map({{"x", std::string(bytes, 'x')}}));
    std::vector<Event> made;
    for (std::size_t i = 0; i < count; ++i) {
      Event event;
      event.arrival = i + 1;
      event.type = "order.seen";
      event.facts = facts;
      made.push_back(make_event(event));
    }
    return made;
  }
};

TEST_F(SessionLimitsTest, UnansweredRequestsAreLimitedBothWays) {
  SessionLimits limits;
  limits.requests_max = 3;
  connect(limits);
  std::vector<Outcome> outcomes(4);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcomes[i])));
  }
  // The guest heard of the limit in welcome.
  EXPECT_EQ(guest->request("kv.get", Value::map(), 1'000, into(outcomes[3])).error().code,
            Status::limit);
  loop.run();
  answers[0].ok(Value());
  loop.run();
  EXPECT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcomes[3])));

  accept_and_open(limits);
  for (std::uint64_t id = 1; id <= 5; ++id) bare->send(Request{id, "kv.get", 1'000, "\x80"});
  loop.run();
  const auto refusals = bare->all<Refusal>();
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_EQ(refusals[0].id, 4u);
  EXPECT_EQ(refusals[0].error.code, Status::limit);
  EXPECT_TRUE(desk->open());
}

TEST_F(SessionLimitsTest, ResultsAndParamsFitIntoAFrame) {
  connect();
  Outcome outcome;
  const std::string large = encode(Value::bin(std::string(frame_bytes_max, 'x')));
  EXPECT_EQ(guest->request("kv.put", large, 1'000, into(outcome)).error().code, Status::limit);
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(outcome)));
  loop.run();
  answers[0].ok_encoded(large);
  loop.run();
  EXPECT_EQ(outcome.status, Status::limit);
}

TEST_F(SessionLimitsTest, ReadersAreLimited) {
  SessionLimits limits;
  limits.readers_max = 2;
  limits.credit_max = 100;
  accept_and_open(limits);
  EXPECT_TRUE(desk->add_reader("a", 100));
  EXPECT_EQ(desk->add_reader("a", 1).error().code, Status::invalid);
  EXPECT_EQ(desk->add_reader("", 1).error().code, Status::invalid);
  EXPECT_EQ(desk->add_reader("b", 101).error().code, Status::limit);
  EXPECT_TRUE(desk->add_reader("b", 0));
  EXPECT_EQ(desk->add_reader("c", 1).error().code, Status::limit);
  desk->remove_reader("a");
  EXPECT_TRUE(desk->add_reader("c", 1));
}

TEST_F(SessionLimitsTest, CreditIsExact) {
  connect();
  Outcome opened;
  ASSERT_TRUE(guest->open_reader("r", {"order.*"}, true, 5, into(opened)));
  loop.run();
  ASSERT_EQ(requests.size(), 1u);
  const Value params = decode(requests[0].params).value();
  EXPECT_EQ(params["credit"].as_uint(), 5u);
  EXPECT_EQ(params["from"].as_str(), "start");
  ASSERT_TRUE(desk->add_reader("r", params["credit"].as_uint()));
  answers[0].ok(Value::map({{"position", 0}}));

  desk->send_events("r", some_events(3));
  EXPECT_EQ(desk->reader_credit("r"), 2u);
  EXPECT_THROW(desk->send_events("r", some_events(3)), std::logic_error);
  EXPECT_EQ(desk->reader_credit("r"), 2u);
  desk->send_events("r", some_events(2));
  loop.run();
  EXPECT_EQ(events.size(), 5u);
  EXPECT_EQ(guest->reader_credit("r"), 0u);

  guest->grant("r", 4);
  const std::size_t ready_before = ready;
  loop.run();
  EXPECT_EQ(desk->reader_credit("r"), 4u);
  EXPECT_GT(ready, ready_before);
  EXPECT_EQ(guest->reader_credit("r"), 4u);
}

TEST_F(SessionLimitsTest, EventsBeyondTheCreditEndTheGuest) {
  MemoryPair pair = make_memory_pair(loop);
  guest = Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", "mail", "", ""},
                           guest_handlers());
  BareEnd end(std::move(pair.desk));
  Welcome welcome;
  welcome.session = "mail";
  end.send(welcome);
  loop.run();
  ASSERT_TRUE(guest->open());
  ASSERT_TRUE(guest->open_reader("r", {"order.*"}, true, 2, {}));
  end.send(Events{"unknown", some_events(5)});  // ignored: it may have been closed
  end.send(Events{"r", some_events(2)});
  loop.run();
  EXPECT_EQ(events.size(), 2u);
  EXPECT_TRUE(guest->open());
  end.send(Events{"r", some_events(1)});
  loop.run();
  ASSERT_EQ(guest_ends.size(), 1u);
  EXPECT_THAT(guest_ends[0].message, HasSubstr("credit"));
  EXPECT_EQ(events.size(), 2u);
}

TEST_F(SessionLimitsTest, TooMuchCreditEndsIt) {
  accept_and_open();
  ASSERT_TRUE(desk->add_reader("r", 0));
  bare->send(Credit{"r", desk->limits().credit_max});
  bare->send(Credit{"gone", ~std::uint64_t{0}});
  loop.run();
  EXPECT_TRUE(desk->open());
  EXPECT_EQ(desk->reader_credit("r"), desk->limits().credit_max);
  bare->send(Credit{"r", 1});
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].code, Status::limit);
}

TEST_F(SessionLimitsTest, ARefusedReaderCanBeOpenedAgain) {
  connect();
  Outcome outcome;
  ASSERT_TRUE(guest->open_reader("r", {"buyer.*"}, true, 5, into(outcome)));
  EXPECT_FALSE(guest->open_reader("r", {"order.*"}, true, 5, into(outcome)));
  loop.run();
  answers[0].fail({Status::denied, "no right to read", "topics"});
  loop.run();
  EXPECT_EQ(outcome.status, Status::denied);
  EXPECT_TRUE(guest->open_reader("r", {"order.*"}, true, 5, into(outcome)));
}

TEST_F(SessionLimitsTest, ASilentGuestIsPingedAndThenEnded) {
  accept_and_open();
  loop.advance(4'999);
  EXPECT_TRUE(bare->all<Ping>().empty());
  loop.advance(1);
  EXPECT_EQ(bare->all<Ping>().size(), 1u);
  bare->send(Pong{1});
  loop.advance(14'999);
  EXPECT_TRUE(desk->open());
  EXPECT_EQ(bare->all<Ping>().size(), 2u);
  loop.advance(1);
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].where, "heartbeat");
  EXPECT_EQ(desk_ends[0].code, Status::deadline);
}

TEST_F(SessionLimitsTest, ALivingGuestStays) {
  connect();
  loop.advance(10 * 60'000);
  EXPECT_TRUE(desk->open());
  EXPECT_GE(desk->report().frames_in, 100u);
}

TEST_F(SessionLimitsTest, WithoutHeartbeatSilenceIsFine) {
  accept_and_open(owner_limits());
  loop.advance(10 * 60'000);
  EXPECT_TRUE(desk->open());
  EXPECT_TRUE(bare->all<Ping>().empty());
}

TEST_F(SessionLimitsTest, AFloodIsReadAtTheAllowedRate) {
  SessionLimits limits;
  limits.frames_per_s = 100;
  limits.frames_burst = 100;
  accept_and_open(limits);
  for (std::uint64_t n = 0; n < 1'000; ++n) bare->send(Pong{n});
  loop.run();
  // The burst, and the one that showed that there is more.
  EXPECT_LE(desk->report().frames_in, 103u);
  EXPECT_EQ(desk->report().pauses, 1u);
  EXPECT_EQ(desk->report().floods, 1u);
  EXPECT_GT(bare->unread(), 0u);
  loop.advance(2'000);
  EXPECT_LE(desk->report().frames_in, 303u);
  EXPECT_GE(desk->report().frames_in, 250u);
  loop.advance(10'000);
  EXPECT_EQ(desk->report().frames_in, 1'001u);
  EXPECT_TRUE(desk->open());
}

TEST_F(SessionLimitsTest, AppendsAreCountedAgainstARate) {
  SessionLimits limits;
  limits.appends_per_s = 10;
  limits.appends_burst = 20;
  accept_and_open(limits);
  EXPECT_TRUE(desk->charge_appends(20));
  const auto refused = desk->charge_appends(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Status::limit);
  loop.advance(500);
  EXPECT_TRUE(desk->charge_appends(5));
  EXPECT_FALSE(desk->charge_appends(1));
}

TEST_F(SessionLimitsTest, WhoeverDoesNotReadIsNotReadFromAndThenEnded) {
  SessionLimits limits;
  limits.queued_bytes_slow = 10'000;
  limits.queued_bytes_max = 100'000;
  limits.heartbeat_ms = 0;
  accept_and_open(limits);
  bare->pause(true);
  const std::string kilobyte = encode(Value::bin(std::string(1'000, 'x')));
  for (std::uint64_t id = 1; id <= 50; ++id) {
    bare->send(Request{id, "kv.get", 60'000, "\x80"});
    loop.run();
    if (requests.size() < id) break;
    answers.back().ok_encoded(kilobyte);
  }
  // About ten answers wait; the rest of the requests is not taken.
  EXPECT_LT(requests.size(), 15u);
  EXPECT_GE(requests.size(), 8u);
  EXPECT_FALSE(desk->may_send_events() && bare->unread() == 0);
  EXPECT_EQ(desk->report().pauses, 1u);
  EXPECT_EQ(desk->report().floods, 0u) << "it sent no more than it may";
  // It reads again, and all goes on.
  bare->pause(false);
  loop.run();
  for (Answer& answer : answers) {
    if (answer.wanted()) answer.ok(Value());
  }
  EXPECT_TRUE(desk->open());
  const std::size_t taken = requests.size();
  bare->send(Request{99, "kv.get", 60'000, "\x80"});
  loop.run();
  EXPECT_EQ(requests.size(), taken + 1);

  // What the desk itself has to say is limited, too.
  bare->pause(true);
  Outcome outcome;
  std::size_t sent = 0;
  while (desk->open() && sent < 300) {
    ++sent;
    const auto asked = desk->request("action.perform", kilobyte, 60'000, {});
    if (!asked) break;
  }
  EXPECT_TRUE(desk->ended());
  EXPECT_GE(sent, 50u);
  loop.run();
  ASSERT_EQ(desk_ends.size(), 1u);
  EXPECT_EQ(desk_ends[0].where, "queue");
  EXPECT_EQ(desk_ends[0].code, Status::limit);
}

TEST_F(SessionLimitsTest, EventsWaitForAFreeWay) {
  SessionLimits limits;
  limits.queued_bytes_events = 10'000;
  accept_and_open(limits);
  ASSERT_TRUE(desk->add_reader("r", 1'000));
  bare->pause(true);
  desk->send_events("r", some_events(20, 1'000));
  EXPECT_FALSE(desk->may_send_events());
  const std::size_t before = ready;
  bare->pause(false);
  loop.run();
  EXPECT_TRUE(desk->may_send_events());
  EXPECT_GT(ready, before);
}

}  // namespace
}  // namespace deskmate::bus
