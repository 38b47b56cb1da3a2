#include "core/host/instance.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/host/settings.hpp"

namespace deskmate::host {
namespace {

std::uint64_t utc_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

// What a plugin may ask of the desk; what comes of it is limited by topics, hosts and secrets.
const std::vector<std::string> plugin_methods = {
    "log.append", "log.write",  "reader.open", "reader.commit",  "reader.close", "kv.*",
    "secret.get", "http.fetch", "file.*",      "plugin.trouble", "rules.changed"};

// Those of people: only for a plugin that acts for one.
bool is_of_people(std::string_view method) { return method.starts_with("desk."); }

// Starting again would find the same.
bool is_for_good(Cause cause) { return cause == Cause::manifest || cause == Cause::library; }

}  // namespace

std::string one_line(std::string_view text) {
  std::string line = fix_utf8(text.substr(0, reason_bytes_max));
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

Result<bus::Admission> admit(const RunContext& context, const Manifest& manifest,
                             const std::string& instance, const std::string& settings,
                             const bus::Hello& hello) {
  if (hello.role != "plugin")
    return Error{Status::denied, "only a plugin may come in here", "role"};
  if (hello.name != manifest.id || hello.version != manifest.version) {
    return Error{Status::denied,
                 "it says that it is " + hello.name + " " + hello.version +
                     ", but its manifest says " + manifest.id + " " + manifest.version,
                 "name"};
  }
  bus::Admission admission;
  admission.name = instance;
  admission.instance = instance;
  admission.settings = settings;
  admission.language = context.options.language;
  admission.rights.bodies = manifest.bodies;
  admission.rights.read = manifest.read;
  admission.rights.append = manifest.append;
  admission.rights.methods = plugin_methods;
  admission.rights.plugin = true;
  admission.rights.member = context.member;
  for (const std::string& method : manifest.methods) {
    const bool may = std::any_of(context.may.begin(), context.may.end(),
                                 [&](const auto& granted) { return bus::covers(granted, method); });
    if (is_of_people(method) && (context.member == 0 || !may)) continue;
    admission.rights.methods.push_back(method);
  }
  admission.limits.heartbeat_ms = context.options.heartbeat_ms;
  admission.limits.heartbeat_late_ms =
      std::uint64_t{context.options.heartbeat_ms} * (heartbeats_missed_max - 1);
  return admission;
}

Instance::Instance(const InstanceContext& context, InstanceConfig config)
    : context_(context),
      config_(std::move(config)),
      restart_(context.run.options.restart),
      since_ms_(utc_ms()) {}

Instance::~Instance() {
  if (timer_ != 0) context_.run.loop.cancel(timer_);
  context_.http.forget(config_.name);
}

void Instance::start() {
  restart_.reset();
  wanted_ = true;
  if (state_ == State::off || state_ == State::backoff) begin();
}

void Instance::stop() {
  wanted_ = false;
  if (state_ == State::backoff) {
    context_.run.loop.cancel(std::exchange(timer_, 0));
    off("stopped");
  } else if (run_ != nullptr && state_ != State::stopping) {
    enter(State::stopping);
    run_->stop();
  }
}

void Instance::restart() {
  stop();
  start();
}

void Instance::replace(InstanceConfig config) {
  next_ = std::move(config);
  restart();
}

void Instance::when_off(std::function<void()> done) {
  if (state_ == State::off) return done();
  when_off_ = std::move(done);
}

Checked<Value> Instance::read_configuration() {
  auto manifest = Manifest::load(config_.folder);
  if (!manifest) return manifest.error();
  manifest_ = std::move(*manifest);
  auto settings = check_settings(manifest_, config_.settings, config_.name);
  if (!settings) return settings;
  auto hosts = allowed_hosts(manifest_, *settings);
  if (!hosts) return hosts.error();
  context_.http.allow(config_.name, std::move(*hosts));
  return settings;
}

void Instance::begin() {
  if (timer_ != 0) context_.run.loop.cancel(std::exchange(timer_, 0));
  if (next_) config_ = *std::exchange(next_, std::nullopt);
  denied_.clear();
  trouble_ = {};
  auto settings = read_configuration();
  if (!settings) {
    // Both languages say the same; the detail is the list of mistakes.
    end({Cause::manifest, 0, one_line(settings.error().in(context_.run.options.language)), ""});
    return;
  }
  ++starts_;
  enter(State::starting);
  context_.run.member = config_.member;
  context_.run.may = config_.may;
  RunHandlers on;
  on.on_open = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->state_ != State::starting) return;
    self->enter(State::running);
    self->tell("started", {}, 0);
  };
  on.on_end = [weak = weak_from_this()](Reason reason) {
    if (const auto self = weak.lock()) self->end(std::move(reason));
  };
  on.on_line = [weak = weak_from_this()](int level, std::string_view line) {
    if (const auto self = weak.lock()) self->log(level, line);
  };
  const auto run = config_.isolation == Isolation::daemon ? run_in_daemon : run_process;
  run_ = run(context_.run, manifest_, config_.name, encode(*settings), std::move(on));
}

void Instance::end(Reason reason) {
  const std::shared_ptr<Run> kept = std::move(run_);  // it may be what calls
  run_.reset();
  trouble_ = {};
  context_.http.forget(config_.name);
  last_ = std::move(reason);
  // Why its start failed is what it logged last, not the number that it returned.
  if (last_.cause == Cause::start && !last_error_.empty()) last_.last_stderr = last_error_;
  last_error_.clear();
  if (last_.cause == Cause::owner) {
    if (wanted_) return begin();  // a restart
    return off("stopped");
  }
  // Nothing ran that could have crashed where it could not even be read.
  if (last_.cause != Cause::manifest) tell("crashed", last_.text(), last_.code);
  if (!wanted_) return off("stopped");
  crashed();
}

void Instance::crashed() {
  bus::Loop& loop = context_.run.loop;
  const auto wait = restart_.crashed(loop.now_ms(), context_.random());
  if (!wait || is_for_good(last_.cause)) {
    wanted_ = false;
    return off("off");
  }
  next_start_ms_ = utc_ms() + *wait;
  enter(State::backoff);
  timer_ = loop.call_at(loop.now_ms() + *wait, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->timer_ = 0;
    self->begin();
  });
}

void Instance::off(std::string_view told) {
  enter(State::off);
  tell(told, last_.text(), last_.code);
  if (const auto done = std::exchange(when_off_, nullptr)) done();
}

void Instance::enter(State state) {
  state_ = state;
  since_ms_ = utc_ms();
}

void Instance::tell(std::string_view state, const Text& reason, int code) {
  if (!context_.hooks.on_change) return;
  const InstanceStatus now = status();
  context_.hooks.on_change({config_.name, state, reason, code, &now});
}

InstanceStatus Instance::status() const {
  InstanceStatus status;
  status.name = config_.name;
  status.plugin = manifest_.id;
  status.version = manifest_.version;
  status.kind = manifest_.kind;
  status.title = manifest_.name;
  status.isolation = config_.isolation;
  status.state = state_;
  status.pid = run_ == nullptr ? 0 : run_->pid();
  status.since_ms = since_ms_;
  status.next_start_ms = state_ == State::backoff ? next_start_ms_ : 0;
  status.crashes = restart_.crashes();
  status.starts = starts_;
  status.last = last_;
  status.denied = denied_;
  status.trouble = trouble_;
  status.actions = manifest_.actions;
  status.web = manifest_.web;
  status.lines_left_out = lines_.left_out_ever();
  return status;
}

void Instance::denied(std::string what) {
  what = one_line(what);
  if (denied_.size() >= denials_kept_max) return;
  if (std::find(denied_.begin(), denied_.end(), what) != denied_.end()) return;
  denied_.push_back(what);
  tell("denied",
       {"it asked for " + what + ", which its manifest does not declare",
        "请求了清单中未声明的内容：" + what},
       DM_DENIED);
}

void Instance::trouble(const Text& what) {
  trouble_ = {one_line(what.en.substr(0, trouble_bytes_max)),
              one_line(what.zh.substr(0, trouble_bytes_max))};
}

void Instance::log(int level, std::string_view line) {
  if (level >= DM_LOG_ERROR) last_error_ = one_line(line);
  if (!context_.hooks.on_log) return;
  std::uint64_t left_out = 0;
  const bool allowed = lines_.allow(context_.run.loop.now_ms(), left_out);
  if (left_out > 0) {
    const std::string text = std::to_string(left_out) + " more lines were left out";
    context_.hooks.on_log({config_.name, DM_LOG_WARN, text});
  }
  if (allowed) context_.hooks.on_log({config_.name, level, line.substr(0, log_line_max)});
}

}  // namespace deskmate::host
