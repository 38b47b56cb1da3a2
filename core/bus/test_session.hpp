// For tests of sessions: both sides over memory, or one side and a bare end that says anything.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/bus/memory_transport.hpp"
#include "core/bus/session.hpp"
#include "core/bus/test_loop.hpp"

namespace deskmate::bus {

// The other end of a session under test: keeps what it gets, sends what it is told.
class BareEnd : public Transport::User {
 public:
  explicit BareEnd(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {
    transport_->start(*this);
  }
  ~BareEnd() override { transport_->close(); }

  void send(Frame frame) { transport_->send(std::move(frame)); }
  void close() { transport_->close(); }
  void pause(bool paused) { transport_->pause(paused); }
  std::size_t unread() const { return transport_->queued_bytes(); }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Frame& frame : frames) {
      if (const T* one = std::get_if<T>(&frame)) found.push_back(*one);
    }
    return found;
  }

  std::vector<Frame> frames;
  bool closed = false;
  Error close_reason;

 private:
  void on_frame(Frame frame) override { frames.push_back(std::move(frame)); }
  void on_broken(const Error& error) override { close_reason = error; }
  void on_closed(const Error& reason) override {
    closed = true;
    close_reason = reason;
  }
  void on_drained() override {}

  std::unique_ptr<Transport> transport_;
};

// What came back of one request.
struct Outcome {
  std::size_t calls = 0;
  Status status = Status::ok;
  std::string message;
  Value value;
  // Sessions of the fixture live longer than a test's own variables.
  std::shared_ptr<Outcome*> self = std::make_shared<Outcome*>(this);

  Outcome() = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  ~Outcome() { *self = nullptr; }
};

inline ReplyFn into(Outcome& outcome) {
  return [self = outcome.self](Result<std::string> result) {
    if (*self == nullptr) return;
    Outcome& into = **self;
    ++into.calls;
    if (!result) {
      into.status = result.error().code;
      into.message = result.error().message;
      return;
    }
    into.status = Status::ok;
    into.value = decode(*result).value();
  };
}

inline Rights plugin_rights() {
  Rights rights;
  rights.read = {"order.*", "reply.requested"};
  rights.append = {"message.received", "order.seen"};
  rights.methods = {"log.append", "reader.*", "kv.*"};
  return rights;
}

class SessionTest : public testing::Test {
 protected:
  // The desk's side and a bare guest.
  void accept(SessionLimits limits = {}) {
    MemoryPair pair = make_memory_pair(loop);
    desk = Session::accept(loop, std::move(pair.desk), desk_handlers(limits));
    bare = std::make_unique<BareEnd>(std::move(pair.guest));
  }
  void accept_and_open(SessionLimits limits = {}) {
    accept(limits);
    bare->send(Hello{1, "plugin", "mail", "", ""});
    loop.run();
    ASSERT_TRUE(desk->open());
  }
  // Both sides.
  void connect(SessionLimits limits = {}) {
    MemoryPair pair = make_memory_pair(loop);
    desk = Session::accept(loop, std::move(pair.desk), desk_handlers(limits));
    guest = Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", "mail", "", ""},
                             guest_handlers());
    loop.run();
    ASSERT_TRUE(desk->open());
    ASSERT_TRUE(guest->open());
  }

  SessionHandlers desk_handlers(SessionLimits limits) {
    SessionHandlers handlers;
    handlers.on_hello = [this, limits](const Hello& hello) -> Result<Admission> {
      if (hello.name != "mail") return Error{Status::denied, "who is that?", ""};
      Admission admission;
      admission.name = "mail";
      admission.instance = "mail";
      admission.rights = plugin_rights();
      admission.limits = limits;
      admission.settings = encode(Value::map({{"port", 993}}));
      admission.language = "zh";
      ++hellos;
      return admission;
    };
    handlers.on_request = [this](Session&, Incoming request, Answer answer) {
      requests.push_back(std::move(request));
      answers.push_back(std::move(answer));
    };
    handlers.on_cancel = [this](Session&, std::uint64_t id) { cancelled.push_back(id); };
    handlers.on_ready = [this](Session&) { ++ready; };
    handlers.on_end = [this](Session&, const Error& reason) { desk_ends.push_back(reason); };
    return handlers;
  }
  SessionHandlers guest_handlers() {
    SessionHandlers handlers;
    handlers.on_request = [this](Session&, Incoming request, Answer answer) {
      guest_requests.push_back(std::move(request));
      guest_answers.push_back(std::move(answer));
    };
    handlers.on_events = [this](Session&, Events batch) {
      for (Event& event : batch.events) events.push_back(std::move(event));
    };
    handlers.on_end = [this](Session&, const Error& reason) { guest_ends.push_back(reason); };
    return handlers;
  }

  TestLoop loop;
  std::shared_ptr<Session> desk;
  std::shared_ptr<Session> guest;
  std::unique_ptr<BareEnd> bare;
  std::size_t hellos = 0;
  std::size_t ready = 0;
  std::vector<Incoming> requests;
  std::vector<Answer> answers;
  std::vector<Incoming> guest_requests;
  std::vector<Answer> guest_answers;
  std::vector<std::uint64_t> cancelled;
  std::vector<Event> events;
  std::vector<Error> desk_ends;
  std::vector<Error> guest_ends;
};

}  // namespace deskmate::bus
