#include "core/bus/bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bus/test_session.hpp"

namespace deskmate::bus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BusTest : public testing::Test {
 protected:
  AdmitHandlers as(Rights rights) {
    AdmitHandlers handlers;
    handlers.on_hello = [rights = std::move(rights)](const Hello& hello) -> Result<Admission> {
      Admission admission;
      admission.name = hello.name;
      admission.rights = rights;
      return admission;
    };
    handlers.on_open = [this](Session& session) { opened.push_back(session.name()); };
    handlers.on_end = [this](Session& session, const Error& reason) {
      ended.push_back(session.name() + ": " + reason.where);
    };
    return handlers;
  }
  std::shared_ptr<Session> connect(const std::string& name, Rights rights,
                                   SessionHandlers handlers = {}) {
    MemoryPair pair = make_memory_pair(loop);
    bus.admit(std::move(pair.desk), as(std::move(rights)));
    auto guest = Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", name, "", ""},
                                  std::move(handlers));
    loop.run();
    return guest;
  }

  TestLoop loop;
  Bus bus{loop};
  std::vector<std::string> opened;
  std::vector<std::string> ended;
};

TEST_F(BusTest, MethodsAreFoundByNameThenFamily) {
  bus.method("kv.get", [](const Call& call, Answer answer) {
    answer.ok(Value::map({{"got", call.params["key"].as_str()}, {"by", call.session->name()}}));
  });
  bus.method("kv.*", [](const Call& call, Answer answer) { answer.ok(Value(call.method)); });
  const auto guest = connect("mail", plugin_rights());
  Outcome exact;
  Outcome family;
  Outcome none;
  ASSERT_TRUE(guest->request("kv.get", Value::map({{"key", "a"}}), 1'000, into(exact)));
  ASSERT_TRUE(guest->request("kv.put", Value::map(), 1'000, into(family)));
  ASSERT_TRUE(guest->request("reader.open", Value::map(), 1'000, into(none)));
  loop.run();
  EXPECT_EQ(exact.value["got"].as_str(), "a");
  EXPECT_EQ(exact.value["by"].as_str(), "mail");
  EXPECT_EQ(family.value, Value("kv.put"));
  EXPECT_EQ(none.status, Status::not_found);
  EXPECT_THAT(none.message, HasSubstr("reader.open"));
}

TEST_F(BusTest, WhatWasNotGrantedIsDeniedAndReported) {
  std::size_t called = 0;
  bus.method("desk.status", [&](const Call&, Answer answer) {
    ++called;
    answer.ok(Value());
  });
  std::vector<std::string> denied;
  bus.on_denied([&](Session& session, const Error& error) {
    denied.push_back(session.name() + " " + error.where);
  });
  const auto guest = connect("mail", plugin_rights());
  const auto owner = connect("cli", owner_rights());
  Outcome plugin_outcome;
  Outcome owner_outcome;
  ASSERT_TRUE(guest->request("desk.status", Value::map(), 1'000, into(plugin_outcome)));
  ASSERT_TRUE(owner->request("desk.status", Value::map(), 1'000, into(owner_outcome)));
  loop.run();
  EXPECT_EQ(plugin_outcome.status, Status::denied);
  EXPECT_THAT(plugin_outcome.message, HasSubstr("'mail'"));
  EXPECT_THAT(plugin_outcome.message, HasSubstr("desk.status"));
  EXPECT_EQ(owner_outcome.status, Status::ok);
  EXPECT_EQ(called, 1u);
  EXPECT_THAT(denied, ElementsAre("mail desk.status"));
}

TEST_F(BusTest, ParamsThatAreNoMapAreRefused) {
  bus.method("kv.get", [](const Call&, Answer answer) { answer.ok(Value()); });
  const auto guest = connect("mail", plugin_rights());
  for (const std::string& params : {std::string("\xc1"), std::string("\x91\x01"), std::string()}) {
    Outcome outcome;
    ASSERT_TRUE(guest->request("kv.get", params, 1'000, into(outcome)));
    loop.run();
    EXPECT_EQ(outcome.status, Status::invalid);
  }
}

TEST_F(BusTest, TheDeskAsksAPluginByName) {
  SessionHandlers handlers;
  handlers.on_request = [](Session&, Incoming request, Answer answer) {
    answer.ok(Value(request.method));
  };
  const auto guest = connect("mail", plugin_rights(), std::move(handlers));
  Outcome outcome;
  ASSERT_TRUE(bus.call("mail", "action.perform", Value::map(), 1'000, into(outcome)));
  loop.run();
  EXPECT_EQ(outcome.value, Value("action.perform"));
  const auto absent = bus.call("shop", "action.perform", Value::map(), 1'000, into(outcome));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Status::unavailable);
  EXPECT_THAT(absent.error().message, HasSubstr("'shop'"));
  EXPECT_EQ(outcome.calls, 1u);
}

TEST_F(BusTest, APluginsNameIsTakenOnceAnOwnersMadeUnique) {
  const auto first = connect("mail", plugin_rights());
  const auto second = connect("mail", plugin_rights());
  EXPECT_TRUE(first->open());
  EXPECT_TRUE(second->ended());
  EXPECT_THAT(second->end_reason().message, HasSubstr("'mail' is connected already"));
  const auto cli = connect("cli", owner_rights());
  const auto cli2 = connect("cli", owner_rights());
  const auto cli3 = connect("cli", owner_rights());
  EXPECT_EQ(cli2->name(), "cli-2");
  EXPECT_EQ(cli3->name(), "cli-3");
  EXPECT_THAT(opened, ElementsAre("mail", "cli", "cli-2", "cli-3"));
  EXPECT_EQ(bus.sessions().size(), 4u);
}

TEST_F(BusTest, ANameIsFreeAgainAfterTheEnd) {
  auto first = connect("mail", plugin_rights());
  bus.find("mail")->end({Status::unavailable, "restart", "test"});
  EXPECT_EQ(bus.find("mail"), nullptr);
  const auto second = connect("mail", plugin_rights());
  EXPECT_TRUE(second->open());
  ASSERT_NE(bus.find("mail"), nullptr);
  EXPECT_TRUE(bus.find("mail")->open());
  EXPECT_THAT(ended, ElementsAre("mail: test"));
  EXPECT_EQ(bus.size(), 1u);
}

TEST_F(BusTest, ConnectionsAreLimited) {
  std::vector<std::unique_ptr<BareEnd>> ends;
  for (std::size_t i = 0; i <= sessions_max; ++i) {
    MemoryPair pair = make_memory_pair(loop);
    const auto session = bus.admit(std::move(pair.desk), as(plugin_rights()));
    EXPECT_EQ(session != nullptr, i < sessions_max);
    ends.push_back(std::make_unique<BareEnd>(std::move(pair.guest)));
  }
  loop.run();
  ASSERT_EQ(ends.back()->all<Goodbye>().size(), 1u);
  EXPECT_EQ(ends.back()->all<Goodbye>()[0].reason.code, Status::limit);
  EXPECT_TRUE(ends.back()->closed);
  loop.advance(5'000);  // none of them said hello
  EXPECT_EQ(bus.size(), 0u);
}

TEST_F(BusTest, EndAllSaysWhy) {
  const auto mail = connect("mail", plugin_rights());
  const auto cli = connect("cli", owner_rights());
  bus.end_all({Status::cancelled, "the desk is stopping", "stop"});
  loop.run();
  EXPECT_EQ(mail->end_reason().message, "the desk is stopping");
  EXPECT_EQ(cli->end_reason().message, "the desk is stopping");
  EXPECT_EQ(bus.size(), 0u);
  EXPECT_EQ(ended.size(), 2u);
}

TEST_F(BusTest, CancelledRequestsAreReported) {
  std::vector<std::uint64_t> asked;
  std::vector<std::uint64_t> cancelled;
  std::vector<Answer> answers;
  bus.method("kv.get", [&](const Call& call, Answer answer) {
    asked.push_back(call.id);
    answers.push_back(std::move(answer));
  });
  bus.on_cancel([&](Session&, std::uint64_t id) { cancelled.push_back(id); });
  const auto guest = connect("mail", plugin_rights());
  Outcome outcome;
  const auto id = guest->request("kv.get", Value::map(), 1'000, into(outcome));
  loop.run();
  guest->cancel(*id);
  loop.run();
  EXPECT_EQ(cancelled, asked);
  EXPECT_EQ(asked.size(), 1u);
}

TEST_F(BusTest, SessionsOutliveTheBusQuietly) {
  auto short_lived = std::make_unique<Bus>(loop);
  MemoryPair pair = make_memory_pair(loop);
  std::size_t ends = 0;
  AdmitHandlers handlers = as(plugin_rights());
  handlers.on_end = [&](Session&, const Error&) { ++ends; };
  const auto session = short_lived->admit(std::move(pair.desk), std::move(handlers));
  const auto guest =
      Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", "mail", "", ""}, {});
  loop.run();
  ASSERT_TRUE(guest->open());
  short_lived.reset();
  loop.run();
  EXPECT_TRUE(session->ended());
  EXPECT_TRUE(guest->ended());
  EXPECT_EQ(ends, 0u);
}

TEST_F(BusTest, AHandlerMayReplaceItself) {
  bus.method("kv.get", [this](const Call&, Answer answer) {
    bus.method("kv.get", [](const Call&, Answer later) { later.ok(Value(2)); });
    answer.ok(Value(1));
  });
  const auto guest = connect("mail", plugin_rights());
  Outcome first;
  Outcome second;
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(first)));
  ASSERT_TRUE(guest->request("kv.get", Value::map(), 1'000, into(second)));
  loop.run();
  EXPECT_EQ(first.value, Value(1));
  EXPECT_EQ(second.value, Value(2));
}

}  // namespace
}  // namespace deskmate::bus
