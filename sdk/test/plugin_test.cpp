// The event-driven layer, through the C ABI.
#include "deskmate/plugin.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "deskmate/testing/bench.hpp"

namespace deskmate {
namespace {

using testing::entry_of;
using testing::FakeHost;

// Counts orders, and says so on request.
class Counter : public Plugin {
 public:
  Result<void> start() override {
    host().open_reader("orders", {"order.*"}, From::start, [](const Result<Value>&) {});
    host().after(1'000, 1'000, [this] { ++ticks_; });
    host().after(500, 0, [this] { late_ = host().now_ms(); });
    return {};
  }
  void on_events(const std::string& reader, std::span<const Event> events) override {
    for (const Event& event : events) {
      const auto order = events::read<events::OrderSeen>(event);
      if (order) total_ += order->total;
    }
    host().commit(reader, events.back().arrival);
  }
  void on_request(std::uint64_t id, const std::string& method, const Value& params,
                  std::uint32_t deadline_ms) override {
    if (method == "count") {
      host().answer(id, Value::map({{"total", total_}, {"ticks", ticks_}, {"late", late_}}));
    } else if (method == "fault") {
      throw std::runtime_error("a bug");
    } else {
      Plugin::on_request(id, method, params, deadline_ms);
    }
  }

 private:
  std::int64_t total_ = 0;
  std::int64_t ticks_ = 0;
  std::int64_t late_ = 0;
};

TEST(Plugin, ReadsEventsAndCommits) {
  FakeHost host;
  host.add_event("order.seen", Value::map({{"total", 100}}));
  ASSERT_TRUE(host.start(entry_of<Counter>));
  host.add_event("parcel.seen", Value::map({{"total", 5}}));
  host.add_event("order.seen", Value::map({{"total", 20}}));
  const auto count = host.request("count", Value::map());
  ASSERT_TRUE(count);
  host.run();
  EXPECT_EQ(host.cursor("orders"), 3u);
  EXPECT_EQ((*host.request("count", Value::map()))["total"].as_int(), 120);
}

TEST(Plugin, StartsAgainFromItsCursor) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Counter>));
  host.add_event("order.seen", Value::map({{"total", 100}}));
  host.run();
  host.stop();
  host.add_event("order.seen", Value::map({{"total", 7}}));
  ASSERT_TRUE(host.start(entry_of<Counter>));
  host.run();
  EXPECT_EQ((*host.request("count", Value::map()))["total"].as_int(), 7);
}

TEST(Plugin, TimersFollowTheFakeClock) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Counter>));
  host.advance(3'500);
  const auto count = host.request("count", Value::map());
  EXPECT_EQ((*count)["ticks"].as_int(), 3);
  EXPECT_EQ((*count)["late"].as_int(), testing::start_ms + 500);
}

TEST(Plugin, FaultsStayOnItsSide) {
  FakeHost host;
  ASSERT_TRUE(host.start(entry_of<Counter>));
  const auto fault = host.request("fault", Value::map());
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().code, Status::internal);
  EXPECT_EQ(host.log().back(), "error: a fault in a request's handler: a bug");
  EXPECT_EQ(host.request("nonsense", Value::map()).error().code, Status::not_found);
  EXPECT_TRUE(host.request("count", Value::map()));
}

class FailsToStart : public Plugin {
  Result<void> start() override { return Error{Status::denied, "no account", {}}; }
};
class ThrowsAtStart : public Plugin {
  Result<void> start() override { throw std::runtime_error("a bug"); }
};
class ThrowsWhenMade : public Plugin {
 public:
  ThrowsWhenMade() { throw std::runtime_error("a bug"); }
};

TEST(Plugin, AFailedStartIsReported) {
  FakeHost host;
  EXPECT_EQ(host.start(entry_of<FailsToStart>).error().code, Status::denied);
  EXPECT_EQ(host.log().back(), "error: no account");
  EXPECT_EQ(host.start(entry_of<ThrowsAtStart>).error().code, Status::internal);
  EXPECT_EQ(host.start(entry_of<ThrowsWhenMade>).error().message, "create returned null");
}

// Keeps what it was told, for the test to look at.
struct Heard {
  std::vector<Status> statuses;
  std::vector<Value> values;
  Reply listen() {
    return [this](const Result<Value>& result) {
      statuses.push_back(result ? Status::ok : result.error().code);
      values.push_back(result ? *result : Value());
    };
  }
};

TEST(Host, CallsThatFailAtOnceAnswerLaterToo) {
  FakeHost fake;
  Host host(fake.raw());
  Heard heard;
  host.kv_put("", "x", heard.listen());  // an empty key is refused in the call itself
  EXPECT_TRUE(heard.statuses.empty());
  host.run_posted();
  EXPECT_EQ(heard.statuses, std::vector{Status::limit});
}

TEST(Host, AnswersComeOnceAndNeverFromInsideTheCall) {
  FakeHost fake;
  fake.set_secret("password", "s3cret");
  Host host(fake.raw());
  Heard heard;
  host.secret("password", heard.listen());
  host.secret("other", heard.listen());
  host.request("no.such", Value::map(), 1'000, heard.listen());
  EXPECT_TRUE(heard.statuses.empty());
  fake.run();
  EXPECT_EQ(heard.statuses, (std::vector{Status::ok, Status::not_found, Status::not_found}));
  EXPECT_EQ(heard.values[0].as_str(), "s3cret");
}

TEST(Host, WithoutExtensionsEveryCallIsRefused) {
  dm_host bare{};
  bare.abi = DM_ABI;
  bare.extension = [](const dm_host*, const char*) -> const void* { return nullptr; };
  bare.wake = [](const dm_host*) {};
  Host host(&bare);
  Heard heard;
  host.append({}, heard.listen());
  host.kv_get("k", heard.listen());
  host.fetch(Value::map(), heard.listen());
  host.open_reader("r", {"*"}, From::now, heard.listen());
  host.commit("r", 1);
  host.log(Level::info, "nobody hears it");
  EXPECT_EQ(host.after(1, 0, [] {}), 0u);
  EXPECT_EQ(host.instance(), "");
  EXPECT_TRUE(host.setting("x").is_nil());
  host.run_posted();
  EXPECT_EQ(heard.statuses, std::vector<Status>(4, Status::not_found));
}

TEST(Host, TasksArePostedFromAnyThread) {
  FakeHost fake;
  Host host(fake.raw());
  int ran = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) host.post([&ran] { ++ran; });
    });
  }
  for (auto& thread : threads) thread.join();
  host.run_posted();
  EXPECT_EQ(ran, 400);
}

TEST(Host, ATimerMayCancelItself) {
  FakeHost fake;
  Host host(fake.raw());
  int runs = 0;
  std::uint64_t id = 0;
  id = host.after(10, 10, [&] {
    if (++runs == 2) host.cancel_timer(id);
  });
  fake.advance(1'000);
  EXPECT_EQ(runs, 2);
  host.cancel_timer(id);
  host.cancel_timer(12'345);
}

}  // namespace
}  // namespace deskmate

DESKMATE_PLUGIN(deskmate::Counter, "counter", "1.2.3")

namespace deskmate {
namespace {

TEST(Entry, RefusesAnotherAbi) {
  EXPECT_EQ(deskmate_plugin_entry(DM_ABI + 1), nullptr);
  const dm_descriptor* descriptor = deskmate_plugin_entry(DM_ABI);
  ASSERT_NE(descriptor, nullptr);
  EXPECT_STREQ(descriptor->id, "counter");
  EXPECT_STREQ(descriptor->version, "1.2.3");
  FakeHost host;
  EXPECT_TRUE(host.start(deskmate_plugin_entry));
}

}  // namespace
}  // namespace deskmate
