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
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/desk/types.hpp"
#include "core/desk/views.hpp"
#include "core/peer/memory_store.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/peers.hpp"

namespace deskmate::sim {

using desk::Id16;
using peer::LinkId;
using peer::PeerId;

inline constexpr std::uint64_t start_ms = 1'800'000'000'000;
inline constexpr std::uint64_t step_ms = 500;
inline constexpr std::uint64_t first_hello_ms = 3'000;
inline constexpr std::uint64_t settled_ms = 30'000;  // pairing is over
inline constexpr std::uint64_t busy_ms = 170'000;    // buyers write, things break
inline constexpr std::uint64_t healed_ms = 175'000;  // nothing breaks any more
inline constexpr std::uint64_t end_ms = 340'000;
inline constexpr std::uint64_t send_max_ms = 3'000;
inline constexpr std::uint64_t target_ms = 20'000;
inline constexpr std::uint64_t visible_ms =
    4'000;  // send time-out: an answer stands in the thread by then
inline constexpr std::uint64_t future_held_ms = 60'000;   // at most
inline constexpr std::uint64_t fork_noticed_ms = 20'000;  // of a link to who has the other branch
inline constexpr std::size_t trace_kept = 60;
inline constexpr std::size_t queue_bytes_max = 16u << 20;
inline constexpr std::size_t appends_max = 256;  // of one peer, not yet on disk

PeerId id_of(int number);
storage::LogName log_of(int number, std::uint64_t incarnation = 1);

std::string refused_by(int number);  // the name that goes with such a change

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
  // Were they lately? What is stamped ahead of time is held.
  bool may_hold_the_future() const { return now_ms - clocks_apart_ms_ < future_held_ms; }
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
  std::set<int> removed;           // peers, by a person, for good
  std::set<int> overridden;        // a person's word stands against what they may still do
  int forked = 0;                  // the peer that goes on with a log of which the others have more
  std::map<Id16, int> homes;       // of every request
  std::set<Id16> keys_before;      // made before their maker had destroyed any of that buyer
  std::set<Id16> found_in_thread;  // answers whose record was lost

  One& any();  // that is still on the desk
  bool on_desk(int number) const { return !removed.contains(number); }
  void linked();  // two more see each other
  void folded();  // somebody has more than before
  // A disk is older than it was: nobody can have more than what is still on one.
  void lost_with_a_disk();

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
  void heal();
  void unfork();
  void remove_again();

  // trouble.cpp
  void plan_trouble();
  void plan_words();
  void trouble(std::uint64_t kind, int a, int b, std::uint64_t lasts_ms);
  void stop_a_link(std::uint64_t lasts_ms);
  void slow_disk(int a, std::uint64_t lasts_ms);
  void move_clock(int a, std::uint64_t lasts_ms);
  void close_laptop(int a, std::uint64_t lasts_ms);
  void remove(int a, int victim);
  void declare_gone(int a, int other);
  void restore(int a, std::uint64_t lasts_ms);
  void fork(int a, std::uint64_t lasts_ms);
  void change_a_member(int a);
  void erase_a_buyer(int a);

  // checks.cpp
  void look_at_limits();
  void check_split(double bound, bool owing);
  void check_forks();
  void check_bodies(const One& peer, const storage::LogName& name,
                    const deskmate::peer::testing::MemoryStore::Log& log);
  void check_logs(One& reference);
  void check_members(One& reference);
  void check_erasures();
  void check_answers();
  void finish();

  // From the heal on, until all have what anybody had then.
  struct Catching {
    bool up = false;
    std::uint64_t since_ms = 0;
    peer::Frontier goal;
  };
  bool caught_up() const;

  std::mt19937_64 random_;
  std::priority_queue<Happening> happenings_;
  std::uint64_t order_ = 0;
  std::deque<std::string> lines_;
  std::map<Id16, std::size_t> names_;
  Catching catching_;
  std::uint64_t clocks_apart_ms_ = 0;  // when they last were
  bool member_left_ = false;
};

}  // namespace deskmate::sim
