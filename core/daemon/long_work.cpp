#include "core/daemon/long_work.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace deskmate::daemon {

void LongWork::settle(bus::Answer answer, const Result<Value>& result) {
  if (!result) return answer.fail(result.error());
  answer.ok(*result);
}

void LongWork::serve(const bus::Call& call, bus::Answer answer, const Work& work) {
  if (const auto asked = call.params["run"].as_uint(); asked != 0) {
    return wait(asked, call, std::move(answer));
  }
  while (runs_->size() > runs_kept_max) {
    const auto ended = std::find_if(runs_->begin(), runs_->end(),
                                    [](const auto& run) { return run.second.result != nullptr; });
    if (ended == runs_->end()) {
      return answer.fail({Status::limit, "too many of these are under way", {}});
    }
    runs_->erase(ended);
  }
  const std::uint64_t number = ++last_;
  (*runs_)[number].begun_ms = loop_.now_ms();
  wait(number, call, std::move(answer));
  work([this_loop = &loop_, weak = std::weak_ptr(runs_), number](Result<Value> result) {
    const auto runs = weak.lock();
    if (!runs) return;
    Run& run = runs->at(number);
    run.result = std::make_unique<Result<Value>>(std::move(result));
    for (auto& [id, waiting] : std::exchange(run.waiting, {})) {
      this_loop->cancel(waiting.timer);
      settle(std::move(waiting.answer), *run.result);
    }
  });
}

void LongWork::wait(std::uint64_t number, const bus::Call& call, bus::Answer answer) {
  const auto found = runs_->find(number);
  if (found == runs_->end()) {
    return answer.fail({Status::not_found, "no such run", std::to_string(number)});
  }
  Run& run = found->second;
  if (run.result) return settle(std::move(answer), *run.result);
  const std::uint64_t key = ++last_;
  Waiting& waiting = run.waiting[key];
  waiting.answer = std::move(answer);
  const auto asked = call.params["within_ms"].as_uint();
  if (asked == 0) return;
  const std::uint64_t within = std::min<std::uint64_t>(asked, call.deadline_ms / 2);
  waiting.timer = loop_.call_at(
      loop_.now_ms() + within, [this_loop = &loop_, weak = std::weak_ptr(runs_), number, key] {
        const auto runs = weak.lock();
        if (!runs) return;
        Run& late = runs->at(number);
        auto node = late.waiting.extract(key);
        node.mapped().answer.ok(Value::map(
            {{"run", number}, {"running", true}, {"for_ms", this_loop->now_ms() - late.begun_ms}}));
      });
}

}  // namespace deskmate::daemon
