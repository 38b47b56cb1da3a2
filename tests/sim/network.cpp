#include "tests/sim/network.hpp"

#include <algorithm>
#include <vector>

#include "tests/sim/one.hpp"
#include "tests/sim/world.hpp"

namespace deskmate::sim {

void Network::connect(int a, int b) {
  if (!world_.one(a).up() || !world_.one(b).up()) return;
  const LinkId id = ++links_;
  Wire& wire = wires_[id];
  wire.a = a;
  wire.b = b;
  wire.delay_ms = 1 + world_.below(world_.setting.calm ? 20 : 300);
  world_.say("link " + std::to_string(id) + " up: " + std::to_string(a) + "-" + std::to_string(b));
  world_.one(a).link_up(id, b);
  world_.one(b).link_up(id, a);
}
bool Network::connected(int a, int b) const {
  return std::any_of(wires_.begin(), wires_.end(), [&](const auto& entry) {
    return (entry.second.a == a && entry.second.b == b) ||
           (entry.second.a == b && entry.second.b == a);
  });
}
void Network::cut(LinkId id, int by) {
  const auto wire = wires_.find(id);
  if (wire == wires_.end()) return;
  const int a = wire->second.a;
  const int b = wire->second.b;
  wires_.erase(wire);
  world_.say("link " + std::to_string(id) + " down");
  if (a != by) world_.one(a).link_down(id);
  if (b != by) world_.one(b).link_down(id);
}
void Network::send(LinkId id, int from, std::string bytes) {
  const auto entry = wires_.find(id);
  if (entry == wires_.end()) return;
  Wire& wire = entry->second;
  const int side = wire.a == from ? 0 : 1;
  if (wire.stands[side]) {
    wire.held[side].push_back(std::move(bytes));
    return;
  }
  const std::uint64_t arrives =
      std::max(wire.last_ms[side], world_.now_ms + wire.delay_ms + world_.below(wire.delay_ms + 1));
  wire.last_ms[side] = arrives;
  const int to = side == 0 ? wire.b : wire.a;
  world_.at(arrives, [this, id, to, bytes = std::move(bytes)] {
    if (wires_.contains(id)) world_.one(to).receive(id, bytes);
  });
}
void Network::stand_still(LinkId id, int side, bool stands) {
  const auto entry = wires_.find(id);
  if (entry == wires_.end()) return;
  Wire& wire = entry->second;
  wire.stands[side] = stands;
  if (stands) return;
  for (std::string& bytes : std::exchange(wire.held[side], {})) {
    send(id, side == 0 ? wire.a : wire.b, std::move(bytes));
  }
}

void Network::part(int a, int b, std::uint64_t until_ms) {
  for (int other = 1; other <= world_.setting.peers; ++other) {
    if (other == a || (b != 0 && other != b)) continue;
    std::uint64_t& until = parted_[std::minmax(a, other)];
    until = std::max(until, until_ms);
  }
  std::vector<LinkId> gone;
  for (const auto& [id, wire] : wires_) {
    if (parted_[std::minmax(wire.a, wire.b)] > world_.now_ms) gone.push_back(id);
  }
  for (const LinkId id : gone) cut(id);
}

void Network::dial() {
  for (int a = 1; a <= world_.setting.peers; ++a) {
    for (int b = a + 1; b <= world_.setting.peers; ++b) {
      if (world_.now_ms < parted_[{a, b}] || !world_.one(a).up() || !world_.one(b).up()) continue;
      if (!connected(a, b) || (!world_.setting.calm && world_.now_ms < busy_ms &&
                               world_.below(400) == 0 && wires_.size() < 12)) {
        connect(a, b);
      }
    }
  }
}

void Network::cut_all_of(int number) {
  std::vector<peer::LinkId> gone;
  for (const auto& [id, wire] : wires_) {
    if (wire.a == number || wire.b == number) gone.push_back(id);
  }
  for (const peer::LinkId id : gone) cut(id, number);
}

void Network::heal() {
  parted_.clear();
  std::vector<peer::LinkId> ids;
  for (const auto& [id, wire] : wires_) ids.push_back(id);
  for (const peer::LinkId id : ids) {
    stand_still(id, 0, false);
    stand_still(id, 1, false);
  }
}

}  // namespace deskmate::sim
