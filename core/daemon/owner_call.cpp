#include "core/daemon/owner_call.hpp"

#include <algorithm>
#include <utility>

#include "core/daemon/errors.hpp"
#include "core/daemon/present.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::uint64_t span_default_ms = 7ull * 86'400'000;

}  // namespace

void serve_owner(bus::Bus& bus, const std::string& name, OwnerMethod method) {
  bus.method(name, [method = std::move(method)](const bus::Call& call, bus::Answer answer) {
    // Which of them a member may ask for, the bus has checked.
    if (!call.session->rights().owner && call.session->rights().member == 0) {
      return answer.fail({Status::denied, "for people only", std::string(call.method)});
    }
    method(call, std::move(answer));
  });
}

void serve_owner(Service& service,
                 std::initializer_list<std::pair<const char*, OwnerHandler>> methods) {
  for (const auto& [name, handler] : methods) {
    serve_owner(service.bus, name,
                [&service, handler = handler](const bus::Call& call, bus::Answer answer) {
                  handler(service, call, std::move(answer));
                });
  }
}

desk::Language language_of(const Service& service, const bus::Call& call) {
  return desk::language_from(call.params["language"].as_str(name_of(service.options.language)));
}

Language words_of(const Service& service, const bus::Call& call) {
  return language_of(service, call) == desk::Language::chinese ? Language::zh : Language::en;
}

Span span_of(const Service& service, const bus::Call& call) {
  const std::uint64_t to_ms = call.params["to_ms"].as_uint(service.options.wall_ms() + 1);
  return {call.params["from_ms"].as_uint(to_ms - std::min(to_ms, span_default_ms)), to_ms};
}

std::uint64_t events_here(const Service& service) {
  std::uint64_t events = 0;
  for (const auto& tip : service.store.frontier()) events += tip.seq;
  return events;
}

void finish(Service& service, desk::Language language, const desk::Result<desk::Proposal>& proposal,
            const std::shared_ptr<bus::Answer>& answer) {
  if (proposal.has_error()) return answer->fail(to_error(proposal.error(), language));
  service.append(proposal.value(), [answer](const Result<std::vector<Outcome>>& result) {
    if (!result) return answer->fail(result.error());
    answer->ok(
        Value::map({{"event", hex(result->front().id)}, {"arrival", result->front().arrival}}));
  });
}

void finish(Service& service, const bus::Call& call, const desk::Result<desk::Proposal>& proposal,
            bus::Answer answer) {
  finish(service, language_of(service, call), proposal,
         std::make_shared<bus::Answer>(std::move(answer)));
}

}  // namespace deskmate::daemon
