#include "core/desk/router.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/desk/dates.hpp"
#include "core/desk/fold.hpp"
#include "core/desk/ledger.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
Value shares_value(const std::vector<LedgerShare>& shares) {
  Array list;
  for (const LedgerShare& share : shares)
    list.push_back(Value::array({share.member, share.weight}));
  return list;
}

Router::Router(const State& state, const Policy& policy, const Sight& sight)
    : state_(state),
      policy_(policy),
      sight_(sight),
      now_ms_(sight.now_ms),
      peers_(state),
      roster_(roster(state, policy, sight.now_ms)) {
  // Each peer gives numbers of its own, so that two who do not see each other give none twice.
  const auto& peers = peers_.all();
  number_step_ =
      std::bit_ceil(std::max<std::uint32_t>(1, static_cast<std::uint32_t>(peers.size())));
  const auto self = std::find_if(peers.begin(), peers.end(),
                                 [&](const auto& one) { return one.id == sight_.self; });
  const auto rank = static_cast<std::uint32_t>(self - peers.begin()) % number_step_;
  next_number_ = state_.highest_chat_number() + 1;
  while (next_number_ % number_step_ != rank) ++next_number_;
}

std::vector<Router::Item> Router::todo(Todo kind, std::size_t limit) const {
  std::vector<Item> items;
  state_.each(table::todo, Key().u8(static_cast<std::uint8_t>(kind)), false,
              [&](std::string_view key, std::string_view) {
                items.push_back({id_at(key, 9), read_be(key.substr(1, 8))});
                return items.size() < limit;
              });
  return items;
}

// R11: by waiting time, where every nudge counts as so much more of it; of equals the lower number.
std::vector<Router::Item> Router::queue() const {
  using Rank = std::pair<std::uint64_t, std::uint64_t>;
  std::vector<std::pair<Rank, Item>> ranked;
  state_.each(table::todo, Key().u8(static_cast<std::uint8_t>(Todo::queued)), false,
              [&](std::string_view key, std::string_view value) {
                const std::uint64_t since_ms = read_be(key.substr(1, 8));
                const std::uint64_t raised_ms = read_be(value.substr(0, 4)) * policy_.nudge_ms;
                const Rank rank{since_ms - std::min(since_ms, raised_ms), read_be(value.substr(4))};
                ranked.push_back({rank, {id_at(key, 9), since_ms}});
                return ranked.size() < queue_scan_max;
              });
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Item> items;
  items.reserve(ranked.size());
  for (const auto& [rank, item] : ranked) items.push_back(item);
  return items;
}

// Open chats of members who are no longer there; and of those whose peer has left, where the buyer
// waits.
std::vector<Router::Item> Router::left_behind() const {
  std::vector<Item> items;
  for (const Standing& member : roster_) {
    const bool left = !peers_.alone() && !peers_.here(peers_.peer_of(member.record));
    if ((!member.record.removed && !(left && member.waiting != 0)) || member.open == 0) continue;
    state_.each(table::open, Key().u32(member.number), false,
                [&](std::string_view key, std::string_view) {
                  const Id16 id = id_at(key, 4);
                  if (member.record.removed ||
                      state_.load<ChatRecord>(table::chats, Key().id(id)).waiting.any()) {
                    items.push_back({id, 0});
                  }
                  return items.size() < decisions_max;
                });
  }
  return items;
}

bool Router::anyone() const {
  return std::any_of(roster_.begin(), roster_.end(),
                     [](const Standing& member) { return member.available(); });
}

Decisions Router::decide(bool parked) {
  for (const Standing& member : roster_) {
    if (member.record.removed || !member.next_change_ms) continue;
    out_.next_ms = std::min(out_.next_ms.value_or(*member.next_change_ms), *member.next_change_ms);
  }
  if (peers_.alone()) {
    assign(parked);
  } else {
    among_peers(parked);
  }
  return std::move(out_);
}

void Router::assign(bool parked) {
  if (parked) round(todo(Todo::parked, SIZE_MAX), From::parked);
  round(queue(), From::queued);
  round(left_behind(), From::left);
  round(todo(Todo::flagged, queue_scan_max), From::flagged);
  const auto fresh = todo(Todo::fresh, decisions_max);
  round(fresh, From::fresh);
  if (fresh.size() == decisions_max) out_.more = true;
}

void Router::round(const std::vector<Item>& items, From from) {
  const bool must_decide = from == From::fresh || from == From::parked;
  for (const Item& item : items) {
    if (!must_decide && !anyone()) return;
    if (out_.proposals.size() >= decisions_max) {
      out_.more = true;
      return;
    }
    look_at(item, from);
  }
}

void Router::look_at(const Item& item, From from) {
  const auto chat = state_.find<ChatRecord>(table::chats, Key().id(item.id));
  if (!chat || !chat->open()) return;
  const auto accounts = chat->buyer ? state_.group(*chat->buyer) : std::vector<Id16>{};
  if (from == From::flagged) {  // somebody has it; only an expert takes it over
    if (const auto choice = by_need(*chat); choice && choice->member) {
      give(item.id, *chat, *choice, accounts);
    }
    return;
  }
  if (const auto until = state_.blocked_until(accounts, now_ms_)) {
    if (*until != 0) {
      out_.parked_next_ms = std::min(out_.parked_next_ms.value_or(*until), *until);
    }
    if (from == From::fresh || from == From::queued) {
      queue_up(item.id, *chat, Value::map({{"rule", "blocked"}}));
    }
    return;
  }
  const Choice choice = choose(*chat, accounts);
  if (choice.member) {
    give(item.id, *chat, choice, accounts);
  } else if (from == From::fresh || from == From::parked) {
    queue_up(item.id, *chat, choice.why);
  }
}

// A role or an expert that was asked for; nothing: none was asked for, or there is no such member.
std::optional<Router::Choice> Router::by_need(const ChatRecord& chat) {
  const auto choose_from = [this](const Candidates& candidates, Value why) {
    Choice choice;
    choice.member = least_busy(candidates);
    if (choice.member) {
      why["member"] = roster_[*choice.member].number;
      choice.why = std::move(why);
    } else {
      choice.why = why_not(candidates);
    }
    return choice;
  };
  if (chat.wants_role()) {
    const Candidates candidates = of_role(chat.route_role);
    if (!candidates.empty()) {
      Choice choice =
          choose_from(candidates, Value::map({{"rule", "role"}, {"role", chat.route_role}}));
      if (!choice.member) choice.why["role"] = chat.route_role;
      return choice;
    }
  }
  if (chat.flagged()) {
    const Candidates candidates = experts(chat);
    const bool owned = chat.owner() != 0;
    if (!candidates.empty()) {
      Choice choice =
          choose_from(candidates, Value::map({{"rule", "expert"}, {"topic", chat.topic}}));
      // A chat that is nobody's does not wait for an expert: somebody else may begin.
      if (choice.member || owned) return choice;
    }
  }
  return std::nullopt;
}

Router::Choice Router::choose(const ChatRecord& chat, const std::vector<Id16>& accounts) {
  if (auto choice = by_need(chat)) return std::move(*choice);

  Value last;
  std::optional<State::Served> served = state_.last_served(accounts);
  for (const Id16& account : accounts) {
    if (const auto mine = served_.find(account); mine != served_.end()) {
      served = State::Served{mine->second, now_ms_};
    }
  }
  if (served) {
    const std::uint64_t ago_ms = now_ms_ - std::min(now_ms_, served->at_ms);
    const auto member = std::find_if(roster_.begin(), roster_.end(), [&](const Standing& one) {
      return one.number == served->member;
    });
    const bool in_time = ago_ms <= policy_.sticky_ms;
    if (in_time && member != roster_.end() && member->available()) {
      Choice choice;
      choice.member = static_cast<std::size_t>(member - roster_.begin());
      choice.why = Value::map({{"rule", "sticky"},
                               {"member", served->member},
                               {"ago_ms", ago_ms},
                               {"presence", to_string(Presence::online)}});
      return choice;
    }
    const char* because = "removed";
    if (!in_time) {
      because = "late";
    } else if (member != roster_.end()) {
      because = why_not(*member);
    }
    last = Value::map({{"member", served->member}, {"ago_ms", ago_ms}, {"because", because}});
    if (!in_time) last["within_ms"] = policy_.sticky_ms;
  }
  return by_weight(policy_.match_roles ? for_stage(accounts) : all(), std::move(last));
}

Router::Choice Router::by_weight(const Candidates& candidates, Value last) {
  Choice choice;
  std::vector<LedgerShare> shares;
  Candidates eligible;
  for (const std::size_t i : candidates) {
    const Standing& member = roster_[i];
    if (!member.available() || member.record.weight == 0) continue;
    if (eligible.size() >= members_max) break;
    eligible.push_back(i);
    shares.push_back({member.number, member.record.weight, 0});
  }
  if (eligible.empty()) {
    choice.why = why_not(candidates);
  } else {
    const std::string key = ledger_key(shares);
    auto known = ledger_.find(key);
    if (known == ledger_.end()) {
      const auto record = state_.find<LedgerRecord>(table::ledger, key);
      known = ledger_.emplace(key, record ? record->shares : shares).first;
    }
    const std::size_t next = next_by_weight(known->second);
    choice.member = eligible[next];
    choice.shares = shares;
    choice.why = Value::map({{"rule", "weight"},
                             {"member", shares[next].member},
                             {"shares", shares_value(shares)},
                             {"owed", owed(known->second, next)},
                             {"of", total_weight(shares)}});
    ++known->second[next].count;
  }
  if (!last.is_nil()) choice.why["last"] = std::move(last);
  return choice;
}

std::optional<std::size_t> Router::least_busy(const Candidates& candidates) const {
  std::optional<std::size_t> best;
  for (const std::size_t i : candidates) {
    if (!roster_[i].available()) continue;
    if (!best || roster_[i].open < roster_[*best].open) best = i;
  }
  return best;
}

Router::Candidates Router::all() const {
  Candidates out;
  for (std::size_t i = 0; i < roster_.size(); ++i) {
    if (!roster_[i].record.removed) out.push_back(i);
  }
  return out;
}

Router::Candidates Router::of_role(std::string_view role) const {
  Candidates out = all();
  out.erase(std::remove_if(out.begin(), out.end(),
                           [&](std::size_t i) { return roster_[i].record.role != role; }),
            out.end());
  return out;
}

Router::Candidates Router::experts(const ChatRecord& chat) const {
  Candidates out;
  for (const std::size_t i : all()) {
    const MemberRecord& member = roster_[i].record;
    if (roster_[i].number == chat.flag_member) continue;
    const bool named =
        std::find(member.experts.begin(), member.experts.end(), chat.topic) != member.experts.end();
    const bool supervises = chat.topic == topic_supervisor &&
                            authority(member.role).value_or(0) >= *authority("supervisor");
    if (named || supervises) out.push_back(i);
  }
  return out;
}

// R13: those whose role fits what the buyer has ordered; everybody where there is no such member.
Router::Candidates Router::for_stage(const std::vector<Id16>& accounts) const {
  Candidates out = of_role(stage_of(state_, accounts));
  return out.empty() ? all() : out;
}

const char* Router::why_not(const Standing& member) const {
  if (member.record.removed) return "removed";
  if (member.presence() != Presence::online) return to_string(member.presence()).data();
  return member.cooling_until_ms != 0 ? "cooling" : "";
}

Value Router::why_not(const Candidates& candidates) const {
  std::uint32_t full = 0;
  std::uint32_t cooling = 0;
  for (const std::size_t i : candidates) {
    if (roster_[i].presence() == Presence::suspended && roster_[i].full()) ++full;
    if (roster_[i].presence() == Presence::online && roster_[i].cooling_until_ms != 0) ++cooling;
  }
  const char* because = full != 0 ? "full" : cooling != 0 ? "cooling" : "nobody";
  return Value::map({{"rule", "queued"}, {"because", because}, {"full", full}});
}

std::uint32_t Router::number_of(const ChatRecord& chat) {
  if (chat.number != 0) return chat.number;
  return std::exchange(next_number_, next_number_ + number_step_);
}

// The opening message's pseudonym: the same at every peer that saw it.
Id16 Router::visit_of(const Id16& id, const ChatRecord& chat) const {
  const auto value = state_.get(table::talk_in, Key().id(id).place(chat.opening));
  return value ? id_at(*value, 24) : Id16{};
}

void Router::give(const Id16& id, const ChatRecord& chat, const Choice& choice,
                  const std::vector<Id16>& accounts) {
  Standing& member = roster_[*choice.member];
  if (chat.owner() == member.number) return;
  for (Standing& one : roster_) {
    if (one.number == chat.owner() && one.open > 0) --one.open;
  }
  ++member.open;
  for (const Id16& account : accounts) served_[account] = member.number;

  Map facts{{"chat", Value::bin(id)},
            {"visit", Value::bin(visit_of(id, chat))},
            {"number", number_of(chat)},
            {"member", member.number},
            {"why", choice.why}};
  // The first to be given a visit may meet another's who has not seen it; a later word is meant.
  if (!peers_.alone() && !chat.routed()) facts.add("claim", "book");
  if (!choice.shares.empty()) facts.add("shares", shares_value(choice.shares));
  out_.proposals.push_back(proposal("chat.assigned", std::move(facts)));
  if (peers_.alone()) greet_first(id, chat, member.number);
}

void Router::queue_up(const Id16& id, const ChatRecord& chat, Value why) {
  const bool parked = why["rule"].as_str() == "blocked";
  Map facts{{"chat", Value::bin(id)},
            {"visit", Value::bin(visit_of(id, chat))},
            {"number", number_of(chat)},
            {"why", std::move(why)}};
  out_.proposals.push_back(proposal("chat.queued", std::move(facts)));
  if (!parked && peers_.alone()) greet_first(id, chat, 0);
}

void Router::greet_first(const Id16& id, const ChatRecord& chat, MemberNo member) {
  if (chat.opening < chat.route_at || chat.opening < chat.queued_at) return;
  greet(id, chat, member);
}

Router::FirstWords Router::first_words(const ChatRecord& chat) const {
  const auto shop = policy_.shop_hours.find(chat.shop);
  if (shop != policy_.shop_hours.end()) {
    const auto& [hours, aftersale, zone, closed] = shop->second;
    const bool arrived = aftersale && stage_of(state_, state_.group(*chat.buyer)) == "aftersale";
    const Schedule& schedule = arrived ? *aftersale : hours;
    if (!schedule.covers(policy_.local_minutes(zone, now_ms_))) {
      const auto opens = next_change_ms(schedule, zone, now_ms_, policy_.local_minutes);
      return {closed, opens ? minute_text(policy_.local_minutes(zone, *opens)) : std::string()};
    }
  }
  const auto greeting = policy_.greetings.find(chat.shop);
  return {greeting == policy_.greetings.end() ? std::string_view() : greeting->second, {}};
}

// R40: once a visit, while the buyer is still there to read it.
void Router::greet(const Id16& id, const ChatRecord& chat, MemberNo member) {
  if (!chat.buyer) return;
  if (chat.opening < chat.greeted_at || chat.opening < chat.last_out) return;
  if (chat.opening_ms + policy_.greeting_fresh_ms < now_ms_) return;
  const auto opening = state_.get(table::talk_in, Key().id(id).place(chat.opening));
  if (!opening) return;
  const FirstWords words = first_words(chat);
  if (words.text.empty()) return;
  Proposal greeting = proposal("reply.requested", {{"chat", Value::bin(id)},
                                                   {"shop", chat.shop},
                                                   {"thread", Value::bin(id)},
                                                   {"buyer", Value::bin(*chat.buyer)},
                                                   {"member", member},
                                                   {"to_message", Value::bin(id_at(*opening, 24))},
                                                   {"auto", "greeting"}});
  if (!words.back.empty()) greeting.facts["back"] = words.back;
  greeting.body = Value::map({{"text", words.text}});
  greeting.buyer = chat.buyer;
  greeting.request = true;
  greeting.answers = state_.ref(chat.opening);
  out_.proposals.push_back(std::move(greeting));
}

}  // namespace deskmate::desk
