// Replication between the peers of a desk, without I/O: messages, times and outcomes in; messages,
// appends and alarms out. So any number of peers run in one thread from one seed.
//
//   Replica replica(store, options);
//   replica.set_peers({{her_id}});
//   replica.link_up(1, her_id, now);            // an authenticated link, any carrier
//   replica.receive(1, bytes, now);             // whatever came on it
//   replica.tick(now);                          // every replica_tick_ms
//   for (Output& output : replica.take()) ...   // after every call
//
// Every peer ends with every log. A log is wanted from one link at a time (its own peer's where
// there is one), which then pushes stretches as they come, at most want_window_bytes ahead of what
// is durable here: headers and facts, which the chain covers; bodies are fetched behind, the newest
// first, and checked against the hashes in the headers. What is durable is told to every link and
// counts there as an acknowledgement only once that peer has this peer's own log up to the same
// moment. Third parties' logs are forwarded as they are. README.md has every message with an
// example.
//
// Time: steady_ms only grows, utc_ms is the wall clock and may jump. One thread at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/peer/replica_store.hpp"

namespace deskmate::peer {

using LinkId = std::uint64_t;  // chosen by the caller, never used twice
using Frontier = std::map<LogName, std::uint64_t>;
using StateHash = std::array<std::uint8_t, 32>;

// Named limits.
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 20;  // one message, one frame
inline constexpr std::size_t want_window_bytes = std::size_t{4} << 20;  // unacknowledged, of a log
inline constexpr std::size_t stretch_bytes_wanted = std::size_t{256} << 10;  // read at once
// Of one stretch as sent: what storage puts into one, and its frame.
inline constexpr std::size_t stretch_bytes_max = 2 * storage::stretch_bytes_max;
inline constexpr std::size_t piece_bytes_max = std::size_t{64} << 10;        // of a run
inline constexpr std::size_t file_piece_bytes_max = std::size_t{256} << 10;  // of an attachment
// Bulk is only added to a link while less than this waits in its carrier, so that beats pass.
inline constexpr std::size_t carrier_unsent_max = std::size_t{128} << 10;
// What was written just now goes with its bodies: so many events from the end, in so many bytes.
inline constexpr std::uint64_t live_events_max = 16;
inline constexpr std::size_t live_bytes_max = std::size_t{32} << 10;
inline constexpr std::size_t body_bytes_wanted = std::size_t{128} << 10;  // in one answer
// Of one answer: what is wanted and one body more, and its frame.
inline constexpr std::size_t body_answer_max =
    body_bytes_wanted + storage::stored_body_max + (std::size_t{8} << 10);
inline constexpr std::size_t bodies_asked_max = 256;     // in one message
inline constexpr std::size_t bodies_at_once = 4;         // such messages of one link
inline constexpr std::size_t body_wants_max = 16;        // of one link, not yet answered
inline constexpr std::size_t not_here_kept_max = 4'096;  // bodies that somebody does not have
inline constexpr std::size_t pack_from_bytes = 1'024;    // smaller ones are not compressed
inline constexpr std::size_t logs_max = 1'024;           // of all peers and incarnations
inline constexpr std::size_t links_max = 64;             // at once
inline constexpr std::size_t pending_acks_max = 64;      // of one peer, before they are merged
inline constexpr std::size_t files_wanted_max = 1'024;   // being fetched or waiting to be
inline constexpr std::size_t files_at_once = 4;          // being fetched
inline constexpr std::size_t files_urgent_at_once = 4;   // beside them, where somebody waits
inline constexpr std::size_t file_wants_max = 16;        // of one link, not yet answered
inline constexpr std::size_t states_kept = 32;           // own state hashes, to compare with
inline constexpr std::size_t keys_sent_kept = 16'384;    // of one want: not sent again
inline constexpr std::uint64_t replica_tick_ms = 250;    // tick() is to be called so often
inline constexpr std::uint64_t beat_ms = 1'000;          // a beat to every link
inline constexpr std::uint64_t unseen_after_ms = 6'000;  // without an answered beat: not seen
inline constexpr std::uint64_t stall_ms = 10'000;        // a log that does not move: another link
inline constexpr std::uint64_t file_stall_ms = 60'000;   // a file that does not come: another link
inline constexpr std::uint64_t behind_grace_ms = 1'000;  // before a link with more is preferred
inline constexpr std::uint64_t slow_ms = 60'000;         // for which such a link is passed over
inline constexpr std::uint64_t skew_max_ms = 30'000;     // of two clocks; more: no routing
inline constexpr std::uint64_t first_hello_wait_ms = 5'000;  // before the first append of a start
inline constexpr std::uint64_t own_past_wait_ms_max =
    60'000;                                            // before the first of a restored disk
inline constexpr std::uint64_t hold_retry_ms = 5'000;  // a log held for a stamp ahead of time
// For whoever says that it has more of our own log than we to show it; meanwhile nothing is
// appended.
inline constexpr std::uint64_t proof_ms_max = 20'000;
inline constexpr std::size_t proofs_owed_max =
    3;  // of a peer that did not: then it is not believed
inline constexpr std::uint64_t append_retry_ms = 1'000;  // after the disk failed
// Before somebody who did not have a body is asked again; then twice as long each time.
inline constexpr std::uint64_t body_again_ms = 30'000;
inline constexpr std::uint64_t body_again_ms_max = 3'600'000;
inline constexpr std::uint32_t protocol_version = 1;

struct Now {
  std::uint64_t steady_ms = 0;
  std::uint64_t utc_ms = 0;
};

// Why a link is closed, or an alarm.
enum class Trouble {
  protocol,       // what came is none of our messages
  other_desk,     // the other side has another desk
  not_who,        // hello names another peer than the link
  too_much,       // more than was asked for, or above a limit
  gap,            // a stretch that does not go on where we are
  bad_signature,  // or a chain, hash or header that does not fit
  forked,         // two different events of one log at the same place; the log is frozen
  rolled_back,    // the others have more of our own log than we: the disk is older than it was
  skewed,         // the clocks are more than skew_max_ms apart
  ahead,          // an event stamped in the future; its log is held
  diverged,       // another state hash at the same frontier
  disk,           // what came could not be stored
};
std::string_view to_string(Trouble trouble);

namespace out {
struct Send {
  LinkId link = 0;
  std::string bytes;
};
// Send what is queued, then close. The replica has forgotten the link; link_down() is not needed.
struct Close {
  LinkId link = 0;
  Trouble why = Trouble::protocol;
  std::string detail;
};
// Import keys, then append the stretch, or the bodies where there are some; tell appended() with
// the same ticket.
struct Append {
  std::uint64_t ticket = 0;
  Stretch stretch;
  std::vector<storage::CarriedKey> keys;
  std::optional<storage::Bodies> bodies = {};
};
// Put a piece of a file; tell file_stored() with how far the file is now.
struct PutFile {
  Hash32 hash{};
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::string bytes;
};
struct FileDone {
  Hash32 hash{};
  bool found = false;  // false: no peer in reach has it
};
// Somebody's counted acknowledgements grew.
struct AcksChanged {
  PeerId peer{};
};
struct Seen {
  PeerId peer{};
  bool seen = false;
};
// raised: it began; otherwise it is over (skewed, diverged, ahead only).
struct Alarm {
  Trouble what = Trouble::protocol;
  bool raised = true;
  PeerId peer{};  // about whom, or from whom
  std::optional<LogName> log;
  std::uint64_t seq = 0;
  std::string detail;
};
}  // namespace out
using Output = std::variant<out::Send, out::Close, out::Append, out::PutFile, out::FileDone,
                            out::AcksChanged, out::Seen, out::Alarm>;

// A peer whose logs are taken. A removed peer has cuts: its logs are taken up to these only.
struct KnownPeer {
  PeerId id{};
  std::optional<std::map<std::uint64_t, std::uint64_t>> cuts = {};  // incarnation to seq
};

struct AppendOutcome {
  // mismatch: signed, but the events do not lead there.
  enum Kind { done, retry, gap, bad, mismatch, forked, rolled_back } kind = done;
  std::string detail = {};
};

class Replica {
 public:
  // The store must outlive it.
  Replica(ReplicaStore& store, Now now);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // --- inputs -----------------------------------------------------------------------------------
  // Whose logs are taken, own id left out; again whenever it changes.
  void set_peers(std::vector<KnownPeer> peers, Now now);
  void link_up(LinkId link, const PeerId& remote, Now now);
  void link_down(LinkId link, Now now);
  void receive(LinkId link, std::string_view bytes, Now now);
  // What waits in the link's carrier; when it changes by much and when it has drained.
  void carrier_unsent(LinkId link, std::size_t bytes, Now now);
  void tick(Now now);
  // Own events became durable.
  void own_appended(Now now);
  // The outcome of out::Append. On done the store's frontier() has it.
  void appended(std::uint64_t ticket, AppendOutcome outcome, Now now);
  // The fold has this much and comes to that hash: goes with the beats, and is compared with what
  // others come to whose fold is of the same version.
  void folded(const Frontier& upto, const StateHash& hash, Now now, std::string_view version = {});
  // Fetches an attachment; have: bytes of it that are here already. urgent: somebody waits for it.
  void want_file(const Hash32& hash, std::uint64_t have, Now now, bool urgent = false);
  // The outcome of out::PutFile: `next` is how far it is, complete when it was checked and kept;
  // failed: it was thrown away (wrong hash) or could not be written.
  enum class FileState { partial, complete, failed };
  void file_stored(const Hash32& hash, std::uint64_t next, FileState state, Now now);
  // A frozen log may go on (the owners have decided).
  void unfreeze(const LogName& log, Now now);

  std::vector<Output> take();

  // --- what is known ----------------------------------------------------------------------------
  // May this peer append to its own log? Not before another peer told how much it has of it (or
  // first_hello_wait_ms without one), not in a new log of its own before what it wrote in earlier
  // ones is back (or own_past_wait_ms_max went by), not while one says that it has more of it than
  // we and may still show it, and never once rolled back.
  bool may_append(Now now) const;
  bool rolled_back() const;
  // Both ways: an answer to a beat of ours that is younger than unseen_after_ms.
  bool sees(const PeerId& peer, Now now) const;
  bool skewed() const;  // with any peer that is seen
  // The counted acknowledgements.
  Frontier acked_by(const PeerId& peer) const;
  bool acked(const PeerId& peer, const storage::LogKey& key) const;

  struct Status {  // for the status page
    struct Link {
      LinkId id = 0;
      PeerId peer{};
      bool greeted = false;
      std::uint64_t rtt_ms = 0;
      std::int64_t skew_ms = 0;
      std::size_t unacked_bytes = 0;
      std::size_t missing_events = 0;  // that it has and we do not
    };
    std::vector<Link> links;
    std::size_t pending_appends = 0;
    std::size_t buffered_bytes = 0;  // of stretches that are not yet whole or not yet stored
    std::size_t files_wanted = 0;
    std::uint64_t unknown_messages = 0;
    std::vector<LogName> frozen;
  };
  Status status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The same on every peer with the same logs, whatever it calls itself.
// version: of the fold; what folds of different versions make of a frontier is not compared.
Hash32 frontier_hash(const Frontier& frontier, std::string_view version = {});

}  // namespace deskmate::peer
