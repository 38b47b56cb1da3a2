// What the rules say of a case: which evidence is missing, what may be given, until when (R90-R94,
// R97); and has an offer keep to it. Beyond that an offer takes a word of its own ("anyway"), and
// names what it passed over, beside the reason that every offer has (R83).
//
//   advise(service, id, {}, language, [](const Result<CaseAdvice>& advice) { … });
//   keep_to_advice(service, spec, anyway, language, [](const Result<desk::OfferSpec>& spec) { … });
//
// Loop thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/daemon/rule_questions.hpp"

namespace deskmate::daemon {

struct CaseAdvice {
  desk::Id16 order{};
  std::vector<RuleAnswer> answers;  // by plugin
};

// order: which of the case's; none: the first. Errors: not_found, there is no such case; invalid
// (order), it has none; unavailable, no rules judge claims, or the order's text is on its way.
void advise(Service& service, const desk::Id16& about, const std::optional<desk::Id16>& order,
            Language language, std::function<void(const Result<CaseAdvice>&)> done);

// An offer about a case, which names the rule it follows or the limits it passes over; any other as
// it is. Errors: denied (anyway), it refunds more than the rules give, or they do not answer.
void keep_to_advice(Service& service, const desk::OfferSpec& spec, bool anyway, Language language,
                    std::function<void(const Result<desk::OfferSpec>&)> done);

}  // namespace deskmate::daemon
