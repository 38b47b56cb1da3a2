#include "shop_sample.hpp"

#include <gtest/gtest.h>

#include "deskmate/testing/bench.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::sample {
namespace {

using testing::Bench;
using testing::FakeHost;

class ShopSampleTest : public ::testing::Test {
 protected:
  ShopSampleTest() {
    host_.allow_append({"message.received", "buyer.seen", "order.seen", "parcel.seen",
                        "product.seen", "refund.seen"});
  }

  // A paid order's number, as the desk was told.
  std::string paid_order() {
    for (const auto& event : host_.events("order.seen")) {
      if (event.facts["state"].as_str() == "paid")
        return std::string(event.body["number"].as_str());
    }
    return {};
  }
  Action refund(std::uint8_t number) {
    return testing::action("refund", {{"shop", "box"}, {"amount", 100}, {"currency", "CNY"}},
                           {{"refs", Value::map({{"order", paid_order()}})}}, number);
  }

  FakeHost host_{"box"};
};

TEST_F(ShopSampleTest, TellsTheDeskEverythingOnce) {
  Bench<ShopSample> bench(host_);
  ASSERT_TRUE(bench.begin());
  ASSERT_TRUE(bench.poll());
  EXPECT_EQ(host_.events("message.received").size(), chats_at_once);
  EXPECT_EQ(host_.events("buyer.seen").size(), 40u);
  const auto orders = host_.events("order.seen");
  ASSERT_FALSE(orders.empty());
  EXPECT_FALSE(orders[0].facts["contacts"][0].as_bin().empty());
  EXPECT_FALSE(orders[0].facts["number"].as_bin().empty());
  const std::size_t before = host_.events().size();
  ASSERT_TRUE(bench.poll());
  EXPECT_EQ(host_.events().size(), before);
}

TEST_F(ShopSampleTest, KeepsPersonalDataOutOfFacts) {
  Bench<ShopSample> bench(host_);
  ASSERT_TRUE(bench.begin());
  ASSERT_TRUE(bench.poll());
  for (const auto& event : host_.events()) {
    const std::string facts = encode(event.appended["facts"]);
    EXPECT_EQ(facts.find("example.org"), std::string::npos) << event.type;
    for (const char* language : {"en", "zh"}) {
      for (const Person& person : people(language)) {
        EXPECT_EQ(facts.find(person.name), std::string::npos) << event.type;
      }
    }
  }
}

TEST_F(ShopSampleTest, GoesOnAfterARestart) {
  {
    Bench<ShopSample> bench(host_);
    ASSERT_TRUE(bench.begin());
    ASSERT_TRUE(bench.poll());
    ASSERT_TRUE(bench.perform(refund(1)).is_done());
  }
  const std::size_t before = host_.events().size();
  Bench<ShopSample> again(host_);
  ASSERT_TRUE(again.begin());
  EXPECT_TRUE(again.look_up(refund(1)).is_yes());
  EXPECT_TRUE(again.perform(refund(1)).is_done());
  EXPECT_TRUE(again.look_up(refund(2)).is_no());
  const auto polled = again.poll();
  ASSERT_TRUE(polled) << polled.error().message;
  ASSERT_EQ(host_.events().size(), before + 2) << "the refunded order and its refund, nothing else";
  EXPECT_EQ(host_.events()[before].facts["payment"].as_str(), "partly_refunded");
  EXPECT_EQ(host_.events().back().type, "refund.seen");
}

TEST_F(ShopSampleTest, TellsAgainWhatTheDeskDidNotTake) {
  Bench<ShopSample> bench(host_);
  ASSERT_TRUE(bench.begin());
  host_.fail_next("append", Error{Status::unavailable, "the disk is full", {}});
  EXPECT_FALSE(bench.poll());
  EXPECT_TRUE(host_.events().empty());
  Bench<ShopSample> again(host_);  // and even after a crash in between
  ASSERT_TRUE(again.begin());
  ASSERT_TRUE(again.poll());
  EXPECT_EQ(host_.events("message.received").size(), chats_at_once);
}

TEST_F(ShopSampleTest, AnActionThatCouldNotBeKeptIsUnknownAndNotThere) {
  Bench<ShopSample> bench(host_);
  ASSERT_TRUE(bench.begin());
  ASSERT_TRUE(bench.poll());
  host_.fail_next("kv.put", Error{Status::unavailable, "the disk is full", {}});
  EXPECT_TRUE(bench.perform(refund(1)).is_unknown());
  EXPECT_TRUE(bench.look_up(refund(1)).is_no());
  EXPECT_TRUE(bench.perform(refund(1)).is_done());
  EXPECT_TRUE(bench.look_up(refund(1)).is_yes());
}

TEST_F(ShopSampleTest, RunsThroughTheAbi) {
  host_.set_setting("messages_per_hour", 600);
  ASSERT_TRUE(host_.start(deskmate_plugin_entry));
  ASSERT_TRUE(host_.run_until([&] { return host_.events("message.received").size() >= 5; }));
  const std::string buyer(host_.events("message.received")[0].body["refs"]["buyer"].as_str());
  const auto reply = testing::action(
      "reply", {{"shop", "box"}},
      {{"text", "Let me see."}, {"refs", Value::map({{"thread", buyer}, {"buyer", buyer}})}});
  const auto outcome = host_.request("action.perform", testing::action_params(reply));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ((*outcome)["outcome"].as_str(), "done");
  const auto found = host_.request("action.look_up", testing::action_params(reply));
  EXPECT_EQ((*found)["found"].as_str(), "yes");
  ASSERT_TRUE(host_.run_until([&] {
    host_.advance(60'000);
    return host_.events("message.received").size() >= 20;
  }));
  host_.stop();
  for (const std::string& line : host_.log()) EXPECT_EQ(line.find("error"), std::string::npos);
}

}  // namespace
}  // namespace deskmate::sample
