// The connector against a real Vendure, whose address is in DESKMATE_VENDURE_URL. Buyers and the
// shop's own view of things are played by tests/servers/vendure/shop.mjs.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>

#include "deskmate/testing/bench.hpp"
#include "plugins/shop-vendure/connector.hpp"
#include "plugins/shop-vendure/events.hpp"

namespace deskmate::shop_vendure {
namespace {

using testing::Bench;
using testing::FakeHost;

std::string shop_url() {
  const char* url = std::getenv("DESKMATE_VENDURE_URL");
  return url ? url : "";
}

// Runs shop.mjs and returns what it prints.
json::value shop(const std::string& command, const std::string& argument) {
  const std::string line =
      "node '" SHOP_MJS "' " + command + " '" + shop_url() + "' '" + argument + "'";
  FILE* pipe = popen(line.c_str(), "r");
  if (!pipe) throw std::runtime_error("popen");
  std::string out;
  std::array<char, 65536> piece{};
  while (const std::size_t got = fread(piece.data(), 1, piece.size(), pipe)) {
    out.append(piece.data(), got);
  }
  if (pclose(pipe) != 0) throw std::runtime_error("shop.mjs failed: " + command);
  return json::parse(out);
}

json::array place(const std::string& person) { return shop("place", person).as_array(); }
json::object order_in_shop(const std::string& code) { return shop("order", code).as_object(); }
std::string text(const json::value& value) { return std::string(value.as_string()); }

std::size_t add_bytes(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<std::string*>(user)->append(data, size * count);
  return size * count;
}

HttpResponse fetch(const HttpRequest& request) {
  HttpResponse response;
  std::string head;
  curl_slist* headers = nullptr;
  for (const auto& [name, value] : request.headers) {
    headers = curl_slist_append(headers, (name + ": " + std::string(value.as_str())).c_str());
  }
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, add_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, add_bytes);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
  if (curl_easy_perform(curl) == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
  }
  curl_easy_cleanup(curl);
  curl_slist_free_all(headers);
  const std::string name = "vendure-auth-token: ";
  if (const auto at = head.find(name); at != std::string::npos) {
    const auto from = at + name.size();
    response.headers.set(name.substr(0, name.size() - 2),
                         head.substr(from, head.find('\r', at) - from));
  }
  return response;
}

class ShopVendureServer : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_FALSE(shop_url().empty()) << "DESKMATE_VENDURE_URL is not set";
    host_.set_setting("url", shop_url());
    host_.set_secret("username", "superadmin");
    host_.set_secret("password", "superadmin");
    host_.http().otherwise([this](const HttpRequest& request) { return through(request); });
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    host_.advance(static_cast<std::uint64_t>(now_ms - testing::start_ms));
  }

  // On the way to the shop: counts, and loses the answer to the query that lose_ says.
  HttpResponse through(const HttpRequest& request) {
    HttpResponse response = fetch(request);
    if (request.body.find("orders(options") != std::string::npos && --pages_left_ < 0) {
      return {.status = 503, .headers = {}, .body = "gone"};
    }
    if (!lose_.empty() && request.body.find(lose_) != std::string::npos) {
      lose_.clear();
      return {.status = 502, .headers = {}, .body = "<html>Bad gateway</html>"};
    }
    return response;
  }

  void poll_until_done(Bench<ShopVendure>& bench) {
    for (int i = 0; i < 200; ++i) {
      const Result<void> polled = bench.poll();
      ASSERT_TRUE(polled) << polled.error().message;
      if (bench.connector().poll_every_ms(bench.desk()) > behind_poll_ms) return;
    }
    FAIL() << "the connector never caught up";
  }

  std::size_t seen(const std::string& type, const std::string& ref, const std::string& id) {
    std::size_t count = 0;
    for (const auto& event : host_.events(type)) count += event.body["refs"][ref].as_str() == id;
    return count;
  }

  Value last(const std::string& type, const std::string& ref, const std::string& id) {
    Value found;
    for (const auto& event : host_.events(type)) {
      if (event.body["refs"][ref].as_str() == id) found = event.facts;
    }
    return found;
  }

  Action order_action(const std::string& kind, const std::string& order, Map facts = {},
                      Map body = {}) {
    static std::uint8_t number = 0;
    body.set("refs", Value::map({{"order", order}}));
    Action made = testing::action(kind, std::move(facts), std::move(body), ++number);
    made.since_ms = 0;
    return made;
  }

  // Done once however often it is asked for, and found; even when the answer was lost on the way.
  void once(const Action& action, const std::string& mutation) {
    EXPECT_TRUE(bench_.look_up(action).is_no());
    lose_ = mutation;
    const Outcome lost = bench_.perform(action);
    EXPECT_TRUE(lost.is_unknown()) << Value(lost.to_map())["message"].as_str();
    EXPECT_TRUE(lose_.empty()) << "nothing asked for " << mutation;
    const Found found = bench_.look_up(action);
    EXPECT_TRUE(found.is_yes() || found.is_no())
        << "done, or half done: perform goes on from there";
    const Outcome done = bench_.perform(action);
    EXPECT_TRUE(done.is_done()) << Value(done.to_map())["message"].as_str();
    EXPECT_TRUE(bench_.look_up(action).is_yes());
    const Outcome again = bench_.perform(action);
    EXPECT_TRUE(again.is_done()) << Value(again.to_map())["message"].as_str();
  }

  FakeHost host_{"box"};
  Bench<ShopVendure> bench_{host_};
  std::string lose_;
  int pages_left_ = 1'000'000;
};

std::string person(const std::string& name, int count = 1, const std::string& order = "{}") {
  return R"({"email":")" + name + R"(@example.org","first":")" + name +
         R"(","last":"Test","guest":true,"count":)" + std::to_string(count) + R"(,"order":)" +
         order + "}";
}

TEST_F(ShopVendureServer, R60_an_order_comes_with_payment_items_and_parcel) {
  const json::object order = place(person("sixty"))[0].as_object();
  const std::string id = text(order.at("id"));
  poll_until_done(bench_);
  ASSERT_EQ(seen("order.seen", "order", id), 1U);
  Value facts = last("order.seen", "order", id);
  EXPECT_EQ(facts["state"].as_str(), "paid");
  EXPECT_EQ(facts["payment"].as_str(), "paid");
  EXPECT_EQ(facts["total"].as_int(), order.at("totalWithTax").as_int64());
  EXPECT_EQ(facts["paid"].as_int(), order.at("totalWithTax").as_int64());
  EXPECT_EQ(facts["currency"].as_str(), "USD");
  EXPECT_EQ(facts["lines"][0]["sku"].as_str(), "L2201308");

  // Shipped by hand in the shop: Vendure leaves updatedAt as it was, the sweep finds it.
  const json::object shipped = shop("ship", text(order.at("code"))).as_object();
  poll_until_done(bench_);
  EXPECT_EQ(last("order.seen", "order", id)["state"].as_str(), "shipped");
  Value parcel = last("parcel.seen", "parcel", text(shipped.at("id")));
  EXPECT_EQ(parcel["status"].as_str(), "in_transit");
  EXPECT_EQ(parcel["carrier"].as_str(), "SF Express");
  const std::size_t before = host_.events().size();
  poll_until_done(bench_);
  EXPECT_EQ(host_.events().size(), before) << "nothing changed, so nothing is appended";
}

TEST_F(ShopVendureServer, R42_stock_and_price_of_products) {
  poll_until_done(bench_);
  EXPECT_EQ(host_.events("product.seen").size(), 88U);  // the variants of the sample catalogue
  bool found = false;
  for (const auto& event : host_.events("product.seen")) {
    EXPECT_GT(event.facts["price"].as_int(), 0);
    if (event.facts["sku"].as_str() != "L2201308") continue;
    found = true;
    EXPECT_EQ(event.facts["name"].as_str(), "Laptop 13 inch 8GB");
    EXPECT_EQ(event.facts["options"]["laptop-ram"].as_str(), "8GB");
    EXPECT_GT(event.facts["stock"].as_int(), event.facts["allocated"].as_int());
  }
  EXPECT_TRUE(found);
}

TEST_F(ShopVendureServer, R121_orders_come_once_through_pages_and_a_crash) {
  constexpr int count = 120;
  std::set<std::string> placed;
  for (const json::value& order : place(person("many", count))) {
    placed.insert(text(order.as_object().at("id")));
  }
  ASSERT_EQ(placed.size(), static_cast<std::size_t>(count));
  pages_left_ = 3;
  Result<void> polled = bench_.poll();
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error().code, Status::unavailable);
  const std::size_t first_part = host_.events("order.seen").size();
  EXPECT_GT(first_part, 50U);
  pages_left_ = 1'000'000;
  Bench<ShopVendure> restarted(host_);  // the kv and the log are still there
  poll_until_done(restarted);
  poll_until_done(restarted);
  for (const std::string& id : placed) EXPECT_EQ(seen("order.seen", "order", id), 1U) << id;
}

TEST_F(ShopVendureServer, R121_ship_once) {
  const json::object order =
      place(person("ship", 1, R"({"lines":[{"sku":"L2201308","quantity":3}]})"))[0].as_object();
  const std::string id = text(order.at("id"));
  const Action two =
      order_action("ship", id,
                   {{"carrier", "SF Express"},
                    {"lines", Value::array({Value::map({{"sku", "L2201308"}, {"quantity", 2}})})}},
                   {{"tracking", "SF100"}});
  once(two, "addFulfillmentToOrder");
  const Action rest = order_action("ship", id, {}, {{"tracking", "SF100"}});
  once(rest, "transitionFulfillmentToState");
  const json::object now = order_in_shop(text(order.at("code")));
  EXPECT_EQ(text(now.at("state")), "Shipped");
  ASSERT_EQ(now.at("fulfillments").as_array().size(), 2U);
  poll_until_done(bench_);
  EXPECT_EQ(last("order.seen", "order", id)["state"].as_str(), "shipped");

  // R71: what this shop does not allow is said, not tried.
  const Outcome late = bench_.perform(order_action("ship", id, {}, {{"tracking", "SF200"}}));
  ASSERT_TRUE(late.is_failed());
  EXPECT_EQ(Value(late.to_map())["code"].as_str(), "nothing_to_ship");
  EXPECT_FALSE(Value(late.to_map())["again"].as_bool(true));
}

TEST_F(ShopVendureServer, R121_refund_once_and_never_more_than_was_paid) {
  const json::object order = place(person("refund"))[0].as_object();
  const std::string id = text(order.at("id"));
  const std::int64_t total = order.at("totalWithTax").as_int64();
  once(order_action("refund", id, {{"amount", 1000}, {"currency", "USD"}},
                    {{"text", "A chip 缺口"}}),
       "refundOrder");
  const Outcome more = bench_.perform(order_action("refund", id, {{"amount", total}}));
  EXPECT_EQ(Value(more.to_map())["code"].as_str(), "refund_too_much");
  const Outcome euros =
      bench_.perform(order_action("refund", id, {{"amount", 1}, {"currency", "EUR"}}));
  EXPECT_EQ(Value(euros.to_map())["code"].as_str(), "currency");
  once(order_action("refund", id), "refundOrder");  // all that is left
  std::int64_t given = 0;
  const json::object now = order_in_shop(text(order.at("code")));
  const json::array& refunds = now.at("payments").as_array()[0].at("refunds").as_array();
  EXPECT_EQ(refunds.size(), 2U);
  for (const json::value& refund : refunds) given += refund.at("total").as_int64();
  EXPECT_EQ(given, total);
  poll_until_done(bench_);
  EXPECT_EQ(last("order.seen", "order", id)["payment"].as_str(), "refunded");
}

TEST_F(ShopVendureServer, R121_a_declined_refund_is_failed) {
  const json::object order =
      place(person("declined", 1, R"({"payment":{"refundFails":true}})"))[0].as_object();
  const Action action = order_action("refund", text(order.at("id")), {{"amount", 500}});
  EXPECT_EQ(Value(bench_.perform(action).to_map())["code"].as_str(), "refund_declined");
  EXPECT_EQ(Value(bench_.perform(action).to_map())["code"].as_str(), "refund_declined");
  EXPECT_TRUE(bench_.look_up(action).is_no());
  const json::object now = order_in_shop(text(order.at("code")));
  EXPECT_EQ(now.at("payments").as_array()[0].at("refunds").as_array().size(), 1U);
}

TEST_F(ShopVendureServer, R121_cancel_once) {
  const json::object order = place(person("cancel"))[0].as_object();
  const std::string id = text(order.at("id"));
  const Action action = order_action("cancel", id, {}, {{"text", "Changed their mind"}});
  once(action, "cancelOrder");
  EXPECT_EQ(text(order_in_shop(text(order.at("code"))).at("state")), "Cancelled");
  const Outcome other = bench_.perform(order_action("cancel", id));
  EXPECT_EQ(Value(other.to_map())["code"].as_str(), "already_cancelled");
  poll_until_done(bench_);
  EXPECT_EQ(last("order.seen", "order", id)["state"].as_str(), "cancelled");
}

TEST_F(ShopVendureServer, R121_note_once) {
  const json::object order = place(person("note"))[0].as_object();
  once(order_action("order_note", text(order.at("id")), {}, {{"text", "请周末送货"}}),
       "addNoteToOrder");
  const json::object now = order_in_shop(text(order.at("code")));
  int notes = 0;
  for (const json::value& item : now.at("history").at("items").as_array()) {
    if (text(item.at("type")) != "ORDER_NOTE") continue;
    ++notes;
    EXPECT_EQ(text(item.at("data").at("note")).rfind("请周末送货", 0), 0U);
    EXPECT_FALSE(item.at("isPublic").as_bool());
  }
  EXPECT_EQ(notes, 1);
}

TEST_F(ShopVendureServer, R121_coupon_once_and_a_buyer_can_use_it) {
  const Action action = order_action("coupon", "", {{"amount", 500}, {"currency", "USD"}});
  once(action, "createPromotion");
  const Outcome done = bench_.perform(action);
  const std::string code(Value(done.to_map())["body"]["code"].as_str());
  ASSERT_FALSE(code.empty());
  const json::object plain = place(person("plain"))[0].as_object();
  const json::object cheaper =
      place(person("cheaper", 1, R"({"coupons":[")" + code + "\"]}"))[0].as_object();
  EXPECT_LT(cheaper.at("totalWithTax").as_int64(), plain.at("totalWithTax").as_int64());
  EXPECT_THROW(place(person("third", 1, R"({"coupons":[")" + code + "\"]}")), std::runtime_error);
}

TEST_F(ShopVendureServer, R96_send_again_once_and_free_of_charge) {
  const json::object order =
      place(person("resend", 1, R"({"lines":[{"sku":"L2201308","quantity":2}]})"))[0].as_object();
  const std::string id = text(order.at("id"));
  // Lost at every step in turn, and still one second order.
  const Action action =
      order_action("resend", id,
                   {{"lines", Value::array({Value::map({{"sku", "L2201308"}, {"quantity", 1}})})}});
  for (const char* step :
       {"addNoteToOrder", "setCustomerForDraftOrder", "addItemToDraftOrder",
        "setDraftOrderShippingAddress", "setDraftOrderShippingMethod", "createPromotion",
        "applyCouponCodeToDraftOrder", "transitionOrderToState"}) {
    lose_ = step;
    EXPECT_TRUE(bench_.perform(action).is_unknown()) << step;
    EXPECT_TRUE(bench_.look_up(action).is_no()) << step;
  }
  once(action, "addManualPaymentToOrder");
  const Outcome done = bench_.perform(action);
  const std::string code(Value(done.to_map())["body"]["number"].as_str());
  const json::object second = order_in_shop(code);
  EXPECT_EQ(text(second.at("state")), "PaymentSettled");
  EXPECT_EQ(second.at("totalWithTax").as_int64(), 0);
  ASSERT_EQ(second.at("lines").as_array().size(), 1U);
  EXPECT_EQ(second.at("lines").as_array()[0].at("quantity").as_int64(), 1);
  EXPECT_EQ(text(second.at("customer").at("emailAddress")), "resend@example.org");
  int of_this_buyer = 0;
  const json::value all = shop("orders", "");
  for (const json::value& any : all.as_array()) {
    of_this_buyer += text(any.at("customer").at("emailAddress")) == "resend@example.org";
  }
  EXPECT_EQ(of_this_buyer, 2);
  poll_until_done(bench_);
  EXPECT_EQ(last("order.seen", "order", text(second.at("id")))["payment"].as_str(), "paid");
}

TEST_F(ShopVendureServer, logs_in_again_when_the_session_is_gone) {
  poll_until_done(bench_);
  host_.http().otherwise([this](const HttpRequest& request) {
    HttpRequest changed = request;
    if (!lose_.empty() && changed.headers.contains("authorization")) {
      changed.headers.set("authorization", "Bearer expired");
      lose_.clear();
    }
    return fetch(changed);
  });
  lose_ = "once";
  EXPECT_TRUE(bench_.poll());
  EXPECT_TRUE(lose_.empty());
}

TEST_F(ShopVendureServer, says_that_the_password_is_wrong) {
  host_.set_secret("password", "wrong");
  const Result<void> begun = bench_.begin();
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, Status::denied);
  EXPECT_NE(begun.error().message.find("refuses the login"), std::string::npos);
}

}  // namespace
}  // namespace deskmate::shop_vendure
