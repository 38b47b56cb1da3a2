// The desk's side of all conversations: who is connected, which methods there are, who is asked.
//
//   Bus bus(loop);
//   bus.method("kv.get", [&](const Call& call, Answer answer) {
//     answer.ok(Value::bin(find(call.session.name(), call.params["key"].as_bin())));
//   });
//   bus.admit(std::move(transport), {.on_hello = ...});
//   bus.call("mail", "action.perform", params, 30'000, [](Result<std::string> result) { ... });
//
// The bus checks the session's right to ask before a method's handler is called. What a method does
// with topics and event types (rights().may_append) is for its handler. Everything on the loop's
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/session.hpp"

namespace deskmate::bus {

inline constexpr std::size_t sessions_max = 256;

// One request to a method; valid during the call of its handler.
struct Call {
  std::shared_ptr<Session> session;
  std::uint64_t id = 0;  // for on_cancel
  std::string_view method;
  View params;               // a map
  std::string_view encoded;  // params as msgpack
  std::uint32_t deadline_ms = 0;
};
using Method = std::function<void(const Call& call, Answer answer)>;

// What the owner of a session wants to hear of; each may be empty.
struct AdmitHandlers {
  // Who may come in; see SessionHandlers. A name that is taken is refused, but a person's is made
  // unique ("cli-2").
  std::function<Result<Admission>(const Hello&)> on_hello;
  std::function<void(Session&)> on_open;
  std::function<void(Session&, const Error& reason)> on_end;
};

class Bus {
 public:
  explicit Bus(Loop& loop);
  ~Bus();  // ends all sessions; their handlers are not called any more
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // Registers a method's handler, in place of an earlier one. name may be a family ("desk.*"),
  // which is asked when there is no handler of exactly that name.
  void method(std::string name, Method handler);

  // Takes a connection in. Null, and the connection closed, when there are sessions_max.
  std::shared_ptr<Session> admit(std::unique_ptr<Transport> transport, AdmitHandlers handlers);

  // Asks a session. Error (reply is never called): unavailable where it is not open, limit,
  // invalid.
  Result<std::uint64_t> call(std::string_view session, std::string_view method, const Value& params,
                             std::uint32_t deadline_ms, ReplyFn reply);

  // The open session of that name, or null.
  std::shared_ptr<Session> find(std::string_view session) const;

  // Ends all sessions, saying why.
  void end_all(const Error& reason);

  std::vector<std::shared_ptr<Session>> sessions() const;   // open ones, by name
  std::size_t size() const { return connections_.size(); }  // not yet open ones, too

  // For the reader hub: credit came or the way out is free; a session ended. Called in addition to
  // the AdmitHandlers. Not to be changed while there are sessions.
  void on_ready(std::function<void(Session&)> ready) { on_ready_ = std::move(ready); }
  void on_gone(std::function<void(Session&)> gone) { on_gone_ = std::move(gone); }
  // A request was cancelled by whoever asked; call.id says which.
  void on_cancel(std::function<void(Session&, std::uint64_t id)> cancel) {
    on_cancel_ = std::move(cancel);
  }
  // A session asked for something that it has no right to, of whatever method; for the owner to
  // see.
  void on_denied(std::function<void(Session&, const Error&)> denied) {
    on_denied_ = std::move(denied);
  }

 private:
  const Method* find_method(std::string_view name) const;
  void dispatch(Session& session, Incoming request, Answer answer);
  Result<Admission> check(const AdmitHandlers& handlers, const Hello& hello) const;

  Loop& loop_;
  std::map<std::string, Method, std::less<>> methods_;
  std::map<const Session*, std::shared_ptr<Session>> connections_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> open_;
  std::function<void(Session&)> on_ready_;
  std::function<void(Session&)> on_gone_;
  std::function<void(Session&, std::uint64_t)> on_cancel_;
  std::function<void(Session&, const Error&)> on_denied_;
  std::shared_ptr<Bus*> self_;  // what sessions hold of the bus; emptied when it goes
};

}  // namespace deskmate::bus
