#include "storage/key_cache.hpp"

#include <sodium.h>

#include <iterator>

namespace deskmate::storage {

KeyCache::~KeyCache() {
  for (Open& one : open_) sodium_memzero(one.key.data(), one.key.size());
}

std::optional<Key32> KeyCache::find(const Id16& id) {
  std::lock_guard lock(mutex_);
  auto found = places_.find(id);
  if (found == places_.end()) return std::nullopt;
  open_.splice(open_.begin(), open_, found->second);
  return found->second->key;
}

void KeyCache::put(const Id16& id, const Key32& key) {
  std::lock_guard lock(mutex_);
  if (auto found = places_.find(id); found != places_.end()) {
    found->second->key = key;
    return;
  }
  if (open_.size() < keys_open_max) {
    open_.emplace_front();
  } else {
    places_.erase(open_.back().id);
    open_.splice(open_.begin(), open_, std::prev(open_.end()));
  }
  open_.front() = {id, key};
  places_[id] = open_.begin();
}

void KeyCache::erase(const Id16& id) {
  std::lock_guard lock(mutex_);
  auto found = places_.find(id);
  if (found == places_.end()) return;
  sodium_memzero(found->second->key.data(), found->second->key.size());
  open_.erase(found->second);
  places_.erase(found);
}

std::size_t KeyCache::size() const {
  std::lock_guard lock(mutex_);
  return open_.size();
}

}  // namespace deskmate::storage
