#include "notify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deskmate/testing/bench.hpp>
#include <deskmate/testing/fake_host.hpp>

namespace deskmate::notify {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Id id(std::uint8_t number) {
  Id out;
  out.bytes.back() = number;
  return out;
}

// A desk with member 1, whose chats the test says, and a channel that keeps what it is given.
class NotifyTest : public ::testing::Test {
 protected:
  NotifyTest() : host_("phone") {
    host_.set_setting("channel", "mail");
    host_.set_setting("to", "Ann@Phone.test");
    host_.set_setting("gather_s", 0);
    host_.set_setting("heartbeat_method", "POST");
    host_.set_method("desk.status", [this](const Value&) -> Result<Value> {
      return Value::map({{"language", language_},
                         {"chats", Value::map({{"open", 3}, {"waiting", 2}, {"queued", 1}})},
                         {"requests", Value::map({{"unknown", 0}})},
                         {"plugins", Value::map({{"all", 2}, {"running", 2}})}});
    });
    host_.set_method("desk.members", [this](const Value&) -> Result<Value> {
      return Value::map(
          {{"self", 1},
           {"members", Value::array({Value::map(
                           {{"number", 1}, {"presence", presence_}, {"on_shift", true}})})}});
    });
    host_.set_method("desk.chats", [this](const Value& params) -> Result<Value> {
      Array rows;
      for (const auto& [number, text] : chats_) {
        const bool mine = number < 100;
        if (mine != (params["view"].as_str() == "open")) continue;
        rows.push_back(row(number));
      }
      return Value::map({{"chats", rows}});
    });
    host_.set_method("desk.chat", [this](const Value& params) -> Result<Value> {
      for (const auto& [number, text] : chats_) {
        if (id(number).hex() != params["chat"].as_str()) continue;
        Value out = row(number);
        out["entries"].push_back(Value::map({{"kind", "received"}, {"text", "long answered"}}));
        out["entries"].push_back(Value::map({{"kind", "reply"}, {"text", "yes"}}));
        out["entries"].push_back(Value::map({{"kind", "received"}, {"text", text}}));
        for (const Value& reply : replies_) {
          if (reply["chat"] != params["chat"]) continue;
          out["entries"].push_back(Value::map({{"kind", "reply"},
                                               {"text", reply["text"]},
                                               {"key", reply["key"]},
                                               {"at_ms", host_.now_ms()}}));
        }
        return out;
      }
      return Error{Status::not_found, "no such chat", "chat"};
    });
    host_.set_method("desk.reply", [this](const Value& params) -> Result<Value> {
      if (refusal_) return *refusal_;
      replies_.push_back(params);
      return Value::map({{"event", "00"}});
    });
    host_.set_method("notice.perform", [this](const Value& params) -> Result<Value> {
      if (channel_error_) return *channel_error_;
      notices_.push_back(params);
      return Value::map({{"outcome", "done"}});
    });
    host_.set_method("plugin.trouble", [this](const Value& params) -> Result<Value> {
      troubles_.push_back(params);
      return Value();
    });
  }

  Value row(std::uint8_t number) const {
    Value out = Value::map({{"id", id(number).hex()},
                            {"chat", number},
                            {"shop", "box"},
                            {"waiting_since_ms", testing::start_ms}});
    if (number < 100) out["member"] = 1;
    return out;
  }

  void start() {
    bench_ = std::make_unique<testing::Bench<Notify>>(host_);
    ASSERT_TRUE(bench_->begin());
    host_.run();
  }

  // Polls, and performs what was asked for as the outbox would.
  void tick() {
    ASSERT_TRUE(bench_->poll());
    const auto all = host_.events("notice.requested");
    for (; performed_ < all.size(); ++performed_) {
      Action action;
      action.request = all[performed_].id;
      action.kind = "notice";
      action.facts = all[performed_].facts;
      action.body = all[performed_].body;
      outcomes_.push_back(bench_->perform(action));
    }
  }

  // The member answers the last notice.
  void answer(const std::string& text, std::uint8_t message, std::optional<std::uint8_t> chat,
              const std::string& sender = "ann@phone.test") {
    Value facts = Value::map({{"shop", "mail"},
                              {"request", host_.events("notice.requested").back().id.to_value()},
                              {"message", id(message).to_value()},
                              {"at", host_.now_ms()}});
    if (chat) facts["chat"] = id(*chat).to_value();
    const Value body = Value::map({{"text", text}, {"refs", Value::map({{"sender", sender}})}});
    const std::string facts_bytes = encode(facts);
    const std::string body_bytes = encode(body);
    Event event;
    event.arrival = ++arrival_;
    event.type = "notice.answered";
    event.facts = facts_bytes;
    event.body = body_bytes;
    bench_->connector().take({&event, 1});
  }

  std::string last_text() const {
    return notices_.empty() ? "" : std::string(notices_.back()["body"]["text"].as_str());
  }

  testing::FakeHost host_;
  std::unique_ptr<testing::Bench<Notify>> bench_;
  std::string presence_ = "away";
  std::string language_ = "en";
  std::map<std::uint8_t, std::string> chats_{{41, "Where is my parcel?"}};
  std::vector<Value> replies_;
  std::vector<Value> notices_;
  std::vector<Value> troubles_;
  std::vector<Outcome> outcomes_;
  std::optional<Error> refusal_;
  std::optional<Error> channel_error_;
  std::size_t performed_ = 0;
  std::uint64_t arrival_ = 0;
};

TEST_F(NotifyTest, R19_AwayTheMemberIsToldOnceThroughTheChannel) {
  start();
  tick();
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_EQ(notices_[0]["channel"].as_str(), "mail");
  EXPECT_EQ(notices_[0]["body"]["to"].as_str(), "ann@phone.test");
  EXPECT_THAT(last_text(), HasSubstr("Where is my parcel?"));
  EXPECT_THAT(last_text(), Not(HasSubstr("long answered")));
  tick();
  EXPECT_EQ(notices_.size(), 1u);
  // Neither the log nor the store has what the buyer wrote.
  const auto event = host_.events("notice.requested").at(0);
  EXPECT_THAT(encode(event.facts) + encode(event.body), Not(HasSubstr("parcel")));
  for (const auto& [key, value] : host_.kv()) EXPECT_THAT(value, Not(HasSubstr("parcel"))) << key;
}

TEST_F(NotifyTest, R19_AtTheDeskOrMutedNothingIsSent) {
  presence_ = "online";
  start();
  tick();
  presence_ = "back_soon";
  tick();
  EXPECT_TRUE(notices_.empty());
  host_.set_setting("mute", true);
  presence_ = "away";
  start();
  tick();
  EXPECT_TRUE(notices_.empty());
}

TEST_F(NotifyTest, R19_OfSeveralChatsTheQueueToo) {
  chats_ = {{41, "one"}, {142, "two"}};
  language_ = "zh";
  start();
  tick();
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_EQ(notices_[0]["body"]["subject"].as_str(), "Deskmate：2 个会话等待回复");
  EXPECT_THAT(last_text(), HasSubstr("#142"));
}

TEST_F(NotifyTest, R19_WithoutTextNothingOfTheBuyerLeaves) {
  host_.set_setting("text", false);
  start();
  tick();
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_THAT(last_text(), HasSubstr("#41"));
  EXPECT_THAT(last_text(), Not(HasSubstr("parcel")));
}

TEST_F(NotifyTest, R19_WhoWasAnsweredMeanwhileIsNotToldOf) {
  start();
  ASSERT_TRUE(bench_->poll());
  chats_.clear();
  tick();
  EXPECT_TRUE(notices_.empty());
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_TRUE(outcomes_[0].is_failed());
}

TEST_F(NotifyTest, R19_TheSameNoticeAgainAfterACrashIsADuplicate) {
  start();
  host_.fail_next("append", {Status::unavailable, "the disk is full", ""});
  ASSERT_TRUE(bench_->poll());
  EXPECT_TRUE(host_.events("notice.requested").empty());
  host_.advance(60'000);
  start();  // a new instance, with what the store has
  tick();
  EXPECT_EQ(host_.events("notice.requested").size(), 1u);
  EXPECT_EQ(notices_.size(), 1u);
}

TEST_F(NotifyTest, R19_AnAnswerGoesOutAsTheReplyOnce) {
  start();
  tick();
  answer("It left today.", 1, 41);
  tick();
  ASSERT_EQ(replies_.size(), 1u);
  EXPECT_EQ(replies_[0]["chat"].as_str(), id(41).hex());
  EXPECT_EQ(replies_[0]["text"].as_str(), "It left today.");
  EXPECT_EQ(replies_[0]["key"].as_str(), "notice-" + id(1).hex());
  answer("It left today.", 1, 41);  // by another peer's connector, too
  answer("It left today.", 2, 41);  // the same mail with another id: somebody repeats it
  tick();
  EXPECT_EQ(replies_.size(), 1u);
  answer("And it is blue.", 3, 41);  // the member goes on
  tick();
  EXPECT_EQ(replies_.size(), 2u);
}

TEST_F(NotifyTest, R19_ACrashBetweenReplyAndNoteSendsNothingTwice) {
  start();
  tick();
  answer("It left today.", 1, 41);
  host_.fail_next("kv.put", {Status::unavailable, "killed", ""});
  tick();
  ASSERT_EQ(replies_.size(), 1u);
  start();
  answer("It left today.", 1, 41);
  tick();
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(NotifyTest, R19_AStrangersAnswerIsNotHeard) {
  start();
  tick();
  answer("Send it to Mallory.", 1, 41, "mallory@evil.test");
  tick();
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(notices_.size(), 1u);  // and gets no mail
  EXPECT_THAT(host_.log(), Contains(HasSubstr("from another address")));
  // Nor does the owner's address help without a notice that was sent.
  Value facts = Value::map(
      {{"request", id(99).to_value()}, {"message", id(7).to_value()}, {"chat", id(41).to_value()}});
  const std::string facts_bytes = encode(facts);
  const std::string body_bytes =
      encode(Value::map({{"text", "Hi"}, {"refs", Value::map({{"sender", "ann@phone.test"}})}}));
  Event event;
  event.facts = facts_bytes;
  event.body = body_bytes;
  bench_->connector().take({&event, 1});
  tick();
  EXPECT_TRUE(replies_.empty());
}

TEST_F(NotifyTest, R19_AnOldNoticeIsNotAnsweredAndTheMemberIsTold) {
  host_.set_setting("answer_hours", 1);
  host_.set_setting("overdue_minutes", 0);
  start();
  tick();
  host_.advance(2 * hour_ms);
  answer("It left today.", 1, 41);
  tick();
  EXPECT_TRUE(replies_.empty());
  ASSERT_EQ(notices_.size(), 2u);
  EXPECT_THAT(last_text(), HasSubstr("too old"));
}

TEST_F(NotifyTest, R19_WhatTheDeskRefusesIsToldWithItsReason) {
  start();
  tick();
  refusal_ = Error{Status::denied, "the chat is another member's", "chat"};
  answer("It left today.", 1, 41);
  tick();
  ASSERT_EQ(notices_.size(), 2u);
  EXPECT_THAT(last_text(), HasSubstr("the chat is another member's"));
  answer("It left.", 2, std::nullopt);
  tick();
  EXPECT_THAT(last_text(), HasSubstr("Which chat"));
  // A machine that answers every notice comes to an end.
  for (std::uint8_t n = 10; n < 40; ++n) {
    answer("I am on holiday.", n, std::nullopt);
    tick();
  }
  EXPECT_LE(notices_.size(), 6u);
}

TEST_F(NotifyTest, R19_ADeskThatIsBusyIsAskedAgain) {
  start();
  tick();
  refusal_ = Error{Status::unavailable, "the disk is full", ""};
  answer("It left today.", 1, 41);
  tick();
  EXPECT_TRUE(replies_.empty());
  refusal_.reset();
  tick();
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_F(NotifyTest, R19_AChannelThatIsAwayIsWaitedForAndShown) {
  channel_error_ = Error{Status::unavailable, "no plugin \"mail\"", "channel"};
  start();
  tick();
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_TRUE(outcomes_[0].is_failed());
  EXPECT_TRUE(outcomes_[0].to_map()["again"].as_bool());
  tick();
  ASSERT_FALSE(troubles_.empty());
  EXPECT_THAT(std::string(troubles_.back()["en"].as_str()), HasSubstr("mail"));
  EXPECT_THAT(std::string(troubles_.back()["zh"].as_str()), HasSubstr("没有正在运行"));
  // Cut off in between: nobody knows, so it is looked up.
  channel_error_ = Error{Status::deadline, "no answer in time", ""};
  Action action;
  action.request = host_.events("notice.requested").at(0).id;
  action.facts = host_.events("notice.requested").at(0).facts;
  EXPECT_TRUE(bench_->perform(action).is_unknown());
  EXPECT_TRUE(bench_->look_up(action).is_later());  // there is no such method: not now
  host_.set_method("notice.look_up", [](const Value&) -> Result<Value> {
    return Value::map({{"found", "yes"}});
  });
  EXPECT_TRUE(bench_->look_up(action).is_yes());
}

TEST_F(NotifyTest, R19_TheHeartbeatGoesOutAtItsIntervalAndItsFailureShows) {
  host_.set_setting("channel", "");
  host_.set_setting("heartbeat_url", "https://watch.example/ping");
  host_.set_setting("heartbeat_s", 60);
  int status = 200;
  host_.http().otherwise([&](const HttpRequest&) { return HttpResponse{status, {}, "OK"}; });
  start();
  tick();
  tick();
  ASSERT_EQ(host_.http().requests().size(), 1u);
  EXPECT_EQ(host_.http().requests()[0].method, "POST");
  EXPECT_THAT(host_.http().requests()[0].body, HasSubstr("status=ok\n"));
  EXPECT_THAT(host_.http().requests()[0].body, HasSubstr("chats_waiting=2"));
  status = 500;
  host_.advance(60'000);
  tick();
  ASSERT_EQ(host_.http().requests().size(), 2u);
  EXPECT_THAT(std::string(troubles_.back()["en"].as_str()), HasSubstr("HTTP 500"));
  status = 204;
  host_.advance(60'000);
  tick();
  EXPECT_EQ(troubles_.back()["en"].as_str(), "");
}

TEST_F(NotifyTest, R19_SettingsThatCannotBeAreNamed) {
  const std::pair<const char*, Value> bad[] = {
      {"quiet", "tonight"}, {"heartbeat_method", "PUT"}, {"to", " "}};
  for (const auto& [name, value] : bad) {
    testing::FakeHost host("phone");
    host.set_setting("channel", "mail");
    host.set_setting("to", "ann@phone.test");
    host.set_setting(name, value);
    testing::Bench<Notify> bench(host);
    const auto begun = bench.begin();
    ASSERT_FALSE(begun) << name;
    EXPECT_EQ(begun.error().where, name);
  }
}

TEST_F(NotifyTest, R19_ThroughTheRealWorkerAnswersMoveTheCursor) {
  ASSERT_TRUE(host_.start(testing::entry_of<Notify>));
  ASSERT_TRUE(host_.run_until([&] { return host_.events("notice.requested").size() == 1; }));
  const auto request = host_.events("notice.requested").at(0);
  const auto sent = host_.request("action.perform", Value::map({{"request", request.id.to_value()},
                                                                {"kind", "notice"},
                                                                {"facts", request.facts},
                                                                {"attempt", 1}}));
  ASSERT_TRUE(sent);
  host_.add_event("notice.answered",
                  Value::map({{"request", request.id.to_value()},
                              {"message", id(1).to_value()},
                              {"chat", id(41).to_value()}}),
                  Value::map({{"text", "It left today."},
                              {"refs", Value::map({{"sender", "ann@phone.test"}})}}));
  ASSERT_TRUE(host_.run_until([&] { return host_.cursor("answers") != 0; }));
  EXPECT_EQ(replies_.size(), 1u);
  host_.stop();
}

}  // namespace
}  // namespace deskmate::notify
