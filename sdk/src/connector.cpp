#include "deskmate/connector.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <variant>
#include <vector>

#include "guard.hpp"

namespace deskmate {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t no_deadline_ms = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t backoff_first_ms = 1'000;

const Error cancelled{Status::cancelled, "the connector is stopping", {}};

}  // namespace

// Everything here may be touched by the plugin thread and by the connector's threads; mutex_
// guards what says so. Lives as long as the connector, that is longer than any pending reply.
class Connector::Worker : public detail::Port {
 public:
  // One of the methods of a connector.
  struct Perform {
    Action action;
  };
  struct LookUp {
    Action action;
  };
  struct ReadTail {
    Thread thread;
  };
  struct TakeClaim {
    Thread thread;
  };
  struct Serve {
    WebRequest request;
  };
  using Task = std::variant<Perform, LookUp, ReadTail, TakeClaim, Serve>;

  explicit Worker(Connector& connector) : connector_(connector), session_(*this) {}

  Session& session() { return session_; }

  void start() {
    plugin_thread_ = std::this_thread::get_id();
    thread_ = std::thread([this] { run(); });
  }

  // [plugin thread]
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    detail::guard(host(), "interrupt", [this] { connector_.interrupt(); });
    thread_.join();
    std::vector<std::uint64_t> open;
    {
      const std::lock_guard lock(mutex_);
      open.swap(open_);
    }
    for (const std::uint64_t id : open) host().refuse(id, cancelled);
  }

  // [plugin thread]
  void add(std::uint64_t id, const std::string& method, Task task, std::uint32_t deadline_ms) {
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.size() < actions_waiting_max) {
        open_.push_back(id);
        jobs_.push_back(
            Job{id, std::move(task), Clock::now() + std::chrono::milliseconds(deadline_ms)});
        changed_.notify_all();
        return;
      }
    }
    host().refuse(id, Error{Status::limit, "too many actions are waiting", method});
  }

  // [plugin thread]
  void cancel(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    std::erase(open_, id);
    std::erase_if(jobs_, [id](const Job& job) { return job.id == id; });
  }

  void poll_soon() {
    {
      const std::lock_guard lock(mutex_);
      due_ = true;
    }
    changed_.notify_all();
  }

  // detail::Port, for every thread but the plugin's.
  Result<Value> call(std::function<void(Host&, Reply)> begin, std::uint64_t deadline_ms) override {
    if (std::this_thread::get_id() == plugin_thread_) {
      return Error{Status::internal, "a blocking call on the plugin thread", {}};
    }
    if (stopping()) return cancelled;
    auto answer = std::make_shared<std::optional<Result<Value>>>();  // guarded by mutex_
    host().post([this, answer, begin = std::move(begin)] {
      begin(host(), [this, answer](Result<Value> result) {
        {
          const std::lock_guard lock(mutex_);
          answer->emplace(std::move(result));
        }
        changed_.notify_all();
      });
    });
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return answer->has_value() || stopping_; };
    if (deadline_ms == no_deadline_ms) {
      changed_.wait(lock, ready);
    } else if (!changed_.wait_for(lock, std::chrono::milliseconds(deadline_ms), ready)) {
      return Error{Status::deadline, "no answer in time", {}};
    }
    if (!answer->has_value()) return cancelled;
    return std::move(**answer);
  }

  bool sleep_ms(std::uint64_t delay_ms) override {
    const auto slept = call(
        [delay_ms](Host& desk, const Reply& reply) {
          if (desk.after(delay_ms, 0, [reply] { reply(Value()); }) != 0) return;
          reply(Error{Status::limit, "no timer could be had", {}});
        },
        no_deadline_ms);
    return slept.has_value() || slept.error().code != Status::cancelled;
  }

  bool stopping() const override {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  Host& host() override { return connector_.host(); }

 private:
  struct Job {
    std::uint64_t id = 0;
    Task task;
    Clock::time_point deadline;
  };

  // The worker thread.
  void run() {
    bool begun = false;
    std::uint32_t failures = 0;
    for (;;) {
      std::optional<Job> job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || due_ || !jobs_.empty(); });
        if (stopping_) break;
        if (jobs_.empty() || (due_ && !begun)) {  // actions first, but begin before all
          due_ = false;
        } else {
          job = std::move(jobs_.front());
          jobs_.pop_front();
        }
      }
      if (job) {
        carry_out(*job, begun);
        continue;
      }
      Result<void> result = Error{Status::internal, "a fault in the connector", {}};
      std::uint32_t every_ms = poll_every_default_ms;
      if (!begun) {
        detail::guard(host(), "begin", [&] { result = connector_.begin(session_); });
        begun = result.has_value();
      }
      if (begun) {
        result = Error{Status::internal, "a fault in the connector", {}};
        detail::guard(host(), "poll", [&] {
          every_ms = connector_.poll_every_ms(session_);
          result = connector_.poll(session_);
        });
      }
      failures = result ? 0 : std::min(failures + 1, 16u);
      if (!result && result.error().code != Status::cancelled) complain(result.error());
      poll_after(result ? every_ms : backoff_ms(every_ms, failures));
    }
    detail::guard(host(), "end", [this] { connector_.end(session_); });
  }

  void carry_out(const Job& job, bool begun) {
    if (Clock::now() >= job.deadline) {
      // Nobody counts on it any more, and the desk may be about to ask again.
      return answer(job.id, Error{Status::deadline, "the connector was busy", {}});
    }
    if (!begun) {
      if (!std::holds_alternative<Perform>(job.task)) {
        return answer(job.id, Error{Status::unavailable, "not connected", {}});
      }
      const auto later = Outcome::failed("offline", "not connected yet", true, backoff_first_ms);
      return answer(job.id, Value(later.to_map()));
    }
    answer(job.id, std::visit([this](const auto& task) { return run(task); }, job.task));
  }

  Result<Value> run(const Perform& task) {
    Outcome outcome = Outcome::unknown("a fault in the connector");
    detail::guard(host(), "perform", [&] { outcome = connector_.perform(session_, task.action); });
    return Value(outcome.to_map());
  }

  Result<Value> run(const LookUp& task) {
    Found found = Found::cannot_tell("a fault in the connector");
    detail::guard(host(), "look_up", [&] { found = connector_.look_up(session_, task.action); });
    if (found.is_later()) return Error{Status::unavailable, std::string(found.message()), {}};
    return Value(found.to_map());
  }

  Result<Value> run(const ReadTail& task) {
    Tail tail = Tail::cannot_tell("a fault in the connector");
    detail::guard(host(), "tail", [&] { tail = connector_.tail(session_, task.thread); });
    return tail.result();
  }

  Result<Value> run(const TakeClaim& task) {
    Claim claim = Claim::ask_later("a fault in the connector");
    detail::guard(host(), "claim", [&] { claim = connector_.claim(session_, task.thread); });
    return claim.result();
  }

  Result<Value> run(const Serve& task) {
    WebResponse response = WebResponse::text(500, "a fault in the connector\n");
    detail::guard(host(), "web", [&] { response = connector_.web(session_, task.request); });
    return response.to_value();
  }

  void answer(std::uint64_t id, Result<Value> result) {
    host().post([this, id, result = std::move(result)] {
      {
        const std::lock_guard lock(mutex_);
        if (std::erase(open_, id) == 0) return;  // cancelled, or refused by stop
      }
      if (result) {
        host().answer(id, *result);
      } else {
        host().refuse(id, result.error());
      }
    });
  }

  void complain(const Error& error) {
    std::string line = error.message;
    if (!error.where.empty()) line += " (" + error.where + ")";
    host().log(Level::error, line);
  }

  static std::uint32_t backoff_ms(std::uint32_t every_ms, std::uint32_t failures) {
    const std::uint32_t first_ms = std::max(every_ms, backoff_first_ms);
    if (first_ms >= poll_backoff_max_ms) return first_ms;
    const std::uint64_t grown_ms = std::uint64_t{first_ms} << (failures - 1);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(grown_ms, poll_backoff_max_ms));
  }

  void poll_after(std::uint32_t delay_ms) {
    host().post([this, delay_ms] {
      if (timer_ != 0) host().cancel_timer(timer_);
      timer_ = host().after(delay_ms, 0, [this] {
        timer_ = 0;
        poll_soon();
      });
    });
  }

  Connector& connector_;
  Session session_;
  std::thread::id plugin_thread_;
  std::thread thread_;
  std::uint64_t timer_ = 0;  // plugin thread only

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;            // guarded by mutex_
  bool due_ = true;                  // guarded by mutex_
  std::deque<Job> jobs_;             // guarded by mutex_
  std::vector<std::uint64_t> open_;  // requests without an answer; guarded by mutex_
};

Connector::Connector() : worker_(std::make_unique<Worker>(*this)) {}
Connector::~Connector() = default;

Result<void> Connector::begin(Session&) { return {}; }

Outcome Connector::perform(Session&, const Action& action) {
  return Outcome::failed("unsupported", "this connector does no " + action.kind);
}

Found Connector::look_up(Session&, const Action&) {
  return Found::cannot_tell("this connector cannot look it up");
}

Tail Connector::tail(Session&, const Thread&) { return Tail::not_offered(); }

Claim Connector::claim(Session&, const Thread&) { return Claim::not_offered(); }

WebResponse Connector::web(Session&, const WebRequest&) {
  return WebResponse::text(404, "there is nothing here\n");
}

std::uint32_t Connector::poll_every_ms(Session&) { return poll_every_default_ms; }

void Connector::poll_soon() { worker_->poll_soon(); }

Session& Connector::session() { return worker_->session(); }

Result<void> Connector::start() {
  try {
    worker_->start();
  } catch (const std::system_error& error) {
    return Error{Status::unavailable, std::string("no thread: ") + error.what(), {}};
  }
  return {};
}

void Connector::stop() { worker_->stop(); }

void Connector::on_request(std::uint64_t id, const std::string& method, const Value& params,
                           std::uint32_t deadline_ms) {
  if (method == "thread.tail" || method == "thread.claim") {
    Thread thread = Thread::from(params);
    const bool claim = method == "thread.claim";
    if (thread.chat.empty() || (claim && thread.claimer.empty())) {
      return host().refuse(id, Error{Status::invalid, "a thread without chat or claimer", method});
    }
    if (claim) return worker_->add(id, method, Worker::TakeClaim{std::move(thread)}, deadline_ms);
    return worker_->add(id, method, Worker::ReadTail{std::move(thread)}, deadline_ms);
  }
  if (method == "web.request") {
    return worker_->add(id, method, Worker::Serve{WebRequest::from(params)}, deadline_ms);
  }
  if (method != "action.perform" && method != "action.look_up") {
    return Plugin::on_request(id, method, params, deadline_ms);
  }
  Action action = Action::from(params);
  if (action.request.empty() || action.kind.empty()) {
    return host().refuse(id, Error{Status::invalid, "an action without request or kind", method});
  }
  if (method == "action.perform") {
    return worker_->add(id, method, Worker::Perform{std::move(action)}, deadline_ms);
  }
  worker_->add(id, method, Worker::LookUp{std::move(action)}, deadline_ms);
}

void Connector::on_cancel(std::uint64_t id) { worker_->cancel(id); }

}  // namespace deskmate
