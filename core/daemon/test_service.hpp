// A service over a fake store, with one shop's connector, for its tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bus/memory_transport.hpp"
#include "core/bus/test_loop.hpp"
#include "core/daemon/fake_store.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

class InlinePool : public Pool {
 public:
  explicit InlinePool(bus::Loop& loop) : loop_(loop) {}
  void run(std::function<void()> work, std::function<void()> then) override {
    work();
    if (slow) return held.push_back(std::move(then));
    loop_.post(std::move(then));
  }
  bool slow = false;
  std::vector<std::function<void()>> held;  // what has been done while it was slow, not yet told

 private:
  bus::Loop& loop_;
};

class OneShop : public Plugins {
 public:
  bool performs(std::string_view instance, std::string_view kind) const override {
    return instance == "mail" && (kind == "reply" || kind == "notice");
  }
  std::vector<host::InstanceStatus> status() const override {
    host::InstanceStatus mail;
    mail.name = "mail";
    std::vector<host::InstanceStatus> out{mail};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  bool configured(std::string_view instance) const override {
    const auto all = status();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& one) { return one.name == instance; });
  }
  Result<void> command(std::string_view instance, std::string_view what) override {
    commands.push_back(std::string(instance) + " " + std::string(what));
    return {};
  }
  std::vector<std::string> commands;
  std::vector<host::InstanceStatus> more;  // beside the shop
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    ServiceOptions options;
    options.name = "Test";
    options.policy.greetings["mail"] = "Hello {buyer}, I am {agent}.";
    options.wall_ms = [this] { return start_ms + loop.now_ms(); };
    options.random = [] { return 0u; };
    service = std::make_unique<Service>(loop, bus, store, pool, plugins, std::move(options),
                                        ServiceHooks());
    EXPECT_TRUE(service->open());
    loop.run();
  }
  ~ServiceTest() override {
    bus.end_all({Status::ok, "", {}});
    loop.run();
  }

  std::shared_ptr<bus::Session> connect(const std::string& name, bus::Rights rights) {
    auto pair = bus::make_memory_pair(loop);
    bus::AdmitHandlers desk_side;
    desk_side.on_hello = [name, rights](const bus::Hello&) -> Result<bus::Admission> {
      bus::Admission admission;
      admission.name = name;
      admission.rights = rights;
      return admission;
    };
    bus.admit(std::move(pair.desk), std::move(desk_side));
    bus::SessionHandlers guest_side;
    guest_side.on_request = [this](bus::Session&, const bus::Incoming& request,
                                   bus::Answer answer) {
      requests.emplace_back(request.method, decode(request.params).value());
      answers.push_back(std::move(answer));
    };
    bus::Hello hello;
    hello.role = "plugin";
    hello.name = name;
    auto session =
        bus::Session::connect(loop, std::move(pair.guest), std::move(hello), std::move(guest_side));
    loop.run();
    EXPECT_TRUE(session->open());
    return session;
  }
  std::shared_ptr<bus::Session> connector() {
    bus::Rights rights;
    rights.append = {"message.received", "order.seen", "parcel.seen", "refund.seen"};
    rights.methods = {"log.append", "kv.*", "file.*"};
    rights.bodies = true;
    return connect("mail", rights);
  }
  std::shared_ptr<bus::Session> owner() { return connect("cli", bus::owner_rights()); }

  Result<Value> call(const std::shared_ptr<bus::Session>& session, std::string_view method,
                     const Value& params) {
    Result<Value> out = Error{Status::internal, "not answered", {}};
    const auto asked = session->request(method, params, 1'000, [&](Result<std::string> result) {
      out = result ? decode(*result) : Result<Value>(result.error());
    });
    EXPECT_TRUE(asked);
    loop.run();
    return out;
  }
  static Value events(Value event) {
    return Value::map({{"events", Value::array({std::move(event)})}});
  }
  Value message(const std::string& id) {
    return Value::map(
        {{"type", "message.received"},
         {"facts", Value::map({{"at", start_ms + loop.now_ms()}})},
         {"refs", Value::map({{"thread", "<t@x>"}, {"buyer", "eve@x"}, {"message", id}})},
         {"dedupe", "message"},
         {"body", Value::map({{"text", "hello"}, {"name", "Eve"}, {"subject", "Tea"}})}});
  }
  // Eve's, T_1: 100.00 EUR, paid.
  Value order(const std::string& state) {
    return Value::map({{"type", "order.seen"},
                       {"facts", Value::map({{"state", state},
                                             {"payment", "paid"},
                                             {"total", 10'000},
                                             {"paid", 10'000},
                                             {"currency", "EUR"},
                                             {"placed_at", start_ms}})},
                       {"refs", Value::map({{"order", "o1"}, {"buyer", "eve@x"}})},
                       {"desk_refs", Value::map({{"number", "T_1"}})},
                       {"body", Value::map({{"number", "T_1"}})}});
  }
  void add_member() {
    desk::MemberSpec member;
    member.number = 7;
    member.name = "Li";
    member.role = "presale";
    member.weight = 1;
    service->set_members({member});
    loop.run();
  }

  static constexpr std::uint64_t start_ms = 1'700'000'000'000;
  bus::TestLoop loop;
  FakeStore store;
  InlinePool pool{loop};
  OneShop plugins;
  bus::Bus bus{loop};
  std::unique_ptr<Service> service;
  std::vector<std::pair<std::string, Value>> requests;
  std::vector<bus::Answer> answers;
};

}  // namespace deskmate::daemon
