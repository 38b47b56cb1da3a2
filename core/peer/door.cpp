#include "core/peer/door.hpp"

#include <algorithm>

namespace deskmate::peer {

bool Door::enter(const std::string& source, std::uint64_t now_ms) {
  if (inside_ >= strangers_max) return false;
  if (sources_.size() >= sources_max && !sources_.contains(source)) {
    forget(now_ms);
    if (sources_.size() >= sources_max) return false;
  }
  Source& known = sources_[source];
  const std::uint64_t earned = (now_ms - known.since_ms) / source_every_ms;
  known.since_ms += earned * source_every_ms;
  known.spent -= std::min(known.spent, earned);
  if (known.inside >= strangers_per_source || known.spent >= source_burst) return false;
  ++known.spent;
  ++known.inside;
  ++inside_;
  return true;
}

void Door::left(const std::string& source) {
  const auto at = sources_.find(source);
  if (at == sources_.end() || at->second.inside == 0) return;
  --at->second.inside;
  --inside_;
}

void Door::forget(std::uint64_t now_ms) {
  for (auto at = sources_.begin(); at != sources_.end();) {
    const Source& source = at->second;
    const bool rested = source.spent <= (now_ms - source.since_ms) / source_every_ms;
    at = source.inside == 0 && rested ? sources_.erase(at) : std::next(at);
  }
}

}  // namespace deskmate::peer
