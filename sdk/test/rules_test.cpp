#include "deskmate/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deskmate::rules {
namespace {

using ::testing::HasSubstr;

// A rule with one setting of every sort, which says what it was given.
struct Probe : Rules {
  explicit Probe(const Settings& settings) {
    const Settings table = settings.table("probe");
    integer = table.integer("integer", 3, 1, 10);
    number = table.number("number", 0.5, 0, 1);
    flag = table.flag("flag", true);
    text = table.text("text", "t");
    word = table.word("word", "low", {"low", "high"});
    texts = table.texts("texts", {"a", "b"});
    amounts = table.amounts("amounts", {{"EUR", 4000}});
    for (const Settings& one : table.tables("many")) names.push_back(one.text("name", "none"));
  }
  void judge(const Subject& subject, Sheet& sheet) const override {
    sheet.found("probe", word)
        .param("integer", integer)
        .param("now_ms", subject.now_ms)
        .fix("wait");
    sheet.found("probe", "a second time");
    sheet.fine("other", {{"texts", texts.size()}});
  }
  std::int64_t integer = 0;
  double number = 0;
  bool flag = false;
  std::string text, word;
  std::vector<std::string> texts, names;
  std::map<std::string, std::int64_t, std::less<>> amounts;
};

struct Reading : ::testing::Test {
  const Probe* read(const std::string& text) {
    faults = {};
    set = nullptr;
    auto made = RuleSet::read(
        text, "r.toml",
        [this](Settings& settings) {
          auto probe = std::make_unique<Probe>(settings);
          last = probe.get();
          return probe;
        },
        faults);
    if (!made) return nullptr;
    set = *made;
    return last;
  }
  std::string mistakes(const std::string& text) {
    EXPECT_EQ(read(text), nullptr);
    return faults.in("en");
  }
  Faults faults;
  std::shared_ptr<RuleSet> set;
  const Probe* last = nullptr;
};

TEST_F(Reading, R61_settings_have_defaults_and_are_what_the_file_says) {
  const Probe* probe = read("");
  ASSERT_NE(probe, nullptr);
  EXPECT_EQ(set->digest(), "");
  EXPECT_EQ(probe->integer, 3);
  EXPECT_EQ(probe->texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(probe->amounts.at("EUR"), 4000);
  probe = read(
      "[probe]\ninteger = 10\nnumber = 1\nflag = false\ntext = \"文\"\nword = \"high\"\n"
      "texts = []\namounts = { JPY = 500, CNY = 99.5 }\n"
      "[[probe.many]]\nname = \"x\"\n[[probe.many]]\n");
  ASSERT_NE(probe, nullptr) << faults.in("en");
  EXPECT_EQ(set->digest().size(), 8u);
  EXPECT_EQ(probe->integer, 10);
  EXPECT_EQ(probe->number, 1.0);
  EXPECT_FALSE(probe->flag);
  EXPECT_EQ(probe->text, "文");
  EXPECT_TRUE(probe->texts.empty());
  EXPECT_EQ(probe->amounts.at("JPY"), 500) << "no hundredths there";
  EXPECT_EQ(probe->amounts.at("CNY"), 9950);
  EXPECT_EQ(probe->names, (std::vector<std::string>{"x", "none"}));
}

TEST_F(Reading, R61_every_mistake_has_its_place_and_what_was_meant) {
  EXPECT_THAT(mistakes("[probe]\ninteger = 0\n"),
              HasSubstr("r.toml:2:11: \"probe.integer\" has to be between 1 and 10"));
  EXPECT_THAT(mistakes("[probe]\ninteger = 11\n"), HasSubstr("r.toml:2:11"));
  EXPECT_THAT(mistakes("[probe]\nnumber = 1.1\n"), HasSubstr("has to be between"));
  EXPECT_THAT(mistakes("[probe]\nnumber = \"1\"\n"), HasSubstr("has to be a number"));
  EXPECT_THAT(mistakes("[probe]\nflag = 1\n"), HasSubstr("true or false"));
  EXPECT_THAT(mistakes("[probe]\ntext = 1\n"), HasSubstr("text in quotes"));
  EXPECT_THAT(mistakes("[probe]\nword = \"hihg\"\n"), HasSubstr("did you mean \"high\"?"));
  EXPECT_THAT(mistakes("[probe]\ntexts = \"a\"\n"), HasSubstr("a list of texts"));
  EXPECT_THAT(mistakes("[probe]\ntexts = [1]\n"), HasSubstr("r.toml:2:10"));
  EXPECT_THAT(mistakes("[probe]\namounts = { EUR = -1 }\n"), HasSubstr("an amount of money"));
  EXPECT_THAT(mistakes("[probe]\namounts = { JPY = 0.5 }\n"), HasSubstr("an amount of money"));
  EXPECT_THAT(mistakes("[probe]\nmany = 3\n"), HasSubstr("[[many]]"));
  EXPECT_THAT(mistakes("probe = 3\n"), HasSubstr("[probe]"));
  EXPECT_THAT(mistakes("[probe]\nintegr = 3\n"),
              HasSubstr("unknown key \"integr\"; did you mean \"integer\"?"));
  EXPECT_THAT(mistakes("[zzzzzzzzz]\n"), HasSubstr("here there are probe, shop"));
  EXPECT_THAT(mistakes("[probe]\ninteger = 3\ninteger = 4\n"), HasSubstr("this is not TOML"));
  EXPECT_THAT(mistakes("shop = 1\n"), HasSubstr("[shop.NAME.…]"));
  EXPECT_THAT(mistakes("[shop]\nbox = 1\n"), HasSubstr("r.toml:2:7"));
  const std::string both = mistakes("[probe]\nintegr = 3\ninteger = 0\n");
  EXPECT_LT(both.find(":2:1:"), both.find(":3:11:")) << "all, in the order of the file";
  EXPECT_THAT(mistakes(std::string(file_bytes_max + 1, '#')), HasSubstr("longer than"));
}

TEST_F(Reading, R61_a_shops_tables_are_laid_over_the_rest) {
  ASSERT_NE(read("[probe]\ninteger = 5\n[shop.box.probe]\nword = \"high\"\n"), nullptr);
  const auto judged = [&](std::string_view shop) {
    Subject subject;
    subject.shop = shop;
    Sheet sheet;
    set->judge(subject, sheet);
    return sheet.findings().at(0);
  };
  EXPECT_EQ(judged("other").code, "low");
  EXPECT_EQ(judged("box").code, "high");
  EXPECT_EQ(judged("box").params["integer"].as_int(), 5) << "the rest stays";
}

TEST_F(Reading, R61_of_one_kind_there_is_one_finding_and_fines_only_where_asked_for) {
  ASSERT_NE(read(""), nullptr);
  Sheet sheet;
  set->judge({}, sheet);
  ASSERT_EQ(sheet.findings().size(), 1u);
  EXPECT_EQ(sheet.findings()[0].code, "low");
  EXPECT_EQ(sheet.findings()[0].fixes, std::vector<std::string>{"wait"});
  EXPECT_TRUE(sheet.fines().empty());
  Sheet why(true);
  set->judge({}, why);
  ASSERT_EQ(why.fines().size(), 1u);
  EXPECT_EQ(why.fines()[0].params["texts"].as_int(), 2);
}

TEST(Subjects, R61_come_back_as_they_were_packed) {
  Subject subject;
  Order order;
  order.id = "0123456789abcdef";
  order.shop = "box";
  order.number = "T-1";
  order.state = order.payment = "paid";
  order.currency = "CNY";
  order.total = order.paid = -5;
  order.placed_ms = 1;
  order.updated_ms = 2;
  order.paid_ms = 3;
  order.ship_by_ms = 4;
  order.promised_ms = 5;
  order.shipping = 0;
  order.name = "李";
  order.note = "n";
  order.address = {{"city", "上海"}, {"street", "s"}};
  order.has_body = true;
  Line line;
  line.sku = "S";
  line.quantity = 2;
  line.price = 3;
  line.custom = true;
  line.measures = {"foot"};
  line.stock = Stock{1, 2, 0, true};
  order.lines = {line};
  order.parcels = {{"in_transit", "4", "SF", 7}};
  order.actions = {{"refund", "done", 8}};
  subject.order = order;
  subject.others = {order};
  subject.product = Product{"box", "S", "Name", {4, 5, std::nullopt, false}};
  const std::string bytes = pack(subject);
  Document document;
  ASSERT_TRUE(document.parse(bytes));
  const Subject back = unpack(document.root(), 99);
  EXPECT_EQ(back.now_ms, 99);
  ASSERT_TRUE(back.order);
  for (const Order& one : {*back.order, back.others.at(0)}) {
    EXPECT_EQ(one.id, order.id);
    EXPECT_EQ(one.number, "T-1");
    EXPECT_EQ(one.paid, -5);
    EXPECT_EQ(one.promised_ms, 5);
    EXPECT_EQ(one.ship_by_ms, 4);
    EXPECT_EQ(one.shipping, 0);
    EXPECT_EQ(one.name, "李");
    EXPECT_EQ(one.address, order.address);
    EXPECT_TRUE(one.has_body);
    EXPECT_EQ(one.lines.at(0).measures.at(0), "foot");
    EXPECT_EQ(one.lines.at(0).stock->warehouse, 0);
    EXPECT_TRUE(one.lines.at(0).stock->is_short);
    EXPECT_EQ(one.parcels.at(0).at_ms, 7);
    EXPECT_EQ(one.actions.at(0).state, "done");
  }
  EXPECT_EQ(back.product->stock.allocated, 5);
  EXPECT_FALSE(back.product->stock.warehouse);
  EXPECT_EQ(pack(back), bytes);
  const std::string wrong = encode(Value::map({{"order", Value::map({{"total", "x"}})}}));
  ASSERT_TRUE(document.parse(wrong));
  EXPECT_EQ(unpack(document.root(), 0).order->total, 0) << "another kind counts as missing";
}

TEST(Cases, R61_are_read_with_times_and_defaults) {
  Faults faults;
  const auto cases = read_cases(
      "[[case]]\nname = \"one\"\nnow = 2026-11-11T09:30:00+08:00\nexpect = [\"late\"]\n"
      "[case.order]\ntotal = 5\nplaced_ms = \"-2h\"\npromised_ms = 2026-11-12T00:00:00Z\n",
      "c.toml", faults);
  ASSERT_TRUE(faults.list.empty()) << faults.in("en");
  ASSERT_EQ(cases.size(), 1u);
  const std::int64_t now_ms = 1'794'360'600'000;  // 2026-11-11 01:30 UTC
  EXPECT_EQ(cases[0].now_ms, now_ms);
  Document document;
  ASSERT_TRUE(document.parse(cases[0].subject));
  const Subject subject = unpack(document.root(), cases[0].now_ms);
  EXPECT_EQ(subject.order->state, "paid");
  EXPECT_EQ(subject.order->paid, 5);
  EXPECT_EQ(subject.order->placed_ms, now_ms - 2 * hour_ms);
  EXPECT_EQ(subject.order->promised_ms, now_ms + 22 * hour_ms + 30 * minute_ms);
}

TEST(Cases, R61_mistakes_in_cases_have_their_place) {
  const auto mistakes = [](const std::string& text) {
    Faults faults;
    (void)read_cases(text, "c.toml", faults);
    return faults.in("en");
  };
  EXPECT_THAT(mistakes("[[cases]]\n"), HasSubstr("c.toml:1:3: unknown key \"cases\""));
  const std::string head = "[[case]]\nname = \"x\"\nexpect = []\n";
  EXPECT_THAT(mistakes(head), HasSubstr("an order, a product or a draft"));
  EXPECT_THAT(mistakes("[[case]]\nexpect = []\n[case.order]\n"), HasSubstr("needs a name"));
  EXPECT_THAT(mistakes("[[case]]\nname = \"x\"\n[case.order]\n"), HasSubstr("what it expects"));
  EXPECT_THAT(mistakes(head + "[case.order]\ntotl = 3\n"),
              HasSubstr("c.toml:5:1: unknown key \"totl\"; did you mean \"total\"?"));
  EXPECT_THAT(mistakes(head + "[case.order]\nplaced_ms = \"soon\"\n"),
              HasSubstr("c.toml:5:13: \"placed_ms\" has to be a time"));
  EXPECT_THAT(mistakes(head + "[case.order]\nlines = [{ skus = \"S\" }]\n"),
              HasSubstr("did you mean \"sku\"?"));
  EXPECT_THAT(mistakes(head + "now = 2026-11-11\n"), HasSubstr("a time with its offset"));
}

}  // namespace
}  // namespace deskmate::rules
