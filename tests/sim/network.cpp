#include "tests/sim/network.hpp"

#include <algorithm>
#include <vector>

#include "tests/sim/one.hpp"
#include "tests/sim/world.hpp"

namespace deskmate::sim {

void Network::connect(int a, int b) {
  if (!world_.one(a).up() || !world_.one(b).up()) return;
  if (!world_.one(a).takes(b) || !world_.one(b).takes(a)) return;
  const LinkId id = ++links_;
  Wire& wire = wires_[id];
  wire.a = a;
  wire.b = b;
  wire.up_ms = world_.now_ms;
  wire.delay_ms = 1 + world_.below(world_.setting.calm ? 20 : 300);
  world_.say("link " + std::to_string(id) + " up: " + std::to_string(a) + "-" + std::to_string(b));
  world_.one(a).link_up(id, b);
  world_.one(b).link_up(id, a);
  world_.linked();
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
  wire.up_ms = world_.now_ms;
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

void Network::flap(std::uint64_t until_ms) {
  std::vector<LinkId> ids;
  for (const auto& [id, wire] : wires_) ids.push_back(id);
  for (const LinkId id : ids) {
    if (world_.chance(50)) continue;
    const int side = static_cast<int>(world_.below(2));
    const std::uint64_t from_ms = world_.now_ms + world_.below(2'000);
    world_.at(from_ms, [this, id, side] { stand_still(id, side, true); });
    world_.at(from_ms + world_.below(4'000), [this, id, side] {
      if (world_.chance(40)) return cut(id);
      stand_still(id, side, false);
    });
  }
  const std::uint64_t next_ms = world_.now_ms + 500 + world_.below(5'000);
  if (next_ms < until_ms) world_.at(next_ms, [this, until_ms] { flap(until_ms); });
}

std::uint64_t Network::round_trip_ms() const {
  std::uint64_t slowest_ms = 1;
  for (const auto& [id, wire] : wires_) slowest_ms = std::max(slowest_ms, 3 * wire.delay_ms);
  return slowest_ms;
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

void Network::cut_between(int a, int b) {
  std::vector<LinkId> gone;
  for (const auto& [id, wire] : wires_) {
    if (std::minmax(wire.a, wire.b) == std::minmax(a, b)) gone.push_back(id);
  }
  for (const LinkId id : gone) cut(id);
}

bool Network::linked_for(int a, int b, std::uint64_t ms) const {
  return std::any_of(wires_.begin(), wires_.end(), [&](const auto& entry) {
    const Wire& wire = entry.second;
    return std::minmax(wire.a, wire.b) == std::minmax(a, b) && !wire.stands[0] && !wire.stands[1] &&
           world_.now_ms - wire.up_ms >= ms;
  });
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
