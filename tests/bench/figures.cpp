#include "tests/bench/figures.hpp"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace deskmate::bench {

namespace {

double quantile(const std::vector<double>& sorted, double at) {
  const double place = at * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

std::string text(double value) {
  char buffer[32];
  // Large counts in full, as nobody reads 1.2e+06 at a glance.
  if (value >= 1000) {
    std::snprintf(buffer, sizeof buffer, "%.0f", value);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.3g", value);
  }
  return buffer;
}

void line(std::string_view name, double value, std::string_view unit, std::string_view against,
          double ratio, Target target) {
  const bool holds = target.at_most ? ratio <= target.ratio : ratio >= target.ratio;
  const std::string all = std::string(name) + ' ' + text(value) + ' ' + std::string(unit) + ' ' +
                          std::string(against) + ' ' + text(ratio) + ' ' +
                          (target.at_most ? "<=" : ">=") + text(target.ratio) + ' ' +
                          (holds ? "holds" : "short");
  std::puts(all.c_str());
}

}  // namespace

bool full() {
  const char* asked = std::getenv("DESKMATE_FULL");
  return asked != nullptr && std::string_view(asked) == "1";
}

int cpu_of(Role role) {
  // What this process was allowed when it began; pinning it must not change the answer.
  static const auto ends = [] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
      throw std::runtime_error("sched_getaffinity failed");
    }
    std::pair<int, int> found{-1, -1};
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) continue;
      if (found.first < 0) found.first = cpu;
      found.second = cpu;
    }
    return found;
  }();
  return role == Role::client ? ends.first : ends.second;
}

namespace {

void run_on(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::runtime_error("sched_setaffinity failed");
  }
}

}  // namespace

void pin(Role role) { run_on({cpu_of(role)}); }

void unpin() { run_on({cpu_of(Role::client), cpu_of(Role::server)}); }

double now_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median_time(double seconds, const std::function<void()>& once) {
  std::vector<double> times;
  double at = now_s();
  const double until = at + seconds;
  while (times.empty() || at < until) {
    once();
    const double after = now_s();
    times.push_back(after - at);
    at = after;
  }
  return spread_of(std::move(times)).median;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)};
}

std::vector<std::vector<double>> in_turns(int rounds, const std::vector<Side>& sides) {
  std::vector<std::vector<double>> values(sides.size());
  for (const Side& side : sides) side.run();
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const std::size_t turn = round % 2 == 0 ? i : sides.size() - 1 - i;
      values[turn].push_back(sides[turn].run());
    }
  }
  return values;
}

std::vector<double> sum(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> both;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) both.push_back(a[i] + b[i]);
  return both;
}

std::vector<double> times(const std::vector<double>& a, double factor) {
  std::vector<double> all = a;
  for (double& value : all) value *= factor;
  return all;
}

void Figures::add(std::string_view name, std::string_view unit, const std::vector<double>& ours,
                  std::string_view against, const std::vector<double>& theirs, Target target) {
  if (ours.empty() || ours.size() != theirs.size()) {
    throw std::logic_error("a figure needs as many rounds of both sides");
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / theirs[i]);
  const Spread a = spread_of(ours);
  const Spread b = spread_of(theirs);
  const Spread ratio = spread_of(ratios);
  line(name, a.median, unit, against, ratio.median, target);
  const std::string in = ' ' + std::string(unit) + ' ';
  note(std::string(name) + ": " + text(a.median) + in + '(' + text(a.low) + " to " + text(a.high) +
       "), " + std::string(against) + ' ' + text(b.median) + in + '(' + text(b.low) + " to " +
       text(b.high) + "), ratio " + text(ratio.low) + " to " + text(ratio.high));
}

void Figures::add(std::string_view name, std::string_view unit, double value,
                  std::string_view against, double theirs, Target target) {
  line(name, value, unit, against, value / theirs, target);
  std::fflush(stdout);
}

void Figures::note(std::string_view words) {
  const std::string all = "# " + std::string(words);
  std::puts(all.c_str());
  std::fflush(stdout);
}

}  // namespace deskmate::bench
