// R61, R63 and R70: each figure just inside and just outside, in English and Chinese, and the
// plugin as the desk asks it.
#include "orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/fake_host.hpp"
#include "deskmate/testing/rules.hpp"
#include "places.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::rules_orders {
namespace {

using rules::day_ms;
using rules::hour_ms;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Found = std::vector<std::string>;

constexpr std::int64_t now_ms = 1'800'000'000'000;

std::string file_text(const std::string& name) {
  return testing::file_text(std::string(RULES_FOLDER) + "/" + name);
}

struct Orders : ::testing::Test {
  Orders() {
    order.id = "an order's id 16";
    order.shop = "box";
    order.state = order.payment = "paid";
    order.currency = "CNY";
    order.total = order.paid = 5000;
    order.placed_ms = order.paid_ms = now_ms;
    order.name = "Ann";
    order.has_body = true;
    order.address = {{"city", "Leeds"}, {"street", "12 Park Lane"}};
    order.lines = {line("CUP", 1, 5000)};
  }
  static rules::Line line(std::string_view sku, std::int64_t quantity, std::int64_t price) {
    rules::Line out;
    out.sku = sku;
    out.quantity = quantity;
    out.price = price;
    return out;
  }
  // kind/code, as settings (TOML) say.
  Found judge(const std::string& settings = "") {
    rules::Subject subject;
    subject.now_ms = at_ms;
    subject.shop = order.shop;
    subject.order = order;
    subject.others = others;
    return testing::judged<OrderRules>(settings, subject, sheet);
  }
  rules::Order other(std::int64_t before_ms) {
    rules::Order out = order;
    out.id = "another order id";
    out.placed_ms -= before_ms;
    return out;
  }

  rules::Order order;
  std::vector<rules::Order> others;
  std::int64_t at_ms = now_ms;
  rules::Sheet sheet{true};
};

TEST_F(Orders, R61_an_ordinary_order_has_no_problem) {
  EXPECT_THAT(judge(), IsEmpty());
  order.address = {{"text", "上海市徐汇区漕溪北路18号3栋402室"}};
  order.name = "李梅";
  EXPECT_THAT(judge(), IsEmpty());
  EXPECT_THAT(sheet.fines(), ::testing::Not(IsEmpty())) << "and why is told";
}

TEST_F(Orders, R61_vague_addresses_in_both_languages) {
  order.address = {{"city", "Leeds"}, {"street", "12 Abc"}};
  EXPECT_THAT(judge("[vague_address]\nat_least = 5"), IsEmpty()) << "blanks do not count";
  EXPECT_THAT(judge("[vague_address]\nat_least = 6"), ElementsAre("vague_address/short"));
  order.address = {{"text", "中山路8号院"}};
  EXPECT_THAT(judge(), IsEmpty()) << "six characters";
  order.address = {{"text", "中山路8号"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/short")) << "five";
  order.address = {{"city", "Leeds"}, {"street", "Park Lane"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/no_number"));
  EXPECT_THAT(judge("[vague_address]\nneed_number = false"), IsEmpty());
  order.address = {{"text", "上海市徐汇区漕溪北路"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/no_number"));
  order.address = {{"street", "12 Park Lane"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/no_city"));
  EXPECT_THAT(judge("[vague_address]\nneed_city = false"), IsEmpty());
  order.address = {{"text", "Same As Before, 12"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/words"));
  order.address = {{"text", "老地方，18号门口"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/words"));
  EXPECT_THAT(judge("[vague_address]\nwords = []"), IsEmpty());
  order.address = {{"name", "Ann"}, {"phone", "+44 7700 900123"}};
  EXPECT_THAT(judge(), ElementsAre("vague_address/none")) << "who is no place";
  EXPECT_THAT(judge("[vague_address]\non = false"), IsEmpty());
  order.has_body = false;
  EXPECT_THAT(judge(), IsEmpty()) << "erased, or on its way";
}

TEST_F(Orders, R61_one_buyer_several_addresses) {
  others = {other(72 * hour_ms)};
  others[0].lines = {line("POT", 1, 100)};
  EXPECT_THAT(judge(), IsEmpty()) << "the same address";
  others[0].address = {{"city", "LEEDS"}, {"street", "12, Park Lane"}};
  EXPECT_THAT(judge(), IsEmpty()) << "only written otherwise";
  others[0].address = {{"city", "York"}, {"street", "3 Mill Road"}};
  EXPECT_THAT(judge(), ElementsAre("addresses/differ"));
  EXPECT_EQ(sheet.findings()[0].params["orders"].as_int(), 2);
  others[0].placed_ms -= 1;
  EXPECT_THAT(judge(), IsEmpty()) << "just too far apart";
  EXPECT_THAT(judge("[addresses]\nwithin_hours = 73"), ElementsAre("addresses/differ"));
  others[0].placed_ms += 1;
  others[0].state = "shipped";
  EXPECT_THAT(judge(), IsEmpty());
  order.address = {{"text", "上海市，徐汇区 漕溪北路18号"}};
  others[0].state = "paid";
  others[0].address = {{"text", "上海市徐汇区漕溪北路18号"}};
  EXPECT_THAT(judge(), IsEmpty()) << "Chinese marks are no difference";
}

TEST_F(Orders, R61_out_of_the_couriers_area) {
  order.address = {{"province", "西藏自治区"}, {"city", "拉萨"}, {"street", "北京中路18号院"}};
  EXPECT_THAT(judge(), IsEmpty()) << "no area is named";
  EXPECT_THAT(judge("[area]\nblocked = [\"西藏\"]"), ElementsAre("area/blocked"));
  EXPECT_EQ(sheet.findings()[0].params["area"].as_str(), "西藏");
  EXPECT_THAT(judge("[area]\nblocked = [\"新疆\"]"), IsEmpty());
  order.address = {{"city", "St Helier, Channel Islands"}, {"street", "1 Kings Road"}};
  EXPECT_THAT(judge("[area]\nblocked = [\"Channel Islands\"]"), ElementsAre("area/blocked"));
  order.address.emplace_back("country_code", "JE");
  EXPECT_THAT(judge("[area]\ncountries = [\"GB\"]"), ElementsAre("area/country"));
  EXPECT_THAT(judge("[area]\ncountries = [\"GB\", \"JE\"]"), IsEmpty());
}

TEST_F(Orders, R61_R63_out_of_stock_and_what_can_be_done) {
  order.lines[0].stock = rules::Stock{1, 1, std::nullopt, false};
  EXPECT_THAT(judge(), IsEmpty()) << "the last one";
  order.lines[0].quantity = 2;
  EXPECT_THAT(judge(), ElementsAre("out_of_stock/paid"));
  EXPECT_THAT(sheet.findings()[0].fixes, ElementsAre("wait", "refund", "substitute", "ask_buyer"));
  EXPECT_EQ(sheet.findings()[0].amount, 10'000);
  order.lines[0].quantity = 1;
  order.lines[0].stock->warehouse = 0;
  EXPECT_THAT(judge(), ElementsAre("out_of_stock/paid")) << "the warehouse has none";
  order.lines[0].stock = rules::Stock{9, 12, std::nullopt, true};
  EXPECT_THAT(judge(), ElementsAre("out_of_stock/paid")) << "its turn is too late";
  order.state = "open";
  EXPECT_THAT(judge(), ElementsAre("out_of_stock/unpaid"));
  order.state = "shipped";
  EXPECT_THAT(judge(), IsEmpty());
}

TEST_F(Orders, R61_free_shipping_that_was_not_earned) {
  const std::string from = "[free_shipping]\nfrom = { CNY = 50.00, EUR = 40 }\n";
  EXPECT_THAT(judge(from), IsEmpty()) << "the shop has not said what postage was";
  order.shipping = 0;
  EXPECT_THAT(judge(from), IsEmpty()) << "just enough";
  EXPECT_THAT(judge("[free_shipping]\nfrom = { CNY = 50.01 }"), ElementsAre("free_shipping/below"));
  EXPECT_THAT(judge("[free_shipping]\nfrom = { EUR = 90 }"), IsEmpty()) << "another currency";
  order.shipping = 1;
  EXPECT_THAT(judge("[free_shipping]\nfrom = { CNY = 50.01 }"), IsEmpty()) << "postage was paid";
  order.shipping = 0;
  order.address = {{"text", "新疆乌鲁木齐市北京中路18号"}};
  EXPECT_THAT(judge("[free_shipping]\nnot_to = [\"新疆\"]"), ElementsAre("free_shipping/place"));
}

TEST_F(Orders, R61_wishes_that_cannot_be_met) {
  const std::string rules =
      "[[note.cannot]]\ncode = \"courier\"\nwords = [\"顺丰\", \"by DHL\"]\n"
      "[[note.cannot]]\ncode = \"today\"\nwords = [\"today\", \"今天\"]\n";
  order.note = "Please send it By dhl";
  EXPECT_THAT(judge(rules), ElementsAre("note/cannot"));
  EXPECT_EQ(sheet.findings()[0].params["wish"].as_str(), "courier");
  order.note = "请发顺丰";
  EXPECT_THAT(judge(rules), ElementsAre("note/cannot"));
  order.note = "今天能发吗";
  EXPECT_THAT(judge(rules), ElementsAre("note/cannot"));
  EXPECT_EQ(sheet.findings()[0].params["wish"].as_str(), "today");
  order.note = "谢谢";
  EXPECT_THAT(judge(rules), IsEmpty());
  EXPECT_THAT(judge(), IsEmpty());
}

TEST_F(Orders, R61_paid_twice) {
  order.paid = order.total + 1;
  EXPECT_THAT(judge(), ElementsAre("paid_twice/more"));
  EXPECT_EQ(sheet.findings()[0].amount, 1);
  order.paid = 2 * order.total - 1;
  EXPECT_THAT(judge(), ElementsAre("paid_twice/more"));
  order.paid = 2 * order.total;
  EXPECT_THAT(judge(), ElementsAre("paid_twice/twice"));
  order.state = "shipped";
  EXPECT_THAT(judge(), ElementsAre("paid_twice/twice")) << "also when it has left";
  order.paid = order.total;
  EXPECT_THAT(judge(), IsEmpty());
}

TEST_F(Orders, R61_the_same_order_again_but_not_a_referral) {
  others = {other(24 * hour_ms)};
  EXPECT_THAT(judge(), ElementsAre("repeated/same"));
  EXPECT_EQ(sheet.findings()[0].params["first_ms"].as_int(), now_ms - 24 * hour_ms);
  others[0].placed_ms -= 1;
  EXPECT_THAT(judge(), IsEmpty()) << "just too long ago";
  others = {other(-hour_ms)};
  EXPECT_THAT(judge(), IsEmpty()) << "of two the later one";
  others = {other(hour_ms)};
  others[0].lines[0].quantity = 2;
  EXPECT_THAT(judge(), IsEmpty()) << "not the same";
  others = {other(hour_ms)};
  others[0].name = "Bob";
  EXPECT_THAT(judge(), IsEmpty()) << "for somebody else";
  EXPECT_THAT(judge("[repeated]\nreferrals = false"), ElementsAre("repeated/elsewhere"));
  others = {other(hour_ms)};
  others[0].state = "cancelled";
  EXPECT_THAT(judge(), IsEmpty());
  others = {other(hour_ms)};
  order.total = order.paid = 0;
  EXPECT_THAT(judge(), IsEmpty()) << "sent again, free of charge";
}

TEST_F(Orders, R61_R70_custom_goods_need_measures_and_an_audit) {
  order.lines[0].custom = true;
  EXPECT_THAT(judge(), ElementsAre("measures/missing", "audit/before_making"));
  order.lines[0].measures = {"foot_length"};
  EXPECT_THAT(judge(), ElementsAre("audit/before_making"));
  const std::string needed = "[measures]\nneeded = [\"foot_length\", \"age\"]\n";
  EXPECT_THAT(judge(needed), ElementsAre("measures/missing", "audit/before_making"));
  EXPECT_EQ(sheet.findings()[0].params["measures"].as_str(), "age");
  order.lines[0].measures = {"age", "foot_length"};
  EXPECT_THAT(judge(needed), ElementsAre("audit/before_making"));
  EXPECT_THAT(judge(needed + "[audit]\non = false\n"), IsEmpty());
  order.state = "open";
  EXPECT_THAT(judge(needed), IsEmpty()) << "audited once it is paid for";
}

TEST_F(Orders, R61_the_promised_date_at_risk) {
  order.paid_ms = now_ms;
  at_ms = now_ms + 36 * hour_ms - 1;
  EXPECT_THAT(judge(), IsEmpty()) << "just before the warning";
  at_ms = now_ms + 36 * hour_ms;
  EXPECT_THAT(judge(), ElementsAre("late/soon"));
  EXPECT_EQ(sheet.findings()[0].params["leaves_by_ms"].as_int(), now_ms + 48 * hour_ms);
  at_ms = now_ms + 48 * hour_ms - 1;
  EXPECT_THAT(judge(), ElementsAre("late/soon"));
  at_ms = now_ms + 48 * hour_ms;
  EXPECT_THAT(judge(), ElementsAre("late/over"));
  EXPECT_EQ(sheet.findings()[0].severity, "high");
  EXPECT_THAT(judge("[late]\nleaves_within_hours = 72"), IsEmpty());
  order.ship_by_ms = now_ms + 100 * hour_ms;
  EXPECT_THAT(judge(), IsEmpty()) << "the shop says by when";
  order.promised_ms = now_ms + 48 * hour_ms + 72 * hour_ms + 12 * hour_ms;
  EXPECT_THAT(judge(), ElementsAre("late/soon")) << "it travels for three days";
  order.promised_ms += 1;
  EXPECT_THAT(judge(), IsEmpty());
  order.promised_ms = now_ms;
  order.state = "shipped";
  EXPECT_THAT(judge(), IsEmpty()) << "it is the parcel's now";
}

TEST_F(Orders, R61_a_finding_stays_the_same_while_the_matter_does) {
  at_ms = now_ms + 36 * hour_ms;
  judge();
  const Map before = sheet.findings().at(0).params;
  at_ms += hour_ms;
  judge();
  EXPECT_EQ(sheet.findings().at(0).params, before);
}

TEST(Products, R63_stock_shown_and_in_the_warehouse) {
  const auto judge = [](std::int64_t shown, std::optional<std::int64_t> warehouse,
                        const std::string& settings) {
    Faults faults;
    const auto set = rules::RuleSet::read(
        settings, "t.toml", [](rules::Settings& s) { return std::make_unique<OrderRules>(s); },
        faults);
    rules::Subject subject;
    subject.product = rules::Product{"box", "CUP", "Cup", {shown, 0, warehouse, false}};
    rules::Sheet sheet;
    (*set)->judge(subject, sheet);
    return sheet.findings().empty() ? std::string() : sheet.findings()[0].code;
  };
  EXPECT_EQ(judge(12, 12, ""), "");
  EXPECT_EQ(judge(12, 11, ""), "fewer");
  EXPECT_EQ(judge(12, 13, ""), "more");
  EXPECT_EQ(judge(12, std::nullopt, ""), "");
  EXPECT_EQ(judge(12, 10, "[stock_differs]\npieces = 3"), "");
  EXPECT_EQ(judge(12, 9, "[stock_differs]\npieces = 3"), "fewer");
}

TEST_F(Orders, R61_a_shop_may_have_figures_of_its_own) {
  const std::string settings =
      "[late]\nleaves_within_hours = 72\n[shop.box.late]\nleaves_within_hours = 24\n";
  at_ms = now_ms + 24 * hour_ms;
  EXPECT_THAT(judge(settings), ElementsAre("late/over"));
  order.shop = "other";
  EXPECT_THAT(judge(settings), IsEmpty());
}

TEST(Settings, R61_mistakes_say_where_and_what_was_meant) {
  const auto faults_of = [](const std::string& text) {
    Faults faults;
    EXPECT_FALSE(rules::RuleSet::read(
        text, "orders.toml", [](rules::Settings& s) { return std::make_unique<OrderRules>(s); },
        faults));
    return faults.in("en") + "\n" + faults.in("zh");
  };
  EXPECT_THAT(
      faults_of("[late]\nwarn_hour = 3\n"),
      HasSubstr("orders.toml:2:1: unknown key \"warn_hour\"; did you mean \"warn_hours\"?"));
  EXPECT_THAT(faults_of("[lates]\n"), HasSubstr("did you mean \"late\"?"));
  EXPECT_THAT(faults_of("[late]\nwarn_hours = \"3\"\n"),
              HasSubstr("orders.toml:2:14: \"late.warn_hours\" has to be a whole number"));
  EXPECT_THAT(faults_of("[late]\nwarn_hours = -1\n"), HasSubstr("has to be between 0 and 8784"));
  EXPECT_THAT(faults_of("[late]\nseverity = \"hihg\"\n"), HasSubstr("did you mean \"high\"?"));
  EXPECT_THAT(faults_of("[free_shipping]\nfrom = { CNY = 1.005 }\n"),
              HasSubstr("an amount of money"));
  EXPECT_THAT(faults_of("[free_shipping]\nfrom = { yuan = 1 }\n"), HasSubstr("is no currency"));
  EXPECT_THAT(faults_of("[[note.cannot]]\ncode = \"To DHL\"\nwords = [\"x\"]\n"),
              HasSubstr("orders.toml:2:8: \"code\" has to be a word"));
  EXPECT_THAT(faults_of("[shop.box.late]\nwarn_hour = 3\n"), HasSubstr("orders.toml:2:1:"));
  EXPECT_THAT(faults_of("late = [\n"), HasSubstr("orders.toml:"));
  EXPECT_THAT(faults_of("[late]\nwarn_hour = 3\n"), HasSubstr("是否想写“warn_hours”？"));
}

TEST(Settings, R61_the_file_that_comes_with_it_says_the_defaults) {
  Faults faults;
  const auto shown = rules::RuleSet::read(
      file_text("rules.toml"), "rules.toml",
      [](rules::Settings& s) { return std::make_unique<OrderRules>(s); }, faults);
  ASSERT_TRUE(shown) << faults.in("en");
  const auto cases = rules::read_cases(file_text("rules.cases.toml"), "cases.toml", faults);
  EXPECT_GE(cases.size(), 10u);
  EXPECT_TRUE(faults.list.empty()) << faults.in("en");
}

struct Plugin : ::testing::Test {
  Plugin() : host("orders") {
    host.set_method("rules.changed", [this](const Value&) -> Result<Value> {
      ++changes;
      return Value();
    });
    host.set_method("plugin.trouble", [this](const Value& params) -> Result<Value> {
      trouble = params["en"].as_str();
      return Value();
    });
  }
  ~Plugin() override { std::remove(file.c_str()); }
  void write(const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
  std::string version() {
    const auto status = host.request("rules.status", Value::map());
    return status ? std::string((*status)["version"].as_str()) : status.error().message;
  }

  testing::FakeHost host;
  std::string file = ::testing::TempDir() + "/rules-orders-" + std::to_string(::getpid()) + ".toml";
  int changes = 0;
  std::string trouble;
};

TEST_F(Plugin, R61_its_cases_are_as_expected) {
  host.set_setting("file", "");
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  const auto tested = host.request(
      "rules.test",
      Value::map({{"cases", file_text("rules.cases.toml")}, {"cases_file", "cases.toml"}}));
  ASSERT_TRUE(tested) << tested.error().message;
  for (const Value& one : (*tested)["cases"].as_array()) {
    EXPECT_TRUE(one["ok"].as_bool()) << one["name"].as_str() << " found "
                                     << (one["found"].size() > 0 ? one["found"][0].as_str() : "");
  }
  EXPECT_EQ((*tested)["failed"].as_int(), 0);
  const auto other = host.request(
      "rules.test",
      Value::map({{"text", "[late]\non = false\n"}, {"cases", file_text("rules.cases.toml")}}));
  EXPECT_EQ((*other)["failed"].as_int(), 1) << "a case can fail";
}

TEST_F(Plugin, R61_with_a_mistake_the_last_good_rules_stay_in_force) {
  write("[late]\nwarn_hours = 3\n");
  host.set_setting("file", file);
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  ASSERT_TRUE(host.run_until([&] { return changes == 1; }));
  const std::string good = version();
  EXPECT_THAT(good, HasSubstr("1.0.0-"));

  write("[late]\nwarn_hourz = 3\n# a mistake\n");
  host.advance(rules::watch_ms);
  ASSERT_TRUE(host.run_until([&] { return !trouble.empty(); }));
  EXPECT_THAT(trouble, HasSubstr(file + ":2:1: unknown key \"warn_hourz\"; did you mean"));
  EXPECT_EQ(version(), good);
  EXPECT_EQ(changes, 1);
  const auto status = host.request("rules.status", Value::map());
  EXPECT_EQ((*status)["faults"][0]["line"].as_int(), 2);

  write("[late]\nwarn_hours = 30 # mended\n");
  host.advance(rules::watch_ms);
  ASSERT_TRUE(host.run_until([&] { return changes == 2; }));
  EXPECT_NE(version(), good);
  ASSERT_TRUE(host.run_until([&] { return trouble.empty(); }));
}

}  // namespace
}  // namespace deskmate::rules_orders
