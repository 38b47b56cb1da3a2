// Several desks in memory that pass each other their logs, for tests: links are cut and healed,
// logs arrive in order, and an acknowledgement counts only with the acknowledger's own log.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/desk/rendezvous.hpp"
#include "core/desk/test_world.hpp"

namespace deskmate::desk {

inline PeerId peer_id(std::uint8_t n) { return log_name(n).peer; }

class TestPeer {
 public:
  TestPeer(std::uint8_t n, Policy policy)
      : number(n), desk(tables, with_self(n, std::move(policy))) {}

  const std::uint8_t number;
  MemoryTables tables;
  Desk desk;
  std::map<storage::LogName, std::vector<TestEvent>> logs;
  // What others hold, as of their own log at that length.
  std::map<std::uint8_t, std::map<storage::LogName, std::uint64_t>> acks;
  std::uint64_t last_stamp = 0;

 private:
  static Policy with_self(std::uint8_t n, Policy policy) {
    policy.self = log_name(n);
    return policy;
  }
};

class PeersWorld {
 public:
  explicit PeersWorld(std::uint8_t count, Policy policy = {}) {
    for (std::uint8_t n = 1; n <= count; ++n) {
      peers_.push_back(std::make_unique<TestPeer>(n, policy));
    }
  }

  TestPeer& at(std::uint8_t n) { return *peers_.at(n - 1); }
  Desk& desk(std::uint8_t n) { return at(n).desk; }

  // --- links
  void cut(std::uint8_t a, std::uint8_t b) { cut_.insert(std::minmax(a, b)); }
  void heal(std::uint8_t a, std::uint8_t b) { cut_.erase(std::minmax(a, b)); }
  void heal() { cut_.clear(); }
  bool linked(std::uint8_t a, std::uint8_t b) const {
    return off.count(a) + off.count(b) == 0 && cut_.count(std::minmax(a, b)) == 0;
  }

  Sight sight(std::uint8_t n) {
    Sight out;
    out.self = peer_id(n);
    out.now_ms = now_ms;
    out.skewed = skewed;
    out.sees = [this, n](const PeerId& peer) { return linked(n, peer[0]); };
    out.acked = [this, n](const PeerId& peer, const storage::LogKey& event) {
      const auto& acks = at(n).acks[peer[0]];
      const auto seq = acks.find(event.log);
      return seq != acks.end() && event.seq <= seq->second;
    };
    return out;
  }

  // --- events
  Id16 add(std::uint8_t n, std::string type, Value facts, bool request = false) {
    TestPeer& peer = at(n);
    const storage::LogName& log = peer.desk.policy().self;
    auto& own = peer.logs[log];
    peer.last_stamp = std::max(peer.last_stamp + 1, now_ms << 16);
    own.push_back(
        make_event({log, own.size() + 1}, peer.last_stamp, std::move(type), facts, request));
    peer.desk.fold(own.back().view());
    return own.back().event;
  }
  Id16 add(std::uint8_t n, const Result<Proposal>& proposal) {
    return add(n, proposal.value().type, proposal.value().facts, proposal.value().request);
  }
  // The same message, as this peer's connector sees it.
  void receive(std::uint8_t n, const std::string& chat, const std::string& message) {
    add(n, "message.received",
        Value::map({{"shop", "mail"},
                    {"thread", bin(chat)},
                    {"buyer", bin("buyer of " + chat)},
                    {"message", bin(message)},
                    {"at", now_ms}}));
  }
  // A message that the first peer sees; whose the chat became. Members have their peers' numbers.
  std::uint8_t give(const std::string& chat, const std::string& message) {
    receive(1, chat, message);
    settle();
    return static_cast<std::uint8_t>(owner(1, chat));
  }
  void member(std::uint8_t n, MemberNo number, std::uint32_t weight) {
    MemberSpec spec = spec_of(number, weight, "Member " + std::to_string(number));
    spec.peer = peer_id(n);
    add(n, desk(n).set_member(spec));
  }

  // Each linked pair gives each other what lacks, once, then acknowledges.
  void exchange() {
    for (auto& from : peers_) {
      for (auto& to : peers_) {
        if (from->number == to->number || !linked(from->number, to->number)) continue;
        const auto logs = from->logs;
        for (const auto& [name, events] : logs) {
          if (held.count({name.peer[0], to->number}) != 0) continue;
          auto& theirs = to->logs[name];
          while (theirs.size() < events.size()) {
            theirs.push_back(events[theirs.size()]);
            to->last_stamp = std::max(to->last_stamp, theirs.back().stamp);
            to->desk.fold(theirs.back().view());
          }
        }
      }
    }
    for (auto& from : peers_) {
      for (auto& to : peers_) {
        if (from->number == to->number || !linked(from->number, to->number)) continue;
        // `to` has all of from's own log by now.
        for (const auto& [name, events] : from->logs) {
          to->acks[from->number][name] = events.size();
        }
      }
    }
  }
  // Lets every peer decide; what needs a look at the channel is appended if take_over says so.
  // Returns whether anything was proposed.
  bool decide(std::uint8_t n) {
    bool any = false;
    for (const Proposal& proposal : desk(n).decide(sight(n))) {
      if (proposal.needs_tail && !take_over) continue;
      add(n, proposal.type, proposal.facts, proposal.request);
      any = true;
    }
    return any;
  }
  void settle() {
    for (int round = 0; round < 12; ++round) {
      exchange();
      bool any = false;
      for (auto& peer : peers_) {
        if (off.count(peer->number) == 0) any = decide(peer->number) || any;
      }
      if (!any) break;
    }
    exchange();
  }

  // Pairs all peers with the first; all ready.
  void pair() {
    for (std::uint8_t n = 2; n <= peers_.size(); ++n) join(1, n);
  }
  void join(std::uint8_t inviter, std::uint8_t n) {
    add(inviter, desk(inviter).add_peer(peer_id(n), "Peer " + std::to_string(n)));
    exchange();
    add(n, desk(n).agree_to_join(peer_id(inviter)));
    add(n, desk(n).hello());
    settle();
  }

  MemberNo owner(std::uint8_t n, const std::string& chat) {
    const auto row = desk(n).chat_row(id(chat), now_ms);
    return row && row->state == ChatState::assigned ? row->owner : 0;
  }
  May may(std::uint8_t n, const std::string& chat) {
    return desk(n).may_act(id(chat), sight(n)).may;
  }
  std::string why_may(std::uint8_t n, const std::string& chat) {
    return std::string(desk(n).may_act(id(chat), sight(n)).why["rule"].as_str());
  }
  std::string rule(std::uint8_t n, const std::string& chat) {
    return std::string(desk(n).chat_row(id(chat), now_ms)->why["rule"].as_str());
  }
  // Of the peers, those who may answer without a look at the channel.
  std::vector<std::uint8_t> actors(const std::string& chat) {
    std::vector<std::uint8_t> out;
    for (auto& peer : peers_) {
      if (may(peer->number, chat) == May::yes) out.push_back(peer->number);
    }
    return out;
  }
  // Where two peers differ, or a hash from its tables; empty: nowhere.
  std::string difference() {
    for (auto& peer : peers_) {
      if (peer->desk.full_hash() != peer->desk.hash())
        return "hash of " + std::to_string(peer->number);
      for (const TableInfo& table : desk_tables()) {
        if (!table.hashed) continue;
        const auto entries = [&](TestPeer& one) {
          std::map<std::string, std::string> out;
          one.tables.scan(table.name, {}, [&](std::string_view key, std::string_view value) {
            out.emplace(key, value);
            return true;
          });
          return out;
        };
        if (entries(*peer) != entries(*peers_.front())) {
          return std::string(table.name) + " of " + std::to_string(peer->number);
        }
      }
    }
    return {};
  }
  std::uint8_t count() const { return static_cast<std::uint8_t>(peers_.size()); }

  std::uint64_t now_ms = 1'800'000'000'000;
  bool skewed = false;
  bool take_over = true;
  std::set<std::uint8_t> off;                            // machines that are switched off
  std::set<std::pair<std::uint8_t, std::uint8_t>> held;  // whose log is on its way to whom

 private:
  std::vector<std::unique_ptr<TestPeer>> peers_;
  std::set<std::pair<std::uint8_t, std::uint8_t>> cut_;
};

// Two that are paired and ready, each with the member of its number: weights 3 and 1.
inline PeersWorld two() {
  PeersWorld world(2);
  world.member(1, 1, 3);
  world.pair();
  world.member(2, 2, 1);
  world.exchange();
  for (const MemberChange& change : world.desk(1).changes_waiting()) {
    world.add(1, world.desk(1).agree_to_change(change.change));
  }
  world.settle();
  return world;
}

// Three that are paired and ready, each with the member of its number: weights 2, 1 and 1.
inline PeersWorld three() {
  PeersWorld world(3);
  world.member(1, 1, 2);
  world.member(1, 2, 1);
  world.member(1, 3, 1);
  world.pair();
  for (const MemberNo member : {2u, 3u}) {
    MemberSpec spec = spec_of(member, 1, "Member");
    spec.peer = peer_id(static_cast<std::uint8_t>(member));
    const Id16 change = world.add(1, world.desk(1).set_member(spec));
    world.exchange();
    world.add(2, world.desk(2).agree_to_change(change));
    world.add(3, world.desk(3).agree_to_change(change));
    world.settle();
  }
  return world;
}

inline std::string chat_name(int i) { return "chat " + std::to_string(i); }

// A chat that the draw gives to this member among the settled ones.
inline std::string drawn_for(PeersWorld& world, MemberNo member, int from = 0) {
  std::vector<Contender> roster;
  for (const MemberView& one : world.desk(1).members(world.now_ms)) {
    roster.push_back({one.number, one.weight});
  }
  for (int i = from;; ++i) {
    if (rendezvous(id(chat_name(i)), roster) == member) return chat_name(i);
  }
}

}  // namespace deskmate::desk
