// One peer of a played day: the real desk and the real replica over a log in memory, and in short
// what the daemon does with them. one.cpp: its life and its links; one_log.cpp: its log and what is
// folded of it; one_acts.cpp: what it decides and answers. Internal to the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/desk/test_world.hpp"
#include "core/peer/memory_store.hpp"
#include "tests/sim/world.hpp"

namespace deskmate::sim {

using desk::Proposal;

class One {
 public:
  One(World& world, int number);
  void boot();
  void crash();
  // Says goodbye; once that is on disk and told, the laptop is closed.
  void close_laptop();
  void keep_backup();
  // The disk as it was in the backup; anew: with a log of its own.
  void restore(bool anew);
  void unfreeze();
  void step();
  void sync();
  void receive(LinkId link, const std::string& bytes);
  void link_up(LinkId link, int to);
  void link_down(LinkId link);
  void see(std::size_t asked);
  void see_again(std::size_t asked);
  void append_unknown();
  bool takes(int other) const { return !removed_.contains(other); }
  bool may_append() const { return up() && replica->may_append(now()); }
  void append(const Proposal& proposal);
  void drain();
  peer::Now now() const;
  desk::Sight sight();
  bool up() const { return replica != nullptr; }

  World& world;
  const int number;
  peer::testing::MemoryStore store;
  std::unique_ptr<peer::Replica> replica;
  std::unique_ptr<desk::MemoryTables> tables;
  std::unique_ptr<desk::Desk> desk;
  std::int64_t clock_off_ms = 0;
  bool disk_works = true;
  bool sync_due = false;
  std::uint64_t sync_ms = 30;  // at most, until what waits is on disk
  std::size_t folded = 0;
  std::uint64_t hlc = 0;
  std::set<std::size_t> seen;
  bool look = true;     // for decide()
  bool stirred = true;  // something that answer() and outbox() look at has changed
  struct Sending {
    std::size_t asked = 0;
    bool tail = false;
    std::uint64_t read_ms = 0;
    std::string why;
  };
  std::map<Id16, Sending> sending;  // requests that are on their way to the marketplace
  std::uint64_t incarnation = 1;
  bool closing = false;  // has said goodbye
  bool newer = false;    // writes what the others do not know
  std::optional<peer::testing::MemoryStore> backup;
  std::map<peer::Trouble, std::uint64_t> alarms;  // that were ever raised, and first when

 private:
  void know_peers();
  void widen_cuts();
  void greet();
  Id16 key_of(const Id16& buyer) const;  // under which it seals here
  void erase();
  void catch_up();
  void append_sent(const Id16& chat, const Id16& buyer, const Answer& answer);
  void plan_sync();
  void fold_new();
  void decide();
  void answer();
  void outbox();
  void agree();
  void claim_by_presence();

  std::set<int> removed_;       // as folded here
  bool catching_up_ = false;    // the connector has yet to show what it finds
  bool restored_ = false;       // since catch_up()
  bool peers_changed_ = false;  // since know_peers()
  bool erasures_changed_ = false;
  std::map<Id16, int> erased_;  // buyers, how often; outside any backup
};

}  // namespace deskmate::sim
