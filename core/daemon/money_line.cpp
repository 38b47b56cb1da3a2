#include "core/daemon/money_line.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/daemon/service.hpp"

namespace deskmate::daemon {
namespace {

// What may make an offer ready, or a refund somebody's.
constexpr std::array<std::string_view, 7> concerned = {
    "offer.", "limit.", "allowance.", "peer.", "member.", "refund.seen", "chat.assigned"};

}  // namespace

MoneyLine::~MoneyLine() {
  *alive_ = false;
  if (timer_ != 0) service_.loop.cancel(timer_);
}

void MoneyLine::run(Propose propose, Done done) {
  if (waiting_.size() >= money_waiting_max) {
    return service_.loop.post([done = std::move(done)] {
      done(Error{Status::limit, "too much is waiting", {}});
    });
  }
  waiting_.push_back({std::move(propose), std::move(done)});
  next();
}

void MoneyLine::folded(std::string_view type) {
  changed_ = changed_ || std::any_of(concerned.begin(), concerned.end(),
                                     [&](std::string_view one) { return type.starts_with(one); });
}

void MoneyLine::pump() {
  if (changed_) next();
}

void MoneyLine::next() {
  if (busy_) return;
  if (waiting_.empty()) {
    if (changed_) changed_ = do_ready();
    return;
  }
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  busy_ = true;
  const auto proposals = job.propose();
  if (!proposals || proposals->empty()) {
    const Error error =
        proposals ? Error{Status::internal, "nothing was proposed", {}} : proposals.error();
    return service_.loop.post([this, alive = alive_, job = std::move(job), error] {
      if (*alive) settle(job, error);
    });
  }
  service_.append(*proposals, [this, alive = alive_,
                               job = std::move(job)](const Result<std::vector<Outcome>>& result) {
    if (*alive) settle(job, result);
  });
}

void MoneyLine::settle(const Job& job, const Result<std::vector<Outcome>>& result) {
  busy_ = false;
  if (job.done) job.done(result);
  next();
}

// Queues one thing that there is to do; true: and there may be more.
bool MoneyLine::do_ready() {
  const std::uint64_t now = service_.options.wall_ms();
  desk::Proposals first = service_.desk.book_refunds();
  if (first.empty()) {
    auto ready = service_.desk.carry_out_ready(now);
    if (ready.empty()) return false;
    first = std::move(ready.front());
  }
  waiting_.push_back({[first] { return Result<desk::Proposals>(first); },
                      [this](const Result<std::vector<Outcome>>& result) {
                        if (result || timer_ != 0) return;
                        changed_ = false;  // until the timer: the store refused
                        timer_ = service_.loop.call_at(service_.loop.now_ms() + money_retry_ms,
                                                       [this, alive = alive_] {
                                                         if (!*alive) return;
                                                         timer_ = 0;
                                                         changed_ = true;
                                                         pump();
                                                       });
                      }});
  next();
  return true;
}

}  // namespace deskmate::daemon
