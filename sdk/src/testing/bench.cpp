#include "deskmate/testing/bench.hpp"

#include <optional>

namespace deskmate::testing {

Result<Value> detail::InlinePort::call(std::function<void(Host&, Reply)> start, std::uint64_t) {
  if (stopping_) return Error{Status::cancelled, "the connector is stopping", {}};
  auto answer = std::make_shared<std::optional<Result<Value>>>();
  start(host_, [answer](Result<Value> result) { answer->emplace(std::move(result)); });
  // Calls that fail at once are answered by a posted task, the others by the fake.
  host_.run_posted();
  if (!answer->has_value()) fake_.run();
  if (!answer->has_value()) return Error{Status::deadline, "the fake host gave no answer", {}};
  return std::move(**answer);
}

bool detail::InlinePort::sleep_ms(std::uint64_t delay_ms) {
  if (!stopping_) fake_.advance(delay_ms);
  return !stopping_;
}

Action action(std::string kind, Map facts, Map body, std::uint8_t number) {
  Action made;
  made.request.bytes.back() = number;
  made.kind = std::move(kind);
  made.facts = std::move(facts);
  made.body = std::move(body);
  return made;
}

Value action_params(const Action& action) {
  return Value::map({{"request", action.request.to_value()},
                     {"kind", action.kind},
                     {"facts", action.facts},
                     {"body", action.body},
                     {"attempt", action.attempt},
                     {"since_ms", action.since_ms}});
}

}  // namespace deskmate::testing
