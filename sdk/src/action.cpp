#include "deskmate/connector.hpp"

namespace deskmate {

Action Action::from(const Value& params) {
  Action action;
  action.request = Id::from(params["request"].as_bin());
  action.kind = params["kind"].as_str();
  action.facts = params["facts"];
  action.body = params["body"];
  action.attempt = static_cast<std::uint32_t>(params["attempt"].as_uint(1));
  action.since_ms = params["since_ms"].as_int();
  return action;
}

Outcome Outcome::done() { return Outcome(Map{{"outcome", "done"}}); }

Outcome Outcome::failed(std::string code, std::string message, bool again, std::uint64_t after_ms) {
  Map result{{"outcome", "failed"},
             {"code", std::move(code)},
             {"message", std::move(message)},
             {"again", again}};
  if (after_ms != 0) result.add("after_ms", after_ms);
  return Outcome(std::move(result));
}

Outcome Outcome::unknown(std::string message) {
  return Outcome(Map{{"outcome", "unknown"}, {"message", std::move(message)}});
}

Outcome::Outcome(const Error& error) {
  switch (error.code) {
    case Status::invalid:
    case Status::denied:
    case Status::not_found:
      *this = failed(to_string(error.code), error.message);
      break;
    case Status::limit:
      *this = failed(to_string(error.code), error.message, true);
      break;
    default:
      *this = unknown(error.message);
  }
}

Outcome& Outcome::ref(std::string_view name, std::string_view external_id) {
  result_["refs"][name] = external_id;
  return *this;
}

Outcome& Outcome::fact(std::string_view name, Value value) {
  result_["facts"][name] = std::move(value);
  return *this;
}

Outcome& Outcome::body(std::string_view name, Value value) {
  result_["body"][name] = std::move(value);
  return *this;
}

Found Found::yes() { return Found(Map{{"found", "yes"}}); }
Found Found::no() { return Found(Map{{"found", "no"}}); }

Found Found::cannot_tell(std::string message) {
  return Found(Map{{"found", "cannot tell"}, {"message", std::move(message)}});
}

Found Found::ask_later(std::string message) {
  return Found(Map{{"found", "later"}, {"message", std::move(message)}});
}

Found::Found(const Error& error) { *this = cannot_tell(error.message); }

Found& Found::ref(std::string_view name, std::string_view external_id) {
  result_["refs"][name] = external_id;
  return *this;
}

Found& Found::fact(std::string_view name, Value value) {
  result_["facts"][name] = std::move(value);
  return *this;
}

}  // namespace deskmate
