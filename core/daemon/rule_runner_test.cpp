// Rules are asked at once about what has changed and about everything in a sweep; what they find is
// recorded, and one that is slow, wrong or gone holds up nothing.
#include "core/daemon/rule_runner.hpp"

#include <deskmate/rules.hpp>

#include "core/daemon/test_service.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kinds = std::vector<std::string>;

class RunnerTest : public ServiceTest {
 protected:
  RunnerTest() {
    add_member();
    shop = connector();
    plugins.more = {rules_plugin("orders")};
    orders = start("orders");
  }

  static host::InstanceStatus rules_plugin(const std::string& name) {
    host::InstanceStatus out;
    out.name = name;
    out.kind = "rules";
    return out;
  }
  std::shared_ptr<bus::Session> start(const std::string& name) {
    bus::Rights rights;
    rights.methods = {"rules.changed"};
    auto session = connect(name, rights);
    service->rules->plugins_changed();
    loop.run();
    return session;
  }
  void pass(std::uint64_t ms) {
    loop.advance(ms);
    loop.run();
  }
  void see(const std::string& order, const std::string& state = "paid", const Value& more = {}) {
    Value facts = Value::map({{"state", state},
                              {"payment", "paid"},
                              {"currency", "EUR"},
                              {"placed_at", start_ms},
                              {"updated_at", start_ms + ++seen_}});
    for (const auto& [key, value] : more.as_map()) facts[key] = value;
    const auto done = call(
        shop, "log.append",
        events(
            Value::map({{"type", "order.seen"},
                        {"facts", facts},
                        {"refs", Value::map({{"order", order}, {"buyer", "eve@x"}})},
                        {"desk_refs", Value::map({{"number", order}})},
                        {"body", Value::map({{"number", order}, {"address", "12 Park Lane"}})}})));
    EXPECT_TRUE(done) << done.error().message;
  }
  // How many orders the waiting requests name.
  std::vector<std::size_t> asked() const {
    std::vector<std::size_t> out;
    for (const auto& [method, params] : requests) {
      if (method == "rules.judge") out.push_back(params["subjects"].size());
    }
    return out;
  }
  std::string number_of(std::size_t request, std::size_t subject) const {
    Document document;
    const auto bytes = requests[request].second["subjects"][subject].as_bin();
    EXPECT_TRUE(document.parse(bytes));
    const auto read = rules::unpack(document.root(), 0);
    return read.order ? std::string(read.order->number) : std::string();
  }
  // Answers all that was asked: each subject has these kinds.
  void answer(const Kinds& kinds, const std::string& version = "1") {
    auto waiting = std::exchange(answers, {});
    const auto all = std::exchange(requests, {});
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      Array findings;
      for (std::size_t k = 0; k < all[i].second["subjects"].size(); ++k) {
        Value found;
        for (const auto& kind : kinds) {
          found.push_back(
              Value::map({{"kind", kind}, {"code", "c"}, {"fixes", Value::array({"ship"})}}));
        }
        findings.push_back(std::move(found));
      }
      waiting[i].ok(Value::map({{"version", version}, {"findings", std::move(findings)}}));
    }
    loop.run();
  }
  Kinds open() const {
    Kinds out;
    const auto page = service->desk.problems().list({}, {}, 100);
    for (const auto& row : page->rows) out.push_back(row.finding.kind);
    return out;
  }
  RuleRunner::LaneView lane() const { return service->rules->lanes().at(0); }

  std::shared_ptr<bus::Session> shop, orders;
  std::uint64_t seen_ = 0;
};

TEST_F(RunnerTest, R61_an_order_is_judged_when_it_comes_and_when_it_changes) {
  see("A1");
  ASSERT_THAT(asked(), ElementsAre(1u));
  EXPECT_EQ(number_of(0, 0), "A1");
  EXPECT_EQ(requests[0].second["now_ms"].as_uint(), service->options.wall_ms());
  answer({"vague_address", "late"});
  EXPECT_THAT(open(), ::testing::UnorderedElementsAre("vague_address", "late"));
  see("A1");
  answer({"vague_address"});
  EXPECT_THAT(open(), ElementsAre("vague_address")) << "what is not so any more is cleared";
  EXPECT_EQ(lane().judged, 2u);
  EXPECT_EQ(lane().found, 2u);
  EXPECT_EQ(lane().cleared, 1u);
  EXPECT_EQ(lane().version, "1");
  const auto page = service->desk.problems().list({}, {}, 10);
  EXPECT_EQ(page->rows[0].finding.plugin, "orders");
}

TEST_F(RunnerTest, R65_the_order_of_a_parcel_is_judged_when_its_courier_has_news) {
  see("A1");
  answer({});
  const auto parcel_of = [&](const Value& facts, const Value& refs) {
    return events(Value::map({{"type", "parcel.seen"}, {"facts", facts}, {"refs", refs}}));
  };
  const auto said =
      call(shop, "log.append",
           parcel_of(Value::map({{"status", "in_transit"}, {"carrier", "SF"}, {"at", start_ms}}),
                     Value::map({{"parcel", "P1"}, {"order", "A1"}})));
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(asked(), ElementsAre(1u)) << "as its shop tells";
  answer({});
  const auto order = service->desk.order(service->desk.problems().orders_after({}, 1).at(0));
  ASSERT_TRUE(order && order->parcels.size() == 1);
  const auto told =
      call(shop, "log.append",
           events(Value::map({{"type", "parcel.seen"},
                              {"facts", Value::map({{"parcel", Value::bin(order->parcels[0].id)},
                                                    {"of", order->shop},
                                                    {"status", "lost"},
                                                    {"at", start_ms + 1}})},
                              {"key", "a courier's word"}})));
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_THAT(asked(), ElementsAre(1u)) << "as its courier does, who knows of no order";
  EXPECT_EQ(number_of(0, 0), "A1");
  Document document;
  ASSERT_TRUE(document.parse(requests[0].second["subjects"][0].as_bin()));
  const auto read = rules::unpack(document.root(), 0);
  ASSERT_EQ(read.order->parcels.size(), 1u);
  EXPECT_EQ(read.order->parcels[0].status, "lost");
  EXPECT_TRUE(read.order->parcels[0].under_way);
}

TEST_F(RunnerTest, R61_what_was_given_back_is_not_paid_any_more) {
  const auto paid = [&] {
    Document document;
    EXPECT_TRUE(document.parse(requests.at(0).second["subjects"][0u].as_bin()));
    return rules::unpack(document.root(), 0).order->paid;
  };
  const Value twice = Value::map({{"total", 2'500}, {"paid", 5'000}});
  see("A1", "paid", twice);
  EXPECT_EQ(paid(), 5'000);
  answer({"paid_twice"});

  const auto told =
      call(shop, "log.append",
           events(Value::map(
               {{"type", "refund.seen"},
                {"facts", Value::map({{"amount", 2'500}, {"currency", "EUR"}, {"at", start_ms}})},
                {"refs", Value::map({{"order", "A1"}, {"refund", "r1"}})}})));
  ASSERT_TRUE(told) << told.error().message;
  see("A1", "paid", twice);
  EXPECT_EQ(paid(), 2'500);
}

TEST_F(RunnerTest, R61_all_orders_are_swept_every_two_hours_and_after_a_change_of_the_rules) {
  see("A1");
  see("A2");
  answer({});
  pass(rule_settle_ms);
  ASSERT_THAT(asked(), ElementsAre(2u)) << "after the start";
  answer({});
  EXPECT_EQ(lane().sweep_judged, 2u);
  pass(2 * 3'600'000 - rule_settle_ms - 1);
  EXPECT_THAT(asked(), IsEmpty()) << "just before";
  pass(rule_settle_ms + 1);
  EXPECT_THAT(asked(), ElementsAre(2u));
  answer({"late"});
  EXPECT_THAT(open(), ElementsAre("late", "late"));

  ASSERT_TRUE(call(orders, "rules.changed", Value::map()));
  pass(rule_settle_ms);
  EXPECT_THAT(asked(), ElementsAre(2u));
  answer({}, "2");
  EXPECT_THAT(open(), IsEmpty());

  RuleTimes often;
  often.sweep_ms = 60'000;
  service->set_rule_times(often);
  pass(60'000);
  EXPECT_THAT(asked(), ElementsAre(2u)) << "the setting holds while running";
  answer({});
}

TEST_F(RunnerTest, R61_what_is_found_by_the_same_rules_again_is_no_event) {
  see("A1");
  answer({"late"});
  const auto before = service->journal.position();
  pass(rule_settle_ms);
  answer({"late"});
  EXPECT_TRUE(service->rules->sweep());
  loop.run();
  answer({"late"}, "2");
  EXPECT_EQ(service->journal.position(), before);
}

TEST_F(RunnerTest, R122_rules_that_crash_hang_or_answer_nonsense_lose_nothing_and_hold_up_nothing) {
  pass(rule_settle_ms);
  see("A1");
  see("A2");
  ASSERT_FALSE(answers.empty());
  for (auto& waiting : answers) waiting.fail({Status::internal, "broken", {}});
  answers.clear();
  requests.clear();
  loop.run();
  const auto message_in = call(shop, "log.append", events(message("m1")));
  EXPECT_TRUE(message_in) << "the desk goes on";
  EXPECT_THAT(asked(), IsEmpty()) << "not before a while";
  pass(2 * rule_retry_first_ms);
  ASSERT_THAT(asked(), ElementsAre(1u)) << "one by one";
  answers.front().ok(Value::map({{"findings", Value::array()}}));  // not what was asked
  answers.clear();
  requests.clear();
  loop.run();
  pass(rule_retry_longest_ms);
  // In the end both were judged, or left out after failing twice alone.
  for (int i = 0; i < 6 && lane().judged < 2; ++i) {
    answer({"late"});
    pass(rule_retry_longest_ms);
  }
  EXPECT_EQ(open().size() + lane().left_out, 2u);
  EXPECT_GE(lane().failures, 2u);

  orders->end({Status::ok, "crashed", {}});
  loop.run();
  see("A3");
  EXPECT_THAT(asked(), IsEmpty());
  orders = start("orders");
  loop.run();
  EXPECT_FALSE(asked().empty()) << "what came meanwhile is judged then";
  answer({});
}

TEST_F(RunnerTest, R61_one_slow_plugin_does_not_delay_another) {
  plugins.more.push_back(rules_plugin("parcels"));
  const auto parcels = start("parcels");
  see("A1");
  ASSERT_THAT(asked(), ElementsAre(1u, 1u));
  // Only the second answers.
  answers[1].ok(Value::map(
      {{"version", "1"},
       {"findings",
        Value::array({Value::array({Value::map({{"kind", "stuck"}, {"code", "c"}})})})}}));
  loop.run();
  EXPECT_EQ(open().size(), 1u);
  const auto page = service->desk.problems().list({}, {}, 10);
  EXPECT_EQ(page->rows[0].finding.kind, "stuck");
}

TEST_F(RunnerTest, R62_the_buyer_is_asked_once_in_their_chat_and_not_at_night) {
  ASSERT_TRUE(call(shop, "log.append", events(message("m1"))));
  see("A1");
  answer({"vague_address"});
  const auto desk = owner();
  const Value ask =
      Value::map({{"order", "A1"}, {"kind", "vague_address"}, {"text", "Which number?"}});
  RuleTimes times;
  times.quiet = "00:00-24:00";
  service->set_rule_times(times);
  const auto night = call(desk, "desk.problem_write", ask);
  ASSERT_FALSE(night);
  EXPECT_EQ(night.error().code, Status::unavailable);
  times.quiet = "";
  service->set_rule_times(times);
  ASSERT_TRUE(call(desk, "desk.contact", Value::map({{"order", "A1"}, {"allowed", false}})));
  EXPECT_EQ(call(desk, "desk.problem_write", ask).error().code, Status::denied);
  ASSERT_TRUE(call(desk, "desk.contact", Value::map({{"order", "A1"}, {"allowed", true}})));
  const auto asked_now = call(desk, "desk.problem_write", ask);
  ASSERT_TRUE(asked_now) << asked_now.error().message;
  const auto list = call(desk, "desk.problems", Value::map());
  ASSERT_TRUE(list);
  EXPECT_GT((*list)["problems"][0]["told_ms"].as_uint(), 0u);
  EXPECT_EQ((*list)["problems"][0]["number"].as_str(), "A1");
  const auto none = call(desk, "desk.problems", Value::map({{"to_call", true}}));
  EXPECT_EQ((*none)["problems"].size(), 0u);
  pass(48 * 3'600'000);
  const auto late = call(desk, "desk.problems", Value::map({{"to_call", true}}));
  EXPECT_EQ((*late)["problems"].size(), 1u) << "no answer in 48 hours";
}

TEST_F(RunnerTest, R60_an_order_says_what_is_wrong_and_what_to_do) {
  see("A1");
  answer({"late"});
  const auto desk = owner();
  const auto shown = call(desk, "desk.order", Value::map({{"order", "A1"}}));
  ASSERT_TRUE(shown) << shown.error().message;
  const Value& order = (*shown)["orders"][0];
  EXPECT_EQ(order["problems"][0]["kind"].as_str(), "late");
  EXPECT_EQ(order["problems"][0]["fixes"][0]["text"].as_str(), "send it");
  EXPECT_EQ(order["ship_place"].as_uint(), 1u);
  const Value settle = Value::map(
      {{"order", "A1"}, {"kind", "late"}, {"how", "ignored"}, {"text", "Agreed by phone."}});
  ASSERT_TRUE(call(desk, "desk.problem_settle", settle));
  EXPECT_EQ(call(desk, "desk.problem_settle", settle).error().code, Status::not_found);
  EXPECT_THAT(open(), IsEmpty());
}

}  // namespace
}  // namespace deskmate::daemon
