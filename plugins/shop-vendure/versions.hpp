// What was last appended of each thing (an order, a parcel), so that it is appended again only when
// it has changed.
//
// A version is a chain: the hash of the version before it and the present content. So a thing that
// goes back to an earlier state is new all the same, and a crash between appending and saving gives
// the same version again, which the desk recognises by the event's ref "version".
//
// Kept in the instance's kv in groups of neighbouring things; neither ids nor contents, only
// hashes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/session.hpp"

namespace deskmate::shop_vendure {

inline constexpr std::uint64_t groups_max = 1000;       // of one table: keys in the kv
inline constexpr std::uint64_t neighbours = 100;        // consecutive numbers in one group
inline constexpr std::size_t group_entries_max = 2000;  // 24 bytes each; the oldest makes room

// FNV-1a of 64 bits, which stays the same for good.
std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U);

class Versions {
 public:
  explicit Versions(Session& desk) : desk_(desk) {}

  // The new version of thing ("parcel:7") in table's group of number ("12", an id), or nothing
  // where content is as it was. Not stored before save.
  Result<std::optional<std::string>> changed(std::string_view table, std::string_view number,
                                             const std::string& thing, std::string_view content);

  // Returns once all that changed is on disk.
  Result<void> save();

 private:
  struct Entry {
    std::uint64_t thing, content, chain;
  };
  struct Group {
    std::vector<Entry> entries;
    bool dirty = false;
  };
  Result<Group*> group(const std::string& key);

  Session& desk_;
  std::map<std::string, Group> groups_;
};

}  // namespace deskmate::shop_vendure
