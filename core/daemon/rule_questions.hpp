// Asks those rule plugins that judge something while somebody waits: all at once, and not for long.
// Loop thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/daemon/service.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::uint32_t rule_question_deadline_ms = 500;
inline constexpr std::size_t rule_answer_findings_max = 16;  // of one plugin

struct RuleAnswer {
  std::string judge;  // the plugin
  std::vector<desk::ProblemFinding> findings;
  std::optional<Error> failed;  // it did not answer, or nothing that can be read; the log says so
};

// subject: packed, as of rules.judge. done is called once, at once where there are no judges; their
// answers in the order of their names.
void ask_judges(Service& service, const std::vector<std::string>& judges,
                const std::string& subject,
                std::function<void(const std::vector<RuleAnswer>&)> done);

}  // namespace deskmate::daemon
