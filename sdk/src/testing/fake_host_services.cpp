// What a host keeps and fetches for a plugin: values, secrets, settings, log, timers, HTTP, files.
#include <algorithm>
#include <array>

#include "fake_host_impl.hpp"

namespace deskmate::testing {

// --- deskmate.kv/1 ---

struct FakeHost::Impl::KvCalls {
  static dm_status get(const dm_host* host, dm_bytes key, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("kv.get", reply, user)) return DM_OK;
    const auto found = self.kv.find(std::string(view_of(key)));
    const bool there = found != self.kv.end();
    return self.answer(reply, user, there ? Value::bin(found->second) : Value());
  }

  static dm_status put(const dm_host* host, dm_bytes key, dm_bytes value, dm_reply_fn reply,
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
};
constinit const dm_ext_kv FakeHost::Impl::kv_table{KvCalls::get, KvCalls::put};

// --- deskmate.secret/1 ---

struct FakeHost::Impl::SecretCalls {
  static dm_status get(const dm_host* host, const char* name, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("secret", reply, user)) return DM_OK;
    const auto found = self.secrets.find(name);
    if (found != self.secrets.end()) return self.answer(reply, user, Value(found->second));
    return self.answer(reply, user, Error{Status::not_found, "the owner has not set it", name});
  }
};
constinit const dm_ext_secret FakeHost::Impl::secret_table{SecretCalls::get};

// --- deskmate.settings/1 ---

struct FakeHost::Impl::SettingsCalls {
  static const char* instance(const dm_host* host) { return of(host).instance.c_str(); }

  static dm_bytes get(const dm_host* host, const char* key) {
    const auto& settings = of(host).settings;
    const auto found = settings.find(key);
    return found == settings.end() ? dm_bytes{} : bytes_of(found->second);
  }
};
constinit const dm_ext_settings FakeHost::Impl::settings_table{SettingsCalls::instance,
                                                               SettingsCalls::get};

// --- deskmate.log/1 ---

struct FakeHost::Impl::LogCalls {
  static void write(const dm_host* host, std::int32_t level, const char* message) {
    static constexpr std::array<const char*, 4> names = {"debug: ", "info: ", "warn: ", "error: "};
    const auto index = static_cast<std::size_t>(std::clamp(level, 0, 3));
    const std::lock_guard lock(of(host).mutex);
    of(host).lines.push_back(std::string(names.at(index)) + message);
  }
};
constinit const dm_ext_log FakeHost::Impl::log_table{LogCalls::write};

// --- deskmate.timer/1 ---

struct FakeHost::Impl::TimerCalls {
  static std::uint64_t now(const dm_host* host) {
    return static_cast<std::uint64_t>(of(host).now_ms.load());
  }

  static dm_status set(const dm_host* host, std::uint64_t delay_ms, std::uint64_t period_ms,
                       dm_timer_fn run, void* user, std::uint64_t* id) {
    Impl& self = of(host);
    if (self.timers.size() >= DM_TIMERS_MAX) return DM_LIMIT;
    const std::uint64_t number = ++self.last_id;
    if (id) *id = number;
    self.timers.emplace(std::pair(now(host) + delay_ms, number), Timer{period_ms, run, user});
    return DM_OK;
  }

  static void cancel(const dm_host* host, std::uint64_t id) {
    std::erase_if(of(host).timers, [id](const auto& each) { return each.first.second == id; });
  }
};
constinit const dm_ext_timer FakeHost::Impl::timer_table{TimerCalls::now, TimerCalls::set,
                                                         TimerCalls::cancel};

bool FakeHost::Impl::run_timer(std::uint64_t until_ms) {
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

// --- deskmate.http/1 ---

struct FakeHost::Impl::HttpCalls {
  static dm_status fetch(const dm_host* host, dm_bytes bytes, dm_reply_fn reply, void* user,
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
};
constinit const dm_ext_http FakeHost::Impl::http_table{HttpCalls::fetch, ignore};

// --- deskmate.file/1 ---

struct FakeHost::Impl::FileCalls {
  static dm_status create(const dm_host* host, const char*, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("file.create", reply, user)) return DM_OK;
    if (self.writing.size() >= DM_FILE_OPEN_MAX) return DM_LIMIT;
    self.writing[++self.last_id];
    return self.answer(reply, user, Value::map({{"file", self.last_id}}));
  }

  static dm_status write(const dm_host* host, std::uint64_t file, dm_bytes piece, dm_reply_fn reply,
                         void* user) {
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

  static dm_status finish(const dm_host* host, std::uint64_t file, dm_reply_fn reply, void* user) {
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

  static dm_status read(const dm_host* host, dm_bytes hash, std::uint64_t offset,
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
};
constinit const dm_ext_file FakeHost::Impl::file_table{FileCalls::create, FileCalls::write,
                                                       FileCalls::finish, FileCalls::read};

}  // namespace deskmate::testing
