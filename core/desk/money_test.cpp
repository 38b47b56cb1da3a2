#include <gtest/gtest.h>

#include "core/desk/test_money.hpp"
#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

class Authority : public testing::Test {
 protected:
  void SetUp() override {
    world.member(1, 1, "aftersale");
    world.member(2, 1, "supervisor");
    world.add("order.seen", sold("o", 1'000'000));
  }
  Result<Proposal> give(const char* kind, std::int64_t amount,
                        Purpose purpose = Purpose::settlement, MemberNo member = 1) {
    return world.desk.action(giving(kind, "o", member, amount, purpose), world.now_ms);
  }
  PurseView purse(Purpose purpose, MemberNo member = 1) {
    return world.desk.purses(member, "CNY", world.now_ms).at(static_cast<std::size_t>(purpose));
  }
  void set(const char* name, std::int64_t value, const char* scope = "", const char* of = "") {
    world.add(world.desk.set_limit({name, scope, of, value, true}, false, 0).value());
  }
  World world;
};

TEST_F(Authority, R81_the_21st_settlement_of_the_month_goes_for_approval) {
  for (int i = 0; i < 20; ++i) {
    const Proposal one = give(i % 2 == 0 ? "refund" : "coupon", 100).value();
    ASSERT_EQ(one.type, i % 2 == 0 ? "refund.requested" : "coupon.requested") << i;
    world.add(one);
  }
  EXPECT_EQ(purse(Purpose::settlement).left, 0);
  const Proposal next = give("refund", 100).value();
  EXPECT_EQ(next.type, "offer.proposed");
  EXPECT_FALSE(next.request);
  const Id16 offer = world.add(next);
  EXPECT_EQ(world.desk.offer(offer)->state, OfferState::approval);
  EXPECT_EQ(give("refund", 100, Purpose::settlement, 2).value().type, "refund.requested");
  world.now_ms += 17 * day_ms;  // 2027-02-01: another month
  EXPECT_EQ(purse(Purpose::settlement).left, 20);
  EXPECT_EQ(give("refund", 100).value().type, "refund.requested");
}

TEST_F(Authority, R81_the_month_is_the_members_own) {
  Policy policy = world.desk.policy();
  policy.local_minutes = [](std::string_view zone, std::uint64_t ms) {
    return utc_minutes({}, ms) + (zone == "Asia/Shanghai" ? 8 * 60 : 0);
  };
  world.desk.set_policy(policy);
  MemberSpec li = spec_of(3, 1, "Li", "aftersale");
  li.zone = "Asia/Shanghai";
  world.member(li);
  set("settlements_month", 1);
  world.now_ms += 17 * day_ms - 9 * 3'600'000;  // 2027-01-31 23:00 UTC, 1 February in Shanghai
  EXPECT_EQ(purse(Purpose::settlement, 1).period, "2027-01");
  EXPECT_EQ(purse(Purpose::settlement, 3).period, "2027-02");
}

TEST_F(Authority, R81_what_failed_or_was_given_up_is_not_counted) {
  const Id16 first = world.add(give("refund", 100).value());
  EXPECT_EQ(purse(Purpose::settlement).spent, 1);
  world.add("refund.failed", outcome_of(first, "refund", {{"again", true}}));
  EXPECT_EQ(purse(Purpose::settlement).spent, 1);
  world.add("refund.failed", outcome_of(first, "refund"));
  EXPECT_EQ(purse(Purpose::settlement).spent, 0);
}

TEST_F(Authority, R81_by_member_by_role_and_for_all) {
  set("settlements_month", 7);
  EXPECT_EQ(purse(Purpose::settlement).limit, 7);
  set("settlements_month", 8, "role:aftersale");
  EXPECT_EQ(purse(Purpose::settlement).limit, 8);
  EXPECT_EQ(purse(Purpose::settlement, 2).limit, 7);
  set("settlements_month", 9, "member:1");
  EXPECT_EQ(purse(Purpose::settlement).limit, 9);
  world.add(world.desk.set_limit({"settlements_month", "member:1", "", 0, true}, true, 0).value());
  EXPECT_EQ(purse(Purpose::settlement).limit, 8);
}

TEST_F(Authority, limits_out_of_range_are_refused) {
  const auto wrong = [&](LimitView limit) {
    return world.desk.set_limit(limit, false, 0).error().where;
  };
  EXPECT_EQ(wrong({"settlements", "", "", 1, true}), "name");
  EXPECT_EQ(wrong({"settlements_month", "", "", -1, true}), "value");
  EXPECT_EQ(wrong({"discount_share", "", "", 10'001, true}), "value");
  EXPECT_EQ(wrong({"settlements_month", "team:a", "", 1, true}), "scope");
  EXPECT_EQ(wrong({"settlements_month", "role:chief", "", 1, true}), "scope");
  EXPECT_EQ(wrong({"settlements_month", "member:9", "", 1, true}), "scope");
  EXPECT_EQ(wrong({"gifts_month", "", "", 1, true}), "currency");
  EXPECT_EQ(wrong({"discounts_day", "", "CNY", 1, true}), "currency");
}

TEST_F(Authority, R50_a_hundredth_of_the_order_and_not_more) {
  EXPECT_EQ(give("coupon", 10'000, Purpose::discount).value().type, "coupon.requested");
  const Proposal more = give("coupon", 10'001, Purpose::discount).value();
  EXPECT_EQ(more.type, "offer.proposed");
  EXPECT_EQ(more.facts["needs"][0].as_str(), "discount_share");
  world.add("order.seen", sold("odd", 199));
  EXPECT_EQ(world.desk.action(giving("coupon", "odd", 1, 1, Purpose::discount), world.now_ms)
                .value()
                .type,
            "coupon.requested");
  EXPECT_EQ(world.desk.action(giving("coupon", "odd", 1, 2, Purpose::discount), world.now_ms)
                .value()
                .type,
            "offer.proposed");  // 1.005 %
  set("discount_share", 200);
  EXPECT_EQ(give("coupon", 10'001, Purpose::discount).value().type, "coupon.requested");
}

TEST_F(Authority, R50_the_fourth_discount_of_the_day_goes_for_approval) {
  for (int i = 0; i < 3; ++i) world.add(give("coupon", 100, Purpose::discount).value());
  EXPECT_EQ(give("coupon", 100, Purpose::discount).value().type, "offer.proposed");
  EXPECT_EQ(give("coupon", 100).value().type, "coupon.requested");  // no discount
  set("discounts_day", 4);
  EXPECT_EQ(give("coupon", 100, Purpose::discount).value().type, "coupon.requested");
  set("discounts_day", 3);
  world.now_ms += 16 * 3'600'000 - 1;  // the last millisecond of the day
  EXPECT_EQ(give("coupon", 100, Purpose::discount).value().type, "offer.proposed");
  world.now_ms += 1;
  EXPECT_EQ(give("coupon", 100, Purpose::discount).value().type, "coupon.requested");
}

TEST_F(Authority, R50_a_coupon_before_anything_is_paid_is_a_discount_whatever_it_is_called) {
  world.add("order.seen", sold("unpaid", 10'000, {{"paid", 0}, {"state", "open"}}));
  const auto coupon = [&](std::int64_t amount) {
    return world.desk.action(giving("coupon", "unpaid", 1, amount), world.now_ms).value();
  };
  EXPECT_EQ(coupon(100).facts["purpose"].as_str(), "discount");
  EXPECT_EQ(coupon(101).type, "offer.proposed");
}

TEST_F(Authority, R52_gifts_have_a_budget_of_each_currency) {
  set("gifts_month", 1'000, "", "CNY");
  world.add(give("coupon", 600, Purpose::gift).value());
  EXPECT_EQ(purse(Purpose::gift).left, 400);
  EXPECT_EQ(give("coupon", 400, Purpose::gift).value().type, "coupon.requested");
  const Proposal more = give("coupon", 401, Purpose::gift).value();
  EXPECT_EQ(more.type, "offer.proposed");
  EXPECT_EQ(more.facts["needs"][0].as_str(), "gifts_month");
  EXPECT_EQ(world.desk.purses(1, "EUR", world.now_ms)[2].left, 20'000);
}

TEST_F(Authority, R123_whoever_is_alone_answers_a_second_question) {
  World solo;
  solo.member(1, 1, "presale");
  solo.add("order.seen", sold("o"));
  solo.add(solo.desk.set_limit({"settlements_month", "", "", 0, true}, false, 0).value());
  const Id16 offer = solo.add(solo.desk.action(giving("refund", "o", 1, 100), solo.now_ms).value());
  EXPECT_EQ(solo.desk.answer_offer(offer, 1, true, "").error().code, Errc::reason_required);
  const Proposal yes = solo.desk.answer_offer(offer, 1, true, "It was broken.").value();
  EXPECT_TRUE(yes.facts["own"].as_bool());
  solo.add(yes);
  ASSERT_EQ(solo.desk.carry_out_ready(solo.now_ms).size(), 1u);
}

TEST_F(Authority, R123_without_a_supervisor_another_member_answers_never_oneself) {
  World two;
  two.member(1, 1, "presale");
  two.member(2, 1, "aftersale");
  two.add("order.seen", sold("o"));
  two.add(two.desk.set_limit({"settlements_month", "", "", 0, true}, false, 0).value());
  const Id16 offer = two.add(two.desk.action(giving("refund", "o", 1, 100), two.now_ms).value());
  EXPECT_EQ(two.desk.answer_offer(offer, 1, true, "Me.").error().code, Errc::not_theirs);
  EXPECT_FALSE(
      two.desk.answer_offer(offer, 2, true, "Fine.").value().facts.as_map().contains("own"));
}

TEST_F(Authority, R81_refunds_made_in_the_shops_admin_are_counted) {
  world.receive("c", "ann");
  world.decide();
  const MemberNo served = world.owner("c");
  const auto seen = [&](const char* refund, std::int64_t amount, Map more = {}) {
    Map facts{{"shop", "shop"},   {"order", bin("o")}, {"refund", bin(refund)},
              {"amount", amount}, {"currency", "CNY"}, {"at", world.now_ms}};
    for (const auto& [key, value] : more) facts.set(key, value);
    world.add("refund.seen", facts);
  };
  seen("r1", 400'000);
  EXPECT_EQ(world.desk.order_money(id("o")).left(), 600'000);
  EXPECT_EQ(purse(Purpose::settlement, served).spent, 0);
  for (const Proposal& one : world.desk.book_refunds()) world.add(one);
  EXPECT_EQ(purse(Purpose::settlement, served).spent, 1);
  EXPECT_TRUE(world.desk.book_refunds().empty());
  EXPECT_EQ(give("refund", 600'001).error().code, Errc::bad_amount);
  // Seen again, and one of ours by its mark: neither counts anew.
  seen("r1", 400'000);
  const Id16 ours = world.add(give("refund", 100'000, Purpose::settlement, served).value());
  seen("r2", 100'000, {{"request", Value::bin(ours)}});
  EXPECT_EQ(purse(Purpose::settlement, served).spent, 2);
  EXPECT_EQ(world.desk.order_money(id("o")).left(), 500'000);
  // A mark that somebody made up is no mark.
  seen("r3", 1, {{"request", bin("nobody's")}});
  EXPECT_EQ(world.desk.order_money(id("o")).left(), 499'999);
  seen("r1", 400'000, {{"failed", true}});
  EXPECT_EQ(world.desk.order_money(id("o")).left(), 899'999);
  // Whose it was may be corrected by a supervisor.
  const MemberNo other = served == 1 ? 2 : 1;
  if (served == 1) {
    EXPECT_EQ(world.desk.book_refund(id("r3"), 1, 1).error().code, Errc::not_allowed);
  }
  world.add(world.desk.book_refund(id("r3"), 1, 2).value());
  EXPECT_EQ(purse(Purpose::settlement, 1).spent, served == 1 ? 2 : 1);
  EXPECT_EQ(purse(Purpose::settlement, other).spent, other == 1 ? 1 : 0);
}

TEST_F(Authority, R105_money_paid_by_hand_is_counted_everywhere) {
  PaidByHand paid;
  paid.member = 1;
  paid.order = id("o");
  paid.amount = 400'000;
  EXPECT_EQ(world.desk.record_payment(paid, world.now_ms).error().where, "proof");
  paid.proof.push_back({storage::Hash32{1}, 10, "transfer.png", "image/png"});
  paid.amount = 1'000'001;
  EXPECT_EQ(world.desk.record_payment(paid, world.now_ms).error().code, Errc::bad_amount);
  paid.amount = 400'000;
  const Proposal made = world.desk.record_payment(paid, world.now_ms).value();
  EXPECT_EQ(made.facts["proof"][0].as_bin().size(), 32u);
  world.add(made);
  EXPECT_EQ(world.desk.order_money(id("o")).left(), 600'000);
  EXPECT_EQ(purse(Purpose::settlement).spent, 1);
  EXPECT_EQ(give("refund", 600'001).error().code, Errc::bad_amount);
  const MoneyLedger ledger = world.desk.money_ledger(0, world.now_ms + 1, "UTC");
  ASSERT_EQ(ledger.rows.size(), 1u);
  EXPECT_EQ(ledger.rows[0].by_hand, 400'000);
}

TEST_F(Authority, R84_the_ledger_by_month_and_cause_sums_to_zero) {
  const auto done = [&](Proposal one, const char* kind) {
    const Id16 request = world.add(one);
    world.add(std::string(kind) + ".done", outcome_of(request, kind));
  };
  ActionSpec lost = giving("refund", "o", 1, 300);
  lost.cause = lost.liable = "courier";
  done(world.desk.action(lost, world.now_ms).value(), "refund");
  done(give("coupon", 500).value(), "coupon");
  world.add(give("refund", 9).value());  // not done: nothing was given yet
  world.now_ms += 17 * day_ms;
  lost.amount = 50;
  done(world.desk.action(lost, world.now_ms).value(), "refund");
  const MoneyLedger ledger = world.desk.money_ledger(0, world.now_ms + 1, "UTC");
  ASSERT_EQ(ledger.rows.size(), 3u);
  EXPECT_EQ(ledger.rows[0].month, "2027-01");
  EXPECT_EQ(ledger.rows[0].coupons, 500);
  EXPECT_EQ(ledger.rows[1].cause, "courier");
  EXPECT_EQ(ledger.rows[1].cost, 300);
  EXPECT_EQ(ledger.rows[1].sales, 1'000'000);
  EXPECT_EQ(ledger.rows[2].month, "2027-02");
  EXPECT_EQ(ledger.rows[2].refunds, 50);
  ASSERT_EQ(ledger.accounts.size(), 2u);
  for (const auto& [month, accounts] : ledger.accounts) {
    std::int64_t sum = 0;
    for (const auto& [account, value] : accounts) sum += value;
    EXPECT_EQ(sum, 0) << month;
  }
  EXPECT_EQ(world.desk.money_ledger(world.now_ms - day_ms, world.now_ms + 1, "UTC").rows.size(),
            1u);
}

TEST_F(Authority, sending_again_costs_what_the_goods_cost) {
  const auto line = [](const char* sku, int quantity, int price) {
    return Value::map({{"sku", sku}, {"name", sku}, {"quantity", quantity}, {"price", price}});
  };
  world.add("order.seen",
            sold("two", 900, {{"lines", Value(Array{line("a", 2, 300), line("b", 1, 250)})}}));
  ActionSpec again = giving("resend", "two", 1, 0);
  EXPECT_EQ(world.desk.action(again, world.now_ms).value().facts["value"].as_int(), 850);
  again.facts = Value::map({{"lines", Value(Array{Value::map({{"sku", "a"}, {"quantity", 1}})})}});
  EXPECT_EQ(world.desk.action(again, world.now_ms).value().facts["value"].as_int(), 300);
}

// --- several peers

class Cut : public testing::Test {
 protected:
  Cut() : world(two()) {
    world.add(1, "order.seen", sold("o", 1'000'000));
    world.add(1, world.desk(1).set_limit({"settlements_month", "", "", 4, true}, false, 0));
    world.settle();
  }
  std::string give(std::uint8_t peer, MemberNo member, std::int64_t amount = 100) {
    const auto made = world.desk(peer).action(giving("refund", "o", member, amount), world.now_ms);
    if (!made) return "error";
    last = world.add(peer, made);
    return made->type;
  }
  std::int64_t here(std::uint8_t peer, MemberNo member) {
    return world.desk(peer).purses(member, "", world.now_ms)[0].here;
  }
  PeersWorld world;
  Id16 last{};
};

TEST_F(Cut, R81_a_member_spends_at_their_own_peer_unless_a_share_is_moved) {
  EXPECT_EQ(here(1, 1), 4);
  EXPECT_EQ(here(2, 1), 0);
  EXPECT_EQ(here(2, 2), 4);
  world.cut(1, 2);
  EXPECT_EQ(give(2, 1), "offer.proposed");
  EXPECT_EQ(give(1, 1), "refund.requested");
}

TEST_F(Cut, R81_a_share_is_gone_at_once_and_there_once_it_arrives) {
  const Purse purse = world.desk(1).purses(1, "", world.now_ms)[0].purse;
  world.cut(1, 2);
  EXPECT_EQ(world.desk(1).move_allowance(purse, peer_id(2), 5, 1).error().where, "count");
  EXPECT_EQ(world.desk(2).move_allowance(purse, peer_id(1), 1, 1).error().where, "count");
  world.add(1, world.desk(1).move_allowance(purse, peer_id(2), 3, 1));
  EXPECT_EQ(here(1, 1), 1);
  EXPECT_EQ(here(2, 1), 0);
  world.heal();
  world.settle();
  EXPECT_EQ(here(2, 1), 3);
  world.cut(1, 2);
  EXPECT_EQ(give(1, 1), "refund.requested");
  EXPECT_EQ(give(1, 1), "offer.proposed");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(give(2, 1), "refund.requested");
  EXPECT_EQ(give(2, 1), "offer.proposed");
  world.heal();
  world.settle();
  EXPECT_EQ(world.desk(1).purses(1, "", world.now_ms)[0].spent, 4);
  EXPECT_EQ(world.difference(), "");
}

TEST_F(Cut, R81_a_share_can_be_handed_back_and_on) {
  const Purse purse = world.desk(1).purses(1, "", world.now_ms)[0].purse;
  world.add(1, world.desk(1).move_allowance(purse, peer_id(2), 3, 1));
  world.settle();
  EXPECT_EQ(give(2, 1), "refund.requested");
  world.add(2, world.desk(2).move_allowance(purse, peer_id(1), 2, 1));
  EXPECT_EQ(here(2, 1), 0);
  world.settle();
  EXPECT_EQ(here(1, 1), 3);
  EXPECT_EQ(world.desk(1).purses(1, "", world.now_ms)[0].left, 3);
}

TEST_F(Cut, R81_who_changes_peers_is_waited_for) {
  MemberSpec moves = spec_of(1, 3, "Member 1");
  moves.peer = peer_id(2);
  EXPECT_EQ(give(1, 1), "refund.requested");
  world.cut(1, 2);
  world.add(1, world.desk(1).set_member(moves));
  // The first has let go, and the second does not have it yet.
  EXPECT_EQ(here(1, 1), 0);
  EXPECT_EQ(here(2, 1), 0);
  world.heal();
  world.settle();
  EXPECT_EQ(here(2, 1), 0);
  for (const MemberChange& change : world.desk(2).changes_waiting()) {
    world.add(2, world.desk(2).agree_to_change(change.change));
  }
  EXPECT_EQ(here(2, 1), 3);  // what was spent before is known
  world.settle();
  EXPECT_EQ(here(1, 1), 0);
}

TEST_F(Cut, R123_approved_on_the_other_owners_machine_and_done_at_home) {
  world.add(1, world.desk(1).set_limit({"settlements_month", "", "", 0, true}, false, 0));
  EXPECT_EQ(give(1, 1), "offer.proposed");
  const Id16 offer = last;
  world.settle();
  world.add(2, world.desk(2).answer_offer(offer, 2, true, "Fine."));
  EXPECT_TRUE(world.desk(2).carry_out_ready(world.now_ms).empty());
  EXPECT_EQ(world.desk(2).carry_out(offer, 2, world.now_ms).error().code, Errc::not_here);
  world.settle();
  EXPECT_EQ(world.desk(1).carry_out_ready(world.now_ms).size(), 1u);
}

TEST_F(Cut, R121_refunds_of_one_order_at_two_peers_never_come_to_more_than_was_paid) {
  world.cut(1, 2);
  ASSERT_EQ(give(1, 1, 1'000'000), "refund.requested");
  const Id16 first = last;
  ASSERT_EQ(give(2, 2, 1'000'000), "refund.requested");
  const Id16 second = last;
  const auto may = [&](std::uint8_t n) {
    return world.desk(n).may_give(n == 1 ? first : second, world.sight(n));
  };
  // Cut off, the draw lets one of them begin; connected again the other finds it done.
  const int begun = (may(1) == Give::yes ? 1 : 0) + (may(2) == Give::yes ? 1 : 0);
  EXPECT_EQ(begun, 1);
  const std::uint8_t drawn = may(1) == Give::yes ? 1 : 2;
  const Id16 done = drawn == 1 ? first : second;
  world.add(drawn, "refund.attempted", outcome_of(done, "refund"));
  EXPECT_EQ(may(drawn), Give::yes);
  world.heal();
  world.settle();
  EXPECT_NE(may(drawn == 1 ? 2 : 1), Give::yes);
  world.add(drawn, "refund.done", outcome_of(done, "refund"));
  world.settle();
  EXPECT_EQ(may(drawn == 1 ? 2 : 1), Give::never);
}

TEST_F(Cut, R121_connected_a_refund_waits_for_the_others_word) {
  ASSERT_EQ(give(1, 1, 1'000'000), "refund.requested");
  EXPECT_EQ(world.desk(1).may_give(last, world.sight(1)), Give::wait);
  world.exchange();
  EXPECT_EQ(world.desk(1).may_give(last, world.sight(1)), Give::yes);
}

}  // namespace
}  // namespace deskmate::desk
