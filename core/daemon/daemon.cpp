#include "core/daemon/daemon.hpp"

#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <utility>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/bus/stream_transport.hpp"
#include "core/daemon/console.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/logging.hpp"
#include "core/daemon/notify.hpp"
#include "core/daemon/paths.hpp"
#include "core/daemon/peer_links.hpp"
#include "core/daemon/plugin_logs.hpp"
#include "core/daemon/pool.hpp"
#include "core/daemon/rest.hpp"
#include "core/daemon/service.hpp"
#include "core/daemon/setup.hpp"
#include "core/host/http_service.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::daemon {
namespace {

namespace asio = boost::asio;

std::uint64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

bool same(const PluginConfig& a, const PluginConfig& b) {
  const auto text = [](const PluginConfig& plugin) {
    std::ostringstream out;
    out << plugin.settings;
    return out.str();
  };
  return a.id == b.id && a.isolation == b.isolation && a.member == b.member && text(a) == text(b);
}

LogLevel level_of(int plugin_level) {
  return static_cast<LogLevel>(std::clamp(plugin_level, 0, 3));
}

}  // namespace

struct Daemon::Impl final : Plugins {
  Impl(Config config_of, Language language_of, Settings settings_of)
      : config(std::move(config_of)),
        language(language_of),
        settings(settings_of),
        loop(context),
        signals(context) {}

  Result<void> open();
  Result<void> open_peers();
  Result<void> open_socket();
  void open_console();
  void let_in();
  void watch_signals();
  void apply_plugins(const Config& next);
  void reload();
  void stop();
  void stop_plugins();
  void finish();
  bool run();

  // Plugins
  bool performs(std::string_view instance, std::string_view kind) const override {
    return supervisor && supervisor->performs(instance, kind);
  }
  std::vector<host::InstanceStatus> status() const override {
    return supervisor ? supervisor->status() : std::vector<host::InstanceStatus>();
  }
  bool configured(std::string_view instance) const override {
    return std::any_of(config.plugins.begin(), config.plugins.end(),
                       [&](const PluginConfig& one) { return one.name == instance; });
  }
  Result<void> command(std::string_view instance, std::string_view what) override;

  Config config;
  Language language;
  Settings settings;
  asio::io_context context;
  bus::AsioLoop loop;
  asio::signal_set signals;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<ThreadPool> pool;
  PluginLogs plugin_logs;
  std::unique_ptr<Service> service;
  std::unique_ptr<Peering> peering;
  std::unique_ptr<PeerLinks> peer_links;
  std::optional<Rest> rest;
  std::unique_ptr<host::HttpService> http;
  std::unique_ptr<host::Secrets> secrets;
  std::unique_ptr<host::Supervisor> supervisor;
  std::unique_ptr<bus::Listener> listener;
  std::unique_ptr<Console> console;
  std::function<void(std::unique_ptr<bus::Transport>)> admit;
  std::vector<std::unique_ptr<bus::Transport>> early;  // came before the members were known
  bool ready = false;
  std::mt19937_64 random{std::random_device{}()};
  bool stopping = false;
  bool finished = false;
};

Result<void> Daemon::Impl::open() {
  ::umask(077);
  const rlimit none{0, 0};  // a core dump would hold buyers' data
  ::setrlimit(RLIMIT_CORE, &none);

  // The log file belongs to whoever has the folder, so the folder comes first.
  storage::Options store_options{.folder = config.folder,
                                 .secrets_folder = config.secrets,
                                 .passphrase = std::exchange(settings.passphrase, {})};
  auto opened = storage::Store::open(store_options);
  if (store_options.passphrase) {
    sodium_memzero(store_options.passphrase->data(), store_options.passphrase->size());
    store_options.passphrase.reset();
  }
  if (opened.has_error()) return to_error(opened.error());
  store = std::move(opened).value();
  if (!open_log(config)) log_line(LogLevel::warn, "log", {{"unwritable", config.log_file}});

  if (auto current = drop_outdated_tables(*store); !current) return current;

  bus = std::make_unique<bus::Bus>(loop);
  pool = std::make_unique<ThreadPool>(loop);
  ServiceOptions options;
  options.name = config.name;
  options.phone_prefix = config.phone_prefix;
  options.language = language;
  options.policy = policy_of(config, store->log());
  options.outbox = outbox_times_of(config);
  options.rules = rule_times_of(config);
  options.wall_ms = wall_clock_ms;
  options.random = [this] { return random(); };
  options.passphrase_set = [store_options] { return storage::has_passphrase(store_options); };
  ServiceHooks hooks;
  hooks.log = [](std::string_view what, const LogFields& fields) {
    log_line(LogLevel::info, what, fields);
  };
  service = std::make_unique<Service>(loop, *bus, *store, *pool, *this, std::move(options),
                                      std::move(hooks));
  if (auto taken_up = service->open(); !taken_up) return taken_up;
  if (auto peers = open_peers(); !peers) return peers;
  rest.emplace(loop, config.folder + "/data.mdb", [this] { return service->journal.position(); });
  if (auto socket = open_socket(); !socket) return socket;
  service->set_members(members_of(config), [this] { let_in(); });

  http = std::make_unique<host::HttpService>(loop);
  secrets = std::make_unique<host::Secrets>(config.secrets);
  host::SupervisorOptions supervision;
  supervision.plugin_host = plugin_host_program(config);
  supervision.language = name_of(language);
  host::SupervisorHooks supervised;
  supervised.on_change = [this](const host::Change& change) {
    log_line(change.state == "started" ? LogLevel::info : LogLevel::warn, "plugin",
             {{"name", change.instance},
              {"state", std::string(change.state)},
              {"reason", change.reason.in("en")},
              {"code", std::to_string(change.code)}});
    plugin_logs.add(change, wall_clock_ms());
    service->plugin_changed(change);
  };
  supervised.on_log = [this](const host::LogLine& line) {
    plugin_logs.add(line.instance, wall_clock_ms(), line.level, line.text);
    log_line(level_of(line.level), "plugin",
             {{"name", std::string(line.instance)}, {"says", std::string(line.text)}});
  };
  supervisor = std::make_unique<host::Supervisor>(loop, *bus, *http, *secrets,
                                                  std::move(supervision), std::move(supervised));
  serve_plugin_log(*service, plugin_logs);
  open_console();
  apply_plugins(config);
  if (settings.signals) watch_signals();
  return {};
}

Result<void> Daemon::Impl::open_peers() {
  const auto log = [](bool warn, std::string_view what, const LogFields& fields) {
    log_line(warn ? LogLevel::warn : LogLevel::info, what, fields);
  };
  PeeringOptions options;
  options.wall_ms = wall_clock_ms;
  options.inviter = stored_inviter(*store);
  const auto agreed = store->kv_get(peers_owner, agreed_key);
  options.agreed = agreed.has_value() && agreed.value().has_value();
  options.members_elsewhere = members_elsewhere_of(config);
  PeeringHooks peering_hooks;
  peering_hooks.log = log;
  peering_hooks.on_peers = [this] {
    if (peer_links) peer_links->refresh();
  };
  peering_hooks.on_agreed = [this] {
    store->kv_put(std::string(peers_owner), std::string(agreed_key), "1",
                  [](const storage::Result<void>&) {});
  };
  peering = std::make_unique<Peering>(loop, *service, std::move(options), std::move(peering_hooks));
  auto links = PeerLinks::open(loop, *service, *peering, config, log);
  if (!links) return links.error();
  peer_links = std::move(*links);
  peer_links->serve();
  peering->start();
  return {};
}

Result<void> Daemon::Impl::open_socket() {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(config.socket).parent_path(), ignored);
  bus::AdmitHandlers handlers;
  handlers.on_hello = [this](const bus::Hello& hello) -> Result<bus::Admission> {
    // Plugins come in through the socket pair that their supervisor makes.
    if (hello.role != "owner") return Error{Status::denied, "this socket is for owners", {}};
    bus::Admission admission;
    admission.name = hello.name;
    admission.rights = bus::owner_rights();
    admission.limits = bus::owner_limits();
    admission.language = name_of(language);
    return admission;
  };
  admit = [this, handlers](std::unique_ptr<bus::Transport> transport) {
    bus->admit(std::move(transport), handlers);
  };
  auto opened = bus::Listener::open(
      loop, config.socket, [this](std::unique_ptr<bus::Transport> transport, const bus::Peer&) {
        if (ready) return admit(std::move(transport));
        if (early.size() < bus::sessions_max) early.push_back(std::move(transport));
      });
  if (!opened) return opened.error();
  listener = std::move(*opened);
  return {};
}

// A desk without a console is better than none, so its address being taken is only said.
void Daemon::Impl::open_console() {
  if (config.console_listen.empty() && config.console_tls.empty()) return;
  auto opened =
      Console::open(loop, *service, config, [](std::string_view what, const LogFields& fields) {
        log_line(LogLevel::info, what, fields);
      });
  if (!opened) {
    return log_line(LogLevel::warn, "console", {{"off", opened.error().message}});
  }
  console = std::move(*opened);
  with_console(config);
  log_line(LogLevel::info, "console", {{"address", console->address()}});
}

// The members of the configuration are known: whoever has come may ask.
void Daemon::Impl::let_in() {
  ready = true;
  for (auto& transport : std::exchange(early, {})) admit(std::move(transport));
}

void Daemon::Impl::watch_signals() {
  boost::system::error_code ignored;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals.add(signal, ignored);
  signals.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal != SIGHUP) {
      log_line(LogLevel::info, "stop", {{"signal", std::to_string(signal)}});
      stop();  // a further one changes nothing: the end has its limit
    } else if (!stopping) {
      reload();
    }
    watch_signals();
  });
}

// Adds, replaces and removes until the plugins are those of `next`.
void Daemon::Impl::apply_plugins(const Config& next) {
  const auto find = [](const Config& in, std::string_view name) -> const PluginConfig* {
    const auto found =
        std::find_if(in.plugins.begin(), in.plugins.end(),
                     [&](const PluginConfig& plugin) { return plugin.name == name; });
    return found != in.plugins.end() && found->enabled ? &*found : nullptr;
  };
  std::vector<std::string> there;
  for (const auto& instance : supervisor->status()) there.push_back(instance.name);
  const auto check = [](const Result<void>& done, const std::string& name) {
    if (!done)
      log_line(LogLevel::error, "plugin", {{"name", name}, {"error", done.error().message}});
  };
  for (const auto& name : there) {
    if (find(next, name) == nullptr) check(supervisor->remove(name), name);
  }
  for (const auto& plugin : next.plugins) {
    if (!plugin.enabled) continue;
    const bool known = std::find(there.begin(), there.end(), plugin.name) != there.end();
    if (!known) {
      check(supervisor->add(instance_of(next, plugin)), plugin.name);
      continue;
    }
    const PluginConfig* before = find(config, plugin.name);
    const bool may_the_same =
        before != nullptr && instance_of(config, *before).may == instance_of(next, plugin).may;
    if (!may_the_same || !same(*before, plugin)) {
      check(supervisor->replace(instance_of(next, plugin)), plugin.name);
    }
  }
}

void Daemon::Impl::reload() {
  notify_manager("RELOADING=1");
  auto next = load_config(config.file);
  if (next.has_error()) {
    log_line(LogLevel::error, "reload", {{"refused", next.error().in(name_of(language))}});
  } else {
    // Folder, socket and secrets stay: changing them takes a restart.
    service->set_policy(policy_of(next.value(), store->log()), outbox_times_of(next.value()));
    service->set_rule_times(rule_times_of(next.value()));
    service->set_members(members_of(next.value()));
    if (console) {
      with_console(next.value());
      console->people_changed(next.value());
    }
    peering->set_members_elsewhere(members_elsewhere_of(next.value()));
    apply_plugins(next.value());
    config.members = next.value().members;
    config.plugins = next.value().plugins;
    log_line(LogLevel::info, "reload", {{"file", config.file}});
  }
  notify_manager("READY=1");
}

Result<void> Daemon::Impl::command(std::string_view instance, std::string_view what) {
  if (!supervisor || stopping) return Error{Status::unavailable, "the desk is stopping", {}};
  if (what == "start") return supervisor->start(instance);
  if (what == "stop") return supervisor->stop(instance);
  if (what == "restart") return supervisor->restart(instance);
  if (what == "remove") return supervisor->remove(instance);
  return Error{Status::invalid, "do is start, stop, restart or remove", "do"};
}

// From the top down, each step with its limit: no new sessions, actions under way, plugins, tables.
void Daemon::Impl::stop() {
  if (std::exchange(stopping, true)) return;
  notify_manager("STOPPING=1");
  listener.reset();
  console.reset();
  loop.call_at(loop.now_ms() + stop_ms_max, [this] {
    log_line(LogLevel::warn, "stop", {{"late", "ended without waiting for all parts"}});
    context.stop();
  });
  service->stop_actions([this] { stop_plugins(); });
}

void Daemon::Impl::stop_plugins() {
  supervisor->stop_all([this] {
    peering->stop([this] {
      peer_links.reset();
      service->close([this] { finish(); });
    });
  });
}

void Daemon::Impl::finish() {
  finished = true;
  bus->end_all({Status::ok, "the desk is stopping", {}});
  // The loop sends the goodbyes before it ends.
  loop.call_at(loop.now_ms() + 20, [this] { context.stop(); });
}

bool Daemon::Impl::run() {
  notify_manager("READY=1");
  log_line(
      LogLevel::info, "ready",
      {{"folder", config.folder}, {"socket", config.socket}, {"pid", std::to_string(::getpid())}});
  const auto work = asio::make_work_guard(context);
  try {
    context.run();
  } catch (const std::exception& error) {
    // Before anything is taken down: that takes a while, in which signals are the system's again.
    log_line(LogLevel::error, "stopped", {{"error", error.what()}});
    throw;
  }
  log_line(LogLevel::info, "stopped", {{"clean", finished ? "yes" : "no"}});
  if (pool->busy() > 0 || !finished) {
    // A comparison or a backup is still reading, or a part does not end: all that was acknowledged
    // is on disk, so the process may end without them.
    std::quick_exit(finished ? 0 : 1);
  }
  return finished;
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Daemon::~Daemon() {
  // Users before what they use.
  impl_->listener.reset();
  impl_->console.reset();
  impl_->early.clear();
  impl_->supervisor.reset();
  impl_->http.reset();
  impl_->peer_links.reset();
  impl_->peering.reset();
  impl_->pool.reset();
  impl_->bus.reset();
  impl_->rest.reset();
  impl_->service.reset();
  impl_->store.reset();
}

Result<std::unique_ptr<Daemon>> Daemon::start(Config config, Language language, Settings settings) {
  auto impl = std::make_unique<Impl>(std::move(config), language, settings);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(impl)));
  if (auto opened = daemon->impl_->open(); !opened) return opened.error();
  return daemon;
}

bool Daemon::run() { return impl_->run(); }

Daemon::ConsoleWay Daemon::console() {
  if (!impl_->console) return {};
  return {impl_->console->address(), impl_->console->first_link()};
}

void Daemon::stop() {
  asio::post(impl_->context, [this] { impl_->stop(); });
}

void Daemon::reload() {
  asio::post(impl_->context, [this] { impl_->reload(); });
}

}  // namespace deskmate::daemon
