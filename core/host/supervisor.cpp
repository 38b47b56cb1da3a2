#include "core/host/supervisor.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/host/instance.hpp"

namespace deskmate::host {
namespace {

bool is_instance_name(std::string_view name) {
  if (name.empty() || name.size() > manifest_id_max || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string_view to_string(State state) {
  constexpr std::array<std::string_view, 5> names = {"off", "starting", "running", "stopping",
                                                     "backoff"};
  return names.at(static_cast<std::size_t>(state));
}

struct Supervisor::Impl : std::enable_shared_from_this<Supervisor::Impl> {
  using RequestKey = std::pair<const bus::Session*, std::uint64_t>;

  Impl(bus::AsioLoop& loop, bus::Bus& on_bus, HttpService& with_http, const Secrets& with_secrets,
       SupervisorOptions with_options, SupervisorHooks with_hooks)
      : options(std::move(with_options)),
        hooks(std::move(with_hooks)),
        bus(on_bus),
        http(with_http),
        secrets(with_secrets),
        random(std::random_device{}()),
        context{{loop, on_bus, options}, with_http, hooks, random} {}

  void serve() {
    const auto weakly = [this](void (Impl::*method)(const bus::Call&, bus::Answer)) {
      return [weak = weak_from_this(), method](const bus::Call& call, bus::Answer answer) {
        if (const auto self = weak.lock()) return ((*self).*method)(call, std::move(answer));
        answer.fail({Status::unavailable, "the desk is stopping", ""});
      };
    };
    bus.method("http.fetch", weakly(&Impl::on_fetch));
    bus.method("secret.get", weakly(&Impl::on_secret));
    bus.method("log.write", weakly(&Impl::on_log));
    bus.method("plugin.trouble", weakly(&Impl::on_trouble));
    bus.on_cancel([weak = weak_from_this()](bus::Session& session, std::uint64_t id) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const auto found = self->fetches.find({&session, id});
      if (found != self->fetches.end()) self->http.cancel(found->second);
    });
    bus.on_denied([weak = weak_from_this()](bus::Session& session, const Error& error) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (const auto instance = self->find(session.name())) {
        instance->denied(error.message);
      }
    });
  }

  void on_fetch(const bus::Call& call, bus::Answer answer) {
    auto request = parse_http_request(call.params);
    if (!request) return answer.fail(request.error());
    const std::string instance = call.session->name();
    const RequestKey key{call.session.get(), call.id};
    // The session is kept, so that no other can have its address while this is under way.
    // std::function copies what it holds; an answer is given once only.
    auto shared = std::make_shared<bus::Answer>(std::move(answer));
    auto done = [weak = weak_from_this(), key, instance, shared,
                 kept = call.session](Result<HttpAnswer> got) {
      if (const auto self = weak.lock()) {
        self->fetches.erase(key);
      }
      if (!got) return shared->fail(got.error());
      shared->ok(to_value(std::move(*got)));
    };
    fetches[key] = http.fetch(instance, std::move(*request), std::move(done));
  }

  void on_secret(const bus::Call& call, bus::Answer answer) {
    const auto instance = find(call.session->name());
    if (instance == nullptr) {
      return answer.fail({Status::denied, "only plugins have secrets", "secret"});
    }
    const std::string_view name = call.params["name"].as_str();
    auto secret = secrets.get(instance->manifest(), instance->name(), name);
    if (secret) return answer.ok(Value(std::move(*secret)));
    answer.fail(secret.error());
  }

  void on_log(const bus::Call& call, bus::Answer answer) {
    if (const auto instance = find(call.session->name())) {
      const std::int64_t level = call.params["level"].as_int(DM_LOG_INFO);
      instance->log(static_cast<int>(std::clamp<std::int64_t>(level, DM_LOG_DEBUG, DM_LOG_ERROR)),
                    call.params["message"].as_str());
    }
    answer.ok(nullptr);
  }

  void on_trouble(const bus::Call& call, bus::Answer answer) {
    if (const auto instance = find(call.session->name())) {
      instance->trouble(
          {std::string(call.params["en"].as_str()), std::string(call.params["zh"].as_str())});
    }
    answer.ok(nullptr);
  }

  std::shared_ptr<Instance> find(std::string_view name) const {
    const auto found = std::find_if(instances.begin(), instances.end(),
                                    [&](const auto& instance) { return instance->name() == name; });
    return found == instances.end() ? nullptr : *found;
  }

  Result<std::shared_ptr<Instance>> need(std::string_view name) const {
    if (auto found = find(name)) return found;
    return Error{Status::not_found, "there is no plugin instance \"" + std::string(name) + "\"",
                 ""};
  }

  void drop(const std::string& name) {
    std::erase_if(instances, [&](const auto& instance) { return instance->name() == name; });
  }

  // done of stop_all, when all are off.
  void check_stopped() {
    const bool all_off = std::all_of(instances.begin(), instances.end(), [](const auto& instance) {
      return instance->state() == State::off;
    });
    if (!all_off) return;
    if (const auto done = std::exchange(stopped, nullptr)) done();
  }

  SupervisorOptions options;
  SupervisorHooks hooks;
  bus::Bus& bus;
  HttpService& http;
  const Secrets& secrets;
  std::mt19937_64 random;
  InstanceContext context;
  std::vector<std::shared_ptr<Instance>> instances;
  std::map<RequestKey, std::uint64_t> fetches;  // requests of http.fetch under way
  bool stopping = false;
  std::function<void()> stopped;
};

Supervisor::Supervisor(bus::AsioLoop& loop, bus::Bus& bus, HttpService& http,
                       const Secrets& secrets, SupervisorOptions options, SupervisorHooks hooks)
    : impl_(
          std::make_shared<Impl>(loop, bus, http, secrets, std::move(options), std::move(hooks))) {
  impl_->serve();
}

Supervisor::~Supervisor() { impl_->instances.clear(); }

Result<void> Supervisor::add(InstanceConfig config) {
  if (impl_->stopping) return Error{Status::cancelled, "the desk is stopping", ""};
  if (!is_instance_name(config.name)) {
    return Error{Status::invalid,
                 "\"" + config.name + "\" is no name for a plugin instance: use a-z, 0-9, - and _",
                 "name"};
  }
  if (impl_->find(config.name) != nullptr) {
    return Error{Status::invalid, "there is a plugin instance \"" + config.name + "\" already",
                 "name"};
  }
  if (impl_->instances.size() >= instances_max) {
    return Error{Status::limit, "more than " + std::to_string(instances_max) + " plugin instances",
                 ""};
  }
  auto instance = std::make_shared<Instance>(impl_->context, std::move(config));
  impl_->instances.push_back(instance);
  instance->start();
  return {};
}

Result<void> Supervisor::start(std::string_view name) {
  const auto instance = impl_->need(name);
  if (!instance) return instance.error();
  if (impl_->stopping) return Error{Status::cancelled, "the desk is stopping", ""};
  (*instance)->start();
  return {};
}

Result<void> Supervisor::stop(std::string_view name) {
  const auto instance = impl_->need(name);
  if (!instance) return instance.error();
  (*instance)->stop();
  return {};
}

Result<void> Supervisor::restart(std::string_view name) {
  const auto instance = impl_->need(name);
  if (!instance) return instance.error();
  if (impl_->stopping) return Error{Status::cancelled, "the desk is stopping", ""};
  (*instance)->restart();
  return {};
}

Result<void> Supervisor::replace(InstanceConfig config) {
  const auto instance = impl_->need(config.name);
  if (!instance) return instance.error();
  if (impl_->stopping) return Error{Status::cancelled, "the desk is stopping", ""};
  (*instance)->replace(std::move(config));
  return {};
}

Result<void> Supervisor::remove(std::string_view name) {
  const auto instance = impl_->need(name);
  if (!instance) return instance.error();
  (*instance)->stop();
  (*instance)->when_off([weak = impl_->weak_from_this(), gone = std::string(name)] {
    const auto impl = weak.lock();
    if (impl == nullptr) return;
    // Later: it is one of its own functions that calls.
    impl->context.run.loop.post([weak, gone] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->drop(gone);
      self->check_stopped();
    });
  });
  return {};
}

void Supervisor::stop_all(std::function<void()> done) {
  impl_->stopping = true;
  impl_->stopped = std::move(done);
  for (const auto& instance : std::vector(impl_->instances)) {
    instance->stop();
    instance->when_off([weak = impl_->weak_from_this()] {
      if (const auto impl = weak.lock()) impl->check_stopped();
    });
  }
  impl_->check_stopped();
}

std::vector<InstanceStatus> Supervisor::status() const {
  std::vector<InstanceStatus> all;
  all.reserve(impl_->instances.size());
  for (const auto& instance : impl_->instances) all.push_back(instance->status());
  return all;
}

bool Supervisor::performs(std::string_view instance, std::string_view kind) const {
  const auto found = impl_->find(instance);
  if (found == nullptr || found->state() != State::running) return false;
  const auto& kinds = found->manifest().actions;
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace deskmate::host
