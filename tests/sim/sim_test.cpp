// Plays a day at the desk from a seed, and compares every decision, buyer by buyer, with the
// written formula. sim_test [--seeds N] [--seed S]
#include <cstdlib>
#include <iostream>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "core/desk/test_world.hpp"
#include "tests/sim/formula.hpp"

namespace deskmate::sim {
namespace {

constexpr std::uint64_t minute_ms = 60'000;
constexpr std::uint64_t hour_ms = 60 * minute_ms;
constexpr std::uint64_t day_ms = 24 * hour_ms;
constexpr std::uint64_t day_start_ms = 1'800'000'000'000 / day_ms * day_ms;
constexpr int visits = 460;  // of the day; about 280 new buyers and 180 returning ones

// What the days together must have shown, so that none of it is tested in vain.
struct Seen {
  int sticky = 0, weight = 0, queued = 0, suspended = 0, late = 0, absent = 0, returning = 0,
      day = 0, buyers = 0;
};

struct Happening {
  std::uint64_t at_ms = 0;
  enum Kind { visit, nudge, answer, close, away, back, look } kind = look;
  std::string chat, buyer;
  int member = 0;
  std::uint64_t number = 0;  // first come, first served
  bool operator<(const Happening& other) const {
    return std::pair(at_ms, number) > std::pair(other.at_ms, other.number);
  }
};

class Day {
 public:
  Day(std::uint32_t seed, Seen& seen) : random_(seed), seen_(seen), seed_(seed) {}

  // The first difference, or nothing.
  std::string play() {
    static const std::vector<std::vector<int>> settings = {{3, 1}, {5, 1, 1}, {7, 2, 4}};
    hire(settings[seed_ % settings.size()]);
    plan();
    while (!happenings_.empty()) {
      const Happening next = happenings_.top();
      happenings_.pop();
      world_.now_ms = next.at_ms;
      happen(next);
      // Several at the same moment are one round.
      if (!happenings_.empty() && happenings_.top().at_ms == next.at_ms) continue;
      decide();
      if (!difference_.empty()) return difference_;
    }
    check_ledger();
    return difference_;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void at(std::uint64_t at_ms, Happening::Kind kind, std::string chat = {}, std::string buyer = {},
          int member = 0) {
    happenings_.push({at_ms, kind, std::move(chat), std::move(buyer), member, ++number_});
  }

  void hire(const std::vector<int>& weights) {
    world_.now_ms = day_start_ms - 5 * day_ms;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const int number = static_cast<int>(i) + 1;
      Member member;
      member.weight = weights[i];
      desk::MemberSpec spec;
      spec.number = static_cast<desk::MemberNo>(number);
      spec.name = "Member";
      spec.role = i == 2 ? "aftersale" : "presale";
      spec.weight = static_cast<std::uint32_t>(weights[i]);
      if (i == 2) member.limit = 10;
      if (i == 0) {
        spec.schedule = {"06:00-24:00"};
        member.from_hour = 6;
      }
      world_.member(spec);
      formula_.members[number] = member;
    }
  }

  void plan() {
    // The days before, so that there is somebody to return, within 72 hours and after.
    for (int i = 0; i < 250; ++i) {
      const std::string name = "old " + std::to_string(i);
      buyers_.push_back(name);
      at(day_start_ms - 5 * day_ms + hour_ms + below(5 * day_ms - 2 * hour_ms), Happening::visit,
         name, name);
    }
    // One owner is away from 9 to 18.
    away_ = 1 + static_cast<int>(below(formula_.members.size()));
    at(day_start_ms + 9 * hour_ms, Happening::away, {}, {}, away_);
    at(day_start_ms + 18 * hour_ms, Happening::back, {}, {}, away_);
    for (int i = 0; i < visits; ++i) {
      // A rush about noon, which brings whoever is alone to the limit.
      std::uint64_t at_ms = day_start_ms + below(2) * 12 * hour_ms + below(12 * hour_ms);
      if (i % 3 == 0) at_ms = day_start_ms + 12 * hour_ms + below(hour_ms);
      if (i % 10 == 0) at_ms -= at_ms % (10 * minute_ms);  // several at once
      std::string buyer = "new " + std::to_string(i);
      if (below(100) < 40) {
        buyer = buyers_[below(buyers_.size())];
        ++seen_.returning;
      }
      ++seen_.day;
      buyers_.push_back(buyer);
      // Some go on in their old thread, some begin another.
      const std::string chat = below(2) == 0 ? buyer : buyer + " " + std::to_string(i);
      at(at_ms, Happening::visit, chat, buyer);
      if (below(8) == 0) at(at_ms + below(5 * minute_ms), Happening::nudge, chat, buyer);
    }
    for (std::uint64_t hour = 0; hour < 6 * 24; ++hour) {  // schedules begin and end on the hour
      at(day_start_ms - 5 * day_ms + hour * hour_ms, Happening::look);
    }
  }

  void happen(const Happening& what) {
    switch (what.kind) {
      case Happening::visit:
      case Happening::nudge:
        world_.receive(what.chat, what.buyer);
        formula_.message(what.chat, what.buyer, what.at_ms);
        break;
      case Happening::answer:
        if (world_.owner(what.chat) == 0) break;
        world_.reply(what.chat, static_cast<desk::MemberNo>(what.member));
        formula_.reply(what.chat, what.member, what.at_ms);
        break;
      case Happening::close:
        if (world_.owner(what.chat) == 0) break;
        world_.close(what.chat, static_cast<desk::MemberNo>(what.member));
        formula_.close(what.chat);
        break;
      case Happening::away:
      case Happening::back:
        world_.presence(static_cast<desk::MemberNo>(what.member), what.kind == Happening::away
                                                                      ? desk::Presence::away
                                                                      : desk::Presence::online);
        formula_.members[what.member].online = what.kind == Happening::back;
        break;
      case Happening::look:
        break;
    }
  }

  void decide() {
    const auto proposals = world_.decide();
    formula_.decide(world_.now_ms);
    for (const desk::Proposal& proposal : proposals) {
      const std::string chat = name_of(proposal.facts["chat"].as_bin());
      const Value& why = proposal.facts["why"];
      const std::string rule(why["rule"].as_str());
      const int member = static_cast<int>(proposal.facts["member"].as_int());
      const Chat& expected = formula_.chats[chat];
      if (expected.owner != member || expected.rule != rule) {
        differ(chat + ": member " + std::to_string(member) + " by " + rule + ", the formula says " +
               std::to_string(expected.owner) + " by " + expected.rule);
        return;
      }
      if (rule == "sticky") ++seen_.sticky;
      if (rule == "weight") ++seen_.weight;
      if (rule == "queued") ++seen_.queued;
      const std::string_view because = why["last"]["because"].as_str();
      if (because == "suspended") ++seen_.suspended;
      if (because == "late") ++seen_.late;
      if (because == "away" || because == "off") ++seen_.absent;
      if (rule == "queued") continue;
      // The owner answers within some minutes, and closes after up to two hours.
      const std::uint64_t answered_ms = world_.now_ms + 1 + below(20 * minute_ms);
      at(answered_ms, Happening::answer, chat, {}, member);
      at(answered_ms + 1 + below(2 * hour_ms), Happening::close, chat, {}, member);
    }
    check_members();
  }

  void check_members() {
    int waiting = 0;
    for (const auto& [name, chat] : formula_.chats) waiting += chat.waiting_for_member ? 1 : 0;
    const auto queued = world_.desk.chats({.owner = 0}, world_.now_ms, 10'000);
    if (static_cast<int>(queued.size()) != waiting) differ("the queue has another length");
    for (const auto& member : world_.desk.members(world_.now_ms)) {
      const Member& expected = formula_.members[static_cast<int>(member.number)];
      if (static_cast<int>(member.open) != expected.open ||
          member.takes_chats != formula_.present(expected, world_.now_ms)) {
        differ("member " + std::to_string(member.number) + " has " + std::to_string(member.open) +
               " chats, the formula says " + std::to_string(expected.open));
      }
    }
  }

  void check_ledger() {
    const auto ledger = world_.desk.ledger();
    if (ledger.size() != formula_.given.size()) return differ("the ledger has other sets");
    for (const auto& view : ledger) {
      std::vector<std::pair<int, int>> key;
      std::int64_t n = 0, total = 0;
      for (const auto& share : view) {
        key.emplace_back(share.member, share.weight);
        n += static_cast<std::int64_t>(share.count);
        total += share.weight;
      }
      for (const auto& share : view) {
        const auto count = static_cast<std::int64_t>(share.count);
        if (count != formula_.given[key][static_cast<int>(share.member)]) differ("counts differ");
        if (std::abs(n * share.weight - total * count) >= total)
          differ("more than 1 off the share");
      }
    }
    if (world_.desk.hash() != world_.desk.full_hash()) differ("the hash is not that of the tables");
    seen_.buyers += static_cast<int>(formula_.chats.size());
  }

  std::string name_of(std::string_view bytes) {
    if (const auto at = names_.find(std::string(bytes)); at != names_.end()) return at->second;
    for (const auto& [name, chat] : formula_.chats) {
      const auto hash = desk::id(name);
      names_[std::string(desk::bytes_of(hash))] = name;
    }
    return names_[std::string(bytes)];
  }

  void differ(const std::string& what) {
    if (difference_.empty()) {
      difference_ = "at minute " +
                    std::to_string((static_cast<std::int64_t>(world_.now_ms) -
                                    static_cast<std::int64_t>(day_start_ms)) /
                                   static_cast<std::int64_t>(minute_ms)) +
                    " of the day: " + what;
    }
  }

  std::mt19937 random_;
  Seen& seen_;
  std::uint32_t seed_;
  desk::World world_;
  Formula formula_;
  std::priority_queue<Happening> happenings_;
  std::vector<std::string> buyers_;
  std::map<std::string, std::string> names_;
  std::string difference_;
  std::uint64_t number_ = 0;
  int away_ = 0;
};

}  // namespace
}  // namespace deskmate::sim

int main(int argc, char** argv) {
  std::uint32_t seeds = 12;
  std::uint32_t first = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const auto value = static_cast<std::uint32_t>(std::strtoul(argv[i + 1], nullptr, 10));
    if (option == "--seeds") {
      seeds = value;
    } else if (option == "--seed") {
      first = value;
      seeds = 1;
    } else {
      std::cerr << "usage: sim_test [--seeds N] [--seed S]\n";
      return 2;
    }
  }
  int passed = 0;
  int failed = 0;
  deskmate::sim::Seen seen;
  for (std::uint32_t seed = first; seed < first + seeds; ++seed) {
    const std::string difference = deskmate::sim::Day(seed, seen).play();
    if (difference.empty()) {
      ++passed;
    } else {
      ++failed;
      std::cout << "seed " << seed << ": " << difference << "\n";
    }
  }
  std::cout << seen.day << " visits, " << seen.returning << " of returning buyers; " << seen.weight
            << " by weight, " << seen.sticky << " sticky, " << seen.queued
            << " queued; not sticky: " << seen.suspended << " suspended, " << seen.late << " late, "
            << seen.absent << " absent\n";
  if (seeds >= 10 && (seen.sticky == 0 || seen.weight == 0 || seen.queued == 0 ||
                      seen.suspended == 0 || seen.late == 0 || seen.absent == 0)) {
    std::cout << "the days did not show everything\n";
    ++failed;
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
