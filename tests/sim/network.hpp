// The links between the peers of a played day: ordered, as carriers are, but slow, cut at any
// moment, or standing still one way or both. Internal to the simulation.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "core/peer/replica.hpp"

namespace deskmate::sim {

class World;

class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  struct Wire {
    int a = 0, b = 0;
    bool stands[2] = {false, false};  // what a sends, what b sends
    std::uint64_t last_ms[2] = {0, 0};
    std::deque<std::string> held[2];
    std::uint64_t delay_ms = 5;
    std::uint64_t up_ms = 0;  // since when it stands
  };
  const std::map<peer::LinkId, Wire>& wires() const { return wires_; }

  void connect(int a, int b);
  bool connected(int a, int b) const;
  // by: whoever knows of it already.
  void cut(peer::LinkId id, int by = 0);
  void cut_all_of(int number);
  void cut_between(int a, int b);
  // Has a link stood between them for so long?
  bool linked_for(int a, int b, std::uint64_t ms) const;
  void send(peer::LinkId id, int from, std::string bytes);
  void stand_still(peer::LinkId id, int side, bool stands);
  // a has no link to b until then; b 0: to nobody.
  void part(int a, int b, std::uint64_t until_ms);
  // Links break and come back for a while, each by itself.
  void flap(std::uint64_t until_ms);
  // Of the slowest link that stands, both ways, on average.
  std::uint64_t round_trip_ms() const;
  // Dials whoever is not linked.
  void dial();
  // Nobody is parted any more, and nothing stands still.
  void heal();

 private:
  World& world_;
  std::map<peer::LinkId, Wire> wires_;
  std::map<std::pair<int, int>, std::uint64_t> parted_;
  peer::LinkId links_ = 0;
};

}  // namespace deskmate::sim
