// The state of a replica. replica.cpp: links, acknowledgements, beats; replica_logs.cpp: wanting,
// pushing and taking stretches; replica_files.cpp: attachments. Internal.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/peer/replica.hpp"
#include "core/peer/replica_messages.hpp"

namespace deskmate::peer {

class Replica::Impl {
 public:
  Impl(ReplicaStore& store, Now now);

  void set_peers(std::vector<KnownPeer> peers, Now now);
  void link_up(LinkId id, const PeerId& remote, Now now);
  void link_down(LinkId id, Now now);
  void receive(LinkId id, std::string_view bytes, Now now);
  void carrier_unsent(LinkId id, std::size_t bytes);
  void tick(Now now);
  void own_appended(Now now);
  void appended(std::uint64_t ticket, AppendOutcome outcome, Now now);
  void folded(const Frontier& upto, const StateHash& hash, std::string_view version);
  void want_file(const Hash32& hash, std::uint64_t have, bool urgent, Now now);
  void file_stored(const Hash32& hash, std::uint64_t next, FileState state, Now now);
  void unfreeze(const LogName& log, Now now);
  std::vector<Output> take();

  bool may_append(Now now) const;
  bool misses_own_past() const;
  bool sees(const PeerId& peer, Now now) const;
  Frontier acked_by(const PeerId& peer) const;
  bool acked(const PeerId& peer, const storage::LogKey& key) const;
  Status status() const;

  bool rolled_back = false;
  bool skewed = false;

 private:
  // What we push on a link because the other side wants it.
  struct Push {
    LogName log;
    std::uint64_t read_upto = 0;  // the last seq in `encoded`, or sent
    std::string encoded;          // the stretch that is being sent, or will be
    std::vector<storage::CarriedKey> keys;
    std::size_t size = 0;  // of it, unpacked
    bool packed = false;
    bool begun = false;
    std::size_t offset = 0;  // of encoded, sent
    std::set<Id16> keys_sent;
    std::deque<Id16> keys_order;
    struct Flight {
      std::uint64_t last = 0;
      std::size_t bytes = 0;
    };
    std::deque<Flight> flight;  // not yet acknowledged
    std::size_t unacked = 0;    // bytes of flight
  };
  // What comes in pieces.
  struct Blob {
    std::string bytes;
    std::uint64_t total = 0;
    std::uint64_t size = 0;  // unpacked; 0: it is not packed
    std::vector<storage::CarriedKey> keys;
  };
  // Bodies that were asked for on a link.
  struct Batch {
    LogName log;
    std::vector<storage::Awaited> asked;  // the newest first
    Blob answer;
    std::uint64_t ticket = 0;  // not 0: being stored
  };
  // How far a link was asked for the bodies of a log, from the newest down.
  struct Scan {
    std::uint64_t below = 0;                // the last that was asked for; 0: no pass is under way
    std::uint64_t top = 0;                  // where this pass began
    std::uint64_t floor = 0;                // where it ends: before that an earlier one had begun
    std::optional<std::uint64_t> again_ms;  // then all of it once more
    std::uint64_t wait_ms = 0;              // before that, the last time
    bool declined = false;                  // something was not there
  };
  // The answer that is being sent.
  struct BodyAnswer {
    std::uint64_t number = 0;
    std::string encoded;
    std::size_t size = 0;  // unpacked; 0: it is not packed
    std::size_t offset = 0;
    std::vector<storage::CarriedKey> keys;
  };
  struct Link {
    LinkId id = 0;
    PeerId remote{};
    bool greeted = false;
    std::map<LogName, std::uint64_t> theirs;  // as they said
    std::map<std::uint64_t, Push> pushes;     // by the number of the want
    std::uint64_t next_push = 0;              // whose turn it is
    std::size_t unsent = 0;
    std::deque<message::FileWant> file_wants;
    bool bodies = false;  // the other side sends them apart, and asks for them
    bool unpacks = false;
    std::map<std::uint64_t, Batch> batches;  // by the number of the want
    std::map<LogName, Scan> scans;
    std::uint64_t run_ms = 0;          // when the last piece of anything came
    std::uint64_t bodies_from_ms = 0;  // not asked before that: it stood still
    std::deque<message::BodyWant> body_wants;
    std::optional<BodyAnswer> body_answer;
    std::uint64_t beat_sent_ms = 0;  // when we sent the last one
    std::uint64_t up_ms = 0;
    std::uint64_t their_sent_ms = 0;  // of the last beat that came, by their clock
    std::uint64_t their_at_ms = 0;    // when it came
    std::uint64_t answered_ms = 0;    // the latest beat of ours that was answered
    std::uint64_t rtt_ms = 0;
    std::int64_t skew_ms = 0;
    std::set<LogName> forks_told;
    bool closed = false;
  };
  // A log that is not our own; our own one only to be shown that there is more of it.
  struct Incoming {
    std::optional<LinkId> from;  // where we want it from
    std::uint64_t number = 0;    // of that want
    std::uint64_t next = 0;      // seq of the first event of the next stretch
    Blob partial;
    std::size_t waiting_bytes = 0;  // handed over as out::Append, not yet durable
    std::uint64_t moved_ms = 0;
    std::optional<std::uint64_t> behind_ms;  // since when somebody has more of it than we
    std::optional<LinkId> slow;              // a link on which it stood still
    std::uint64_t slow_until_ms = 0;
    std::uint64_t paused_until_ms = 0;
    bool probed = false;  // asked for our last event again, to tell a fork from a forwarder
    bool frozen = false;
    bool ahead = false;
  };
  struct Ticket {
    LogName log;
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    LinkId from = 0;
    std::uint64_t last = 0;  // seq of its last event
  };
  struct PendingAck {
    std::uint64_t incarnation = 0, seq = 0;  // needed of their own log
    std::vector<message::Reached> frontier;
  };
  struct Peer {
    Frontier acked;
    std::deque<PendingAck> pending;
    bool seen = false;
    bool skewed = false;
    bool diverged = false;
    std::size_t proofs_owed = 0;                        // of having more of our own log than we
    std::optional<std::pair<Hash32, StateHash>> state;  // the latest that it told
  };
  struct Fetch {
    std::uint64_t next = 0;
    std::optional<LinkId> from;
    std::uint64_t asked = 0;  // there: from this byte on
    bool whole = false;       // all of it comes from there
    bool urgent = false;
    bool storing = false;
    std::uint64_t moved_ms = 0;
    std::set<PeerId> tried;
  };

  // replica.cpp
  Link* find(LinkId id);
  void send(Link& link, const message::Message& message);
  void close(Link& link, Trouble why, std::string detail);
  void drop(LinkId id);
  void sweep();
  void alarm(Trouble what, bool raised, const PeerId& peer, std::optional<LogName> log = {},
             std::uint64_t seq = 0, std::string detail = {});
  void greet(Link& link, Now now);
  std::vector<message::Reached> reached(const Frontier& frontier) const;
  LogName name_of(const message::LogRef& ref) const;
  bool learn(Link& link, const std::vector<message::Reached>& frontier);
  bool doubt(Link& link, Now now);
  void end_doubt(Now now);
  void acknowledge(const PeerId& peer, PendingAck ack);
  void count_acks(const PeerId& peer, Peer& state);
  void refresh(Now now);
  void beat(Link& link, Now now);
  void look_around(Now now);
  void compare(const PeerId& peer, Peer& state);
  void pump();

  void on(Link& link, message::Hello& m, Now now);
  void on(Link& link, message::Have& m, Now now);
  void on(Link& link, message::Want& m, Now now);
  void on(Link& link, message::Stop& m, Now now);
  void on(Link& link, message::Run& m, Now now);
  void on(Link& link, message::Beat& m, Now now);
  void on(Link& link, message::BodyWant& m, Now now);
  void on(Link& link, message::FileWant& m, Now now);
  void on(Link& link, message::FileData& m, Now now);
  void on(Link& link, message::Forked& m, Now now);
  void on(Link& link, message::Unknown& m, Now now);

  // replica_logs.cpp
  std::uint64_t mine(const LogName& log) const;
  std::uint64_t taken_upto(const LogName& log) const;
  void choose_all(Now now);
  void choose(const LogName& log, Now now);
  void want(const LogName& log, Incoming& incoming, Link& link, Now now, bool probe = false);
  void stop(Incoming& incoming);
  bool add_piece(Link& link, Blob& blob, message::Run& m);
  std::optional<std::string> whole_of(Link& link, Blob& blob);
  void take_stretch(Link& link, const LogName& log, Incoming& incoming, Now now);
  static void keep_needed(const Stretch& stretch, std::vector<storage::CarriedKey>& keys);
  std::uint64_t latest_stamp_ms(const Stretch& stretch) const;
  void tell_forked(Link& link, const LogName& log, std::uint64_t seq);
  void freeze(const LogName& log, std::uint64_t seq, const PeerId& told_by, bool tell,
              const std::string& detail);
  bool push_piece(Link& link);
  void mark_behind(const LogName& log, Incoming& incoming, Now now);
  bool fill(const Link& link, Push& push);
  bool read_next(const Link& link, Push& push);
  void collect_keys(Push& push, const Stretch& stretch);
  void acknowledged(Link& link);

  // replica_bodies.cpp
  void fetch_bodies(Now now);
  bool ask_bodies(Link& link, Now now);
  std::vector<storage::Awaited> next_bodies(Link& link, const LogName& log, Now now);
  bool may_ask_bodies(const LogName& log, Now now) const;
  bool is_asked(const LogName& log, std::uint64_t seq) const;
  void ask(Link& link, const LogName& log, std::vector<storage::Awaited> asked);
  void take_bodies(Link& link, std::uint64_t number, message::Run& m, Now now);
  bool nobody_has(const LogName& log, std::uint64_t seq, const PeerId& told_by);
  bool bodies_appended(std::uint64_t ticket, AppendOutcome& outcome, Now now);
  void ask_others_for(const Batch& batch);
  void ask_those_left(const LogName& log, std::uint64_t seq);
  bool body_piece(Link& link);
  bool begin_answer(Link& link);

  // replica_files.cpp
  void fetch_files(Now now);
  void serve_files(Link& link);
  void fetch_from_another(const Hash32& hash, Fetch& fetch, Now now);
  void ask_for(Link& link, const Hash32& hash, Fetch& fetch, std::uint64_t from, Now now);

  ReplicaStore& store_;
  const LogName self_;
  const std::uint64_t started_ms_;
  std::uint64_t doubt_until_ms_ = 0;  // somebody may show that our disk is older than it was
  bool heard_ = false;                // a hello has come since the start
  Frontier mine_;                     // durable
  std::map<PeerId, KnownPeer> known_;
  std::map<LinkId, Link> links_;
  std::map<PeerId, Peer> peers_;
  std::map<LogName, Incoming> incoming_;
  std::map<std::uint64_t, Ticket> tickets_;
  std::map<Hash32, Fetch> fetches_;
  std::map<std::pair<LogName, std::uint64_t>, std::set<PeerId>> not_here_;  // who lacks a body
  std::deque<std::pair<Hash32, StateHash>> states_;                         // own, latest first
  std::uint64_t next_number_ = 1;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t unknown_ = 0;
  std::vector<Output> outputs_;
  std::set<PeerId> acks_changed_;
};

}  // namespace deskmate::peer
