// What rules say of a case reaches whoever asks, and offers about it keep to that.
#include "core/daemon/case_advice.hpp"

#include <deskmate/rules.hpp>

#include "core/daemon/rule_runner.hpp"
#include "core/daemon/test_service.hpp"

namespace deskmate::daemon {
namespace {

using ::testing::HasSubstr;

class CaseAdviceTest : public ServiceTest {
 protected:
  CaseAdviceTest() {
    host::InstanceStatus status;
    status.name = "returns";
    status.kind = "rules";
    plugins.more = {status};
    desk::Policy policy = service->options.policy;
    policy.self = store.log();
    service->set_policy(policy, service->options.outbox);
    desk::MemberSpec ann;
    ann.number = 7;
    ann.name = "Ann";
    ann.role = "supervisor";
    ann.weight = 1;
    service->set_members({ann});
    loop.run();
    shop = connector();
    EXPECT_TRUE(call(shop, "log.append", events(message("m1"))));
    EXPECT_TRUE(call(shop, "log.append", events(order("delivered"))));
    bus::Rights rights;
    rights.methods = {"rules.changed"};
    returns = connect("returns", rights);
    service->rules->plugins_changed();
    EXPECT_TRUE(call(returns, "rules.changed", Value::map({{"judges", "claims"}})));
    const auto opened = call(
        owner(), "desk.case_open",
        Value::map({{"kind", "quality"}, {"order", "T_1"}, {"text", "A scratch."}, {"member", 7}}));
    EXPECT_TRUE(opened) << opened.error().message;
    number = (*opened)["case"];
  }
  // Asks the desk; the plugin then says that of the case.
  Result<Value> ask(const char* method, Value params, Value findings) {
    answers.clear();
    requests.clear();
    std::optional<Result<std::string>> said;
    const auto session = owner();
    EXPECT_TRUE(session->request(method, std::move(params), 5'000,
                                 [&](Result<std::string> result) { said = std::move(result); }));
    loop.run();
    if (!said && answers.size() == 1) {
      if (findings.is_nil()) {
        loop.advance(rule_question_deadline_ms);
      } else {
        auto waiting = std::exchange(answers, {});
        waiting[0].ok(
            Value::map({{"version", "1"}, {"findings", Value::array({std::move(findings)})}}));
      }
      loop.run();
    }
    EXPECT_TRUE(said);
    if (!said) return Error{Status::internal, "not answered", {}};
    if (!*said) return said->error();
    return decode(**said);
  }
  Value about() const { return Value::map({{"case", number}}); }
  Value offer(std::int64_t amount) const {
    return Value::map(
        {{"order", "T_1"},
         {"case", number},
         {"member", 7},
         {"reason", "A scratch."},
         {"steps", Value::array({Value::map({{"kind", "refund"}, {"amount", amount}})})}});
  }
  // The ladder gives so much at most.
  static Value ladder(std::int64_t most) {
    return Value::array(
        {Value::map({{"kind", "ladder"},
                     {"code", "small"},
                     {"amount", most},
                     {"currency", "EUR"},
                     {"limits", true},
                     {"params", Value::map({{"currency", "EUR"}, {"most_minor", most}})},
                     {"fixes", Value::array({"gift", "partial_refund"})}})});
  }
  std::shared_ptr<bus::Session> shop, returns;
  Value number;
};

TEST_F(CaseAdviceTest, R91_the_rules_see_the_case_with_its_order_and_what_they_say_is_told) {
  ASSERT_TRUE(call(owner(), "desk.case_say",
                   Value::map({{"case", number},
                               {"party", "buyer"},
                               {"text", "Here."},
                               {"evidence", "item"},
                               {"member", 7}})));
  ASSERT_TRUE(call(owner(), "desk.case_change",
                   Value::map({{"case", number},
                               {"cause", "packing"},
                               {"severity", "low"},
                               {"hardship", true},
                               {"member", 7}})));
  const auto said = ask("desk.case_advice", about(), ladder(3'000));
  ASSERT_TRUE(said) << said.error().message;
  const Value& found = (*said)["findings"][0u];
  EXPECT_EQ(found["kind"].as_str(), "ladder");
  EXPECT_TRUE(found["limits"].as_bool());
  EXPECT_THAT(std::string(found["text"].as_str()), HasSubstr("at most 30.00 EUR"));
  EXPECT_EQ(found["fixes"][1u]["text"].as_str(), "a part of the money back");

  Document document;
  ASSERT_TRUE(document.parse(requests.at(0).second["subjects"][0].as_bin()));
  const auto subject = rules::unpack(document.root(), 0);
  ASSERT_TRUE(subject.claim && subject.order);
  EXPECT_EQ(subject.claim->kind, "quality");
  EXPECT_EQ(subject.claim->cause, "packing");
  EXPECT_EQ(subject.claim->severity, "low");
  EXPECT_TRUE(subject.claim->hardship);
  EXPECT_EQ(subject.claim->given, std::vector<std::string_view>{"item"});
  const auto row = service->desk.cases({}, {}, start_ms, 1)->rows.at(0);
  EXPECT_EQ(subject.claim->opened_ms, static_cast<std::int64_t>(row.opened_ms));
  EXPECT_EQ(subject.order->number, "T_1");
  EXPECT_EQ(subject.order->total, 10'000);
}

TEST_F(CaseAdviceTest, R91_an_offer_about_a_case_keeps_to_the_limit_or_says_what_it_passes_over) {
  const auto beyond = ask("desk.offer_propose", offer(3'001), ladder(3'000));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().where, "anyway");
  EXPECT_THAT(beyond.error().message, HasSubstr("the rules give less: A small fault"));
  ASSERT_TRUE(ask("desk.offer_propose", offer(3'000), ladder(3'000)));
  EXPECT_EQ(ask("desk.offer_propose", offer(1), ladder(3'000)).error().where, "anyway")
      << "two offers are no way around it";
  Value passing = offer(3'001);
  passing["anyway"] = true;
  const auto passed = ask("desk.offer_propose", passing, ladder(3'000));
  ASSERT_TRUE(passed) << passed.error().message;
  const auto shown = call(owner(), "desk.offer", Value::map({{"offer", (*passed)["offer"]}}));
  ASSERT_TRUE(shown);
  EXPECT_EQ((*shown)["passed"][0u].as_str(), "ladder");
  const auto all = call(owner(), "desk.offers", Value::map());
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)["offers"].size(), 2u) << "what was refused is no offer";
  EXPECT_EQ((*all)["offers"][1u]["rule"].as_str(), "ladder");
}

TEST_F(CaseAdviceTest, R91_an_offer_in_place_of_another_counts_alone) {
  const auto first = ask("desk.offer_propose", offer(2'000), ladder(3'000));
  ASSERT_TRUE(first) << first.error().message;
  Value other = offer(3'000);
  EXPECT_FALSE(ask("desk.offer_propose", other, ladder(3'000)));
  other["instead"] = (*first)["offer"];
  const auto second = ask("desk.offer_propose", other, ladder(3'000));
  EXPECT_TRUE(second) << second.error().message;
}

TEST_F(CaseAdviceTest, R91_two_steps_count_together) {
  Value two = offer(2'000);
  two["steps"].push_back(Value::map({{"kind", "refund"}, {"amount", 1'001}}));
  EXPECT_EQ(ask("desk.offer_propose", two, ladder(3'000)).error().where, "anyway");
}

TEST_F(CaseAdviceTest, R91_R122_rules_that_say_nothing_or_nonsense_are_passed_over_by_a_word) {
  const auto silent = ask("desk.offer_propose", offer(1), Value());
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().where, "anyway");
  EXPECT_THAT(silent.error().message, HasSubstr("did not answer"));
  Value all_the_same = offer(1);
  all_the_same["anyway"] = true;
  EXPECT_TRUE(ask("desk.offer_propose", all_the_same, Value()));
  const auto advice = ask("desk.case_advice", about(), Value());
  ASSERT_TRUE(advice);
  EXPECT_EQ((*advice)["silent"][0u].as_str(), "returns");
  EXPECT_TRUE(ask("desk.case_advice", about(), Value::map({{"not", "a list"}})));
  Value wild = Value::map({{"kind", "ladder"}, {"limits", true}, {"amount", "much"}});
  EXPECT_TRUE(ask("desk.offer_propose", offer(1), Value::array({wild}))) << "no limit in that";
}

TEST_F(CaseAdviceTest, R91_without_a_case_an_order_or_rules_it_is_said_or_nothing_is_asked) {
  const auto none = call(owner(), "desk.case_advice", Value::map({{"case", 99}}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Status::not_found);
  const auto alone = call(
      owner(), "desk.case_open",
      Value::map({{"kind", "quality"}, {"shop", "mail"}, {"text", "A scratch."}, {"member", 7}}));
  ASSERT_TRUE(alone);
  const auto no_order = call(owner(), "desk.case_advice", Value::map({{"case", (*alone)["case"]}}));
  EXPECT_EQ(no_order.error().where, "order");
  ASSERT_TRUE(call(owner(), "desk.case_link",
                   Value::map({{"case", (*alone)["case"]}, {"order", "T_1"}, {"member", 7}})));
  EXPECT_TRUE(ask("desk.case_advice", Value::map({{"case", (*alone)["case"]}}), ladder(1)))
      << "by the order that was linked";
  requests.clear();
  Value of_none = offer(10'000);
  of_none.make_map().erase("case");
  EXPECT_TRUE(call(owner(), "desk.offer_propose", of_none));
  for (const auto& [method, params] : requests) EXPECT_NE(method, "rules.judge");

  returns->end({Status::cancelled, "gone", {}});
  loop.run();
  EXPECT_EQ(call(owner(), "desk.case_advice", about()).error().code, Status::unavailable);
  EXPECT_TRUE(call(owner(), "desk.offer_propose", offer(1)));
  EXPECT_EQ(call(shop, "rules.changed", Value::map()).error().code, Status::denied);
}

}  // namespace
}  // namespace deskmate::daemon
