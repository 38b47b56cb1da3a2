// thread.tail and thread.claim, through the C ABI.
#include "deskmate/thread.hpp"

#include <gtest/gtest.h>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/bench.hpp"

namespace deskmate {
namespace {

using testing::entry_of;
using testing::FakeHost;

// Answers as the thread's name says.
class Channel : public Connector {
 public:
  Result<void> begin(Session& desk) override {
    if (desk.setting<bool>("down", false)) return Error{Status::unavailable, "no connection", {}};
    return {};
  }
  Result<void> poll(Session&) override { return {}; }
  Tail tail(Session&, const Thread& thread) override {
    const auto name = thread.ref("thread");
    if (name == "throws") throw std::runtime_error("a bug");
    if (name == "broken") return Error{Status::not_found, "no such folder", {}};
    if (name == "untold") return Tail::cannot_tell("the channel keeps no history");
    return name == "answered" && thread.since_ms == 17 ? Tail::answered() : Tail::unanswered();
  }
  Claim claim(Session&, const Thread& thread) override {
    const auto name = thread.ref("message");
    if (name == "throws") throw std::runtime_error("a bug");
    if (name == "broken") return Error{Status::not_found, "no such folder", {}};
    if (name == "untold") return Claim::cannot_tell("the server has no claims");
    return thread.claimer == "peer a" && !thread.automatic ? Claim::mine() : Claim::taken();
  }
};

class Plain : public Connector {
 public:
  Result<void> poll(Session&) override { return {}; }
};

Value tail_of(const std::string& name) {
  Thread thread;
  thread.chat.bytes.back() = 1;
  thread.refs = Value::map({{"thread", name}});
  thread.since_ms = 17;
  return thread.to_params();
}

Value claim_of(const std::string& name, const std::string& claimer, bool automatic = false) {
  Thread thread;
  thread.chat.bytes.back() = 1;
  thread.refs = Value::map({{"message", name}});
  thread.claimer = claimer;
  thread.automatic = automatic;
  return thread.to_params();
}

TEST(ThreadMethods, TellWhetherAThreadWasAnswered) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Channel>));
  const auto answered = host.request("thread.tail", tail_of("answered"));
  ASSERT_TRUE(answered);
  EXPECT_TRUE((*answered)["answered"].as_bool());
  const auto unanswered = host.request("thread.tail", tail_of("unanswered"));
  ASSERT_TRUE(unanswered);
  EXPECT_FALSE((*unanswered)["answered"].as_bool(true));
  // Whatever is no answer must not look like one.
  for (const char* name : {"untold", "broken", "throws"}) {
    const auto untold = host.request("thread.tail", tail_of(name));
    ASSERT_FALSE(untold) << name;
    EXPECT_EQ(untold.error().code, Status::unavailable) << name;
  }
}

TEST(ThreadMethods, ClaimAMessage) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Channel>));
  const auto claimed = [&](const Value& params) {
    const auto answer = host.request("thread.claim", params);
    return answer ? std::string((*answer)["claim"].as_str()) : to_string(answer.error().code);
  };
  EXPECT_EQ(claimed(claim_of("m", "peer a")), "mine");
  EXPECT_EQ(claimed(claim_of("m", "peer b")), "taken");
  EXPECT_EQ(claimed(claim_of("m", "peer a", true)), "taken");
  EXPECT_EQ(claimed(claim_of("untold", "peer a")), "cannot tell");
  for (const char* name : {"broken", "throws"}) {
    EXPECT_EQ(claimed(claim_of(name, "peer a")), to_string(Status::unavailable)) << name;
  }
}

TEST(ThreadMethods, AreNotOfferedByDefault) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Plain>));
  EXPECT_EQ(host.request("thread.tail", tail_of("t")).error().code, Status::not_found);
  EXPECT_EQ(host.request("thread.claim", claim_of("m", "peer a")).error().code, Status::not_found);
}

TEST(ThreadMethods, WaitForTheConnection) {
  FakeHost host;
  host.set_setting("down", true);
  ASSERT_TRUE(host.start(entry_of<Channel>));
  EXPECT_EQ(host.request("thread.tail", tail_of("answered")).error().code, Status::unavailable);
  EXPECT_EQ(host.request("thread.claim", claim_of("m", "peer a")).error().code,
            Status::unavailable);
}

TEST(ThreadMethods, RefuseWhatIsNoThread) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Channel>));
  EXPECT_EQ(host.request("thread.tail", Value::map()).error().code, Status::invalid);
  EXPECT_EQ(host.request("thread.claim", tail_of("t")).error().code, Status::invalid);
}

TEST(ThreadMethods, SurviveTheWayToParamsAndBack) {
  const Thread thread = Thread::from(claim_of("m", "peer a", true));
  EXPECT_EQ(thread.ref("message"), "m");
  EXPECT_EQ(thread.claimer, "peer a");
  EXPECT_TRUE(thread.automatic);
  EXPECT_EQ(thread.chat.bytes.back(), 1);
  EXPECT_EQ(Thread::from(tail_of("t")).since_ms, 17);
}

}  // namespace
}  // namespace deskmate
