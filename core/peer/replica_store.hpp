// What replication needs of the log: how far every log has come, stretches of them as stored, keys,
// sealed files. Over storage::Store in the daemon (store_adapter.hpp), in memory in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/peer/peer_id.hpp"
#include "storage/error.hpp"
#include "storage/event.hpp"
#include "storage/stretch.hpp"

namespace deskmate::peer {

using storage::FilePiece;
using storage::Hash32;
using storage::Id16;
using storage::LogName;
using storage::LogTip;
using storage::Stretch;

// Called on the replica's thread; quick, from memory or a short read transaction.
class ReplicaStore {
 public:
  virtual ~ReplicaStore() = default;

  virtual const LogName& log() const = 0;  // this peer's own
  // All logs with what is durable, own one too, as of one moment.
  virtual std::vector<LogTip> frontier() const = 0;

  // From the event after `after` on, about max_bytes but at least to the next signed head; nothing:
  // there is none yet. What is older than the log's first event here is not_found. bodies_behind:
  // without bodies; otherwise it ends before the first whose body is not here.
  virtual storage::Result<std::optional<Stretch>> read(const LogName& log, std::uint64_t after,
                                                       std::size_t max_bytes,
                                                       bool bodies_behind) = 0;

  // Bodies that have not come, of events after `above` and before `below`, the newest first, at
  // most `most`; none of buyers who were erased.
  virtual std::vector<storage::Awaited> awaited(const LogName& log, std::uint64_t above,
                                                std::uint64_t below, std::size_t most) = 0;
  // Of these bodies as many, in this order, as make max_bytes, but at least one.
  virtual std::vector<storage::BodyRead> bodies(const LogName& log,
                                                const std::vector<std::uint64_t>& seqs,
                                                std::size_t max_bytes) = 0;

  // Of those that are there; destroyed and unknown ones are left out.
  virtual std::vector<storage::CarriedKey> keys(const std::vector<Id16>& ids) = 0;

  // A piece of a sealed file; nothing: the file is not here.
  virtual std::optional<FilePiece> read_file(const Hash32& hash, std::uint64_t offset,
                                             std::size_t size) = 0;
};

}  // namespace deskmate::peer
