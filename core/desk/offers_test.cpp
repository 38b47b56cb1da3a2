#include <gtest/gtest.h>

#include "core/desk/test_money.hpp"

namespace deskmate::desk {
namespace {

class Offers : public testing::Test {
 protected:
  void SetUp() override {
    world.member(1, 1, "aftersale");
    world.member(2, 1, "supervisor");
    world.add("order.seen", sold("o"));
    world.receive("c", "ann");
    world.decide();
  }
  OfferSpec standard(const char* name) {
    OfferSpec spec = offering("o", 1, {});
    spec.standard = name;
    spec.chat = id("c");
    return spec;
  }
  Id16 propose(const OfferSpec& spec) {
    return world.add(world.desk.propose_offer(spec, world.now_ms).value());
  }
  void read_back(const Id16& offer) {
    world.add(world.desk.read_back(offer, 1, "All back, and 5.00 as a coupon?").value());
    world.now_ms += 1000;
  }
  void agree(const Id16& offer) {
    world.receive("c", "ann");
    world.add(world.desk.confirm_offer(offer, 1, "").value());
  }
  std::vector<Id16> carry_out() {
    std::vector<Id16> out;
    for (const Proposals& batch : world.desk.carry_out_ready(world.now_ms)) {
      for (const Proposal& one : batch) out.push_back(world.add(one));
    }
    return out;
  }
  OfferState state(const Id16& offer) { return world.desk.offer(offer)->state; }

  World world;
};

TEST_F(Offers, R80_the_two_standard_offers_for_the_very_order) {
  const auto two = world.desk.standard_offers(id("o"), 1);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].name, "refund_coupon");
  EXPECT_EQ(two[0].steps, (std::vector<OfferStep>{{"refund", 10'000}, {"coupon", 500}}));
  EXPECT_EQ(two[1].name, "resend_coupon");
  EXPECT_EQ(two[1].steps, (std::vector<OfferStep>{{"resend", 0}, {"coupon", 500}}));
  EXPECT_FALSE(two[0].fast);
  world.add("order.seen", sold("cheap", 9'999));
  EXPECT_TRUE(world.desk.standard_offers(id("cheap"), 1)[0].fast);  // below, not at
}

TEST_F(Offers, R80_its_numbers_are_settings) {
  LimitView coupon{"offer_coupon", "", "CNY", 800, true};
  world.add(world.desk.set_limit(coupon, false, 2).value());
  EXPECT_EQ(world.desk.standard_offers(id("o"), 1)[0].steps[1].amount, 800);
  LimitView low{"low_value", "", "CNY", 10'001, true};
  world.add(world.desk.set_limit(low, false, 2).value());
  EXPECT_TRUE(world.desk.standard_offers(id("o"), 1)[0].fast);
  low.currency = "EUR";  // of another currency: nothing changes
  low.value = 1;
  world.add(world.desk.set_limit(low, false, 2).value());
  EXPECT_TRUE(world.desk.standard_offers(id("o"), 1)[0].fast);
}

TEST_F(Offers, R82_read_back_confirmed_and_carried_out_once) {
  const Id16 offer = propose(standard("refund_coupon"));
  EXPECT_EQ(state(offer), OfferState::proposed);
  EXPECT_TRUE(carry_out().empty());
  EXPECT_EQ(world.desk.confirm_offer(offer, 1, "Yes").error().code, Errc::not_read_back);
  read_back(offer);
  EXPECT_EQ(state(offer), OfferState::read_back);
  // What was written before it was read back is no answer to it.
  EXPECT_EQ(world.desk.confirm_offer(offer, 1, " ").error().code, Errc::not_confirmed);
  agree(offer);
  EXPECT_EQ(state(offer), OfferState::ready);
  EXPECT_EQ(world.desk.confirm_offer(offer, 1, "Yes").error().code, Errc::over);

  const auto requests = carry_out();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(state(offer), OfferState::under_way);
  EXPECT_TRUE(carry_out().empty());
  const auto refund = world.desk.request(requests[0]);
  EXPECT_EQ(refund->kind, "refund");
  EXPECT_EQ(refund->member, 1u);
  EXPECT_EQ(world.desk.end_offer(offer, 1, "declined", "").error().code, Errc::over);

  world.add("refund.done", outcome_of(requests[0], "refund"));
  EXPECT_EQ(state(offer), OfferState::under_way);
  world.add("coupon.done", outcome_of(requests[1], "coupon"));
  EXPECT_EQ(state(offer), OfferState::settled);
}

TEST_F(Offers, R82_agreed_to_on_the_telephone) {
  OfferSpec spec = standard("resend_coupon");
  spec.chat.reset();
  const Id16 offer = propose(spec);
  EXPECT_EQ(world.desk.read_back(offer, 1, "").error().code, Errc::text_required);
  world.add(world.desk.read_back(offer, 1, "Told her on the telephone.").value());
  EXPECT_EQ(world.desk.confirm_offer(offer, 1, "").error().code, Errc::not_confirmed);
  const Proposal yes = world.desk.confirm_offer(offer, 1, "\"Send it again\", she said.").value();
  EXPECT_EQ((*yes.body)["text"].as_str(), "\"Send it again\", she said.");
  world.add(yes);
  EXPECT_EQ(carry_out().size(), 2u);
}

TEST_F(Offers, R82_declined_or_replaced_it_is_not_carried_out) {
  const Id16 offer = propose(standard("refund_coupon"));
  read_back(offer);
  OfferSpec other = standard("resend_coupon");
  other.instead = offer;
  const Id16 better = propose(other);
  EXPECT_EQ(state(offer), OfferState::ended);
  EXPECT_EQ(world.desk.offer(offer)->ended, "replaced");
  EXPECT_EQ(world.desk.offer(offer)->replaced_by, better);
  world.add(world.desk.end_offer(better, 1, "declined", "Wants nothing.").value());
  EXPECT_EQ(state(better), OfferState::ended);
  EXPECT_TRUE(carry_out().empty());
}

TEST_F(Offers, R82_a_second_request_of_a_step_is_never_done) {
  const Id16 offer = propose(standard("refund_coupon"));
  read_back(offer);
  agree(offer);
  const auto requests = carry_out();
  Map again{{"shop", "shop"}, {"order", bin("o")},      {"member", 1},
            {"amount", 500},  {"currency", "CNY"},      {"offer", Value::bin(offer)},
            {"step", 1},      {"purpose", "settlement"}};
  const Id16 second = world.add("coupon.requested", again, true);
  Sight sight;
  EXPECT_EQ(world.desk.may_give(requests[1], sight), Give::yes);
  EXPECT_EQ(world.desk.may_give(second, sight), Give::never);
}

TEST_F(Offers, R82_nothing_left_to_refund_ends_it) {
  const Id16 offer = propose(standard("refund_coupon"));
  read_back(offer);
  world.add("refund.seen", Value::map({{"shop", "shop"},
                                       {"order", bin("o")},
                                       {"refund", bin("r")},
                                       {"amount", 1},
                                       {"currency", "CNY"},
                                       {"at", world.now_ms}}));
  agree(offer);
  EXPECT_EQ(carry_out().size(), 1u);  // that it ended
  EXPECT_EQ(world.desk.offer(offer)->ended, "void");
}

TEST_F(Offers, R83_liability_cause_and_reason_are_on_record) {
  OfferSpec spec = standard("refund_coupon");
  spec.text = " ";
  EXPECT_EQ(world.desk.propose_offer(spec, world.now_ms).error().code, Errc::reason_required);
  spec = standard("refund_coupon");
  spec.liable = "the postman";
  EXPECT_EQ(world.desk.propose_offer(spec, world.now_ms).error().where, "liable");
  spec.liable = "courier";
  spec.cause = "weather";
  EXPECT_EQ(world.desk.propose_offer(spec, world.now_ms).error().where, "cause");
  spec.cause = "courier";
  const Proposal made = world.desk.propose_offer(spec, world.now_ms).value();
  EXPECT_EQ((*made.body)["text"].as_str(), "The parcel is lost.");
  EXPECT_EQ(made.buyer, id("ann"));
  const Id16 offer = world.add(made);
  EXPECT_EQ(world.desk.offer(offer)->liable, "courier");
  EXPECT_EQ(world.desk.offer(offer)->cause, "courier");
}

TEST_F(Offers, R83_a_rule_proposes_and_an_agent_overrides_it_with_a_reason) {
  OfferSpec by_rule = offering("o", 0, {{"coupon", 300}});
  by_rule.chat = id("c");
  EXPECT_EQ(world.desk.propose_offer(by_rule, world.now_ms).error().where, "rule");
  by_rule.rule = "parcel-lost";
  by_rule.rule_version = "3";
  const Id16 rule = propose(by_rule);
  EXPECT_EQ(world.desk.offer(rule)->rule, "parcel-lost");
  EXPECT_EQ(world.desk.offer(rule)->rule_version, "3");
  OfferSpec mine = offering("o", 1, {{"coupon", 900}});
  mine.instead = rule;
  mine.text = "She has waited for a month.";
  const Id16 better = propose(mine);
  EXPECT_EQ(world.desk.offer(better)->instead, rule);
  EXPECT_EQ(world.desk.offer(rule)->ended, "replaced");
}

TEST_F(Offers, R83_who_authorised_it_and_why) {
  LimitView none{"settlements_month", "", "", 0, true};
  world.add(world.desk.set_limit(none, false, 0).value());
  const Id16 offer = propose(standard("refund_coupon"));
  EXPECT_EQ(world.desk.offer(offer)->needs, std::vector<std::string>{"settlements_month"});
  read_back(offer);
  agree(offer);
  EXPECT_EQ(state(offer), OfferState::approval);
  EXPECT_TRUE(carry_out().empty());
  EXPECT_EQ(world.desk.answer_offer(offer, 1, true, "Me.").error().code, Errc::not_theirs);
  EXPECT_EQ(world.desk.answer_offer(offer, 2, true, "").error().code, Errc::reason_required);
  OfferFilter waiting;
  waiting.which = OfferFilter::Which::approvals;
  ASSERT_EQ(world.desk.offers(waiting, {}, 10)->rows.size(), 1u);
  world.add(world.desk.answer_offer(offer, 2, true, "A regular.").value());
  EXPECT_TRUE(world.desk.offers(waiting, {}, 10)->rows.empty());
  EXPECT_EQ(world.desk.offer(offer)->answered_by, 2u);
  EXPECT_EQ(carry_out().size(), 2u);
  // Whoever approved answers for it: the member's allowance does not count it.
  EXPECT_EQ(world.desk.purses(1, "CNY", world.now_ms)[0].spent, 0);
}

TEST_F(Offers, R83_refused_it_is_over) {
  LimitView none{"settlements_month", "", "", 0, true};
  world.add(world.desk.set_limit(none, false, 0).value());
  const Id16 offer = propose(standard("refund_coupon"));
  world.add(world.desk.answer_offer(offer, 2, false, "Ask the courier first.").value());
  EXPECT_EQ(state(offer), OfferState::refused);
  EXPECT_EQ(world.desk.read_back(offer, 1, "?").error().code, Errc::over);
  EXPECT_EQ(world.desk.answer_offer(offer, 2, true, "After all.").error().code, Errc::over);
}

TEST_F(Offers, R82_a_step_that_failed_shows) {
  const Id16 offer = propose(standard("refund_coupon"));
  read_back(offer);
  agree(offer);
  const auto requests = carry_out();
  world.add("refund.done", outcome_of(requests[0], "refund"));
  world.add("coupon.unknown", outcome_of(requests[1], "coupon"));
  EXPECT_EQ(state(offer), OfferState::unknown);
  world.add("coupon.resolved", outcome_of(requests[1], "coupon", {{"as", "dropped"}}));
  EXPECT_EQ(state(offer), OfferState::failed);
}

TEST_F(Offers, of_an_order_and_by_the_page) {
  for (int i = 0; i < 3; ++i) propose(offering("o", 1, {{"coupon", 100 + i}}));
  OfferFilter filter;
  filter.order = id("o");
  const auto page = world.desk.offers(filter, {}, 2);
  ASSERT_EQ(page->rows.size(), 2u);
  EXPECT_EQ(page->rows[0].steps[0].step.amount, 102);
  const auto rest = world.desk.offers(filter, page->next, 2);
  ASSERT_EQ(rest->rows.size(), 1u);
  EXPECT_FALSE(world.desk.offers(filter, "no page", 2).has_value());
  EXPECT_FALSE(world.desk.offer(id("nothing")).has_value());
}

}  // namespace
}  // namespace deskmate::desk
