// The daemon's store as replication sees it. Reading is by short transactions on the caller's
// thread; what blocks (keys, attachments) goes through the runner that the caller gives.
//
//   StoreAdapter adapter(store, run_on_pool, run_on_loop);
//   Replica replica(adapter, now);
//   ... out::Append: adapter.append(std::move(append), [&](ticket, outcome, arrived) {
//         replica.appended(ticket, std::move(outcome), now()); });          // on the loop
//   ... out::PutFile: adapter.put_file(std::move(piece), [&](hash, next, state) {
//         replica.file_stored(hash, next, state, now()); });                // on the loop
#pragma once

#include <functional>
#include <memory>

#include "core/peer/replica.hpp"
#include "storage/store.hpp"

namespace deskmate::peer {

class StoreAdapter : public ReplicaStore {
 public:
  using Run = std::function<void(std::function<void()>)>;

  // The store and what the runners stand for must outlive the adapter and all its callbacks.
  // on_pool runs what blocks, one after the other, in order; on_loop on the replica's thread.
  StoreAdapter(storage::Store& store, Run on_pool, Run on_loop);

  // arrived: what to fold, or bodies to read; nothing new where count is 0.
  using AppendDone = std::function<void(std::uint64_t ticket, AppendOutcome outcome,
                                        const storage::Arrived& arrived)>;
  void append(out::Append append, AppendDone done);
  using FileDone =
      std::function<void(const Hash32& hash, std::uint64_t next, Replica::FileState state)>;
  void put_file(out::PutFile piece, FileDone done);

  const LogName& log() const override;
  std::vector<LogTip> frontier() const override;
  storage::Result<std::optional<Stretch>> read(const LogName& log, std::uint64_t after,
                                               std::size_t max_bytes, bool bodies_behind) override;
  std::vector<storage::Awaited> awaited(const LogName& log, std::uint64_t above,
                                        std::uint64_t below, std::size_t most) override;
  std::vector<storage::BodyRead> bodies(const LogName& log, const std::vector<std::uint64_t>& seqs,
                                        std::size_t max_bytes) override;
  std::vector<storage::CarriedKey> keys(const std::vector<Id16>& ids) override;
  std::optional<FilePiece> read_file(const Hash32& hash, std::uint64_t offset,
                                     std::size_t size) override;

 private:
  storage::Store& store_;
  Run on_pool_;
  Run on_loop_;
};

AppendOutcome outcome_of(const storage::Result<storage::Arrived>& result);

}  // namespace deskmate::peer
