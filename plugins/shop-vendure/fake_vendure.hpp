// A shop for unit tests: answers by what a query asks for, and remembers what it was asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "deskmate/testing/bench.hpp"
#include "plugins/shop-vendure/answer.hpp"
#include "plugins/shop-vendure/connector.hpp"

namespace deskmate::shop_vendure {

class FakeVendure {
 public:
  FakeVendure();

  // A query that has needle in it is answered so; what was said last counts.
  void on(const std::string& needle, HttpResponse response);
  void on(const std::string& needle, const std::string& body) { on(needle, {200, {}, body}); }
  // The same, for the next such query only.
  void once(const std::string& needle, HttpResponse response);
  void once(const std::string& needle, const std::string& body) { once(needle, {200, {}, body}); }

  // The variables of the queries that had needle in them.
  std::vector<json::object> asked(const std::string& needle) const;

  testing::FakeHost host{"box"};
  testing::Bench<ShopVendure> bench{host};

 private:
  struct Rule {
    std::string needle;
    HttpResponse response;
    bool once = false;
  };
  HttpResponse answer(const HttpRequest& request);

  std::vector<Rule> rules_;
  std::vector<std::pair<std::string, json::object>> asked_;
};

// An order of one line (2 of MUG-1 for 1000 each, 500 shipping), paid, as the shop would send it.
json::object order_json(const std::string& id = "7");
// {"data": {"order": …}}, with its history.
std::string one_order(const json::object& order, json::array history = {});
// {"data": {"orders": …}}
std::string page(const json::array& orders, std::int64_t total);
// {"data": {name: {"__typename": "…Error", "errorCode": code, "message": "no"}}}
std::string refused(const std::string& name, const std::string& code);

Action order_action(const std::string& kind, Map facts = {}, Map body = {});
std::string code_of(const Outcome& outcome);

}  // namespace deskmate::shop_vendure
