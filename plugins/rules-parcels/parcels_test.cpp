// R65, R66 and R80: each figure just inside and just outside, and the plugin as the desk asks it.
#include "parcels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deskmate/parcel.hpp"
#include "deskmate/plugin.hpp"
#include "deskmate/testing/rules.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::rules_parcels {
namespace {

using rules::hour_ms;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

constexpr std::int64_t now_ms = 1'800'000'000'000;

struct Parcels : ::testing::Test {
  Parcels() {
    order.shop = "box";
    order.state = "shipped";
    order.payment = "paid";
    order.currency = "CNY";
    order.total = order.paid = 20'000;
    parcel.status = "in_transit";
    parcel.carrier = "韵达快递";
    parcel.under_way = true;
    parcel.sent_ms = now_ms - 50 * hour_ms;
    parcel.at_ms = parcel.moved_ms = now_ms - 10 * hour_ms;
    parcel.stuck_ms = parcel.moved_ms + 48 * hour_ms;
  }
  // kind/code, as settings (TOML) say.
  Words judge(const std::string& settings = "") {
    rules::Subject subject;
    subject.now_ms = at_ms;
    subject.shop = order.shop;
    subject.order = order;
    subject.order->parcels = {parcel};
    return testing::judged<ParcelRules>(settings, subject, sheet);
  }
  const Words& fixes() const { return sheet.findings().at(0).fixes; }

  rules::Order order;
  rules::Parcel parcel;
  std::int64_t at_ms = now_ms;
  rules::Sheet sheet{true};
};

TEST_F(Parcels, R65_a_parcel_on_its_way_has_no_problem) {
  EXPECT_THAT(judge(), IsEmpty());
  ASSERT_FALSE(sheet.fines().empty()) << "and why is told";
  EXPECT_EQ(sheet.fines()[0].params["stuck_from_ms"].as_int(), parcel.stuck_ms);
}

TEST_F(Parcels, R65_R66_a_stuck_one_is_found_and_urged_only_in_the_buyers_city) {
  at_ms = parcel.stuck_ms - 1;
  EXPECT_THAT(judge(), IsEmpty());
  at_ms = parcel.stuck_ms;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/away"));
  EXPECT_EQ(sheet.findings()[0].params["moved_ms"].as_int(), parcel.moved_ms);
  EXPECT_EQ(sheet.findings()[0].severity, "normal");
  EXPECT_THAT(fixes(), ElementsAre("tell_buyer"));
  parcel.here = true;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/here"));
  EXPECT_THAT(fixes(), ElementsAre("urge_courier", "tell_buyer"));
  EXPECT_THAT(judge("[parcel_stuck]\non = false"), IsEmpty());
  parcel.stuck_ms = 0;
  EXPECT_THAT(judge(), IsEmpty()) << "it never moved";
}

TEST_F(Parcels, R80_standing_for_long_it_has_failed_and_both_offers_are_suggested) {
  at_ms = parcel.stuck_ms + 48 * hour_ms - 1;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/away"));
  at_ms += 1;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/failed"));
  EXPECT_THAT(fixes(), ElementsAre("tell_buyer", "refund_coupon", "resend_coupon"));
  EXPECT_EQ(sheet.findings()[0].amount, 20'000);
  EXPECT_EQ(sheet.findings()[0].severity, "high");
  EXPECT_THAT(judge("[parcel_stuck]\noffer_after_hours = 49"), ElementsAre("parcel_stuck/away"));
  at_ms = parcel.stuck_ms;
  order.low_value = true;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/failed")) << "of low value at once";
  order.paid = 0;
  judge();
  EXPECT_THAT(fixes(), ElementsAre("tell_buyer")) << "nothing was paid, nothing is given";
}

TEST_F(Parcels, R65_late_against_the_promise_and_else_against_the_couriers_word) {
  order.promised_ms = now_ms + 1;
  parcel.eta_ms = now_ms - hour_ms;
  EXPECT_THAT(judge(), IsEmpty()) << "the promise counts";
  at_ms += 1;
  EXPECT_THAT(judge(), ElementsAre("parcel_late/promised"));
  EXPECT_EQ(sheet.findings()[0].params["due_ms"].as_int(), order.promised_ms);
  EXPECT_THAT(judge("[parcel_late]\nafter_hours = 1"), IsEmpty());
  at_ms += hour_ms;
  EXPECT_THAT(judge("[parcel_late]\nafter_hours = 1"), ElementsAre("parcel_late/promised"));
  order.promised_ms = 0;
  EXPECT_THAT(judge(), ElementsAre("parcel_late/expected"));
  EXPECT_THAT(fixes(), ElementsAre("tell_buyer"));
  parcel.here = true;
  judge();
  EXPECT_THAT(fixes(), ElementsAre("tell_buyer", "urge_courier"));
  parcel.sent_ms = 0;
  EXPECT_THAT(judge(), IsEmpty()) << "it has not left: another rule's";
  parcel.sent_ms = 1;
  at_ms = parcel.stuck_ms;
  EXPECT_THAT(judge(), ElementsAre("parcel_stuck/here")) << "one word is enough";
}

TEST_F(Parcels, R65_every_trouble_that_a_courier_tells_of_is_found) {
  const std::map<std::string, std::string> kinds = {{"customs_hold", "parcel_customs"},
                                                    {"available_for_pickup", "parcel_waiting"},
                                                    {"attempt_failed", "parcel_attempt"},
                                                    {"returning", "parcel_returning"},
                                                    {"returned", "parcel_returned"},
                                                    {"exception", "parcel_exception"},
                                                    {"lost", "parcel_lost"},
                                                    {"damaged", "parcel_damaged"},
                                                    {"expired", "parcel_expired"}};
  for (const std::string_view status : parcel::statuses) {
    parcel.status = status;
    parcel.under_way = !parcel::is_over(status);
    const auto kind = kinds.find(std::string(status));
    if (kind == kinds.end()) {
      EXPECT_FALSE(parcel::is_trouble(status)) << status;
      EXPECT_THAT(judge(), IsEmpty()) << status;
      continue;
    }
    EXPECT_THAT(judge(), ElementsAre(kind->second + "/said")) << status;
    EXPECT_THAT(fixes(), Not(IsEmpty())) << status;
    EXPECT_THAT(judge("[" + kind->second + "]\non = false"), IsEmpty()) << status;
    const auto ten = "[" + kind->second + "]\nafter_hours = ";
    EXPECT_THAT(judge(ten + "10"), ElementsAre(kind->second + "/said")) << status;
    EXPECT_THAT(judge(ten + "11"), IsEmpty()) << status;
  }
  parcel.status = "lost";
  judge();
  EXPECT_THAT(fixes(), ElementsAre("claim_courier", "refund_coupon", "resend_coupon"));
}

TEST_F(Parcels, R65_a_couriers_own_code_says_more_than_the_status) {
  parcel.status = "exception";
  parcel.raw_code = "207";
  EXPECT_THAT(judge(), ElementsAre("parcel_area/said"));
  EXPECT_THAT(judge("[parcel_area]\ncodes = []"), ElementsAre("parcel_exception/said"));
  EXPECT_THAT(judge("[parcel_readdressed]\ncodes = [\"7\"]\n[parcel_area]\ncodes = [\"9\"]"),
              ElementsAre("parcel_exception/said"));
  parcel.raw_code = "7";
  EXPECT_THAT(judge("[parcel_readdressed]\ncodes = [\"7\"]"),
              ElementsAre("parcel_readdressed/said"));
  parcel.status = "delivered";
  parcel.under_way = false;
  EXPECT_THAT(judge("[parcel_readdressed]\ncodes = [\"7\"]"), IsEmpty()) << "it has arrived";
}

TEST_F(Parcels, R80_what_was_made_good_is_stopped_and_followed_back) {
  parcel.status = "lost";
  order.actions = {{"refund", "done", now_ms}};
  EXPECT_THAT(judge(), ElementsAre("parcel_lost/said")) << "a part of it was given back";
  order.paid = 0;
  EXPECT_THAT(judge(), ElementsAre("parcel_back/intercept"));
  EXPECT_THAT(fixes(), ElementsAre("intercept"));
  order.actions = {{"refund", "failed", now_ms}};
  EXPECT_THAT(judge(), ElementsAre("parcel_lost/said"));
  order.paid = order.total;
  order.actions = {{"resend", "done", now_ms}};
  EXPECT_THAT(judge(), ElementsAre("parcel_back/intercept"));
  parcel.status = "returning";
  EXPECT_THAT(judge(), ElementsAre("parcel_back/coming"));
  parcel.under_way = false;
  parcel.status = "returned";
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(judge("[parcel_back]\non = false"), IsEmpty());
}

TEST_F(Parcels, R66_freight_is_claimed_where_a_paid_promise_was_missed_by_the_courier) {
  order.shipping = 2'300;
  order.promised_ms = parcel.sent_ms + 48 * hour_ms;
  parcel.status = "delivered";
  parcel.under_way = false;
  parcel.at_ms = order.promised_ms;
  EXPECT_THAT(judge(), IsEmpty()) << "just in time";
  parcel.at_ms += 1;
  EXPECT_THAT(judge(), ElementsAre("freight_claim/late"));
  EXPECT_EQ(sheet.findings()[0].amount, 2'300);
  EXPECT_THAT(fixes(), ElementsAre("claim_courier"));
  EXPECT_THAT(judge("[freight_claim]\ntravels_hours = 49"), IsEmpty()) << "we sent it too late";
  order.shipping = 0;
  EXPECT_THAT(judge(), IsEmpty()) << "nobody paid for it";
  order.shipping.reset();
  EXPECT_THAT(judge(), IsEmpty());
  order.shipping = 2'300;
  parcel.status = "in_transit";
  parcel.under_way = true;
  at_ms = order.promised_ms + 1;
  EXPECT_THAT(judge(), Contains("freight_claim/late")) << "on its way still";
}

TEST_F(Parcels, R65_a_cancelled_order_and_one_without_parcels_are_left_alone) {
  parcel.status = "lost";
  order.state = "cancelled";
  EXPECT_THAT(judge(), IsEmpty());
}

TEST(ParcelSettings, R65_a_mistake_says_where_and_what_was_meant) {
  EXPECT_THAT(
      testing::mistakes_in<ParcelRules>("[parcel_lost]\non = true\nafter_hour = 3\n", "p.toml"),
      ::testing::HasSubstr("p.toml:3:1: unknown key \"after_hour\"; did you mean"));
}

TEST(ParcelSettings, R65_the_file_of_defaults_is_the_defaults_and_its_cases_hold) {
  testing::FakeHost host;
  host.set_setting("file", "");
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  EXPECT_THAT(testing::failing_cases(host, RULES_FOLDER), IsEmpty());
}

}  // namespace
}  // namespace deskmate::rules_parcels
