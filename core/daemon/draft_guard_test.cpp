// What is about to be sent is looked at by whoever judges drafts, and by nobody for long.
#include "core/daemon/draft_guard.hpp"

#include <deskmate/rules.hpp>

#include "core/daemon/rule_questions.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/daemon/test_service.hpp"

namespace deskmate::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DraftTest : public ServiceTest {
 protected:
  DraftTest() {
    host::InstanceStatus status;
    status.name = "quality";
    status.kind = "rules";
    plugins.more = {status};
  }
  void start() {
    bus::Rights rights;
    rights.methods = {"rules.changed"};
    quality = connect("quality", rights);
    service->rules->plugins_changed();
    ASSERT_TRUE(call(quality, "rules.changed", Value::map({{"judges", "drafts"}})));
    loop.run();
  }
  void look(const std::string& text, bool anyway = false) {
    seen.reset();
    look_at_draft(*service, {{}, text, Language::en, anyway},
                  [this](const DraftSeen& what) { seen = what; });
    loop.run();
  }
  // The plugin says what it thinks of the draft.
  void judge(Value findings) {
    ASSERT_EQ(answers.size(), 1u);
    auto waiting = std::exchange(answers, {});
    requests.clear();
    waiting[0].ok(
        Value::map({{"version", "1"}, {"findings", Value::array({std::move(findings)})}}));
    loop.run();
  }
  static Value found(const std::string& kind, const std::string& severity,
                     const std::string& word = "w") {
    return Value::map({{"kind", kind},
                       {"code", "word"},
                       {"severity", severity},
                       {"params", Value::map({{"word", word}})}});
  }

  std::shared_ptr<bus::Session> quality;
  std::optional<DraftSeen> seen;
};

TEST_F(DraftTest, R27_without_rules_for_drafts_everything_goes_out_at_once) {
  look("You idiot");
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->refused);
  start();
  look("");
  EXPECT_TRUE(seen) << "files alone";
  EXPECT_TRUE(requests.empty());
}

TEST_F(DraftTest, R27_what_is_stopped_stays_so_and_a_warning_is_passed_over_on_purpose) {
  start();
  look("You idiot");
  ASSERT_FALSE(seen) << "it is asked first";
  Document document;
  ASSERT_TRUE(document.parse(requests.at(0).second["subjects"][0].as_bin()));
  EXPECT_EQ(rules::unpack(document.root(), 0).draft->text, "You idiot");
  judge(Value::array({found("insult", "high", "idiot"), found("tone", "low", "you")}));
  ASSERT_TRUE(seen && seen->refused);
  EXPECT_EQ(seen->refused->code, Status::denied);
  EXPECT_EQ(seen->refused->where, "text");
  EXPECT_THAT(seen->refused->message, HasSubstr("“idiot” is an insult"));

  look("You idiot", true);
  judge(Value::array({found("insult", "high", "idiot")}));
  EXPECT_EQ(seen->refused->where, "text");

  look("I promise");
  judge(Value::array({found("promise", "normal", "promise")}));
  EXPECT_EQ(seen->refused->where, "anyway");
  look("I promise", true);
  judge(Value::array({found("promise", "normal"), found("tone", "low"), found("tone", "low")}));
  EXPECT_FALSE(seen->refused);
  EXPECT_THAT(seen->passed, ElementsAre("promise", "tone"));
  look("Hello");
  judge(Value());
  EXPECT_FALSE(seen->refused);
  EXPECT_TRUE(seen->passed.empty());
  EXPECT_FALSE(service->rules->sweep()) << "and there is no order to be looked at";
  EXPECT_TRUE(call(owner(), "desk.rules_sweep", Value::map())) << "which is nothing wrong";
}

TEST_F(DraftTest, R27_R122_a_plugin_that_is_slow_gone_or_mad_holds_up_nothing) {
  start();
  look("You idiot");
  loop.advance(rule_question_deadline_ms - 1);
  loop.run();
  EXPECT_FALSE(seen);
  loop.advance(1);
  loop.run();
  ASSERT_TRUE(seen) << "its time is over";
  EXPECT_FALSE(seen->refused);
  answers.clear();
  requests.clear();

  look("You idiot");
  Value many = Value::array();
  for (char c = 'a'; c <= 'z'; ++c) {
    many.push_back(found(std::string(15'000, c), "high", std::string(15'000, c)));
  }
  judge(std::move(many));
  ASSERT_TRUE(seen && seen->refused);
  EXPECT_LT(seen->refused->message.size(), 4'000u);
  look("You idiot");
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "坏";
  judge(Value::array({found(wide, "high")}));
  EXPECT_EQ(seen->refused->message, fix_utf8(seen->refused->message)) << "cut within a letter";

  look("You idiot");
  judge(Value::map({{"not", "a list"}}));
  EXPECT_FALSE(seen->refused);
  quality->end({Status::cancelled, "gone", {}});
  loop.run();
  look("You idiot");
  EXPECT_TRUE(seen) << "nobody is there";
}

}  // namespace
}  // namespace deskmate::daemon
