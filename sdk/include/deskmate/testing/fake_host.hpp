// A host in memory, for the tests of plugins: all extensions, a clock that stands still until the
// test moves it, no disk and no network.
//
//   testing::FakeHost host("mail");
//   host.set_setting("folder", "INBOX");
//   ASSERT_TRUE(host.start(deskmate_plugin_entry));                 // through the C ABI
//   ASSERT_TRUE(host.run_until([&] { return host.events().size() == 1; }));
//
// The thread that made it is the plugin thread: nothing happens but in run_until, advance, request
// and stop. To test a connector's functions without threads at all, see bench.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/abi.h"
#include "deskmate/event.hpp"
#include "deskmate/result.hpp"
#include "deskmate/testing/http_tape.hpp"
#include "deskmate/value.hpp"

namespace deskmate::testing {

// Where the clock of a new FakeHost stands: 2026-01-05 08:00 UTC, a Monday.
inline constexpr std::int64_t start_ms = 1'767'600'000'000;

// How long the test waits in real time for threads before it gives up.
inline constexpr std::uint32_t patience_ms = 5'000;

// An event as the desk would have stored it: refs replaced by pseudonyms.
struct StoredEvent {
  std::uint64_t arrival = 0;
  Id id;
  std::string type;
  Value facts;
  Value body;      // refs and all
  Value appended;  // as the plugin gave it
};

class FakeHost {
 public:
  explicit FakeHost(std::string instance = "test");
  ~FakeHost();  // stops
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  // --- What the plugin finds. Before start. ---
  void set_setting(const std::string& name, const Value& value);
  void set_secret(const std::string& name, const std::string& value);
  // Appending other types is DM_DENIED; "order.*" means the family. Nothing set: all may be.
  void allow_append(std::vector<std::string> types);
  HttpTape& http();

  // The next call of that name ("append", "kv.put", "fetch", "secret", "file.create", …) answers
  // with this error.
  void fail_next(const std::string& call, Error error);
  // The next call of that name gets no answer before stop, which answers with DM_CANCELLED.
  void hold_next(const std::string& call);

  // What the desk or another plugin answers to Session::request and Host::request of that method;
  // on the plugin thread. Without it: DM_NOT_FOUND.
  void set_method(const std::string& method,
                  std::function<Result<Value>(const Value& params)> answer);

  // --- What the plugin did. ---
  const std::vector<StoredEvent>& events() const;
  std::vector<StoredEvent> events(std::string_view type) const;
  std::map<std::string, std::string>& kv();
  std::vector<std::string> log() const;  // "error: text"
  std::string file(std::string_view hash) const;

  // The pseudonym the fake makes of an external id; "" as shop for desk_refs and contacts.
  static Id pseudonym(std::string_view shop, std::string_view name, std::string_view external_id);

  // --- Time and calls. ---
  std::int64_t now_ms() const;
  // Moves the clock, running timers on the way.
  void advance(std::uint64_t delta_ms);

  // Makes an instance through its entry and starts it.
  Result<void> start(dm_entry_fn entry);
  // Stops and destroys the instance; every open call is answered with DM_CANCELLED before.
  void stop();

  // Runs the plugin thread's work until done returns true; false: wait_ms of real time passed.
  bool run_until(const std::function<bool()>& done, std::uint32_t wait_ms = patience_ms);
  // Runs what is due now, without waiting for other threads.
  void run();

  // Asks the plugin and waits for its answer.
  Result<Value> request(const std::string& method, const Value& params,
                        std::uint32_t deadline_ms = patience_ms);

  // The same without waiting: done gets the answer in run_until, run, request or stop. Answers are
  // whatever the plugin says; one that never answers is never heard of.
  std::uint64_t ask(const std::string& method, const Value& params,
                    std::function<void(Result<Value>)> done,
                    std::uint32_t deadline_ms = patience_ms);
  // Tells the plugin that nobody waits for that one any more.
  void give_up(std::uint64_t id);

  // An event of somebody else's, for the plugin's readers.
  void add_event(const std::string& type, const Value& facts, const Value& body = {});
  // A reader's cursor; 0 where none was committed.
  std::uint64_t cursor(const std::string& reader) const;

  const dm_host* raw() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskmate::testing
