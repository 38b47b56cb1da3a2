#include "core/daemon/outbox.hpp"

#include <gtest/gtest.h>

#include "core/bus/test_loop.hpp"

namespace deskmate::daemon {
namespace {

using desk::RequestState;
using desk::RequestView;

constexpr std::uint64_t start_ms = 1'700'000'000'000;

storage::Id16 id_of(int number) {
  storage::Id16 id{};
  id[0] = static_cast<std::uint8_t>(number);
  return id;
}

// A desk of requests and a connector, both played. Events that the outbox appends change the
// requests as the desk's fold does.
class World : public OutboxWorld {
 public:
  explicit World(bus::TestLoop& loop_of) : loop(loop_of), started(loop_of.now_ms()) {}

  std::uint64_t wall_ms() override { return start_ms + loop.now_ms() - started; }
  std::uint64_t random() override { return 0; }
  std::vector<RequestView> pending(std::size_t) override {
    std::vector<RequestView> out;
    for (const auto& request : requests) {
      if (request.state == RequestState::pending || request.state == RequestState::attempted ||
          request.state == RequestState::again) {
        out.push_back(request);
      }
    }
    return out;
  }
  std::optional<Bodies::Whole> event(const storage::LogKey& key) override {
    Bodies::Whole whole;
    whole.type = key.seq == resolved_seq ? "reply.resolved" : "reply.requested";
    whole.facts = Value::map({{"shop", "mail"}, {"chat", Value::bin(id_of(9))}});
    whole.body = Value::map({{"text", "hello"}, {"refs", Value::map({{"message", "m0"}})}});
    whole.erased = erased;
    whole.awaited = awaited;
    return whole;
  }
  bool connected(std::string_view, std::string_view) override { return is_connected; }
  Result<void> call(std::string_view, std::string_view method, const Value& params, std::uint32_t,
                    std::function<void(Result<Value>)> reply) override {
    if (!is_connected) return Error{Status::unavailable, "away", {}};
    const Value& number = params[params.as_map().contains("request") ? "request" : "chat"];
    calls.push_back(std::string(method) + " " + std::to_string(number.as_bin()[0]));
    last_params = params;
    under_way = std::max(under_way, ++asked);
    replies.push_back([this, reply = std::move(reply)](Result<Value> result) {
      --asked;
      reply(std::move(result));
    });
    return {};
  }
  void append(const Value& event, std::function<void(Result<void>)> done) override {
    loop.post([this, event, done = std::move(done)] {
      if (append_error) return done(*append_error);
      types.emplace_back(event["type"].as_str());
      last = event;
      fold(event);
      if (lose_acknowledgements) return;
      done({});
    });
  }
  bool may_do(const RequestView&) override { return is_ours; }
  bool answered_elsewhere(const RequestView&) override { return is_answered; }
  std::string claimer(const RequestView&) override { return claims_as; }
  void note(std::string_view, const RequestView&, std::string_view) override {}

  void fold(const Value& event) {
    RequestView& request = find(event["facts"]["request"].as_bin());
    const auto type = event["type"].as_str();
    if (type.ends_with(".attempted")) {
      request.state = RequestState::attempted;
      request.attempts = static_cast<std::uint32_t>(event["facts"]["attempt"].as_uint());
    } else if (type.ends_with(".done")) {
      request.state = RequestState::done;
    } else if (type.ends_with(".unknown")) {
      request.state = RequestState::unknown;
    } else if (type.ends_with(".failed")) {
      const bool again = event["facts"]["again"].as_bool();
      request.state = again ? RequestState::again : RequestState::failed;
      request.after_ms = event["facts"]["after_ms"].as_uint();
    }
  }
  RequestView& find(std::string_view id) {
    for (auto& request : requests) {
      if (desk::bytes_of(request.id) == id) return request;
    }
    throw std::logic_error("no such request");
  }
  RequestView& add(int number, int chat = 9, const char* kind = "reply") {
    RequestView request;
    request.id = id_of(number);
    request.ref.seq = static_cast<std::uint64_t>(number);
    request.stamp = start_ms << 16;
    request.kind = kind;
    request.shop = "mail";
    (request.kind == "reply" ? request.chat : request.order) = id_of(chat);
    requests.push_back(request);
    return requests.back();
  }
  void answer(Result<Value> result) {
    ASSERT_FALSE(replies.empty());
    auto reply = std::move(replies.front());
    replies.erase(replies.begin());
    reply(std::move(result));
    loop.run();
  }

  bus::TestLoop& loop;
  std::uint64_t started;
  std::deque<RequestView> requests;
  std::vector<std::function<void(Result<Value>)>> replies;
  std::vector<std::string> calls;
  std::vector<std::string> types;
  Value last;
  std::optional<Error> append_error;
  bool is_connected = true;
  bool is_ours = true;
  bool is_answered = false;
  std::string claims_as;
  Value last_params;
  bool erased = false;
  bool awaited = false;
  bool lose_acknowledgements = false;  // killed right after the commit
  std::uint64_t resolved_seq = 0;
  int asked = 0;
  int under_way = 0;
};

Value done() {
  return Value::map({{"outcome", "done"}, {"refs", Value::map({{"message", "m1"}})}});
}
Value failed(bool again, std::uint64_t after_ms = 0) {
  return Value::map({{"outcome", "failed"},
                     {"code", "busy"},
                     {"message", "later"},
                     {"again", again},
                     {"after_ms", after_ms}});
}
Value found(const char* what) { return Value::map({{"found", what}}); }
const Error lost{Status::unavailable, "the session ended", {}};
const Error late{Status::deadline, "not answered in time", {}};

class OutboxTest : public ::testing::Test {
 protected:
  void start() {
    outbox = std::make_unique<Outbox>(loop, world, OutboxTimes{.attempts_max = 3});
    outbox->pump();
    loop.run();
  }
  // Killed and started again: what was under way is forgotten.
  void restart() {
    outbox.reset();
    world.replies.clear();
    world.calls.clear();
    world.asked = 0;
    world.lose_acknowledgements = false;
    start();
  }
  using Strings = std::vector<std::string>;

  bus::TestLoop loop;
  World world{loop};
  std::unique_ptr<Outbox> outbox;
};

TEST_F(OutboxTest, TheAttemptIsOnDiskBeforeTheConnectorIsAsked) {
  world.add(1);
  world.append_error = Error{Status::unavailable, "no room", {}};
  start();
  EXPECT_TRUE(world.calls.empty());
  world.append_error.reset();
  loop.advance(retry_first_ms * 2);
  EXPECT_EQ(world.types, Strings{"reply.attempted"});
  EXPECT_EQ(world.calls, Strings{"action.perform 1"});
}

TEST_F(OutboxTest, DoneIsDoneOnce) {
  world.add(1);
  start();
  world.answer(done());
  EXPECT_EQ(world.types, (Strings{"reply.attempted", "reply.done"}));
  EXPECT_EQ(world.last["refs"]["message"].as_str(), "m1");
  EXPECT_EQ(world.last["facts"]["chat"], Value::bin(id_of(9)));
  restart();
  loop.advance(outbox_idle_ms * 2);
  EXPECT_TRUE(world.calls.empty());
}

TEST_F(OutboxTest, FailedForGood) {
  world.add(1);
  start();
  world.answer(failed(false));
  EXPECT_EQ(world.last["facts"]["code"].as_str(), "busy");
  EXPECT_EQ(world.last["body"]["text"].as_str(), "later");
  loop.advance(retry_longest_ms * 2);
  EXPECT_EQ(world.calls.size(), 1u);
  EXPECT_EQ(world.requests[0].state, RequestState::failed);
}

TEST_F(OutboxTest, FailedForNowIsRepeatedWithBackoffUpToTheLimit) {
  world.add(1);
  start();
  world.answer(failed(true));
  EXPECT_EQ(world.calls.size(), 1u);
  loop.advance(retry_first_ms - 1);
  EXPECT_EQ(world.calls.size(), 1u);
  loop.advance(1);
  EXPECT_EQ(world.calls.size(), 2u);
  world.answer(failed(true));
  loop.advance(2 * retry_first_ms);
  EXPECT_EQ(world.calls.size(), 3u);
  world.answer(failed(true));
  EXPECT_EQ(world.requests[0].state, RequestState::failed);
  EXPECT_EQ(world.calls, (Strings{"action.perform 1", "action.perform 1", "action.perform 1"}));
}

TEST_F(OutboxTest, NotBeforeTheConnectorSays) {
  world.add(1);
  start();
  world.answer(failed(true, 50'000));
  loop.advance(49'999);
  EXPECT_EQ(world.calls.size(), 1u);
  loop.advance(1);
  EXPECT_EQ(world.calls.size(), 2u);
}

TEST_F(OutboxTest, WhatAnotherPeerMightAnswerTooIsClaimedFirst) {
  world.claims_as = "peer a";
  world.add(1);
  start();
  EXPECT_EQ(world.calls, Strings{"thread.claim 9"});
  EXPECT_EQ(world.last_params["claimer"].as_bin(), "peer a");
  EXPECT_EQ(world.last_params["refs"]["message"].as_str(), "m0");
  EXPECT_FALSE(world.last_params["auto"].as_bool(true));
  EXPECT_TRUE(world.types.empty());
  world.answer(Value::map({{"claim", "mine"}}));
  EXPECT_EQ(world.calls, (Strings{"thread.claim 9", "action.perform 1"}));
  world.answer(done());
  EXPECT_EQ(world.types, (Strings{"reply.attempted", "reply.done"}));
}

TEST_F(OutboxTest, WhatIsTakenIsNotAnsweredTwice) {
  world.claims_as = "peer b";
  world.add(1);
  start();
  world.answer(Value::map({{"claim", "taken"}}));
  EXPECT_EQ(world.types, Strings{"reply.failed"});
  EXPECT_EQ(world.last["facts"]["code"].as_str(), "answered_elsewhere");
  EXPECT_FALSE(world.last["facts"]["again"].as_bool(true));
  loop.advance(retry_longest_ms * 2);
  EXPECT_EQ(world.calls, Strings{"thread.claim 9"});
}

TEST_F(OutboxTest, WhatWasAnsweredMeanwhileIsNotSentUnlessAPersonSaysSo) {
  world.is_answered = true;
  world.add(1);
  start();
  EXPECT_TRUE(world.calls.empty());
  EXPECT_EQ(world.types, Strings{"reply.failed"});
  EXPECT_EQ(world.last["facts"]["code"].as_str(), "answered_elsewhere");
  EXPECT_FALSE(world.last["facts"]["again"].as_bool(true));
}

TEST_F(OutboxTest, WhereNothingCanBeClaimedTheReplyGoesOut) {
  world.claims_as = "peer a";
  const std::vector<Result<Value>> answers = {
      Value::map({{"claim", "cannot tell"}, {"message", "no CONDSTORE"}}),
      Error{Status::not_found, "no claims", {}}, Error{Status::internal, "a fault", {}}};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    world.add(static_cast<int>(i) + 1, static_cast<int>(i) + 10);
    if (i == 0) start();
    outbox->pump();
    loop.run();
    world.answer(answers[i]);
    EXPECT_EQ(world.calls.back(), "action.perform " + std::to_string(i + 1));
    world.answer(done());
  }
}

TEST_F(OutboxTest, AClaimThatCannotBeMadeNowIsWaitedFor) {
  world.claims_as = "peer a";
  world.add(1);
  start();
  world.answer(lost);
  EXPECT_TRUE(world.types.empty());
  loop.advance(retry_first_ms * 2);
  EXPECT_EQ(world.calls, (Strings{"thread.claim 9", "thread.claim 9"}));
  // Meanwhile all have acknowledged whose it is.
  world.answer(late);
  world.claims_as.clear();
  loop.advance(retry_first_ms * 4);
  EXPECT_EQ(world.calls.back(), "action.perform 1");
  EXPECT_EQ(world.types, Strings{"reply.attempted"});
}

TEST_F(OutboxTest, WaitsWhileItIsAnotherPeersToDo) {
  world.add(1);
  world.is_ours = false;
  start();
  EXPECT_TRUE(world.calls.empty());
  world.is_ours = true;
  outbox->pump();
  loop.run();
  EXPECT_EQ(world.calls, Strings{"action.perform 1"});
}

// --- crashes, at every point ---

TEST_F(OutboxTest, KilledBeforeTheAttempt) {
  world.add(1);
  restart();
  EXPECT_EQ(world.calls, Strings{"action.perform 1"});
}

TEST_F(OutboxTest, KilledAfterTheAttemptWasOnDisk) {
  world.add(1);
  world.lose_acknowledgements = true;
  start();
  EXPECT_TRUE(world.calls.empty());
  restart();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
  world.answer(found("no"));
  EXPECT_EQ(world.calls, (Strings{"action.look_up 1", "action.perform 1"}));
  EXPECT_EQ(world.last["facts"]["attempt"].as_int(), 2);
}

TEST_F(OutboxTest, KilledWhileTheConnectorWorked) {
  world.add(1);
  start();
  restart();
  world.answer(found("yes"));
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
  EXPECT_EQ(world.requests[0].state, RequestState::done);
}

TEST_F(OutboxTest, KilledBeforeTheOutcomeWasOnDisk) {
  world.add(1);
  start();
  world.append_error = Error{Status::unavailable, "no room", {}};
  world.answer(done());
  world.append_error.reset();
  restart();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
}

TEST_F(OutboxTest, KilledAfterTheOutcomeWasOnDisk) {
  world.add(1);
  start();
  world.lose_acknowledgements = true;
  world.answer(done());
  restart();
  EXPECT_TRUE(world.calls.empty());
}

TEST_F(OutboxTest, KilledBetweenLookUpAndItsOutcome) {
  world.add(1).state = RequestState::attempted;
  start();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
  restart();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
}

TEST_F(OutboxTest, ARestoredRequestIsLookedUpFirst) {
  auto& request = world.add(1);
  request.state = RequestState::attempted;
  request.assumed = true;
  start();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});
}

// --- outcomes that are not known ---

TEST_F(OutboxTest, ALostSessionIsLookedUpOnceTheConnectorIsBack) {
  world.add(1);
  start();
  world.is_connected = false;
  world.answer(lost);
  loop.advance(retry_longest_ms);
  EXPECT_EQ(world.calls.size(), 1u);
  world.is_connected = true;
  outbox->pump();
  loop.run();
  EXPECT_EQ(world.calls.back(), "action.look_up 1");
}

TEST_F(OutboxTest, ADeadlineIsLookedUp) {
  world.add(1);
  start();
  world.answer(late);
  loop.advance(retry_first_ms);
  EXPECT_EQ(world.calls.back(), "action.look_up 1");
  world.answer(late);  // and that, again
  loop.advance(retry_longest_ms);
  EXPECT_EQ(world.calls.size(), 3u);
  EXPECT_EQ(world.calls.back(), "action.look_up 1");
}

TEST_F(OutboxTest, APersonIsAskedWhereTheMarketplaceCannotTell) {
  world.add(1).state = RequestState::attempted;
  start();
  for (std::uint32_t i = 0; i < look_ups_max; ++i) {
    EXPECT_EQ(world.requests[0].state, RequestState::attempted);
    world.answer(found("cannot tell"));
    loop.advance(retry_longest_ms);
  }
  EXPECT_EQ(world.requests[0].state, RequestState::unknown);
  EXPECT_EQ(world.calls.size(), look_ups_max);
}

TEST_F(OutboxTest, AConnectorWithoutLookUpMeansAPersonAtOnce) {
  world.add(1).state = RequestState::attempted;
  start();
  world.answer(Error{Status::not_found, "no such method", {}});
  EXPECT_EQ(world.requests[0].state, RequestState::unknown);
}

TEST_F(OutboxTest, ThePersonSaysAgain) {
  auto& request = world.add(1, 9, "refund");
  request.state = RequestState::again;
  request.attempts = 3;
  request.last = storage::LogKey{};
  request.last->seq = world.resolved_seq = 77;
  start();
  EXPECT_EQ(world.calls, Strings{"action.look_up 1"});  // money: once more
  world.answer(found("cannot tell"));
  EXPECT_EQ(world.calls.back(), "action.perform 1");
}

TEST_F(OutboxTest, MoneyIsNeverRepeatedWithoutALookUp) {
  for (const char* kind : {"refund", "coupon", "resend"}) {
    world.requests.clear();
    world.calls.clear();
    world.add(1, 9, kind);
    start();
    world.answer(failed(true));
    loop.advance(retry_first_ms);
    EXPECT_EQ(world.calls, (Strings{"action.perform 1", "action.look_up 1"})) << kind;
    world.answer(found("yes"));
    EXPECT_EQ(world.requests[0].state, RequestState::done) << kind;
    outbox.reset();
  }
}

TEST_F(OutboxTest, WhatTheConnectorRefusesHasNotHappened) {
  world.add(1);
  start();
  world.answer(Error{Status::denied, "not mine", {}});
  EXPECT_EQ(world.requests[0].state, RequestState::failed);
  EXPECT_EQ(world.last["facts"]["code"].as_str(), "denied");
}

TEST_F(OutboxTest, ABusyConnectorIsAskedAgainWithoutALookUp) {
  world.add(1);
  start();
  world.answer(Error{Status::limit, "too many actions wait", {}});
  loop.advance(retry_first_ms);
  EXPECT_EQ(world.calls, (Strings{"action.perform 1", "action.perform 1"}));
}

TEST_F(OutboxTest, AnErasedBuyerIsNotWrittenTo) {
  world.add(1);
  world.erased = true;
  start();
  EXPECT_TRUE(world.calls.empty());
  EXPECT_EQ(world.last["facts"]["code"].as_str(), "erased");
}

TEST_F(OutboxTest, WhatIsOnItsWayFromAnotherPeerIsWaitedFor) {
  world.add(1);
  world.awaited = true;
  start();
  EXPECT_TRUE(world.calls.empty());
  EXPECT_TRUE(world.types.empty());
  world.awaited = false;
  loop.advance(retry_first_ms);
  EXPECT_EQ(world.calls, (Strings{"action.perform 1"}));
}

// --- order and limits ---

TEST_F(OutboxTest, RepliesOfOneChatKeepTheirOrder) {
  world.add(1, 9);
  world.add(2, 9);
  world.add(3, 8);
  start();
  EXPECT_EQ(world.calls, (Strings{"action.perform 1", "action.perform 3"}));
  world.answer(failed(true));  // 1 waits, and 2 behind it
  EXPECT_EQ(world.calls.size(), 2u);
  world.answer(done());
  loop.advance(retry_first_ms);
  EXPECT_EQ(world.calls.back(), "action.perform 1");
  world.answer(done());
  EXPECT_EQ(world.calls.back(), "action.perform 2");
}

TEST_F(OutboxTest, AnUnknownReplyDoesNotHoldUpTheNext) {
  world.add(1, 9).state = RequestState::unknown;
  world.add(2, 9);
  start();
  EXPECT_EQ(world.calls, Strings{"action.perform 2"});
}

TEST_F(OutboxTest, OnlySoManyAtATime) {
  for (int i = 1; i <= 10; ++i) world.add(i, i);
  start();
  for (int i = 1; i <= 10; ++i) world.answer(done());
  EXPECT_EQ(world.under_way, 2);
  EXPECT_EQ(world.calls.size(), 10u);
}

TEST_F(OutboxTest, AnOutcomeThatCannotBeStoredIsKept) {
  world.add(1);
  start();
  world.append_error = Error{Status::unavailable, "no room", {}};
  world.answer(done());
  EXPECT_EQ(world.requests[0].state, RequestState::attempted);
  world.append_error.reset();
  loop.advance(retry_first_ms);
  EXPECT_EQ(world.requests[0].state, RequestState::done);
  EXPECT_EQ(world.calls.size(), 1u);
}

TEST_F(OutboxTest, StopsOnceNothingIsUnderWay) {
  world.add(1);
  world.add(2, 8);
  start();
  bool stopped = false;
  outbox->stop([&] { stopped = true; });
  loop.run();
  world.answer(done());
  EXPECT_FALSE(stopped);
  world.answer(done());
  EXPECT_TRUE(stopped);
  world.add(3, 7);
  outbox->pump();
  loop.run();
  EXPECT_EQ(world.calls.size(), 2u);
}

}  // namespace
}  // namespace deskmate::daemon
