// What one peer can see of the others at a moment, and whether it may act for a chat. Both are this
// peer's own: neither ever enters the state that peers compare. Values only; the functions are
// called on the desk's thread, within the call that they were given to.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

// Passed in by whoever holds the links. A desk of one peer asks none of it but now_ms.
struct Sight {
  PeerId self{};
  std::uint64_t now_ms = 0;
  // The clocks are too far apart: nothing but reading.
  bool skewed = false;
  // Is the link to the peer alive (a heartbeat younger than its limit)? Never asked about self.
  std::function<bool(const PeerId&)> sees;
  // Has the peer said that it holds this event, and do we hold the peer's own log as far as it went
  // when it said so? An acknowledgement ahead of the acknowledger's log is none.
  std::function<bool(const PeerId&, const storage::LogKey&)> acked;

  bool seen(const PeerId& peer) const { return peer == self || (sees && sees(peer)); }
  bool has_acked(const PeerId& peer, const storage::LogKey& event) const {
    return peer == self || peer == event.log.peer || (acked && acked(peer, event));
  }
};

enum class May {
  no,
  after_tail,  // once the thread's tail was read at the channel and has no answer of ours
  yes,
};

// May this peer answer a chat as its owner, or greet? why is a map for explain(): "rule" is one of
//   yes:        "alone" (a desk of one peer), "acked", "cut"
//   after_tail: "lapsed" (the buyer waits beyond the target while the view is not whole),
//               "dropped" (a peer was removed, declared gone or restored since the visit
//               was opened),
//               "vanished", "by_hand", "under_way" (another peer is to send a reply, and has not
//               said that it has)
//   no:         "skewed", "left", "removed", "unready", "nobodys", "others", "unacked", "closed"
struct Right {
  May may = May::no;
  Value why;
  // Of "others", "unacked" and "under_way": who has it, whose acknowledgement lacks, who is to
  // send.
  std::vector<PeerId> peers;
  bool any() const { return may != May::no; }
};

}  // namespace deskmate::desk
