#include "core/host/commits.hpp"

#include <algorithm>

namespace deskmate::host {
namespace {

// The same commit may well be taken later.
bool passes(Status status) {
  return status == Status::limit || status == Status::deadline || status == Status::unavailable ||
         status == Status::internal;
}

}  // namespace

dm_status Commits::add(std::uint64_t arrival, dm_reply_fn reply, void* user) {
  if (waiting_.size() >= commits_waiting_max) return DM_LIMIT;
  waiting_.push_back({arrival, reply, user});
  if (waiting_.size() <= commits_paid_max) hooks_.pay(arrival);
  if (under_way_ == 0 && retry_ == 0) send();
  return DM_OK;
}

void Commits::send() {
  if (waiting_.empty()) return;
  const auto greatest = std::max_element(
      waiting_.begin(), waiting_.end(),
      [](const Waiter& one, const Waiter& other) { return one.arrival < other.arrival; });
  const std::uint64_t arrival = greatest->arrival;
  auto sent = std::make_shared<std::vector<Waiter>>(std::exchange(waiting_, {}));
  ++under_way_;
  const auto asked = hooks_.send(
      arrival, [self = shared_from_this(), arrival, sent](const Result<std::string>& result) {
        --self->under_way_;
        self->on_answer(arrival, *sent, result);
      });
  if (asked) return hooks_.pay(arrival);
  // Too much else of the plugin's is under way, or the session is over.
  --under_way_;
  if (finished_) {
    for (const Waiter& one : *sent) hooks_.tell(one.reply, one.user, asked.error());
    return;
  }
  waiting_ = std::move(*sent);
  retry();
}

void Commits::on_answer(std::uint64_t arrival, const std::vector<Waiter>& sent,
                        const Result<std::string>& result) {
  std::vector<Waiter> told = sent;
  if (!result && !finished_) {
    if (passes(result.error().code)) {
      waiting_.push_back({arrival, nullptr, nullptr});
      retry();
    } else {
      // It was the greatest that is refused; the others have to be asked for without it.
      const auto others = std::partition(told.begin(), told.end(), [arrival](const Waiter& one) {
        return one.arrival == arrival;
      });
      waiting_.insert(waiting_.begin(), others, told.end());
      told.erase(others, told.end());
    }
  }
  if (under_way_ == 0 && retry_ == 0 && !finished_) send();
  for (const Waiter& one : told) hooks_.tell(one.reply, one.user, result);
}

void Commits::retry() {
  if (retry_ != 0) return;
  retry_ = loop_.call_at(loop_.now_ms() + commit_retry_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->retry_ = 0;
    if (self->under_way_ == 0) self->send();
  });
}

void Commits::finish() {
  if (std::exchange(finished_, true)) return;
  if (retry_ != 0) loop_.cancel(std::exchange(retry_, 0));
  send();
}

}  // namespace deskmate::host
