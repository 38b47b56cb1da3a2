// What a plugin may rely on, in both isolations alike.
#include <deskmate/ext/kv.h>
#include <deskmate/ext/log.h>
#include <deskmate/ext/reader.h>
#include <deskmate/ext/timer.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/host/test_desk.hpp"
#include "core/host/test_server.hpp"

namespace deskmate::host {
namespace {

Value n(int number) { return Value::map({{"type", "order.seen"}, {"n", number}}); }

class PluginTest : public testing::TestWithParam<Isolation> {
 protected:
  void add(Value settings = nullptr) {
    desk_.add("shop", "probe", std::move(settings), GetParam());
    ASSERT_EQ(desk_.state("shop"), State::running) << desk_.status("shop").last.text().en;
  }
  Result<Value> ask(const std::string& method, const Value& params = Value::map()) {
    return desk_.ask("shop", "probe." + method, params);
  }
  // Everything that the probe's reader has been given, once there are so many.
  Value seen(const std::string& reader, std::size_t count) {
    Value all;
    const bool enough = desk_.run_until([&] {
      all = ask("seen", Value::map({{"name", reader}})).value_or(Value());
      return all.size() >= count;
    });
    EXPECT_TRUE(enough);
    return all;
  }
  void restart() {
    ASSERT_TRUE(desk_.plugins->restart("shop"));
    ASSERT_TRUE(desk_.run_until([&] {
      const auto status = desk_.status("shop");
      return status.starts == 2 && status.state == State::running;
    }));
  }

  TestDesk desk_;
};

INSTANTIATE_TEST_SUITE_P(Both, PluginTest, testing::Values(Isolation::process, Isolation::daemon),
                         [](const auto& of) {
                           return of.param == Isolation::process ? "process" : "daemon";
                         });

TEST_P(PluginTest, KnowsItsInstanceAndSettings) {
  add(Value::map({{"greeting", "你好"}}));
  EXPECT_EQ(*ask("settings"), Value::map({{"instance", "shop"},
                                          {"greeting", "你好"},
                                          {"undeclared", nullptr},
                                          {"deadline_ms", 5'000}}));
}

TEST_P(PluginTest, AppendsWhatItsManifestSays) {
  add();
  const auto appended = ask("append", n(7));
  ASSERT_TRUE(appended) << appended.error().message;
  EXPECT_EQ((*appended)[std::size_t{0}]["arrival"].as_uint(), 1U);
  EXPECT_EQ(desk_.log.events.at(0).facts, encode(Value::map({{"n", 7}})));
  EXPECT_EQ(ask("append", Value::map({{"type", "member.set"}})).error().code, Status::denied);
  EXPECT_EQ(desk_.log.events.size(), 1U);
  ASSERT_EQ(desk_.status("shop").denied.size(), 1U);
  EXPECT_EQ(desk_.changes("shop", "denied"), 1U);
}

TEST_P(PluginTest, ReadsFromTheStartAndResumesBehindItsCursor) {
  add();
  for (int i = 1; i <= 3; ++i) desk_.append("order.seen", {{"n", i}}, {{"name", "Ann"}});
  desk_.append("message.received");
  const Value open = Value::map({{"name", "orders"}, {"topic", "order.*"}});
  ASSERT_TRUE(ask("open", open));
  const Value all = seen("orders", 3);
  EXPECT_EQ(all[std::size_t{2}], Value::map({{"arrival", 3},
                                             {"type", "order.seen"},
                                             {"facts", Value::map({{"n", 3}})},
                                             {"body", Value::map({{"name", "Ann"}})}}));
  ASSERT_TRUE(ask("commit", Value::map({{"name", "orders"}, {"arrival", 2}})));
  restart();
  ASSERT_TRUE(ask("open", open));
  EXPECT_EQ(seen("orders", 1)[std::size_t{0}]["arrival"].as_uint(), 3U);
  EXPECT_EQ(ask("open", Value::map({{"name", "more"}, {"topic", "message.*"}})).error().code,
            Status::denied);
}

TEST_P(PluginTest, GetsMoreEventsThanTheWindowAsItCommits) {
  add(Value::map({{"copies", true}}));
  constexpr std::size_t count = 3 * std::size_t{DM_READER_WINDOW};
  for (std::size_t i = 0; i < count; ++i) desk_.append("order.seen", {{"n", i}});
  EXPECT_TRUE(desk_.run_until([&] { return desk_.count("message.received") == count; }));
}

TEST_P(PluginTest, GoesOnReadingAfterTheDiskWasSlowWithItsCommits) {
  // What a session's requests would hold, were each batch's commit one, and a window more.
  constexpr std::size_t at_least =
      bus::SessionLimits{}.requests_max * bus::batch_events_max + DM_READER_WINDOW;
  constexpr std::size_t count = at_least + 10 * std::size_t{DM_READER_WINDOW};
  for (std::size_t i = 0; i < count; ++i) desk_.append("order.seen", {{"n", i}});
  desk_.log.slow = true;
  add(Value::map({{"follows", true}}));
  ASSERT_TRUE(desk_.run_until([&] {
    const auto readers = desk_.hub.report();
    return readers.size() == 1 && readers[0].sent >= at_least;
  }));
  ASSERT_TRUE(ask("settings"));  // so it has seen them
  desk_.log.slow = false;
  desk_.log.let_go();
  EXPECT_TRUE(desk_.run_until([&] { return desk_.log.cursors["shop/follower"] == count; }));
}

TEST_P(PluginTest, MovesItsCursorAfterTheDiskHadNoRoomForIt) {
  for (int i = 1; i <= 3; ++i) desk_.append("order.seen", {{"n", i}});
  desk_.log.refusals = 2;
  add(Value::map({{"follows", true}}));
  EXPECT_TRUE(desk_.run_until([&] { return desk_.log.cursors["shop/follower"] == 3; }));
  EXPECT_EQ(desk_.log.refusals, 0);
}

// Commits that the plugin asked for while the first was under way, and what came of them.
class PluginCommitTest : public PluginTest {
 protected:
  void open() {
    for (int i = 1; i <= 9; ++i) desk_.append("order.seen", {{"n", i}});
    ASSERT_TRUE(ask("open", Value::map({{"name", "orders"}, {"topic", "order.*"}})));
    seen("orders", 9);
    desk_.log.slow = true;
  }
  void commit(std::uint64_t arrival) {
    const Value params = Value::map({{"name", "orders"}, {"arrival", arrival}});
    ASSERT_TRUE(desk_.bus.call("shop", "probe.commit", params, 5'000,
                               [this, arrival](const Result<std::string>& result) {
                                 came_[arrival] = result ? Status::ok : result.error().code;
                               }));
  }
  // The plugin has taken what was asked of it so far.
  void settle() { ASSERT_TRUE(ask("settings")); }
  void let_go_until(std::size_t count) {
    desk_.log.slow = false;
    desk_.log.let_go();
    EXPECT_TRUE(desk_.run_until([&] { return came_.size() == count; }));
  }
  std::uint64_t cursor() { return desk_.log.cursors["shop/orders"]; }

  std::map<std::uint64_t, Status> came_;
};

INSTANTIATE_TEST_SUITE_P(Both, PluginCommitTest,
                         testing::Values(Isolation::process, Isolation::daemon),
                         [](const auto& of) {
                           return of.param == Isolation::process ? "process" : "daemon";
                         });

TEST_P(PluginCommitTest, OneIsUnderWayAndTheOthersAreOne) {
  add();
  open();
  for (std::uint64_t arrival = 1; arrival <= 6; ++arrival) commit(arrival);
  settle();
  EXPECT_TRUE(came_.empty());
  let_go_until(6);
  for (const auto& [arrival, status] : came_) EXPECT_EQ(status, Status::ok) << arrival;
  EXPECT_EQ(cursor(), 6U);
  EXPECT_EQ(desk_.log.cursors_moved, 2U);
}

TEST_P(PluginCommitTest, AWrongOneSpoilsNoOther) {
  add();
  open();
  for (const std::uint64_t arrival : {1U, 5U, 700U, 3U, 800U}) commit(arrival);
  settle();
  let_go_until(5);
  EXPECT_EQ(came_, (std::map<std::uint64_t, Status>{{1, Status::ok},
                                                    {3, Status::ok},
                                                    {5, Status::ok},
                                                    {700, Status::invalid},
                                                    {800, Status::invalid}}));
  EXPECT_EQ(cursor(), 5U);
}

TEST_P(PluginCommitTest, ARefusalIsToldAndTheCursorMovesLaterAllTheSame) {
  add();
  open();
  desk_.log.refusals = 1;
  commit(4);
  settle();
  let_go_until(1);
  EXPECT_EQ(came_.at(4), Status::unavailable);
  EXPECT_TRUE(desk_.run_until([&] { return cursor() == 4; }));
}

TEST_P(PluginCommitTest, ClosingAndStoppingLoseNone) {
  add();
  open();
  commit(1);
  commit(7);
  settle();
  ASSERT_TRUE(ask("close", Value::map({{"name", "orders"}})));
  let_go_until(2);
  EXPECT_EQ(came_.at(7), Status::ok);
  EXPECT_EQ(cursor(), 7U);

  ASSERT_TRUE(ask("open", Value::map({{"name", "orders"}, {"topic", "order.*"}})));
  seen("orders", 11);  // those behind the cursor, too
  desk_.log.slow = true;
  commit(8);
  commit(9);
  settle();
  ASSERT_TRUE(desk_.plugins->restart("shop"));
  ASSERT_TRUE(desk_.run_until([&] { return desk_.status("shop").starts == 2; }));
  desk_.log.let_go();
  EXPECT_EQ(cursor(), 9U);
}

TEST_P(PluginTest, LosesNothingWhenItIsReplacedWhileEventsFlow) {
  add(Value::map({{"copies", true}}));
  int appended = 0;
  std::uint64_t next_ms = 0;
  const auto flow = [&] {
    for (int i = 0; i < 20; ++i) desk_.append("order.seen", {{"n", ++appended}});
  };
  for (std::uint32_t round = 2; round <= 4; ++round) {
    flow();
    ASSERT_TRUE(desk_.run_until([&] { return desk_.count("message.received") > 0; }));
    flow();
    ASSERT_TRUE(desk_.plugins->replace(
        {"shop", TestDesk::plugin("probe"), GetParam(), Value::map({{"copies", true}})}));
    ASSERT_TRUE(desk_.run_until([&] {
      // Every few milliseconds, however often this is asked.
      if (desk_.loop.now_ms() >= next_ms) {
        desk_.append("order.seen", {{"n", ++appended}});
        next_ms = desk_.loop.now_ms() + 3;
      }
      const auto status = desk_.status("shop");
      return status.starts == round && status.state == State::running;
    }));
  }
  ASSERT_TRUE(desk_.run_until(
      [&] { return desk_.count("message.received") == static_cast<std::size_t>(appended); }));
  // The cursor moves with the copies, so there is exactly one of each, in order.
  std::vector<std::uint64_t> copied;
  for (const TestEvent& event : desk_.log.events) {
    if (event.type == "message.received") {
      copied.push_back((*decode(event.facts))["copy_of"].as_uint());
    }
  }
  EXPECT_TRUE(std::is_sorted(copied.begin(), copied.end()));
  EXPECT_EQ(std::adjacent_find(copied.begin(), copied.end()), copied.end());
}

TEST_P(PluginTest, KeepsValues) {
  add();
  const Value key = Value::map({{"key", Value::bin("position")}});
  EXPECT_TRUE(ask("get", key)->is_nil());
  ASSERT_TRUE(
      ask("put", Value::map({{"key", Value::bin("position")}, {"value", Value::bin("42")}})));
  restart();
  EXPECT_EQ(ask("get", key)->as_bin(), "42");
  const std::string long_key(DM_KV_KEY_MAX + 1, 'k');
  EXPECT_EQ(ask("get", Value::map({{"key", Value::bin(long_key)}})).error().code, Status::limit);
}

TEST_P(PluginTest, GetsTheSecretsThatItsManifestNames) {
  desk_.secrets_folder.write("shop.toml", "password = \"s3cret\"\nother = \"no\"\n");
  add();
  EXPECT_EQ(ask("secret", Value::map({{"name", "password"}}))->as_str(), "s3cret");
  EXPECT_EQ(ask("secret", Value::map({{"name", "never_set"}})).error().code, Status::not_found);
  EXPECT_EQ(ask("secret", Value::map({{"name", "other"}})).error().code, Status::denied);
  EXPECT_FALSE(desk_.logged("s3cret"));
  EXPECT_EQ(desk_.status("shop").denied.size(), 1U);
}

TEST_P(PluginTest, HasTimers) {
  add();
  EXPECT_EQ(ask("timer")->as_int(), 3);
  EXPECT_EQ(ask("timers")->as_uint(), std::uint64_t{DM_TIMERS_MAX});
}

TEST_P(PluginTest, WritesToTheLog) {
  add();
  ASSERT_TRUE(ask("log", Value::map({{"line", "all is well"}})));
  EXPECT_TRUE(desk_.run_until([&] { return desk_.logged("shop: all is well"); }));
  const std::string most(DM_LOG_LINE_MAX, 'x');
  ASSERT_TRUE(ask("log", Value::map({{"line", most + "beyond"}})));
  EXPECT_TRUE(desk_.run_until([&] { return desk_.logged("shop: " + most); }));
  EXPECT_FALSE(desk_.logged("beyond"));
}

TEST_P(PluginTest, FetchesFromTheHostOfItsSetting) {
  TestServer server(desk_.context);
  server.on("/api", TestServer::answer(200, "X: y\r\n", "body"));
  server.on("/never", std::string());
  add(Value::map({{"url", server.url("/anything")}}));
  const auto answer = ask("fetch", Value::map({{"url", server.url("/api")}}));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, Value::map({{"status", 200},
                                 {"headers", Value::map({{"x", "y"}, {"content-length", "4"}})},
                                 {"body", Value::bin("body")}}));
  EXPECT_EQ(ask("fetch", Value::map({{"url", "https://other.invalid/"}})).error().code,
            Status::denied);
  ASSERT_EQ(desk_.status("shop").denied.size(), 1U);

  Status cancelled = Status::ok;
  ASSERT_TRUE(desk_.bus.call("shop", "probe.fetch", Value::map({{"url", server.url("/never")}}),
                             5'000, [&](const Result<std::string>& result) {
                               cancelled = result ? Status::ok : result.error().code;
                             }));
  ASSERT_TRUE(desk_.run_until([&] { return server.count("/never") == 1; }));
  ASSERT_TRUE(ask("cancel_fetch"));
  EXPECT_TRUE(desk_.run_until([&] { return cancelled == Status::cancelled; }));
}

TEST_P(PluginTest, StoresFiles) {
  add();
  EXPECT_EQ(ask("file", Value::map({{"bytes", Value::bin("an attachment")}}))->as_bin(),
            "an attachment");
}

TEST_P(PluginTest, IsToldWhenNobodyWaitsForItsAnswerAnyMore) {
  add();
  EXPECT_EQ(desk_.ask("shop", "probe.later", Value::map(), 30).error().code, Status::deadline);
  EXPECT_TRUE(desk_.run_until([&] { return ask("cancelled")->as_int() == 1; }));
  EXPECT_EQ(ask("nonsense").error().code, Status::not_found);
}

TEST_P(PluginTest, MayNotUseTheOwnersMethods) {
  desk_.bus.method("desk.erase", [](const bus::Call&, bus::Answer answer) { answer.ok(nullptr); });
  add();
  EXPECT_EQ(ask("ask", Value::map({{"method", "desk.erase"}})).error().code, Status::denied);
  EXPECT_EQ(desk_.status("shop").denied.size(), 1U);
}

TEST_P(PluginTest, R19_ActsForAMemberWhereManifestAndOwnerSaySo) {
  for (const char* method : {"desk.reply", "desk.close"}) {
    desk_.bus.method(method, [](const bus::Call& call, bus::Answer answer) {
      answer.ok(Value(call.session->rights().member));
    });
  }
  const auto start = [&](const char* name, std::uint32_t member, std::vector<std::string> may) {
    InstanceConfig config;
    config.name = name;
    config.folder = TestDesk::plugin("probe");
    config.isolation = GetParam();
    config.member = member;
    config.may = std::move(may);
    ASSERT_TRUE(desk_.plugins->add(config));
    ASSERT_TRUE(desk_.run_until([&] { return desk_.state(name) == State::running; }));
  };
  const auto asks = [&](const char* name, const char* method) {
    return desk_.ask(name, "probe.ask", Value::map({{"method", method}}));
  };
  start("for-ann", 7, {"desk.reply", "desk.close"});
  EXPECT_EQ(asks("for-ann", "desk.reply")->as_uint(), 7U);
  EXPECT_EQ(asks("for-ann", "desk.close").error().code, Status::denied);  // not in its manifest
  start("for-viewer", 8, {"desk.chats"});
  EXPECT_EQ(asks("for-viewer", "desk.reply").error().code, Status::denied);
  start("for-nobody", 0, {"desk.reply"});
  EXPECT_EQ(asks("for-nobody", "desk.reply").error().code, Status::denied);
}

TEST_P(PluginTest, R19_SaysWhatIsWrongUntilItEnds) {
  add();
  EXPECT_EQ(desk_.status("shop").trouble, Text());
  const auto says = [&](const Value& trouble) {
    const auto said = ask("ask", Value::map({{"method", "plugin.trouble"}, {"params", trouble}}));
    EXPECT_TRUE(said) << said.error().message;
  };
  says(Value::map({{"en", "no\nanswer"}, {"zh", "没有回应"}}));
  EXPECT_EQ(desk_.status("shop").trouble, (Text{"no answer", "没有回应"}));
  says(Value::map({{"en", std::string(5'000, 'x')}}));
  EXPECT_EQ(desk_.status("shop").trouble.en.size(), trouble_bytes_max);
  ASSERT_TRUE(desk_.plugins->stop("shop"));
  ASSERT_TRUE(desk_.run_until([&] { return desk_.state("shop") == State::off; }));
  EXPECT_EQ(desk_.status("shop").trouble, Text());
}

TEST_P(PluginTest, CanBeStoppedStartedAndRemoved) {
  add();
  EXPECT_TRUE(desk_.plugins->performs("shop", "reply"));
  EXPECT_FALSE(desk_.plugins->performs("shop", "refund"));
  ASSERT_TRUE(desk_.plugins->stop("shop"));
  ASSERT_TRUE(desk_.run_until([&] { return desk_.state("shop") == State::off; }));
  EXPECT_FALSE(desk_.plugins->performs("shop", "reply"));
  EXPECT_EQ(desk_.status("shop").last.cause, Cause::owner);
  EXPECT_EQ(desk_.changes("shop", "stopped"), 1U);
  EXPECT_EQ(ask("settings").error().code, Status::unavailable);
  ASSERT_TRUE(desk_.plugins->start("shop"));
  ASSERT_TRUE(desk_.run_until([&] { return desk_.state("shop") == State::running; }));
  ASSERT_TRUE(ask("settings"));
  ASSERT_TRUE(desk_.plugins->remove("shop"));
  ASSERT_TRUE(desk_.run_until([&] { return desk_.plugins->status().empty(); }));
  EXPECT_EQ(desk_.plugins->stop("shop").error().code, Status::not_found);
  EXPECT_EQ(desk_.changes("shop", "crashed"), 0U);
}

TEST_P(PluginTest, RunsBesideOthersOfTheSameLibrary) {
  add();
  desk_.add("second", "probe", Value::map({{"greeting", "two"}}), GetParam());
  EXPECT_EQ((*desk_.ask("second", "probe.settings"))["greeting"].as_str(), "two");
  EXPECT_EQ((*ask("settings"))["greeting"].as_str(), "hello");
  bool stopped = false;
  desk_.plugins->stop_all([&] { stopped = true; });
  EXPECT_TRUE(desk_.run_until([&] { return stopped; }));
  EXPECT_EQ(desk_.state("shop"), State::off);
  EXPECT_EQ(desk_.state("second"), State::off);
  EXPECT_FALSE(desk_.plugins->start("shop"));
}

}  // namespace
}  // namespace deskmate::host
