#include "core/host/runtime.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "core/host/runtime_impl.hpp"

namespace deskmate::host {
namespace {

dm_bytes borrow(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// The answer to a call that was refused: {message, where?}.
std::string encode_error(const Error& error) {
  std::string out;
  Writer writer(out);
  writer.map(error.where.empty() ? 1 : 2).key("message").text(error.message);
  if (!error.where.empty()) writer.key("where").text(error.where);
  return out;
}

std::string status_text(dm_status status) {
  return std::string(to_string(static_cast<Status>(status))) + " (" + std::to_string(status) + ")";
}

}  // namespace

std::string wrong_with(const dm_descriptor* descriptor) {
  if (descriptor == nullptr) return "it does not serve abi " + std::to_string(DM_ABI);
  if (descriptor->abi != DM_ABI) {
    return "it was built for abi " + std::to_string(descriptor->abi) + ", this host has abi " +
           std::to_string(DM_ABI);
  }
  if (descriptor->id == nullptr || descriptor->version == nullptr) return "it has no id or version";
  if (descriptor->create == nullptr) return "it has no create";
  return {};
}

Runtime::Impl::Impl(bus::Loop& on_loop, const dm_descriptor& of, RuntimeHandlers with)
    : loop(on_loop), descriptor(of), handlers(std::move(with)) {
  host.abi = DM_ABI;
  host.impl = this;
  host.extension = [](const dm_host*, const char* name) noexcept -> const void* {
    return name == nullptr ? nullptr : find_extension(name);
  };
  host.wake = [](const dm_host* self) noexcept {
    Impl& runtime = Impl::of(self);
    if (runtime.woken.exchange(true)) return;
    runtime.loop.post([weak = runtime.weak_from_this()] {
      if (const auto impl = weak.lock()) impl->on_wake();
    });
  };
}

void Runtime::Impl::connect(std::unique_ptr<bus::Transport> transport) {
  bus::Hello hello;
  hello.role = "plugin";
  hello.name = descriptor.id;
  hello.version = descriptor.version;
  // Callbacks hold the session's user weakly: the session may outlive the runtime by a turn.
  const std::weak_ptr<Impl> weak = weak_from_this();
  bus::SessionHandlers on;
  on.on_open = [weak](bus::Session& open) {
    if (const auto impl = weak.lock()) impl->on_open(open);
  };
  on.on_request = [weak](bus::Session&, bus::Incoming request, bus::Answer answer) {
    if (const auto impl = weak.lock()) impl->on_request(std::move(request), std::move(answer));
  };
  on.on_cancel = [weak](bus::Session&, std::uint64_t id) {
    if (const auto impl = weak.lock()) impl->on_cancel(id);
  };
  on.on_events = [weak](bus::Session&, const bus::Events& events) {
    if (const auto impl = weak.lock()) impl->on_events(events);
  };
  on.on_end = [weak](bus::Session&, const Error& reason) {
    if (const auto impl = weak.lock()) impl->end(reason);
  };
  bus::SessionLimits limits;
  limits.heartbeat_ms = 0;  // the desk pings; its silence shows as the end of the stream
  session =
      bus::Session::connect(loop, std::move(transport), std::move(hello), std::move(on), limits);
}

bool Runtime::Impl::guarded(const char* function, const std::function<void()>& call) {
  if (faulty) return false;
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    fault(PluginFault::Kind::exception,
          std::string("an exception left ") + function + ": " + error.what());
  } catch (...) {
    fault(PluginFault::Kind::exception, std::string("an exception left ") + function);
  }
  return false;
}

void Runtime::Impl::fault(PluginFault::Kind kind, std::string message) {
  faulty = true;
  const Error reason{Status::internal, message, ""};
  if (handlers.on_fault) handlers.on_fault({kind, std::move(message)});
  // Not from within the plugin's call.
  loop.post([weak = weak_from_this(), reason] {
    if (const auto impl = weak.lock()) impl->stop(reason);
  });
}

void Runtime::Impl::on_open(bus::Session& open) {
  const bus::Welcome& welcome = open.welcome();
  instance = welcome.instance;
  Document document;
  if (document.parse(welcome.settings)) {
    for (const auto [key, value] : document.root().members()) {
      settings.emplace(key, encode(value));
    }
  }
  if (!guarded("create", [this] { plugin = descriptor.create(&host); })) return;
  if (plugin == nullptr) return fault(PluginFault::Kind::start, "create returned nothing");
  if (plugin->start == nullptr || plugin->on_wake == nullptr || plugin->stop == nullptr ||
      plugin->destroy == nullptr || plugin->extension == nullptr) {
    plugin = nullptr;  // what cannot be destroyed is left alone
    return fault(PluginFault::Kind::start, "create returned an instance without all functions");
  }
  guarded("extension", [this] {
    plugin_bus =
        static_cast<const dm_ext_plugin_bus*>(plugin->extension(plugin, DM_EXT_PLUGIN_BUS));
    plugin_reader =
        static_cast<const dm_ext_plugin_reader*>(plugin->extension(plugin, DM_EXT_PLUGIN_READER));
  });
  state = State::running;
  dm_status status = DM_OK;
  if (!guarded("start", [&] { status = plugin->start(plugin); })) return;
  started = status == DM_OK;
  if (!started) fault(PluginFault::Kind::start, "start returned " + status_text(status));
}

void Runtime::Impl::on_request(bus::Incoming request, bus::Answer answer) {
  if (state != State::running || plugin_bus == nullptr || plugin_bus->on_request == nullptr) {
    return answer.fail({Status::not_found, "this plugin answers no requests", request.method});
  }
  if (answers.size() >= answers_max) {
    return answer.fail({Status::limit, "too many requests wait for the plugin", request.method});
  }
  answers[request.id] = std::move(answer);
  guarded("on_request", [&] {
    plugin_bus->on_request(plugin, request.id, request.method.c_str(), borrow(request.params),
                           request.deadline_ms);
  });
}

void Runtime::Impl::on_cancel(std::uint64_t id) {
  if (answers.erase(id) == 0 || state != State::running) return;
  if (plugin_bus == nullptr || plugin_bus->on_cancel == nullptr) return;
  guarded("on_cancel", [&] { plugin_bus->on_cancel(plugin, id); });
}

void Runtime::Impl::on_events(const bus::Events& events) {
  if (state != State::running || plugin_reader == nullptr || plugin_reader->on_events == nullptr) {
    return;
  }
  const auto reader = readers.find(events.reader);
  if (reader == readers.end()) return;  // closed meanwhile
  std::vector<std::string> types;       // with the zero at the end that C wants
  std::vector<dm_event> batch;
  types.reserve(events.events.size());
  batch.reserve(events.events.size());
  for (const bus::Event& event : events.events) {
    types.emplace_back(event.type);
    dm_event out{};
    out.arrival = event.arrival;
    out.stamp = event.stamp;
    std::copy(event.id.begin(), event.id.end(), out.id);
    out.type = types.back().c_str();
    out.schema = event.schema;
    out.flags = event.flags;
    out.facts = borrow(event.facts);
    out.body = borrow(event.body);
    batch.push_back(out);
    reader->second.unpaid.push_back(event.arrival);
  }
  guarded("on_events", [&] {
    plugin_reader->on_events(plugin, events.reader.c_str(), batch.data(),
                             static_cast<std::uint32_t>(batch.size()));
  });
}

void Runtime::Impl::on_wake() {
  woken = false;
  if (state != State::running) return;
  guarded("on_wake", [this] { plugin->on_wake(plugin); });
}

void Runtime::Impl::set_timer(std::uint64_t id, std::uint64_t at_ms) {
  Timer& timer = timers.at(id);
  timer.at_ms = at_ms;
  timer.timer = loop.call_at(at_ms, [weak = weak_from_this(), id] {
    if (const auto impl = weak.lock()) impl->on_timer(id);
  });
}

void Runtime::Impl::on_timer(std::uint64_t id) {
  const auto found = timers.find(id);
  if (found == timers.end() || state != State::running) return;
  const Timer timer = found->second;
  if (timer.period_ms == 0) {
    timers.erase(found);
  } else {
    // Late calls are not made up for: the next one is in the future.
    const std::uint64_t now = loop.now_ms();
    const std::uint64_t missed = now > timer.at_ms ? (now - timer.at_ms) / timer.period_ms : 0;
    set_timer(id, timer.at_ms + (missed + 1) * timer.period_ms);
  }
  guarded("a timer's function", [&] { timer.fn(timer.user); });
}

dm_status Runtime::Impl::enter(const char* function, bool asks) {
  if (std::this_thread::get_id() != thread) {
    if (misused.exchange(true)) return DM_INVALID;
    const std::string message = std::string(function) +
                                " was called from another thread than the plugin's; hand over with "
                                "dm_host.wake";
    if (handlers.on_fault) handlers.on_fault({PluginFault::Kind::thread, message});
    loop.post([weak = weak_from_this(), message] {
      if (const auto impl = weak.lock()) impl->stop({Status::internal, message, ""});
    });
    return DM_INVALID;
  }
  if (!asks) return DM_OK;
  if (state == State::stopping || state == State::ended) return DM_CANCELLED;
  return session != nullptr && session->open() ? DM_OK : DM_UNAVAILABLE;
}

bus::ReplyFn Runtime::Impl::to_plugin(dm_reply_fn reply, void* user) {
  return [this, reply, user](const Result<std::string>& result) {
    flush_log();  // before the plugin takes the place that has become free
    if (reply == nullptr || plugin == nullptr) return;
    guarded("a reply's function", [&] {
      if (result) {
        reply(user, DM_OK, borrow(*result));
      } else {
        const std::string error = encode_error(result.error());
        reply(user, static_cast<dm_status>(result.error().code), borrow(error));
      }
    });
  };
}

dm_status Runtime::Impl::ask(std::string_view method, std::string params, std::uint32_t deadline_ms,
                             dm_reply_fn reply, void* user, std::uint64_t* id) {
  const auto sent =
      session->request(method, std::move(params), deadline_ms, to_plugin(reply, user));
  if (!sent) return static_cast<dm_status>(sent.error().code);
  if (id != nullptr) *id = *sent;
  return DM_OK;
}

void Runtime::Impl::write_log(std::int32_t level, std::string_view message) {
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(log_mutex);
    if (log_closed || !log_limit.allow(loop.now_ms(), dropped)) return;
  }
  const auto send = [this](std::int32_t at, const std::string& line) {
    if (std::this_thread::get_id() == thread) return send_log(at, line);
    loop.post([weak = weak_from_this(), at, line] {
      if (const auto impl = weak.lock()) impl->send_log(at, line);
    });
  };
  if (dropped > 0) send(DM_LOG_WARN, std::to_string(dropped) + " more lines were left out");
  send(std::clamp<std::int32_t>(level, DM_LOG_DEBUG, DM_LOG_ERROR),
       std::string(message.substr(0, DM_LOG_LINE_MAX)));
}

void Runtime::Impl::send_log(std::int32_t level, std::string_view message) {
  std::string params;
  Writer(params).map(2).key("level").integer(level).key("message").text(fix_utf8(message));
  if (unsent_log.size() < runtime_log_lines_per_s) unsent_log.push_back(std::move(params));
  flush_log();
}

void Runtime::Impl::flush_log() {
  while (!unsent_log.empty() && session != nullptr && session->open()) {
    const auto sent = session->request("log.write", unsent_log.front(), call_ms,
                                       [](const Result<std::string>&) {});
    if (!sent) return;  // too much is under way; the next answer makes room
    unsent_log.pop_front();
  }
}

void Runtime::Impl::stop(const Error& reason) {
  if (state == State::stopping || state == State::ended) return;
  state = State::stopping;
  for (auto& [id, timer] : timers) loop.cancel(timer.timer);
  timers.clear();
  // The desk still takes them, although nobody waits for its answer.
  for (auto& [name, reader] : readers) reader.commits->finish();
  if (plugin != nullptr) {
    // Whoever waits in a thread of the plugin's is let go before stop waits for that thread.
    if (session != nullptr) session->cancel_all();
    faulty = false;  // it is told to stop even after a fault: its threads have to end
    if (started) guarded("stop", [this] { plugin->stop(plugin); });
    if (session != nullptr) session->cancel_all();
  }
  {
    const std::lock_guard lock(log_mutex);
    log_closed = true;
  }
  for (auto& [id, answer] : answers) {
    answer.fail({Status::unavailable, "the plugin is stopping", ""});
  }
  answers.clear();
  if (dm_plugin* last = std::exchange(plugin, nullptr)) {
    faulty = false;
    guarded("destroy", [last] { last->destroy(last); });
  }
  if (session != nullptr && !session->ended()) {
    session->end(reason);  // on_end follows
  } else {
    end(reason);
  }
}

void Runtime::Impl::end(const Error& reason) {
  if (state == State::ended) return;
  if (state != State::stopping) stop(reason);
  if (state == State::ended) return;
  state = State::ended;
  if (handlers.on_end) handlers.on_end(reason);
}

Runtime::Runtime(bus::Loop& loop, const dm_descriptor& descriptor, RuntimeHandlers handlers)
    : impl_(std::make_shared<Impl>(loop, descriptor, std::move(handlers))) {}

Runtime::~Runtime() {
  impl_->handlers.on_end = nullptr;
  impl_->stop({Status::cancelled, "the host is going away", ""});
}

void Runtime::connect(std::unique_ptr<bus::Transport> transport) {
  impl_->connect(std::move(transport));
}

void Runtime::stop(const Error& reason) { impl_->stop(reason); }

}  // namespace deskmate::host
