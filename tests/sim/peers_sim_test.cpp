// Plays desks of several peers from seeds, checks what must hold after every step and at the end,
// prints both ways of routing in one table, and makes sure that what is broken on purpose is found.
//   peers_sim_test [--seeds N] [--seed S [--peers P] [--mutant M] [--trace]] [--threads T]
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
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

constexpr int mutant_seeds_max = 600;  // within which a mutant must be found
constexpr std::uint64_t model_seeds = 40;

Setting setting_of(std::uint64_t seed) {
  static const int peers[] = {2, 3, 2, 5};
  Setting setting;
  setting.seed = seed;
  setting.peers = peers[seed % 4];
  setting.calm = seed % 5 == 0;
  setting.claim = seed % 3 == 0;
  return setting;
}

struct Row {
  std::uint64_t seeds = 0, messages = 0, doubles = 0, freezes = 0, unanswered = 0;
  double deviation = 0;
  std::vector<std::uint64_t> waits_ms;
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
    const auto at = [&](double part) {
      if (waits_ms.empty()) return 0.0;
      const auto last = static_cast<double>(waits_ms.size() - 1);
      return static_cast<double>(waits_ms[static_cast<std::size_t>(part * last)]) / 1'000;
    };
    std::printf("%-28s %5d  %-8s %6llu %8llu %7llu %7llu %10llu  %5.1f %5.1f %6.1f  %9.2f\n", way,
                peers, channel, static_cast<unsigned long long>(seeds),
                static_cast<unsigned long long>(messages), static_cast<unsigned long long>(doubles),
                static_cast<unsigned long long>(freezes),
                static_cast<unsigned long long>(unanswered), at(0.5), at(0.95), at(1), deviation);
  }
};

void show(const Setting& setting, const Outcome& outcome) {
  std::cout << "seed " << setting.seed << ", " << setting.peers << " peers"
            << (setting.calm ? ", calm" : "") << (setting.claim ? ", claim" : "") << ": "
            << outcome.failure << "\n";
  for (const std::string& line : outcome.trace) std::cout << "    " << line << "\n";
}

int run(std::uint64_t seeds, unsigned threads) {
  std::map<std::pair<int, bool>, Row> book;
  std::mutex mutex;
  std::uint64_t failed = 0, cut = 0, vanished = 0, crossed = 0, behind = 0;
  std::atomic<std::uint64_t> next{1};
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed <= seeds; seed = next++) {
      const Setting setting = setting_of(seed);
      const Outcome outcome = play(setting);
      const std::lock_guard lock(mutex);
      if (!outcome.failure.empty() && ++failed <= 3) show(setting, outcome);
      book[{setting.peers, setting.claim}].add(outcome);
      cut += static_cast<std::uint64_t>(outcome.cut);
      vanished += static_cast<std::uint64_t>(outcome.vanished);
      crossed += static_cast<std::uint64_t>(outcome.crossed);
      behind += static_cast<std::uint64_t>(outcome.behind);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();

  std::printf("%-28s %5s  %-8s %6s %8s %7s %7s %10s  %5s %5s %6s  %9s\n", "way", "peers", "channel",
              "seeds", "messages", "doubles", "freezes", "unanswered", "p50 s", "p95 s", "max s",
              "deviation");
  for (auto& [key, row] : book) row.print("book", key.first, key.second ? "claim" : "no claim");
  for (const bool takeover : {false, true}) {
    for (const int peers : {2, 3, 5}) {
      Row row;
      for (std::uint64_t seed = 1; seed <= std::min<std::uint64_t>(seeds, model_seeds); ++seed) {
        const ModelOutcome outcome = play_prefix(seed, peers, seed % 5 == 0, takeover);
        row.add(outcome);
        row.unanswered += static_cast<std::uint64_t>(outcome.unanswered);
      }
      row.print(takeover ? "prefix, with takeover (model)" : "prefix (model)", peers, "no claim");
    }
  }
  std::uint64_t passed = seeds - failed;
  std::cout << cut << " assigned in a cut, " << vanished << " taken over, " << crossed
            << " messages crossed by an answer to the one before, " << behind
            << " taken for answered since a clock was behind\n";
  if (seeds >= 100 && (cut == 0 || vanished == 0)) {
    std::cout << "the seeds did not show everything\n";
    ++failed;
  }
  for (const Mutant mutant :
       {Mutant::no_wait, Mutant::timer_alone, Mutant::hash_presence, Mutant::acks_ahead}) {
    std::string found;
    for (std::uint64_t seed = 1; seed <= mutant_seeds_max && found.empty(); ++seed) {
      Setting setting = setting_of(seed);
      setting.mutant = mutant;
      setting.calm = false;
      setting.claim = false;
      const Outcome outcome = play(setting);
      if (!outcome.failure.empty()) found = "seed " + std::to_string(seed) + ", " + outcome.failure;
    }
    std::cout << "mutant \"" << to_string(mutant)
              << "\": " << (found.empty() ? "NOT FOUND" : "found by " + found) << "\n";
    ++(found.empty() ? failed : passed);
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace deskmate::sim

int main(int argc, char** argv) {
  using namespace deskmate::sim;
  const char* given = std::getenv("DESKMATE_SIM_SEEDS");
  std::uint64_t seeds = given != nullptr ? std::strtoull(given, nullptr, 10) : 2'000;
  std::uint64_t one = 0;
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
    } else if (option == "--seed" && value != 0) {
      one = value;
    } else if (option == "--peers" && value >= 2 && value <= 5) {
      peers = static_cast<int>(value);
    } else if (option == "--threads" && value != 0) {
      threads = static_cast<unsigned>(value);
    } else if (option == "--mutant" && value <= 4) {
      mutant = static_cast<Mutant>(value);
    } else {
      std::cerr << "usage: peers_sim_test [--seeds N] [--threads T]\n"
                   "       peers_sim_test --seed S [--peers P] [--mutant 1..4] [--trace]\n";
      return 2;
    }
  }
  if (one == 0) return run(seeds, threads);
  Setting setting = setting_of(one);
  setting.trace = trace;
  setting.mutant = mutant;
  if (mutant != Mutant::none) setting.calm = setting.claim = false;
  if (peers != 0) setting.peers = peers;
  const Outcome outcome = play(setting);
  if (!outcome.failure.empty() || trace) show(setting, outcome);
  std::cout << outcome.messages << " messages, " << outcome.doubles << " doubles, " << outcome.cut
            << " in a cut, " << outcome.vanished << " taken over, off the share by "
            << outcome.deviation << "\n";
  return outcome.failure.empty() ? 0 : 1;
}
