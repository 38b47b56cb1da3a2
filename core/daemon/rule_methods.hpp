// Problems as the owner's methods answer them, and the methods about the rules themselves. Loop
// thread.
#pragma once

#include "core/daemon/service.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {

// What a rule found, with its words and what to do.
Value present_finding(const desk::ProblemFinding& found, Language language);
Value present_problem(const desk::ProblemView& problem, Language language);
// What is wrong with an order, and its place in the warehouse's queue, into the order as a map.
void add_problems(const Service& service, const desk::OrderView& order, desk::Language language,
                  Value& out);

// desk.rules, desk.rules_sweep, desk.rules_test, desk.rules_explain, desk.rules_dry_run, and
// rules.changed of plugins.
void serve_rules(Service& service);

}  // namespace deskmate::daemon
