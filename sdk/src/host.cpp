#include "deskmate/host.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>

#include "bytes.hpp"
#include "guard.hpp"

namespace deskmate {

struct Host::Impl {
  struct Timer {
    Impl* impl = nullptr;
    std::uint64_t id = 0;
    bool once = true;
    std::function<void()> run;
  };

  explicit Impl(const dm_host* its_host) : host(its_host) {
    find(bus, DM_EXT_BUS);
    find(reader, DM_EXT_READER);
    find(kv, DM_EXT_KV);
    find(secret, DM_EXT_SECRET);
    find(http, DM_EXT_HTTP);
    find(file, DM_EXT_FILE);
    find(timer, DM_EXT_TIMER);
    find(settings, DM_EXT_SETTINGS);
    find(log, DM_EXT_LOG);
  }

  template <class T>
  void find(const T*& extension, const char* name) {
    extension = static_cast<const T*>(host->extension(host, name));
  }

  const dm_host* host;
  const dm_ext_bus* bus = nullptr;
  const dm_ext_reader* reader = nullptr;
  const dm_ext_kv* kv = nullptr;
  const dm_ext_secret* secret = nullptr;
  const dm_ext_http* http = nullptr;
  const dm_ext_file* file = nullptr;
  const dm_ext_timer* timer = nullptr;
  const dm_ext_settings* settings = nullptr;
  const dm_ext_log* log = nullptr;

  std::unordered_map<std::uint64_t, std::shared_ptr<Timer>> timers;
  std::mutex mutex;
  std::deque<std::function<void()>> posted;  // guarded by mutex
};

namespace {

dm_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// What travels through the C side as user, from a call to its answer.
struct Waiting {
  const Host* host;
  Reply reply;
};

Result<Value> result_of(dm_status status, dm_bytes bytes) {
  if (status == DM_OK) {
    if (bytes.size == 0) return Value();
    return decode(view_of(bytes));
  }
  Error error{static_cast<Status>(status), to_string(static_cast<Status>(status)), {}};
  // const, here and wherever an answer is read: looking into what is no map must not build one.
  if (const auto details = decode(view_of(bytes))) {
    error.message = (*details)["message"].as_str(error.message);
    error.where = (*details)["where"].as_str();
  }
  return error;
}

void on_reply(void* user, dm_status status, dm_bytes bytes) {
  const std::unique_ptr<Waiting> waiting(static_cast<Waiting*>(user));
  if (!waiting->reply) return;
  detail::guard(*waiting->host, "a reply's handler",
                [&] { waiting->reply(result_of(status, bytes)); });
}

// Makes one call of an extension: call(user) hands user on with on_reply.
template <class Extension, class Call>
void ask(Host& host, const Extension* extension, const char* name, Reply reply, Call call) {
  dm_status status = DM_NOT_FOUND;
  auto waiting = std::make_unique<Waiting>(Waiting{&host, std::move(reply)});
  if (extension) status = call(waiting.get());
  if (status == DM_OK) {
    (void)waiting.release();  // on_reply deletes it
    return;
  }
  if (!waiting->reply) return;
  const auto code = static_cast<Status>(status);
  Error error{code, extension ? to_string(code) : "the host has no such extension", name};
  host.post([answer = std::move(waiting->reply), error = std::move(error)] { answer(error); });
}

std::string encoded(std::span<const NewEvent> events) {
  std::string bytes;
  Writer writer(bytes);
  writer.array(events.size());
  for (const NewEvent& event : events) writer.value(event.to_value());
  return bytes;
}

}  // namespace

Host::Host(const dm_host* host) : host_(host), impl_(std::make_unique<Impl>(host)) {}
Host::~Host() = default;

void Host::append(std::span<const NewEvent> events, Reply reply) {
  const std::string bytes = encoded(events);
  ask(*this, impl_->bus, DM_EXT_BUS, std::move(reply),
      [&](void* user) { return impl_->bus->append(host_, bytes_of(bytes), on_reply, user); });
}

void Host::append_at(std::span<const NewEvent> events, const std::string& reader,
                     std::uint64_t arrival, Reply reply) {
  const std::string bytes = encoded(events);
  ask(*this, impl_->bus, DM_EXT_BUS, std::move(reply), [&](void* user) {
    return impl_->bus->append_at(host_, bytes_of(bytes), reader.c_str(), arrival, on_reply, user);
  });
}

std::uint64_t Host::request(const std::string& method, const Value& params,
                            std::uint32_t deadline_ms, Reply reply) {
  const std::string bytes = encode(params);
  std::uint64_t id = 0;
  ask(*this, impl_->bus, method.c_str(), std::move(reply), [&](void* user) {
    return impl_->bus->request(host_, method.c_str(), bytes_of(bytes), deadline_ms, on_reply, user,
                               &id);
  });
  return id;
}

void Host::cancel_request(std::uint64_t id) {
  if (impl_->bus) impl_->bus->cancel(host_, id);
}

// Answers to requests that nobody waits for any more are refused by the host, which is fine.
void Host::answer(std::uint64_t request, const Value& result) {
  if (impl_->bus) (void)impl_->bus->reply(host_, request, bytes_of(encode(result)));
}

void Host::refuse(std::uint64_t request, const Error& error) {
  if (!impl_->bus) return;
  (void)impl_->bus->fail(host_, request, static_cast<dm_status>(error.code), error.message.c_str());
}

void Host::open_reader(const std::string& name, const std::vector<std::string>& topics, From from,
                       Reply reply) {
  std::vector<const char*> names;
  names.reserve(topics.size());
  for (const std::string& topic : topics) names.push_back(topic.c_str());
  ask(*this, impl_->reader, DM_EXT_READER, std::move(reply), [&](void* user) {
    return impl_->reader->open(host_, name.c_str(), names.data(),
                               static_cast<std::uint32_t>(names.size()),
                               static_cast<std::uint32_t>(from), on_reply, user);
  });
}

void Host::commit(const std::string& reader, std::uint64_t arrival, Reply reply) {
  ask(*this, impl_->reader, DM_EXT_READER, std::move(reply), [&](void* user) {
    return impl_->reader->commit(host_, reader.c_str(), arrival, on_reply, user);
  });
}

void Host::grant(const std::string& reader, std::uint32_t count) {
  if (impl_->reader) (void)impl_->reader->grant(host_, reader.c_str(), count);
}

void Host::close_reader(const std::string& reader) {
  if (impl_->reader) (void)impl_->reader->close(host_, reader.c_str());
}

void Host::kv_get(std::string_view key, Reply reply) {
  ask(*this, impl_->kv, DM_EXT_KV, std::move(reply),
      [&](void* user) { return impl_->kv->get(host_, bytes_of(key), on_reply, user); });
}

void Host::kv_put(std::string_view key, std::string_view value, Reply reply) {
  ask(*this, impl_->kv, DM_EXT_KV, std::move(reply), [&](void* user) {
    return impl_->kv->put(host_, bytes_of(key), bytes_of(value), on_reply, user);
  });
}

void Host::secret(const std::string& name, Reply reply) {
  ask(*this, impl_->secret, DM_EXT_SECRET, std::move(reply),
      [&](void* user) { return impl_->secret->get(host_, name.c_str(), on_reply, user); });
}

std::uint64_t Host::fetch(const Value& request, Reply reply) {
  const std::string bytes = encode(request);
  std::uint64_t id = 0;
  ask(*this, impl_->http, DM_EXT_HTTP, std::move(reply),
      [&](void* user) { return impl_->http->fetch(host_, bytes_of(bytes), on_reply, user, &id); });
  return id;
}

void Host::cancel_fetch(std::uint64_t id) {
  if (impl_->http) impl_->http->cancel(host_, id);
}

void Host::file_create(const std::string& buyer, Reply reply) {
  ask(*this, impl_->file, DM_EXT_FILE, std::move(reply),
      [&](void* user) { return impl_->file->create(host_, buyer.c_str(), on_reply, user); });
}

void Host::file_write(std::uint64_t file, std::string_view piece, Reply reply) {
  ask(*this, impl_->file, DM_EXT_FILE, std::move(reply),
      [&](void* user) { return impl_->file->write(host_, file, bytes_of(piece), on_reply, user); });
}

void Host::file_finish(std::uint64_t file, Reply reply) {
  ask(*this, impl_->file, DM_EXT_FILE, std::move(reply),
      [&](void* user) { return impl_->file->finish(host_, file, on_reply, user); });
}

void Host::file_read(std::string_view hash, std::uint64_t offset, std::uint32_t size, Reply reply) {
  ask(*this, impl_->file, DM_EXT_FILE, std::move(reply), [&](void* user) {
    return impl_->file->read(host_, bytes_of(hash), offset, size, on_reply, user);
  });
}

std::uint64_t Host::after(std::uint64_t delay_ms, std::uint64_t period_ms,
                          std::function<void()> run) {
  if (!impl_->timer) return 0;
  auto timer = std::make_shared<Impl::Timer>();
  timer->impl = impl_.get();
  timer->once = period_ms == 0;
  // The host holds a pointer to the timer, the map keeps it alive; run gets a hold of its own, as
  // it may cancel the timer that it runs for.
  timer->run = [this, run = std::move(run)] { detail::guard(*this, "a timer", run); };
  const auto fire = [](void* user) {
    auto& fired = *static_cast<Impl::Timer*>(user);
    const auto found = fired.impl->timers.find(fired.id);
    if (found == fired.impl->timers.end()) return;
    const std::shared_ptr<Impl::Timer> held = found->second;
    if (held->once) held->impl->timers.erase(found);
    held->run();
  };
  if (impl_->timer->set(host_, delay_ms, period_ms, fire, timer.get(), &timer->id) != DM_OK) {
    return 0;
  }
  impl_->timers.emplace(timer->id, timer);
  return timer->id;
}

void Host::cancel_timer(std::uint64_t id) {
  if (!impl_->timer || impl_->timers.erase(id) == 0) return;
  impl_->timer->cancel(host_, id);
}

std::int64_t Host::now_ms() const {
  return impl_->timer ? static_cast<std::int64_t>(impl_->timer->now_ms(host_)) : 0;
}

std::string Host::instance() const {
  return impl_->settings ? impl_->settings->instance(host_) : std::string();
}

Value Host::setting(const std::string& key) const {
  if (!impl_->settings) return {};
  const dm_bytes bytes = impl_->settings->get(host_, key.c_str());
  if (bytes.size == 0) return {};
  auto value = decode(view_of(bytes));
  return value ? std::move(*value) : Value();
}

void Host::log(Level level, const std::string& line) const {
  if (impl_->log) impl_->log->write(host_, static_cast<std::int32_t>(level), line.c_str());
}

void Host::post(std::function<void()> task) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(task));
  }
  host_->wake(host_);
}

void Host::run_posted() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(impl_->mutex);
    tasks.swap(impl_->posted);
  }
  for (const auto& task : tasks) detail::guard(*this, "a posted task", task);
}

}  // namespace deskmate
