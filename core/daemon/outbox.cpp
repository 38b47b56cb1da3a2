#include "core/daemon/outbox.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/desk/money_views.hpp"

namespace deskmate::daemon {
namespace {

using desk::RequestState;

// An answer that says: refused before anything was done.
bool refused(Status status) {
  return status == Status::invalid || status == Status::denied || status == Status::not_found;
}

// Requests of one line are done one after the other, in the order in which they were made.
std::string line_of(const desk::RequestView& request) {
  const auto& thing = request.kind == "reply" ? request.chat : request.order;
  std::string line = request.shop + '\0' + (request.kind == "reply" ? "chat" : "order");
  const storage::Id16& id = thing ? *thing : request.id;
  return line.append(desk::bytes_of(id));
}

std::string state_name(RequestState state) { return std::string(desk::to_string(state)); }

}  // namespace

bool is_money(std::string_view kind) { return desk::gives_money(kind); }

Outbox::Outbox(bus::Loop& loop, OutboxWorld& world, OutboxTimes times)
    : loop_(loop), world_(world), times_(times), alive_(std::make_shared<bool>(true)) {}

Outbox::~Outbox() {
  *alive_ = false;
  loop_.cancel(timer_);
}

void Outbox::pump() {
  if (posted_ || stopping_) return;
  posted_ = true;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    posted_ = false;
    pass();
  });
}

void Outbox::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  loop_.cancel(timer_);
  timer_ = 0;
  if (!jobs_.empty()) return;
  loop_.post([this, alive = alive_] {
    if (*alive && stopped_) std::exchange(stopped_, nullptr)();
  });
}

void Outbox::pass() {
  if (stopping_) return;
  const std::uint64_t now = world_.wall_ms();
  std::set<std::string> busy_lines;
  std::map<std::string, std::size_t> busy;
  for (const auto& [id, job] : jobs_) {
    busy_lines.insert(line_of(job->request));
    ++busy[job->request.shop];
  }
  wake_at(now + outbox_idle_ms);
  for (const desk::RequestView& request : world_.pending(outbox_scan_max)) {
    // What is unfinished holds up its line whether it can go on now or not.
    if (!busy_lines.insert(line_of(request)).second) continue;
    if (busy[request.shop] >= times_.parallel || !may_begin(request, now)) continue;
    ++busy[request.shop];
    begin(request);
  }
}

bool Outbox::may_begin(const desk::RequestView& request, std::uint64_t now) {
  if (!world_.connected(request.shop, request.kind) || !world_.may_do(request)) return false;
  std::uint64_t from = request.state == RequestState::again ? request.after_ms : 0;
  if (const auto found = waits_.find(request.id); found != waits_.end()) {
    from = std::max(from, found->second.until_ms);
  }
  if (from <= now) return true;
  wake_at(from);
  return false;
}

void Outbox::begin(const desk::RequestView& request) {
  auto job = std::make_shared<Job>();
  job->request = request;
  job->attempt = request.attempts + 1;
  jobs_[request.id] = job;
  auto event = world_.event(request.ref);
  if (!event || event->awaited) {  // of another peer, and its body is on its way
    wait(request);
    return end(job);
  }
  job->facts = std::move(event->facts);
  job->body = std::move(event->body);
  if (request.state == RequestState::again && request.last) {
    const auto last = world_.event(*request.last);
    job->by_person = last && last->type.ends_with(".resolved");
  }
  const bool tried =
      request.state == RequestState::attempted || (request.attempts > 0 && is_money(request.kind));
  if (tried) return look_up(job);
  if (event->erased) return fail(job, "erased", "the buyer's data was erased", false, 0);
  attempt(job);
}

void Outbox::attempt(const JobPtr& job) {
  if (!job->by_person && world_.answered_elsewhere(job->request)) {
    return fail(job, "answered_elsewhere", "this message was answered meanwhile", false, 0);
  }
  if (world_.never(job->request)) {
    return fail(job, "overtaken", "this was done by another request, or nothing is left to refund",
                false, 0);
  }
  if (job->attempt > times_.attempts_max && !job->by_person) {
    return fail(job, "attempts", "attempted too often", false, 0);
  }
  const std::string claimer = world_.claimer(job->request);
  if (!claimer.empty()) return claim(job, claimer);
  go(job);
}

// Of several peers that might answer the same message the channel lets one through. Nothing has
// been done yet: whatever becomes of this needs no look-up.
void Outbox::claim(const JobPtr& job, const std::string& claimer) {
  const Value& automatic = std::as_const(job->facts)["auto"];
  const Value params = Value::map({{"chat", std::as_const(job->facts)["chat"]},
                                   {"claimer", Value::bin(claimer)},
                                   {"auto", automatic.is_str() || automatic.as_bool()},
                                   {"refs", std::as_const(job->body)["refs"]}});
  const auto asked = world_.call(job->request.shop, "thread.claim", params, times_.deadline_ms,
                                 reply_to(&Outbox::claimed, job));
  if (asked) return;
  wait(job->request);
  end(job);
}

void Outbox::claimed(const JobPtr& job, const Result<Value>& result) {
  if (result) {
    if ((*result)["claim"].as_str() != "taken") return go(job);
    return fail(job, "answered_elsewhere", "another peer answers this message", false, 0);
  }
  const Status status = result.error().code;
  // A connector without claims, or one that fails at them: the desk's own rules have to do.
  if (refused(status) || status == Status::internal) return go(job);
  world_.note("claim", job->request, to_string(status));
  wait(job->request);  // the channel cannot be asked now
  end(job);
}

void Outbox::go(const JobPtr& job) {
  world_.note("attempt", job->request, state_name(job->request.state));
  world_.append(event_of(*job, "attempted"), [this, alive = alive_, job](const Result<void>& done) {
    if (!*alive) return;
    if (!done) {  // nothing was begun
      wait(job->request);
      return end(job);
    }
    // What came in while the attempt was written down may have come first.
    if (is_money(job->request.kind) &&
        (world_.never(job->request) || !world_.may_do(job->request))) {
      return fail(job, "overtaken", "another peer was quicker; looked at again", true, 0);
    }
    perform(job);
  });
}

std::function<void(Result<Value>)> Outbox::reply_to(void (Outbox::*member)(const JobPtr&,
                                                                           const Result<Value>&),
                                                    const JobPtr& job) {
  return [this, alive = alive_, member, job](const Result<Value>& result) {
    if (*alive) (this->*member)(job, result);
  };
}

void Outbox::perform(const JobPtr& job) {
  const Value params = Value::map({{"request", Value::bin(job->request.id)},
                                   {"kind", job->request.kind},
                                   {"facts", job->facts},
                                   {"body", job->body},
                                   {"attempt", job->attempt}});
  const auto asked = world_.call(job->request.shop, "action.perform", params, times_.deadline_ms,
                                 reply_to(&Outbox::performed, job));
  if (!asked) fail(job, "unavailable", asked.error().message, true, 0);
}

void Outbox::performed(const JobPtr& job, const Result<Value>& result) {
  if (!result) {
    const Error& error = result.error();
    world_.note("error", job->request, to_string(error.code));
    if (refused(error.code)) return fail(job, to_string(error.code), error.message, false, 0);
    if (error.code == Status::limit) return fail(job, "limit", error.message, true, 0);
    wait(job->request);  // it may have happened: look it up when the connector is there
    return end(job);
  }
  const auto outcome = (*result)["outcome"].as_str();
  if (outcome == "done") {
    Value event = event_of(*job, "done");
    for (const auto& [key, value] : (*result)["facts"].as_map()) {
      if (!event["facts"].as_map().contains(key)) event["facts"][key] = value;
    }
    for (const auto& [key, value] : (*result)["refs"].as_map()) {
      if (!event["facts"].as_map().contains(key)) event["refs"][key] = value;
    }
    if ((*result)["body"].is_map()) event["body"] = (*result)["body"];
    return record(job, std::move(event));
  }
  if (outcome == "failed") {
    return fail(job, (*result)["code"].as_str("failed"), (*result)["message"].as_str(),
                (*result)["again"].as_bool(), (*result)["after_ms"].as_uint());
  }
  wait(job->request);
  end(job);
}

void Outbox::look_up(const JobPtr& job) {
  const Value params = Value::map({{"request", Value::bin(job->request.id)},
                                   {"kind", job->request.kind},
                                   {"facts", job->facts},
                                   {"body", job->body},
                                   {"attempt", std::max(job->request.attempts, 1u)},
                                   {"since_ms", desk::stamp_ms(job->request.stamp)}});
  world_.note("look-up", job->request, state_name(job->request.state));
  const auto asked = world_.call(job->request.shop, "action.look_up", params, times_.deadline_ms,
                                 reply_to(&Outbox::looked_up, job));
  if (asked) return;
  wait(job->request);
  end(job);
}

void Outbox::looked_up(const JobPtr& job, const Result<Value>& result) {
  if (!result) {
    const Error& error = result.error();
    world_.note("error", job->request, to_string(error.code));
    if (refused(error.code)) return cannot_tell(job, error.message, true);
    if (error.code == Status::internal) return cannot_tell(job, error.message, false);
    wait(job->request);  // the connector went away: again when it is back
    return end(job);
  }
  const auto found = (*result)["found"].as_str();
  if (found == "yes") {
    Value event = event_of(*job, "done");
    event["facts"]["attempt"] = std::max(job->request.attempts, 1u);
    event["facts"]["looked_up"] = true;
    for (const auto& [key, value] : (*result)["facts"].as_map()) {
      if (!event["facts"].as_map().contains(key)) event["facts"][key] = value;
    }
    for (const auto& [key, value] : (*result)["refs"].as_map()) {
      if (!event["facts"].as_map().contains(key)) event["refs"][key] = value;
    }
    return record(job, std::move(event));
  }
  if (found == "no") return attempt(job);
  cannot_tell(job, (*result)["message"].as_str(), false);
}

void Outbox::cannot_tell(const JobPtr& job, std::string_view message, bool ask_at_once) {
  if (job->by_person) return attempt(job);  // who said so has looked
  if (!ask_at_once && ++waits_[job->request.id].untold < look_ups_max) {
    wait(job->request);
    return end(job);
  }
  Value event = event_of(*job, "unknown");
  event["facts"]["attempt"] = job->request.attempts;
  if (!message.empty()) event["body"]["text"] = fix_utf8(message);
  record(job, std::move(event));
}

void Outbox::fail(const JobPtr& job, std::string_view code, std::string_view message, bool again,
                  std::uint64_t after_ms) {
  Value event = event_of(*job, "failed");
  event["facts"]["code"] = fix_utf8(code);
  const bool more = again && job->attempt < times_.attempts_max;
  event["facts"]["again"] = more;
  if (more) {
    event["facts"]["after_ms"] =
        world_.wall_ms() + std::max(std::min(after_ms, retry_longest_ms), backoff_ms(job->attempt));
  }
  if (!message.empty()) event["body"]["text"] = fix_utf8(message);
  record(job, std::move(event));
}

// The event that tells what became of a job: "reply.done".
Value Outbox::event_of(const Job& job, std::string_view outcome) const {
  Value facts = Value::map({{"request", Value::bin(job.request.id)},
                            {"kind", job.request.kind},
                            {"attempt", job.attempt}});
  for (const char* key : {"shop", "chat", "order", "buyer", "thread"}) {
    if (const Value& value = std::as_const(job.facts)[key]; !value.is_nil()) facts[key] = value;
  }
  return Value::map(
      {{"type", job.request.kind + "." + std::string(outcome)}, {"facts", std::move(facts)}});
}

// Until the outcome is on disk the request counts as attempted: a crash here means a look-up.
void Outbox::record(const JobPtr& job, Value event) {
  auto kept = std::make_shared<const Value>(std::move(event));
  world_.note("outcome", job->request, (*kept)["type"].as_str());
  world_.append(*kept, [this, alive = alive_, job, kept](const Result<void>& done) {
    if (!*alive) return;
    if (done) {
      waits_.erase(job->request.id);
      return end(job);
    }
    if (done.error().code == Status::cancelled || stopping_) return end(job);
    if (done.error().code == Status::invalid && (*kept)["facts"]["invalid"].is_nil()) {
      // What the connector added cannot be stored; the outcome itself must not be lost.
      Value plain = Value::map({{"type", (*kept)["type"]}, {"facts", Value::map()}});
      for (const char* key :
           {"request", "kind", "attempt", "shop", "chat", "order", "code", "again", "after_ms"}) {
        if (const Value& value = (*kept)["facts"][key]; !value.is_nil())
          plain["facts"][key] = value;
      }
      plain["facts"]["invalid"] = true;
      return record(job, std::move(plain));
    }
    loop_.call_at(loop_.now_ms() + retry_first_ms, [this, alive, job, kept] {
      if (*alive) record(job, *kept);
    });
  });
}

void Outbox::end(const JobPtr& job) {
  jobs_.erase(job->request.id);
  if (stopping_ && jobs_.empty() && stopped_) return std::exchange(stopped_, nullptr)();
  pump();
}

void Outbox::wait(const desk::RequestView& request) {
  Wait& wait = waits_[request.id];
  ++wait.tries;
  wait.until_ms = world_.wall_ms() + backoff_ms(wait.tries);
}

std::uint64_t Outbox::backoff_ms(std::uint32_t tries) {
  std::uint64_t ms = retry_first_ms;
  for (std::uint32_t i = 1; i < tries && ms < retry_longest_ms; ++i) ms *= 2;
  ms = std::min(ms, retry_longest_ms);
  return ms + ms * (world_.random() % (retry_jitter_percent + 1)) / 100;
}

void Outbox::wake_at(std::uint64_t wall_ms) {
  if (timer_ != 0 && wake_ms_ <= wall_ms && wake_ms_ > world_.wall_ms()) return;
  loop_.cancel(timer_);
  wake_ms_ = wall_ms;
  const std::uint64_t now = world_.wall_ms();
  timer_ = loop_.call_at(loop_.now_ms() + (wall_ms > now ? wall_ms - now : 0), [this] {
    timer_ = 0;
    pump();
  });
}

}  // namespace deskmate::daemon
