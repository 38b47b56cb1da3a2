// Plays desks of several peers from seeds, checks what must hold after every step and at the end,
// prints both ways of routing in one table, and makes sure that what is broken on purpose is found.
//   peers_sim_test [--from S] [--seeds N] [--minutes M] [--threads T]
//   peers_sim_test --seed S [--peers P] [--mutant M] [--trace]
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/peers.hpp"
#include "tests/sim/prefix_model.hpp"

namespace deskmate::sim {
namespace {

constexpr int mutant_seeds_max = 2'000;      // within which a mutant must be found
constexpr std::uint64_t told_every = 5'000;  // seeds
constexpr std::uint64_t shown_max = 3;       // failures with their traces; of more the seed
constexpr std::uint64_t model_seeds = 40;    // at least; of more a fiftieth

Setting setting_of(std::uint64_t seed) {
  static const int peers[] = {2, 3, 2, 5};
  Setting setting;
  setting.seed = seed;
  setting.peers = peers[seed % 4];
  setting.calm = seed % 5 == 0;
  setting.claim = seed % 3 == 0;
  return setting;
}

template <class T>
T at(const std::vector<T>& sorted, double part) {
  if (sorted.empty()) return {};
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

struct Row {
  std::uint64_t seeds = 0, messages = 0, doubles = 0, freezes = 0, unanswered = 0;
  double deviation = 0;
  std::vector<std::uint64_t> waits_ms;
  std::vector<double> trips;
  template <class Outcome>
  void add(const Outcome& outcome) {
    ++seeds;
    messages += static_cast<std::uint64_t>(outcome.messages);
    doubles += static_cast<std::uint64_t>(outcome.doubles);
    freezes += static_cast<std::uint64_t>(outcome.freezes);
    deviation = std::max(deviation, outcome.deviation);
    waits_ms.insert(waits_ms.end(), outcome.waits_ms.begin(), outcome.waits_ms.end());
  }
  void print(const char* way, int peers, const char* channel) {
    std::sort(waits_ms.begin(), waits_ms.end());
    std::sort(trips.begin(), trips.end());
    const auto wait = [&](double part) { return static_cast<double>(at(waits_ms, part)) / 1'000; };
    std::printf("%-28s %5d  %-8s %6llu %8llu %7llu %7llu %10llu  %5.1f %5.1f %5.1f %6.1f  %9.2f",
                way, peers, channel, static_cast<unsigned long long>(seeds),
                static_cast<unsigned long long>(messages), static_cast<unsigned long long>(doubles),
                static_cast<unsigned long long>(freezes),
                static_cast<unsigned long long>(unanswered), wait(0.5), wait(0.95), wait(0.99),
                wait(1), deviation);
    if (!trips.empty()) {
      std::printf("  %6zu %5.1f %5.1f", trips.size(), at(trips, 0.5), at(trips, 0.95));
    }
    std::printf("\n");
  }
};

void show(const Setting& setting, const Outcome& outcome, bool trace) {
  std::cout << "seed " << setting.seed << ", " << setting.peers << " peers"
            << (setting.calm ? ", calm" : "") << (setting.claim ? ", claim" : "") << ": "
            << outcome.failure << "\n"
            << std::flush;
  if (!trace) return;
  for (const std::string& line : outcome.trace) std::cout << "    " << line << "\n";
}

void in_threads(unsigned threads, const std::function<void()>& work) {
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
}

void print_head() {
  std::printf("%-28s %5s  %-8s %6s %8s %7s %7s %10s  %5s %5s %5s %6s  %9s  %6s %5s %5s\n", "way",
              "peers", "channel", "seeds", "messages", "doubles", "freezes", "unanswered", "p50 s",
              "p95 s", "p99 s", "max s", "deviation", "heals", "p50", "p95 round trips");
}

void print_model(std::uint64_t seeds) {
  const std::uint64_t played = std::min(seeds, std::max(model_seeds, seeds / 50));
  for (const bool takeover : {false, true}) {
    for (const int peers : {2, 3, 5}) {
      Row row;
      for (std::uint64_t seed = 1; seed <= played; ++seed) {
        const ModelOutcome outcome = play_prefix(seed, peers, seed % 5 == 0, takeover);
        row.add(outcome);
        row.unanswered += static_cast<std::uint64_t>(outcome.unanswered);
      }
      row.print(takeover ? "prefix, with takeover (model)" : "prefix (model)", peers, "no claim");
    }
  }
}

// What was played, so that nothing is tested in vain.
struct Played {
  int Outcome::*count;
  const char* what;
  bool must = true;
};
constexpr Played played[] = {
    {&Outcome::cut, "assigned in a cut"},
    {&Outcome::vanished, "taken over"},
    {&Outcome::weighed, "changes of members in force"},
    {&Outcome::refused, "refused"},
    {&Outcome::goodbyes, "goodbyes"},
    {&Outcome::removals, "peers removed"},
    {&Outcome::restores, "disks restored"},
    {&Outcome::forks, "logs forked"},
    {&Outcome::erasures, "buyers erased"},
    {&Outcome::unknown, "events of a newer version"},
    {&Outcome::overridden, "answers of two against a person's word", false},
    {&Outcome::crossed, "messages crossed by an answer that was only found in the thread", false},
};

// Whether each mutant is found, in the order of the enumeration.
std::uint64_t find_mutants(unsigned threads) {
  std::array<std::atomic<std::uint64_t>, mutants + 1> next{};
  std::array<std::atomic<std::uint64_t>, mutants + 1> found{};
  std::map<std::pair<int, std::uint64_t>, std::string> how;
  std::mutex mutex;
  in_threads(threads, [&] {
    for (std::size_t mutant = 1; mutant <= mutants; ++mutant) {
      while (found[mutant] == 0) {
        const std::uint64_t seed = ++next[mutant];
        if (seed > mutant_seeds_max) break;
        Setting setting = setting_of(seed);
        setting.mutant = static_cast<Mutant>(mutant);
        setting.calm = false;
        setting.claim = false;
        const Outcome outcome = play(setting);
        if (outcome.failure.empty()) continue;
        found[mutant] = seed;
        const std::lock_guard lock(mutex);
        how[{static_cast<int>(mutant), seed}] = outcome.failure;
      }
    }
  });
  std::uint64_t missed = 0;
  for (int mutant = 1; mutant <= mutants; ++mutant) {
    const auto first = how.lower_bound({mutant, 0});
    const bool is_found = first != how.end() && first->first.first == mutant;
    std::cout << "mutant \"" << to_string(static_cast<Mutant>(mutant)) << "\": "
              << (is_found ? "found by seed " + std::to_string(first->first.second) + ", " +
                                 first->second
                           : "NOT FOUND")
              << "\n";
    if (!is_found) ++missed;
  }
  return missed;
}

int run(std::uint64_t from, std::uint64_t seeds, std::uint64_t minutes, unsigned threads) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(minutes);
  std::map<std::pair<int, bool>, Row> book;
  std::map<const char*, std::uint64_t> counts;
  std::mutex mutex;
  std::uint64_t failed = 0, done = 0;
  std::atomic<std::uint64_t> next{from};
  in_threads(threads, [&] {
    for (std::uint64_t seed = next++; seed < from + seeds; seed = next++) {
      if (minutes != 0 && std::chrono::steady_clock::now() >= until) return;
      const Setting setting = setting_of(seed);
      const Outcome outcome = play(setting);
      const std::lock_guard lock(mutex);
      if (++done % told_every == 0) std::cerr << done << " seeds played\n";
      if (!outcome.failure.empty()) {
        show(setting, outcome, ++failed <= shown_max);
      }
      Row& row = book[{setting.peers, setting.claim}];
      row.add(outcome);
      row.trips.insert(row.trips.end(), outcome.round_trips.begin(), outcome.round_trips.end());
      for (const Played& one : played) {
        counts[one.what] += static_cast<std::uint64_t>(outcome.*one.count);
      }
    }
  });
  print_head();
  for (auto& [key, row] : book) row.print("book", key.first, key.second ? "claim" : "no claim");
  print_model(done);
  std::uint64_t passed = done - failed;
  for (const Played& one : played) {
    std::cout << counts[one.what] << " " << one.what << "\n";
    if (done >= 500 && one.must && counts[one.what] == 0) {
      std::cout << "the seeds did not show everything\n";
      ++failed;
    }
  }
  const std::uint64_t missed = find_mutants(threads);
  passed += mutants - missed;
  failed += missed;
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace deskmate::sim

int main(int argc, char** argv) {
  using namespace deskmate::sim;
  const char* given = std::getenv("DESKMATE_SIM_SEEDS");
  std::uint64_t seeds = given != nullptr ? std::strtoull(given, nullptr, 10) : 2'000;
  std::uint64_t from = 1;
  std::uint64_t one = 0;
  std::uint64_t minutes = 0;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  Mutant mutant = Mutant::none;
  bool trace = false;
  int peers = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
    if (option == "--trace") {
      trace = true;
      continue;
    }
    ++i;
    if (option == "--seeds" && value != 0) {
      seeds = value;
    } else if (option == "--from" && value != 0) {
      from = value;
    } else if (option == "--seed" && value != 0) {
      one = value;
    } else if (option == "--peers" && value >= 2 && value <= 5) {
      peers = static_cast<int>(value);
    } else if (option == "--minutes" && value != 0) {
      minutes = value;
    } else if (option == "--threads" && value != 0) {
      threads = static_cast<unsigned>(value);
    } else if (option == "--mutant" && value <= mutants) {
      mutant = static_cast<Mutant>(value);
    } else {
      std::cerr << "usage: peers_sim_test [--from S] [--seeds N] [--minutes M] [--threads T]\n"
                   "       peers_sim_test --seed S [--peers P] [--mutant 1..9] [--trace]\n";
      return 2;
    }
  }
  if (one == 0) return run(from, seeds, minutes, threads);
  Setting setting = setting_of(one);
  setting.trace = trace;
  setting.mutant = mutant;
  if (mutant != Mutant::none) setting.calm = setting.claim = false;
  if (peers != 0) setting.peers = peers;
  const Outcome outcome = play(setting);
  if (!outcome.failure.empty() || trace) show(setting, outcome, true);
  std::cout << outcome.messages << " messages, " << outcome.doubles << " doubles, " << outcome.cut
            << " in a cut, " << outcome.vanished << " taken over, off the share by "
            << outcome.deviation << "\n";
  return outcome.failure.empty() ? 0 : 1;
}
