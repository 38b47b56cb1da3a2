// R27 and R51: what is stopped, what is warned of, and what is left alone, in English and Chinese.
#include "quality.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/fake_host.hpp"
#include "deskmate/testing/rules.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::rules_quality {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Found = std::vector<std::string>;

std::string file_text(const std::string& name) {
  return testing::file_text(std::string(RULES_FOLDER) + "/" + name);
}

struct Quality : ::testing::Test {
  // kind/code, as settings (TOML) say.
  Found judge(std::string_view text, const std::string& settings = "") {
    rules::Subject subject;
    subject.shop = "box";
    subject.draft = rules::Draft{text};
    return testing::judged<QualityRules>(settings, subject, sheet);
  }
  rules::Sheet sheet;
};

TEST_F(Quality, R27_insults_are_stopped_however_they_are_written) {
  for (const char* text :
       {"You idiot.", "IDIOT", "ｉｄｉｏｔ!",
        "i\xE2\x80\x8B"
        "diot",
        "Shut up", "你脑残吗", "脑 残", "脑*残", "脑　残", "脑.-残", "滚开！", "fuck"}) {
    ASSERT_THAT(judge(text), ElementsAre("insult/word")) << text;
    EXPECT_EQ(sheet.findings()[0].severity, "high") << text;
  }
  EXPECT_EQ(sheet.findings()[0].params["word"].as_str(), "fuck");
}

TEST_F(Quality, R27_words_within_other_words_are_none) {
  for (const char* text : {"The dumbbell and the Scunthorpe idiotic", "我们有滚筒洗衣机",
                           "这是傻瓜相机，很好用", "That was a stupid mistake of ours, sorry.",
                           "大脑。残疾人专用", "It is closer", "bitchy"}) {
    EXPECT_THAT(judge(text), IsEmpty()) << text;
  }
}

TEST_F(Quality, R27_promises_that_may_not_be_kept_are_warned_of) {
  EXPECT_THAT(judge("I promise it arrives tomorrow"), ElementsAre("promise/word"));
  EXPECT_EQ(sheet.findings()[0].severity, "normal");
  EXPECT_THAT(judge("明天一定能到"), ElementsAre("promise/word"));
  EXPECT_THAT(judge("We can't guarantee a day."), IsEmpty());
  EXPECT_THAT(judge("We can’t guarantee a day."), IsEmpty()) << "as a phone writes it";
  EXPECT_THAT(judge("不能保证明天到"), IsEmpty());
  EXPECT_THAT(judge("不能保证明天到，但我保证后天到"), ElementsAre("promise/word")) << "one of two";
  EXPECT_THAT(judge("I promise", "[promise]\non = false"), IsEmpty());
  EXPECT_THAT(judge("I promise", "[promise]\nwords = [\"swear\"]"), IsEmpty());
  EXPECT_THAT(judge("I swear", "[promise]\nwords = [\"swear\"]\nseverity = \"high\""),
              ElementsAre("promise/word"));
  EXPECT_EQ(sheet.findings()[0].severity, "high");
}

TEST_F(Quality, R51_paid_reviews_are_stopped_bargaining_and_gifts_where_the_shop_says_so) {
  EXPECT_THAT(judge("亲，好评返现5元"), ElementsAre("paid_review/word"));
  EXPECT_EQ(sheet.findings()[0].severity, "high");
  EXPECT_THAT(judge("A coupon for a good review!"), ElementsAre("paid_review/word"));
  EXPECT_THAT(judge("Thank you for your good review"), IsEmpty());
  EXPECT_THAT(judge("送您一个小礼物，给您优惠"), IsEmpty());
  EXPECT_THAT(judge("送您一个小礼物", "[gift]\non = true"), ElementsAre("gift/word"));
  EXPECT_THAT(judge("给您优惠", "[shop.box.bargain]\non = true"), ElementsAre("bargain/word"));
  EXPECT_THAT(judge("给您优惠", "[shop.other.bargain]\non = true"), IsEmpty());
}

TEST_F(Quality, R27_the_tone_is_looked_at_just_inside_and_just_outside) {
  EXPECT_THAT(judge("Yes!!"), IsEmpty());
  EXPECT_THAT(judge("Yes!!!"), ElementsAre("tone/marks"));
  EXPECT_THAT(judge("好！！！"), ElementsAre("tone/marks"));
  EXPECT_THAT(judge("Yes!!!", "[tone]\nmarks = 4"), IsEmpty());
  EXPECT_EQ(judge("ABCDEFGHIJK"), Found()) << "eleven";
  EXPECT_THAT(judge("ABCDEFGHIJKL"), ElementsAre("tone/capitals"));
  EXPECT_THAT(judge("ABCDEFGHIJKL abcdef"), IsEmpty()) << "not more than twice the others";
  EXPECT_THAT(judge("ABCDEFGHIJKL", "[tone]\ncapitals = 13"), IsEmpty());
  EXPECT_THAT(judge("Calm down."), ElementsAre("tone/word"));
  EXPECT_EQ(sheet.findings()[0].severity, "low");
  EXPECT_THAT(judge("Whatever you need, we have it."), IsEmpty());
  EXPECT_THAT(judge("Whatever."), ElementsAre("tone/word"));
  EXPECT_THAT(judge("Yes!!!", "[tone]\non = false"), IsEmpty());
}

TEST_F(Quality, R27_any_bytes_are_read) {
  for (const char* text : {"", "\xFF\xFE", "\xE4\xBD", "\xF0\x9F\x98\x80", "\xC0\x80 ok", "\x80"}) {
    EXPECT_THAT(judge(text), IsEmpty());
  }
  EXPECT_THAT(judge("\xE4 idiot"), ElementsAre("insult/word"));
  rules::Subject order;
  order.order.emplace();
  Faults faults;
  const auto set = rules::RuleSet::read(
      "", "t.toml", [](rules::Settings& s) { return std::make_unique<QualityRules>(s); }, faults);
  rules::Sheet empty;
  (*set)->judge(order, empty);
  EXPECT_TRUE(empty.findings().empty());
}

// What stands in quotes behind `words = [` of each table.
std::map<std::string, Found> words_of(const std::string& text) {
  std::map<std::string, Found> out;
  std::istringstream in(text);
  std::string line;
  std::string kind;
  bool within = false;
  while (std::getline(in, line)) {
    if (line.starts_with("[")) kind = line.substr(1, line.find(']') - 1);
    if (line.starts_with("words")) within = true;
    if (line.starts_with("but")) within = false;
    if (!within) continue;
    for (auto at = line.find('"'); at != std::string::npos;) {
      const auto end = line.find('"', at + 1);
      out[kind].push_back(line.substr(at + 1, end - at - 1));
      at = line.find('"', end + 1);
    }
  }
  return out;
}

TEST_F(Quality, R27_the_file_of_defaults_is_the_defaults_and_its_cases_hold) {
  const std::string file = file_text("rules.toml");
  const auto words = words_of(file);
  EXPECT_EQ(words.size(), 6u);
  for (const auto& [kind, list] : words) {
    EXPECT_GT(list.size(), 8u) << kind;
    for (const std::string& word : list) {
      const std::string on = "[" + kind + "]\non = true";
      EXPECT_THAT(judge(word, on), ::testing::Contains(kind + "/word")) << word;
    }
  }
  testing::FakeHost host;
  host.set_setting("file", "");
  std::string judges;
  host.set_method("rules.changed", [&](const Value& params) -> Result<Value> {
    judges = params["judges"].as_str();
    return Value();
  });
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  ASSERT_TRUE(host.run_until([&] { return !judges.empty(); }));
  EXPECT_EQ(judges, "drafts");
  EXPECT_THAT(testing::failing_cases(host, RULES_FOLDER), IsEmpty());
}

}  // namespace
}  // namespace deskmate::rules_quality
