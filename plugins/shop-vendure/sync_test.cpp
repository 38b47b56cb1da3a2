#include "plugins/shop-vendure/sync.hpp"

#include <gtest/gtest.h>

#include "plugins/shop-vendure/fake_vendure.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr const char* changes_query = "orders(options";

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

// The filter of the nth query for orders.
json::object filter_of(const FakeVendure& shop, std::size_t n) {
  return shop.asked(changes_query).at(n).at("options").at("filter").as_object();
}

TEST(Sync, an_unchanged_order_is_appended_once) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
  EXPECT_EQ(shop.host.events("buyer.seen").size(), 1U);
  json::object later = order_json();
  later["updatedAt"] = "2026-01-05T10:00:00.000Z";  // touched, but the same
  shop.on(changes_query, page({later}, 1));
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
  later["state"] = "Shipped";
  shop.on(changes_query, page({later}, 1));
  ASSERT_TRUE(shop.bench.poll());
  ASSERT_EQ(shop.host.events("order.seen").size(), 2U);
  EXPECT_EQ(shop.host.events("order.seen")[1].facts["state"].as_str(), "shipped");
}

TEST(Sync, R128_the_first_look_goes_back_as_many_days_as_set) {
  FakeVendure shop;
  shop.host.set_setting("import_days", 10);
  ASSERT_TRUE(shop.bench.poll());
  const json::object filter = filter_of(shop, 0);
  EXPECT_EQ(text_of(filter.at("updatedAt").at("after")),
            format_time(testing::start_ms - 10 * 86'400'000LL - overlap_ms));
  EXPECT_FALSE(filter.at("active").at("eq").as_bool());  // no open carts
  EXPECT_EQ(text_of(filter.at("state").at("notEq")), "Draft");
}

TEST(Sync, R121_goes_on_from_the_stored_position_with_an_overlap) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1));
  ASSERT_TRUE(shop.bench.poll());
  const std::int64_t seen_ms = parse_time_ms("2026-01-04T10:00:00.000Z");
  EXPECT_EQ(shop.host.kv()[std::string(cursor_key)], std::to_string(seen_ms));
  testing::Bench<ShopVendure> restarted(shop.host);
  const std::size_t before = shop.asked(changes_query).size();
  ASSERT_TRUE(restarted.poll());
  EXPECT_EQ(text_of(filter_of(shop, before).at("updatedAt").at("after")),
            format_time(seen_ms - overlap_ms));
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
}

TEST(Sync, R121_a_crash_between_appending_and_saving_appends_nothing_twice) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1));
  shop.host.fail_next("kv.put", {Status::unavailable, "killed", ""});
  ASSERT_FALSE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
  testing::Bench<ShopVendure> restarted(shop.host);
  ASSERT_TRUE(restarted.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
  EXPECT_EQ(shop.host.events("buyer.seen").size(), 1U);
}

TEST(Sync, R121_what_could_not_be_appended_is_tried_again) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1));
  shop.host.fail_next("append", {Status::unavailable, "disk full", ""});
  ASSERT_FALSE(shop.bench.poll());
  EXPECT_TRUE(shop.host.events("order.seen").empty());
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
}

TEST(Sync, a_damaged_position_means_reading_again) {
  FakeVendure shop;
  shop.host.kv()[std::string(cursor_key)] = "nonsense";
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(text_of(filter_of(shop, 0).at("updatedAt").at("after")),
            format_time(testing::start_ms - 90 * 86'400'000LL - overlap_ms));
}

TEST(Sync, one_order_that_cannot_be_read_does_not_hold_up_the_others) {
  FakeVendure shop;
  json::object bad = order_json("8");
  bad["totalWithTax"] = "a lot";
  shop.on(changes_query, page({bad, order_json()}, 2));
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
  bool said = false;
  for (const std::string& line : shop.host.log()) {
    said = said || line.find("items[0].totalWithTax is not a whole number") != std::string::npos;
    EXPECT_EQ(line.find("a lot"), std::string::npos);
  }
  EXPECT_TRUE(said);
}

TEST(Sync, pages_move_on_by_time_and_within_one_second_by_count) {
  FakeVendure shop;
  json::array first;
  for (int i = 0; i < 25; ++i) {
    json::object order = order_json(std::to_string(100 + i));
    order["updatedAt"] = i < 20 ? "2026-01-04T10:00:00.000Z" : "2026-01-04T10:00:05.000Z";
    first.push_back(std::move(order));
  }
  shop.on(changes_query, page({}, 0));
  shop.once(changes_query, page(first, 60));
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(text_of(filter_of(shop, 1).at("updatedAt").at("after")), "2026-01-04T10:00:04.000Z");
  EXPECT_EQ(shop.asked(changes_query)[1].at("options").at("skip").as_int64(), 0);

  FakeVendure same;
  for (json::value& order : first) order.as_object()["updatedAt"] = "2025-10-01T00:00:00.000Z";
  same.host.set_setting("import_days", 0);
  same.once(changes_query, page(first, 60));
  ASSERT_TRUE(same.bench.poll());
  EXPECT_EQ(same.asked(changes_query)[1].at("options").at("skip").as_int64(), 25);
}

TEST(Sync, an_answer_that_is_too_long_is_asked_for_in_smaller_pages) {
  FakeVendure shop;
  shop.host.fail_next("kv.get", {Status::unavailable, "", ""});  // nothing yet
  ASSERT_FALSE(shop.bench.poll());
  shop.on(changes_query, page({order_json()}, 1));
  shop.once(changes_query, std::string(answer_bytes_max + 1, ' '));
  ASSERT_TRUE(shop.bench.poll());
  const auto asked = shop.asked(changes_query);
  EXPECT_EQ(asked[0].at("options").at("take").as_int64(), page_orders);
  EXPECT_EQ(asked[1].at("options").at("take").as_int64(), page_orders / 2);
  EXPECT_EQ(shop.host.events("order.seen").size(), 1U);
}

TEST(Sync, a_shop_that_is_busy_is_not_asked_for_smaller_pages) {
  FakeVendure shop;
  shop.on(changes_query, {429, {}, ""});
  const Result<void> polled = shop.bench.poll();
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, Status::limit);
  EXPECT_EQ(shop.asked(changes_query).size(), 1U);
}

TEST(Sync, hostile_lists_are_errors) {
  for (const char* body :
       {R"({"data":{}})", R"({"data":{"orders":null}})", R"({"data":{"orders":[]}})",
        R"({"data":{"orders":{"totalItems":-1,"items":[]}}})",
        R"({"data":{"orders":{"totalItems":"1","items":[]}}})",
        R"({"data":{"orders":{"totalItems":1,"items":{"0":1}}}})"}) {
    FakeVendure shop;
    shop.on(changes_query, body);
    EXPECT_FALSE(shop.bench.poll()) << body;
    EXPECT_TRUE(shop.host.events().empty()) << body;
  }
}

TEST(Sync, a_list_that_never_ends_does_not_hold_the_connector) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1'000'000));
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.asked(changes_query).size(), static_cast<std::size_t>(pages_per_poll_max));
  EXPECT_EQ(shop.bench.connector().poll_every_ms(shop.bench.desk()), behind_poll_ms);
}

TEST(Sync, the_sweep_looks_at_open_and_late_orders_again) {
  FakeVendure shop;
  ASSERT_TRUE(shop.bench.poll());
  const json::object filter = filter_of(shop, 1);
  const json::array& either = filter.at("_or").as_array();
  ASSERT_EQ(either.size(), 2U);
  EXPECT_EQ(text_of(either[0].at("state").at("notIn").as_array().at(0)), "Delivered");
  EXPECT_EQ(text_of(either[1].at("orderPlacedAt").at("after")),
            format_time(testing::start_ms - 30 * 86'400'000LL));
}

TEST(Sync, R42_stock_is_read_again_after_product_minutes) {
  FakeVendure shop;
  const std::string variant =
      R"({"id":"5","sku":"MUG-1","name":"Mug","enabled":true,"priceWithTax":1000,
      "currencyCode":"USD","product":{"enabled":true},"options":[],
      "stockLevels":[{"stockOnHand":STOCK,"stockAllocated":0}]})";
  const auto stock = [&](const std::string& number) {
    std::string one = variant;
    one.replace(one.find("STOCK"), 5, number);
    shop.on("productVariants(",
            R"({"data":{"productVariants":{"totalItems":1,"items":[)" + one + "]}}}");
  };
  stock("5");
  ASSERT_TRUE(shop.bench.poll());
  stock("4");
  ASSERT_TRUE(shop.bench.poll());
  EXPECT_EQ(shop.host.events("product.seen").size(), 1U);
  shop.host.advance(10 * 60 * 1000);
  ASSERT_TRUE(shop.bench.poll());
  ASSERT_EQ(shop.host.events("product.seen").size(), 2U);
  EXPECT_EQ(shop.host.events("product.seen")[1].facts["stock"].as_int(), 4);
}

TEST(Sync, stops_when_the_connector_stops) {
  FakeVendure shop;
  shop.on(changes_query, page({order_json()}, 1'000'000));
  shop.bench.stop();
  const Result<void> polled = shop.bench.poll();
  EXPECT_TRUE(shop.asked(changes_query).empty());
  EXPECT_TRUE(polled || polled.error().code == Status::cancelled);
}

}  // namespace
}  // namespace deskmate::shop_vendure
