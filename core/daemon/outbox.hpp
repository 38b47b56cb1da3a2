// Does what was requested, once. Every `<kind>.requested` of this home is attempted through the
// connector of its shop: `.attempted` is on disk before the connector is asked, the outcome follows
// as `.done`, `.failed` or `.unknown`. Whatever may already have happened (a crash, a lost session,
// a deadline, a restored backup) is looked up at the marketplace first; where that cannot tell, a
// person is asked. See README.md for the states.
//
//   Outbox outbox(loop, world, times);
//   outbox.pump();         // after requests or outcomes were folded, or a connector came
//
// What has become of each request is in the desk's tables; only what is under way is kept here.
// Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/daemon/bodies.hpp"
#include "core/desk/views.hpp"

namespace deskmate::daemon {

// Named limits and times.
inline constexpr std::uint64_t retry_first_ms = 2'000;  // doubled with each try
inline constexpr std::uint64_t retry_longest_ms = 600'000;
inline constexpr std::uint64_t retry_jitter_percent = 20;  // added, at most
inline constexpr std::uint32_t look_ups_max = 4;         // that cannot tell; then a person is asked
inline constexpr std::size_t outbox_scan_max = 1'024;    // unfinished requests of a shop looked at
inline constexpr std::uint64_t outbox_idle_ms = 60'000;  // pumped at least so often

struct OutboxTimes {
  std::uint32_t attempts_max = 8;       // of one request
  std::uint32_t deadline_ms = 120'000;  // of one call of the connector
  std::size_t parallel = 2;             // requests of one shop under way
};

// What the outbox needs of the rest of the daemon.
class OutboxWorld {
 public:
  virtual ~OutboxWorld() = default;
  virtual std::uint64_t wall_ms() = 0;
  virtual std::uint64_t random() = 0;
  // Unfinished requests of this home, for shops whose connectors are there; of each shop at most
  // limit, oldest first.
  virtual std::vector<desk::RequestView> pending(std::size_t limit) = 0;
  // An event with its body.
  virtual std::optional<Bodies::Whole> event(const storage::LogKey& key) = 0;
  // Is there a connector that carries out this kind for this shop?
  virtual bool connected(std::string_view shop, std::string_view kind) = 0;
  // With other peers: may this one do it now? Not what somebody else has taken over meanwhile.
  virtual bool may_do(const desk::RequestView& request) = 0;
  // Is it never to be done: another request of the same step of an offer stands, or the order has
  // been refunded meanwhile?
  virtual bool never(const desk::RequestView&) { return false; }
  // Has another peer, or somebody by hand, answered meanwhile what this reply is about?
  virtual bool answered_elsewhere(const desk::RequestView& request) = 0;
  // Might another peer be answering the same message now? Then this is the name under which the
  // reply is claimed at the channel first; empty: no need.
  virtual std::string claimer(const desk::RequestView& request) = 0;
  // Asks it. An error: it was not asked, and reply is not called.
  virtual Result<void> call(std::string_view shop, std::string_view method, const Value& params,
                            std::uint32_t deadline_ms,
                            std::function<void(Result<Value>)> reply) = 0;
  // Appends an event of frames.md's form; done once it is folded.
  virtual void append(const Value& event, std::function<void(Result<void>)> done) = 0;
  // For the daemon's log: no buyer data.
  virtual void note(std::string_view what, const desk::RequestView& request,
                    std::string_view code) = 0;
};

class Outbox {
 public:
  // Both outlive the outbox.
  Outbox(bus::Loop& loop, OutboxWorld& world, OutboxTimes times);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void set_times(OutboxTimes times) { times_ = times; }

  // Looks what can be done now, soon. Many calls, one pass.
  void pump();

  // Begins nothing more; done once nothing is under way.
  void stop(std::function<void()> done);

  std::size_t under_way() const { return jobs_.size(); }

 private:
  struct Job {  // a request that is under way
    desk::RequestView request;
    std::uint32_t attempt = 0;
    Value facts;  // of the request
    Value body;
    bool by_person = false;  // somebody said: again
  };
  using JobPtr = std::shared_ptr<Job>;
  struct Wait {  // before the next look
    std::uint32_t tries = 0;
    std::uint32_t untold = 0;  // look-ups that could not tell
    std::uint64_t until_ms = 0;
  };

  void pass();
  bool may_begin(const desk::RequestView& request, std::uint64_t now);
  void begin(const desk::RequestView& request);
  void attempt(const JobPtr& job);
  void claim(const JobPtr& job, const std::string& claimer);
  void claimed(const JobPtr& job, const Result<Value>& result);
  void go(const JobPtr& job);
  void perform(const JobPtr& job);
  void performed(const JobPtr& job, const Result<Value>& result);
  void look_up(const JobPtr& job);
  void looked_up(const JobPtr& job, const Result<Value>& result);
  void cannot_tell(const JobPtr& job, std::string_view message, bool ask_at_once);
  void fail(const JobPtr& job, std::string_view code, std::string_view message, bool again,
            std::uint64_t after_ms);
  Value event_of(const Job& job, std::string_view outcome) const;
  void record(const JobPtr& job, Value event);
  void end(const JobPtr& job);
  void wait(const desk::RequestView& request);
  void wake_at(std::uint64_t wall_ms);
  std::uint64_t backoff_ms(std::uint32_t tries);
  std::function<void(Result<Value>)> reply_to(void (Outbox::*member)(const JobPtr&,
                                                                     const Result<Value>&),
                                              const JobPtr& job);

  bus::Loop& loop_;
  OutboxWorld& world_;
  OutboxTimes times_;
  std::map<storage::Id16, JobPtr> jobs_;
  std::map<storage::Id16, Wait> waits_;
  std::uint64_t wake_ms_ = 0;  // wall clock of the timer
  bus::Loop::TimerId timer_ = 0;
  bool posted_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::shared_ptr<bool> alive_;
};

// Kinds that give something away: looked up before every repetition.
bool is_money(std::string_view kind);

}  // namespace deskmate::daemon
