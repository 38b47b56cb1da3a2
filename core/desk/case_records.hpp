// What the tables hold of cases and calls. As in records.hpp every field is a register, a set that
// only grows or a counter. Internal.
#pragma once

#include "core/desk/records.hpp"

namespace deskmate::desk {

inline constexpr std::string_view case_open = "open";

inline bool is_over(std::string_view state) { return state == "settled" || state == "dropped"; }

struct SumRecord {
  std::int64_t amount = 0;
  std::string currency;
  template <class A>
  void fields(A& a) {
    a(amount, currency);
  }
};

struct CaseRecord {  // by case, which is the event that opened it; changes may be there before it
  Place at;
  std::uint32_t number = 0, member = 0;
  std::string shop;
  std::optional<Id16> chat, buyer, order, parcel;
  Latest<std::string> state, kind, cause, severity, waiting_for, liable;
  Latest<std::uint32_t> assignee;
  Latest<std::uint64_t> deadline_ms;
  Latest<SumRecord> sum;
  Latest<std::vector<std::string>> wants;
  Latest<bool> hardship;
  Place titled_at;                 // latest
  Place changed_at;                // latest of its lines
  std::uint32_t lines = 0;         // counter
  std::vector<std::string> given;  // kinds of evidence: a set, the least evidence_max
  template <class A>
  void fields(A& a) {
    a(at, number, member, shop, chat, buyer, order, parcel, state, kind, cause, severity,
      waiting_for, liable, assignee, deadline_ms, sum, wants, hardship, titled_at, changed_at,
      lines, given);
  }
  bool open() const { return !is_over(state.value); }
};

struct CaseLineRecord {  // by case and place
  std::uint8_t kind = 0;
  Id16 event{};
  std::uint64_t at_ms = 0;  // when it was said; 0: when it was made
  std::uint32_t member = 0;
  std::string party, evidence;
  std::uint32_t files = 0;
  std::string what;  // of a change or link: its facts, msgpack
  template <class A>
  void fields(A& a) {
    a(kind, event, at_ms, member, party, evidence, files, what);
  }
};

struct CaseLinkRecord {  // by case, kind of what it is about and its id
  Place at;              // latest
  bool removed = false;
  template <class A>
  void fields(A& a) {
    a(at, removed);
  }
};

struct CallRecord {  // by call, which is the event
  Place at;
  std::uint64_t at_ms = 0;
  std::optional<Id16> chat, buyer, about;  // about: the case
  std::uint32_t member = 0, seconds = 0;
  std::string party;
  bool outgoing = false, answered = false;
  template <class A>
  void fields(A& a) {
    a(at, at_ms, chat, buyer, about, member, seconds, party, outgoing, answered);
  }
};

}  // namespace deskmate::desk
