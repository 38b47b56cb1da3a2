// What replication needs of the log: how far every log has come, stretches of them as stored, keys,
// sealed files. Over storage::Store in the daemon (store_adapter.hpp), in memory in tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/error.hpp"
#include "storage/event.hpp"

namespace deskmate::peer {

using PeerId = storage::Id32;  // the Ed25519 public key
using storage::Hash32;
using storage::Id16;
using storage::LogName;

// How far a log is on this disk.
struct LogTip {
  LogName log;
  std::uint64_t seq = 0;
};

// Consecutive events of one log as stored, never encoded anew, up to one whose head is signed.
struct Stretch {
  struct Item {
    std::string record;
    std::string body;  // as stored; empty where there is none, or its bytes are gone
  };
  LogName log;
  std::uint64_t first = 0;  // seq of items[0]
  std::vector<Item> items;
  Hash32 chain{};                            // after the last item
  std::array<std::uint8_t, 64> signature{};  // of that head, by log.peer
  std::uint64_t last() const { return first + items.size() - 1; }
};

// A buyer's key as it travels: on a link only, never in a log.
struct TravellingKey {
  Id16 key_id{};
  Id16 buyer{};
  std::array<std::uint8_t, 32> key{};
};

// A piece of an attachment as stored.
struct FilePiece {
  std::uint64_t total = 0;  // bytes of the whole file
  std::string bytes;
};

// Called on the replica's thread; quick, from memory or a short read transaction.
class ReplicaStore {
 public:
  virtual ~ReplicaStore() = default;

  virtual const LogName& log() const = 0;  // this peer's own
  // All logs with what is durable, own one too, as of one moment.
  virtual std::vector<LogTip> frontier() const = 0;

  // From the event after `after` on, about max_bytes but at least to the next signed head; nothing:
  // there is none yet. What is older than the log's first event here is not_found.
  virtual storage::Result<std::optional<Stretch>> read(const LogName& log, std::uint64_t after,
                                                       std::size_t max_bytes) = 0;

  // Of those that are there; destroyed and unknown ones are left out.
  virtual std::vector<TravellingKey> keys(const std::vector<Id16>& ids) = 0;

  // A piece of a sealed file; nothing: the file is not here.
  virtual std::optional<FilePiece> read_file(const Hash32& hash, std::uint64_t offset,
                                             std::size_t size) = 0;
};

}  // namespace deskmate::peer
