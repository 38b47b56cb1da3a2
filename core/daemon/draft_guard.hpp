// Has the rules look at what is about to be sent to a buyer (R27). An objection of severity high
// keeps it from being sent; any other is a warning, which whoever sends may pass over.
//
//   look_at_draft(service, {chat, text, language, false}, [](const Seen& seen) {
//     if (seen.refused) return refuse(*seen.refused);
//     send(seen.passed);
//   });
//
// A plugin that does not answer in time (rule_questions.hpp) is passed over, and the log says so:
// what a buyer waits for waits for no plugin. Loop thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/daemon/service.hpp"

namespace deskmate::daemon {

struct DraftSpec {
  desk::Id16 chat{};
  std::string text;
  Language language = Language::en;
  bool anyway = false;  // warnings are passed over
};

struct DraftSeen {
  // denied: what the rules object to, in words. where: "text" for what is not sent whatever is
  // said, "anyway" for warnings, as the parameter that lets them pass.
  std::optional<Error> refused;
  std::vector<std::string> passed;  // kinds of warnings that were passed over
};

// done is called at once where no plugin judges drafts, or there is no text.
void look_at_draft(Service& service, const DraftSpec& draft,
                   std::function<void(const DraftSeen&)> done);

}  // namespace deskmate::daemon
