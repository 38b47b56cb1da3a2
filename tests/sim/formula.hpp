// The routing rule as core/desk/README.md writes it, and nothing else: what a played day is
// compared with. Shares no code with core/desk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deskmate::sim {

inline constexpr std::uint64_t sticky_ms = 72ull * 3'600'000;
inline constexpr std::uint64_t nudge_ms = 60'000;
inline constexpr int nudges_max = 5;

struct Member {
  int weight = 0;
  int limit = 50;
  int from_hour = 0, to_hour = 24;  // shift, UTC
  bool online = true;
  int open = 0;
};

struct Chat {
  std::string buyer;
  bool open = false;
  int owner = 0;
  bool waiting_for_member = false;  // open, and nobody's
  std::uint64_t asked_ms = 0;       // the first message without an answer; 0: answered
  int nudges = 0;
  int number = 0;    // in the order of the first decision
  std::string rule;  // of the latest decision
};

class Formula {
 public:
  std::map<int, Member> members;
  std::map<std::string, Chat> chats;
  // By the set of those who could have it: how many each was given by weight.
  std::map<std::vector<std::pair<int, int>>, std::map<int, std::int64_t>> given;

  void message(const std::string& name, const std::string& buyer, std::uint64_t now_ms) {
    Chat& chat = chats[name];
    chat.buyer = buyer;
    if (chat.asked_ms != 0) {
      chat.nudges = std::min(chat.nudges + 1, nudges_max);
    } else {
      chat.asked_ms = now_ms;
    }
    if (!chat.open) {
      chat.open = true;
      chat.owner = 0;
      chat.waiting_for_member = true;
      chat.rule.clear();
      fresh_.push_back(name);
    }
  }
  void reply(const std::string& name, int member, std::uint64_t now_ms) {
    Chat& chat = chats[name];
    chat.asked_ms = 0;
    chat.nudges = 0;
    served_[chat.buyer] = {member, now_ms};
  }
  void close(const std::string& name) {
    Chat& chat = chats[name];
    if (chat.owner != 0) --members[chat.owner].open;
    chat.open = chat.waiting_for_member = false;
    chat.asked_ms = 0;
    chat.nudges = 0;
  }

  // Those who wait first, longest first with nudges counted, of equals the lower number; then the
  // new ones as they came.
  void decide(std::uint64_t now_ms) {
    std::vector<std::pair<std::pair<std::uint64_t, int>, std::string>> queue;
    for (const auto& [name, chat] : chats) {
      const bool is_fresh = std::find(fresh_.begin(), fresh_.end(), name) != fresh_.end();
      if (chat.waiting_for_member && !is_fresh) {
        const std::uint64_t raised_ms = static_cast<std::uint64_t>(chat.nudges) * nudge_ms;
        queue.emplace_back(std::pair(chat.asked_ms - raised_ms, chat.number), name);
      }
    }
    std::sort(queue.begin(), queue.end());
    for (const auto& [rank, name] : queue) give(name, now_ms);
    for (const std::string& name : fresh_) give(name, now_ms);
    fresh_.clear();
  }

  bool present(const Member& member, std::uint64_t now_ms) const {
    const auto hour = static_cast<int>(now_ms / 3'600'000 % 24);
    return member.online && member.from_hour <= hour && hour < member.to_hour &&
           member.open < member.limit;
  }

 private:
  void give(const std::string& name, std::uint64_t now_ms) {
    Chat& chat = chats[name];
    if (chat.number == 0) chat.number = ++numbers_;
    int to = 0;
    const auto last = served_.find(chat.buyer);
    if (last != served_.end() && now_ms - last->second.second <= sticky_ms &&
        present(members[last->second.first], now_ms)) {
      to = last->second.first;
      chat.rule = "sticky";
    } else {
      to = by_weight(now_ms);
      chat.rule = to == 0 ? "queued" : "weight";
    }
    if (to == 0) return;
    chat.owner = to;
    chat.waiting_for_member = false;
    ++members[to].open;
    served_[chat.buyer] = {to, now_ms};
  }

  // The j-th chat of member m, of k who share with weights w and total T, is due between the chat
  // numbers r = (j-1 + 1/(2k-2)) T/w and d = (j - 1/(2k-2)) T/w. Whoever is due by the earliest d
  // has the next, number n >= r. All times (2k-2) w, to stay whole.
  int by_weight(std::uint64_t now_ms) {
    std::vector<std::pair<int, int>> eligible;
    std::int64_t total = 0;
    for (const auto& [number, member] : members) {
      if (!present(member, now_ms) || member.weight == 0) continue;
      eligible.emplace_back(number, member.weight);
      total += member.weight;
    }
    if (eligible.empty()) return 0;
    auto& counts = given[eligible];
    const std::int64_t cut =
        std::max<std::int64_t>(2 * static_cast<std::int64_t>(eligible.size()) - 2, 1);
    std::int64_t n = 1;
    for (const auto& [number, count] : counts) n += count;
    int best = 0;
    std::int64_t best_d = 0, best_w = 0;
    for (const auto& [number, weight] : eligible) {
      const std::int64_t j = counts[number] + 1;
      if (eligible.size() > 1 && n * cut * weight < (cut * (j - 1) + 1) * total) continue;
      const std::int64_t d = (cut * j - 1) * total;  // over cut * weight
      const bool earlier = best == 0 || d * best_w < best_d * weight ||
                           (d * best_w == best_d * weight && weight > best_w);
      if (earlier) {
        best = number;
        best_d = d;
        best_w = weight;
      }
    }
    ++counts[best];
    return best;
  }

  int numbers_ = 0;
  std::vector<std::string> fresh_;
  std::map<std::string, std::pair<int, std::uint64_t>> served_;
};

}  // namespace deskmate::sim
