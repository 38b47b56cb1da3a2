#include "core/daemon/rule_questions.hpp"

#include <memory>

#include "core/daemon/rule_subjects.hpp"

namespace deskmate::daemon {
namespace {

struct RuleAnswers {
  std::vector<RuleAnswer> list;
  std::function<void(const std::vector<RuleAnswer>&)> done;
  std::size_t left = 0;
};

void take_answer(RuleAnswer& to, const Result<std::string>& result) {
  Document answer;
  const Result<void> read = result ? answer.parse(*result) : Result<void>(result.error());
  if (!read) {
    to.failed = read.error();
    return;
  }
  const std::string_view version = answer.root()["version"].as_str();
  for (const View one : answer.root()["findings"][std::size_t{0}]) {
    if (to.findings.size() == rule_answer_findings_max) break;
    to.findings.push_back(finding_of(one, to.judge, version));
  }
}

}  // namespace

void ask_judges(Service& service, const std::vector<std::string>& judges,
                const std::string& subject,
                std::function<void(const std::vector<RuleAnswer>&)> done) {
  if (judges.empty()) return done({});
  const Value params = Value::map({{"now_ms", service.options.wall_ms()},
                                   {"subjects", Array{Value::bin(std::string_view(subject))}}});
  const auto answers = std::make_shared<RuleAnswers>();
  answers->done = std::move(done);
  answers->left = judges.size();
  for (const std::string& judge : judges) answers->list.push_back({judge, {}, {}});
  for (std::size_t i = 0; i < judges.size(); ++i) {
    const auto answered = [&service, answers, i](const Result<std::string>& result) {
      RuleAnswer& answer = answers->list[i];
      take_answer(answer, result);
      if (answer.failed && service.hooks.log) {
        service.hooks.log("rules", {{"plugin", answer.judge},
                                    {"question", "passed over"},
                                    {"failed", std::string(to_string(answer.failed->code))}});
      }
      if (--answers->left == 0) answers->done(answers->list);
    };
    const auto asked =
        service.bus.call(judges[i], "rules.judge", params, rule_question_deadline_ms, answered);
    if (!asked) answered(asked.error());
  }
}

}  // namespace deskmate::daemon
