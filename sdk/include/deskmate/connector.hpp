// The blocking layer: a connector to a shop, a mailbox, a courier. Its work runs on a worker thread
// of its own, one call at a time.
//
//   class MyShop : public deskmate::Connector {
//     Result<void> poll(Session& desk) override;                           // what is new there
//     Outcome perform(Session& desk, const Action& action) override;      // do it there, once
//     Found look_up(Session& desk, const Action& action) override;        // was it done?
//   };
//   DESKMATE_PLUGIN(MyShop, "shop-my", "1.0.0")
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "deskmate/host.hpp"
#include "deskmate/session.hpp"
#include "deskmate/thread.hpp"
#include "deskmate/web.hpp"

namespace deskmate {

// Something to be done for an event: a reply, a refund.
struct Action {
  Id request;                 // the idempotency key; the same at every attempt
  std::string kind;           // "reply", "ship", …
  Value facts;                // of the request's event
  Value body;                 // its body, opened
  std::uint32_t attempt = 1;  // counts from 1
  std::int64_t since_ms = 0;  // look_up: UTC, it was not tried before this

  // An external id out of the body: ref("order"). Empty where there is none.
  std::string_view ref(std::string_view name) const { return body["refs"][name].as_str(); }
  std::string_view text() const { return body["text"].as_str(); }

  static Action from(const Value& params);
};

// What became of an action.
class Outcome {
 public:
  static Outcome done();
  // Nothing happened. code: a word for programs ("stock"), message: for the member. again: the desk
  // may try again by itself, not before after_ms.
  static Outcome failed(std::string code, std::string message, bool again = false,
                        std::uint64_t after_ms = 0);
  // It may have happened or not; the desk asks look_up, then a person.
  static Outcome unknown(std::string message);

  // A call's error while performing, on the safe side: what may have reached the other end is
  // unknown (deadline, cancelled, unavailable, internal), the rest failed, limit with again.
  Outcome(const Error& error);

  // Beside done: external ids of what came of it (the sent message), facts and body of the event.
  Outcome& ref(std::string_view name, std::string_view external_id);
  Outcome& fact(std::string_view name, Value value);
  Outcome& body(std::string_view name, Value value);

  bool is_done() const { return result_["outcome"].as_str() == "done"; }
  bool is_failed() const { return result_["outcome"].as_str() == "failed"; }
  bool is_unknown() const { return result_["outcome"].as_str() == "unknown"; }
  const Map& to_map() const { return result_; }

 private:
  explicit Outcome(Map result) : result_(std::move(result)) {}
  Map result_;
};

// Whether an action was done before.
class Found {
 public:
  static Found yes();
  static Found no();
  static Found cannot_tell(std::string message);
  // The place to look at cannot be reached now: the desk asks again later, and no person yet.
  static Found ask_later(std::string message);
  Found(const Error& error);  // cannot tell

  Found& ref(std::string_view name, std::string_view external_id);
  Found& fact(std::string_view name, Value value);

  bool is_yes() const { return result_["found"].as_str() == "yes"; }
  bool is_no() const { return result_["found"].as_str() == "no"; }
  bool is_later() const { return result_["found"].as_str() == "later"; }
  std::string_view message() const { return result_["message"].as_str(); }
  const Map& to_map() const { return result_; }

 private:
  explicit Found(Map result) : result_(std::move(result)) {}
  Map result_;
};

inline constexpr std::uint32_t poll_every_default_ms = 30'000;
inline constexpr std::uint32_t poll_backoff_max_ms = 300'000;  // between polls that keep failing
inline constexpr std::size_t actions_waiting_max = 64;         // DM_LIMIT beyond

class Connector : public Plugin {
 public:
  Connector();
  ~Connector() override;

  // Before the first poll and the first action; repeated with backoff while it fails. [worker]
  virtual Result<void> begin(Session& desk);

  // Brings what is new. Every poll_every_ms, and after poll_soon. An error is logged and the next
  // poll waits longer. [worker]
  virtual Result<void> poll(Session& desk) = 0;

  // Does the action. Must not do it twice for one action.request where the other side can tell.
  // [worker]
  virtual Outcome perform(Session& desk, const Action& action);

  // Was the action done? [worker]
  virtual Found look_up(Session& desk, const Action& action);

  // Was the buyer answered at the channel, by whomever? Asked before a peer takes over a chat whose
  // owner has vanished. [worker]
  virtual Tail tail(Session& desk, const Thread& thread);

  // Is it for thread.claimer to answer the message? Asked before a reply that another peer might be
  // writing, too. [worker]
  virtual Claim claim(Session& desk, const Thread& thread);

  // A page or a webhook (web = true in the manifest). [worker]
  virtual WebResponse web(Session& desk, const WebRequest& request);

  // Between the end of one poll and the next. [worker]
  virtual std::uint32_t poll_every_ms(Session& desk);

  // The connector stops: make whatever blocks outside of Session (a socket) return. Calls of the
  // Session return Status::cancelled from now on. [plugin thread]
  virtual void interrupt() {}

  // The last call: join threads of your own, log out. [worker]
  virtual void end(Session&) {}

  // Polls as soon as the worker is free. [any thread]
  void poll_soon();

  // For threads of the connector's own, from begin to end.
  Session& session();

  Result<void> start() final;
  void stop() final;
  void on_request(std::uint64_t id, const std::string& method, const Value& params,
                  std::uint32_t deadline_ms) final;
  void on_cancel(std::uint64_t id) final;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace deskmate
