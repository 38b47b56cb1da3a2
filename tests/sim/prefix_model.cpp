#include "tests/sim/prefix_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "core/desk/rendezvous.hpp"
#include "core/desk/test_world.hpp"

namespace deskmate::sim {
namespace {

constexpr std::uint64_t prefix_step_ms = 500;
constexpr std::uint64_t prefix_busy_ms = 170'000;
constexpr std::uint64_t prefix_end_ms = 300'000;
constexpr std::uint64_t unseen_ms = 6'000;
constexpr std::uint64_t prefix_target_ms = 20'000;
constexpr std::uint64_t slot_ms = 34'000;

// An entry of a peer's log: it saw a message, or it claimed one in a cut.
struct Entry {
  std::uint64_t stamp = 0;
  int chat = 0;
  int claimed_by = -1;
};

struct Peer {
  std::vector<Entry> log;
  std::vector<std::size_t> has;                 // of everybody's log
  std::vector<std::vector<std::size_t>> acked;  // what each said that it has of everybody's log
  std::vector<std::uint64_t> clock;             // the latest stamp heard of each
  std::vector<std::uint64_t> heard_ms;
  std::uint64_t hlc = 0;
  bool up = true;
  std::set<int> known, answered;
};

}  // namespace

ModelOutcome play_prefix(std::uint64_t seed, int count, bool calm, bool takeover) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto n = static_cast<std::size_t>(count);
  static const int shares[][5] = {{3, 1}, {3, 1, 2}, {5, 1, 1, 2, 1}};
  const int* weights = shares[count == 2 ? 0 : count == 3 ? 1 : 2];
  int total = 0;
  std::vector<desk::Contender> all;
  for (std::size_t p = 0; p < n; ++p) {
    total += weights[p];
    all.push_back({static_cast<desk::MemberNo>(p + 1), static_cast<std::uint32_t>(weights[p])});
  }
  std::vector<Peer> peers(n);
  for (Peer& peer : peers) {
    peer.has.assign(n, 0);
    peer.acked.assign(n, std::vector<std::size_t>(n, 0));
    peer.clock.assign(n, 0);
    peer.heard_ms.assign(n, 0);
  }
  struct Chat {
    std::uint64_t at_ms = 0;
    std::vector<std::uint64_t> seen_ms;
    std::map<std::size_t, std::uint64_t> answers;
  };
  std::vector<Chat> chats(14 + below(14));
  for (Chat& chat : chats) {
    chat.at_ms = 10'000 + below(prefix_busy_ms - 10'000);
    for (std::size_t p = 0; p < n; ++p) chat.seen_ms.push_back(chat.at_ms + 50 + below(1'000));
  }
  std::sort(chats.begin(), chats.end(),
            [](const Chat& a, const Chat& b) { return a.at_ms < b.at_ms; });
  struct Trouble {
    std::uint64_t from_ms = 0, to_ms = 0;
    std::size_t a = 0, b = 0;
    bool dies = false;
  };
  std::vector<Trouble> troubles(calm ? 0 : 3 + below(7));
  for (Trouble& one : troubles) {
    one.from_ms = 10'000 + below(prefix_busy_ms - 10'000);
    one.to_ms = one.from_ms + 1'000 + below(below(2) == 0 ? 10'000 : 80'000);
    one.a = below(n);
    one.b = below(n);
    one.dies = below(3) == 0;
  }
  struct Packet {
    std::uint64_t at_ms = 0;
    std::size_t from = 0, to = 0;
    std::size_t own = 0;
    std::vector<std::size_t> has;
    std::uint64_t clock = 0;
  };
  std::vector<Packet> wire;

  // Who has which chat in the order of the prefix; stable: only as far as everybody has said so.
  const auto fold = [&](const Peer& me, std::size_t self, bool everything) {
    struct Opened {
      std::uint64_t stamp;
      std::size_t author;
      std::size_t index;
    };
    std::map<int, Opened> opened;
    std::map<int, std::pair<std::uint64_t, int>> claims;
    for (std::size_t author = 0; author < n; ++author) {
      const std::size_t upto =
          author == self || everything ? peers[author].log.size() : me.has[author];
      for (std::size_t i = 0; i < upto; ++i) {
        const Entry& entry = peers[author].log[i];
        if (entry.claimed_by >= 0) {
          const std::pair<std::uint64_t, int> claim{entry.stamp, entry.claimed_by};
          const auto known = claims.emplace(entry.chat, claim).first;
          known->second = std::min(known->second, claim);
          continue;
        }
        const auto known = opened.find(entry.chat);
        if (known == opened.end() ||
            std::pair(entry.stamp, author) < std::pair(known->second.stamp, known->second.author)) {
          opened[entry.chat] = {entry.stamp, author, i};
        }
      }
    }
    std::vector<std::pair<Opened, int>> order;
    for (const auto& [chat, one] : opened) order.emplace_back(one, chat);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.stamp, a.first.author) < std::pair(b.first.stamp, b.first.author);
    });
    std::uint64_t stable = me.hlc;
    for (std::size_t p = 0; p < n; ++p) {
      if (p != self) stable = std::min(stable, me.clock[p]);
    }
    std::vector<std::pair<int, int>> owners;  // chat, member
    std::vector<std::int64_t> current(n, 0);
    for (const auto& [one, chat] : order) {
      const auto claim = claims.find(chat);
      bool known_to_all = one.stamp <= stable;
      for (std::size_t p = 0; p < n && known_to_all; ++p) {
        if (p != self && p != one.author) known_to_all = me.acked[p][one.author] > one.index;
      }
      if (!everything && !known_to_all && claim == claims.end()) break;
      for (std::size_t p = 0; p < n; ++p) current[p] += weights[p];
      std::size_t owner = 0;
      if (claim != claims.end()) {
        owner = static_cast<std::size_t>(claim->second.second);
      } else {
        for (std::size_t p = 1; p < n; ++p) {
          if (current[p] > current[owner]) owner = p;
        }
      }
      current[owner] -= total;
      owners.emplace_back(chat, static_cast<int>(owner));
    }
    return owners;
  };
  const auto answer = [&](std::size_t p, int chat, std::uint64_t now_ms) {
    if (peers[p].answered.insert(chat).second) {
      chats[static_cast<std::size_t>(chat)].answers.emplace(p, now_ms);
    }
  };

  for (std::uint64_t now_ms = 0; now_ms < prefix_end_ms; now_ms += prefix_step_ms) {
    const auto parted = [&](std::size_t a, std::size_t b) {
      return std::any_of(troubles.begin(), troubles.end(), [&](const Trouble& one) {
        return !one.dies && one.from_ms <= now_ms && now_ms < one.to_ms &&
               ((one.a == a && (one.b == b || one.b == one.a)) ||
                (one.a == b && (one.b == a || one.b == one.a)));
      });
    };
    for (std::size_t p = 0; p < n; ++p) {
      peers[p].up = std::none_of(troubles.begin(), troubles.end(), [&](const Trouble& one) {
        return one.dies && one.a == p && one.from_ms <= now_ms && now_ms < one.to_ms;
      });
    }
    for (std::size_t i = 0; i < wire.size();) {
      if (wire[i].at_ms > now_ms) {
        ++i;
        continue;
      }
      const Packet packet = wire[i];
      wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(i));
      Peer& to = peers[packet.to];
      if (!to.up || parted(packet.from, packet.to)) continue;
      to.has[packet.from] = std::max(to.has[packet.from], packet.own);
      // Third parties' logs come along, and what the sender has counts with them.
      for (std::size_t p = 0; p < n; ++p) {
        if (p != packet.to) to.has[p] = std::max(to.has[p], packet.has[p]);
        to.acked[packet.from][p] = std::max(to.acked[packet.from][p], packet.has[p]);
      }
      to.acked[packet.from][packet.from] = to.has[packet.from];
      to.clock[packet.from] = std::max(to.clock[packet.from], packet.clock);
      to.hlc = std::max(to.hlc, packet.clock);
      to.heard_ms[packet.from] = now_ms;
    }
    for (std::size_t p = 0; p < n; ++p) {
      Peer& me = peers[p];
      if (!me.up) continue;
      me.hlc = std::max(me.hlc + 1, now_ms << 4);
      bool whole = true;
      for (std::size_t q = 0; q < n; ++q) {
        whole = whole && (q == p || now_ms < unseen_ms || now_ms - me.heard_ms[q] <= unseen_ms);
      }
      for (std::size_t i = 0; i < chats.size(); ++i) {
        const int chat = static_cast<int>(i);
        if (chats[i].seen_ms[p] > now_ms || !me.known.insert(chat).second) continue;
        me.log.push_back({++me.hlc, chat, -1});
      }
      const auto owners = fold(me, p, false);
      std::set<int> owned;
      for (const auto& [chat, owner] : owners) {
        owned.insert(chat);
        if (owner == static_cast<int>(p)) answer(p, chat, now_ms);
      }
      for (const int chat : me.known) {
        const Chat& one = chats[static_cast<std::size_t>(chat)];
        if (me.answered.contains(chat)) continue;
        const desk::Id16 name =
            desk::id("model " + std::to_string(seed) + "/" + std::to_string(chat));
        // What it has not told anybody may be claimed; what others may count in the prefix may not.
        const bool mine = desk::rendezvous(name, all) == static_cast<desk::MemberNo>(p + 1);
        if (!whole && !owned.contains(chat) && mine) {
          me.log.push_back({++me.hlc, chat, static_cast<int>(p)});
          answer(p, chat, now_ms);
        } else if (takeover && !whole && now_ms > one.at_ms + prefix_target_ms + p * slot_ms &&
                   one.answers.empty()) {
          answer(p, chat, now_ms);  // the thread's tail shows no answer
        }
      }
      me.has[p] = me.log.size();
      for (std::size_t q = 0; q < n; ++q) {
        if (q == p || parted(p, q)) continue;
        wire.push_back({now_ms + 20 + below(300), p, q, me.log.size(), me.has, me.hlc});
      }
    }
  }
  ModelOutcome outcome;
  outcome.messages = static_cast<int>(chats.size());
  for (const Chat& chat : chats) {
    if (chat.answers.empty()) {
      ++outcome.unanswered;
      continue;
    }
    if (chat.answers.size() > 1) ++outcome.doubles;
    std::uint64_t first_ms = UINT64_MAX;
    for (const auto& [peer, at_ms] : chat.answers) first_ms = std::min(first_ms, at_ms);
    outcome.waits_ms.push_back(first_ms - chat.at_ms);
    if (outcome.waits_ms.back() > 2 * prefix_target_ms) ++outcome.freezes;
  }
  std::vector<int> given(n, 0);
  int so_far = 0;
  for (const auto& [chat, owner] : fold(peers[0], 0, true)) {
    ++given[static_cast<std::size_t>(owner)];
    ++so_far;
  }
  for (std::size_t p = 0; p < n; ++p) {
    const double off = std::abs(given[p] - static_cast<double>(so_far) * weights[p] / total);
    outcome.deviation = std::max(outcome.deviation, off);
  }
  return outcome;
}

}  // namespace deskmate::sim
