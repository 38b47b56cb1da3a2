// What a session does with each kind of frame.
#include <algorithm>
#include <utility>
#include <variant>

#include "core/bus/session.hpp"

namespace deskmate::bus {

void Session::on_frame(Frame frame) {
  if (state_ == State::ended) return;
  const auto self = shared_from_this();  // a handler may let go of the session
  const std::uint64_t now = loop_.now_ms();
  heard_ms_ = now;
  if (pinged_ms_ != 0) {
    pinged_ms_ = 0;
    arm(now + limits_.heartbeat_ms);
  }
  ++frames_in_;
  frames_.refill(now);
  if (!frames_.take(1) && !flooded_) {
    // Too much at once: the rest stays where it is until a quarter of the burst is free again.
    flooded_ = true;
    ++floods_;
    flood_until_ms_ = now + std::max<std::uint64_t>(1, frames_.ms_until(frames_.burst / 4 + 1));
    update_reading();
    arm(flood_until_ms_);
  }
  std::visit([this](auto& what) { handle(what); }, frame);
}

void Session::on_broken(const Error& error) {
  const auto self = shared_from_this();
  violate(error.code, error.message);
}

void Session::on_closed(const Error& reason) {
  const auto self = shared_from_this();
  finish({reason.code, "session '" + name_ + "': " + reason.message, "closed"}, false);
}

void Session::on_drained() {
  if (state_ == State::ended) return;
  const auto self = shared_from_this();
  // Bytes were taken, and that is a sign of life, too, while we do not read.
  if (paused_) heard_ms_ = loop_.now_ms();
  update_reading();
  if (state_ == State::open && side_ == Side::desk && !readers_.empty() && handlers_.on_ready) {
    handlers_.on_ready(*this);
  }
}

void Session::violate(Status code, std::string message) {
  finish({code,
          "session '" + (name_.empty() ? std::string("(no hello yet)") : name_) + "': " + message,
          "frame"},
         true);
}

void Session::handle(Hello& hello) {
  if (side_ != Side::desk || state_ != State::hello) {
    violate(Status::invalid, "hello: is not expected here");
    return;
  }
  if (hello.protocol != protocol_version) {
    finish({Status::invalid,
            "hello: '" + hello.name + "' speaks protocol " + std::to_string(hello.protocol) +
                ", this desk " + std::to_string(protocol_version),
            "hello"},
           true);
    return;
  }
  name_ = hello.name;
  Result<Admission> checked =
      handlers_.on_hello ? handlers_.on_hello(hello)
                         : Result<Admission>(Error{Status::denied, "nobody is let in", "hello"});
  if (state_ == State::ended) return;
  if (!checked) {
    finish({checked.error().code, "hello: " + checked.error().message, "hello"}, true);
    return;
  }
  Admission& admission = *checked;
  name_ = std::move(admission.name);
  rights_ = std::move(admission.rights);
  use_limits(admission.limits);
  state_ = State::open;
  Welcome welcome;
  welcome.session = name_;
  welcome.instance = std::move(admission.instance);
  welcome.settings = std::move(admission.settings);
  welcome.limits.requests = limits_.requests_max;
  welcome.limits.readers = limits_.readers_max;
  welcome.limits.heartbeat_ms = limits_.heartbeat_ms == 0 ? 0 : limits_.heartbeat_late_ms;
  welcome.language = std::move(admission.language);
  send(std::move(welcome));
  arm(next_deadline());
  if (state_ == State::open && handlers_.on_open) handlers_.on_open(*this);
}

void Session::handle(Welcome& welcome) {
  if (side_ != Side::guest || state_ != State::hello) {
    violate(Status::invalid, "welcome: is not expected here");
    return;
  }
  if (welcome.protocol != protocol_version) {
    violate(Status::invalid, "welcome: the desk speaks protocol " +
                                 std::to_string(welcome.protocol) + ", this side " +
                                 std::to_string(protocol_version));
    return;
  }
  welcome_ = std::move(welcome);
  name_ = welcome_.session;
  if (welcome_.limits.requests != 0) {
    limits_.requests_max = std::min<std::size_t>(limits_.requests_max, welcome_.limits.requests);
  }
  if (welcome_.limits.readers != 0) {
    limits_.readers_max = std::min<std::size_t>(limits_.readers_max, welcome_.limits.readers);
  }
  state_ = State::open;
  if (handlers_.on_open) handlers_.on_open(*this);
}

void Session::handle(Request& request) {
  if (state_ != State::open) {
    violate(Status::invalid, "request: comes before hello");
    return;
  }
  if (request.id == 0 || incoming_.contains(request.id)) {
    violate(Status::invalid, "request: its id " + std::to_string(request.id) + " is in use");
    return;
  }
  const auto refuse = [&](Status code, std::string message, const char* where) {
    send(Refusal{request.id, {code, std::move(message), where}});
  };
  if (request.deadline_ms == 0 || request.deadline_ms > DM_DEADLINE_MAX_MS) {
    refuse(Status::invalid, "the deadline is not 1 to 600000 ms", "deadline_ms");
    return;
  }
  if (incoming_.size() >= limits_.requests_max) {
    refuse(Status::limit,
           "more than " + std::to_string(limits_.requests_max) + " requests are unanswered",
           "request");
    return;
  }
  if (!handlers_.on_request) {
    refuse(Status::not_found, "no such method: '" + request.method + "'", "method");
    return;
  }
  const std::uint64_t until = loop_.now_ms() + request.deadline_ms;
  incoming_.emplace(request.id, until);
  arm(until);
  handlers_.on_request(*this,
                       Incoming{request.id, std::move(request.method), std::move(request.params),
                                request.deadline_ms},
                       Answer(weak_from_this(), request.id));
}

void Session::handle(Reply& reply) {
  if (state_ != State::open || reply.id > last_id_) {
    violate(Status::invalid,
            "reply: there was no request " + std::to_string(reply.id) + " to answer");
    return;
  }
  settle(reply.id, std::move(reply.result));
}

void Session::handle(Refusal& refusal) {
  if (state_ != State::open || refusal.id > last_id_) {
    violate(Status::invalid,
            "error: there was no request " + std::to_string(refusal.id) + " to answer");
    return;
  }
  settle(refusal.id, std::move(refusal.error));
}

void Session::handle(const Cancel& cancel) {
  if (!waits_for(cancel.id)) return;  // the answer is on its way
  const auto answered =
      answer(cancel.id, Error{Status::cancelled, "cancelled by whoever asked", "request"});
  if (answered && handlers_.on_cancel) handlers_.on_cancel(*this, cancel.id);
}

void Session::handle(Events& events) {
  if (side_ != Side::guest) {
    violate(Status::invalid, "events: only the desk sends them");
    return;
  }
  const auto it = readers_.find(events.reader);
  if (it == readers_.end()) return;  // sent before it was closed
  if (events.events.size() > it->second.credit) {
    violate(Status::invalid, "events: reader '" + events.reader + "' got more than its credit");
    return;
  }
  it->second.credit -= events.events.size();
  if (handlers_.on_events) handlers_.on_events(*this, std::move(events));
}

void Session::handle(const Credit& credit) {
  if (side_ != Side::desk) {
    violate(Status::invalid, "credit: only a guest sends it");
    return;
  }
  const auto it = readers_.find(credit.reader);
  if (it == readers_.end()) return;  // sent before it was closed
  if (credit.count > limits_.credit_max - std::min(it->second.credit, limits_.credit_max)) {
    violate(Status::limit, "credit: reader '" + credit.reader + "' gives more than " +
                               std::to_string(limits_.credit_max));
    return;
  }
  it->second.credit += credit.count;
  if (handlers_.on_ready) handlers_.on_ready(*this);
}

void Session::handle(const Ping& ping) { send(Pong{ping.n}); }

void Session::handle(const Pong&) {}  // any frame is a sign of life

void Session::handle(Goodbye& goodbye) {
  finish({goodbye.reason.code, std::move(goodbye.reason.message), "goodbye"}, false);
}

void Session::handle(const UnknownFrame&) {}  // of a later version

}  // namespace deskmate::bus
