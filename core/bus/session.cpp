#include "core/bus/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace deskmate::bus {

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

bool covered(const std::vector<std::string>& patterns, std::string_view topic) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return covers(pattern, topic); });
}

}  // namespace

bool covers(std::string_view pattern, std::string_view topic) {
  if (pattern == "*" || pattern == topic) return true;
  if (!pattern.ends_with(".*")) return false;
  const std::string_view family = pattern.substr(0, pattern.size() - 1);  // with its dot
  return topic.size() > family.size() && topic.starts_with(family);
}

bool Rights::may_read(std::string_view topic) const { return owner || covered(read, topic); }
bool Rights::may_append(std::string_view type) const { return owner || covered(append, type); }
bool Rights::may_request(std::string_view method) const {
  return owner || covered(methods, method);
}

Rights owner_rights() {
  Rights rights;
  rights.owner = true;
  rights.bodies = true;
  return rights;
}

SessionLimits member_limits() {
  SessionLimits limits;
  limits.requests_max = 64;
  limits.readers_max = 4;
  limits.credit_max = 4'096;
  limits.queued_bytes_max = 8u << 20;
  // A browser in the background wakes up once a minute.
  limits.heartbeat_ms = 30'000;
  limits.heartbeat_late_ms = 90'000;
  limits.frames_per_s = 200;
  limits.frames_burst = 400;
  return limits;
}

SessionLimits owner_limits() {
  SessionLimits limits;
  limits.heartbeat_ms = 0;
  return limits;
}

Answer::Answer(std::weak_ptr<Session> session, std::uint64_t id)
    : session_(std::move(session)), id_(id) {}

Answer::Answer(Answer&& other) noexcept
    : session_(std::move(other.session_)), id_(std::exchange(other.id_, 0)) {}

Answer& Answer::operator=(Answer&& other) noexcept {
  std::swap(session_, other.session_);
  std::swap(id_, other.id_);
  return *this;
}

Answer::~Answer() {
  if (id_ != 0) fail({Status::internal, "the request was dropped without an answer", "answer"});
}

void Answer::ok(const Value& result) { send(encode(result)); }
void Answer::ok_encoded(std::string result) { send(std::move(result)); }
void Answer::fail(Error error) { send(std::move(error)); }

void Answer::send(Result<std::string> result) {
  const std::uint64_t id = std::exchange(id_, 0);
  if (id == 0) throw std::logic_error("a request was answered twice");
  const auto session = session_.lock();
  if (!session) return;
  // An error means that nobody waits any more, which is no fault of whoever answers.
  const auto sent = session->answer(id, std::move(result));
  static_cast<void>(sent);
}

bool Answer::wanted() const {
  const auto session = session_.lock();
  return id_ != 0 && session && session->waits_for(id_);
}

void Session::Bucket::refill(std::uint64_t now_ms) {
  // Per second of tokens is per millisecond of thousandths.
  const std::uint64_t passed = std::min<std::uint64_t>(now_ms - at_ms, 60'000);
  milli_tokens = std::min(milli_tokens + passed * per_s, burst * 1'000);
  at_ms = now_ms;
}

bool Session::Bucket::take(std::uint64_t count) {
  if (milli_tokens < count * 1'000) return false;
  milli_tokens -= count * 1'000;
  return true;
}

std::uint64_t Session::Bucket::ms_until(std::uint64_t count) const {
  const std::uint64_t wanted = count * 1'000;
  if (milli_tokens >= wanted || per_s == 0) return 0;
  return (wanted - milli_tokens + per_s - 1) / per_s;
}

std::shared_ptr<Session> Session::accept(Loop& loop, std::unique_ptr<Transport> transport,
                                         SessionHandlers handlers) {
  std::shared_ptr<Session> session(
      new Session(loop, std::move(transport), std::move(handlers), Side::desk, SessionLimits{}));
  session->start();
  return session;
}

std::shared_ptr<Session> Session::connect(Loop& loop, std::unique_ptr<Transport> transport,
                                          Hello hello, SessionHandlers handlers,
                                          SessionLimits limits) {
  std::shared_ptr<Session> session(
      new Session(loop, std::move(transport), std::move(handlers), Side::guest, limits));
  session->name_ = hello.name;
  session->hello_ = std::move(hello);
  session->start();
  return session;
}

Session::Session(Loop& loop, std::unique_ptr<Transport> transport, SessionHandlers handlers,
                 Side side, const SessionLimits& limits)
    : loop_(loop), transport_(std::move(transport)), handlers_(std::move(handlers)), side_(side) {
  use_limits(limits);
}

Session::~Session() {
  if (timer_ != 0) loop_.cancel(timer_);
  if (state_ != State::ended) transport_->close();
  state_ = State::ended;
  cancel_all();
}

void Session::start() {
  const std::uint64_t now = loop_.now_ms();
  heard_ms_ = now;
  hello_until_ms_ = now + limits_.hello_ms;
  transport_->start(*this);
  if (side_ == Side::guest) send(hello_);
  arm(hello_until_ms_);
}

void Session::use_limits(const SessionLimits& limits) {
  limits_ = limits;
  const std::uint64_t now = loop_.now_ms();
  frames_ = {limits.frames_per_s, limits.frames_burst, limits.frames_burst * 1'000, now};
  appends_ = {limits.appends_per_s, limits.appends_burst, limits.appends_burst * 1'000, now};
}

Result<std::uint64_t> Session::request(std::string_view method, const Value& params,
                                       std::uint32_t deadline_ms, ReplyFn reply) {
  return request(method, encode(params), deadline_ms, std::move(reply));
}

Result<std::uint64_t> Session::request(std::string_view method, std::string params,
                                       std::uint32_t deadline_ms, ReplyFn reply) {
  const auto refuse = [&](Status code, std::string_view what) {
    return Error{
        code,
        "session '" + name_ + "': request '" + std::string(method) + "': " + std::string(what),
        "request"};
  };
  if (state_ != State::open) {
    return refuse(Status::unavailable, state_ == State::ended
                                           ? "the session has ended: " + end_reason_.message
                                           : "the session is not open yet");
  }
  if (method.empty() || method.size() > name_bytes_max) {
    return refuse(Status::invalid, "the method's name is empty or too long");
  }
  if (deadline_ms == 0 || deadline_ms > DM_DEADLINE_MAX_MS) {
    return refuse(Status::invalid, "the deadline is not 1 to 600000 ms");
  }
  if (!frame_fits(params.size())) return refuse(Status::limit, "the parameters are too large");
  if (outgoing_.size() >= limits_.requests_max) {
    return refuse(Status::limit, "too many requests are unanswered");
  }
  const std::uint64_t id = ++last_id_;
  const std::uint64_t until = loop_.now_ms() + deadline_ms;
  outgoing_.emplace(id, Outgoing{std::move(reply), until, std::string(method)});
  arm(until);
  send(Request{id, std::string(method), deadline_ms, std::move(params)});
  return id;
}

void Session::cancel(std::uint64_t id) {
  const auto it = outgoing_.find(id);
  if (it == outgoing_.end() || it->second.cancelled) return;
  it->second.cancelled = true;
  send(Cancel{id});
  loop_.post([weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->settle(id, Error{});
  });
}

void Session::cancel_all() {
  while (!outgoing_.empty()) {
    outgoing_.begin()->second.cancelled = true;
    settle(outgoing_.begin()->first, Error{});
  }
}

void Session::settle(std::uint64_t id, Result<std::string> result) {
  auto node = outgoing_.extract(id);
  if (node.empty()) return;  // it was answered, cancelled or too late before
  Outgoing& request = node.mapped();
  if (!request.reply) return;
  if (request.cancelled) {
    result = Error{Status::cancelled, "request '" + request.method + "' was cancelled", "request"};
  }
  request.reply(std::move(result));
}

Result<void> Session::answer(std::uint64_t id, Result<std::string> result) {
  if (incoming_.erase(id) == 0) {
    return Error{
        Status::not_found,
        "session '" + name_ + "': nobody waits for the answer to request " + std::to_string(id),
        "answer"};
  }
  if (!result) {
    Error error = result.error();
    // Only refusals travel this way.
    if (static_cast<std::int32_t>(error.code) >= 0) error.code = Status::internal;
    if (error.code == Status::denied && handlers_.on_denied) handlers_.on_denied(*this, error);
    send(Refusal{id, std::move(error)});
  } else if (!frame_fits(result->size())) {
    send(Refusal{id, {Status::limit, "the result is too large for a frame", "result"}});
  } else {
    send(Reply{id, std::move(*result)});
  }
  return {};
}

Result<void> Session::add_reader(std::string_view reader, std::uint64_t credit) {
  const auto refuse = [&](Status code, const char* what) {
    return Error{code,
                 "session '" + name_ + "': reader '" +
                     std::string(reader.substr(0, name_bytes_max)) + "': " + what,
                 "reader"};
  };
  if (reader.empty() || reader.size() > name_bytes_max) {
    return refuse(Status::invalid, "its name is empty or too long");
  }
  if (readers_.contains(reader)) return refuse(Status::invalid, "it is open already");
  if (readers_.size() >= limits_.readers_max) {
    return refuse(Status::limit, "too many readers are open");
  }
  if (credit > limits_.credit_max) return refuse(Status::limit, "too much credit");
  readers_.emplace(std::string(reader), Reader{credit});
  return {};
}

void Session::remove_reader(std::string_view reader) {
  const auto it = readers_.find(reader);
  if (it != readers_.end()) readers_.erase(it);
}

std::uint64_t Session::reader_credit(std::string_view reader) const {
  const auto it = readers_.find(reader);
  return it == readers_.end() ? 0 : it->second.credit;
}

bool Session::may_send_events() const {
  return state_ == State::open && transport_->queued_bytes() < limits_.queued_bytes_events;
}

void Session::send_events(std::string_view reader, std::vector<Event> events) {
  if (state_ != State::open) return;
  const auto it = readers_.find(reader);
  if (it == readers_.end() || it->second.credit < events.size()) {
    throw std::logic_error("events were sent beyond a reader's credit");
  }
  it->second.credit -= events.size();
  send(Events{std::string(reader), std::move(events)});
}

Result<std::uint64_t> Session::open_reader(std::string_view reader,
                                           const std::vector<std::string>& topics, bool from_start,
                                           std::uint64_t credit, ReplyFn reply) {
  if (auto added = add_reader(reader, credit); !added) return added.error();
  Array topic_values(topics.begin(), topics.end());
  const Value params = Value::map({{"name", reader},
                                   {"topics", std::move(topic_values)},
                                   {"from", from_start ? "start" : "now"},
                                   {"credit", credit}});
  auto opened = [weak = weak_from_this(), name = std::string(reader),
                 reply = std::move(reply)](Result<std::string> result) {
    const auto self = weak.lock();
    if (self && !result) self->remove_reader(name);
    if (reply) reply(std::move(result));
  };
  auto asked = request("reader.open", params, open_reader_ms, std::move(opened));
  if (!asked) remove_reader(reader);
  return asked;
}

void Session::grant(std::string_view reader, std::uint64_t count) {
  const auto it = readers_.find(reader);
  if (it == readers_.end() || count == 0 || state_ != State::open) return;
  // More than this the desk would not take.
  count = std::min(count, limits_.credit_max - std::min(limits_.credit_max, it->second.credit));
  if (count == 0) return;
  it->second.credit += count;
  send(Credit{std::string(reader), count});
}

void Session::close_reader(std::string_view reader) {
  if (!readers_.contains(reader)) return;
  remove_reader(reader);
  const Value params = Value::map({{"name", reader}});
  // Should this not reach the desk, the session is about to end, and the reader with it.
  const auto asked = request("reader.close", params, open_reader_ms, {});
  static_cast<void>(asked);
}

Result<void> Session::charge_appends(std::size_t events) {
  appends_.refill(loop_.now_ms());
  if (appends_.take(events)) return {};
  return Error{Status::limit,
               "session '" + name_ + "': more than " + std::to_string(limits_.appends_per_s) +
                   " events a second are being appended",
               "append"};
}

void Session::end(Error reason) { finish(std::move(reason), true); }

Session::Report Session::report() const {
  Report report;
  report.requests_out = outgoing_.size();
  report.requests_in = incoming_.size();
  report.readers = readers_.size();
  report.queued_bytes = state_ == State::ended ? 0 : transport_->queued_bytes();
  report.frames_in = frames_in_;
  report.frames_out = frames_out_;
  report.pauses = pauses_;
  report.floods = floods_;
  return report;
}

void Session::send(Frame frame) {
  if (state_ == State::ended) return;
  ++frames_out_;
  transport_->send(std::move(frame));
  const std::size_t queued = transport_->queued_bytes();
  if (queued > limits_.queued_bytes_max) {
    finish(
        {Status::limit,
         "session '" + name_ + "': does not read; " + std::to_string(queued) + " bytes wait for it",
         "queue"},
        true);
    return;
  }
  if (queued > limits_.queued_bytes_slow) update_reading();
}

void Session::finish(Error reason, bool say_goodbye) {
  if (state_ == State::ended) return;
  state_ = State::ended;
  end_reason_ = std::move(reason);
  if (say_goodbye) transport_->send(Goodbye{end_reason_});
  transport_->close();
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  incoming_.clear();
  readers_.clear();
  // Later, so that nobody is called back by his own call.
  loop_.post([self = shared_from_this()] {
    const SessionHandlers handlers = std::exchange(self->handlers_, {});
    while (!self->outgoing_.empty()) {
      const auto first = self->outgoing_.begin();
      self->settle(first->first,
                   Error{Status::unavailable,
                         "session '" + self->name_ + "' ended: " + self->end_reason_.message,
                         self->end_reason_.where});
    }
    if (handlers.on_end) handlers.on_end(*self, self->end_reason_);
  });
}

void Session::update_reading() {
  const bool full = transport_->queued_bytes() > limits_.queued_bytes_slow;
  const bool paused = flooded_ || full;
  if (paused == paused_ || state_ == State::ended) return;
  paused_ = paused;
  if (paused) ++pauses_;
  transport_->pause(paused);
}

void Session::arm(std::uint64_t at_ms) {
  if (at_ms == never || state_ == State::ended) return;
  if (timer_ != 0) {
    if (timer_at_ms_ <= at_ms) return;
    loop_.cancel(timer_);
  }
  timer_at_ms_ = at_ms;
  timer_ = loop_.call_at(at_ms, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

std::uint64_t Session::next_deadline() const {
  std::uint64_t next = state_ == State::hello ? hello_until_ms_ : never;
  for (const auto& [id, request] : outgoing_) next = std::min(next, request.until_ms);
  for (const auto& [id, until] : incoming_) next = std::min(next, until);
  if (flooded_) next = std::min(next, flood_until_ms_);
  if (side_ == Side::desk && state_ == State::open && limits_.heartbeat_ms != 0) {
    next = std::min(next, pinged_ms_ == 0 ? heard_ms_ + limits_.heartbeat_ms
                                          : pinged_ms_ + limits_.heartbeat_late_ms);
  }
  return next;
}

void Session::on_timer() {
  timer_ = 0;
  const std::uint64_t now = loop_.now_ms();
  if (state_ == State::hello && now >= hello_until_ms_) {
    finish({Status::deadline,
            std::string(side_ == Side::desk ? "no hello within " : "no welcome within ") +
                std::to_string(limits_.hello_ms) + " ms",
            "hello"},
           true);
    return;
  }
  // What callbacks do may change both tables, so the ids first.
  std::vector<std::uint64_t> late;
  for (const auto& [id, request] : outgoing_) {
    if (request.until_ms <= now) late.push_back(id);
  }
  for (const std::uint64_t id : late) {
    const auto it = outgoing_.find(id);
    if (it == outgoing_.end()) continue;
    if (!it->second.cancelled) send(Cancel{id});
    settle(id, Error{Status::deadline,
                     "session '" + name_ + "': request '" + it->second.method +
                         "' was not answered in time",
                     "request"});
  }
  late.clear();
  for (const auto& [id, until] : incoming_) {
    if (until <= now) late.push_back(id);
  }
  for (const std::uint64_t id : late) {
    if (!answer(id, Error{Status::deadline, "it was not answered in time", "request"})) continue;
    if (handlers_.on_cancel) handlers_.on_cancel(*this, id);
  }
  if (flooded_ && now >= flood_until_ms_) {
    flooded_ = false;
    frames_.refill(now);
    frames_.take(1);  // for the one that was too much
    update_reading();
  }
  check_heartbeat(now);
  arm(next_deadline());
}

void Session::check_heartbeat(std::uint64_t now_ms) {
  if (side_ != Side::desk || state_ != State::open || limits_.heartbeat_ms == 0) return;
  if (flooded_) {
    // Its pong may be behind what is not being read.
    heard_ms_ = now_ms;
    pinged_ms_ = 0;
  } else if (pinged_ms_ == 0) {
    if (now_ms < heard_ms_ + limits_.heartbeat_ms) return;
    pinged_ms_ = now_ms;
    send(Ping{++ping_});
  } else if (now_ms >= pinged_ms_ + limits_.heartbeat_late_ms) {
    finish({Status::deadline,
            "session '" + name_ + "': no sign of life for " + std::to_string(now_ms - heard_ms_) +
                " ms",
            "heartbeat"},
           true);
  }
}

}  // namespace deskmate::bus
