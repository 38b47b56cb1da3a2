// The host as a plugin sees it, and the event-driven layer of plugins: everything happens on the
// plugin thread and nothing blocks. For rules and readers; a connector to a shop or a mailbox is
// easier with connector.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/abi.h"
#include "deskmate/event.hpp"
#include "deskmate/ext/bus.h"
#include "deskmate/ext/file.h"
#include "deskmate/ext/http.h"
#include "deskmate/ext/kv.h"
#include "deskmate/ext/log.h"
#include "deskmate/ext/reader.h"
#include "deskmate/ext/secret.h"
#include "deskmate/ext/settings.h"
#include "deskmate/ext/timer.h"
#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate {

enum class Level : std::int32_t {
  debug = DM_LOG_DEBUG,
  info = DM_LOG_INFO,
  warn = DM_LOG_WARN,
  error = DM_LOG_ERROR,
};

// Where a reader without a stored cursor begins.
enum class From : std::uint32_t { start = DM_FROM_START, now = DM_FROM_NOW };

// Gets the one answer to a call, on the plugin thread, never from inside the call. May be empty.
using Reply = std::function<void(Result<Value>)>;

// The extensions of a host as C++ calls. A call that fails at once answers through its Reply as
// well. [plugin thread] unless said otherwise. Lives from the plugin's creation to its destruction.
class Host {
 public:
  explicit Host(const dm_host* host);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // deskmate.bus/1
  void append(std::span<const NewEvent> events, Reply reply);
  void append_at(std::span<const NewEvent> events, const std::string& reader, std::uint64_t arrival,
                 Reply reply);
  std::uint64_t request(const std::string& method, const Value& params, std::uint32_t deadline_ms,
                        Reply reply);
  void cancel_request(std::uint64_t id);
  void answer(std::uint64_t request, const Value& result);
  void refuse(std::uint64_t request, const Error& error);

  // deskmate.reader/1
  void open_reader(const std::string& name, const std::vector<std::string>& topics, From from,
                   Reply reply);
  void commit(const std::string& reader, std::uint64_t arrival, Reply reply = {});
  void grant(const std::string& reader, std::uint32_t count);
  void close_reader(const std::string& reader);

  // deskmate.kv/1. The answer to a get is a bin, or nil.
  void kv_get(std::string_view key, Reply reply);
  void kv_put(std::string_view key, std::string_view value, Reply reply = {});

  // deskmate.secret/1
  void secret(const std::string& name, Reply reply);

  // deskmate.http/1: {method, url, headers, body, timeout_ms, retries} to {status, headers, body}
  std::uint64_t fetch(const Value& request, Reply reply);
  void cancel_fetch(std::uint64_t id);

  // deskmate.file/1
  void file_create(const std::string& buyer, Reply reply);
  void file_write(std::uint64_t file, std::string_view piece, Reply reply);
  void file_finish(std::uint64_t file, Reply reply);
  void file_read(std::string_view hash, std::uint64_t offset, std::uint32_t size, Reply reply);

  // deskmate.timer/1. period_ms 0: once. The number is for cancel_timer; 0: no timer could be had.
  std::uint64_t after(std::uint64_t delay_ms, std::uint64_t period_ms, std::function<void()> run);
  void cancel_timer(std::uint64_t id);
  std::int64_t now_ms() const;  // UTC; [any thread]

  // deskmate.settings/1. [any thread]
  std::string instance() const;
  Value setting(const std::string& key) const;  // nil where it was not declared

  // deskmate.log/1. [any thread]
  void log(Level level, const std::string& line) const;

  // Runs task on the plugin thread, soon; what is left when the plugin stops does not run.
  // [any thread]
  void post(std::function<void()> task);

  void run_posted();  // for the glue beneath Plugin

  // The host as C sees it, for extensions that have no wrapper.
  const dm_host* raw() const { return host_; }

 private:
  struct Impl;
  const dm_host* host_;
  std::unique_ptr<Impl> impl_;
};

// A plugin's instance. Make one available with DESKMATE_PLUGIN (plugin.hpp). Exceptions that leave
// these functions are bugs: they are logged, and one that leaves start fails the start.
class Plugin {
 public:
  Plugin() = default;
  virtual ~Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // Begins work: open readers, set timers. An error is shown to the owner. [plugin thread]
  virtual Result<void> start() { return {}; }

  // Events of a reader, in arrival order. Commit when they are done. [plugin thread]
  virtual void on_events(const std::string& reader, std::span<const Event> events);

  // Somebody asks this plugin: answer through host().answer or refuse, now or later.
  // [plugin thread]
  virtual void on_request(std::uint64_t id, const std::string& method, const Value& params,
                          std::uint32_t deadline_ms);

  // Nobody waits for that request any more. [plugin thread]
  virtual void on_cancel(std::uint64_t id);

  // Ends work, within DM_STOP_MS: no thread of the instance runs after it. [plugin thread]
  virtual void stop() {}

  // Valid from start on.
  Host& host() const { return *host_; }

  void attach(std::unique_ptr<Host> host);  // for the glue beneath Plugin

 private:
  std::unique_ptr<Host> host_;
};

}  // namespace deskmate
