// What every method of owners does alike: for people only (the command line's, or a member's in a
// browser with the access for it), in the caller's language, answered once the event is on disk and
// folded. Loop thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>

#include "core/daemon/service.hpp"

namespace deskmate::daemon {

// Registers a method that other sessions are denied.
using OwnerMethod = std::function<void(const bus::Call& call, bus::Answer answer)>;
void serve_owner(bus::Bus& bus, const std::string& name, OwnerMethod method);
using OwnerHandler = void (*)(Service& service, const bus::Call& call, bus::Answer answer);
void serve_owner(Service& service,
                 std::initializer_list<std::pair<const char*, OwnerHandler>> methods);

// The parameter `language`, else the desk's.
desk::Language language_of(const Service& service, const bus::Call& call);
// The same, of the daemon's own messages.
Language words_of(const Service& service, const bus::Call& call);

// The parameters `from_ms` and `to_ms`; without them the last week.
struct Span {
  std::uint64_t from_ms = 0;
  std::uint64_t to_ms = 0;
};
Span span_of(const Service& service, const bus::Call& call);

// How many events are here; the last arrival is beyond that where bodies came after their events.
std::uint64_t events_here(const Service& service);

// Appends what was proposed and answers {event, arrival}, or says why not.
void finish(Service& service, desk::Language language, const desk::Result<desk::Proposal>& proposal,
            const std::shared_ptr<bus::Answer>& answer);
void finish(Service& service, const bus::Call& call, const desk::Result<desk::Proposal>& proposal,
            bus::Answer answer);

}  // namespace deskmate::daemon
