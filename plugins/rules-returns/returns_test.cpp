// R53, R90 to R92, R94 and R97: each figure just inside and just outside, and the plugin as the
// desk asks it.
#include "returns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/rules.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::rules_returns {
namespace {

using rules::day_ms;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

constexpr std::int64_t now_ms = 1'800'000'000'000;

struct Returns : ::testing::Test {
  Returns() {
    order.shop = "box";
    order.state = "delivered";
    order.currency = "CNY";
    order.total = order.paid = 21'000;
    order.placed_ms = now_ms - 10 * day_ms;
    order.lines = {{"CUP-RED", "Cup", 2, 10'000, false, {}, {}}};
    order.parcels.resize(1);
    order.parcels[0].status = "delivered";
    order.parcels[0].at_ms = now_ms - 3 * day_ms;
    claim.kind = "quality";
    claim.opened_ms = now_ms;
    claim.given = {"item"};
  }
  // kind/code, as settings (TOML) say.
  Words judge(const std::string& settings = "") {
    rules::Subject subject;
    subject.now_ms = now_ms;
    subject.shop = order.shop;
    subject.order = order;
    subject.claim = claim;
    subject.others = others;
    return testing::judged<ReturnRules>(settings, subject, sheet);
  }
  const rules::Finding& found(std::string_view kind) const {
    for (const auto& one : sheet.findings()) {
      if (one.kind == kind) return one;
    }
    throw std::runtime_error("not found: " + std::string(kind));
  }
  std::int64_t param(std::string_view kind, const char* name) const {
    return found(kind).params[name].as_int(-1);
  }

  rules::Order order;
  rules::Claim claim;
  std::vector<rules::Order> others;
  rules::Sheet sheet{true};
};

TEST_F(Returns, R90_evidence_is_asked_for_by_kind_and_only_what_is_missing) {
  claim.kind = "damaged";
  EXPECT_THAT(judge(), Contains("evidence/missing"));
  EXPECT_EQ(found("evidence").params["wants"].as_str(), "parcel, slip") << "the item is there";
  claim.given = {"slip", "item", "parcel"};
  EXPECT_THAT(judge(), Not(Contains("evidence/missing")));
  claim.given = {};
  EXPECT_THAT(judge("[evidence]\ndamaged = [\"label\"]"), Contains("evidence/missing"));
  EXPECT_EQ(found("evidence").params["wants"].as_str(), "label");
  EXPECT_THAT(judge("[evidence]\non = false"), Not(Contains("evidence/missing")));
}

TEST_F(Returns, R90_none_is_asked_for_where_it_is_plain_or_of_low_value) {
  claim.kind = "damaged";
  claim.given = {};
  order.low_value = true;
  EXPECT_THAT(judge(), Not(Contains("evidence/missing")));
  EXPECT_THAT(judge("[evidence]\nnone_of_low_value = false"), Contains("evidence/missing"));
  order.low_value = false;
  order.parcels.push_back(order.parcels[0]);
  order.parcels[1].status = "damaged";
  EXPECT_THAT(judge(), Not(Contains("evidence/missing"))) << "the courier says so";
  claim.kind = "question";
  order.parcels.pop_back();
  EXPECT_THAT(judge(), IsEmpty()) << "nothing is claimed";
}

TEST_F(Returns, R97_each_window_to_the_millisecond_and_as_set) {
  const auto at = [&](std::int64_t days, std::int64_t ms = 0) {
    order.parcels[0].at_ms = now_ms - days * day_ms - ms;
  };
  for (const auto& [kind, days] : {std::pair("no_reason", 7), std::pair("return", 7),
                                   std::pair("swap", 15), std::pair("quality", 90)}) {
    claim.kind = kind;
    at(days);
    EXPECT_THAT(judge(), Contains("window/open")) << kind;
    EXPECT_EQ(param("window", "until_ms"), now_ms);
    at(days, 1);
    EXPECT_THAT(judge(), ElementsAre("window/over")) << kind;
    EXPECT_TRUE(found("window").limits);
    EXPECT_EQ(found("window").amount, 0);
    EXPECT_THAT(found("window").fixes, ElementsAre("explain"));
  }
  claim.kind = "no_reason";
  at(8);
  EXPECT_THAT(judge("[window]\nno_reason_days = 8"), Contains("window/open"));
  EXPECT_THAT(judge("[window]\non = false"), Contains("return_postage/shop"));
  EXPECT_THAT(judge("[shop.box.window]\nno_reason_days = 8"), Contains("window/open"));
  order.parcels.clear();
  EXPECT_THAT(judge(), Contains("return_postage/shop")) << "not delivered yet";
}

TEST_F(Returns, R94_hardship_has_longer_and_more_and_nothing_is_sent_back) {
  claim.kind = "no_reason";
  order.parcels[0].at_ms = now_ms - 14 * day_ms;
  EXPECT_THAT(judge(), ElementsAre("window/over"));
  claim.hardship = true;
  EXPECT_THAT(judge(), Contains("window/open")) << "7 + 7 days";
  order.parcels[0].at_ms -= 1;
  EXPECT_THAT(judge(), ElementsAre("window/over"));
  claim.kind = "quality";
  judge("[return_postage]\ncosts = { CNY = 12.00 }");
  EXPECT_EQ(found("ladder").code, "hardship");
  EXPECT_EQ(found("ladder").amount, 10'000) << "half of the goods, whatever the postage";
  EXPECT_THAT(found("ladder").fixes, Not(Contains("return_goods")));
  claim.severity = "high";
  EXPECT_THAT(judge(), Contains("ladder/large_keep"));
}

TEST_F(Returns, R97_what_is_made_to_order_is_returned_for_a_fault_only) {
  order.lines[0].custom = true;
  for (const char* kind : {"no_reason", "swap"}) {
    claim.kind = kind;
    EXPECT_THAT(judge(), ElementsAre("window/custom")) << kind;
  }
  claim.kind = "quality";
  EXPECT_THAT(judge(), Contains("ladder/small"));
}

TEST_F(Returns, R92_whoever_is_at_fault_pays_and_shared_only_where_nobody_is) {
  const std::string costs =
      "[return_postage]\ncosts = { CNY = 12.00 }\n[[return_postage.far]]\nto = [\"新疆\", "
      "\"Orkney\"]\ncosts = { CNY = 25.00 }\n";
  EXPECT_THAT(judge(costs), Contains("return_postage/shop"));
  EXPECT_EQ(param("return_postage", "postage_minor"), 1'200);
  for (const char* cause : {"packing", "warehouse", "courier", "listing", "purchasing", ""}) {
    claim.cause = cause;
    EXPECT_THAT(judge(costs), Contains("return_postage/shop")) << cause;
  }
  claim.cause = "buyer";
  EXPECT_THAT(judge(costs), Contains("return_postage/buyer"));
  claim.cause = "none";
  EXPECT_THAT(judge(costs), Contains("return_postage/shared"));
  EXPECT_EQ(param("return_postage", "share_minor"), 600);
  judge(costs + "[shop.box.return_postage]\nbuyers_percent = 25\n");
  EXPECT_EQ(param("return_postage", "share_minor"), 300);
  order.address = {{"text", "新疆乌鲁木齐市"}};
  judge(costs);
  EXPECT_EQ(param("return_postage", "share_minor"), 1'250) << "distance counts";
  order.address = {{"city", "Kirkwall"}, {"region", "ORKNEY"}};
  judge(costs);
  EXPECT_EQ(param("return_postage", "share_minor"), 1'250);
  order.currency = "EUR";
  judge(costs);
  EXPECT_EQ(param("return_postage", "share_minor"), -1) << "nobody has said";

  claim.cause = "";
  claim.kind = "no_reason";
  EXPECT_THAT(judge(), Contains("return_postage/shop"));
  EXPECT_THAT(judge("[return_postage]\nwithout_reason = \"buyer\""),
              Contains("return_postage/buyer"));
}

TEST_F(Returns, R91_the_smaller_of_the_share_and_the_postage_limits_what_is_given) {
  EXPECT_THAT(judge(), ElementsAre("window/open", "return_postage/shop", "ladder/small"));
  EXPECT_EQ(param("ladder", "first_from_minor"), 2'000);
  EXPECT_EQ(param("ladder", "first_to_minor"), 3'000);
  EXPECT_EQ(param("ladder", "most_minor"), 6'000) << "30% of the goods, not of the postage";
  EXPECT_TRUE(found("ladder").limits);
  EXPECT_THAT(found("ladder").fixes,
              ElementsAre("apologise", "gift", "partial_refund", "return_goods"));
  judge("[return_postage]\ncosts = { CNY = 50.00 }");
  EXPECT_EQ(found("ladder").amount, 6'000) << "1.2 x 50.00 is the same";
  judge("[return_postage]\ncosts = { CNY = 49.99 }");
  EXPECT_EQ(found("ladder").amount, 5'998);
  judge("[return_postage]\ncosts = { CNY = 10.00 }");
  EXPECT_EQ(found("ladder").amount, 1'200);
  EXPECT_EQ(param("ladder", "first_from_minor"), 1'200) << "never above the limit";
  judge("[ladder]\nmost = 20\nof_postage = 100\n[return_postage]\ncosts = { CNY = 50.00 }");
  EXPECT_EQ(found("ladder").amount, 4'000);
  judge("[ladder]\nmost = 30\nof_postage = 100\n[return_postage]\ncosts = { CNY = 50.00 }");
  EXPECT_EQ(found("ladder").amount, 5'000);
}

TEST_F(Returns, R91_what_was_given_already_counts) {
  order.paid = order.total - 5'999;
  EXPECT_THAT(judge(), Contains("ladder/small"));
  EXPECT_EQ(found("ladder").amount, 1);
  order.paid = order.total - 6'000;
  EXPECT_THAT(judge(), Contains("ladder/used"));
  EXPECT_EQ(found("ladder").amount, 0);
  EXPECT_THAT(found("ladder").fixes, ElementsAre("apologise", "gift", "return_goods"));
}

TEST_F(Returns, R91_what_cannot_be_used_is_made_good_whole) {
  claim.severity = "high";
  EXPECT_THAT(judge(), Contains("ladder/large"));
  EXPECT_FALSE(found("ladder").limits);
  EXPECT_THAT(found("ladder").fixes, ElementsAre("refund_coupon", "resend_coupon", "return_goods"));
  order.low_value = true;
  EXPECT_THAT(judge(), Contains("ladder/large_keep")) << "not worth the postage";
}

TEST_F(Returns, R97_a_swap_of_sizes_dressed_as_a_fault_is_looked_at) {
  rules::Order other;
  other.placed_ms = now_ms - day_ms;
  other.lines = {{"CUP-BLUE", "Cup", 1, 10'000, false, {}, {}}};
  others = {other};
  EXPECT_THAT(judge(), Contains("size_swap/inspect"));
  EXPECT_THAT(judge("[size_swap]\nwithin_days = 0"), Not(Contains("size_swap/inspect")));
  others[0].lines[0].sku = "CUP-RED";
  EXPECT_THAT(judge(), Not(Contains("size_swap/inspect"))) << "the same again is liked";
  others[0].lines[0] = {"POT", "Pot", 1, 1, false, {}, {}};
  EXPECT_THAT(judge(), Not(Contains("size_swap/inspect")));
  others = {other};
  others[0].placed_ms = order.placed_ms - 1;
  EXPECT_THAT(judge(), Not(Contains("size_swap/inspect"))) << "ordered before";
  others = {other};
  claim.kind = "missing_item";
  EXPECT_THAT(judge(), Not(Contains("size_swap/inspect")));
}

TEST_F(Returns, R53_what_it_costs_less_now_is_given_back_within_the_window_only) {
  claim.kind = "price_drop";
  order.placed_ms = now_ms - 15 * day_ms;
  EXPECT_THAT(judge(), ElementsAre("price_drop/unknown")) << "the shop has not said";
  order.lines[0].stock = rules::Stock{9, 0, {}, false, 9'500};
  EXPECT_THAT(judge(), ElementsAre("price_drop/open"));
  EXPECT_EQ(found("price_drop").amount, 1'000) << "of two pieces";
  EXPECT_TRUE(found("price_drop").limits);
  EXPECT_EQ(param("price_drop", "until_ms"), now_ms);
  EXPECT_THAT(found("price_drop").fixes, ElementsAre("partial_refund"));
  order.paid = order.total - 600;
  EXPECT_THAT(judge(), ElementsAre("price_drop/open"));
  EXPECT_EQ(found("price_drop").amount, 400) << "some was given already";
  order.paid = order.total - 1'000;
  EXPECT_THAT(judge(), ElementsAre("price_drop/none"));
  EXPECT_EQ(found("price_drop").amount, 0);
  order.paid = order.total;
  order.lines[0].stock->price = 10'000;
  EXPECT_THAT(judge(), ElementsAre("price_drop/none"));
  order.lines[0].stock->price = 10'001;
  EXPECT_THAT(judge(), ElementsAre("price_drop/none")) << "nobody pays more";

  order.lines[0].stock->price = 9'500;
  order.placed_ms -= 1;
  EXPECT_THAT(judge(), ElementsAre("price_drop/over"));
  EXPECT_TRUE(found("price_drop").limits);
  EXPECT_EQ(found("price_drop").amount, 0);
  EXPECT_THAT(judge("[price_drop]\ndays = 16"), ElementsAre("price_drop/open"));
  EXPECT_THAT(judge("[price_drop]\non = false"), IsEmpty());
  order.lines[0].price = order.lines[0].quantity = INT64_MAX;
  EXPECT_THAT(judge("[price_drop]\ndays = 16"), ElementsAre("price_drop/open"));
}

TEST_F(Returns, R91_figures_of_any_size_do_no_harm) {
  order.lines = {{"A", "A", INT64_MAX, INT64_MAX, false, {}, {}}};
  order.total = INT64_MAX;
  order.paid = INT64_MIN;
  order.parcels[0].at_ms = INT64_MAX;
  EXPECT_THAT(judge("[return_postage]\ncosts = { CNY = 12.00 }"), Contains("ladder/used"));
  claim.opened_ms = INT64_MIN;
  EXPECT_THAT(judge(), Not(IsEmpty()));
}

TEST_F(Returns, R97_orders_without_a_claim_are_left_alone) {
  rules::Subject subject;
  subject.order = order;
  EXPECT_THAT(testing::judged<ReturnRules>("", subject, sheet), IsEmpty());
}

TEST(ReturnSettings, R97_a_mistake_says_where_and_what_was_meant) {
  const auto mistake = [](const char* text) {
    return testing::mistakes_in<ReturnRules>(text, "r.toml");
  };
  EXPECT_THAT(mistake("[window]\nno_reason_day = 3\n"),
              HasSubstr("r.toml:2:1: unknown key \"no_reason_day\"; did you mean"));
  EXPECT_THAT(mistake("[ladder]\nfirst_from = 20\nfirst_to = 15\n"), HasSubstr("r.toml:3:"));
  EXPECT_THAT(mistake("[[return_postage.far]]\ncosts = { CNY = 1.00 }\n"),
              HasSubstr("\"to\" has to name parts of addresses"));
}

TEST(ReturnSettings, R97_the_file_of_defaults_is_the_defaults_and_its_cases_hold) {
  testing::FakeHost host;
  host.set_setting("file", "");
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  EXPECT_THAT(testing::failing_cases(host, RULES_FOLDER), IsEmpty());
}

}  // namespace
}  // namespace deskmate::rules_returns
