#include "core/daemon/draft_guard.hpp"

#include <algorithm>
#include <deskmate/rules.hpp>

#include "core/daemon/problem_words.hpp"
#include "core/daemon/rule_questions.hpp"
#include "core/daemon/rule_runner.hpp"

namespace deskmate::daemon {
namespace {

struct Objections {
  std::vector<std::string> stops, warnings, kinds;
};

void add_once(std::vector<std::string>& to, std::string one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
}

std::string joined_objections(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : "; ") + one;
  return out;
}

DraftSeen seen_by(const std::vector<RuleAnswer>& answers, const DraftSpec& draft) {
  Objections all;
  for (const RuleAnswer& answer : answers) {
    for (const auto& found : answer.findings) {
      std::string words = problem_text(found.kind, found.code, found.params, draft.language);
      const bool stops = found.severity == "high";
      add_once(stops ? all.stops : all.warnings, std::move(words));
      if (!stops) add_once(all.kinds, found.kind);
    }
  }
  DraftSeen seen;
  const auto refuse = [&](const char* key, const std::vector<std::string>& list,
                          const char* where) {
    seen.refused =
        Error{Status::denied, say(draft.language, key, {joined_objections(list)}), where};
  };
  if (!all.stops.empty()) {
    refuse("reply.stopped", all.stops, "text");
  } else if (!all.warnings.empty() && !draft.anyway) {
    refuse("reply.warned", all.warnings, "anyway");
  } else {
    seen.passed = all.kinds;
  }
  return seen;
}

}  // namespace

void look_at_draft(Service& service, const DraftSpec& draft,
                   std::function<void(const DraftSeen&)> done) {
  const auto judges = draft.text.empty() || !service.rules
                          ? std::vector<std::string>()
                          : service.rules->judges_of(rules::Judges::drafts);
  if (judges.empty()) return done({});
  const auto row = service.desk.chat_row(draft.chat, service.options.wall_ms());
  rules::Subject subject;
  if (row) subject.shop = row->shop;
  subject.draft = rules::Draft{draft.text};
  ask_judges(service, judges, rules::pack(subject),
             [draft, done = std::move(done)](const std::vector<RuleAnswer>& answers) {
               done(seen_by(answers, draft));
             });
}

}  // namespace deskmate::daemon
