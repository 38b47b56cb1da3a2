// A buyer's thread at the channel, for connectors that can say more about it than what they bring:
// was the buyer answered, by whomever (another peer of the desk, a person in the shop's own mail
// program)? And, where the channel has something of the kind, a claim: of several peers that want
// to answer the same message at most one is told that it may. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "deskmate/event.hpp"
#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate {

// What is asked about.
struct Thread {
  Id chat;                    // the desk's name of it
  Value refs;                 // external ids: thread, buyer, message (the buyer's to be answered)
  std::int64_t since_ms = 0;  // tail: UTC, when that message came
  std::string claimer;        // claim: who claims, bytes that no other peer has
  bool automatic = false;     // claim: for a greeting; such claims are apart from the others

  // refs' ids; empty where there is none.
  std::string_view ref(std::string_view name) const { return refs[name].as_str(); }

  static Thread from(const Value& params);
  Value to_params() const;
};

// Has the message an answer? Greetings and other automatic messages are none.
class Tail {
 public:
  static Tail answered();
  static Tail unanswered();
  static Tail cannot_tell(std::string message);
  static Tail not_offered();  // by this connector
  Tail(const Error& error);   // cannot tell

  bool is_answered() const { return answer_ && (*answer_)["answered"].as_bool(); }
  bool is_unanswered() const { return answer_ && !is_answered(); }
  // What the desk is given; an error: cannot tell, or (not_found) not offered.
  const Result<Value>& result() const { return answer_; }

 private:
  explicit Tail(Result<Value> answer) : answer_(std::move(answer)) {}
  Result<Value> answer_;
};

// Whose is the message to answer?
class Claim {
 public:
  static Claim mine();   // thread.claimer's, now or since earlier; nobody else is ever told so
  static Claim taken();  // somebody else's
  // This place has no claims: the desk does without.
  static Claim cannot_tell(std::string message);
  // The place cannot be reached now: the desk asks again before it answers.
  static Claim ask_later(std::string message);
  static Claim not_offered();  // by this connector; the desk does without
  Claim(const Error& error);   // ask later

  bool is_mine() const { return is("mine"); }
  bool is_taken() const { return is("taken"); }
  bool is_cannot_tell() const { return is("cannot tell"); }
  // What the desk is given; an error: ask later, or (not_found) not offered.
  const Result<Value>& result() const { return answer_; }

 private:
  explicit Claim(Result<Value> answer) : answer_(std::move(answer)) {}
  bool is(std::string_view claim) const { return answer_ && (*answer_)["claim"].as_str() == claim; }
  Result<Value> answer_;
};

}  // namespace deskmate
