// Keeps the number of an instance's keys in its small store (deskmate.kv/1) below DM_KV_KEYS_MAX,
// exactly, what is on its way to the disk included. Loop thread.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "storage/store.hpp"

namespace deskmate::daemon {

class KvKeys {
 public:
  explicit KvKeys(storage::Store& store) : store_(store) {}  // the store outlives it

  // To be asked before each put, which follows unless it is refused with Status::limit. The number
  // is for done, once the store has said what became of the put.
  Result<std::uint64_t> begin(std::string_view owner, std::string_view key, bool erases);
  void done(std::string_view owner, std::uint64_t put);

 private:
  struct Put {
    std::uint64_t number = 0;
    std::string key;
    bool erases = false;
  };
  struct Keys {
    bool counted = false;
    std::size_t most = 0;  // there are no more than these
    std::list<Put> under_way;
  };

  Result<bool> has(const Keys& keys, std::string_view owner, std::string_view key);
  Result<std::size_t> count(const Keys& keys, std::string_view owner);

  storage::Store& store_;
  std::map<std::string, Keys, std::less<>> owners_;
  std::uint64_t last_ = 0;
};

}  // namespace deskmate::daemon
