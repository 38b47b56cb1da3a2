// Buyers' keys: a small file `keys` in the data folder, each key wrapped by the folder's wrapping
// key, and the list of erased ones in the secrets folder, where no backup takes it along. LMDB
// leaves old bytes in free pages, so keys are never put there. Formats: storage/README.md.
//
// In memory is only where each key stands in the file. A key is read and opened when it is used,
// and few stay open.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "storage/bytes.hpp"
#include "storage/event.hpp"
#include "storage/identity.hpp"
#include "storage/key_cache.hpp"
#include "storage/key_index.hpp"
#include "storage/posix.hpp"
#include "storage/stretch.hpp"

namespace deskmate::storage {

inline constexpr std::uint64_t keys_file_max = std::uint64_t{1} << 30;  // bytes

// How far the keys file is known to be on disk; committed in `meta` together with what uses it.
struct KeysPosition {
  std::uint64_t generation = 0;  // rises with every rewriting
  std::uint64_t records = 0;
  bool operator==(const KeysPosition&) const = default;
};

struct BuyerKey {
  Id16 id{};
  Key32 key{};
};

class KeyRing {
 public:
  // Opens or makes the file, drops what a power cut left half written after `committed`, and
  // applies the erasure list. Errc::damaged for a file that cannot be what was written.
  static Result<std::unique_ptr<KeyRing>> open(const std::string& folder, const Secrets& secrets,
                                               KeysPosition committed);
  ~KeyRing();

  // Keys for these buyers, made where there is none and then on disk when this returns. In the
  // order asked for. [any thread]
  Result<std::vector<BuyerKey>> keys_for(std::span<const Id16> buyers);
  // nullopt: it is not here. Wipe it after use. [any thread]
  Result<std::optional<Key32>> find(const Id16& key_id) const;
  bool contains(const Id16& key_id) const;  // without opening it [any thread]
  bool erased(const Id16& key_id) const;    // [any thread]
  KeysPosition position() const;            // [any thread]

  // Destroys all keys of the buyer, first in the list, then in memory and in the file. May be
  // called again after an error. Returns the keys' ids.
  Result<std::vector<Id16>> erase(const Id16& buyer);
  // The same of single keys, also of those that only come later. Whether any was here.
  Result<bool> erase_ids(std::span<const Id16> ids);

  // For other peers: those of the ids that are here and open. [any thread]
  std::vector<CarriedKey> carried(std::span<const Id16> ids) const;
  // From another peer; on disk when this returns. Known and erased ones are passed over. What is
  // new is sealed under the buyer's first key, wherever that was made. [any thread]
  Result<void> take(std::span<const CarriedKey> keys);
  std::vector<Id16> ids_of(const Id16& buyer) const;  // sorted [any thread]

  // Wraps every key by another wrapping key, in one step; `secrets` hold it by then.
  Result<void> wrap_all(const Key32& wrapping_key);
  // Whether the file's keys are wrapped by that one; true where there are none.
  static Result<bool> wrapped_by(const std::string& folder, const Key32& wrapping_key);

  // The file as it is, for a backup. [any thread]
  Result<std::string> file_bytes() const;

 private:
  KeyRing(std::string path, std::string erased_path, const Key32& wrapping_key)
      : path_(std::move(path)), erased_path_(std::move(erased_path)), wrapping_key_(wrapping_key) {}
  Result<void> load_erased();
  Result<void> make();
  Result<void> load(KeysPosition committed);
  Result<void> append(std::string_view records, std::uint64_t count);
  Result<void> destroy(const std::vector<Id16>& ids);
  Result<void> note_erased(const std::vector<Id16>& ids);
  Result<void> rewrite();
  Result<void> swap_file(std::uint64_t generation, std::string_view records);
  std::string wrap(const KeyIndex::Record& record, const Key32& key) const;
  Result<Key32> open_record(std::string_view bytes) const;
  Result<Key32> open_key(std::uint32_t number) const;  // under maps_mutex_
  Error damaged(const std::string& why) const;

  std::string path_;
  std::string erased_path_;
  Key32 wrapping_key_;
  mutable std::mutex file_mutex_;  // to write the file, the list, position_; before maps_mutex_
  mutable std::shared_mutex maps_mutex_;  // index_, erased_, which file is file_
  Fd file_;
  KeysPosition position_;
  bool rewrite_needed_ = false;
  KeyIndex index_;
  std::unordered_set<Id16, IdHash> erased_;
  mutable KeyCache open_;  // only of what is in index_
};

}  // namespace deskmate::storage
