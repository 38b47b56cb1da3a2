// What a change of the rules would have found: the orders of a time, as their events told them, are
// judged by the rules in force and by those to be tried; the difference is told by kind, with
// money. Each is judged when it was seen and just before it was seen again, so that what only time
// brings is found, too. Stock and a buyer's other orders are today's: they are not kept as they
// were. Nothing is recorded. Loop thread; the loop is given back after every few orders.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <functional>
#include <string>

namespace deskmate::daemon {

class Service;

inline constexpr std::size_t trial_orders_max = 50'000;  // kept at once; then the trial ends there
inline constexpr std::size_t trial_examples_max = 20;    // orders named of each kind

struct TrialSpec {
  std::string plugin;
  std::string text;           // of the rules to be tried
  std::string file;           // what they are called in their mistakes
  std::uint64_t from_ms = 0;  // UTC
};

// {version, tried, orders, judged, whole, kinds: [{kind, now, then, added, removed, money:
// [{currency, now, then}], examples: [number]}]}, or {faults}.
void run_trial(Service& service, const TrialSpec& spec, std::function<void(Result<Value>)> done);

}  // namespace deskmate::daemon
