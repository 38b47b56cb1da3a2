// What rules judge, out of the desk and the sealed bodies, and what they answer. Loop thread.
#pragma once

#include <optional>
#include <string>

#include "core/daemon/bodies.hpp"
#include "core/desk/desk.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {

// As rules.judge takes it; nothing: the body of an order is on its way, so it is too early to
// judge.
std::optional<std::string> pack_subject(const desk::Desk& desk, const Bodies& bodies,
                                        const desk::OrderContext& context);
std::string pack_subject(const desk::ProductView& product);
// What is wrong by a case with that order of it; nothing as above.
std::optional<std::string> pack_claim(const desk::Desk& desk, const Bodies& bodies,
                                      const desk::CaseView& about,
                                      const desk::OrderContext& context);

// One finding of rules.judge: of what the plugin says only words and numbers that are short enough.
desk::ProblemFinding finding_of(View found, const std::string& plugin, std::string_view version);

}  // namespace deskmate::daemon
