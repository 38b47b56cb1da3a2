#include "deskmate/testing/fake_host.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

#include "fake_host_impl.hpp"

namespace deskmate::testing {

namespace {

// FNV-1a; good enough to tell a test's ids apart.
std::uint64_t mix(std::string_view text, std::uint64_t state) {
  for (const char c : text) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x100000001b3ull;
  }
  return state;
}

Value error_value(const Error& error) {
  Value details = Value::map({{"message", error.message}});
  if (!error.where.empty()) details["where"] = error.where;
  return details;
}

}  // namespace

std::string FakeHost::Impl::digest(std::string_view text, std::size_t size) {
  std::string out;
  std::uint64_t state = 0xcbf29ce484222325ull;
  while (out.size() < size) {
    state = mix(text, state + out.size() + 1);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(state >> (8 * i));
  }
  out.resize(size);
  return out;
}

FakeHost::Impl::Impl(std::string its_instance) : instance(std::move(its_instance)) {
  host = {DM_ABI, 0, this, extension, wake};
}

dm_status FakeHost::Impl::answer(dm_reply_fn reply, void* user, Result<Value> result) {
  if (!reply) return DM_OK;
  due.push_back([reply, user, result = std::move(result)] {
    const std::string bytes = encode(result ? *result : error_value(result.error()));
    reply(user, result ? DM_OK : static_cast<dm_status>(result.error().code), bytes_of(bytes));
  });
  return DM_OK;
}

bool FakeHost::Impl::taken(const std::string& call, dm_reply_fn reply, void* user) {
  if (held_calls.erase(call) == 1) {
    held.emplace_back(reply, user);
    return true;
  }
  const auto found = failures.find(call);
  if (found == failures.end()) return false;
  answer(reply, user, found->second);
  failures.erase(found);
  return true;
}

const void* FakeHost::Impl::extension(const dm_host*, const char* name) {
  const std::pair<const char*, const void*> all[] = {{DM_EXT_BUS, &bus_table},
                                                     {DM_EXT_READER, &reader_table},
                                                     {DM_EXT_KV, &kv_table},
                                                     {DM_EXT_SECRET, &secret_table},
                                                     {DM_EXT_SETTINGS, &settings_table},
                                                     {DM_EXT_LOG, &log_table},
                                                     {DM_EXT_TIMER, &timer_table},
                                                     {DM_EXT_HTTP, &http_table},
                                                     {DM_EXT_FILE, &file_table}};
  for (const auto& [its_name, its_struct] : all) {
    if (std::strcmp(its_name, name) == 0) return its_struct;
  }
  return nullptr;
}

void FakeHost::Impl::wake(const dm_host* host) {
  {
    const std::lock_guard lock(of(host).mutex);
    of(host).woken = true;
  }
  of(host).changed.notify_all();
}

bool FakeHost::Impl::run_once() {
  bool woke = false;
  {
    const std::lock_guard lock(mutex);
    std::swap(woke, woken);
  }
  if (woke && plugin) plugin->on_wake(plugin);
  std::deque<std::function<void()>> now;
  now.swap(due);
  for (const auto& each : now) each();
  const bool timed = run_timer(static_cast<std::uint64_t>(now_ms.load()));
  return deliver() || woke || !now.empty() || timed;
}

FakeHost::FakeHost(std::string instance) : impl_(std::make_unique<Impl>(std::move(instance))) {}

FakeHost::~FakeHost() { stop(); }

void FakeHost::set_setting(const std::string& name, const Value& value) {
  impl_->settings[name] = encode(value);
}

void FakeHost::set_secret(const std::string& name, const std::string& value) {
  impl_->secrets[name] = value;
}

void FakeHost::allow_append(std::vector<std::string> types) {
  impl_->allowed_types = std::move(types);
}

HttpTape& FakeHost::http() { return impl_->tape; }

void FakeHost::fail_next(const std::string& call, Error error) {
  impl_->failures[call] = std::move(error);
}

void FakeHost::set_method(const std::string& method,
                          std::function<Result<Value>(const Value& params)> answer) {
  impl_->methods[method] = std::move(answer);
}

void FakeHost::hold_next(const std::string& call) { impl_->held_calls.insert(call); }

const std::vector<StoredEvent>& FakeHost::events() const { return impl_->events; }

std::vector<StoredEvent> FakeHost::events(std::string_view type) const {
  std::vector<StoredEvent> found;
  for (const StoredEvent& event : impl_->events) {
    if (event.type == type) found.push_back(event);
  }
  return found;
}

std::map<std::string, std::string>& FakeHost::kv() { return impl_->kv; }

std::vector<std::string> FakeHost::log() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->lines;
}

std::string FakeHost::file(std::string_view hash) const {
  const auto found = impl_->files.find(std::string(hash));
  return found == impl_->files.end() ? std::string() : found->second;
}

Id FakeHost::pseudonym(std::string_view shop, std::string_view name, std::string_view external_id) {
  std::string text(shop);
  text.append("\n").append(name).append("\n").append(external_id);
  return Id::from(Impl::digest(text, 16));
}

std::int64_t FakeHost::now_ms() const { return impl_->now_ms; }

void FakeHost::advance(std::uint64_t delta_ms) {
  const auto until_ms = static_cast<std::uint64_t>(now_ms()) + delta_ms;
  run();
  while (impl_->run_timer(until_ms)) run();
  impl_->now_ms = static_cast<std::int64_t>(until_ms);
  run();
}

Result<void> FakeHost::start(dm_entry_fn entry) {
  const dm_descriptor* descriptor = entry(DM_ABI);
  if (!descriptor) return Error{Status::invalid, "the library refuses this ABI", {}};
  impl_->plugin = descriptor->create(&impl_->host);
  if (!impl_->plugin) return Error{Status::internal, "create returned null", {}};
  const dm_status status = impl_->plugin->start(impl_->plugin);
  if (status == DM_OK) return {};
  impl_->plugin->destroy(impl_->plugin);
  impl_->plugin = nullptr;
  const auto code = static_cast<Status>(status);
  return Error{code, std::string("start: ") + to_string(code), {}};
}

void FakeHost::stop() {
  if (!impl_->plugin) return;
  impl_->plugin->stop(impl_->plugin);
  const Error cancelled{Status::cancelled, "the host is stopping", {}};
  for (const auto& [reply, user] : impl_->held) impl_->answer(reply, user, cancelled);
  impl_->held.clear();
  std::deque<std::function<void()>> left;
  left.swap(impl_->due);
  for (const auto& each : left) each();
  impl_->timers.clear();
  impl_->readers.clear();
  impl_->plugin->destroy(impl_->plugin);
  impl_->plugin = nullptr;
  impl_->due.clear();
}

void FakeHost::run() {
  while (impl_->run_once()) {
  }
}

bool FakeHost::run_until(const std::function<bool()>& done, std::uint32_t wait_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
  for (;;) {
    run();
    if (done()) return true;
    std::unique_lock lock(impl_->mutex);
    // Other threads may change what done looks at without waking: look again now and then.
    impl_->changed.wait_for(lock, std::chrono::milliseconds(2), [this] { return impl_->woken; });
    if (!impl_->woken && std::chrono::steady_clock::now() >= end) return false;
  }
}

Result<Value> FakeHost::request(const std::string& method, const Value& params,
                                std::uint32_t deadline_ms) {
  std::optional<Result<Value>> answer;
  const std::uint64_t id = ask(
      method, params, [&](Result<Value> result) { answer.emplace(std::move(result)); },
      deadline_ms);
  if (run_until([&] { return answer.has_value(); }, std::min(deadline_ms, patience_ms))) {
    return std::move(*answer);
  }
  give_up(id);
  return Error{Status::deadline, "the plugin did not answer", method};
}

std::uint64_t FakeHost::ask(const std::string& method, const Value& params,
                            std::function<void(Result<Value>)> done, std::uint32_t deadline_ms) {
  const std::uint64_t id = ++impl_->last_id;
  const dm_ext_plugin_bus* side = impl_->plugin_bus();
  if (!side) {
    done(Error{Status::unavailable, "no plugin that answers requests runs", method});
    return id;
  }
  impl_->asked[id] = std::move(done);
  const std::string bytes = encode(params);
  side->on_request(impl_->plugin, id, method.c_str(), Impl::bytes_of(bytes), deadline_ms);
  return id;
}

void FakeHost::give_up(std::uint64_t id) {
  if (impl_->asked.erase(id) == 0) return;
  if (const dm_ext_plugin_bus* side = impl_->plugin_bus()) side->on_cancel(impl_->plugin, id);
}

void FakeHost::add_event(const std::string& type, const Value& facts, const Value& body) {
  StoredEvent event;
  event.type = type;
  event.facts = facts;
  event.body = body;
  impl_->add(std::move(event));
}

std::uint64_t FakeHost::cursor(const std::string& reader) const {
  const auto found = impl_->cursors.find(reader);
  return found == impl_->cursors.end() ? 0 : found->second;
}

const dm_host* FakeHost::raw() const { return &impl_->host; }

}  // namespace deskmate::testing
