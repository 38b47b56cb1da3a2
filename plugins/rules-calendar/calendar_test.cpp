// R67 and R32: each figure just inside and just outside, and the plugin as the desk asks it.
#include "calendar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/rules.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::rules_calendar {
namespace {

using rules::day_ms;
using rules::hour_ms;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

// 2027-02-05T00:00+08:00, the first day of the Spring Festival.
constexpr std::int64_t spring_ms = 1'801'756'800'000;
const std::string no_countries = "countries = []\n";

struct Calendar : ::testing::Test {
  Calendar() {
    order.shop = "box";
    order.state = "paid";
    order.address = {{"text", "上海市徐汇区漕溪北路18号"}};
    product = {"box", "CUP", "Cup", {10, 0, {}, false}};
  }
  Words of_order(std::int64_t now_ms, const std::string& settings = "") {
    rules::Subject subject;
    subject.now_ms = now_ms;
    subject.shop = "box";
    subject.order = order;
    return testing::judged<CalendarRules>(settings, subject, sheet);
  }
  Words of_product(std::int64_t now_ms, const std::string& settings = "") {
    rules::Subject subject;
    subject.now_ms = now_ms;
    subject.shop = "box";
    subject.product = product;
    return testing::judged<CalendarRules>(settings, subject, sheet);
  }
  const rules::Finding& found() const { return sheet.findings().at(0); }

  rules::Order order;
  rules::Product product;
  rules::Sheet sheet{true};
};

TEST_F(Calendar, R67_an_order_has_to_leave_in_time_for_the_holiday) {
  const std::int64_t by_ms = spring_ms - 72 * hour_ms;
  EXPECT_THAT(of_order(by_ms - 24 * hour_ms - 1), IsEmpty()) << "not yet";
  EXPECT_THAT(of_order(by_ms - 24 * hour_ms), ElementsAre("cutoff/soon"));
  EXPECT_EQ(found().params["leaves_by_ms"].as_int(), by_ms);
  EXPECT_EQ(found().params["until_ms"].as_int(), spring_ms + 3 * day_ms);
  EXPECT_EQ(found().params["holiday"].as_str(), "春节");
  EXPECT_THAT(found().fixes, ElementsAre("ship", "ask_pickup"));
  EXPECT_THAT(of_order(by_ms - 1), ElementsAre("cutoff/soon"));
  EXPECT_THAT(of_order(by_ms), ElementsAre("cutoff/late_pickup"));
  EXPECT_THAT(of_order(by_ms + 6 * hour_ms - 1), ElementsAre("cutoff/late_pickup"));
  EXPECT_THAT(of_order(by_ms + 6 * hour_ms), ElementsAre("cutoff/missed"));
  EXPECT_THAT(found().fixes, ElementsAre("tell_buyer"));
  EXPECT_EQ(found().severity, "normal");
  EXPECT_THAT(of_order(spring_ms + 3 * day_ms - 1), ElementsAre("cutoff/missed"));
  EXPECT_THAT(of_order(spring_ms + 3 * day_ms), IsEmpty()) << "it is over";

  EXPECT_THAT(of_order(by_ms - 1, "[cutoff]\nwarn_hours = 0"), IsEmpty());
  EXPECT_THAT(of_order(by_ms - 1, "[cutoff]\ntravels_hours = 71"), ElementsAre("cutoff/soon"));
  EXPECT_THAT(of_order(by_ms, "[cutoff]\nlate_pickup_hours = 0"), ElementsAre("cutoff/missed"));
  EXPECT_THAT(of_order(by_ms, "[cutoff]\non = false"), IsEmpty());
  EXPECT_THAT(of_order(by_ms, "worked = [\"春节\"]"), IsEmpty()) << "the couriers work";
}

TEST_F(Calendar, R67_what_left_or_is_promised_for_later_is_left_alone) {
  order.state = "shipped";
  EXPECT_THAT(of_order(spring_ms), IsEmpty());
  order.state = "paid";
  order.promised_ms = spring_ms + 3 * day_ms;
  EXPECT_THAT(of_order(spring_ms), IsEmpty());
  order.promised_ms -= 1;
  EXPECT_THAT(of_order(spring_ms), ElementsAre("cutoff/missed"));
  EXPECT_EQ(found().severity, "high") << "the buyer was told otherwise";
}

TEST_F(Calendar, R67_far_places_take_longer) {
  const std::string far = "[[cutoff.far]]\nto = [\"新疆\"]\ntravels_hours = 168\n";
  const std::int64_t now_ms = spring_ms - 168 * hour_ms;
  EXPECT_THAT(of_order(now_ms, far), IsEmpty());
  order.address = {{"text", "新疆乌鲁木齐市"}};
  EXPECT_THAT(of_order(now_ms, far), ElementsAre("cutoff/late_pickup"));
  EXPECT_THAT(of_order(now_ms - 1, far), ElementsAre("cutoff/soon"));
}

TEST_F(Calendar, R67_the_owner_knows_better_when_couriers_pause) {
  const std::string own =
      no_countries + "[[pause]]\nname = \"停运\"\nfrom = \"2027-02-03\"\nto = \"2027-02-12\"\n";
  EXPECT_THAT(of_order(spring_ms + 5 * day_ms, own), ElementsAre("cutoff/missed"));
  EXPECT_EQ(found().params["holiday"].as_str(), "停运");
  EXPECT_EQ(found().params["until_ms"].as_int(), spring_ms + 8 * day_ms);
  EXPECT_THAT(of_order(spring_ms, no_countries), IsEmpty());
  EXPECT_THAT(of_order(spring_ms + 5 * day_ms), IsEmpty()) << "not by the table";
  const std::string day = "utc_offset = \"-03:30\"\n" + own;
  of_order(spring_ms, day);
  EXPECT_EQ(found().params["until_ms"].as_int(),
            spring_ms + 8 * day_ms + 11 * hour_ms + 30 * rules::minute_ms);
}

TEST_F(Calendar, R67_holidays_of_two_days_count_where_they_are_wanted) {
  // 2028-12-25 and 26 in Britain.
  const std::int64_t christmas_ms = 1'861'315'200'000;
  const std::string britain = "utc_offset = \"+00:00\"\ncountries = [\"GB\"]\n";
  EXPECT_THAT(of_order(christmas_ms, britain), IsEmpty());
  EXPECT_THAT(of_order(christmas_ms, britain + "least_days = 2\n"), ElementsAre("cutoff/missed"));
  EXPECT_EQ(found().params["until_ms"].as_int(), christmas_ms + 2 * day_ms);
}

TEST_F(Calendar, R32_stock_is_looked_at_before_a_festival) {
  const std::int64_t singles_ms = 1'794'326'400'000;  // 2026-11-11T00:00+08:00
  EXPECT_THAT(of_product(singles_ms - 14 * day_ms - 1), IsEmpty());
  EXPECT_THAT(of_product(singles_ms - 14 * day_ms), ElementsAre("stock_up/low"));
  EXPECT_EQ(found().params["festival"].as_str(), "11.11");
  EXPECT_EQ(found().params["at_ms"].as_int(), singles_ms);
  EXPECT_EQ(found().severity, "low");
  EXPECT_THAT(of_product(singles_ms + day_ms - 1), ElementsAre("stock_up/low"));
  EXPECT_EQ(found().params["festival"].as_str(), "11.11") << "it lasts all day";
  EXPECT_THAT(of_product(singles_ms + 30 * day_ms), ElementsAre("stock_up/low"));
  EXPECT_EQ(found().params["festival"].as_str(), "12.12");
  product.stock = {21, 1, {}, false};
  EXPECT_THAT(of_product(singles_ms), IsEmpty()) << "20 are left";
  product.stock.allocated = 2;
  EXPECT_THAT(of_product(singles_ms), ElementsAre("stock_up/low"));
  EXPECT_THAT(of_product(singles_ms, "[stock_up]\npieces = 19"), IsEmpty());
  EXPECT_THAT(of_product(singles_ms, "[stock_up]\non = false"), IsEmpty());
}

TEST_F(Calendar, R32_the_turn_of_the_year_and_festivals_of_one_year) {
  const std::int64_t new_year_ms = 1'798'732'800'000;  // 2027-01-01T00:00+08:00
  const std::string january = "[stock_up]\nfestivals = [\"01-05 Sale\"]\n";
  EXPECT_THAT(of_product(new_year_ms - 10 * day_ms, january), ElementsAre("stock_up/low"));
  EXPECT_EQ(found().params["at_ms"].as_int(), new_year_ms + 4 * day_ms);
  const std::string once = "[stock_up]\nfestivals = [\"2027-01-05 Sale\"]\n";
  EXPECT_THAT(of_product(new_year_ms, once), ElementsAre("stock_up/low"));
  EXPECT_THAT(of_product(new_year_ms + 360 * day_ms, once), IsEmpty());
  const std::string leap = "[stock_up]\nfestivals = [\"02-29 Leap\"]\ndays_before = 366\n";
  EXPECT_THAT(of_product(new_year_ms, leap), IsEmpty()) << "neither this year nor next that far";
}

TEST(CalendarTable, R67_is_in_order_and_has_days_that_exist) {
  std::set<std::string_view> countries;
  for (const Holiday& one : public_holidays()) {
    countries.insert(one.country);
    EXPECT_LE(one.from, one.to) << one.country;
    EXPECT_FALSE(one.name.empty());
  }
  EXPECT_EQ(countries.size(), 19u);
  for (const std::string_view country : countries) {
    Faults faults;
    const auto set = rules::RuleSet::read(
        "least_days = 1\ncountries = [\"" + std::string(country) + "\"]", "c.toml",
        [](rules::Settings& s) { return std::make_unique<CalendarRules>(s); }, faults);
    EXPECT_TRUE(set) << faults.in("en");
  }
}

TEST(CalendarSettings, R67_a_mistake_says_where_and_what_was_meant) {
  const auto mistake = [](const char* text) {
    return testing::mistakes_in<CalendarRules>(text, "c.toml");
  };
  EXPECT_THAT(mistake("[cutoff]\ntravel_hours = 3\n"),
              HasSubstr("c.toml:2:1: unknown key \"travel_hours\"; did you mean"));
  EXPECT_THAT(mistake("utc_offset = \"8\"\n"), HasSubstr("c.toml:1:"));
  EXPECT_THAT(mistake("utc_offset = \"+8:-1 \"\n"), HasSubstr("c.toml:1:"));
  EXPECT_THAT(mistake("countries = [\"XX\"]\n"), HasSubstr("there are no holidays of \"XX\""));
  EXPECT_THAT(mistake("[[pause]]\nfrom = \"2027-02-30\"\nto = \"2027-03-01\"\n"),
              HasSubstr("c.toml:2:"));
  EXPECT_THAT(mistake("[[pause]]\nfrom = \"2027-03-02\"\nto = \"2027-03-01\"\n"),
              HasSubstr("c.toml:3:"));
  EXPECT_THAT(mistake("[stock_up]\nfestivals = [\"11.11\"]\n"), HasSubstr("c.toml:2:"));
}

TEST(CalendarSettings, R67_the_file_of_defaults_is_the_defaults_and_its_cases_hold) {
  testing::FakeHost host;
  host.set_setting("file", "");
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  EXPECT_THAT(testing::failing_cases(host, RULES_FOLDER), IsEmpty());
}

}  // namespace
}  // namespace deskmate::rules_calendar
