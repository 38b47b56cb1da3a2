#include "deskmate/testing/fake_host.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <set>

#include "deskmate/ext/bus.h"
#include "deskmate/ext/file.h"
#include "deskmate/ext/http.h"
#include "deskmate/ext/kv.h"
#include "deskmate/ext/log.h"
#include "deskmate/ext/reader.h"
#include "deskmate/ext/secret.h"
#include "deskmate/ext/settings.h"
#include "deskmate/ext/timer.h"

namespace deskmate::testing {

namespace {

std::string_view view_of(dm_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

dm_bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// FNV-1a; good enough to tell a test's ids apart.
std::uint64_t mix(std::string_view text, std::uint64_t state) {
  for (const char c : text) {
    state ^= static_cast<unsigned char>(c);
    state *= 0x100000001b3ull;
  }
  return state;
}

// size bytes that depend on all of the text.
std::string digest(std::string_view text, std::size_t size) {
  std::string out;
  std::uint64_t state = 0xcbf29ce484222325ull;
  while (out.size() < size) {
    state = mix(text, state + out.size() + 1);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(state >> (8 * i));
  }
  out.resize(size);
  return out;
}

bool matches(const std::string& topic, std::string_view type) {
  if (topic == type || topic == "*") return true;
  return topic.ends_with(".*") &&
         type.starts_with(std::string_view(topic).substr(0, topic.size() - 1));
}

Value error_value(const Error& error) {
  Value details = Value::map({{"message", error.message}});
  if (!error.where.empty()) details["where"] = error.where;
  return details;
}

}  // namespace

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
  explicit Impl(std::string its_instance) : instance(std::move(its_instance)) {
    host = {DM_ABI, 0, this, extension, wake};
  }

  static Impl& of(const dm_host* host) { return *static_cast<Impl*>(host->impl); }

  // --- Answers ---

  dm_status answer(dm_reply_fn reply, void* user, Result<Value> result) {
    if (!reply) return DM_OK;
    due.push_back([reply, user, result = std::move(result)] {
      const std::string bytes = encode(result ? *result : error_value(result.error()));
      reply(user, result ? DM_OK : static_cast<dm_status>(result.error().code), bytes_of(bytes));
    });
    return DM_OK;
  }

  // Answers, or not, as the test asked; false: it asked for nothing.
  bool taken(const std::string& call, dm_reply_fn reply, void* user) {
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

  // --- deskmate.bus/1 ---

  Result<Value> append(dm_bytes bytes) {
    const auto given = decode(view_of(bytes));
    if (!given) return given.error();
    if (!given->is_array()) return Error{Status::invalid, "events are an array", {}};
    for (const Value& event : given->as_array()) {
      if (auto checked = check(event); !checked) return checked.error();
    }
    Array answers;
    for (const Value& event : given->as_array()) answers.push_back(store(event));
    return Value(answers);
  }

  Result<void> check(const Value& event) const {
    const std::string type(event["type"].as_str());
    if (type.empty()) return Error{Status::invalid, "an event without a type", "type"};
    if (!event["facts"].is_map()) return Error{Status::invalid, "facts are a map", type};
    if (event["refs"].size() > 0 && event["facts"]["shop"].as_str().empty()) {
      return Error{Status::invalid, "refs need facts.shop", type};
    }
    for (const char* part : {"refs", "desk_refs"}) {
      for (const auto& [name, id] : event[part].as_map()) {
        if (id.is_str()) continue;
        return Error{Status::invalid, "an external id is text",
                     std::string(part).append(".").append(name)};
      }
    }
    const bool allowed = allowed_types.empty() ||
                         std::any_of(allowed_types.begin(), allowed_types.end(),
                                     [&](const std::string& each) { return matches(each, type); });
    if (!allowed) return Error{Status::denied, "not in the manifest", type};
    const std::string dedupe(event["dedupe"].as_str());
    if (!dedupe.empty() && event["refs"][dedupe].is_nil() && event["desk_refs"][dedupe].is_nil()) {
      return Error{Status::invalid, "dedupe names no ref", type};
    }
    return {};
  }

  Value store(const Value& event) {
    StoredEvent stored;
    stored.appended = event;
    stored.type = event["type"].as_str();
    stored.facts = event["facts"];
    stored.body = event["body"];
    const std::string_view shop = event["facts"]["shop"].as_str();
    for (const char* part : {"refs", "desk_refs"}) {
      for (const auto& [name, id] : event[part].as_map()) {
        const std::string_view scope = part == std::string_view("refs") ? shop : "";
        stored.facts[name] = pseudonym(scope, name, id.as_str()).to_value();
        stored.body["refs"][name] = id;
      }
    }
    Array contacts;
    for (const Value& contact : event["contacts"].as_array()) {
      contacts.push_back(pseudonym("", "contact", contact.as_str()).to_value());
    }
    if (!contacts.empty()) stored.facts["contacts"] = contacts;
    const std::string dedupe(event["dedupe"].as_str());
    if (!dedupe.empty()) {
      const std::string key = stored.type + "\n" + std::string(stored.facts[dedupe].as_bin());
      if (!seen.insert(key).second) return Value::map({{"duplicate", true}});
    }
    add(std::move(stored));
    return Value::map({{"arrival", events.back().arrival}, {"id", events.back().id.to_value()}});
  }

  void add(StoredEvent stored) {
    stored.arrival = events.size() + 1;
    stored.id = Id::from(digest("event" + std::to_string(stored.arrival), 16));
    events.push_back(std::move(stored));
  }

  static dm_status bus_append(const dm_host* host, dm_bytes bytes, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("append", reply, user)) return DM_OK;
    return self.answer(reply, user, self.append(bytes));
  }

  static dm_status bus_append_at(const dm_host* host, dm_bytes bytes, const char* reader,
                                 std::uint64_t arrival, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("append", reply, user)) return DM_OK;
    auto result = self.append(bytes);
    if (result) self.commit(reader, arrival);
    return self.answer(reply, user, std::move(result));
  }

  static dm_status bus_request(const dm_host* host, const char* method, dm_bytes, std::uint32_t,
                               dm_reply_fn reply, void* user, std::uint64_t* id) {
    Impl& self = of(host);
    if (id) *id = ++self.last_id;
    if (self.taken(method, reply, user)) return DM_OK;
    return self.answer(reply, user, Error{Status::not_found, "no such method", method});
  }

  static void ignore(const dm_host*, std::uint64_t) {}

  static dm_status bus_reply(const dm_host* host, std::uint64_t id, dm_bytes bytes) {
    return of(host).answered(id, decode(view_of(bytes)));
  }

  static dm_status bus_fail(const dm_host* host, std::uint64_t id, dm_status status,
                            const char* message) {
    return of(host).answered(id, Error{static_cast<Status>(status), message, {}});
  }

  dm_status answered(std::uint64_t id, Result<Value> result) {
    const auto found = asked.find(id);
    if (found == asked.end()) return DM_NOT_FOUND;
    const auto done = std::move(found->second);
    asked.erase(found);
    done(std::move(result));
    return DM_OK;
  }

  const dm_ext_plugin_bus* plugin_bus() const {
    if (!plugin) return nullptr;
    return static_cast<const dm_ext_plugin_bus*>(plugin->extension(plugin, DM_EXT_PLUGIN_BUS));
  }

  // --- deskmate.reader/1 ---

  static dm_status reader_open(const dm_host* host, const char* name, const char* const* topics,
                               std::uint32_t count, std::uint32_t from, dm_reply_fn reply,
                               void* user) {
    Impl& self = of(host);
    Reader reader;
    reader.topics.assign(topics, topics + count);
    const auto cursor = self.cursors.find(name);
    if (cursor != self.cursors.end()) {
      reader.next = cursor->second;
    } else if (from == DM_FROM_NOW) {
      reader.next = self.events.size();
    }
    const std::uint64_t position = reader.next;
    self.readers[name] = std::move(reader);
    return self.answer(reply, user, Value::map({{"position", position}}));
  }

  void commit(const std::string& name, std::uint64_t arrival) {
    std::uint64_t& cursor = cursors[name];
    if (arrival <= cursor) return;
    const auto found = readers.find(name);
    if (found != readers.end()) found->second.credit = DM_READER_WINDOW;
    cursor = arrival;
  }

  static dm_status reader_commit(const dm_host* host, const char* name, std::uint64_t arrival,
                                 dm_reply_fn reply, void* user) {
    of(host).commit(name, arrival);
    return of(host).answer(reply, user, Value());
  }

  static dm_status reader_grant(const dm_host* host, const char* name, std::uint32_t count) {
    const auto found = of(host).readers.find(name);
    if (found == of(host).readers.end()) return DM_NOT_FOUND;
    found->second.credit += count;
    return DM_OK;
  }

  static dm_status reader_close(const dm_host* host, const char* name) {
    return of(host).readers.erase(name) == 1 ? DM_OK : DM_NOT_FOUND;
  }

  // Hands events to readers; true: there were some.
  bool deliver() {
    bool any = false;
    if (!plugin) return any;
    const auto* side =
        static_cast<const dm_ext_plugin_reader*>(plugin->extension(plugin, DM_EXT_PLUGIN_READER));
    if (!side) return any;
    std::vector<std::string> names;
    for (const auto& each : readers) names.push_back(each.first);
    for (const std::string& name : names) any = deliver_to(name, *side) || any;
    return any;
  }

  bool deliver_to(const std::string& name, const dm_ext_plugin_reader& side) {
    Reader& reader = readers.at(name);
    std::deque<std::string> bytes;
    std::vector<dm_event> batch;
    std::deque<std::string> types;
    for (; reader.next < events.size() && reader.credit > 0; ++reader.next) {
      const StoredEvent& event = events[reader.next];
      const bool wanted =
          std::any_of(reader.topics.begin(), reader.topics.end(),
                      [&](const std::string& topic) { return matches(topic, event.type); });
      if (!wanted) continue;
      --reader.credit;
      dm_event out{};
      out.arrival = event.arrival;
      out.stamp = static_cast<std::uint64_t>(now_ms) << 16;
      std::memcpy(out.id, event.id.bytes.data(), sizeof out.id);
      out.type = types.emplace_back(event.type).c_str();
      out.schema = 1;
      out.facts = bytes_of(bytes.emplace_back(encode(event.facts)));
      if (!event.body.is_nil()) out.body = bytes_of(bytes.emplace_back(encode(event.body)));
      batch.push_back(out);
    }
    if (batch.empty()) return false;
    side.on_events(plugin, name.c_str(), batch.data(), static_cast<std::uint32_t>(batch.size()));
    return true;
  }

  // --- deskmate.kv/1, secret/1, settings/1, log/1 ---

  static dm_status kv_get(const dm_host* host, dm_bytes key, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("kv.get", reply, user)) return DM_OK;
    const auto found = self.kv.find(std::string(view_of(key)));
    const bool there = found != self.kv.end();
    return self.answer(reply, user, there ? Value::bin(found->second) : Value());
  }

  static dm_status kv_put(const dm_host* host, dm_bytes key, dm_bytes value, dm_reply_fn reply,
                          void* user) {
    Impl& self = of(host);
    if (self.taken("kv.put", reply, user)) return DM_OK;
    if (key.size == 0 || key.size > DM_KV_KEY_MAX || value.size > DM_KV_VALUE_MAX) {
      return DM_LIMIT;
    }
    const std::string name(view_of(key));
    if (value.size == 0) {
      self.kv.erase(name);
    } else if (self.kv.size() >= DM_KV_KEYS_MAX && !self.kv.contains(name)) {
      return DM_LIMIT;
    } else {
      self.kv[name] = view_of(value);
    }
    return self.answer(reply, user, Value());
  }

  static dm_status secret_get(const dm_host* host, const char* name, dm_reply_fn reply,
                              void* user) {
    Impl& self = of(host);
    if (self.taken("secret", reply, user)) return DM_OK;
    const auto found = self.secrets.find(name);
    if (found != self.secrets.end()) return self.answer(reply, user, Value(found->second));
    return self.answer(reply, user, Error{Status::not_found, "the owner has not set it", name});
  }

  static const char* settings_instance(const dm_host* host) { return of(host).instance.c_str(); }

  static dm_bytes settings_get(const dm_host* host, const char* key) {
    const auto& settings = of(host).settings;
    const auto found = settings.find(key);
    return found == settings.end() ? dm_bytes{} : bytes_of(found->second);
  }

  static void log_write(const dm_host* host, std::int32_t level, const char* message) {
    static constexpr std::array<const char*, 4> names = {"debug: ", "info: ", "warn: ", "error: "};
    const auto index = static_cast<std::size_t>(std::clamp(level, 0, 3));
    const std::lock_guard lock(of(host).mutex);
    of(host).lines.push_back(std::string(names.at(index)) + message);
  }

  // --- deskmate.timer/1 ---

  static std::uint64_t timer_now(const dm_host* host) {
    return static_cast<std::uint64_t>(of(host).now_ms.load());
  }

  static dm_status timer_set(const dm_host* host, std::uint64_t delay_ms, std::uint64_t period_ms,
                             dm_timer_fn run, void* user, std::uint64_t* id) {
    Impl& self = of(host);
    if (self.timers.size() >= DM_TIMERS_MAX) return DM_LIMIT;
    const std::uint64_t number = ++self.last_id;
    if (id) *id = number;
    self.timers.emplace(std::pair(timer_now(host) + delay_ms, number), Timer{period_ms, run, user});
    return DM_OK;
  }

  static void timer_cancel(const dm_host* host, std::uint64_t id) {
    std::erase_if(of(host).timers, [id](const auto& each) { return each.first.second == id; });
  }

  // Runs the first timer that is due at until_ms; false: there is none.
  bool run_timer(std::uint64_t until_ms) {
    if (timers.empty() || timers.begin()->first.first > until_ms) return false;
    const auto [key, timer] = *timers.begin();
    timers.erase(timers.begin());
    now_ms = std::max(now_ms.load(), static_cast<std::int64_t>(key.first));
    if (timer.period_ms != 0) {
      timers.emplace(std::pair(key.first + timer.period_ms, key.second), timer);
    }
    timer.run(timer.user);
    return true;
  }

  // --- deskmate.http/1, file/1 ---

  static dm_status http_fetch(const dm_host* host, dm_bytes bytes, dm_reply_fn reply, void* user,
                              std::uint64_t* id) {
    Impl& self = of(host);
    if (id) *id = ++self.last_id;
    if (self.taken("fetch", reply, user)) return DM_OK;
    const auto params = decode(view_of(bytes));
    if (!params) return DM_INVALID;
    HttpRequest request;
    request.method = (*params)["method"].as_str("GET");
    request.url = (*params)["url"].as_str();
    request.headers = (*params)["headers"].as_map();
    request.body = (*params)["body"].as_bin();
    request.timeout_ms = static_cast<std::uint32_t>((*params)["timeout_ms"].as_uint());
    request.retries = static_cast<std::uint32_t>((*params)["retries"].as_uint());
    const auto response = self.tape.answer(request);
    if (!response) return self.answer(reply, user, response.error());
    return self.answer(reply, user,
                       Value::map({{"status", response->status},
                                   {"headers", response->headers},
                                   {"body", Value::bin(response->body)}}));
  }

  static dm_status file_create(const dm_host* host, const char*, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("file.create", reply, user)) return DM_OK;
    if (self.writing.size() >= DM_FILE_OPEN_MAX) return DM_LIMIT;
    self.writing[++self.last_id];
    return self.answer(reply, user, Value::map({{"file", self.last_id}}));
  }

  static dm_status file_write(const dm_host* host, std::uint64_t file, dm_bytes piece,
                              dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("file.write", reply, user)) return DM_OK;
    const auto found = self.writing.find(file);
    if (found == self.writing.end()) return DM_NOT_FOUND;
    if (piece.size > DM_FILE_PIECE_MAX || found->second.size() + piece.size > DM_FILE_MAX) {
      return DM_LIMIT;
    }
    found->second += view_of(piece);
    return self.answer(reply, user, Value());
  }

  static dm_status file_finish(const dm_host* host, std::uint64_t file, dm_reply_fn reply,
                               void* user) {
    Impl& self = of(host);
    if (self.taken("file.finish", reply, user)) return DM_OK;
    const auto found = self.writing.find(file);
    if (found == self.writing.end()) return DM_NOT_FOUND;
    const std::string hash = digest(found->second, 32);
    const std::uint64_t size = found->second.size();
    self.files[hash] = std::move(found->second);
    self.writing.erase(found);
    return self.answer(reply, user, Value::map({{"hash", Value::bin(hash)}, {"size", size}}));
  }

  static dm_status file_read(const dm_host* host, dm_bytes hash, std::uint64_t offset,
                             std::uint32_t size, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("file.read", reply, user)) return DM_OK;
    const auto found = self.files.find(std::string(view_of(hash)));
    if (found == self.files.end()) {
      return self.answer(reply, user, Error{Status::not_found, "no such file", {}});
    }
    const std::string& bytes = found->second;
    const std::string piece = offset < bytes.size() ? bytes.substr(offset, size) : std::string();
    return self.answer(reply, user, Value::bin(piece));
  }

  // --- The host itself ---

  static const void* extension(const dm_host*, const char* name) {
    static constexpr dm_ext_bus bus{bus_append, bus_append_at, bus_request,
                                    ignore,     bus_reply,     bus_fail};
    static constexpr dm_ext_reader reader{reader_open, reader_commit, reader_grant, reader_close};
    static constexpr dm_ext_kv kv{kv_get, kv_put};
    static constexpr dm_ext_secret secret{secret_get};
    static constexpr dm_ext_settings settings{settings_instance, settings_get};
    static constexpr dm_ext_log log{log_write};
    static constexpr dm_ext_timer timer{timer_now, timer_set, timer_cancel};
    static constexpr dm_ext_http http{http_fetch, ignore};
    static constexpr dm_ext_file file{file_create, file_write, file_finish, file_read};
    const std::pair<const char*, const void*> all[] = {
        {DM_EXT_BUS, &bus},       {DM_EXT_READER, &reader},     {DM_EXT_KV, &kv},
        {DM_EXT_SECRET, &secret}, {DM_EXT_SETTINGS, &settings}, {DM_EXT_LOG, &log},
        {DM_EXT_TIMER, &timer},   {DM_EXT_HTTP, &http},         {DM_EXT_FILE, &file}};
    for (const auto& [its_name, its_struct] : all) {
      if (std::strcmp(its_name, name) == 0) return its_struct;
    }
    return nullptr;
  }

  static void wake(const dm_host* host) {
    {
      const std::lock_guard lock(of(host).mutex);
      of(host).woken = true;
    }
    of(host).changed.notify_all();
  }

  // Runs what is due; false: there was nothing.
  bool run_once() {
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

  dm_host host{};
  std::string instance;
  dm_plugin* plugin = nullptr;

  std::atomic<std::int64_t> now_ms = start_ms;
  std::uint64_t last_id = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Timer> timers;  // by time and number
  std::deque<std::function<void()>> due;
  std::map<std::uint64_t, std::function<void(Result<Value>)>> asked;
  std::map<std::string, Error> failures;
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
  return Id::from(digest(text, 16));
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
  side->on_request(impl_->plugin, id, method.c_str(), bytes_of(bytes), deadline_ms);
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
