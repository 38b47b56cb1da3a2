// The blocking layer with its real worker thread, through the C ABI.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/bench.hpp"

namespace deskmate {
namespace {

using testing::action;
using testing::action_params;
using testing::entry_of;
using testing::FakeHost;

// What the tests and their connector share; reset by each test.
struct Shared {
  std::atomic<int> begins = 0;
  std::atomic<int> polls = 0;
  std::atomic<int> ends = 0;
  std::atomic<int> performs = 0;
  std::atomic<bool> begin_fails = false;
  std::atomic<bool> poll_fails = false;
  std::atomic<bool> poll_throws = false;
  std::atomic<bool> blocking = false;
  std::atomic<Status> last = Status::ok;
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
};
std::unique_ptr<Shared> shared;

class Probe : public Connector {
 public:
  Result<void> begin(Session&) override {
    ++shared->begins;
    if (shared->begin_fails) return Error{Status::denied, "the login was refused", "password"};
    return {};
  }
  Result<void> poll(Session& desk) override {
    const int number = ++shared->polls;
    if (shared->poll_throws) throw std::runtime_error("a bug");
    if (shared->poll_fails) return Error{Status::unavailable, "no connection", {}};
    NewEvent event("message.received");
    event.facts = {{"shop", desk.instance()}, {"at", desk.now_ms()}};
    event.refs = {{"message", "m" + std::to_string(number)}};
    event.dedupe = "message";
    const auto appended = desk.append(event);
    shared->last = appended ? Status::ok : appended.error().code;
    if (!appended) return appended.error();
    return {};
  }
  Outcome perform(Session& desk, const Action& action) override {
    ++shared->performs;
    if (action.kind == "throw") throw std::runtime_error("a bug");
    if (action.kind == "sleep") {
      shared->blocking = true;
      const bool slept = desk.sleep_ms(3'600'000);
      shared->last = slept ? Status::ok : Status::cancelled;
    }
    if (action.kind == "kv") {
      shared->blocking = true;
      const auto got = desk.kv_get("key");
      shared->last = got ? Status::ok : got.error().code;
      if (!got) return got.error();
    }
    if (action.kind == "ask") {
      const auto got = desk.request("no.answer", Value::map(), 20);
      if (!got) return got.error();
    }
    if (action.kind == "socket") {
      shared->blocking = true;
      std::unique_lock lock(shared->mutex);
      shared->changed.wait(lock, [] { return shared->released; });
    }
    return Outcome::done().ref("message", "sent-1").fact("amount", action.facts["amount"]);
  }
  Found look_up(Session&, const Action& action) override {
    return action.attempt > 1 ? Found::yes().ref("message", "sent-1") : Found::no();
  }
  std::uint32_t poll_every_ms(Session&) override { return 10'000; }
  void interrupt() override {
    const auto refused = session().kv_get("on the plugin thread");
    EXPECT_FALSE(refused);
    const std::lock_guard lock(shared->mutex);
    shared->released = true;
    shared->changed.notify_all();
  }
  void end(Session& desk) override {
    ++shared->ends;
    EXPECT_TRUE(desk.stopping());
  }
};

class ConnectorTest : public ::testing::Test {
 protected:
  ConnectorTest() { shared = std::make_unique<Shared>(); }

  void start() { ASSERT_TRUE(host_.start(entry_of<Probe>)); }
  bool polled(int times) {
    return host_.run_until([times] { return shared->polls >= times; });
  }
  // The poll is over and its timer set: the clock may be moved.
  void settle() { ASSERT_TRUE(host_.request("action.look_up", action_params(action("x", {})))); }

  FakeHost host_{"mail"};
};

TEST_F(ConnectorTest, PollsAtOnceAndThenRegularly) {
  start();
  ASSERT_TRUE(polled(1));
  settle();
  EXPECT_EQ(shared->begins, 1);
  host_.advance(9'999);
  settle();
  EXPECT_EQ(shared->polls, 1);
  host_.advance(1);
  ASSERT_TRUE(polled(2));
  settle();
  EXPECT_EQ(host_.events("message.received").size(), 2u);
  EXPECT_EQ(host_.events()[0].facts["shop"].as_str(), "mail");
}

TEST_F(ConnectorTest, WaitsLongerAfterEachFailure) {
  shared->poll_fails = true;
  start();
  ASSERT_TRUE(polled(1));
  settle();
  host_.advance(10'000);
  ASSERT_TRUE(polled(2));
  settle();
  host_.advance(19'999);
  settle();
  EXPECT_EQ(shared->polls, 2);
  host_.advance(1);
  ASSERT_TRUE(polled(3));
  settle();
  EXPECT_EQ(host_.log().back(), "error: no connection");
  for (int i = 0; i < 20; ++i) {
    host_.advance(poll_backoff_max_ms);
    ASSERT_TRUE(polled(4 + i));
    settle();
  }
  shared->poll_fails = false;
  host_.advance(poll_backoff_max_ms);
  ASSERT_TRUE(polled(24));
  settle();
  host_.advance(10'000);
  EXPECT_TRUE(polled(25));
}

TEST_F(ConnectorTest, AThrowingPollIsAFailedPoll) {
  shared->poll_throws = true;
  start();
  ASSERT_TRUE(polled(1));
  settle();
  shared->poll_throws = false;
  host_.advance(10'000);
  EXPECT_TRUE(polled(2));
  EXPECT_EQ(host_.log().front(), "error: a fault in poll: a bug");
}

TEST_F(ConnectorTest, PerformsAndLooksUp) {
  start();
  const auto done =
      host_.request("action.perform", action_params(action("reply", {{"amount", 5}})));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ((*done)["outcome"].as_str(), "done");
  EXPECT_EQ((*done)["refs"]["message"].as_str(), "sent-1");
  EXPECT_EQ((*done)["facts"]["amount"].as_int(), 5);
  Action again = action("reply", {});
  EXPECT_EQ((*host_.request("action.look_up", action_params(again)))["found"].as_str(), "no");
  again.attempt = 2;
  EXPECT_EQ((*host_.request("action.look_up", action_params(again)))["found"].as_str(), "yes");
}

TEST_F(ConnectorTest, AFaultWhilePerformingIsUnknown) {
  start();
  const auto outcome = host_.request("action.perform", action_params(action("throw", {})));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "unknown");
}

TEST_F(ConnectorTest, RefusesWhatIsNoAction) {
  start();
  EXPECT_EQ(host_.request("action.perform", Value::map()).error().code, Status::invalid);
  EXPECT_EQ(host_.request("something.else", Value::map()).error().code, Status::not_found);
}

TEST_F(ConnectorTest, DoesNothingBeforeBeginSucceeds) {
  shared->begin_fails = true;
  start();
  const auto outcome = host_.request("action.perform", action_params(action("reply", {})));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "failed");
  EXPECT_TRUE((*outcome)["again"].as_bool());
  EXPECT_EQ(shared->performs, 0);
  EXPECT_EQ(host_.request("action.look_up", action_params(action("x", {}))).error().code,
            Status::unavailable);
  EXPECT_EQ(shared->polls, 0);
  EXPECT_EQ(host_.log().front(), "error: the login was refused (password)");
  shared->begin_fails = false;
  ASSERT_TRUE(host_.run_until([&] {
    host_.advance(10'000);
    return shared->polls >= 1;
  }));
  EXPECT_EQ(shared->begins, 2);
}

TEST_F(ConnectorTest, ACallHasADeadline) {
  host_.hold_next("no.answer");
  start();
  const auto outcome = host_.request("action.perform", action_params(action("ask", {})));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "unknown");
  EXPECT_EQ((*outcome)["message"].as_str(), "no answer in time");
}

// Asks for an action, lets it block, and stops: everything has to end at once.
TEST_F(ConnectorTest, StopCancelsWhateverBlocks) {
  for (const char* kind : {"sleep", "kv", "socket"}) {
    shared = std::make_unique<Shared>();
    FakeHost host;
    if (kind == std::string("kv")) host.hold_next("kv.get");
    ASSERT_TRUE(host.start(entry_of<Probe>));
    Result<Value> answer = Value();
    host.ask("action.perform", action_params(action(kind, {})),
             [&](Result<Value> result) { answer = std::move(result); });
    ASSERT_TRUE(host.run_until([] { return shared->blocking.load(); })) << kind;
    const auto before = std::chrono::steady_clock::now();
    host.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(DM_STOP_MS / 2));
    ASSERT_FALSE(answer) << kind;
    EXPECT_EQ(answer.error().code, Status::cancelled);
    EXPECT_EQ(shared->ends, 1);
    if (kind != std::string("socket")) {
      EXPECT_EQ(shared->last, Status::cancelled) << kind;
    }
  }
}

TEST_F(ConnectorTest, AnActionThatWaitedTooLongIsNotDone) {
  host_.hold_next("kv.get");
  start();
  host_.ask("action.perform", action_params(action("kv", {})), [](const Result<Value>&) {});
  ASSERT_TRUE(host_.run_until([] { return shared->blocking.load(); }));
  const auto late = host_.request("action.perform", action_params(action("reply", {}, {}, 2)), 10);
  EXPECT_FALSE(late);
  host_.stop();
  EXPECT_EQ(shared->performs, 1);
}

TEST_F(ConnectorTest, RefusesMoreThanItQueues) {
  host_.hold_next("kv.get");
  start();
  int limited = 0;
  int cancelled = 0;
  host_.ask("action.perform", action_params(action("kv", {})), [](const Result<Value>&) {});
  ASSERT_TRUE(host_.run_until([] { return shared->blocking.load(); }));
  for (std::size_t i = 0; i < actions_waiting_max + 3; ++i) {
    host_.ask("action.perform", action_params(action("reply", {})),
              [&](const Result<Value>& result) {
                limited += result.has_error() && result.error().code == Status::limit;
                cancelled += result.has_error() && result.error().code == Status::cancelled;
              });
  }
  host_.run();
  EXPECT_EQ(limited, 3);
  host_.stop();
  EXPECT_EQ(cancelled, static_cast<int>(actions_waiting_max));
}

TEST_F(ConnectorTest, StopsBeforeAndRightAfterTheStart) {
  for (int i = 0; i < 20; ++i) {
    shared = std::make_unique<Shared>();
    FakeHost host;
    ASSERT_TRUE(host.start(entry_of<Probe>));
    host.stop();
    EXPECT_EQ(shared->ends, 1);
  }
}

TEST(Outcome, OfAnErrorIsOnTheSafeSide) {
  const auto of = [](Status code) { return Outcome(Error{code, "m", {}}); };
  for (const Status code :
       {Status::deadline, Status::cancelled, Status::unavailable, Status::internal}) {
    EXPECT_TRUE(of(code).is_unknown()) << to_string(code);
  }
  for (const Status code : {Status::invalid, Status::denied, Status::not_found}) {
    EXPECT_TRUE(of(code).is_failed()) << to_string(code);
    EXPECT_FALSE(of(code).to_map()["again"].as_bool()) << to_string(code);
  }
  EXPECT_TRUE(of(Status::limit).to_map()["again"].as_bool());
  EXPECT_EQ(Found(Error{Status::unavailable, "m", {}}).to_map()["found"].as_str(), "cannot tell");
}

}  // namespace
}  // namespace deskmate
