// Offers to buyers, what was given away and by whom, and who may give how much. Units and rules as
// in events.hpp. An offer is called by the id of the event that proposed it. Connectors send
// refund.seen; rules propose offers; all others are the desk's own.
//
// What carries out a step of an offer is a request as any other ("refund.requested"), with
// offer, step, purpose, cause, liable and charge among its facts; a reply that reads an offer back
// has offer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/event_fields.hpp"
#include "deskmate/event_parts.hpp"

namespace deskmate::events {

// A refund as the shop shows it, whoever made it; again whenever it changes (dedupe by a ref of its
// revision). {shop: "box", order: <id>, refund: <id>, amount: 500, currency: "CNY",
// at: 1760000000000} | {refs: {order: "T_1001", refund: "7"}}
struct RefundSeen : detail::Common {
  DESKMATE_EVENT_TYPE("refund.seen")
  std::string shop;
  Id order;
  Id refund;
  std::int64_t amount = 0;
  std::string currency;
  std::int64_t at = 0;
  Id request;           // the desk's own: by the mark that its request left; none: made elsewhere
  bool failed = false;  // the money did not go
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("refund", e.refund);
    f("amount", e.amount);
    f("currency", e.currency);
    f("at", e.at);
    f("request", e.request);
    f("failed", e.failed);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("refs", e.refs);
  }
};

// A refund that was made elsewhere counts in this member's allowance of that month (months since
// 1970-01, by the member's zone). {refund: <id>, member: 1, period: 684, by: 2}
struct RefundBooked : detail::Common {
  DESKMATE_EVENT_TYPE("refund.booked")
  Id refund;
  std::uint32_t member = 0;
  std::uint32_t period = 0;
  std::uint32_t by = 0;  // 0: the desk, as that member served the buyer last
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("refund", e.refund);
    f("member", e.member);
    f("period", e.period);
    f("by", e.by);
  }
};

// What is offered to a buyer, by a member or by a rule; its home is the peer that appends it.
// {shop: "box", order: <id>, chat: <id>, buyer: <id>, member: 1, purpose: "settlement",
// currency: "CNY", steps: [{kind: "refund", amount: 2598}, {kind: "coupon", amount: 500}],
// liable: "courier", cause: "courier"} | {text: "The parcel is lost."}
struct OfferProposed : detail::Common {
  DESKMATE_EVENT_TYPE("offer.proposed")
  std::string shop;
  Id order;
  Id chat;
  Id about;  // "case"
  Id buyer;
  Id instead;                // the offer that it takes the place of
  std::uint32_t member = 0;  // 0: a rule
  std::string rule;
  std::string version;
  std::string standard;  // "refund_coupon", "resend_coupon"
  std::string purpose;   // "settlement", "discount", "gift"
  std::string currency;
  std::vector<Value> steps;  // {kind, amount, value: of resend what the goods cost, extra: {…}}
  std::string liable;        // "buyer", "shop", "courier", "platform", "third"
  std::string cause;  // "purchasing", "warehouse", "packing", "courier", "listing", "buyer", "none"
  bool direct = false;             // an action that waits for approval: nothing to read back
  std::vector<std::string> needs;  // the limits that it is beyond: "settlements_month"
  std::vector<std::string>
      passed;        // kinds of findings whose limit was passed over, with the reason
  std::string text;  // why
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("chat", e.chat);
    f("case", e.about);
    f("buyer", e.buyer);
    f("instead", e.instead);
    f("member", e.member);
    f("rule", e.rule);
    f("version", e.version);
    f("standard", e.standard);
    f("purpose", e.purpose);
    f("currency", e.currency);
    f("steps", e.steps);
    f("liable", e.liable);
    f("cause", e.cause);
    f("direct", e.direct);
    f("needs", e.needs);
    f("passed", e.passed);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// It was read back to the buyer outside of the desk's chats. {offer: <id>, member: 1} |
// {text: "On the telephone."}
struct OfferReadBack : detail::Common {
  DESKMATE_EVENT_TYPE("offer.read_back")
  Id offer;
  std::uint32_t member = 0;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("offer", e.offer);
    f("member", e.member);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// The buyer agrees: by a message of the chat, or as the text says. {offer: <id>, member: 1,
// message: <id of its event>}
struct OfferConfirmed : OfferReadBack {
  DESKMATE_EVENT_TYPE("offer.confirmed")
  Id message;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    OfferReadBack::facts(e, f);
    f("message", e.message);
  }
};

// A supervisor's word on what is beyond the member's authority. {offer: <id>, member: 2, own: true}
// | {text: "A regular."}
struct OfferApproved : OfferReadBack {
  DESKMATE_EVENT_TYPE("offer.approved")
  bool own = false;  // whoever asked is alone, and gave the reason
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    OfferReadBack::facts(e, f);
    f("own", e.own);
  }
};
struct OfferRefused : OfferApproved {
  DESKMATE_EVENT_TYPE("offer.refused")
};

// Its home found it beyond the authority when it was to be carried out. {offer: <id>,
// needs: ["settlements_month"]}
struct OfferHeld : detail::Common {
  DESKMATE_EVENT_TYPE("offer.held")
  Id offer;
  std::vector<std::string> needs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("offer", e.offer);
    f("needs", e.needs);
  }
};

// {offer: <id>, member: 1, how: "declined"} | {text: "Wants nothing."}; how: declined, withdrawn,
// void (nothing is left to refund)
struct OfferEnded : OfferReadBack {
  DESKMATE_EVENT_TYPE("offer.ended")
  std::string how;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    OfferReadBack::facts(e, f);
    f("how", e.how);
  }
};

// Money that was paid outside the marketplace. {shop: "box", order: <id>, member: 1, amount: 500,
// currency: "CNY", at: 1760000000000, proof: [<hash>], charge: {period: 684, count: 1}} |
// {text: "By bank transfer.", files: [{…}]}
struct PaymentRecorded : detail::Common {
  DESKMATE_EVENT_TYPE("payment.recorded")
  std::string shop;
  Id order;
  Id buyer;
  Id offer;
  std::uint32_t member = 0;
  std::int64_t amount = 0;
  std::string currency;
  std::int64_t at = 0;
  std::vector<Value> proof;
  std::string cause;
  std::string liable;
  Map charge;  // what it takes of the member's allowance
  std::string text;
  std::vector<File> attached;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("buyer", e.buyer);
    f("offer", e.offer);
    f("member", e.member);
    f("amount", e.amount);
    f("currency", e.currency);
    f("at", e.at);
    f("proof", e.proof);
    f("cause", e.cause);
    f("liable", e.liable);
    f("charge", e.charge);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("files", e.attached);
  }
};

// The peer that appends it hands a part of a member's allowance to another: taken from here at
// once, there once it has this. {purpose: "settlement", member: 1, period: 684, to: <peer>,
// count: 5, shared: 2}; period: months since 1970-01, of discounts days since 1970-01-01.
struct AllowanceMoved : detail::Common {
  DESKMATE_EVENT_TYPE("allowance.moved")
  std::string purpose;
  std::uint32_t member = 0;
  std::uint32_t period = 0;
  std::string currency;  // of gifts
  Value from;            // 32 bytes
  Value to;
  std::uint64_t count = 0;
  std::uint64_t shared = 0;  // so much of it is of what this peer was given
  std::uint32_t by = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("purpose", e.purpose);
    f("member", e.member);
    f("period", e.period);
    f("currency", e.currency);
    f("from", e.from);
    f("to", e.to);
    f("count", e.count);
    f("shared", e.shared);
    f("by", e.by);
  }
};

// A limit of the whole desk; the latest word holds. {name: "settlements_month", value: 20,
// scope: "role:presale"}
struct LimitSet : detail::Common {
  DESKMATE_EVENT_TYPE("limit.set")
  std::string name;
  std::string scope;     // "role:…", "member:…"; empty: everybody
  std::string currency;  // of amounts
  std::int64_t value = 0;
  bool removed = false;  // as it was from the start
  std::uint32_t by = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("name", e.name);
    f("scope", e.scope);
    f("currency", e.currency);
    f("value", e.value);
    f("removed", e.removed);
    f("by", e.by);
  }
};

}  // namespace deskmate::events
