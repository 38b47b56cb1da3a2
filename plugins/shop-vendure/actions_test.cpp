#include "plugins/shop-vendure/actions.hpp"

#include <gtest/gtest.h>

#include "plugins/shop-vendure/fake_vendure.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr const char* order_query = "query($id: ID!) { order(id";

std::string text(const json::value& value) { return std::string(value.as_string()); }

std::string result(const std::string& name, const std::string& object) {
  return R"({"data":{")" + name + "\":" + object + "}}";
}

// The input of the only mutation of that name.
json::object input_of(const FakeVendure& shop, const std::string& mutation) {
  const auto asked = shop.asked(mutation);
  EXPECT_EQ(asked.size(), 1U) << mutation;
  return asked.empty() ? json::object() : asked[0].at("input").as_object();
}

TEST(Actions, R121_the_request_goes_with_the_refund_to_the_shop) {
  FakeVendure shop;
  shop.on(order_query, one_order(order_json()));
  shop.on("refundOrder", result("refundOrder", R"({"id":"1","state":"Settled"})"));
  const Action action =
      order_action("refund", {{"amount", 700}, {"currency", "USD"}}, {{"text", "Chip"}});
  const Outcome outcome = shop.bench.perform(action);
  ASSERT_TRUE(outcome.is_done());
  EXPECT_EQ(outcome.to_map()["facts"]["state"].as_str(), "settled");
  const json::object input = input_of(shop, "refundOrder");
  EXPECT_EQ(input.at("amount").as_int64(), 700);
  EXPECT_EQ(text(input.at("paymentId")), "21");
  EXPECT_EQ(text(input.at("reason")), "Chip " + mark_of(action));
}

TEST(Actions, never_refunds_more_than_was_paid) {
  FakeVendure shop;
  json::object order = order_json();
  order["payments"].as_array()[0].as_object()["refunds"] =
      json::parse(R"([{"id":"1","state":"Settled","reason":"by hand","total":2000},
                      {"id":"2","state":"Failed","reason":null,"total":400}])");
  shop.on(order_query, one_order(order));
  for (const std::int64_t amount : {501LL, 2500LL, 1LL << 60}) {
    EXPECT_EQ(code_of(shop.bench.perform(order_action("refund", {{"amount", amount}}))),
              "refund_too_much");
  }
  for (const std::int64_t amount : {0LL, -5LL}) {
    EXPECT_EQ(code_of(shop.bench.perform(order_action("refund", {{"amount", amount}}))),
              "refund_too_much");
  }
  EXPECT_EQ(
      code_of(shop.bench.perform(order_action("refund", {{"amount", 5}, {"currency", "EUR"}}))),
      "currency");
  EXPECT_TRUE(shop.asked("refundOrder").empty());
}

TEST(Actions, R121_a_refund_over_two_payments_goes_on_where_it_was_left) {
  FakeVendure shop;
  json::object order = order_json();
  const Action action = order_action("refund", {{"amount", 2400}});
  json::array payments =
      json::parse(
          R"([{"id":"21","state":"Settled","method":"card","amount":1000,"refunds":[]},
          {"id":"22","state":"Settled","method":"points","amount":1500,"refunds":[]}])")
          .as_array();
  json::object given = json::parse(R"({"id":"1","state":"Settled","total":1000})").as_object();
  given["reason"] = mark_of(action);
  payments[0].as_object()["refunds"].as_array().push_back(given);
  order["payments"] = payments;
  shop.on(order_query, one_order(order));
  shop.on("refundOrder", result("refundOrder", R"({"id":"2","state":"Settled"})"));
  EXPECT_TRUE(shop.bench.look_up(action).is_no());
  ASSERT_TRUE(shop.bench.perform(action).is_done());
  const json::object input = input_of(shop, "refundOrder");
  EXPECT_EQ(input.at("amount").as_int64(), 1400);
  EXPECT_EQ(text(input.at("paymentId")), "22");
}

TEST(Actions, a_refund_that_the_shop_only_records_is_said_to_be_pending) {
  FakeVendure shop;
  shop.on(order_query, one_order(order_json()));
  shop.on("refundOrder", result("refundOrder", R"({"id":"1","state":"Pending"})"));
  const Outcome outcome = shop.bench.perform(order_action("refund", {{"amount", 700}}));
  ASSERT_TRUE(outcome.is_done());
  EXPECT_EQ(outcome.to_map()["facts"]["state"].as_str(), "pending");
  EXPECT_NE(outcome.to_map()["body"]["text"].as_str(), "");
}

TEST(Actions, what_the_shop_refuses_is_failed_and_not_tried_again) {
  const std::vector<std::tuple<std::string, std::string, Map>> all = {
      {"ship", "addFulfillmentToOrder", {}},
      {"refund", "refundOrder", {{"amount", 5}}},
      {"cancel", "cancelOrder", {}},
      {"coupon", "createPromotion", {{"amount", 5}}},
  };
  for (const auto& [kind, mutation, facts] : all) {
    FakeVendure shop;
    shop.on(order_query, one_order(order_json()));
    shop.on("promotions(", R"({"data":{"promotions":{"totalItems":0}}})");
    shop.on("activeChannel", R"({"data":{"activeChannel":{"defaultCurrencyCode":"USD",
      "pricesIncludeTax":true,"defaultLanguageCode":"en"}}})");
    shop.on(mutation, refused(mutation, "SOME_STATE_ERROR"));
    const Outcome outcome = shop.bench.perform(order_action(kind, facts));
    EXPECT_EQ(code_of(outcome), "some_state_error") << kind;
    EXPECT_FALSE(outcome.to_map()["again"].as_bool(false)) << kind;
  }
}

TEST(Actions, R121_an_answer_that_makes_no_sense_leaves_it_unknown) {
  const std::string deep = R"({"data":)" + std::string(10'000, '[');
  for (const HttpResponse& response :
       {HttpResponse{200, {}, "<html>"}, HttpResponse{502, {}, "bad gateway"},
        HttpResponse{200, {}, R"({"data":{"refundOrder":null}})"},
        HttpResponse{200, {}, R"({"data":{"refundOrder":{"id":7}}})"},
        HttpResponse{200, {}, R"({"data":{"refundOrder":{"__typename":"Refund"}}})"},
        HttpResponse{200, {}, R"({"data":{"refundOrder")"}, HttpResponse{200, {}, deep},
        HttpResponse{200, {}, R"({"errors":[{"message":"boom"}],"data":null})"}}) {
    FakeVendure shop;
    shop.on(order_query, one_order(order_json()));
    shop.on("refundOrder", response);
    EXPECT_TRUE(shop.bench.perform(order_action("refund", {{"amount", 5}})).is_unknown())
        << response.body.substr(0, 60);
  }
}

TEST(Actions, R121_before_the_shop_was_asked_nothing_has_happened) {
  FakeVendure shop;
  shop.on(order_query, {503, {}, ""});
  const Outcome down = shop.bench.perform(order_action("refund", {{"amount", 5}}));
  EXPECT_TRUE(down.is_failed());
  EXPECT_TRUE(down.to_map()["again"].as_bool(false));
  shop.on(order_query, R"({"data":{"order":null}})");
  const Outcome none = shop.bench.perform(order_action("refund", {{"amount", 5}}));
  EXPECT_EQ(code_of(none), "no_such_order");
  Action nameless = testing::action("refund", {{"amount", 5}});
  EXPECT_EQ(code_of(shop.bench.perform(nameless)), "no_such_order");
  shop.on(order_query, one_order(order_json()));
  shop.on("refundOrder", {429, {}, ""});
  const Outcome busy = shop.bench.perform(order_action("refund", {{"amount", 5}}));
  EXPECT_TRUE(busy.is_failed());
  EXPECT_TRUE(busy.to_map()["again"].as_bool(false));
}

TEST(Actions, R121_a_parcel_that_was_only_entered_is_shipped_by_the_next_attempt) {
  FakeVendure shop;
  const Action action = order_action("ship", {{"carrier", "SF"}}, {{"tracking", "SF1"}});
  shop.on(order_query, one_order(order_json()));
  shop.on("addFulfillmentToOrder",
          result("addFulfillmentToOrder", R"({"id":"9","state":"Pending"})"));
  shop.on("transitionFulfillmentToState",
          refused("transitionFulfillmentToState", "FULFILLMENT_STATE_TRANSITION_ERROR"));
  const Outcome half = shop.bench.perform(action);
  EXPECT_TRUE(half.is_failed());
  EXPECT_TRUE(half.to_map()["again"].as_bool(false));
  const json::object input = input_of(shop, "addFulfillmentToOrder");
  EXPECT_EQ(text(input.at("handler").at("arguments").as_array().at(0).at("value")),
            "SF " + mark_of(action));
  EXPECT_EQ(text(input.at("handler").at("arguments").as_array().at(1).at("value")), "SF1");
  EXPECT_EQ(input.at("lines").as_array().at(0).at("quantity").as_int64(), 2);

  json::object order = order_json();
  json::object parcel = json::parse(R"({"id":"9","state":"Pending","trackingCode":"SF1",
    "createdAt":"2026-01-04T10:00:00.000Z","updatedAt":"2026-01-04T10:00:00.000Z",
    "lines":[{"orderLineId":"11","quantity":2}]})")
                            .as_object();
  parcel["method"] = "SF " + mark_of(action);
  order["fulfillments"] = json::array{parcel};
  shop.on(order_query, one_order(order));
  EXPECT_TRUE(shop.bench.look_up(action).is_no());
  shop.on("transitionFulfillmentToState",
          result("transitionFulfillmentToState", R"({"id":"9","state":"Shipped"})"));
  EXPECT_TRUE(shop.bench.perform(action).is_done());
  EXPECT_EQ(shop.asked("addFulfillmentToOrder").size(), 1U);
}

TEST(Actions, R71_a_shipped_order_cannot_be_shipped_again_with_another_code) {
  FakeVendure shop;
  json::object order = order_json();
  order["fulfillments"] = json::parse(R"([{"id":"9","state":"Shipped","method":"SF",
    "trackingCode":"SF1","createdAt":"2026-01-04T10:00:00.000Z",
    "updatedAt":"2026-01-04T10:00:00.000Z","lines":[{"orderLineId":"11","quantity":2}]}])");
  shop.on(order_query, one_order(order));
  const Outcome outcome = shop.bench.perform(order_action("ship", {}, {{"tracking", "SF2"}}));
  EXPECT_EQ(code_of(outcome), "nothing_to_ship");
  const std::string message(outcome.to_map()["message"].as_str());
  EXPECT_NE(message.find("tracking code cannot be changed"), std::string::npos);
  EXPECT_NE(message.find("不能修改运单号"), std::string::npos);
}

TEST(Actions, lines_are_chosen_by_sku) {
  json::object object = order_json();
  object["lines"].as_array().push_back(json::parse(R"({"id":"12","quantity":1,
    "orderPlacedQuantity":1,"proratedUnitPriceWithTax":500,
    "productVariant":{"id":"5","sku":"MUG-1","name":"Mug"}})"));
  const json::value value(object);
  Fault fault;
  const Order order = read_order(Field(value, "order", fault));
  const auto all = [](const Line& line) { return line.quantity; };
  const auto lines = [](std::int64_t quantity) {
    return Value::array({Value::map({{"sku", "MUG-1"}, {"quantity", quantity}})});
  };
  EXPECT_EQ(select_lines(order, Value(), all).lines.size(), 2U);
  const Selection three = select_lines(order, lines(3), all);
  ASSERT_EQ(three.lines.size(), 2U);
  EXPECT_EQ(three.lines[0].quantity + three.lines[1].quantity, 3);
  for (const std::int64_t none : {0LL, -1LL, 4LL, 1LL << 40}) {
    EXPECT_NE(select_lines(order, lines(none), all).problem_en, "") << none;
  }
  EXPECT_NE(select_lines(order, Value::array({Value::map({{"sku", "other"}})}), all).problem_en,
            "");
}

TEST(Actions, R121_a_note_is_found_by_its_request) {
  FakeVendure shop;
  const Action action = order_action("order_note", {}, {{"text", "周末送"}});
  shop.on(order_query, one_order(order_json()));
  shop.on("addNoteToOrder", result("addNoteToOrder", R"({"id":"7"})"));
  EXPECT_TRUE(shop.bench.look_up(action).is_no());
  ASSERT_TRUE(shop.bench.perform(action).is_done());
  EXPECT_FALSE(input_of(shop, "addNoteToOrder").at("isPublic").as_bool());
  json::object note;
  note["type"] = "ORDER_NOTE";
  note["data"] = {{"note", with_mark("周末送", action, note_bytes_max)}};
  shop.on(order_query, one_order(order_json(), {note}));
  EXPECT_TRUE(shop.bench.look_up(action).is_yes());
  ASSERT_TRUE(shop.bench.perform(action).is_done());
  EXPECT_EQ(shop.asked("addNoteToOrder").size(), 1U);
}

TEST(Actions, R121_an_order_with_more_notes_than_are_read_cannot_tell) {
  FakeVendure shop;
  std::string body = one_order(order_json());
  const std::string none = "\"totalItems\":0";
  body.replace(body.find(none), none.size(), "\"totalItems\":101");
  shop.on(order_query, body);
  const Action action = order_action("order_note", {}, {{"text", "x"}});
  const Found found = shop.bench.look_up(action);
  EXPECT_FALSE(found.is_yes() || found.is_no());
}

TEST(Actions, R121_a_fresh_attempt_is_given_time_to_arrive) {
  FakeVendure shop;
  Action action = order_action("refund", {{"amount", 5}});
  action.since_ms = shop.host.now_ms() - 1000;
  json::object order = order_json();
  shop.once(order_query, one_order(order));
  json::object refund = json::parse(R"({"id":"1","state":"Settled","total":5})").as_object();
  refund["reason"] = mark_of(action);
  order["payments"].as_array()[0].as_object()["refunds"].as_array().push_back(refund);
  shop.on(order_query, one_order(order));
  shop.once(order_query, one_order(order_json()));
  const std::int64_t before = shop.host.now_ms();
  EXPECT_TRUE(shop.bench.look_up(action).is_yes());
  EXPECT_EQ(shop.host.now_ms() - before, settle_ms - 1000);
}

TEST(Actions, coupon_codes_are_made_of_the_request) {
  const Action one = testing::action("coupon", {}, {}, 1);
  const Action two = testing::action("coupon", {}, {}, 2);
  EXPECT_EQ(coupon_code(one), coupon_code(one));
  EXPECT_NE(coupon_code(one), coupon_code(two));
  EXPECT_NE(coupon_code(one), coupon_code(one, "resend"));
  EXPECT_EQ(coupon_code(one).size(), 18U);
}

TEST(Actions, R121_a_coupon_that_is_there_is_not_made_again) {
  FakeVendure shop;
  shop.on("activeChannel", R"({"data":{"activeChannel":{"defaultCurrencyCode":"CNY",
    "pricesIncludeTax":true,"defaultLanguageCode":"zh"}}})");
  shop.on("promotions(", R"({"data":{"promotions":{"totalItems":1}}})");
  const Action action = order_action("coupon", {{"amount", 500}, {"currency", "CNY"}});
  const Outcome outcome = shop.bench.perform(action);
  ASSERT_TRUE(outcome.is_done());
  EXPECT_EQ(outcome.to_map()["body"]["code"].as_str(), coupon_code(action));
  EXPECT_TRUE(shop.asked("createPromotion").empty());
  EXPECT_TRUE(shop.bench.look_up(action).is_yes());
  EXPECT_EQ(code_of(shop.bench.perform(order_action("coupon"))), "no_amount");
  EXPECT_EQ(
      code_of(shop.bench.perform(order_action("coupon", {{"amount", 5}, {"currency", "USD"}}))),
      "currency");
}

TEST(Actions, a_coupon_is_a_promotion_that_can_be_used_once) {
  FakeVendure shop;
  shop.on("activeChannel", R"({"data":{"activeChannel":{"defaultCurrencyCode":"CNY",
    "pricesIncludeTax":true,"defaultLanguageCode":"zh"}}})");
  shop.on("promotions(", R"({"data":{"promotions":{"totalItems":0}}})");
  shop.on("createPromotion", result("createPromotion", R"({"id":"1"})"));
  const Action action =
      order_action("coupon", {{"amount", 500}, {"min_total", 2000}, {"valid_days", 7}},
                   {{"text", "a rude buyer"}});
  ASSERT_TRUE(shop.bench.perform(action).is_done());
  const json::object input = input_of(shop, "createPromotion");
  EXPECT_EQ(text(input.at("couponCode")), coupon_code(action));
  EXPECT_EQ(input.at("usageLimit").as_int64(), 1);
  EXPECT_EQ(text(input.at("endsAt")), format_time(shop.host.now_ms() + 7 * 86'400'000LL));
  const json::value& discount = input.at("actions").as_array().at(0);
  EXPECT_EQ(text(discount.at("code")), "order_fixed_discount");
  EXPECT_EQ(text(discount.at("arguments").as_array().at(0).at("name")), "discount");
  EXPECT_EQ(text(discount.at("arguments").as_array().at(0).at("value")), "500");
  const json::value& least = input.at("conditions").as_array().at(0);
  EXPECT_EQ(text(least.at("code")), "minimum_order_amount");
  EXPECT_EQ(text(least.at("arguments").as_array().at(0).at("value")), "2000");
  const json::value& words = input.at("translations").as_array().at(0);
  EXPECT_EQ(text(words.at("languageCode")), "zh");
  EXPECT_EQ(json::serialize(input).find("rude"), std::string::npos) << "buyers read the name";
}

TEST(Actions, R96_a_second_order_that_is_not_free_is_given_up) {
  FakeVendure shop;
  shop.on(order_query, one_order(order_json()));
  json::object draft = order_json("70");
  draft["state"] = "Draft";
  draft["totalWithTax"] = 900;
  shop.on("createDraftOrder", result("createDraftOrder", R"({"id":"70","state":"Draft"})"));
  shop.on("addNoteToOrder", result("addNoteToOrder", R"({"id":"7"})"));
  shop.on("setDraftOrderShippingAddress", result("setDraftOrderShippingAddress", R"({"id":"70"})"));
  shop.on("promotions(", R"({"data":{"promotions":{"totalItems":0}}})");
  shop.on("activeChannel", R"({"data":{"activeChannel":{"defaultLanguageCode":"en"}}})");
  shop.on("createPromotion", result("createPromotion", R"({"id":"1"})"));
  shop.on("applyCouponCodeToDraftOrder",
          result("applyCouponCodeToDraftOrder", R"({"id":"70","state":"Draft"})"));
  shop.on("deleteDraftOrder", result("deleteDraftOrder", R"({"result":"DELETED"})"));
  const Action action = order_action("resend");
  shop.once(order_query, one_order(draft));
  shop.once(order_query, one_order(draft));
  shop.once(order_query, one_order(order_json()));
  EXPECT_EQ(code_of(shop.bench.perform(action)), "not_free");
  EXPECT_EQ(shop.asked("deleteDraftOrder").size(), 1U);
  const json::object promotion = input_of(shop, "createPromotion");
  const json::array& free = promotion.at("actions").as_array();
  EXPECT_EQ(text(free.at(0).at("arguments").as_array().at(0).at("value")), "100");
  EXPECT_EQ(text(free.at(1).at("code")), "free_shipping");
  EXPECT_TRUE(shop.asked("addManualPaymentToOrder").empty());
}

TEST(Actions, texts_are_cut_at_a_characters_end) {
  const Action action = testing::action("refund", {});
  const std::string mark = mark_of(action);
  EXPECT_EQ(with_mark("中文", action, 4), "中 " + mark);
  EXPECT_EQ(with_mark("中文", action, 6), "中文 " + mark);
  EXPECT_EQ(with_mark("", action, 6), mark);
  EXPECT_EQ(with_mark(std::string(5000, 'x'), action, reason_bytes_max).size(),
            reason_bytes_max + 1 + mark.size());
}

TEST(Actions, an_unknown_kind_is_refused) {
  FakeVendure shop;
  shop.on(order_query, one_order(order_json()));
  EXPECT_EQ(code_of(shop.bench.perform(order_action("dance"))), "unknown_kind");
}

}  // namespace
}  // namespace deskmate::shop_vendure
