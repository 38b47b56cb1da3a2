// The C++ wrapper around a plugin, with a host that answers every call with any status and bytes:
// nothing crashes, nothing throws, and each call is answered once.
#include <cstring>
#include <deque>
#include <deskmate/plugin.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

struct Call {
  dm_reply_fn reply;
  void* user;
};

// The calls that wait for their answer, and the settings' bytes.
std::deque<Call> waiting;
std::string settings;

dm_status later(dm_reply_fn reply, void* user) {
  if (reply != nullptr) waiting.push_back({reply, user});
  return DM_OK;
}

const dm_ext_bus bus{
    [](const dm_host*, dm_bytes, dm_reply_fn reply, void* user) { return later(reply, user); },
    [](const dm_host*, dm_bytes, const char*, std::uint64_t, dm_reply_fn reply, void* user) {
      return later(reply, user);
    },
    [](const dm_host*, const char*, dm_bytes, std::uint32_t, dm_reply_fn reply, void* user,
       std::uint64_t* id) {
      if (id != nullptr) *id = 1;
      return later(reply, user);
    },
    [](const dm_host*, std::uint64_t) {},
    [](const dm_host*, std::uint64_t, dm_bytes) { return dm_status{DM_OK}; },
    [](const dm_host*, std::uint64_t, dm_status, const char*) { return dm_status{DM_OK}; }};
const dm_ext_kv kv{
    [](const dm_host*, dm_bytes, dm_reply_fn reply, void* user) { return later(reply, user); },
    [](const dm_host*, dm_bytes, dm_bytes, dm_reply_fn reply, void* user) {
      return later(reply, user);
    }};
const dm_ext_http http{
    [](const dm_host*, dm_bytes, dm_reply_fn reply, void* user, std::uint64_t* id) {
      if (id != nullptr) *id = 2;
      return later(reply, user);
    },
    [](const dm_host*, std::uint64_t) {}};
const dm_ext_secret secret{
    [](const dm_host*, const char*, dm_reply_fn reply, void* user) { return later(reply, user); }};
const dm_ext_settings own_settings{
    [](const dm_host*) { return "mail"; },
    [](const dm_host*, const char*) {
      return dm_bytes{reinterpret_cast<const std::uint8_t*>(settings.data()), settings.size()};
    }};

const void* extension(const dm_host*, const char* name) {
  if (std::strcmp(name, DM_EXT_BUS) == 0) return &bus;
  if (std::strcmp(name, DM_EXT_KV) == 0) return &kv;
  if (std::strcmp(name, DM_EXT_HTTP) == 0) return &http;
  if (std::strcmp(name, DM_EXT_SECRET) == 0) return &secret;
  if (std::strcmp(name, DM_EXT_SETTINGS) == 0) return &own_settings;
  return nullptr;
}

// Blocking calls, answered at once with the next of the input's answers.
class Port : public detail::Port {
 public:
  Port(FuzzedDataProvider& input, Host& host) : input_(input), host_(host) {}

  Result<Value> call(std::function<void(Host&, Reply)> start, std::uint64_t) override {
    int answers = 0;
    Result<Value> result = Error{Status::internal, "not answered", ""};
    start(host_, [&](Result<Value> got) {
      ++answers;
      result = std::move(got);
    });
    while (!waiting.empty()) {
      const Call next = waiting.front();
      waiting.pop_front();
      const auto status = static_cast<dm_status>(input_.ConsumeIntegralInRange(-9, 3));
      const std::string bytes = input_.ConsumeRandomLengthString(256);
      next.reply(next.user, status > 0 ? DM_OK : status,
                 {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    }
    host_.run_posted();
    check(answers == 1);
    return result;
  }
  bool sleep_ms(std::uint64_t) override { return false; }
  bool stopping() const override { return input_.remaining_bytes() == 0; }
  Host& host() override { return host_; }

 private:
  FuzzedDataProvider& input_;
  Host& host_;
};

class Listener : public Plugin {
 public:
  void on_events(const std::string&, std::span<const Event> events) override {
    for (const Event& event : events) {
      (void)events::read<events::MessageReceived>(event);
      (void)events::read<events::OrderSeen>(event);
    }
  }
};

void ask_everything(Session& desk) {
  NewEvent event("order.seen");
  event.facts = {{"shop", "box"}};
  (void)desk.append(event);
  (void)desk.append({event, event});
  HttpRequest request;
  request.url = "https://shop.test/";
  if (const auto answer = desk.http(request)) check(answer->body.size() <= 256);
  (void)desk.kv_get("key");
  (void)desk.kv_put("key", "value");
  (void)desk.secret("password");
  (void)desk.put_file("ann@example.org", "bytes");
  (void)desk.get_file(std::string(32, 'h'));
  (void)desk.request("shop.ask", Value::map());
  (void)desk.setting<std::string>("a");
  (void)desk.setting<std::int64_t>("a");
  (void)desk.setting<std::uint16_t>("a");
  (void)desk.setting<bool>("a");
  (void)desk.setting<double>("a");
  (void)desk.setting<std::vector<std::string>>("a");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  settings = input.ConsumeRandomLengthString(64);
  const dm_host host{DM_ABI, 0, nullptr, extension, [](const dm_host*) {}};
  {
    Host wrapped(&host);
    Port port(input, wrapped);
    Session desk(port);
    ask_everything(desk);
  }
  dm_plugin* plugin = detail::create<Listener>(&host);
  check(plugin != nullptr && plugin->start(plugin) == DM_OK);
  const auto* requests =
      static_cast<const dm_ext_plugin_bus*>(plugin->extension(plugin, DM_EXT_PLUGIN_BUS));
  const auto* readers =
      static_cast<const dm_ext_plugin_reader*>(plugin->extension(plugin, DM_EXT_PLUGIN_READER));
  const std::string facts = input.ConsumeRandomLengthString(256);
  const std::string body = fuzz::rest_of(input);
  const auto bytes_of = [](const std::string& text) {
    return dm_bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  };
  requests->on_request(plugin, 1, "action.perform", bytes_of(facts), 1000);
  requests->on_cancel(plugin, 1);
  const dm_event event{1, 2, {}, "message.received", 1, 0, bytes_of(facts), bytes_of(body)};
  readers->on_events(plugin, "reader", &event, 1);
  plugin->stop(plugin);
  plugin->destroy(plugin);
  check(waiting.empty());
  return 0;
}
