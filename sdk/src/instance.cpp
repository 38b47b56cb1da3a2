// The C side of a plugin's instance: struct of functions in front of a deskmate::Plugin.
#include <cstring>
#include <memory>
#include <new>

#include "bytes.hpp"
#include "deskmate/plugin.hpp"
#include "guard.hpp"

namespace deskmate {

void Plugin::on_events(const std::string&, std::span<const Event>) {}

void Plugin::on_request(std::uint64_t id, const std::string& method, const Value&, std::uint32_t) {
  host().refuse(id, Error{Status::not_found, "no method " + method, method});
}

void Plugin::on_cancel(std::uint64_t) {}

void Plugin::attach(std::unique_ptr<Host> host) { host_ = std::move(host); }

namespace {

struct Instance {
  dm_plugin c{};
  std::unique_ptr<Plugin> plugin;

  static Plugin& of(dm_plugin* plugin) { return *static_cast<Instance*>(plugin->impl)->plugin; }
};

dm_status start(dm_plugin* c) {
  Plugin& plugin = Instance::of(c);
  dm_status status = DM_INTERNAL;
  detail::guard(plugin.host(), "start", [&] {
    const auto started = plugin.start();
    status = started ? DM_OK : static_cast<dm_status>(started.error().code);
    if (!started) plugin.host().log(Level::error, started.error().message);
  });
  return status;
}

void on_wake(dm_plugin* c) { Instance::of(c).host().run_posted(); }

void stop(dm_plugin* c) {
  Plugin& plugin = Instance::of(c);
  detail::guard(plugin.host(), "stop", [&] { plugin.stop(); });
}

void destroy(dm_plugin* c) { delete static_cast<Instance*>(c->impl); }

void on_request(dm_plugin* c, std::uint64_t id, const char* method, dm_bytes params,
                std::uint32_t deadline_ms) {
  Plugin& plugin = Instance::of(c);
  const bool handled = detail::guard(plugin.host(), "a request's handler", [&] {
    const auto value = decode(view_of(params));
    if (value) {
      plugin.on_request(id, method, *value, deadline_ms);
    } else {
      plugin.host().refuse(id, value.error());
    }
  });
  if (!handled) {
    plugin.host().refuse(id, Error{Status::internal, "a fault in the plugin", method});
  }
}

void on_cancel(dm_plugin* c, std::uint64_t id) {
  Plugin& plugin = Instance::of(c);
  detail::guard(plugin.host(), "a cancellation's handler", [&] { plugin.on_cancel(id); });
}

void on_events(dm_plugin* c, const char* reader, const dm_event* events, std::uint32_t count) {
  Plugin& plugin = Instance::of(c);
  detail::guard(plugin.host(), "an event's handler", [&] {
    std::vector<Event> views(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const dm_event& from = events[i];
      views[i] =
          Event{from.arrival,        from.stamp,        {}, from.type, from.schema, from.flags,
                view_of(from.facts), view_of(from.body)};
      std::memcpy(views[i].id.bytes.data(), from.id, sizeof from.id);
    }
    plugin.on_events(reader, views);
  });
}

const void* extension(dm_plugin*, const char* name) {
  static constexpr dm_ext_plugin_bus bus{on_request, on_cancel};
  static constexpr dm_ext_plugin_reader reader{on_events};
  if (std::strcmp(name, DM_EXT_PLUGIN_BUS) == 0) return &bus;
  if (std::strcmp(name, DM_EXT_PLUGIN_READER) == 0) return &reader;
  return nullptr;
}

}  // namespace

dm_plugin* detail::create_instance(const dm_host* host, Plugin* (*make)()) noexcept {
  try {
    auto instance = std::make_unique<Instance>();
    instance->plugin.reset(make());
    instance->plugin->attach(std::make_unique<Host>(host));
    instance->c = {instance.get(), start, on_wake, stop, destroy, extension};
    return &instance.release()->c;
  } catch (...) {
    return nullptr;  // memory is out, or a constructor does work that it should not
  }
}

}  // namespace deskmate
