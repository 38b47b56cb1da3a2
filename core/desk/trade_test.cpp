#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

Value order(const std::string& name, const std::string& buyer, Map more = {}) {
  Map facts{{"shop", "shop"},      {"order", bin(name)}, {"number", bin("number " + name)},
            {"buyer", bin(buyer)}, {"state", "placed"},  {"payment", "paid"},
            {"total", 5000},       {"paid", 5000},       {"currency", "EUR"},
            {"placed_at", 1000},   {"updated_at", 1000}};
  for (const auto& [key, value] : more) facts.set(key, value);
  return facts;
}

TEST(Orders, R4_by_account_by_joined_account_and_by_contact) {
  World world;
  world.member(1, 1);
  world.add("order.seen", order("o1", "buyer"));
  world.add("order.seen", order("o2", "joined", {{"placed_at", 2000}}));
  world.add("order.seen",
            order("o3", "guest", {{"placed_at", 3000}, {"contacts", bins({"mail"})}}));
  world.add("order.seen", order("o4", "stranger", {{"contacts", bins({"another mail"})}}));
  world.add(world.desk.join(id("buyer"), id("joined"), 1).value());
  world.receive("c", "buyer", {{"contacts", bins({"mail"})}});
  const ChatView view = world.view("c");
  ASSERT_EQ(view.orders.size(), 3u);
  EXPECT_EQ(view.orders[0].id, id("o3"));
  EXPECT_EQ(view.orders[0].link, OrderLink::contact);
  EXPECT_EQ(view.orders[1].link, OrderLink::joined);
  EXPECT_EQ(view.orders[2].link, OrderLink::own);
  EXPECT_EQ(view.unproved, 0u);
}

TEST(Orders, R60_somebody_elses_order_number_discloses_nothing) {
  World world;
  world.add("order.seen", order("theirs", "stranger", {{"contacts", bins({"their mail"})}}));
  world.receive(
      "c", "buyer",
      {{"contacts", bins({"my mail"})}, {"mentions", bins({"number theirs", "number none"})}});
  EXPECT_TRUE(world.view("c").orders.empty());
  EXPECT_EQ(world.view("c").unproved, 1u);
  // Naming the address of the order proves it, even in another chat; a number alone never does.
  world.receive("d", "buyer", {{"mentions", bins({"their mail"})}});
  ASSERT_EQ(world.view("c").orders.size(), 1u);
  EXPECT_EQ(world.view("c").orders[0].link, OrderLink::quoted);
  EXPECT_EQ(world.view("c").unproved, 0u);
  EXPECT_TRUE(world.view("d").orders.empty());  // where nobody quoted it
}

TEST(Orders, R60_what_another_buyer_named_proves_nothing) {
  World world;
  world.add("order.seen", order("theirs", "owner", {{"contacts", bins({"their mail"})}}));
  world.receive("owner's", "owner", {{"mentions", bins({"their mail"})}});
  world.receive("c", "buyer", {{"mentions", bins({"number theirs"})}});
  EXPECT_TRUE(world.view("c").orders.empty());
  EXPECT_EQ(world.view("c").unproved, 1u);
}

TEST(Orders, the_shops_own_time_decides_not_when_we_heard) {
  World world;
  world.add("order.seen", order("o", "buyer", {{"updated_at", 2000}, {"state", "shipped"}}));
  world.add("order.seen", order("o", "buyer", {{"updated_at", 1000}}));
  EXPECT_EQ(world.desk.order(id("o"))->state, "shipped");
  world.add("order.seen", order("o", "other", {{"updated_at", 3000}, {"number", bin("new")}}));
  EXPECT_TRUE(world.desk.orders_by_number(id("number o")).empty());
  EXPECT_EQ(world.desk.orders_by_number(id("new")).size(), 1u);
  EXPECT_TRUE(world.desk.orders({.shop = "", .buyer = id("buyer")}, 10).empty());
  EXPECT_EQ(world.desk.orders({.shop = "", .buyer = id("other")}, 10).size(), 1u);
}

TEST(Orders, R60_are_found_by_a_buyers_address_as_the_shop_has_it_now) {
  World world;
  world.add("order.seen", order("o1", "b", {{"contacts", bins({"mail", "phone"})}}));
  world.add("order.seen", order("o2", "c", {{"contacts", bins({"mail"})}, {"updated_at", 1}}));
  EXPECT_EQ(world.desk.orders_by_contact(id("mail")).size(), 2u);
  ASSERT_EQ(world.desk.orders_by_contact(id("phone")).size(), 1u);
  EXPECT_EQ(world.desk.orders_by_contact(id("phone"))[0].id, id("o1"));
  world.add("order.seen", order("o2", "c", {{"contacts", bins({"other"})}, {"updated_at", 2}}));
  EXPECT_EQ(world.desk.orders_by_contact(id("mail")).size(), 1u);
  EXPECT_TRUE(world.desk.orders_by_contact(id("none")).empty());
}

TEST(Orders, lists_latest_first_and_by_shop) {
  World world;
  world.add("order.seen", order("o1", "b", {{"placed_at", 1}}));
  world.add("order.seen", order("o2", "b", {{"placed_at", 3}, {"shop", "second"}}));
  world.add("order.seen", order("o3", "b", {{"placed_at", 2}}));
  const auto all = world.desk.orders({}, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, id("o2"));
  EXPECT_EQ(all[2].id, id("o1"));
  EXPECT_EQ(world.desk.orders({.shop = "shop", .buyer = {}}, 10).size(), 2u);
  EXPECT_EQ(world.desk.orders({}, 1).size(), 1u);

  // Page by page, whatever the limit: each once.
  std::vector<Id16> seen;
  OrderFilter filter;
  for (;;) {
    const auto page = world.desk.orders(filter, 1);
    if (page.empty()) break;
    seen.push_back(page[0].id);
    filter.after = page[0].id;
  }
  EXPECT_EQ(seen, (std::vector<Id16>{id("o2"), id("o3"), id("o1")}));
  EXPECT_TRUE(world.desk.orders({.shop = "", .buyer = {}, .after = id("none")}, 10).empty());
}

TEST(Orders, R60_parcels_with_their_latest_status) {
  World world;
  world.add("order.seen",
            order("o", "b",
                  {{"lines",
                    Value::array({Value::map(
                        {{"sku", "S1"}, {"name", "Shoe"}, {"quantity", 2}, {"price", 2500}})})}}));
  const auto parcel = [&](const char* status, std::uint64_t at_ms) {
    world.add("parcel.seen", Value::map({{"shop", "shop"},
                                         {"parcel", bin("p")},
                                         {"order", bin("o")},
                                         {"status", status},
                                         {"carrier", "SF"},
                                         {"at", at_ms}}));
  };
  parcel("delivered", 20);
  parcel("moving", 10);
  const OrderView view = world.desk.order(id("o")).value();
  ASSERT_EQ(view.parcels.size(), 1u);
  EXPECT_EQ(view.parcels[0].status, "delivered");
  EXPECT_EQ(view.parcels[0].carrier, "SF");
  EXPECT_EQ(view.lines, (std::vector<OrderLine>{{"S1", "Shoe", 2, 2500}}));
}

TEST(Products, R42_stock_and_price) {
  World world;
  world.add("product.seen", Value::map({{"shop", "shop"},
                                        {"sku", "S1"},
                                        {"name", "Shoe"},
                                        {"stock", 5},
                                        {"allocated", 2},
                                        {"price", 2500},
                                        {"currency", "EUR"},
                                        {"options", Value::map({{"size", "38"}})}}));
  world.add("product.seen",
            Value::map({{"shop", "shop"}, {"sku", "S1"}, {"name", "Shoe"}, {"stock", 4}}));
  world.add("product.seen", Value::map({{"shop", "shopping"}, {"sku", "S2"}, {"stock", 1}}));
  const auto products = world.desk.products("shop", 10);
  ASSERT_EQ(products.size(), 1u);
  EXPECT_EQ(products[0].stock, 4);
  EXPECT_EQ(products[0].sku, "S1");
  EXPECT_EQ(world.desk.products("", 10).size(), 2u);
}

TEST(Actions, a_refund_is_checked_against_what_is_left) {
  World world;
  world.member(1, 1);
  world.add("order.seen", order("o", "buyer"));
  const auto refund = [&](std::int64_t amount, std::string currency = "") {
    ActionSpec spec;
    spec.kind = "refund";
    spec.order = id("o");
    spec.member = 1;
    spec.amount = amount;
    spec.currency = std::move(currency);
    spec.facts = Value::map({{"reason", "late"}, {"amount", 1}});
    return world.desk.action(spec, world.now_ms);
  };
  EXPECT_EQ(refund(0).error().code, Errc::bad_amount);
  EXPECT_EQ(refund(5001).error().code, Errc::bad_amount);
  EXPECT_EQ(refund(100, "USD").error().code, Errc::bad_amount);
  const Proposal proposal = refund(3000).value();
  EXPECT_EQ(proposal.type, "refund.requested");
  EXPECT_TRUE(proposal.request);
  EXPECT_EQ(proposal.facts["amount"].as_int(), 3000);
  EXPECT_EQ(proposal.facts["currency"].as_str(), "EUR");
  EXPECT_EQ(proposal.facts["reason"].as_str(), "late");
  EXPECT_EQ(proposal.subject, world.desk.order(id("o"))->seen);
  const Id16 request = world.add(proposal);
  EXPECT_EQ(refund(3000).error().code, Errc::bad_amount);  // twice would be too much
  EXPECT_TRUE(refund(2000).has_value());
  world.add("refund.failed", Value::map({{"request", Value::bin(request)},
                                         {"kind", "refund"},
                                         {"attempt", 1},
                                         {"code", "declined"}}));
  EXPECT_TRUE(refund(3000).has_value());
  ASSERT_EQ(world.desk.order(id("o"))->requests.size(), 1u);
  EXPECT_EQ(world.desk.order(id("o"))->requests[0].state, RequestState::failed);
}

class Requests : public testing::Test {
 protected:
  void SetUp() override {
    world.member(1, 1);
    world.add("order.seen", order("o", "buyer"));
    ActionSpec spec;
    spec.kind = "ship";
    spec.order = id("o");
    spec.member = 1;
    request = world.add(world.desk.action(spec, world.now_ms).value());
  }
  void outcome(const char* what, Map more = {}) {
    Map facts{{"request", Value::bin(request)}, {"kind", "ship"}, {"attempt", 1}};
    for (const auto& [key, value] : more) facts.set(key, value);
    world.add(std::string("ship.") + what, facts);
  }
  RequestState state() { return world.desk.request(request)->state; }

  World world;
  Id16 request{};
};

TEST_F(Requests, R121_from_pending_to_done) {
  EXPECT_EQ(state(), RequestState::pending);
  ASSERT_EQ(world.desk.pending_requests("ship", "shop", 10).size(), 1u);
  EXPECT_TRUE(world.desk.pending_requests("refund", "", 10).empty());
  EXPECT_TRUE(world.desk.pending_requests("", "other", 10).empty());
  EXPECT_EQ(world.desk.pending_requests("", "", 10)[0].home, log_name(1).peer);
  outcome("attempted");
  EXPECT_EQ(state(), RequestState::attempted);
  EXPECT_EQ(world.desk.request(request)->attempts, 1u);
  EXPECT_EQ(world.desk.request(request)->tried_ms, world.now_ms);
  EXPECT_EQ(world.desk.pending_requests("", "", 10).size(), 1u);
  outcome("done");
  EXPECT_EQ(state(), RequestState::done);
  EXPECT_TRUE(world.desk.pending_requests("", "", 10).empty());
  outcome("failed");  // too late: it is done
  EXPECT_EQ(state(), RequestState::done);
}

TEST_F(Requests, R121_failed_so_that_it_may_be_tried_again) {
  outcome("attempted");
  outcome("failed", {{"again", true}, {"after_ms", 5000}, {"code", "busy"}});
  const RequestView view = world.desk.request(request).value();
  EXPECT_EQ(view.state, RequestState::again);
  EXPECT_EQ(view.after_ms, 5000u);
  EXPECT_EQ(view.code, "busy");
  EXPECT_EQ(view.last, world.last.key);
  outcome("attempted", {{"attempt", 2}});
  EXPECT_EQ(world.desk.request(request)->attempts, 2u);
  outcome("failed", {{"attempt", 2}});
  EXPECT_EQ(state(), RequestState::failed);
  EXPECT_TRUE(world.desk.pending_requests("", "", 10).empty());
}

TEST_F(Requests, R121_unknown_asks_a_person) {
  outcome("attempted");
  EXPECT_EQ(world.desk.resolve(request, "done", 1).error().code, Errc::not_unknown);
  outcome("unknown");
  EXPECT_EQ(state(), RequestState::unknown);
  EXPECT_TRUE(world.desk.pending_requests("", "", 10).empty());
  ASSERT_EQ(world.desk.unknown_requests(10).size(), 1u);
  EXPECT_EQ(world.desk.resolve(request, "perhaps", 1).error().code, Errc::bad_value);
  world.add(world.desk.resolve(request, "again", 1).value());
  EXPECT_EQ(state(), RequestState::again);
  outcome("attempted", {{"attempt", 2}});
  outcome("unknown", {{"attempt", 2}});
  world.add(world.desk.resolve(request, "dropped", 1).value());
  EXPECT_EQ(state(), RequestState::dropped);
  EXPECT_TRUE(world.desk.unknown_requests(10).empty());
}

TEST_F(Requests, R121_what_an_older_incarnation_left_counts_as_attempted) {
  Policy restored = world.desk.policy();
  restored.self.incarnation = 2;
  world.desk.set_policy(restored);
  EXPECT_EQ(state(), RequestState::attempted);
  EXPECT_TRUE(world.desk.request(request)->assumed);
  // Once this incarnation has looked, its own word counts.
  outcome("failed", {{"again", true}});
  EXPECT_EQ(state(), RequestState::again);
  EXPECT_FALSE(world.desk.request(request)->assumed);
}

TEST_F(Requests, R121_another_peers_requests_are_its_own) {
  Policy other = world.desk.policy();
  other.self = log_name(9, 5);
  world.desk.set_policy(other);
  EXPECT_EQ(state(), RequestState::pending);
  EXPECT_EQ(world.desk.request(request)->home, log_name(1).peer);
}

TEST(Plugins, their_latest_state_with_the_reason) {
  World world;
  world.add("plugin.state", Value::map({{"plugin", "mail"}, {"state", "started"}}));
  world.add("plugin.state",
            Value::map(
                {{"plugin", "mail"}, {"state", "crashed"}, {"reason", "signal 11"}, {"code", 11}}));
  const auto plugins = world.desk.plugins();
  ASSERT_EQ(plugins.size(), 1u);
  EXPECT_EQ(plugins[0].state, "crashed");
  EXPECT_EQ(plugins[0].reason, "signal 11");
  EXPECT_EQ(plugins[0].code, "11");
}

}  // namespace
}  // namespace deskmate::desk
