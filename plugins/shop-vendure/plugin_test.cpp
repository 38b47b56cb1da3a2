// The plugin as a desk loads it: through its entry, with its own worker.
#include "deskmate/plugin.hpp"

#include <gtest/gtest.h>

#include "plugins/shop-vendure/fake_vendure.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::shop_vendure {
namespace {

TEST(Plugin, polls_acts_and_stops_by_itself) {
  FakeVendure shop;
  shop.on("orders(options", page({order_json()}, 1));
  shop.on("query($id: ID!) { order(id", one_order(order_json()));
  shop.on("refundOrder", R"({"data":{"refundOrder":{"id":"1","state":"Settled"}}})");
  shop.host.allow_append(
      {"order.seen", "parcel.seen", "refund.seen", "buyer.seen", "product.seen"});
  ASSERT_TRUE(shop.host.start(deskmate_plugin_entry));
  ASSERT_TRUE(shop.host.run_until([&] { return shop.host.events("order.seen").size() == 1; }));
  const Action refund = order_action("refund", {{"amount", 5}});
  const std::size_t asked = shop.asked("orders(options").size();
  const auto done = shop.host.request("action.perform", testing::action_params(refund));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ((*done)["outcome"].as_str(), "done");
  EXPECT_TRUE(shop.host.run_until([&] { return shop.asked("orders(options").size() > asked; }))
      << "what was done is read at once";
  shop.host.stop();
}

TEST(Plugin, another_abi_is_refused) {
  EXPECT_EQ(deskmate_plugin_entry(DM_ABI + 1), nullptr);
  ASSERT_NE(deskmate_plugin_entry(DM_ABI), nullptr);
  EXPECT_STREQ(deskmate_plugin_entry(DM_ABI)->id, "shop-vendure");
}

}  // namespace
}  // namespace deskmate::shop_vendure
