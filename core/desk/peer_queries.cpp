// Queries about peers, agreements and erasures.
#include <algorithm>
#include <set>

#include "core/desk/peers.hpp"
#include "core/desk/queries.hpp"

namespace deskmate::desk {

std::vector<PeerView> Queries::peers() const {
  const Peers peers(state_);
  std::vector<PeerView> out;
  for (const Peers::One& one : peers.all()) {
    PeerView view;
    view.id = one.id;
    view.name = one.record.name;
    view.standing = peers.standing(one.id);
    view.founder = peers.founder(one.id);
    view.ready = peers.ready(one.id);
    view.holds_book = peers.holder() == one.id;
    const Place& since = one.record.removed_at.any() ? one.record.removed_at
                         : one.record.said_at.any()  ? one.record.said_at
                                                     : one.record.added_at;
    view.since_ms = stamp_ms(since.stamp);
    for (const CutRecord& cut : one.record.cut) view.cut[cut.incarnation] = cut.seq;
    if (view.standing == PeerStanding::here && !view.ready) view.waits_for = peers.unmet(one.id);
    out.push_back(std::move(view));
  }
  return out;
}

std::optional<PeerId> Queries::book_holder() const { return Peers(state_).holder(); }

bool Queries::needs_hello() const {
  return Peers(state_).needs_hello(policy_.self);
}

std::vector<MemberChange> Queries::changes_waiting() const {
  std::vector<MemberChange> out;
  state_.each(table::changes_open, {}, false, [&](std::string_view key, std::string_view) {
    const Id16 id = id_at(key, 0);
    out.push_back(change_view(state_, id, state_.load<ChangeRecord>(table::changes, key)));
    return true;
  });
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.asked_ms < b.asked_ms; });
  return out;
}

// A buyer's keys may have been minted at several peers, and one may have come here after this
// peer destroyed what it had: what any peer destroyed is to be destroyed by all.
std::vector<ErasureView> Queries::erasures_wanted(const PeerId& peer) const {
  std::vector<ErasureView> out;
  std::set<Id16> looked_at;
  const auto look_at = [&](const Id16& buyer) {
    if (!looked_at.insert(buyer).second) return;
    const auto erasure = state_.find<ErasureRecord>(table::erasures, Key().id(buyer));
    const auto done = state_.load<ForgottenRecord>(table::forgotten, Key().id(buyer).peer(peer));
    ErasureView view;
    view.buyer = buyer;
    state_.each(table::dead_keys, Key().id(buyer), false,
                [&](std::string_view key, std::string_view) {
                  const Id16 id = id_at(key, sizeof(Id16));
                  const bool seen = !view.keys.empty() && view.keys.back() == id;
                  if (!seen && !state_.has(table::dead_keys, Key().id(buyer).id(id).peer(peer))) {
                    view.keys.push_back(id);
                  }
                  return true;
                });
    const bool asked = erasure && done.erasure != erasure->event;
    if (!asked && view.keys.empty()) return;
    if (erasure) {
      view.erasure = erasure->event;
      view.asked_ms = stamp_ms(erasure->at.stamp);
    }
    out.push_back(std::move(view));
  };
  for (const TableInfo& table : {table::erasures, table::forgotten}) {
    state_.each(table, {}, false, [&](std::string_view key, std::string_view) {
      look_at(id_at(key, 0));
      return true;
    });
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.asked_ms < b.asked_ms; });
  return out;
}

}  // namespace deskmate::desk
