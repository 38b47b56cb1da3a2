// What the tables hold of offers and money. As in records.hpp every field is a register, a set that
// only grows or a counter. Internal.
#pragma once

#include <set>

#include "core/desk/records.hpp"

namespace deskmate::desk {

struct StepRecord {
  std::string kind;
  std::int64_t amount = 0, value = 0;
  std::string extra;  // what else the request says: a map, msgpack
  template <class A>
  void fields(A& a) {
    a(kind, amount, value, extra);
  }
};

// What was requested of a step: the first of each peer. The one of the offer's home stands.
struct TakenRecord {
  std::uint32_t step = 0;
  Place at;
  Id16 request{};
  template <class A>
  void fields(A& a) {
    a(step, at, request);
  }
};

struct OfferRecord {  // by offer, which is the event that proposed it; the rest may come before
  Place at;           // its home is the peer that proposed it
  std::string shop;
  std::optional<Id16> chat, order, about, buyer, instead;
  std::uint32_t member = 0;
  std::string rule, rule_version, standard, currency, liable, cause;
  std::uint8_t purpose = 0;
  bool direct = false;
  std::vector<StepRecord> steps;
  std::vector<TakenRecord> taken;  // by step and peer
  std::vector<std::string> needs;  // a set
  std::vector<std::string> passed;
  Place read_at;  // latest
  std::optional<Id16> read_reply;
  Place confirmed_at;  // first
  std::uint32_t confirmed_by = 0;
  Place answered_at;  // first
  std::uint32_t answered_by = 0;
  bool approved = false;
  Place ended_at;  // first
  std::uint32_t ended_by = 0;
  std::string ended;
  std::optional<Id16> replaced_by;
  template <class A>
  void fields(A& a) {
    a(at, shop, chat, order, about, buyer, instead, member, rule, rule_version, standard, currency,
      liable, cause, purpose, direct, steps, taken, needs, passed, read_at, read_reply,
      confirmed_at, confirmed_by, answered_at, answered_by, approved, ended_at, ended_by, ended,
      replaced_by);
  }
  // The request that carries out a step.
  const TakenRecord* stands(std::uint32_t step) const {
    for (const TakenRecord& one : taken) {
      if (one.step == step && one.at.peer == at.peer) return &one;
    }
    return nullptr;
  }
  bool carried_out() const {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const TakenRecord& one) { return one.at.peer == at.peer; });
  }
  // Whose authority it is: who proposed it, or of a rule's who confirmed it.
  std::uint32_t whose() const { return member != 0 ? member : confirmed_by; }
  bool refused() const { return answered_at.any() && !approved; }
  bool open() const { return at.any() && !carried_out() && !ended_at.any() && !refused(); }
  bool waits_for_approval() const { return open() && !needs.empty() && !answered_at.any(); }
  bool ready() const { return open() && (direct || confirmed_at.any()) && !waits_for_approval(); }
};

// Something given away: a request of the desk's, or money paid by hand. By its event.
struct PayoutRecord {
  Place at;
  std::string kind;  // "hand": paid outside the marketplace
  std::string shop, currency, cause, liable;
  std::optional<Id16> order, offer;
  std::uint32_t member = 0, step = 0;
  std::uint8_t purpose = 0;
  std::int64_t amount = 0, value = 0;
  std::uint64_t at_ms = 0;  // when it was paid; of requests when it was asked for
  // Of the member's allowance, in this period; taken by the author's peer.
  std::uint32_t period = 0;
  std::uint64_t count = 0, shared = 0;
  template <class A>
  void fields(A& a) {
    a(at, kind, shop, currency, cause, liable, order, offer, member, step, purpose, amount, value,
      at_ms, period, count, shared);
  }
  bool by_hand() const { return kind == "hand"; }
};

struct MovedRecord {  // by purse and place
  Id32 from{}, to{};
  std::uint64_t count = 0, shared = 0;
  template <class A>
  void fields(A& a) {
    a(from, to, count, shared);
  }
};

struct OutsideRecord {  // by refund, as the shop shows it
  Place at;             // latest
  std::string shop, currency;
  std::optional<Id16> order, request;  // request: of the desk's, by the mark it left
  std::int64_t amount = 0;
  std::uint64_t at_ms = 0;
  bool failed = false;
  Place booked_at;  // latest
  std::uint32_t member = 0, period = 0;
  template <class A>
  void fields(A& a) {
    a(at, shop, currency, order, request, amount, at_ms, failed, booked_at, member, period);
  }
};

struct LimitRecord {  // by name, scope and currency
  Place at;           // latest
  std::int64_t value = 0;
  bool removed = false;
  template <class A>
  void fields(A& a) {
    a(at, value, removed);
  }
};

}  // namespace deskmate::desk
