// The parts of a FakeHost. Each extension's functions stand beside its table: bus and reader in
// fake_host_bus.cpp, the others in fake_host_services.cpp; the rest in fake_host.cpp.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deskmate/ext/bus.h"
#include "deskmate/ext/file.h"
#include "deskmate/ext/http.h"
#include "deskmate/ext/kv.h"
#include "deskmate/ext/log.h"
#include "deskmate/ext/reader.h"
#include "deskmate/ext/secret.h"
#include "deskmate/ext/settings.h"
#include "deskmate/ext/timer.h"
#include "deskmate/testing/fake_host.hpp"

namespace deskmate::testing {

struct FakeHost::Impl {
  struct Timer {
    std::uint64_t period_ms = 0;
    dm_timer_fn run = nullptr;
    void* user = nullptr;
  };
  struct Reader {
    std::vector<std::string> topics;
    std::size_t next = 0;  // index into events
    std::uint32_t credit = DM_READER_WINDOW;
  };

  explicit Impl(std::string its_instance);
  static Impl& of(const dm_host* host) { return *static_cast<Impl*>(host->impl); }

  static std::string_view view_of(dm_bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data), bytes.size};
  }
  static dm_bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  // size bytes that depend on all of the text.
  static std::string digest(std::string_view text, std::size_t size);

  // --- Answers ---

  dm_status answer(dm_reply_fn reply, void* user, Result<Value> result);
  // Answers, or not, as the test asked; false: it asked for nothing.
  bool taken(const std::string& call, dm_reply_fn reply, void* user);
  static void ignore(const dm_host*, std::uint64_t) {}

  // --- Events, requests and readers ---

  Result<Value> append(dm_bytes bytes);
  Result<void> check(const Value& event) const;
  Value store(const Value& event);
  void add(StoredEvent stored);
  dm_status answered(std::uint64_t id, Result<Value> result);
  const dm_ext_plugin_bus* plugin_bus() const;
  void commit(const std::string& name, std::uint64_t arrival);
  // Hands events to readers; true: there were some.
  bool deliver();
  bool deliver_to(const std::string& name, const dm_ext_plugin_reader& side);

  // --- The host itself ---

  static const void* extension(const dm_host*, const char* name);
  static void wake(const dm_host* host);
  // Runs the first timer that is due at until_ms; false: there is none.
  bool run_timer(std::uint64_t until_ms);
  // Runs what is due; false: there was nothing.
  bool run_once();

  struct BusCalls;
  static const dm_ext_bus bus_table;
  struct ReaderCalls;
  static const dm_ext_reader reader_table;
  struct KvCalls;
  static const dm_ext_kv kv_table;
  struct SecretCalls;
  static const dm_ext_secret secret_table;
  struct SettingsCalls;
  static const dm_ext_settings settings_table;
  struct LogCalls;
  static const dm_ext_log log_table;
  struct TimerCalls;
  static const dm_ext_timer timer_table;
  struct HttpCalls;
  static const dm_ext_http http_table;
  struct FileCalls;
  static const dm_ext_file file_table;

  dm_host host{};
  std::string instance;
  dm_plugin* plugin = nullptr;

  std::atomic<std::int64_t> now_ms = start_ms;
  std::uint64_t last_id = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Timer> timers;  // by time and number
  std::deque<std::function<void()>> due;
  std::map<std::uint64_t, std::function<void(Result<Value>)>> asked;
  std::map<std::string, Error> failures;
  std::map<std::string, std::function<Result<Value>(const Value&)>> methods;
  std::set<std::string> held_calls;
  std::vector<std::pair<dm_reply_fn, void*>> held;

  std::vector<StoredEvent> events;
  std::set<std::string> seen;
  std::vector<std::string> allowed_types;
  std::map<std::string, Reader> readers;
  std::map<std::string, std::uint64_t> cursors;
  std::map<std::string, std::string> kv;
  std::map<std::string, std::string> secrets;
  std::map<std::string, std::string> settings;  // encoded
  std::map<std::uint64_t, std::string> writing;
  std::map<std::string, std::string> files;
  HttpTape tape;

  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;              // guarded by mutex
  std::vector<std::string> lines;  // guarded by mutex
};

}  // namespace deskmate::testing
