// All that a plugin in C++ includes, and the macro that makes a class loadable.
//
//   class Hello : public deskmate::Plugin {
//     deskmate::Result<void> start() override {
//       host().log(deskmate::Level::info, "hello");
//       return {};
//     }
//   };
//   DESKMATE_PLUGIN(Hello, "hello", "1.0.0")
#pragma once

#include "deskmate/abi.h"
#include "deskmate/connector.hpp"
#include "deskmate/event.hpp"
#include "deskmate/events.hpp"
#include "deskmate/host.hpp"
#include "deskmate/result.hpp"
#include "deskmate/session.hpp"
#include "deskmate/thread.hpp"
#include "deskmate/value.hpp"
#include "deskmate/web.hpp"

namespace deskmate::detail {
// The C side of an instance; null when memory is out. make must not be null.
dm_plugin* create_instance(const dm_host* host, Plugin* (*make)()) noexcept;

template <class T>
dm_plugin* create(const dm_host* host) noexcept {
  return create_instance(host, []() -> Plugin* { return new T(); });
}
}  // namespace deskmate::detail

// Defines the library's one exported function. id and version as in plugin.toml. Use it once, at
// namespace scope. Class has a default constructor that does no work.
#define DESKMATE_PLUGIN(Class, plugin_id, plugin_version)                                   \
  extern "C" DM_EXPORT const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi) { \
    static const dm_descriptor descriptor = {DM_ABI, 0, plugin_id, plugin_version,          \
                                             &::deskmate::detail::create<Class>};           \
    return host_abi == DM_ABI ? &descriptor : nullptr;                                      \
  }
