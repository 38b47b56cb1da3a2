// Problems that rules found, what is judged with an order, and whose turn it is to be sent.
#include "core/desk/problems.hpp"

#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

struct ProblemsOfRules : ::testing::Test {
  ProblemsOfRules() { world.member(1, 1); }

  void order(const std::string& name, Map more = {}) {
    Map facts{{"shop", "shop"},       {"order", bin(name)}, {"buyer", bin("buyer")},
              {"state", "paid"},      {"payment", "paid"},  {"total", 1000},
              {"paid", 1000},         {"currency", "EUR"},  {"placed_at", world.now_ms},
              {"updated_at", ++seen_}};
    for (const auto& [key, value] : more) facts.set(key, value);
    world.add("order.seen", facts);
  }
  static Value line(const std::string& sku, std::int64_t quantity) {
    return Value::map({{"sku", sku}, {"quantity", quantity}, {"price", 100}});
  }
  void product(const std::string& sku, std::int64_t stock, std::int64_t allocated, Map more = {}) {
    Map facts{{"shop", "shop"}, {"sku", sku}, {"stock", stock}, {"allocated", allocated}};
    for (const auto& [key, value] : more) facts.set(key, value);
    world.add("product.seen", facts);
  }
  static ProblemFinding finding(const std::string& kind, Value params = Value::map()) {
    ProblemFinding out;
    out.kind = out.rule = kind;
    out.plugin = "orders";
    out.version = "1";
    out.code = "reason";
    out.params = std::move(params);
    out.severity = "normal";
    out.fixes = {"ask_buyer"};
    return out;
  }
  bool find(const std::string& name, const ProblemFinding& what) {
    const auto made = problems.found({.order = id(name)}, what, world.now_ms);
    if (made) world.add(*made);
    return made.has_value();
  }
  bool clear(const std::string& name, const std::string& kind) {
    const auto made = problems.cleared({.order = id(name)}, kind, "orders", "1");
    if (made) world.add(*made);
    return made.has_value();
  }
  std::vector<std::string> open(const ProblemFilter& filter = {}) {
    std::vector<std::string> out;
    const auto page = problems.list(filter, {}, 100);
    for (const auto& row : page.value().rows) out.push_back(row.finding.kind);
    return out;
  }
  using Kinds = std::vector<std::string>;

  World world;
  const Problems& problems = world.desk.problems();
  std::uint64_t seen_ = 0;
};

TEST_F(ProblemsOfRules, R61_an_order_has_one_open_problem_of_each_kind) {
  order("a");
  EXPECT_TRUE(find("a", finding("vague_address")));
  const std::uint64_t since = world.now_ms;
  world.now_ms += hour_ms;
  EXPECT_FALSE(find("a", finding("vague_address"))) << "the same is no news";
  ProblemFinding later = finding("vague_address");
  later.version = "2";
  EXPECT_FALSE(find("a", later)) << "nor is another version that finds the same";
  EXPECT_TRUE(find("a", finding("vague_address", Value::map({{"length", 3}}))));
  EXPECT_TRUE(find("a", finding("out_of_stock")));
  EXPECT_EQ(open(), (Kinds{"vague_address", "out_of_stock"}));
  const auto one = problems.one({.order = id("a")}, "vague_address");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->since_ms, since);
  EXPECT_EQ(one->found_ms, world.now_ms);
  EXPECT_EQ(one->buyer, id("buyer"));
  EXPECT_EQ(one->shop, "shop");
  EXPECT_EQ(one->finding.params["length"].as_int(), 3);
  EXPECT_EQ(one->finding.fixes, Kinds{"ask_buyer"});
  EXPECT_EQ(open({.kind = "out_of_stock"}), Kinds{"out_of_stock"});
  EXPECT_EQ(open({.shop = "other"}), Kinds{});
  EXPECT_EQ(open({.severity = "high"}), Kinds{});

  EXPECT_TRUE(clear("a", "vague_address"));
  EXPECT_FALSE(clear("a", "vague_address"));
  EXPECT_EQ(open(), Kinds{"out_of_stock"});
  EXPECT_TRUE(find("a", finding("vague_address", Value::map({{"length", 3}})))) << "found again";
  EXPECT_EQ(problems.one({.order = id("a")}, "vague_address")->since_ms, world.now_ms);
}

TEST_F(ProblemsOfRules, R70_a_members_word_holds_for_what_they_saw) {
  order("a");
  find("a", finding("audit", Value::map({{"lines", 1}})));
  const ProblemAbout about{.order = id("a")};
  const auto settle = [&](const std::string& kind, MemberNo member, const std::string& how,
                          const std::string& why) {
    return problems.settle(about, kind, member, how, why);
  };
  EXPECT_EQ(settle("audit", 9, "done", "ok").error().code, Errc::no_such_member);
  EXPECT_EQ(settle("audit", 1, "perhaps", "ok").error().where, "how");
  EXPECT_EQ(settle("audit", 1, "done", " ").error().code, Errc::text_required);
  EXPECT_EQ(settle("other", 1, "done", "ok").error().code, Errc::no_such_problem);
  const Proposal word = settle("audit", 1, "done", "Measured twice.").value();
  EXPECT_EQ(word.buyer, id("buyer")) << "the reason is sealed";
  EXPECT_TRUE(word.facts["text"].is_nil());
  world.add(word);
  EXPECT_EQ(open(), Kinds{});
  EXPECT_EQ(problems.one(about, "audit")->settled, "done");
  EXPECT_EQ(settle("audit", 1, "done", "again").error().code, Errc::no_such_problem);
  EXPECT_FALSE(find("a", finding("audit", Value::map({{"lines", 1}})))) << "still the same";
  EXPECT_EQ(open(), Kinds{});
  find("a", finding("audit", Value::map({{"lines", 2}})));
  EXPECT_EQ(open(), Kinds{"audit"}) << "something else was found";
}

TEST_F(ProblemsOfRules, R62_who_was_written_to_and_did_not_answer_is_to_be_called) {
  order("a");
  find("a", finding("vague_address"));
  EXPECT_FALSE(problems.chat_with(id("a"))) << "the buyer never wrote";
  world.receive("c", "buyer");
  EXPECT_EQ(problems.chat_with(id("a")), id("c"));
  EXPECT_FALSE(problems.told(id("a"), "other", 1, id("c")));
  world.now_ms += 1'000;
  const std::uint64_t told = world.now_ms;
  world.add(problems.told(id("a"), "vague_address", 1, id("c")).value());
  const auto to_call = [&](std::uint64_t hours) {
    return open({.told_before_ms = world.now_ms - hours * hour_ms});
  };
  world.now_ms = told + 48 * hour_ms - 1;
  EXPECT_EQ(to_call(48), Kinds{}) << "just inside";
  world.now_ms = told + 48 * hour_ms;
  EXPECT_EQ(to_call(48), Kinds{"vague_address"}) << "just outside";
  EXPECT_EQ(to_call(49), Kinds{}) << "a longer wait";

  world.add(problems.set_contact(id("buyer"), 1, false).value());
  EXPECT_TRUE(problems.left_alone(id("buyer")));
  EXPECT_EQ(to_call(48), Kinds{}) << "does not want to be called";
  EXPECT_EQ(open(), Kinds{"vague_address"});
  world.add(problems.set_contact(id("buyer"), 1, true).value());
  EXPECT_EQ(to_call(48), Kinds{"vague_address"});
  world.receive("c", "buyer");
  EXPECT_EQ(to_call(48), Kinds{}) << "answered";
  EXPECT_TRUE(problems.one({.order = id("a")}, "vague_address")->answered);
}

TEST_F(ProblemsOfRules, R61_R63_more_sold_than_there_is_hits_those_who_paid_last) {
  const auto is_short = [&](const std::string& name) {
    const auto context = problems.context(id(name));
    return context && context->stock.at(0) && context->stock[0]->is_short;
  };
  for (const std::string name : {"first", "second", "third"}) {
    world.now_ms += 1'000;
    order(name, {{"lines", Value::array({line("S", 2)})}, {"paid_at", world.now_ms}});
  }
  EXPECT_FALSE(problems.context(id("first"))->stock.at(0)) << "the shop has not said";
  product("S", 6, 6);
  EXPECT_FALSE(is_short("third"));
  product("S", 5, 6);
  EXPECT_TRUE(is_short("third"));
  EXPECT_FALSE(is_short("second"));
  product("S", 3, 6);
  EXPECT_TRUE(is_short("second"));
  EXPECT_FALSE(is_short("first"));
  product("S", 6, 6, {{"warehouse", 5}});
  EXPECT_TRUE(is_short("third")) << "the warehouse has less than is shown";
  order("third", {{"state", "shipped"}, {"lines", Value::array({line("S", 2)})}});
  EXPECT_FALSE(is_short("third")) << "it has left";

  product("S", 6, 4);
  world.add(problems.count_stock("shop", "S", 1, 5).value());
  EXPECT_EQ(problems.product("shop", "S")->warehouse, 5);
  product("S", 4, 2);
  EXPECT_EQ(problems.product("shop", "S")->warehouse, 3) << "one less than is shown";
  EXPECT_FALSE(problems.count_stock("shop", "none", 1, 5));
  EXPECT_FALSE(problems.count_stock("shop", "S", 1, -1));
}

TEST_F(ProblemsOfRules, R64_orders_are_sent_in_the_order_of_payment) {
  order("late", {{"paid_at", world.now_ms + 2'000}});
  order("early", {{"paid_at", world.now_ms + 1'000}});
  order("unpaid", {{"payment", "pending"}, {"state", "open"}});
  order("elsewhere", {{"shop", "other"}, {"paid_at", 1}});
  EXPECT_EQ(problems.ship_place(id("early"))->before, 0u);
  EXPECT_EQ(problems.ship_place(id("late"))->before, 1u);
  EXPECT_EQ(problems.ship_place(id("late"))->of, 2u);
  EXPECT_FALSE(problems.ship_place(id("unpaid")));
  const auto queue = problems.ship_queue("shop", 10);
  ASSERT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue[0].id, id("early"));
  EXPECT_EQ(problems.ship_queue("", 10).size(), 3u);
  const auto ship = [&](const std::string& name) {
    ActionSpec spec;
    spec.kind = "ship";
    spec.order = id(name);
    spec.member = 1;
    return world.desk.action(spec, world.now_ms).value().facts["passed"];
  };
  EXPECT_TRUE(ship("early").is_nil()) << "in its turn";
  EXPECT_EQ(ship("late").as_int(), 1) << "the exception is on record";
  order("early", {{"state", "shipped"}, {"paid_at", world.now_ms + 1'000}});
  EXPECT_EQ(problems.ship_place(id("late"))->before, 0u);
  EXPECT_FALSE(problems.ship_place(id("early")));
}

TEST_F(ProblemsOfRules, R61_the_buyers_other_orders_are_judged_with_an_order) {
  order("a", {{"placed_at", 1}});
  order("b", {{"placed_at", 2}});
  order("c", {{"buyer", bin("stranger")}});
  const auto context = problems.context(id("b"));
  ASSERT_TRUE(context);
  ASSERT_EQ(context->others.size(), 1u);
  EXPECT_EQ(context->others[0].id, id("a"));
  EXPECT_FALSE(problems.context(id("none")));
  order("b", {{"state", "delivered"}, {"updated_at", 5 * day_ms}});
  EXPECT_TRUE(problems.context(id("b"), 5 * day_ms));
  EXPECT_FALSE(problems.context(id("b"), 5 * day_ms + 1)) << "over for long";
  std::size_t all = 0;
  Id16 after{};
  for (auto ids = problems.orders_after(after, 2); !ids.empty();
       ids = problems.orders_after(ids.back(), 2)) {
    all += ids.size();
  }
  EXPECT_EQ(all, 3u);
}

TEST_F(ProblemsOfRules, R63_a_product_has_problems_of_its_own) {
  product("S", 3, 0, {{"warehouse", 2}});
  const ProblemAbout about{.shop = "shop", .sku = "S"};
  world.add(problems.found(about, finding("stock_differs"), world.now_ms).value());
  const auto page = problems.list({}, {}, 10);
  ASSERT_EQ(page->rows.size(), 1u);
  EXPECT_EQ(page->rows[0].about, about);
  EXPECT_EQ(page->rows[0].shop, "shop");
  EXPECT_EQ(problems.of(about).size(), 1u);
  const Proposal word = problems.settle(about, "stock_differs", 1, "ignored", "Counted.").value();
  EXPECT_FALSE(word.buyer);
  world.add(word);
  EXPECT_TRUE(problems.list({}, {}, 10)->rows.empty());
  EXPECT_EQ(problems.products_after("", "", 10).size(), 1u);
  EXPECT_TRUE(problems.products_after("shop", "S", 10).empty());
}

TEST_F(ProblemsOfRules, R61_pages_of_open_problems_go_on_where_the_one_before_ended) {
  for (int i = 0; i < 5; ++i) {
    order("o" + std::to_string(i));
    find("o" + std::to_string(i), finding("vague_address"));
  }
  std::size_t seen = 0;
  std::string after;
  do {
    const auto page = problems.list({}, after, 2);
    seen += page->rows.size();
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(seen, 5u);
}

}  // namespace
}  // namespace deskmate::desk
