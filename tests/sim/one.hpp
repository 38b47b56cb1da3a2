// One peer of a played day: the real desk and the real replica over a log in memory, and in short
// what the daemon does with them. one.cpp: its life, its links and its log; one_acts.cpp: what it
// decides and answers. Internal to the simulation.
#pragma once

#include <cstdint>
#include <memory>
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
  void step();
  void sync();
  void receive(LinkId link, const std::string& bytes);
  void link_up(LinkId link, int to);
  void link_down(LinkId link);
  void see(std::size_t asked);
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
  bool look = true;        // for decide()
  bool stirred = true;     // something that answer() and outbox() look at has changed
  std::set<Id16> sending;  // requests that are on their way to the marketplace

 private:
  void plan_sync();
  void fold_new();
  void decide();
  void answer();
  void outbox();
  void agree();
  void claim_by_presence();
};

}  // namespace deskmate::sim
