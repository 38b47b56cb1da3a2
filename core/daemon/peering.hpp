// The desk's other peers at work: replication over whatever links there are, what routing sees of
// the others, the hello and the goodbye, erasures. The links come from outside (links.hpp in the
// daemon, a queue in tests).
//
//   Peering peering(loop, service, options, hooks);
//   peering.start();
//   peering.carrier_up(std::move(carrier));      // authenticated; any number, any time
//   peering.stop([] { ... });                    // the goodbye is on disk, and known where
//   possible
//
// A desk of one peer has a Peering, too; it asks nothing and costs a timer. Loop thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/daemon/attachments.hpp"
#include "core/daemon/erasures.hpp"
#include "core/daemon/service.hpp"
#include "core/peer/carrier.hpp"
#include "core/peer/replica.hpp"
#include "core/peer/store_adapter.hpp"

namespace deskmate::daemon {

// Named limits and times.
inline constexpr std::size_t alarms_kept = 32;             // for the status page
inline constexpr std::uint64_t goodbye_ms_max = 2'000;     // for the others to hear of it
inline constexpr std::uint64_t hash_every_ms = 1'000;      // the state's hash is told so often
inline constexpr std::uint32_t tail_deadline_ms = 30'000;  // for a connector to read a thread

struct PeeringOptions {
  std::function<std::uint64_t()> wall_ms;  // UTC
  // Of a peer that has joined: who let it in.
  std::optional<peer::PeerId> inviter;
  bool agreed = false;  // it has said so in its log
  // Members of other peers, as this owner's configuration has them: agreed to.
  std::vector<desk::MemberSpec> members_elsewhere;
};

struct PeeringHooks {
  // For the daemon's log; fields are without buyer data.
  std::function<void(bool warn, std::string_view what,
                     const std::vector<std::pair<std::string, std::string>>&)>
      log;
  // The peers that links are kept to have changed.
  std::function<void()> on_peers;
  // That this peer agrees to have joined is on disk.
  std::function<void()> on_agreed;
};

class Peering final : public OtherPeers {
 public:
  // All outlive it.
  Peering(bus::Loop& loop, Service& service, PeeringOptions options, PeeringHooks hooks);
  ~Peering() override;
  Peering(const Peering&) = delete;
  Peering& operator=(const Peering&) = delete;

  void start();
  void carrier_up(std::unique_ptr<peer::Carrier> carrier);

  // Says goodbye where anybody is in the view, and waits until they have it or goodbye_ms_max.
  void stop(std::function<void()> done);

  // The configuration was read again.
  void set_members_elsewhere(std::vector<desk::MemberSpec> members) {
    options_.members_elsewhere = std::move(members);
    agree_to_members();
  }

  // Who is to be linked to: all of the desk but this one, without removed ones.
  std::vector<desk::PeerView> others() const;
  bool linked(const peer::PeerId& peer) const;

  // OtherPeers
  peer::Replica::Status status() const override { return replica_.status(); }
  const std::deque<AlarmLine>& alarms() const override { return alarms_; }
  bool rolled_back() const override { return replica_.rolled_back(); }
  void unfreeze(const storage::LogName& log, std::function<void(Result<void>)> done) override;
  desk::Sight sight() const override;
  bool may_append() const override { return replica_.may_append(now()); }
  void own_durable() override;
  void folded(std::string_view type) override;
  void take_over(desk::Proposal proposal) override;
  void read_tail(const desk::Id16& chat, TailRead done) override;
  void fetch_file(const storage::Hash32& hash, std::function<void(Fetched)> done) override {
    attachments_.get(hash, std::move(done));
  }

 private:
  struct Link {
    std::unique_ptr<peer::Carrier> carrier;
  };

  peer::Now now() const { return {loop_.now_ms(), options_.wall_ms()}; }
  void tick();
  void in_turn(std::function<void()> blocking);
  void next_turn();
  void work();  // what the replica wants done
  void handle(peer::out::Send& out);
  void handle(peer::out::Close& out);
  void handle(peer::out::Append& out);
  void handle(peer::out::PutFile& out);
  void handle(peer::out::FileDone& out);
  void handle(peer::out::AcksChanged& out);
  void handle(peer::out::Seen& out);
  void handle(peer::out::Alarm& out);
  void drop(peer::LinkId link);
  void peers_changed();
  Erasures::Hooks erasing();
  void greet();
  void agree_to_members();
  void cut_off(const desk::PeerView& removed);
  void widen_cut(const peer::PeerId& removed);
  void finish_stop();
  void log(bool warn, std::string_view what,
           const std::vector<std::pair<std::string, std::string>>& fields) const;

  bus::Loop& loop_;
  Service& service_;
  PeeringOptions options_;
  PeeringHooks hooks_;
  std::deque<std::function<void()>> turns_;  // in the pool; the first is under way
  peer::StoreAdapter store_;
  peer::Replica replica_;
  Attachments attachments_;
  Erasures erasures_;
  std::map<peer::LinkId, Link> links_;
  std::vector<std::unique_ptr<peer::Carrier>> ended_;  // destroyed in the next turn
  peer::LinkId last_link_ = 0;
  std::deque<AlarmLine> alarms_;
  std::set<storage::Id16> taking_;  // chats whose tail is being read
  std::set<storage::Id16> agreed_to_;
  std::map<peer::PeerId, std::map<std::uint64_t, std::uint64_t>> cut_off_;  // as the store has it
  std::map<peer::PeerId, std::map<std::uint64_t, std::uint64_t>> widened_;  // to what, by us
  bus::Loop::TimerId timer_ = 0;
  std::uint64_t hash_told_ms_ = 0;
  bool could_append_ = false;
  bool look_planned_ = false;
  bool greeting_ = false;
  bool working_ = false;
  bool stopping_ = false;
  std::uint64_t stop_by_ms_ = 0;
  storage::LogKey goodbye_{};
  std::function<void()> stopped_;
  std::shared_ptr<bool> alive_;
};

}  // namespace deskmate::daemon
