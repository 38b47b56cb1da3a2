#include "core/daemon/draft_guard.hpp"

#include <algorithm>
#include <deskmate/rules.hpp>
#include <memory>

#include "core/daemon/problem_words.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/daemon/rule_subjects.hpp"

namespace deskmate::daemon {
namespace {

struct DraftAnswers {
  DraftSpec draft;
  std::function<void(const DraftSeen&)> done;
  std::vector<std::string> stops, warnings, kinds;
  std::size_t left = 0;
};

void add_once(std::vector<std::string>& to, std::string one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
}

std::string joined_objections(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : "; ") + one;
  return out;
}

void take_objections(DraftAnswers& gathered, const std::string& judge, View findings) {
  std::size_t taken = 0;
  for (const View one : findings[std::size_t{0}]) {
    if (++taken > draft_objections_max) break;
    const auto found = finding_of(one, judge, {});
    std::string words = problem_text(found.kind, found.code, found.params, gathered.draft.language);
    const bool stops = found.severity == "high";
    add_once(stops ? gathered.stops : gathered.warnings, std::move(words));
    if (!stops) add_once(gathered.kinds, found.kind);
  }
}

void finish_draft(const DraftAnswers& gathered) {
  DraftSeen seen;
  const auto refuse = [&](const char* key, const std::vector<std::string>& list,
                          const char* where) {
    seen.refused =
        Error{Status::denied, say(gathered.draft.language, key, {joined_objections(list)}), where};
  };
  if (!gathered.stops.empty()) {
    refuse("reply.stopped", gathered.stops, "text");
  } else if (!gathered.warnings.empty() && !gathered.draft.anyway) {
    refuse("reply.warned", gathered.warnings, "anyway");
  } else {
    seen.passed = gathered.kinds;
  }
  gathered.done(seen);
}

}  // namespace

void look_at_draft(Service& service, const DraftSpec& draft,
                   std::function<void(const DraftSeen&)> done) {
  const auto judges = draft.text.empty() || !service.rules ? std::vector<std::string>()
                                                           : service.rules->judges_of_drafts();
  if (judges.empty()) return done({});
  const auto row = service.desk.chat_row(draft.chat, service.options.wall_ms());
  rules::Subject subject;
  if (row) subject.shop = row->shop;
  subject.draft = rules::Draft{draft.text};
  const Value params = Value::map({{"now_ms", service.options.wall_ms()},
                                   {"subjects", Array{Value(Bytes(rules::pack(subject)))}}});
  const auto gathered = std::make_shared<DraftAnswers>();
  gathered->draft = draft;
  gathered->done = std::move(done);
  gathered->left = judges.size();
  const auto answered = [&service, gathered](const std::string& judge,
                                             const Result<std::string>& result) {
    Document answer;
    const Result<void> read = result ? answer.parse(*result) : Result<void>(result.error());
    if (read) {
      take_objections(*gathered, judge, answer.root()["findings"]);
    } else if (service.hooks.log) {
      service.hooks.log("rules", {{"plugin", judge},
                                  {"draft", "passed over"},
                                  {"failed", std::string(to_string(read.error().code))}});
    }
    if (--gathered->left == 0) finish_draft(*gathered);
  };
  for (const std::string& judge : judges) {
    const auto asked = service.bus.call(
        judge, "rules.judge", params, draft_guard_deadline_ms,
        [judge, answered](const Result<std::string>& result) { answered(judge, result); });
    if (!asked) answered(judge, asked.error());
  }
}

}  // namespace deskmate::daemon
