#include "core/daemon/reply_keys.hpp"

#include <utility>

namespace deskmate::daemon {

bool ReplyKeys::begin(const std::string& key, Done done) {
  const auto [at, first] = entries_.try_emplace(key);
  if (at->second.finished) {
    done(at->second.answer);
    return false;
  }
  at->second.waiting.push_back(std::move(done));
  return first;
}

void ReplyKeys::finish(const std::string& key, const Result<Value>& result) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.finished) return;
  const auto waiting = std::exchange(at->second.waiting, {});
  if (result) {
    at->second.finished = true;
    at->second.answer = *result;
    finished_.push_back(key);
    if (finished_.size() > reply_keys_kept) {
      entries_.erase(finished_.front());
      finished_.pop_front();
    }
  } else {
    entries_.erase(at);
  }
  for (const auto& done : waiting) done(result);
}

}  // namespace deskmate::daemon
