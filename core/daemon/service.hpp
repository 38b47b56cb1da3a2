// One desk at work: store, tables, fold, router, outbox, readers, and the methods that plugins and
// owners call. Wires the parts together and knows nothing of processes, signals or sockets.
//
//   Service service(loop, bus, store, pool, plugins, options, hooks);
//   service.open();                         // replays what the tables lack
//   ... bus.admit(...)
//   service.close([] { ... });              // everything acknowledged is on disk
//
// Everything on the loop's thread, but for blocking work, which runs in the pool.
#pragma once

#include <deque>
#include <deskmate/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/bus.hpp"
#include "core/bus/reader_hub.hpp"
#include "core/daemon/bodies.hpp"
#include "core/daemon/event_source.hpp"
#include "core/daemon/journal.hpp"
#include "core/daemon/messages.hpp"
#include "core/daemon/money_line.hpp"
#include "core/daemon/outbox.hpp"
#include "core/daemon/pseudonym.hpp"
#include "core/daemon/rule_times.hpp"
#include "core/daemon/table_cache.hpp"
#include "core/desk/desk.hpp"
#include "core/host/supervisor.hpp"
#include "core/peer/replica.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// Threads for what blocks.
class Pool {
 public:
  virtual ~Pool() = default;
  // Does work on another thread, then `then` on the loop's. Work that waits when the pool goes away
  // is dropped.
  virtual void run(std::function<void()> work, std::function<void()> then) = 0;
};

// The plugins, as the service sees them.
class Plugins {
 public:
  virtual ~Plugins() = default;
  virtual bool performs(std::string_view instance, std::string_view kind) const = 0;
  virtual std::vector<host::InstanceStatus> status() const = 0;
  // Whether the configuration has it, be it enabled or not.
  virtual bool configured(std::string_view instance) const = 0;
  // what: start, stop, restart, remove
  virtual Result<void> command(std::string_view instance, std::string_view what) = 0;
};

// What became of an attachment that was asked for: nowhere: no other peer has it.
enum class Fetched { here, nowhere, on_its_way };

// The desk's other peers, as the service sees them (peering.hpp).
class OtherPeers {
 public:
  enum class Tail { unanswered, answered, unknown };
  using TailRead = std::function<void(Tail)>;

  virtual ~OtherPeers() = default;
  virtual desk::Sight sight() const = 0;
  virtual bool may_append() const = 0;
  virtual void own_durable() = 0;                       // events of this peer's are on disk
  virtual void folded(std::string_view type) = 0;       // an event of anybody's
  virtual void take_over(desk::Proposal proposal) = 0;  // once the thread's tail was read
  // Was the buyer answered at the channel, by whomever? done later, never from inside.
  virtual void read_tail(const desk::Id16& chat, TailRead done) = 0;
  // An attachment that is not here. done later, never from inside.
  virtual void fetch_file(const storage::Hash32& hash, std::function<void(Fetched)> done) = 0;

  // For the status page.
  struct AlarmLine {
    std::uint64_t at_ms = 0;  // UTC
    std::string what;         // peer::to_string(Trouble)
    peer::PeerId peer{};
    std::string detail;
    bool raised = true;
  };
  virtual peer::Replica::Status status() const = 0;
  virtual bool rolled_back() const = 0;
  // A log that has two histories is taken again; both owners have decided. done on the loop.
  virtual void unfreeze(const storage::LogName& log, std::function<void(Result<void>)> done) = 0;
  virtual const std::deque<AlarmLine>& alarms() const = 0;
};

class RuleRunner;  // rule_runner.hpp

struct ServiceOptions {
  std::string name;  // the desk's
  std::string phone_prefix = "+86";
  Language language = Language::en;
  desk::Policy policy;
  OutboxTimes outbox;
  RuleTimes rules;
  std::function<std::uint64_t()> wall_ms;  // UTC milliseconds
  std::function<std::uint64_t()> random;
  std::function<bool()> passphrase_set = [] { return false; };  // of the secrets
};

struct ServiceHooks {
  // For the daemon's log; fields are without buyer data.
  std::function<void(std::string_view what,
                     const std::vector<std::pair<std::string, std::string>>&)>
      log;
};

class Service : private OutboxWorld {
 public:
  // All outlive the service.
  Service(bus::Loop& loop, bus::Bus& bus, storage::Store& store, Pool& pool, Plugins& plugins,
          ServiceOptions options, ServiceHooks hooks);
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Takes up the state; blocking. Then sessions may come.
  Result<void> open();

  // Members as the configuration has them: what differs is appended, who is missing is removed.
  // done comes once that is folded or was refused.
  void set_members(const std::vector<desk::MemberSpec>& members,
                   const std::function<void()>& done = {});
  void set_policy(desk::Policy policy, OutboxTimes outbox);
  void set_rule_times(RuleTimes times);

  // A plugin's state has changed: recorded, and the outbox looks again.
  void plugin_changed(const host::Change& change);

  // Begins no more actions; done once none is under way, after outbox_stop_ms at the latest.
  void stop_actions(std::function<void()> done);

  // From now on there are others; null: not any more.
  void meet(OtherPeers* others);
  // What this peer sees of them now.
  desk::Sight sight() const;
  OtherPeers* others() const { return others_; }

  // No more appends; done once the tables are written.
  void close(std::function<void()> done) { journal.close(std::move(done)); }

  // --- for the methods (owner_methods.cpp, plugin_methods.cpp) ---
  using Appended = std::function<void(Result<std::vector<Outcome>>)>;
  void append(const desk::Proposal& proposal, Appended done);
  void append(const desk::Proposals& proposals, Appended done);  // all, or none of them
  Result<Prepared> prepare_proposal(const desk::Proposal& proposal) const;

  bus::Loop& loop;
  bus::Bus& bus;
  storage::Store& store;
  Pool& pool;
  Plugins& plugins;
  ServiceOptions options;
  ServiceHooks hooks;
  Pseudonyms pseudonyms;
  Bodies bodies;
  TableCache tables;
  desk::Desk desk;
  Journal journal;
  StoreSource source;
  bus::ReaderHub hub;
  Outbox outbox;
  std::unique_ptr<RuleRunner> rules;
  MoneyLine money;
  std::uint64_t started_ms = 0;  // UTC

 private:
  std::uint64_t wall_ms() override { return options.wall_ms(); }
  std::uint64_t random() override { return options.random(); }
  std::vector<desk::RequestView> pending(std::size_t limit) override;
  std::optional<Bodies::Whole> event(const storage::LogKey& key) override;
  bool connected(std::string_view shop, std::string_view kind) override;
  bool may_do(const desk::RequestView& request) override;
  bool never(const desk::RequestView& request) override;
  bool answered_elsewhere(const desk::RequestView& request) override;
  std::string claimer(const desk::RequestView& request) override;
  Result<void> call(std::string_view shop, std::string_view method, const Value& params,
                    std::uint32_t deadline_ms, std::function<void(Result<Value>)> reply) override;
  void append(const Value& event, std::function<void(Result<void>)> done) override;
  void note(std::string_view what, const desk::RequestView& request,
            std::string_view code) override;

  Journal::Hooks journal_hooks();
  void fill_greeting(const desk::Proposal& proposal, Value& body) const;

  OtherPeers* others_ = nullptr;
  bool requests_changed_ = true;
  std::shared_ptr<bool> alive_;
};

// How long a stopping desk waits for actions under way.
inline constexpr std::uint64_t outbox_stop_ms = 2'000;

// Registers the methods of frames.md that plugins use, and those of owners ("desk.*").
void serve_plugins(Service& service);
void serve_owners(Service& service);
void serve_peers(Service& service);   // by serve_owners: peers, split, agree
void serve_upkeep(Service& service);  // by serve_owners: verify, backup, erase
void serve_log(Service& service);     // by serve_owners: log
void serve_numbers(Service& service);
void serve_notices(Service& service);   // by serve_plugins
void serve_cases(Service& service);     // by serve_owners: cases, calls, missed enquiries
void serve_problems(Service& service);  // by serve_owners: what rules found, and the rules
void serve_shifts(Service& service);    // by serve_owners: overtime, handover
void serve_words(Service& service);     // by serve_owners: promises, questions, listening
void serve_money(Service& service);     // by serve_owners: offers, approvals, authority
void serve_parcels(Service& service);   // by serve_owners: parcels, couriers

// A piece of an attachment, fetched from another peer first where it is not here (for file_wait_ms
// at most: then unavailable). Blocks in the pool.
void read_file(Service& service, const storage::Hash32& hash, std::uint64_t offset,
               std::size_t size, std::function<void(Result<std::string>)> done);

}  // namespace deskmate::daemon
