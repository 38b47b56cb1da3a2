#include "plugins/shop-vendure/fake_vendure.hpp"

#include <algorithm>
#include <utility>

namespace deskmate::shop_vendure {

FakeVendure::FakeVendure() {
  host.set_setting("url", "http://shop.test/");
  host.set_secret("username", "owner");
  host.set_secret("password", "secret");
  host.http().otherwise([this](const HttpRequest& request) { return answer(request); });
  on("login(",
     {200, {{"vendure-auth-token", "t1"}}, R"({"data":{"login":{"__typename":"CurrentUser"}}})"});
  on("orders(options", page({}, 0));
  on("productVariants(", R"({"data":{"productVariants":{"totalItems":0,"items":[]}}})");
}

void FakeVendure::on(const std::string& needle, HttpResponse response) {
  rules_.push_back({needle, std::move(response), false});
}

void FakeVendure::once(const std::string& needle, HttpResponse response) {
  rules_.push_back({needle, std::move(response), true});
}

HttpResponse FakeVendure::answer(const HttpRequest& request) {
  const json::object body = json::parse(request.body).as_object();
  const std::string query(body.at("query").as_string());
  asked_.emplace_back(query, body.at("variables").as_object());
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (query.find(rule->needle) == std::string::npos) continue;
    HttpResponse response = rule->response;
    if (rule->once) rules_.erase(std::next(rule).base());
    return response;
  }
  return {500, {}, "no rule for " + query};
}

std::vector<json::object> FakeVendure::asked(const std::string& needle) const {
  std::vector<json::object> found;
  for (const auto& [query, variables] : asked_) {
    if (query.find(needle) != std::string::npos) found.push_back(variables);
  }
  return found;
}

json::object order_json(const std::string& id) {
  json::object order = json::parse(R"({
    "code": "ABC7", "state": "PaymentSettled", "active": false,
    "updatedAt": "2026-01-04T10:00:00.000Z", "orderPlacedAt": "2026-01-04T09:59:59.500Z",
    "totalWithTax": 2500, "currencyCode": "USD", "couponCodes": [],
    "customer": {"id": "3", "firstName": "Na", "lastName": "Li", "emailAddress": "Li@Example.org",
      "phoneNumber": null},
    "shippingAddress": {"fullName": "Na Li", "company": null, "streetLine1": "8 Road",
      "streetLine2": null, "city": "Wuhan", "province": null, "postalCode": "430010",
      "country": "China", "countryCode": "CN", "phoneNumber": "+86 138-1234-5678"},
    "shippingLines": [{"shippingMethod": {"id": "1", "name": "Standard"}}],
    "lines": [{"id": "11", "quantity": 2, "orderPlacedQuantity": 2,
      "proratedUnitPriceWithTax": 1000,
      "productVariant": {"id": "5", "sku": "MUG-1", "name": "Mug"}}],
    "payments": [{"id": "21", "state": "Settled", "method": "card", "amount": 2500, "refunds": []}],
    "fulfillments": []})")
                           .as_object();
  order["id"] = id;
  return order;
}

std::string one_order(const json::object& order, json::array history) {
  json::object with = order;
  const auto total = static_cast<std::int64_t>(history.size());
  with["history"] = {{"totalItems", total}, {"items", std::move(history)}};
  json::object data;
  data["order"] = std::move(with);
  json::object whole;
  whole["data"] = std::move(data);
  return json::serialize(whole);
}

std::string page(const json::array& orders, std::int64_t total) {
  json::object list;
  list["totalItems"] = total;
  list["items"] = orders;
  json::object data;
  data["orders"] = std::move(list);
  json::object whole;
  whole["data"] = std::move(data);
  return json::serialize(whole);
}

std::string refused(const std::string& name, const std::string& code) {
  return R"({"data":{")" + name + R"(":{"__typename":"SomeError","errorCode":")" + code +
         R"(","message":"no"}}})";
}

Action order_action(const std::string& kind, Map facts, Map body) {
  body.set("refs", Value::map({{"order", "7"}}));
  return testing::action(kind, std::move(facts), std::move(body));
}

std::string code_of(const Outcome& outcome) {
  return std::string(outcome.to_map()["code"].as_str());
}

}  // namespace deskmate::shop_vendure
