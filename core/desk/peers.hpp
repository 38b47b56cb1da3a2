// Who is in the view, who may act, who holds the book, and by which weights a chat is drawn: read
// from the state, the same at every peer that has folded the same. Internal.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/desk/peer_views.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/rendezvous.hpp"
#include "core/desk/sight.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

// More changes than this waiting at once: nobody claims in a cut until they are settled.
inline constexpr std::size_t changes_weighed_max = 4;

inline constexpr std::string_view book_key = "book";

// A snapshot, for one call: made from a few records.
class Peers {
 public:
  explicit Peers(const State& state);

  bool alone() const { return all_.empty(); }  // a desk of one peer, as it began
  PeerStanding standing(const PeerId& peer) const;
  bool here(const PeerId& peer) const { return standing(peer) == PeerStanding::here; }
  bool ready(const PeerId& peer) const;
  bool founder(const PeerId& peer) const { return book_.founder == peer; }
  const std::vector<PeerId>& view() const { return view_; }  // by id
  // Those whose agreement a change needs: on the desk, here or not, by id.
  std::vector<PeerId> owners() const;
  std::optional<PeerId> holder() const;
  const std::optional<PeerId>& registered_holder() const {
    return book_.holder ? book_.holder : book_.founder;
  }
  // Must this log's peer say hello before it acts: it left, was declared gone, or has a new log, as
  // after a restore?
  bool needs_hello(const storage::LogName& self) const;
  // Who has yet to say that they know of this peer's hello, before it may act.
  std::vector<PeerId> unmet(const PeerId& peer) const;
  bool has_met(const PeerId& who, const PeerId& whom) const;
  const PeerRecord* find(const PeerId& peer) const;

  struct One {
    PeerId id{};
    PeerRecord record;
  };
  const std::vector<One>& all() const { return all_; }  // by id

  // Was a peer removed, declared gone, or restored after this? Until then it may have acted unseen,
  // and what it did may be lost.
  bool dropped_since(const Place& place) const;
  // The peers of the view but self that have not said that they hold the event.
  std::vector<PeerId> lacking(const Place& event, const Sight& sight) const;
  bool whole(const Sight& sight) const;  // is every peer of the view seen?

  // Members with weight who work at peers of the view, whatever their presence: the settled roster.
  std::vector<Contender> settled() const;
  // The settled roster, and those that others may hold settled already: every combination of the
  // changes that wait and that self has agreed to. None: too many of them.
  std::vector<std::vector<Contender>> rosters(const PeerId& self) const;
  PeerId peer_of(const MemberRecord& member) const;

 private:
  // Its latest hello is in another log than that in which it joined.
  bool restored(const PeerId& peer) const;
  // Its hellos in its latest log, the latest first, with who has met them; until each says false.
  void each_met_hello(const PeerId& whom,
                      const std::function<bool(const Place&, const PeerId&)>& each) const;
  bool has_met_log(const PeerId& who, const PeerId& whom) const;  // any of these
  Place began_anew(const PeerId& peer) const;                     // the first of these
  const State& state_;
  std::vector<One> all_;
  BookRecord book_;
  std::vector<PeerId> view_;
};

// The peers whose agreement lacks before the change is in force. Authors agree by asking; whoever
// agrees may name others whose agreement is needed, too; the removed are not waited for.
std::vector<PeerId> change_waits_for(const State& state, const ChangeRecord& change);
MemberChange change_view(const State& state, const Id16& id, const ChangeRecord& change);

Right may_act(const State& state, const Policy& policy, const Peers& peers, const Id16& id,
              const ChatRecord& chat, const Sight& sight);
bool answered_elsewhere(const State& state, const Id16& reply);
// Who has not acknowledged that the visit was given, or is queued: the event that says so, and the
// message that opens the visit. Where that is not known, or only as seen later, the event is not of
// this visit.
std::vector<PeerId> lacking_word(const Peers& peers, const ChatRecord& chat, const Place& word,
                                 const Sight& sight);
// Do all peers of the view know that the visit before has ended? Whoever does not may still act for
// it.
bool closing_known(const Peers& peers, const ChatRecord& chat, const Sight& sight);

}  // namespace deskmate::desk
