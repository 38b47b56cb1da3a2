#include "core/peer/store_adapter.hpp"

#include <algorithm>
#include <utility>

#include "storage/key_id.hpp"

namespace deskmate::peer {

using storage::Errc;

StoreAdapter::StoreAdapter(storage::Store& store, Run on_pool, Run on_loop)
    : store_(store), on_pool_(std::move(on_pool)), on_loop_(std::move(on_loop)) {}

AppendOutcome outcome_of(const storage::Result<storage::Arrived>& result) {
  if (result) return {};
  const storage::Error& error = result.error();
  switch (error.code) {
    case Errc::gap:
      return {AppendOutcome::gap, error.message};
    case Errc::forged:
    case Errc::invalid:
      return {AppendOutcome::bad, error.message};
    case Errc::mismatch:
      return {AppendOutcome::mismatch, error.message};
    case Errc::forked:
      return {AppendOutcome::forked, error.message};
    case Errc::rolled_back:
      return {AppendOutcome::rolled_back, error.message};
    default:  // the disk, what waits for the writer, or a cut that was made meanwhile
      return {AppendOutcome::retry, error.message};
  }
}

// Whether it is one that no store can have given; to ask for it again would be of no use.
static bool beyond_limits(const Stretch& stretch) {
  std::size_t bytes = 0;
  for (const auto& item : stretch.items) bytes += item.record.size() + item.body.size();
  return stretch.items.size() > storage::stretch_events_max || bytes > storage::stretch_bytes_max;
}

// Of keys whose ids were drawn at random those that open one of these bodies.
static void keep_fitting(storage::Store& store, std::vector<storage::CarriedKey>& keys,
                         const storage::Bodies& bodies) {
  std::vector<storage::CarriedKey> others = keys;
  storage::keep_fitting(keys, {});
  const auto same_id = [](const storage::CarriedKey& key) {
    return [&key](const storage::CarriedKey& other) { return other.key_id == key.key_id; };
  };
  std::erase_if(
      others, [&](const auto& key) { return std::any_of(keys.begin(), keys.end(), same_id(key)); });
  for (const auto& item : bodies.items) {
    if (others.empty()) return;
    const auto arrival = store.arrival_of({bodies.log, item.seq});
    if (!arrival || !*arrival) continue;
    Stretch one;
    one.log = bodies.log;
    one.first = item.seq;
    const auto read = store.read(**arrival - 1, 1, false, [&](const storage::StoredEvent& event) {
      one.items.push_back({std::string(event.record), item.body});
      return false;
    });
    if (!read) continue;
    auto fitting = others;
    storage::keep_fitting(fitting, one);
    for (const auto& key : fitting) std::erase_if(others, same_id(key));
    keys.insert(keys.end(), fitting.begin(), fitting.end());
  }
}

// Keys first: what is acknowledged can be opened.
void StoreAdapter::append(out::Append append, AppendDone done) {
  const std::uint64_t ticket = append.ticket;
  auto finish = [on_loop = on_loop_, ticket,
                 done = std::move(done)](const storage::Result<storage::Arrived>& result) {
    auto outcome = outcome_of(result);
    const storage::Arrived arrived = result ? *result : storage::Arrived{};
    on_loop([done, ticket, outcome, arrived] { done(ticket, outcome, arrived); });
  };
  // All of them through the pool, so that stretches of one log stay in order.
  on_pool_([this, finish, shared = std::make_shared<out::Append>(std::move(append))] {
    if (beyond_limits(shared->stretch)) {
      return finish(storage::Error{Errc::invalid, "a stretch above the limits of one"});
    }
    if (shared->bodies) {
      keep_fitting(store_, shared->keys, *shared->bodies);
    } else {
      storage::keep_fitting(shared->keys, shared->stretch);
    }
    if (!shared->keys.empty()) {
      if (const auto imported = store_.import_keys(shared->keys); !imported) {
        return finish(imported.error());
      }
    }
    if (shared->bodies) {
      store_.append_bodies(std::move(*shared->bodies), finish);
    } else {
      store_.append_stretch(std::move(shared->stretch), finish);
    }
  });
}

void StoreAdapter::put_file(out::PutFile piece, FileDone done) {
  on_pool_(
      [this, done = std::move(done), shared = std::make_shared<out::PutFile>(std::move(piece))] {
        const auto put =
            store_.put_sealed_file(shared->hash, shared->offset, shared->bytes, shared->total);
        auto state = Replica::FileState::partial;
        if (!put) {
          // Of a gap, another total or a full disk, too, it is begun where it stands.
          state = Replica::FileState::failed;
        } else if (*put) {
          state = Replica::FileState::complete;
        }
        const std::uint64_t next = put && *put ? shared->total : store_.sealed_part(shared->hash);
        on_loop_([done, hash = shared->hash, next, state] { done(hash, next, state); });
      });
}

const LogName& StoreAdapter::log() const { return store_.log(); }
std::vector<LogTip> StoreAdapter::frontier() const { return store_.frontier(); }
storage::Result<std::optional<Stretch>> StoreAdapter::read(const LogName& log, std::uint64_t after,
                                                           std::size_t max_bytes,
                                                           bool bodies_behind) {
  return store_.read_stretch(log, after, max_bytes, bodies_behind);
}
std::vector<storage::Awaited> StoreAdapter::awaited(const LogName& log, std::uint64_t above,
                                                    std::uint64_t below, std::size_t most) {
  auto found = store_.awaited(log, above, below, most);
  return found ? std::move(*found) : std::vector<storage::Awaited>();
}
std::vector<storage::BodyRead> StoreAdapter::bodies(const LogName& log,
                                                    const std::vector<std::uint64_t>& seqs,
                                                    std::size_t max_bytes) {
  auto found = store_.read_bodies(log, seqs, max_bytes);
  return found ? std::move(*found) : std::vector<storage::BodyRead>();
}
std::vector<storage::CarriedKey> StoreAdapter::keys(const std::vector<Id16>& ids) {
  return store_.export_keys(ids);
}
std::optional<FilePiece> StoreAdapter::read_file(const Hash32& hash, std::uint64_t offset,
                                                 std::size_t size) {
  auto piece = store_.read_sealed_file(hash, offset, size);
  if (!piece) return std::nullopt;
  return std::move(*piece);
}

}  // namespace deskmate::peer
