// The host's side of the extensions: checks what a plugin passes in, and puts it into a request.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/host/runtime_impl.hpp"

namespace deskmate::host {
namespace {

std::string_view view(dm_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.data == nullptr ? 0 : bytes.size};
}

bool is_name(const char* name) {
  return name != nullptr && *name != '\0' && std::strlen(name) <= bus::name_bytes_max;
}

// Values of plugins go into frames as they are: what is not msgpack would break the frame.
enum class Shape { any, map, array };
bool is_value(std::string_view bytes, Shape shape) {
  Document document;
  if (!document.parse(bytes)) return false;
  if (shape == Shape::map) return document.root().is_map();
  if (shape == Shape::array) return document.root().is_array();
  return true;
}

// {events: [...]} and, for a reader, its name and arrival.
dm_status append(const dm_host* host, const char* function, dm_bytes events, const char* reader,
                 std::uint64_t arrival, dm_reply_fn reply, void* user) {
  auto& runtime = Runtime::Impl::of(host);
  if (const dm_status refused = runtime.enter(function)) return refused;
  if (!bus::frame_fits(events.size + bus::name_bytes_max)) return DM_LIMIT;
  if (!is_value(view(events), Shape::array)) return DM_INVALID;
  if (reader != nullptr && !is_name(reader)) return DM_INVALID;
  std::string params;
  params.reserve(events.size + 64);
  Writer(params).map(reader == nullptr ? 1 : 3).key("events");
  params.append(view(events));
  if (reader != nullptr) {
    Writer(params).key("reader").text(reader).key("arrival").unsigned_integer(arrival);
  }
  return runtime.ask("log.append", std::move(params), call_ms, reply, user);
}

const dm_ext_bus ext_bus = {
    .append = [](const dm_host* host, dm_bytes events, dm_reply_fn reply, void* user) noexcept
    -> dm_status { return append(host, "bus.append", events, nullptr, 0, reply, user); },
    .append_at = [](const dm_host* host, dm_bytes events, const char* reader, uint64_t arrival,
                    dm_reply_fn reply, void* user) noexcept -> dm_status {
      if (reader == nullptr) return DM_INVALID;
      const dm_status sent = append(host, "bus.append_at", events, reader, arrival, reply, user);
      if (sent == DM_OK) Runtime::Impl::of(host).pay(reader, arrival);
      return sent;
    },
    .request = [](const dm_host* host, const char* method, dm_bytes params, uint32_t deadline_ms,
                  dm_reply_fn reply, void* user, uint64_t* id) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("bus.request")) return refused;
      if (!bus::frame_fits(params.size)) return DM_LIMIT;
      if (!is_name(method) || !is_value(view(params), Shape::map)) return DM_INVALID;
      if (deadline_ms == 0 || deadline_ms > DM_DEADLINE_MAX_MS) return DM_INVALID;
      return runtime.ask(method, std::string(view(params)), deadline_ms, reply, user, id);
    },
    .cancel = [](const dm_host* host, uint64_t id) noexcept -> void {
      auto& runtime = Runtime::Impl::of(host);
      if (runtime.enter("bus.cancel") == DM_OK) runtime.session->cancel(id);
    },
    .reply = [](const dm_host* host, uint64_t id, dm_bytes result) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("bus.reply", false)) return refused;
      const auto found = runtime.answers.find(id);
      if (found == runtime.answers.end()) return DM_NOT_FOUND;
      if (!bus::frame_fits(result.size)) return DM_LIMIT;
      if (!is_value(view(result), Shape::any)) return DM_INVALID;
      bus::Answer answer = std::move(found->second);
      runtime.answers.erase(found);
      answer.ok_encoded(std::string(view(result)));
      return DM_OK;
    },
    .fail = [](const dm_host* host, uint64_t id, dm_status status,
               const char* message) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("bus.fail", false)) return refused;
      if (status >= 0) return DM_INVALID;
      const auto found = runtime.answers.find(id);
      if (found == runtime.answers.end()) return DM_NOT_FOUND;
      bus::Answer answer = std::move(found->second);
      runtime.answers.erase(found);
      answer.fail({static_cast<Status>(std::max<dm_status>(status, DM_INTERNAL)),
                   fix_utf8(message == nullptr ? "" : message), ""});
      return DM_OK;
    },
};

const dm_ext_reader ext_reader = {
    .open = [](const dm_host* host, const char* name, const char* const* topics, uint32_t count,
               uint32_t from, dm_reply_fn reply, void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("reader.open")) return refused;
      if (!is_name(name) || topics == nullptr || count == 0 || from > DM_FROM_NOW) {
        return DM_INVALID;
      }
      if (count > bus::topics_max) return DM_LIMIT;
      if (runtime.readers.contains(name)) return DM_INVALID;
      std::vector<std::string> wanted;
      for (uint32_t i = 0; i < count; ++i) {
        if (!is_name(topics[i])) return DM_INVALID;
        wanted.emplace_back(topics[i]);
      }
      const std::string reader = name;
      auto opened = [&runtime, reader,
                     then = runtime.to_plugin(reply, user)](Result<std::string> result) {
        if (const auto found = runtime.readers.find(reader);
            !result && found != runtime.readers.end()) {
          const auto commits = found->second.commits;
          runtime.readers.erase(found);
          commits->finish();
        }
        then(std::move(result));
      };
      const auto sent = runtime.session->open_reader(reader, wanted, from == DM_FROM_START,
                                                     DM_READER_WINDOW, std::move(opened));
      if (!sent) return static_cast<dm_status>(sent.error().code);
      runtime.readers[reader].commits = runtime.commits_of(reader);
      return DM_OK;
    },
    .commit = [](const dm_host* host, const char* name, uint64_t arrival, dm_reply_fn reply,
                 void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("reader.commit")) return refused;
      if (!is_name(name)) return DM_INVALID;
      const auto found = runtime.readers.find(name);
      if (found == runtime.readers.end()) return DM_NOT_FOUND;
      return found->second.commits->add(arrival, reply, user);
    },
    .grant = [](const dm_host* host, const char* name, uint32_t count) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("reader.grant")) return refused;
      if (!is_name(name)) return DM_INVALID;
      const auto found = runtime.readers.find(name);
      if (found == runtime.readers.end()) return DM_NOT_FOUND;
      // A later commit does not pay for these again.
      auto& unpaid = found->second.unpaid;
      unpaid.erase(unpaid.begin(),
                   unpaid.begin() +
                       static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, unpaid.size())));
      if (count > 0) runtime.session->grant(name, count);
      return DM_OK;
    },
    .close = [](const dm_host* host, const char* name) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("reader.close")) return refused;
      if (!is_name(name)) return DM_INVALID;
      const auto found = runtime.readers.find(name);
      if (found == runtime.readers.end()) return DM_NOT_FOUND;
      const auto commits = found->second.commits;
      runtime.readers.erase(found);
      commits->finish();  // before it is closed
      runtime.session->close_reader(name);
      return DM_OK;
    },
};

const dm_ext_timer ext_timer = {
    .now_ms = [](const dm_host*) noexcept -> uint64_t {
      const auto since = std::chrono::system_clock::now().time_since_epoch();
      return static_cast<uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    },
    .set = [](const dm_host* host, uint64_t delay_ms, uint64_t period_ms, dm_timer_fn fn,
              void* user, uint64_t* id) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("timer.set", false)) return refused;
      if (runtime.state == Runtime::Impl::State::stopping) return DM_CANCELLED;
      constexpr uint64_t longest_ms = uint64_t{1} << 53;
      if (fn == nullptr || delay_ms > longest_ms || period_ms > longest_ms) return DM_INVALID;
      if (runtime.timers.size() >= DM_TIMERS_MAX) return DM_LIMIT;
      const uint64_t timer = ++runtime.last_timer;
      runtime.timers[timer] = {0, period_ms, fn, user, 0};
      runtime.set_timer(timer, runtime.loop.now_ms() + delay_ms);
      if (id != nullptr) *id = timer;
      return DM_OK;
    },
    .cancel = [](const dm_host* host, uint64_t id) noexcept -> void {
      auto& runtime = Runtime::Impl::of(host);
      if (runtime.enter("timer.cancel", false) != DM_OK) return;
      const auto found = runtime.timers.find(id);
      if (found == runtime.timers.end()) return;
      runtime.loop.cancel(found->second.timer);
      runtime.timers.erase(found);
    },
};

const dm_ext_settings ext_settings = {
    .instance = [](const dm_host* host) noexcept -> const char* {
      return Runtime::Impl::of(host).instance.c_str();
    },
    .get = [](const dm_host* host, const char* key) noexcept -> dm_bytes {
      const auto& settings = Runtime::Impl::of(host).settings;
      const auto found = key == nullptr ? settings.end() : settings.find(std::string_view(key));
      if (found == settings.end()) return {nullptr, 0};
      return {reinterpret_cast<const std::uint8_t*>(found->second.data()), found->second.size()};
    },
};

const dm_ext_kv ext_kv = {
    .get = [](const dm_host* host, dm_bytes key, dm_reply_fn reply,
              void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("kv.get")) return refused;
      if (key.size == 0) return DM_INVALID;
      if (key.size > DM_KV_KEY_MAX) return DM_LIMIT;
      std::string params;
      Writer(params).map(1).key("key").bin(view(key));
      return runtime.ask("kv.get", std::move(params), call_ms, reply, user);
    },
    .put = [](const dm_host* host, dm_bytes key, dm_bytes value, dm_reply_fn reply,
              void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("kv.put")) return refused;
      if (key.size == 0) return DM_INVALID;
      if (key.size > DM_KV_KEY_MAX || value.size > DM_KV_VALUE_MAX) return DM_LIMIT;
      std::string params;
      Writer(params).map(2).key("key").bin(view(key)).key("value").bin(view(value));
      return runtime.ask("kv.put", std::move(params), call_ms, reply, user);
    },
};

const dm_ext_secret ext_secret = {
    .get = [](const dm_host* host, const char* name, dm_reply_fn reply,
              void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("secret.get")) return refused;
      if (!is_name(name)) return DM_INVALID;
      std::string params;
      Writer(params).map(1).key("name").text(name);
      return runtime.ask("secret.get", std::move(params), call_ms, reply, user);
    },
};

const dm_ext_log ext_log = {
    .write = [](const dm_host* host, int32_t level, const char* message) noexcept -> void {
      if (message != nullptr) Runtime::Impl::of(host).write_log(level, message);
    },
};

const dm_ext_http ext_http = {
    .fetch = [](const dm_host* host, dm_bytes request, dm_reply_fn reply, void* user,
                uint64_t* id) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("http.fetch")) return refused;
      if (!bus::frame_fits(request.size)) return DM_LIMIT;
      if (!is_value(view(request), Shape::map)) return DM_INVALID;
      // The service's own limits end it much earlier.
      return runtime.ask("http.fetch", std::string(view(request)), DM_DEADLINE_MAX_MS, reply, user,
                         id);
    },
    .cancel = [](const dm_host* host, uint64_t id) noexcept -> void {
      auto& runtime = Runtime::Impl::of(host);
      if (runtime.enter("http.cancel") == DM_OK) runtime.session->cancel(id);
    },
};

const dm_ext_file ext_file = {
    .create = [](const dm_host* host, const char* buyer, dm_reply_fn reply,
                 void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("file.create")) return refused;
      if (buyer == nullptr || *buyer == '\0') return DM_INVALID;
      std::string params;
      Writer(params).map(1).key("buyer").text(buyer);
      if (!is_value(params, Shape::map)) return DM_INVALID;  // not UTF-8, or too long
      return runtime.ask("file.create", std::move(params), call_ms, reply, user);
    },
    .write = [](const dm_host* host, uint64_t file, dm_bytes piece, dm_reply_fn reply,
                void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("file.write")) return refused;
      if (piece.size > DM_FILE_PIECE_MAX) return DM_LIMIT;
      std::string params;
      Writer(params).map(2).key("file").unsigned_integer(file).key("piece").bin(view(piece));
      return runtime.ask("file.write", std::move(params), call_ms, reply, user);
    },
    .finish = [](const dm_host* host, uint64_t file, dm_reply_fn reply,
                 void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("file.finish")) return refused;
      std::string params;
      Writer(params).map(1).key("file").unsigned_integer(file);
      return runtime.ask("file.finish", std::move(params), call_ms, reply, user);
    },
    .read = [](const dm_host* host, dm_bytes hash, uint64_t offset, uint32_t size,
               dm_reply_fn reply, void* user) noexcept -> dm_status {
      auto& runtime = Runtime::Impl::of(host);
      if (const dm_status refused = runtime.enter("file.read")) return refused;
      constexpr std::uint64_t hash_size = 32;
      if (hash.size != hash_size || size == 0) return DM_INVALID;
      if (size > DM_FILE_PIECE_MAX) return DM_LIMIT;
      std::string params;
      Writer(params).map(3).key("hash").bin(view(hash));
      Writer(params).key("offset").unsigned_integer(offset).key("size").unsigned_integer(size);
      return runtime.ask("file.read", std::move(params), call_ms, reply, user);
    },
};

}  // namespace

std::shared_ptr<Commits> Runtime::Impl::commits_of(const std::string& reader) {
  Commits::Hooks hooks;
  hooks.send = [this, reader](std::uint64_t arrival, Commits::Done done) -> Result<void> {
    std::string params;
    Writer(params).map(2).key("name").text(reader).key("arrival").unsigned_integer(arrival);
    const auto sent =
        session->request("reader.commit", std::move(params), call_ms, std::move(done));
    if (!sent) return sent.error();
    return {};
  };
  hooks.pay = [this, reader](std::uint64_t arrival) { pay(reader, arrival); };
  hooks.tell = [this](dm_reply_fn reply, void* user, const Result<std::string>& result) {
    to_plugin(reply, user)(result);
  };
  return std::make_shared<Commits>(loop, std::move(hooks));
}

void Runtime::Impl::pay(std::string_view reader, std::uint64_t arrival) {
  const auto found = readers.find(reader);
  if (found == readers.end() || session == nullptr) return;
  auto& unpaid = found->second.unpaid;
  const auto end = std::upper_bound(unpaid.begin(), unpaid.end(), arrival);
  const auto count = static_cast<std::uint64_t>(end - unpaid.begin());
  unpaid.erase(unpaid.begin(), end);
  if (count > 0) session->grant(reader, count);
}

const void* find_extension(std::string_view name) {
  if (name == DM_EXT_BUS) return &ext_bus;
  if (name == DM_EXT_READER) return &ext_reader;
  if (name == DM_EXT_TIMER) return &ext_timer;
  if (name == DM_EXT_SETTINGS) return &ext_settings;
  if (name == DM_EXT_KV) return &ext_kv;
  if (name == DM_EXT_SECRET) return &ext_secret;
  if (name == DM_EXT_LOG) return &ext_log;
  if (name == DM_EXT_HTTP) return &ext_http;
  if (name == DM_EXT_FILE) return &ext_file;
  return nullptr;
}

}  // namespace deskmate::host
