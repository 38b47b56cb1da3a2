// Does, over the bare ABI, what no plugin should. The setting `how` says what: "crash_at_start" and
// "fail_at_start" at once, the rest when an event comes.
#include <deskmate/abi.h>
#include <deskmate/ext/bus.h>
#include <deskmate/ext/log.h>
#include <deskmate/ext/reader.h>
#include <deskmate/ext/settings.h>
#include <deskmate/ext/timer.h>

#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct Bad {
  dm_plugin plugin{};
  const dm_host* host = nullptr;
  std::string how;
  std::vector<char*> leaked;
  bool busy = false;

  template <class T>
  const T& ext(const char* name) const {
    return *static_cast<const T*>(host->extension(host, name));
  }
};

Bad& of(dm_plugin* plugin) { return *static_cast<Bad*>(plugin->impl); }

void ignore(void*, dm_status, dm_bytes) {}

// The signal itself, so that no sanitizer turns it into something else.
[[noreturn]] void crash() {
  std::fputs("about to crash\n", stderr);
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  std::abort();
}

void append(const Bad& bad, const std::string& type) {
  // [{type: ..., facts: {}}]
  std::string event("\x91\x82\xa4type", 7);
  event += static_cast<char>(0xa0 | type.size());
  event += type +
           "\xa5"
           "facts\x80";
  bad.ext<dm_ext_bus>(DM_EXT_BUS)
      .append(bad.host, {reinterpret_cast<const uint8_t*>(event.data()), event.size()}, ignore,
              nullptr);
}

dm_status start(dm_plugin* plugin) {
  Bad& bad = of(plugin);
  const dm_bytes how = bad.ext<dm_ext_settings>(DM_EXT_SETTINGS).get(bad.host, "how");
  // A short text's header is one byte.
  bad.how.assign(reinterpret_cast<const char*>(how.data) + 1, how.size - 1);
  if (bad.how == "crash_at_start") crash();
  if (bad.how == "throw_at_start") throw std::runtime_error("no start");
  if (bad.how == "fail_at_start") {
    bad.ext<dm_ext_log>(DM_EXT_LOG).write(bad.host, DM_LOG_ERROR, "the mailbox is not there");
    return DM_UNAVAILABLE;
  }
  const char* topics[] = {bad.how == "undeclared_read" ? "message.received" : "order.seen"};
  bad.ext<dm_ext_reader>(DM_EXT_READER)
      .open(bad.host, "orders", topics, 1, DM_FROM_NOW, ignore, nullptr);
  return DM_OK;
}

void flood(void* user) {
  const Bad& bad = *static_cast<const Bad*>(user);
  for (int i = 0; i < 1000; ++i) {
    append(bad, "message.received");
    bad.ext<dm_ext_log>(DM_EXT_LOG).write(bad.host, DM_LOG_INFO, "again and again");
  }
}

void leak(void* user) {
  Bad& bad = *static_cast<Bad*>(user);
  constexpr std::size_t piece = 16u << 20;
  char* memory = new char[piece];
  std::memset(memory, 1, piece);
  bad.leaked.push_back(memory);
}

void every_ms(Bad& bad, dm_timer_fn fn) {
  if (std::exchange(bad.busy, true)) return;  // the host is to live long enough to be judged
  bad.ext<dm_ext_timer>(DM_EXT_TIMER).set(bad.host, 0, 1, fn, &bad, nullptr);
}

void on_events(dm_plugin* plugin, const char*, const dm_event* events, uint32_t count) {
  Bad& bad = of(plugin);
  if (bad.how == "crash_on_message") crash();
  if (bad.how == "hang") {
    while (true) pause();
  }
  if (bad.how == "flood") every_ms(bad, flood);
  if (bad.how == "leak") every_ms(bad, leak);
  if (bad.how == "throw") throw std::runtime_error("thrown across");
  if (bad.how == "exit") _exit(3);
  if (bad.how == "undeclared_append") append(bad, "order.seen");
  if (bad.how == "wrong_thread") {
    std::thread([&bad] { append(bad, "message.received"); }).join();
  }
  if (bad.how == "ignores_stop") std::signal(SIGTERM, SIG_IGN);
  bad.ext<dm_ext_reader>(DM_EXT_READER)
      .commit(bad.host, "orders", events[count - 1].arrival, nullptr, nullptr);
}

void on_wake(dm_plugin*) {}

void stop(dm_plugin* plugin) {
  Bad& bad = of(plugin);
  for (char* memory : bad.leaked) delete[] memory;
  bad.leaked.clear();
}

void destroy(dm_plugin* plugin) { delete &of(plugin); }

const void* extension(dm_plugin*, const char* name) {
  static const dm_ext_plugin_reader reader = {on_events};
  return std::string_view(name) == DM_EXT_PLUGIN_READER ? &reader : nullptr;
}

dm_plugin* create(const dm_host* host) {
  auto* bad = new Bad;
  bad->host = host;
  bad->plugin = {bad, start, on_wake, stop, destroy, extension};
  return &bad->plugin;
}

}  // namespace

extern "C" DM_EXPORT const dm_descriptor* deskmate_plugin_entry(uint32_t) {
  static const dm_descriptor descriptor = {DM_ABI, 0, "bad", "1.0.0", create};
  return &descriptor;
}
