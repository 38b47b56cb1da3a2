// The inside of Runtime, shared by runtime.cpp and runtime_ext.cpp.
#pragma once

#include <deskmate/ext/bus.h>
#include <deskmate/ext/file.h>
#include <deskmate/ext/http.h>
#include <deskmate/ext/kv.h>
#include <deskmate/ext/log.h>
#include <deskmate/ext/reader.h>
#include <deskmate/ext/secret.h>
#include <deskmate/ext/settings.h>
#include <deskmate/ext/timer.h>

#include <atomic>
#include <deque>
#include <deskmate/value.hpp>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "core/bus/session.hpp"
#include "core/host/commits.hpp"
#include "core/host/line_limit.hpp"
#include "core/host/runtime.hpp"

namespace deskmate::host {

struct Runtime::Impl : std::enable_shared_from_this<Runtime::Impl> {
  enum class State { waiting, running, stopping, ended };
  struct Timer {
    std::uint64_t at_ms = 0;
    std::uint64_t period_ms = 0;
    dm_timer_fn fn = nullptr;
    void* user = nullptr;
    bus::Loop::TimerId timer = 0;
  };
  struct Reader {
    std::deque<std::uint64_t> unpaid;  // arrivals delivered, for which no credit was given again
    std::shared_ptr<Commits> commits;
  };

  Impl(bus::Loop& on_loop, const dm_descriptor& of, RuntimeHandlers with);

  void connect(std::unique_ptr<bus::Transport> transport);
  void stop(const Error& reason);

  // For the extensions' functions, first of all: DM_OK, or what to return at once. asks: whether it
  // begins something that needs the session.
  dm_status enter(const char* function, bool asks = true);

  // Sends a request whose answer goes to the plugin; reply may be null. params: msgpack.
  dm_status ask(std::string_view method, std::string params, std::uint32_t deadline_ms,
                dm_reply_fn reply, void* user, std::uint64_t* id = nullptr);
  bus::ReplyFn to_plugin(dm_reply_fn reply, void* user);

  // Runs one of the plugin's functions; an exception out of it is a fault. False after one.
  bool guarded(const char* function, const std::function<void()>& call);

  std::shared_ptr<Commits> commits_of(const std::string& reader);

  // Everything up to arrival is done: as many more events may be sent to the reader.
  void pay(std::string_view reader, std::uint64_t arrival);

  void set_timer(std::uint64_t id, std::uint64_t at_ms);
  void write_log(std::int32_t level, std::string_view message);  // any thread

  static Impl& of(const dm_host* host) { return *static_cast<Impl*>(host->impl); }

  bus::Loop& loop;
  const dm_descriptor& descriptor;
  RuntimeHandlers handlers;
  const std::thread::id thread = std::this_thread::get_id();
  State state = State::waiting;
  dm_host host{};
  std::shared_ptr<bus::Session> session;
  dm_plugin* plugin = nullptr;
  const dm_ext_plugin_bus* plugin_bus = nullptr;
  const dm_ext_plugin_reader* plugin_reader = nullptr;
  bool started = false;  // its start returned DM_OK, so that stop is due
  bool faulty = false;   // none of its functions is called any more

  std::string instance;                                      // fixed before create
  std::map<std::string, std::string, std::less<>> settings;  // msgpack; fixed before create
  std::map<std::uint64_t, bus::Answer> answers;              // owed by the plugin
  std::map<std::string, Reader, std::less<>> readers;
  std::map<std::uint64_t, Timer> timers;
  std::uint64_t last_timer = 0;
  std::atomic<bool> woken = false;
  std::atomic<bool> misused = false;  // called from a wrong thread

  std::deque<std::string> unsent_log;  // params of log.write

  std::mutex log_mutex;  // these two
  LineLimit log_limit{runtime_log_lines_per_s};
  bool log_closed = false;

 private:
  void on_open(bus::Session& open);
  void on_request(bus::Incoming request, bus::Answer answer);
  void on_cancel(std::uint64_t id);
  void on_events(const bus::Events& events);
  void on_wake();
  void on_timer(std::uint64_t id);
  void end(const Error& reason);
  void fault(PluginFault::Kind kind, std::string message);
  void send_log(std::int32_t level, std::string_view message);
  void flush_log();
};

// The host's struct of an extension, or null.
const void* find_extension(std::string_view name);

}  // namespace deskmate::host
