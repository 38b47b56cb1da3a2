// What members promise buyers and ask each other, the problems that are being solved (cases), and
// telephone calls. Units and rules as in events.hpp, which includes this. A promise, question, case
// or call is called by the id of the event that made it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/event_fields.hpp"
#include "deskmate/event_parts.hpp"

namespace deskmate::events {

// --- Promises and questions ---

// Somebody told a buyer to answer, or to do something, by a time. {chat: <id>, buyer: <id>,
// member: 1, due: 1760001200000, kind: "answer"} | {text: "I will ask the warehouse."}
struct PromiseMade : detail::Common {
  DESKMATE_EVENT_TYPE("promise.made")
  Id chat;
  Id buyer;
  std::uint32_t member = 0;
  std::int64_t due = 0;
  std::string kind;  // "answer", "gift", "other"
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("buyer", e.buyer);
    f("member", e.member);
    f("due", e.due);
    f("kind", e.kind);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// {promise: <id>, chat: <id>, member: 1}
struct PromiseKept : detail::Common {
  DESKMATE_EVENT_TYPE("promise.kept")
  Id promise;
  Id chat;
  std::uint32_t member = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("promise", e.promise);
    f("chat", e.chat);
    f("member", e.member);
  }
};

// Given up. {promise: <id>, chat: <id>, member: 1} | {text: "Out of print."}
struct PromiseDropped : PromiseKept {
  DESKMATE_EVENT_TYPE("promise.dropped")
  std::string text;  // why
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// {chat: <id>, from: 1, to: 2} | {text: "Is it in stock?"}
struct ColleagueAsked : detail::Common {
  DESKMATE_EVENT_TYPE("colleague.asked")
  Id chat;
  std::uint32_t from = 0;
  Value to;  // a member's number, or a role
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("from", e.from);
    f("to", e.to);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// {question: <id>, chat: <id>, member: 2} | {text: "Ten of them."}
struct ColleagueAnswered : detail::Common {
  DESKMATE_EVENT_TYPE("colleague.answered")
  Id question;
  Id chat;
  std::uint32_t member = 0;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("question", e.question);
    f("chat", e.chat);
    f("member", e.member);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// A supervisor looks on: at a member, or at a chat. {member: 3, to: 1, until: 1760003600000}
struct MemberListening : detail::Common {
  DESKMATE_EVENT_TYPE("member.listening")
  std::uint32_t member = 0;
  std::uint32_t to = 0;  // 0: to the chat
  Id chat;
  std::int64_t until = 0;  // past: not any more
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("member", e.member);
    f("to", e.to);
    f("chat", e.chat);
    f("until", e.until);
  }
};

// --- Cases ---

// A problem is to be solved. {number: 12, kind: "lost", member: 1, assignee: 1, chat: <id>,
// buyer: <id>, shop: "mail"} | {title: "Lost on the way", text: "Nothing came."}
// kind, severity and the names of case.changed are words of a-z 0-9 _ -, nobody's names.
struct CaseOpened : detail::Common {
  DESKMATE_EVENT_TYPE("case.opened")
  std::uint64_t number = 0;  // for people
  std::string kind;          // "lost", "damaged", "missing_item", "refund", "return", "complaint",
                             // "question", "platform", "other", …
  std::uint32_t member = 0;  // who opens it
  std::uint32_t assignee = 0;  // whose it is; 0: nobody's
  std::string shop;
  Id chat;
  Id buyer;  // whose key seals what is said of it
  Id order;
  Id parcel;
  std::string severity;  // "low", "normal", "high"
  std::optional<std::int64_t> deadline;
  std::string title;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("number", e.number);
    f("kind", e.kind);
    f("member", e.member);
    f("assignee", e.assignee);
    f("shop", e.shop);
    f("chat", e.chat);
    f("buyer", e.buyer);
    f("order", e.order);
    f("parcel", e.parcel);
    f("severity", e.severity);
    f("deadline", e.deadline);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("title", e.title);
    f("text", e.text);
  }
};

// What is there is so from then on; the latest word on each counts. {case: <id>, member: 1,
// state: "settled", liable: "courier", amount: 1299, currency: "EUR"} | {text: "They pay."}
struct CaseChanged : detail::Common {
  DESKMATE_EVENT_TYPE("case.changed")
  Id of;  // "case"
  std::uint32_t member = 0;
  std::optional<std::string> state;  // "open", "waiting", "settled", "dropped"
  std::optional<std::string> kind;
  std::optional<std::string> cause;  // "purchasing", "warehouse", "packing", "courier", "listing",
                                     // "buyer", "none"
  std::optional<std::string> severity;
  std::optional<std::string> waiting_for;
  std::optional<std::string> liable;      // a party, as in case.said
  std::optional<std::uint32_t> assignee;  // 0: nobody
  std::optional<std::int64_t> deadline;   // 0: none
  std::optional<std::int64_t> amount;     // what was settled
  std::string currency;
  std::optional<std::vector<std::string>> wants;  // kinds of evidence asked for
  std::optional<bool> hardship;                   // of the buyer's: more is given, and longer
  bool titled = false;                            // the body has a title
  std::string title;
  std::string text;  // why
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("case", e.of);
    f("member", e.member);
    f("state", e.state);
    f("kind", e.kind);
    f("cause", e.cause);
    f("severity", e.severity);
    f("waiting_for", e.waiting_for);
    f("liable", e.liable);
    f("assignee", e.assignee);
    f("deadline", e.deadline);
    f("amount", e.amount);
    f("currency", e.currency);
    f("wants", e.wants);
    f("hardship", e.hardship);
    f("titled", e.titled);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("title", e.title);
    f("text", e.text);
  }
};

// What a party says. {case: <id>, member: 1, party: "courier", at: 1760000000000, files: 1,
// evidence: "item"} | {text: "Left at the door.", files: [{…}]}
struct CaseSaid : detail::Common {
  DESKMATE_EVENT_TYPE("case.said")
  Id of;                           // "case"
  std::uint32_t member = 0;        // who wrote it down
  std::string party;               // "buyer", "shop", "courier", "platform", "third"
  std::optional<std::int64_t> at;  // when it was said; unset: when this was written
  std::uint32_t files = 0;         // how many are attached
  std::string evidence;            // the kind that the files are
  std::string text;
  std::vector<File> attached;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("case", e.of);
    f("member", e.member);
    f("party", e.party);
    f("at", e.at);
    f("files", e.files);
    f("evidence", e.evidence);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("files", e.attached);
  }
};

// It is about this, too, or not any more. {case: <id>, member: 1, chat: <id>}
struct CaseLinked : detail::Common {
  DESKMATE_EVENT_TYPE("case.linked")
  Id of;  // "case"
  std::uint32_t member = 0;
  Id chat;
  Id buyer;
  Id order;
  Id parcel;
  bool removed = false;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("case", e.of);
    f("member", e.member);
    f("chat", e.chat);
    f("buyer", e.buyer);
    f("order", e.order);
    f("parcel", e.parcel);
    f("removed", e.removed);
  }
};

// A telephone call. {chat: <id>, buyer: <id>, member: 1, direction: "out", answered: false,
// party: "buyer", at: 1760000000000} | {text: "Nobody picked up."}
struct CallLogged : detail::Common {
  DESKMATE_EVENT_TYPE("call.logged")
  Id chat;  // of these three one at least
  Id buyer;
  Id about;  // "case"
  std::uint32_t member = 0;
  std::string direction;  // "in", "out"
  bool answered = false;
  std::uint32_t seconds = 0;
  std::string party;  // as in case.said
  std::int64_t at = 0;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("buyer", e.buyer);
    f("case", e.about);
    f("member", e.member);
    f("direction", e.direction);
    f("answered", e.answered);
    f("seconds", e.seconds);
    f("party", e.party);
    f("at", e.at);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

}  // namespace deskmate::events
