// What must hold: while a day is played, and at its end.
#include <algorithm>
#include <cmath>

#include "tests/sim/one.hpp"
#include "tests/sim/world.hpp"

namespace deskmate::sim {
namespace {

// Whoever has c chats gets none until the share has come up to c - 1: from (c - 1) T/w chats of
// the set on all are within 1 again.
double even_after(const desk::LedgerView& view) {
  double total = 0;
  for (const auto& share : view) total += share.weight;
  double chats = 0;
  for (const auto& share : view) {
    chats = std::max(chats, (static_cast<double>(share.count) - 1) * total / share.weight);
  }
  return chats;
}

}  // namespace

void World::look_at_limits() {
  for (auto& peer : all) {
    if (!peer->up()) continue;
    const auto status = peer->replica->status();
    if (status.buffered_bytes > queue_bytes_max) fail("too much is buffered");
    if (!status.frozen.empty()) fail("a log is frozen, and none was forked");
    if (peer->replica->rolled_back()) fail("rolled back, and no disk was");
  }
  if (setting.calm) check_split(1.0, false);
}

void World::check_split(double bound, bool owing) {
  for (auto& peer : all) {
    for (const auto& view : peer->desk->ledger()) {
      double n = 0;
      double total = 0;
      for (const auto& share : view) {
        n += static_cast<double>(share.count);
        total += share.weight;
      }
      const bool worked_off = !owing || n >= even_after(view);
      for (const auto& share : view) {
        const double off = std::abs(static_cast<double>(share.count) - n * share.weight / total);
        outcome.deviation = std::max(outcome.deviation, off);
        if (off > bound && worked_off) {
          fail("member " + std::to_string(share.member) + " has " + std::to_string(share.count) +
               " of " + std::to_string(n));
        }
      }
    }
  }
}

void World::finish() {
  outcome.messages = static_cast<int>(asked.size());
  const peer::testing::MemoryStore& first = one(1).store;
  for (auto& peer : all) {
    for (const auto& [log, seq] : written) {
      const auto here = peer->store.logs.find(log);
      if (here == peer->store.logs.end() || here->second.items.size() < seq) {
        return fail("peer " + std::to_string(peer->number) + " lacks of the log of " +
                    std::to_string(log.peer[0]) + " what was acknowledged");
      }
      if (here->second.chains != first.logs.at(log).chains) return fail("logs differ");
    }
    if (peer->desk->hash() != one(1).desk->hash()) {
      return fail("peer " + std::to_string(peer->number) + " has another state than 1");
    }
  }
  if (setting.seed % 16 == 0 && one(1).desk->hash() != one(1).desk->full_hash()) {
    return fail("the hash is not that of the tables");
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    // A later message of the thread may have been answered in its place.
    const bool done = std::any_of(
        asked.begin() + static_cast<std::ptrdiff_t>(i), asked.end(),
        [&](const Asked& later) { return later.chat == asked[i].chat && !later.answers.empty(); });
    // An answer to an earlier message was on its way when this one came in at another peer: the
    // chat is open, but does not count as waiting.
    const auto row = one(1).desk->chat_row(desk::id(asked[i].chat), start_ms + now_ms);
    if (!done && row && row->last_out_ms > start_ms + asked[i].at_ms) {
      ++outcome.crossed;
      continue;
    }
    // Seen first where the clock was a minute behind: by its stamp it is before an answer that
    // was sent elsewhere meanwhile. The clocks were alarmed about.
    if (!done && row && asked[i].skewed && row->waiting_since_ms == 0) {
      ++outcome.behind;
      continue;
    }
    if (!done) return fail("#" + std::to_string(i) + " of " + asked[i].chat + " has no answer");
  }
  for (const std::uint64_t wait : outcome.waits_ms) {
    if (wait > 2 * target_ms) ++outcome.freezes;
  }
  check_split(1.0, !setting.calm);
}

}  // namespace deskmate::sim
