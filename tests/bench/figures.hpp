// What the measurements share: ours and theirs in turns, medians with their spread, one line for
// each figure.
//
//   Figures figures;
//   auto runs = in_turns(9, {{"deskmate", [&] { return ours(); }}, {"ping-pong", [&] { ... }}});
//   figures.add("bus.request", "us", runs[0], "ping-pong", runs[1], at_most(2));
//
// prints
//
//   bus.request 31.2 us ping-pong 1.85 <=2 holds
//   # bus.request: 31.2 us (30.1 to 33.0), ping-pong 16.9 us (16.2 to 17.8), ratio 1.81 to 1.92
//
// The spread is the quartiles. The ratio is the median of the rounds' own ratios: ours and theirs
// of one round ran within a moment of each other, so that other work on the machine hits both.
//
// Where things run: whoever serves (daemon, broker, the echoing end of a ping-pong) on the last
// CPU, whoever asks (clients, plugins' processes, publishers and subscribers) on the first, ours
// and theirs alike. So a side never gets more of the machine than the other, and the kernel does
// not move them about. Bare work without a client (LMDB by itself) runs where servers do. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::bench {

// The bytes of what is sent and stored everywhere.
inline constexpr std::size_t payload_bytes = 300;

// Larger sizes were asked for: DESKMATE_FULL=1.
bool full();
// sizes(usual, with --full)
template <typename T>
T sizes(T usual, T with_full) {
  return full() ? with_full : usual;
}

enum class Role { client, server };
int cpu_of(Role role);
// This thread, and the threads and processes that it starts from now on.
void pin(Role role);
void unpin();  // to all that serve or ask

// A clock that only goes forward, in seconds.
double now_s();

// Does one thing again and again, for about `seconds`, and says the median of the times it took, in
// seconds: what interrupts one time in ten does not count.
double median_time(double seconds, const std::function<void()>& once);

struct Spread {
  double low = 0;  // the lower quartile
  double median = 0;
  double high = 0;
};
Spread spread_of(std::vector<double> values);  // by linear interpolation; of none: zeros

// One side of a comparison. run does the work once and says its value: a time or a rate.
struct Side {
  std::string name;
  std::function<double()> run;
};
// The values of each side, in the order of sides. Each round runs every side once, every other
// round in the opposite order; a first round is thrown away.
std::vector<std::vector<double>> in_turns(int rounds, const std::vector<Side>& sides);

// Element by element: the value of two things done one after the other.
std::vector<double> sum(const std::vector<double>& a, const std::vector<double>& b);
std::vector<double> times(const std::vector<double>& a, double factor);

struct Target {
  bool at_most = true;
  double ratio = 0;
};
inline Target at_most(double ratio) { return {true, ratio}; }
inline Target at_least(double ratio) { return {false, ratio}; }

class Figures {
 public:
  // ours ÷ theirs, round by round, held against the target. Names and units have no blanks.
  void add(std::string_view name, std::string_view unit, const std::vector<double>& ours,
           std::string_view against, const std::vector<double>& theirs, Target target);
  // A single number (bytes, system calls) against a single number.
  void add(std::string_view name, std::string_view unit, double value, std::string_view against,
           double theirs, Target target);
  // A line that is shown and not counted.
  void note(std::string_view text);
};

}  // namespace deskmate::bench
