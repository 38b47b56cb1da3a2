// What the desk's tables hold. Every field is one of these, so that the order of events is of no
// account: a register (the latest place wins, or where it says "first" the earliest), a set that
// only grows, a counter, or a value that follows from such. Internal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/desk/codec.hpp"
#include "core/desk/types.hpp"

namespace deskmate::desk {

// Takes `at` as the register's place if it is later (earlier); true: the value is to be taken too.
inline bool take_latest(Place& place, const Place& at) {
  if (place.any() && !(place < at)) return false;
  place = at;
  return true;
}
inline bool take_first(Place& place, const Place& at) {
  if (place.any() && !(at < place)) return false;
  place = at;
  return true;
}

// A field that is said by itself: whoever said it last, said it.
template <class T>
struct Latest {
  Place at;
  T value{};
  void say(T word, const Place& when) {
    if (take_latest(at, when)) value = std::move(word);
  }
  bool any() const { return at.any(); }
  template <class A>
  void fields(A& a) {
    a(at, value);
  }
};

struct MemberRecord {  // by number
  Place profile_at;
  std::string name, role;
  std::uint32_t weight = 0;
  std::string zone;
  std::vector<std::string> schedule;
  std::uint32_t capacity = 0;
  std::vector<std::string> experts;
  bool removed = false;
  Place presence_at;
  std::uint8_t presence = 0;
  std::uint64_t until_ms = 0;
  std::uint64_t abuse_ms = 0;  // latest: when this member last had an abusive chat
  // The latest of the changes in force: weight, removed and peer are its.
  Place settled_at;
  std::optional<Id32> peer;
  bool waiting = false;  // asked for, and not a member until all have agreed
  // R14: overtime, as asked for last and as answered last.
  Place asked_at, answered_at;
  std::uint64_t asked_until_ms = 0, overtime_until_ms = 0;  // the latter 0: refused
  std::uint32_t answered_by = 0;
  template <class A>
  void fields(A& a) {
    a(profile_at, name, role, weight, zone, schedule, capacity, experts, removed, presence_at,
      presence, until_ms, abuse_ms, settled_at, peer, waiting, asked_at, answered_at,
      asked_until_ms, overtime_until_ms, answered_by);
  }
  bool known() const { return profile_at.any() && !waiting; }
};

struct BuyerRecord {  // by buyer
  Place seen_at;
  std::string shop;
  Place block_at;
  bool blocked = false;
  std::uint64_t until_ms = 0;
  Latest<bool> left_alone;  // neither written to nor called without having asked
  template <class A>
  void fields(A& a) {
    a(seen_at, shop, block_at, blocked, until_ms, left_alone);
  }
};

struct JoinRecord {  // by the lesser and the greater buyer
  Place at;
  bool joined = false;
  template <class A>
  void fields(A& a) {
    a(at, joined);
  }
};

struct ChatRecord {  // by chat
  Place origin_at;   // first
  std::string shop;
  Place number_at;  // first
  Place closed_at;
  Place route_at;          // assigned or transferred
  std::string route_role;  // transferred to a role: nobody's until assigned
  std::string route_why;   // msgpack
  Place queued_at;
  std::string queued_why;
  Place flag_at;
  std::string topic;
  Place served_at;
  Place greeted_at;
  // These follow from the chat's entries in talk_in, talk_out and by_hand and from closed_upto.
  Place first_in, last_in, last_out, opening, waiting;
  // Where the latest answer stands. last_out may be before it: see State::follow_answers.
  Place last_answer;
  std::uint64_t last_in_ms = 0, last_out_ms = 0, opening_ms = 0, waiting_ms = 0;
  std::uint32_t nudges = 0;
  // The values of the registers above, kept together for their size.
  std::uint32_t number = 0, route_member = 0, flag_member = 0, served_by = 0;
  std::optional<Id16> buyer;  // of origin_at
  bool parked = false;        // of queued_at: queued because the buyer is blocked
  // With other peers. claimed grows; the rest follows from the claims since the opening: the first
  // of the cut, else the first of a book. A deliberate word since then (route_at) comes before it.
  bool claimed = false;
  Place claim_at;
  bool claim_cut = false;
  std::uint32_t claim_member = 0;
  std::string claim_why;
  // The latest reply that is to be sent and is not known to have gone out, and how much of what the
  // buyer wrote it answers; follow from under_way.
  Place under_way, under_way_upto;
  // The last message that somebody had seen who closed the chat, and the channel's latest time of
  // what they had seen. One that came in elsewhere before the close, unseen by its author, is not
  // closed by it: closed_to is before it.
  Place closed_upto;
  std::uint64_t closed_seen_ms = 0;
  Place closed_to;
  // All that it was given if peers gave it several, rising; the smallest chat_numbers_max.
  std::vector<std::uint32_t> numbers;
  template <class A>
  void fields(A& a) {
    a(origin_at, shop, buyer, number_at, number, closed_at, route_at, route_member, route_role,
      route_why, queued_at, parked, queued_why, flag_at, flag_member, topic, served_at, served_by,
      greeted_at, first_in, last_in, last_out, opening, waiting, last_in_ms, last_out_ms,
      opening_ms, waiting_ms, nudges, claimed, claim_at, claim_cut, claim_member, claim_why,
      closed_upto, under_way, numbers, last_answer, closed_seen_ms, closed_to, under_way_upto);
  }

  bool open() const { return last_in.any() && closed_to < last_in; }
  bool worded() const { return open() && opening < route_at; }
  bool routed() const { return worded() || claim_at.any(); }
  Place given_at() const { return worded() || !claim_at.any() ? route_at : claim_at; }
  const std::string& given_why() const {
    return worded() || !claim_at.any() ? route_why : claim_why;
  }
  MemberNo owner() const {
    if (worded()) return route_role.empty() ? route_member : 0;
    return claim_member;
  }
  bool wants_role() const { return worded() && !route_role.empty(); }
  bool queued() const {
    return open() && owner() == 0 &&
           std::max(opening, wants_role() ? route_at : Place{}) < queued_at;
  }
  bool fresh() const { return open() && owner() == 0 && !queued(); }
  bool flagged() const {
    return open() && opening < flag_at && !(flag_at < given_at() && owner() != 0);
  }
  // Somebody is answering, and nobody else was given the chat since.
  bool being_answered() const {
    return open() && waiting.any() && !(under_way_upto < waiting) && !(under_way < given_at());
  }
  bool last_word_theirs() const { return last_in.any() && last_out < last_in; }
  Place latest() const { return std::max(last_in, last_out); }
};

struct MessageRecord {  // by message; first: the same message seen twice is the one seen first
  Place at;
  bool inbound = false;
  bool automatic = false;
  Id16 chat{};
  Id16 event{};
  std::uint64_t at_ms = 0, heard_ms = 0;
  std::uint32_t files = 0;
  bool ours = false;  // grows: it is a reply of the desk, which stands in the chat itself
  template <class A>
  void fields(A& a) {
    a(at, inbound, automatic, chat, event, at_ms, heard_ms, files, ours);
  }
};

struct EntryRecord {  // by chat and place
  std::uint8_t kind = 0;
  Id16 event{};
  std::uint64_t at_ms = 0;
  std::uint32_t member = 0, to = 0;
  std::string to_role, topic;
  bool automatic = false;
  std::uint32_t files = 0;
  std::string why;
  std::optional<Id16> about;  // the promise, question or case
  template <class A>
  void fields(A& a) {
    a(kind, event, at_ms, member, to, to_role, topic, automatic, files, why, about);
  }
};

struct DraftRecord {  // by chat and member
  Place at;
  bool empty = false;
  Place replied_at;
  template <class A>
  void fields(A& a) {
    a(at, empty, replied_at);
  }
};

enum class Step : std::uint8_t {
  none,
  attempted,
  failed,
  failed_again,
  unknown,
  resolved_done,
  resolved_again,
  dropped,
};

struct RequestRecord {  // by request; outcomes may be there before it
  Place at;
  std::string kind, shop;
  std::optional<Id32> home;
  std::optional<Id16> chat, order;
  std::uint32_t member = 0;
  bool automatic = false;
  std::int64_t amount = 0;
  std::uint32_t attempts = 0;  // greatest
  std::uint64_t tried_ms = 0;  // greatest
  Place done_at;               // first; once done, nothing undoes it
  std::optional<Id16> message;
  Place step_at;
  std::uint8_t step = 0;
  std::string code;
  std::uint64_t after_ms = 0;
  bool further = false;       // of a reply: written though all that the buyer said was answered
  std::uint64_t seen_ms = 0;  // of a reply: see State::seen_ms; 0: what is before it
  template <class A>
  void fields(A& a) {
    a(at, kind, shop, home, chat, order, member, automatic, amount, attempts, tried_ms, done_at,
      message, step_at, step, code, after_ms, further, seen_ms);
  }

  Step last() const { return static_cast<Step>(step); }
  bool is_done() const { return done_at.any() || last() == Step::resolved_done; }
  bool is_failed() const { return !is_done() && last() == Step::failed; }
  bool is_dropped() const { return !is_done() && last() == Step::dropped; }
  bool is_unknown() const { return !is_done() && last() == Step::unknown; }
  bool is_over() const { return is_done() || is_failed() || is_dropped(); }
};

struct LineRecord {
  std::string sku, name;
  std::int64_t quantity = 0, price = 0;
  bool custom = false;
  std::vector<std::string> measures = {};
  template <class A>
  void fields(A& a) {
    a(sku, name, quantity, price, custom, measures);
  }
};

// Snapshots of a shop's things: the shop's own time of the change decides, then the place.
struct OrderRecord {  // by order
  std::uint64_t updated_ms = 0;
  Place at;
  std::string shop;
  std::optional<Id16> number, buyer;
  std::vector<Id16> contacts;
  std::string state, payment;
  std::int64_t total = 0, paid = 0;
  std::string currency;
  std::uint64_t placed_ms = 0;
  std::vector<LineRecord> lines;
  std::uint64_t paid_ms = 0, ship_by_ms = 0, promised_ms = 0;
  std::optional<std::int64_t> shipping;
  template <class A>
  void fields(A& a) {
    a(updated_ms, at, shop, number, buyer, contacts, state, payment, total, paid, currency,
      placed_ms, lines, paid_ms, ship_by_ms, promised_ms, shipping);
  }
  // Its turn in the warehouse: paid for and not sent.
  bool waits_to_ship() const {
    return state == "paid" && (payment == "paid" || payment == "partly_refunded");
  }
  std::uint64_t turn_ms() const { return paid_ms != 0 ? paid_ms : placed_ms; }
};

struct ProductRecord {  // by shop and SKU
  Place at;
  std::string name;
  std::int64_t stock = 0, allocated = 0, price = 0;
  std::string currency;
  std::string options;  // msgpack
  std::optional<std::int64_t> warehouse;
  Place counted_at;        // latest; by hand
  std::int64_t drift = 0;  // what was counted, less what was shown then
  template <class A>
  void fields(A& a) {
    a(at, name, stock, allocated, price, currency, options, warehouse, counted_at, drift);
  }
  // As the warehouse says itself, or going by the last count.
  std::optional<std::int64_t> in_warehouse() const {
    if (warehouse || !counted_at.any()) return warehouse;
    return stock + drift;
  }
};

struct PhraseRecord {  // by name and language
  Place at;
  std::string text;
  bool removed = false;
  template <class A>
  void fields(A& a) {
    a(at, text, removed);
  }
};

struct PluginRecord {  // by plugin
  Place at;
  std::string state, reason, code;
  template <class A>
  void fields(A& a) {
    a(at, state, reason, code);
  }
};

// Whoever was given a visit without having seen that somebody else was.
struct ClaimRecord {  // by chat, kind and place
  std::uint32_t member = 0;
  std::string why;
  template <class A>
  void fields(A& a) {
    a(member, why);
  }
};

struct GivenRecord {  // by place and chat
  std::string rule;
  std::uint32_t member = 0;
  std::string set;  // the ledger's key; empty: not charged
  template <class A>
  void fields(A& a) {
    a(rule, member, set);
  }
};

struct CutRecord {
  std::uint64_t incarnation = 0, seq = 0;
  template <class A>
  void fields(A& a) {
    a(incarnation, seq);
  }
};

enum class Said : std::uint8_t { nothing, hello, goodbye, gone };

struct PeerRecord {  // by peer
  Place added_at;    // first
  std::string name;
  Place agreed_at;   // first
  bool met = false;  // grows: somebody on the desk knows its hello
  Place removed_at;  // first
  std::vector<CutRecord> cut;
  Place said_at;  // latest
  std::uint8_t said = 0;
  Place hello_at;  // latest
  Place ready_at;  // latest
  template <class A>
  void fields(A& a) {
    a(added_at, name, agreed_at, met, removed_at, cut, said_at, said, hello_at, ready_at);
  }
  bool joined() const { return met || (added_at.any() && agreed_at.any()); }
};

struct BookRecord {
  Place founder_at;  // first
  std::optional<Id32> founder;
  Place passed_at;  // latest
  std::optional<Id32> holder;
  template <class A>
  void fields(A& a) {
    a(founder_at, founder, passed_at, holder);
  }
};

struct AgreedRecord {
  Id32 peer{};
  Place at;  // first
  std::vector<Id32> asks;
  template <class A>
  void fields(A& a) {
    a(peer, at, asks);
  }
};

struct ChangeRecord {  // by event; agreements may be there before it
  Place at;
  std::uint32_t member = 0, weight = 0;
  std::string name;
  bool removed = false;
  Id32 peer{}, by{};
  std::vector<Id32> asks;
  std::vector<AgreedRecord> agreed;  // by peer
  template <class A>
  void fields(A& a) {
    a(at, member, weight, name, removed, peer, by, asks, agreed);
  }
};

struct ErasureRecord {  // by buyer
  Place at;             // latest
  Id16 event{};
  template <class A>
  void fields(A& a) {
    a(at, event);
  }
};

struct ForgottenRecord {  // by buyer and peer
  Place at;               // latest
  std::optional<Id16> erasure;
  template <class A>
  void fields(A& a) {
    a(at, erasure);
  }
};

struct LedgerShare {
  std::uint32_t member = 0, weight = 0;
  std::uint64_t count = 0;
  template <class A>
  void fields(A& a) {
    a(member, weight, count);
  }
};

struct LedgerRecord {  // by hash of its members and weights; counters
  std::vector<LedgerShare> shares;
  template <class A>
  void fields(A& a) {
    a(shares);
  }
};

// One visit is charged once, however many were given it without seeing each other.
struct VisitRecord {  // by chat and visit
  struct Given {
    Place at;  // first
    std::uint32_t member = 0;
    std::vector<LedgerShare> shares;
    template <class A>
    void fields(A& a) {
      a(at, member, shares);
    }
  };
  Given cut, book;
  template <class A>
  void fields(A& a) {
    a(cut, book);
  }
  const Given& stands() const { return cut.at.any() ? cut : book; }
};

}  // namespace deskmate::desk
