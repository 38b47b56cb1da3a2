// What must hold: while a day is played, and at its end.
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

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

// Has it been given from since the heal? What was owed in a set that no longer is stays owed.
bool of_the_end(const One& peer, const desk::LedgerView& view) {
  std::map<desk::MemberNo, std::uint64_t> settled;
  for (const auto& member : peer.desk->members(start_ms + end_ms)) {
    if (member.weight != 0 && member.connected) settled[member.number] = member.weight;
  }
  return view.size() == settled.size() &&
         std::all_of(view.begin(), view.end(), [&](const auto& share) {
           const auto member = settled.find(share.member);
           return member != settled.end() && member->second == share.weight;
         });
}

}  // namespace

void World::look_at_limits() {
  for (auto& peer : all) {
    if (!peer->up() || !on_desk(peer->number)) continue;
    const auto status = peer->replica->status();
    if (status.buffered_bytes > queue_bytes_max) fail("too much is buffered");
    if (status.pending_appends > appends_max) fail("too many stretches wait for the disk");
    for (const auto& link : status.links) {
      if (link.unacked_bytes > queue_bytes_max) fail("too much is on its way");
    }
    if (status.unknown_messages != 0) fail("a message of no known kind");
    if (outcome.forks != 0) continue;
    if (!status.frozen.empty()) fail("a log is frozen, and none was forked");
    if (peer->replica->rolled_back()) fail("rolled back, and no disk was");
  }
  if (setting.calm) check_split(1.0, false);
}

void World::check_split(double bound, bool owing) {
  for (auto& peer : all) {
    if (!peer->up() || !on_desk(peer->number)) continue;
    for (const auto& view : peer->desk->ledger()) {
      double n = 0;
      double total = 0;
      for (const auto& share : view) {
        n += static_cast<double>(share.count);
        total += share.weight;
      }
      if (owing && !of_the_end(*peer, view)) continue;
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

// Two branches of a log: noticed by somebody once they met, and told to whoever sees them.
void World::check_forks() {
  One& which = one(forked);
  bool met = false;
  bool noticed = which.up() && which.replica->rolled_back();
  for (auto& peer : all) {
    if (peer->number == forked || !peer->up() || !which.up()) continue;
    const auto own = which.store.logs.find(which.store.log());
    const auto theirs = peer->store.logs.find(which.store.log());
    const std::size_t here = own == which.store.logs.end() ? 0 : own->second.items.size();
    const bool differ = theirs != peer->store.logs.end() && theirs->second.items.size() != here;
    met = met || (differ && network.linked_for(forked, peer->number, fork_noticed_ms));
    if (peer->replica->status().frozen.empty()) continue;
    noticed = true;
    const auto since = peer->alarms.find(peer::Trouble::forked);
    if (since == peer->alarms.end() || now_ms - since->second < fork_noticed_ms) continue;
    for (auto& other : all) {
      if (!network.linked_for(peer->number, other->number, fork_noticed_ms) || !other->up())
        continue;
      if (!other->alarms.contains(peer::Trouble::forked)) {
        fail("peer " + std::to_string(other->number) + " was not told of the fork");
      }
    }
  }
  if (met && !noticed && !may_hold_the_future())
    fail("nobody noticed that the log of " + std::to_string(forked) + " forked");
}

// In force is what all agreed to, the latest of these.
void World::check_members(One& reference) {
  struct Word {
    std::tuple<std::uint64_t, PeerId, std::uint64_t, std::uint64_t> at;
    std::uint64_t weight = 0;
    bool removed = false;
  };
  std::map<std::int64_t, Word> wanted;
  for (const auto& key : reference.store.arrivals) {
    const auto& item = reference.store.logs[key.log].items[key.seq - 1];
    const auto header = storage::decode_header(item.record);
    if (!header || header->type != "member.set") continue;
    const auto facts = decode(header->facts);
    if (!facts || (*facts)["keeps"].as_bool()) continue;
    bool refused = false;
    for (int n = 1; n <= setting.peers; ++n) {
      refused = refused || ((*facts)["name"].as_str() == refused_by(n) && on_desk(n));
    }
    if (refused) {
      ++outcome.refused;
      continue;
    }
    if (!(*facts)["asks"].is_nil()) ++outcome.weighed;
    Word word{{header->stamp, key.log.peer, key.log.incarnation, key.seq},
              (*facts)["weight"].as_uint(),
              (*facts)["removed"].as_bool()};
    Word& latest = wanted[(*facts)["member"].as_int()];
    if (latest.at < word.at) latest = word;
  }
  for (const auto& [number, word] : wanted) {
    const auto member =
        reference.desk->member(static_cast<desk::MemberNo>(number), start_ms + now_ms);
    if (!member || member->weight != word.weight || member->removed != word.removed) {
      fail("member " + std::to_string(number) + " has weight " +
           std::to_string(member ? member->weight : 0) + ", and all agreed to " +
           std::to_string(word.weight));
    }
  }
}

// Of an erased buyer no peer has a key, whenever it was made, fetched or restored.
void World::check_erasures() {
  std::set<Id16> buyers;
  One& reference = any();
  for (const auto& key : reference.store.arrivals) {
    const auto& item = reference.store.logs[key.log].items[key.seq - 1];
    const auto header = storage::decode_header(item.record);
    if (!header || header->type != "buyer.erased") continue;
    const auto facts = decode(header->facts);
    if (const auto buyer = desk::id16((*facts)["buyer"].as_bin())) buyers.insert(*buyer);
  }
  outcome.erasures += static_cast<int>(buyers.size());
  for (auto& peer : all) {
    if (!on_desk(peer->number)) continue;
    if (!peer->desk->erasures_wanted(id_of(peer->number)).empty()) {
      fail("peer " + std::to_string(peer->number) + " has yet to destroy keys");
    }
    for (const auto& [id, key] : peer->store.keys_here) {
      if (buyers.contains(key.buyer) && keys_before.contains(id)) {
        fail("peer " + std::to_string(peer->number) + " has a key of an erased buyer");
      }
    }
  }
}

// Every body has come in the end, but for those of erased buyers, which nobody can open any more,
// and those that went with a disk before anybody had fetched them: these are known to be lost.
void World::check_bodies(const One& peer, const storage::LogName& name,
                         const deskmate::peer::testing::MemoryStore::Log& log) {
  // What only its author had may have gone with its disk, or stay with it when it was removed.
  const bool gone = std::any_of(all.begin(), all.end(), [&](const auto& author) {
    const storage::LogName own = author->store.log();
    return own.peer == name.peer && (own != name || !on_desk(author->number));
  });
  for (std::uint64_t seq = 1; seq <= log.items.size(); ++seq) {
    const auto& item = log.items[seq - 1];
    const auto header = storage::decode_header(item.record);
    if (!header || !header->body_hash || !item.body.empty()) continue;
    if (header->key_id && peer.store.erased.contains(*header->key_id)) continue;
    if (gone && !log.awaited.contains(seq)) continue;
    return fail("peer " + std::to_string(peer.number) + " lacks the body of " +
                std::to_string(seq) + " of the log of " + std::to_string(name.peer[0]));
  }
}

void World::check_logs(One& reference) {
  for (auto& peer : all) {
    if (!on_desk(peer->number)) continue;
    for (const auto& [log, seq] : written) {
      const auto here = peer->store.logs.find(log);
      if (seq != 0 && (here == peer->store.logs.end() || here->second.items.size() < seq)) {
        return fail("peer " + std::to_string(peer->number) + " lacks of the log of " +
                    std::to_string(log.peer[0]) + " what was acknowledged");
      }
    }
    if (peer->store.logs.size() != reference.store.logs.size()) return fail("a log is missing");
    for (const auto& [name, log] : reference.store.logs) {
      const auto here = peer->store.logs.find(name);
      if (here == peer->store.logs.end() || here->second.chains != log.chains) {
        return fail("peer " + std::to_string(peer->number) + " has another log of " +
                    std::to_string(name.peer[0]) + " than " + std::to_string(reference.number));
      }
      check_bodies(*peer, name, here->second);
    }
    if (peer->desk->hash() != reference.desk->hash()) {
      return fail("peer " + std::to_string(peer->number) + " has another state");
    }
  }
  if (setting.seed % 16 == 0 && reference.desk->hash() != reference.desk->full_hash()) {
    fail("the hash is not that of the tables");
  }
}

void World::check_answers() {
  for (std::size_t i = 0; i < asked.size(); ++i) {
    // A later message of the thread may have been answered in its place.
    const bool done = std::any_of(
        asked.begin() + static_cast<std::ptrdiff_t>(i), asked.end(),
        [&](const Asked& later) { return later.chat == asked[i].chat && !later.answers.empty(); });
    // One that was found in the thread, its desk's own word being lost: that it had not known this
    // message cannot be seen there.
    const bool crossed = std::any_of(
        asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(i), [&](const Asked& earlier) {
          return earlier.chat == asked[i].chat &&
                 std::any_of(
                     earlier.answers.begin(), earlier.answers.end(), [&](const Answer& one) {
                       return one.at_ms > asked[i].at_ms && found_in_thread.contains(one.request);
                     });
        });
    if (!done && crossed) {
      ++outcome.crossed;
      continue;
    }
    if (!done) return fail("#" + std::to_string(i) + " of " + asked[i].chat + " has no answer");
  }
}

void World::finish() {
  outcome.messages = static_cast<int>(asked.size());
  One& reference = any();
  for (auto& peer : all) {
    if (on_desk(peer->number) && !peer->up()) {
      return fail("peer " + std::to_string(peer->number) + " is down");
    }
  }
  check_logs(reference);
  check_members(reference);
  check_erasures();
  check_answers();
  if (catching_.up) fail("not all have what anybody had");
  for (const std::uint64_t wait : outcome.waits_ms) {
    if (wait > 2 * target_ms) ++outcome.freezes;
  }
  check_split(1.0, !setting.calm);
}

}  // namespace deskmate::sim
