// Has rule plugins judge orders and products, and records what they find: an order when it or its
// parcel has changed, and all of them in a sweep, every two hours and after a change of the rules.
// Only at the home of the rules, which is the peer that holds the book.
//
//   RuleRunner runner(service);
//   runner.folded(event);        // of every event, while it is folded
//   runner.plugins_changed();    // a plugin started, stopped, has other rules
//
// Every rule plugin has a lane of its own, with what it still has to judge: one that is slow, or
// crashes, delays only itself. What fails is tried again one by one, and what then fails twice is
// left until it changes. The loop is given back after every few orders. Loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <deskmate/rules.hpp>
#include <deskmate/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/desk/problems.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

class Service;

// Named limits and times.
inline constexpr std::size_t rule_batch_max = 64;             // subjects of one request
inline constexpr std::size_t rule_batch_bytes_max = 131'072;  // together; one may be larger
// Asked and not answered, of one plugin. With one more, just answered, they are less than what
// makes the desk wait until the plugin has read (SessionLimits::queued_bytes_slow).
inline constexpr std::size_t rule_batches_max = 3;
inline constexpr std::uint32_t rule_deadline_ms = 10'000;    // of one request
inline constexpr std::size_t rule_queue_max = 100'000;       // waiting; beyond: another sweep
inline constexpr std::uint64_t rule_retry_first_ms = 1'000;  // doubled with each failure
inline constexpr std::uint64_t rule_retry_longest_ms = 60'000;
inline constexpr std::uint32_t rule_tries_max = 2;    // of one that fails alone
inline constexpr std::uint64_t rule_settle_ms = 300;  // from a change of rules to the sweep
inline constexpr std::uint64_t rule_over_ms = 30ull * 24 * 3'600'000;  // finished orders: so long

class RuleRunner {
 public:
  explicit RuleRunner(Service& service);  // which outlives it
  ~RuleRunner();
  RuleRunner(const RuleRunner&) = delete;
  RuleRunner& operator=(const RuleRunner&) = delete;

  void folded(const storage::StoredEvent& event);
  void plugins_changed();
  // One plugin has other rules. Only one that judges orders has anything to do by itself.
  void rules_changed(std::string_view instance, rules::Judges judges);
  // Names of those that run and judge that.
  std::vector<std::string> judges_of(rules::Judges what) const;
  void times_changed();
  void stop();

  // Begins a sweep now, of all rule plugins that run; false: there are none, or the home is
  // elsewhere.
  bool sweep();

  struct LaneView {
    std::string instance;
    std::string version;  // of the rules, as it said last
    std::size_t waiting = 0;
    bool sweeping = false;
    rules::Judges judges = rules::Judges::orders;      // of others the rest stays 0
    std::uint64_t judged = 0, found = 0, cleared = 0;  // since the start
    std::uint64_t failures = 0, left_out = 0;
    std::uint64_t sweep_ended_ms = 0, sweep_took_ms = 0, sweep_judged = 0;  // the last one
    std::uint64_t next_sweep_ms = 0;                                        // UTC
  };
  std::vector<LaneView> lanes() const;
  // Names of the rule plugins that run.
  std::vector<std::string> running() const;
  bool is_home() const;

 private:
  struct Lane;
  struct Batch;
  using LanePtr = std::shared_ptr<Lane>;

  void want(const desk::ProblemAbout& about);
  void pump(const LanePtr& lane);
  void turn(const LanePtr& lane);
  std::shared_ptr<Batch> gather(Lane& lane);
  bool add(Lane& lane, Batch& batch, const desk::ProblemAbout& about);
  void add_swept(Lane& lane, Batch& batch);
  void ask(const LanePtr& lane, const std::shared_ptr<Batch>& batch);
  void answered(const LanePtr& lane, const std::shared_ptr<Batch>& batch,
                const Result<std::string>& result);
  void failed(const LanePtr& lane, const std::shared_ptr<Batch>& batch, const Error& error);
  void record(const LanePtr& lane);
  void begin_sweep(Lane& lane);
  void end_sweep(Lane& lane);
  void arm(const LanePtr& lane);
  bool ready(const Lane& lane) const;
  void look_at_home();

  Service& service_;
  std::map<std::string, LanePtr, std::less<>> lanes_;
  bool was_home_ = true;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_;
};

}  // namespace deskmate::daemon
