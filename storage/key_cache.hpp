// The few buyers' keys that are open in memory: those used last. Wiped when they go. Any thread.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "storage/bytes.hpp"
#include "storage/event.hpp"
#include "storage/identity.hpp"

namespace deskmate::storage {

inline constexpr std::size_t keys_open_max = 512;

class KeyCache {
 public:
  KeyCache() = default;
  ~KeyCache();
  KeyCache(const KeyCache&) = delete;
  KeyCache& operator=(const KeyCache&) = delete;

  std::optional<Key32> find(const Id16& id);
  void put(const Id16& id, const Key32& key);  // in the place of the one unused for longest
  void erase(const Id16& id);
  std::size_t size() const;

 private:
  struct Open {
    Id16 id{};
    Key32 key{};
  };
  mutable std::mutex mutex_;
  std::list<Open> open_;  // the last used in front
  std::unordered_map<Id16, std::list<Open>::iterator, IdHash> places_;
};

}  // namespace deskmate::storage
