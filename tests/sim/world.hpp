// One played day: the clock and what happens when, the marketplace that all peers' connectors look
// into, the peers and the network between them. world.cpp founds the desk and lets things happen;
// checks.cpp is what must hold. Internal to the simulation.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/desk/types.hpp"
#include "core/desk/views.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/peers.hpp"

namespace deskmate::sim {

using desk::Id16;
using peer::LinkId;
using peer::PeerId;

inline constexpr std::uint64_t start_ms = 1'800'000'000'000;
inline constexpr std::uint64_t step_ms = 500;
inline constexpr std::uint64_t settled_ms = 30'000;  // pairing is over
inline constexpr std::uint64_t busy_ms = 170'000;    // buyers write, things break
inline constexpr std::uint64_t healed_ms = 175'000;  // nothing breaks any more
inline constexpr std::uint64_t end_ms = 340'000;
inline constexpr std::uint64_t send_max_ms = 3'000;
inline constexpr std::uint64_t target_ms = 20'000;
inline constexpr std::uint64_t visible_ms =
    4'000;  // send time-out: an answer stands in the thread by then
inline constexpr std::size_t trace_kept = 60;
inline constexpr std::size_t queue_bytes_max = 16u << 20;

PeerId id_of(int number);
storage::LogName log_of(int number);

// What the marketplace holds of one message of a buyer.
struct Answer {
  int peer = 0;
  std::uint64_t at_ms = 0;
  bool tail = false;  // the thread's tail was read before
  Id16 request{};
};
struct Asked {
  std::string chat, buyer, name;
  std::uint64_t at_ms = 0;
  std::vector<Answer> answers;
  bool skewed = false;  // a clock was off by more than what is routed with
};

class One;

class World {
 public:
  explicit World(const Setting& given);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Outcome play();

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  void at(std::uint64_t at_ms, std::function<void()> run);
  void say(const std::string& line);
  void fail(const std::string& what);
  One& one(int number) { return *all[static_cast<std::size_t>(number - 1)]; }

  // --- the marketplace
  bool clocks_apart() const;
  void write(const std::string& chat, const std::string& buyer);
  std::optional<std::size_t> asked_of(const Id16& message);
  void deliver(int peer, std::size_t index, bool tail, std::uint64_t read_ms, const Id16& request,
               const std::string& why);

  const Setting setting;
  std::uint64_t now_ms = 0;
  Network network;
  std::vector<std::unique_ptr<One>> all;
  std::vector<Asked> asked;
  Outcome outcome;
  std::map<storage::LogName, std::uint64_t> written;  // of every log, what was durable
  std::vector<int> weights;

 private:
  struct Happening {
    std::uint64_t at_ms = 0, order = 0;
    std::function<void()> run;
    bool operator<(const Happening& other) const {
      return std::pair(at_ms, order) > std::pair(other.at_ms, other.order);
    }
  };

  // world.cpp
  void found();
  void plan();
  void plan_trouble();
  void heal();

  // checks.cpp
  void look_at_limits();
  void check_split(double bound, bool owing);
  void finish();

  std::mt19937_64 random_;
  std::priority_queue<Happening> happenings_;
  std::uint64_t order_ = 0;
  std::deque<std::string> lines_;
  std::map<Id16, std::size_t> names_;
};

}  // namespace deskmate::sim
