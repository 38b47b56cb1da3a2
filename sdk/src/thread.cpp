#include "deskmate/thread.hpp"

#include <utility>

namespace deskmate {

Thread Thread::from(const Value& params) {
  Thread thread;
  thread.chat = Id::from(params["chat"].as_bin());
  thread.refs = params["refs"];
  thread.since_ms = params["since_ms"].as_int();
  thread.claimer = params["claimer"].as_bin();
  thread.automatic = params["auto"].as_bool();
  return thread;
}

Value Thread::to_params() const {
  return Value::map({{"chat", chat.to_value()},
                     {"refs", refs},
                     {"since_ms", since_ms},
                     {"claimer", Value::bin(claimer)},
                     {"auto", automatic}});
}

Tail Tail::answered() { return Tail(Value::map({{"answered", true}})); }
Tail Tail::unanswered() { return Tail(Value::map({{"answered", false}})); }

Tail Tail::cannot_tell(std::string message) {
  return Tail(Error{Status::unavailable, std::move(message), {}});
}

Tail Tail::not_offered() {
  return Tail(Result<Value>(Error{Status::not_found, "this connector reads no threads", {}}));
}

Tail::Tail(const Error& error) : answer_(Error{Status::unavailable, error.message, error.where}) {}

Claim Claim::mine() { return Claim(Value::map({{"claim", "mine"}})); }
Claim Claim::taken() { return Claim(Value::map({{"claim", "taken"}})); }

Claim Claim::cannot_tell(std::string message) {
  return Claim(Value::map({{"claim", "cannot tell"}, {"message", std::move(message)}}));
}

Claim Claim::ask_later(std::string message) {
  return Claim(Error{Status::unavailable, std::move(message), {}});
}

Claim Claim::not_offered() {
  return Claim(Result<Value>(Error{Status::not_found, "this connector has no claims", {}}));
}

Claim::Claim(const Error& error)
    : answer_(Error{Status::unavailable, error.message, error.where}) {}

}  // namespace deskmate
