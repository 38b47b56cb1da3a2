// The book: decides who gets which chat. Reads the state, proposes events. README.md has the rule
// as one formula. Internal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/peers.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/roster.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

struct Decisions {
  Proposals proposals;
  bool more = false;  // decisions_max was reached: call again
  std::optional<std::uint64_t> next_ms;
  // When the next block ends of those who were looked at; nothing: none does, or none was.
  std::optional<std::uint64_t> parked_next_ms;
};

// Looked at in one round, in the order of waiting; nudges are weighed among these.
inline constexpr std::size_t queue_scan_max = 2 * decisions_max;

Value shares_value(const std::vector<LedgerShare>& shares);

// One round; made anew for each, as it keeps what its own proposals will change.
class Router {
 public:
  Router(const State& state, const Policy& policy, const Sight& sight);

  // parked: look also at the chats of blocked buyers, all of them.
  Decisions decide(bool parked);

 private:
  struct Item {
    Id16 id{};
    std::uint64_t order = 0;
  };
  struct Choice {
    std::optional<std::size_t> member;  // in roster_
    Value why;
    std::vector<LedgerShare> shares;  // charged: given by weight
  };
  using Candidates = std::vector<std::size_t>;  // in roster_

  void assign(bool parked);

  // With other peers (router_peers.cpp).
  void among_peers(bool parked);
  void know_the_others();
  void take_in_a_cut(bool whole);
  void take_own_again(std::vector<Item>& items) const;
  void take_from_the_vanished();
  void greet_ours();
  bool takes_in_a_cut(const Id16& id, const ChatRecord& chat,
                      const std::vector<std::vector<Contender>>& rosters);
  std::optional<std::uint64_t> take_over_ms(const Id16& id, const ChatRecord& chat) const;
  void take(const Id16& id, const ChatRecord& chat, std::size_t member, Value why);
  bool blocked(const ChatRecord& chat) const;
  std::vector<LedgerShare> settled_shares() const;
  std::optional<std::size_t> of_roster(MemberNo number) const;
  void next_at(std::uint64_t at_ms);

  std::vector<Item> todo(Todo kind, std::size_t limit) const;
  std::vector<Item> queue() const;
  std::vector<Item> left_behind() const;
  // Where a chat was found; left: its owner is no longer a member.
  enum class From { parked, queued, left, flagged, fresh };
  void round(const std::vector<Item>& items, From from);
  void look_at(const Item& item, From from);

  Choice choose(const ChatRecord& chat, const std::vector<Id16>& accounts);
  Choice by_weight(const Candidates& candidates, Value last);
  std::optional<Choice> by_need(const ChatRecord& chat);
  std::optional<std::size_t> least_busy(const Candidates& candidates) const;
  Candidates all() const;
  Candidates of_role(std::string_view role) const;
  Candidates experts(const ChatRecord& chat) const;
  Candidates for_stage(const std::vector<Id16>& accounts) const;
  Value why_not(const Candidates& candidates) const;
  const char* why_not(const Standing& member) const;

  void give(const Id16& id, const ChatRecord& chat, const Choice& choice,
            const std::vector<Id16>& accounts);
  void queue_up(const Id16& id, const ChatRecord& chat, Value why);
  // First: only one that was not decided before.
  void greet_first(const Id16& id, const ChatRecord& chat, MemberNo member);
  void greet(const Id16& id, const ChatRecord& chat, MemberNo member);
  struct FirstWords {
    std::string_view text;  // of the policy; empty: nothing is sent
    std::string back;       // R15: when somebody answers again, by the shop's clock
  };
  FirstWords first_words(const ChatRecord& chat) const;
  std::uint32_t number_of(const ChatRecord& chat);
  Id16 visit_of(const Id16& id, const ChatRecord& chat) const;
  bool anyone() const;

  const State& state_;
  const Policy& policy_;
  const Sight& sight_;
  const std::uint64_t now_ms_;
  const Peers peers_;
  std::vector<Standing> roster_;
  Decisions out_;
  // What this round's own proposals change, until they are folded.
  std::uint32_t next_number_ = 0;
  std::uint32_t number_step_ = 1;
  std::map<Id16, MemberNo> served_;
  std::map<std::string, std::vector<LedgerShare>> ledger_;
};

}  // namespace deskmate::desk
