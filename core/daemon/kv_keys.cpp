#include "core/daemon/kv_keys.hpp"

#include <deskmate/ext/kv.h>

#include <algorithm>

#include "core/daemon/errors.hpp"

namespace deskmate::daemon {

// Whether the key is there once what is under way is done.
Result<bool> KvKeys::has(const Keys& keys, std::string_view owner, std::string_view key) {
  const auto last = std::find_if(keys.under_way.rbegin(), keys.under_way.rend(),
                                 [&](const Put& put) { return put.key == key; });
  if (last != keys.under_way.rend()) return !last->erases;
  const auto found = store_.kv_get(owner, key);
  if (found.has_error()) return to_error(found.error());
  return found.value().has_value();
}

// The keys there are once what is under way is done.
Result<std::size_t> KvKeys::count(const Keys& keys, std::string_view owner) {
  std::map<std::string_view, bool> erased;  // by the last put of each key
  for (const Put& put : keys.under_way) erased[put.key] = put.erases;
  std::size_t more = 0, fewer = 0;
  for (const auto& [key, erases] : erased) {
    const auto found = store_.kv_get(owner, key);
    if (found.has_error()) return to_error(found.error());
    const bool there = found.value().has_value();
    if (there && erases) ++fewer;
    if (!there && !erases) ++more;
  }
  // Last: a key that reaches the disk in between is rather counted twice than not at all.
  const auto stored = store_.kv_count(owner);
  if (stored.has_error()) return to_error(stored.error());
  return stored.value() + more - std::min(fewer, stored.value());
}

Result<std::uint64_t> KvKeys::begin(std::string_view owner, std::string_view key, bool erases) {
  Keys& keys = owners_.try_emplace(std::string(owner)).first->second;
  if (!erases) {
    const auto known = has(keys, owner, key);
    if (!known) return known.error();
    // Erasing does not lower `most`: only where the room seems to be gone are the keys walked.
    if (!*known && (!keys.counted || keys.most >= DM_KV_KEYS_MAX)) {
      const auto counted = count(keys, owner);
      if (!counted) return counted.error();
      keys.most = *counted;
      keys.counted = true;
    }
    if (!*known && keys.most >= DM_KV_KEYS_MAX) {
      return Error{Status::limit,
                   "an instance has at most " + std::to_string(DM_KV_KEYS_MAX) + " keys", "key"};
    }
    if (!*known) ++keys.most;
  }
  keys.under_way.push_back({++last_, std::string(key), erases});
  return last_;
}

void KvKeys::done(std::string_view owner, std::uint64_t put) {
  const auto keys = owners_.find(owner);
  if (keys == owners_.end()) return;
  keys->second.under_way.remove_if([&](const Put& each) { return each.number == put; });
}

}  // namespace deskmate::daemon
