#include "plugins/shop-vendure/events.hpp"

#include <gtest/gtest.h>

#include "plugins/shop-vendure/fake_vendure.hpp"

namespace deskmate::shop_vendure {
namespace {

Order order_of(const json::object& object) {
  Fault fault;
  const json::value value(object);
  Order order = read_order(Field(value, "order", fault));
  EXPECT_FALSE(fault) << fault.message();
  return order;
}

std::string fault_of(json::object object, const std::string& key, json::value value) {
  object[key] = std::move(value);
  Fault fault;
  const json::value whole(std::move(object));
  read_order(Field(whole, "order", fault));
  return fault.message();
}

TEST(Events, R60_an_order_becomes_an_event_without_personal_data_in_its_facts) {
  const std::vector<Seen> seen = seen_of(order_of(order_json()), "box");
  ASSERT_EQ(seen.size(), 2U);
  const NewEvent& event = seen[1].event;
  EXPECT_EQ(event.type, "order.seen");
  EXPECT_EQ(event.refs["order"].as_str(), "7");
  EXPECT_EQ(event.refs["buyer"].as_str(), "3");
  EXPECT_EQ(event.desk_refs["number"].as_str(), "ABC7");
  EXPECT_EQ(event.facts["state"].as_str(), "paid");
  EXPECT_EQ(event.facts["payment"].as_str(), "paid");
  EXPECT_EQ(event.facts["total"].as_int(), 2500);
  EXPECT_EQ(event.facts["currency"].as_str(), "USD");
  EXPECT_EQ(event.facts["lines"][0]["price"].as_int(), 1000);
  EXPECT_EQ(event.body["name"].as_str(), "Na Li");
  EXPECT_EQ(event.body["address"]["city"].as_str(), "Wuhan");
  const Array contacts{"email:li@example.org", "phone:+8613812345678"};
  EXPECT_EQ(event.contacts, contacts);
  const std::string facts = encode(Value(event.facts));
  for (const char* personal : {"Li", "Wuhan", "example.org", "138", "ABC7"}) {
    EXPECT_EQ(facts.find(personal), std::string::npos) << personal;
  }
  EXPECT_EQ(seen[0].event.type, "buyer.seen");
  EXPECT_EQ(seen[0].event.body["email"].as_str(), "Li@Example.org");
}

TEST(Events, R60_a_parcel_has_the_desks_status_and_no_mark) {
  json::object object = order_json();
  object["fulfillments"] = json::parse(
      R"([{"id":"9","state":"Shipped","method":"SF deskmate:00000000000000000000000000000001",
      "trackingCode":"SF1","createdAt":"2026-01-04T10:00:00.000Z",
      "updatedAt":"2026-01-04T11:00:00.000Z","lines":[{"orderLineId":"11","quantity":2}]}])");
  const Order order = order_of(object);
  EXPECT_EQ(order.unshipped(order.lines[0]), 0);
  const std::vector<Seen> seen = seen_of(order, "box");
  ASSERT_EQ(seen.size(), 3U);
  const NewEvent& parcel = seen[2].event;
  EXPECT_EQ(parcel.facts["status"].as_str(), "in_transit");
  EXPECT_EQ(parcel.facts["raw_code"].as_str(), "Shipped");
  EXPECT_EQ(parcel.facts["carrier"].as_str(), "SF");
  EXPECT_EQ(parcel.body["tracking"].as_str(), "SF1");
}

TEST(Events, an_order_without_a_customer_is_its_own_buyer) {
  json::object object = order_json();
  object["customer"] = nullptr;
  object["shippingAddress"] = nullptr;
  const std::vector<Seen> seen = seen_of(order_of(object), "box");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].event.refs["buyer"].as_str(), "order:7");
  EXPECT_TRUE(seen[0].event.contacts.empty());
}

TEST(Events, payment_states) {
  json::object object = order_json();
  EXPECT_EQ(payment_state(order_of(object)), "paid");
  object["payments"].as_array()[0].as_object()["refunds"] =
      json::parse(R"([{"id":"1","state":"Settled","reason":null,"total":500}])");
  EXPECT_EQ(payment_state(order_of(object)), "partly_refunded");
  object["payments"].as_array()[0].as_object()["refunds"].as_array()[0].as_object()["total"] = 2500;
  EXPECT_EQ(payment_state(order_of(object)), "refunded");
  object["payments"].as_array()[0].as_object()["refunds"].as_array()[0].as_object()["state"] =
      "Failed";
  EXPECT_EQ(payment_state(order_of(object)), "paid");
  object["payments"].as_array()[0].as_object()["state"] = "Authorized";
  EXPECT_EQ(payment_state(order_of(object)), "authorised");
  object["payments"] = nullptr;
  EXPECT_EQ(payment_state(order_of(object)), "pending");
}

TEST(Events, R81_refunds_whoever_made_them) {
  json::object object = order_json();
  const std::string mark = std::string(mark_prefix) + std::string(31, '0') + "a";
  object["payments"].as_array()[0].as_object()["refunds"] = json::parse(
      R"([{"id":"1","state":"Settled","reason":"by hand","total":500,
           "createdAt":"2026-01-02T03:04:05.000Z"},
          {"id":"2","state":"Failed","reason":"Chip )" +
      mark + R"(","total":20},
          {"id":"3","state":"Pending","reason":"deskmate:x","total":7},
          {"id":"4","state":"Settled","reason":null,"total":0}])");
  std::vector<Seen> refunds;
  for (Seen& one : seen_of(order_of(object), "box")) {
    if (one.event.type == "refund.seen") refunds.push_back(std::move(one));
  }
  ASSERT_EQ(refunds.size(), 3u);
  EXPECT_EQ(refunds[0].thing, "refund:1");
  EXPECT_EQ(refunds[0].event.refs["refund"].as_str(), "1");
  EXPECT_EQ(refunds[0].event.facts["amount"].as_int(), 500);
  EXPECT_EQ(refunds[0].event.facts["at"].as_int(), parse_time_ms("2026-01-02T03:04:05.000Z"));
  EXPECT_TRUE(refunds[0].event.facts["request"].is_nil()) << "made in the shop's own admin";
  EXPECT_EQ(refunds[1].event.facts["request"].as_bin(), std::string(15, '\0') + '\x0a');
  EXPECT_TRUE(refunds[1].event.facts["failed"].as_bool());
  EXPECT_TRUE(refunds[2].event.facts["request"].is_nil());
}

TEST(Events, order_states) {
  EXPECT_EQ(order_state("ArrangingPayment"), "open");
  EXPECT_EQ(order_state("PaymentSettled"), "paid");
  EXPECT_EQ(order_state("PartiallyShipped"), "partly_shipped");
  EXPECT_EQ(order_state("Delivered"), "delivered");
  EXPECT_EQ(order_state("Modifying"), "changing");
  EXPECT_EQ(order_state("WaitingForEngraver"), "waiting_for_engraver");
}

TEST(Events, contacts_are_brought_to_one_form) {
  EXPECT_EQ(email_contact(" Ann@Example.ORG "), "email:ann@example.org");
  EXPECT_EQ(email_contact("no address"), "");
  EXPECT_EQ(phone_contact("+86 138-1234 (5678)"), "phone:+8613812345678");
  EXPECT_EQ(phone_contact("n/a"), "");
  EXPECT_EQ(phone_contact(""), "");
}

TEST(Events, marks_are_taken_out_of_texts) {
  const std::string mark = "deskmate:0123456789abcdef0123456789abcdef";
  EXPECT_EQ(without_mark("SF Express " + mark), "SF Express");
  EXPECT_EQ(without_mark(mark), "");
  EXPECT_EQ(without_mark("a " + mark + " b"), "a b");
  EXPECT_EQ(without_mark("a deskmate:12"), "a");
  EXPECT_EQ(without_mark("plain"), "plain");
}

TEST(Events, every_field_of_an_order_is_checked) {
  const json::object good = order_json();
  EXPECT_EQ(fault_of(good, "totalWithTax", 2500), "");
  EXPECT_NE(fault_of(good, "id", nullptr), "");
  EXPECT_NE(fault_of(good, "id", ""), "");
  EXPECT_NE(fault_of(good, "id", json::string(65, '1')), "");
  EXPECT_NE(fault_of(good, "code", 5), "");
  EXPECT_NE(fault_of(good, "active", "false"), "");
  EXPECT_NE(fault_of(good, "updatedAt", "yesterday"), "");
  EXPECT_NE(fault_of(good, "totalWithTax", 12.5), "");
  EXPECT_NE(fault_of(good, "totalWithTax", 1e18), "");
  EXPECT_NE(fault_of(good, "currencyCode", "DOLLAR"), "");
  EXPECT_NE(fault_of(good, "customer", "Li"), "");
  EXPECT_NE(fault_of(good, "lines", "none"), "");
  EXPECT_NE(fault_of(good, "lines", json::array(lines_max + 1, json::object())), "");
  EXPECT_NE(fault_of(good, "payments", json::parse(R"([{"id":"1","state":"Settled"}])")), "");
}

TEST(Events, R42_a_product_sums_its_stock_over_locations) {
  const json::value value = json::parse(R"({"id":"5","sku":"MUG-1","name":"Mug","enabled":true,
    "priceWithTax":1000,"currencyCode":"USD","product":{"enabled":true},
    "options":[{"name":"blue","group":{"code":"colour"}}],
    "stockLevels":[{"stockOnHand":5,"stockAllocated":1},{"stockOnHand":7,"stockAllocated":2}]})");
  Fault fault;
  const Product product = read_product(Field(value, "variant", fault));
  ASSERT_FALSE(fault) << fault.message();
  const NewEvent event = seen_of(product, "box").event;
  EXPECT_EQ(event.facts["stock"].as_int(), 12);
  EXPECT_EQ(event.facts["allocated"].as_int(), 3);
  EXPECT_EQ(event.facts["options"]["colour"].as_str(), "blue");
}

}  // namespace
}  // namespace deskmate::shop_vendure
