// The types of events and their fields; of promises, cases and calls: case_events.hpp;
// of problems: problem_events.hpp.
//
// Units: at and whatever ends in _at or until is UTC in milliseconds; money is in minor units
// (cents, fen) of the ISO 4217 currency beside it; ids are 16 bytes, pseudonyms the desk made of
// external ids. Facts stay readable for good and hold no personal data; the body is sealed under
// the buyer's key. A connector leaves ids of shops empty and gives external ids in NewEvent::refs.
//
//   events::MessageReceived message;
//   message.shop = desk.instance();
//   message.at = when;
//   message.text = text;
//   NewEvent event = events::to_event(message);
//   event.refs = {{"thread", thread}, {"buyer", address}, {"message", message_id}};
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deskmate/case_events.hpp"
#include "deskmate/event_fields.hpp"
#include "deskmate/event_parts.hpp"
#include "deskmate/problem_events.hpp"

namespace deskmate::events {

// --- Messages ---

// A buyer wrote. {shop: "mail", thread: <id>, buyer: <id>, message: <id>, at: 1760000000000,
// files: 1} | {text: "Where is my parcel?", subject: "Order T_1001", name: "Ann", refs: {…}}
struct MessageReceived : detail::Common {
  DESKMATE_EVENT_TYPE("message.received")
  std::string shop;  // the instance that brought it
  Id thread;         // the chat
  Id buyer;
  Id message;
  std::int64_t at = 0;       // as the channel says
  std::vector<Id> contacts;  // whose addresses it came from, desk-wide
  std::vector<Id> mentions;  // numbers and addresses quoted in the text, desk-wide; by the desk
  std::uint32_t files = 0;   // how many are attached
  Bytes subject_hash;
  bool automatic = false;  // "auto": sent by a machine; opens no chat
  std::string text;
  std::string subject;
  std::string name;  // as the buyer calls himself
  Map refs;          // the external ids: thread, buyer, message
  std::vector<File> attached;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("thread", e.thread);
    f("buyer", e.buyer);
    f("message", e.message);
    f("at", e.at);
    f("contacts", e.contacts);
    f("mentions", e.mentions);
    f("files", e.files);
    f("subject_hash", e.subject_hash);
    f("auto", e.automatic);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("subject", e.subject);
    f("name", e.name);
    f("refs", e.refs);
    f("files", e.attached);
  }
};

// Somebody answered outside the desk, and the connector saw it. {shop: "mail", thread: <id>,
// buyer: <id>, message: <id>, at: 1760000060000} | {text: "It left today.", refs: {…}}
struct MessageSent : detail::Common {
  DESKMATE_EVENT_TYPE("message.sent")
  std::string shop;
  Id thread;
  Id buyer;
  Id message;
  std::int64_t at = 0;
  std::string text;
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("thread", e.thread);
    f("buyer", e.buyer);
    f("message", e.message);
    f("at", e.at);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("refs", e.refs);
  }
};

// Request: an answer is to be sent. {chat: <id>, shop: "mail", thread: <id>, buyer: <id>,
// member: 1, seen: 1700000000000} | {text: "It left today.", refs: {thread: "…", buyer: "…"}}
// seen: the channel's latest time, ms, of the buyer's messages that were here; later ones wait on.
struct ReplyRequested : detail::Common {
  DESKMATE_EVENT_TYPE("reply.requested")
  Id chat;
  std::string shop;
  Id thread;
  Id buyer;
  std::uint32_t member = 0;  // who answers; 0: the desk itself
  Id to_message;             // the message it answers
  bool further = false;      // that one was answered already: this is said in addition
  std::string automatic;     // "auto": "greeting"; empty: a person wrote it
  std::string text;
  std::string subject;
  std::vector<File> attached;
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("shop", e.shop);
    f("thread", e.thread);
    f("buyer", e.buyer);
    f("member", e.member);
    f("to_message", e.to_message);
    f("further", e.further);
    f("auto", e.automatic);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("subject", e.subject);
    f("files", e.attached);
    f("refs", e.refs);
  }
};

// --- Chats ---

// The router gave an opening of a chat to a member. {chat: <id>, visit: <id>, number: 41,
// member: 2, why: {rule: "weight"}, shares: [[1, 3], [2, 1]]}
struct ChatAssigned : detail::Common {
  DESKMATE_EVENT_TYPE("chat.assigned")
  Id chat;
  Id visit;                  // id of the event that opened it
  std::uint64_t number = 0;  // the chat's number, for people
  std::uint32_t member = 0;
  Map why;  // rule: "sticky", "weight", "expert", "capacity", "manual", …; numbers
  std::vector<std::pair<std::uint32_t, std::uint32_t>> shares;  // of rule weight: [member, weight]
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("visit", e.visit);
    f("number", e.number);
    f("member", e.member);
    f("why", e.why);
    f("shares", e.shares);
  }
};

// Nobody can take it now. {chat: <id>, visit: <id>, number: 42, why: {rule: "capacity"}}
struct ChatQueued : detail::Common {
  DESKMATE_EVENT_TYPE("chat.queued")
  Id chat;
  Id visit;
  std::uint64_t number = 0;
  Map why;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("visit", e.visit);
    f("number", e.number);
    f("why", e.why);
  }
};

// {chat: <id>, member: 1, upto: <32 bytes>, seen: 1700000000000}; upto: the place in the order of
// all events of the last message that was seen; seen as in reply.requested. A message beyond either
// is not closed.
struct ChatClosed : detail::Common {
  DESKMATE_EVENT_TYPE("chat.closed")
  Id chat;
  std::uint32_t member = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("member", e.member);
  }
};

// {chat: <id>, from: 1, to: 2} | {note: "Speaks Chinese only."}
struct ChatTransferred : detail::Common {
  DESKMATE_EVENT_TYPE("chat.transferred")
  Id chat;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::string note;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("from", e.from);
    f("to", e.to);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("note", e.note);
  }
};

// The end of a shift: the chat is nobody's, and is given as a new one would be.
// {chat: <id>, from: 1} | {note: "Waits for the size chart."}
struct ChatReleased : detail::Common {
  DESKMATE_EVENT_TYPE("chat.released")
  Id chat;
  std::uint32_t from = 0;
  std::string note;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("from", e.from);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("note", e.note);
  }
};

// A remark that the buyer never sees. {chat: <id>, member: 1} | {text: "Called the courier."}
struct ChatNoted : detail::Common {
  DESKMATE_EVENT_TYPE("chat.noted")
  Id chat;
  std::uint32_t member = 0;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("member", e.member);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// An answer being written; the last one counts, empty text discards it. {chat: <id>, member: 1} |
// {text: "Dear Ann, "}
struct ChatDrafted : detail::Common {
  DESKMATE_EVENT_TYPE("chat.drafted")
  Id chat;
  std::uint32_t member = 0;
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("member", e.member);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// A hard case, for an expert. {chat: <id>, member: 1, topic: "customs"}
struct ChatFlagged : detail::Common {
  DESKMATE_EVENT_TYPE("chat.flagged")
  Id chat;
  std::uint32_t member = 0;
  std::string topic;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("chat", e.chat);
    f("member", e.member);
    f("topic", e.topic);
  }
};

// --- Buyers ---

// Two accounts are one person's. {a: <id>, b: <id>, member: 1}
struct BuyerJoined : detail::Common {
  DESKMATE_EVENT_TYPE("buyer.joined")
  Id a;
  Id b;
  std::uint32_t member = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("a", e.a);
    f("b", e.b);
    f("member", e.member);
  }
};

// They are not, after all. {a: <id>, b: <id>, member: 1}
struct BuyerSeparated : BuyerJoined {
  DESKMATE_EVENT_TYPE("buyer.separated")
};

// {buyer: <id>, member: 1, until: 1760086400000}
struct BuyerBlocked : detail::Common {
  DESKMATE_EVENT_TYPE("buyer.blocked")
  Id buyer;
  std::uint32_t member = 0;
  std::optional<std::int64_t> until;  // unset: for good
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("buyer", e.buyer);
    f("member", e.member);
    f("until", e.until);
  }
};

// {buyer: <id>, member: 1}
struct BuyerUnblocked : detail::Common {
  DESKMATE_EVENT_TYPE("buyer.unblocked")
  Id buyer;
  std::uint32_t member = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("buyer", e.buyer);
    f("member", e.member);
  }
};

// What a shop knows of a buyer. {shop: "box", buyer: <id>, contacts: [<id>]} | {name: "Ann",
// email: "ann@example.org", phone: "+44…", address: {city: "Leeds"}, refs: {buyer: "c-17"}}
struct BuyerSeen : detail::Common {
  DESKMATE_EVENT_TYPE("buyer.seen")
  std::string shop;
  Id buyer;
  std::vector<Id> contacts;
  std::string name;
  std::string email;
  std::string phone;
  Value address;  // text, or a map of its parts
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("buyer", e.buyer);
    f("contacts", e.contacts);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("name", e.name);
    f("email", e.email);
    f("phone", e.phone);
    f("address", e.address);
    f("refs", e.refs);
  }
};

// --- Members ---

// {member: 1, name: "Li", role: "aftersale", weight: 3, zone: "Asia/Shanghai"}
struct MemberSet : detail::Common {
  DESKMATE_EVENT_TYPE("member.set")
  std::uint32_t member = 0;
  std::string name;
  std::string role;                       // "presale", "aftersale", …
  std::uint32_t weight = 1;               // the share of new chats
  std::string zone;                       // IANA
  Value schedule;                         // as in the configuration
  std::optional<std::uint32_t> capacity;  // open chats at once; unset: the role's
  std::vector<std::string> experts;       // topics of hard cases
  bool removed = false;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("member", e.member);
    f("name", e.name);
    f("role", e.role);
    f("weight", e.weight);
    f("zone", e.zone);
    f("schedule", e.schedule);
    f("capacity", e.capacity);
    f("experts", e.experts);
    f("removed", e.removed);
  }
};

// {member: 1, state: "away", until: 1760050800000}
struct MemberPresence : detail::Common {
  DESKMATE_EVENT_TYPE("member.presence")
  std::uint32_t member = 0;
  std::string state;  // "online", "back_soon", "away", "off", "suspended"
  std::optional<std::int64_t> until;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("member", e.member);
    f("state", e.state);
    f("until", e.until);
  }
};

// A quick phrase. {name: "thanks", language: "en", text: "Thank you, {name}!"}
struct PhraseSet : detail::Common {
  DESKMATE_EVENT_TYPE("phrase.set")
  std::string name;
  std::string language;  // "en", "zh"
  std::string text;      // with variables: {name}, {order}, {parcel}
  bool removed = false;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("name", e.name);
    f("language", e.language);
    f("text", e.text);
    f("removed", e.removed);
  }
};

// --- Shops ---

// The state of an order, whenever it is new or changed. {shop: "box", order: <id>, number: <id>,
// buyer: <id>, state: "shipped", payment: "paid", total: 2598, paid: 2598, currency: "CNY",
// placed_at: 1760000000000, updated_at: 1760000500000, lines: [{…}]} | {number: "T_1001", …}
// ship_by, promised_at: by when it has to leave, and to arrive, as the buyer was told.
struct OrderSeen : detail::Common {
  DESKMATE_EVENT_TYPE("order.seen")
  std::string shop;
  Id order;
  Id number_id;  // "number": pseudonym of the number as people quote it (desk_refs)
  Id buyer;
  std::vector<Id> contacts;
  std::string state;    // "open", "paid", "shipped", "delivered", "cancelled", …
  std::string payment;  // "pending", "authorised", "paid", "refunded", "partly_refunded", …
  std::int64_t total = 0;
  std::int64_t paid = 0;  // by the buyer in all; what was given back is not taken off
  std::string currency;
  std::int64_t placed_at = 0;
  std::int64_t updated_at = 0;
  std::int64_t paid_at = 0;  // 0: not said, of these three
  std::int64_t ship_by = 0;
  std::int64_t promised_at = 0;
  std::optional<std::int64_t> shipping;  // charged for postage; unset: not said
  std::vector<OrderLine> lines;
  std::string number;
  std::string name;
  Value address;     // text, or a map of its parts
  std::string note;  // what the buyer wrote with it
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("number", e.number_id);
    f("buyer", e.buyer);
    f("contacts", e.contacts);
    f("state", e.state);
    f("payment", e.payment);
    f("total", e.total);
    f("paid", e.paid);
    f("currency", e.currency);
    f("placed_at", e.placed_at);
    f("updated_at", e.updated_at);
    f("paid_at", e.paid_at);
    f("ship_by", e.ship_by);
    f("promised_at", e.promised_at);
    f("shipping", e.shipping);
    f("lines", e.lines);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("number", e.number);
    f("name", e.name);
    f("address", e.address);
    f("note", e.note);
    f("refs", e.refs);
  }
};

// Where a parcel is. A shop says it of its own: {shop: "box", parcel: <id>, order: <id>, buyer:
// <id>, status: "in_transit", raw_code: "4", carrier: "SF", at: 1760000500000} | {tracking:
// "SF1234567890", raw_text: "…", refs: {…}}
// A courier's plugin says it of another shop's parcel, that it read of there, with parcel, order
// and buyer as they stand there and with the stations that are new: {shop: "sf", of: "box", parcel:
// <id>, status: "picked_up", raw_code: "50", carrier: "sf", at: 1760000600000, tracking: <id>,
// stations: [{at: 1760000600000, status: "picked_up", code: "50", grams: 1250}], eta: …} |
// {tracking: "SF1234567890", raw_text: "…", stations: [{place: "杭州市", text: "…"}], refs: {…}}
struct ParcelSeen : detail::Common {
  DESKMATE_EVENT_TYPE("parcel.seen")
  std::string shop;  // the instance that says it
  std::string of;    // of a courier's word: the shop whose parcel it is
  Id parcel;
  Id order;
  Id buyer;
  std::string status;    // one of parcel.hpp; empty in a word about stations only
  std::string raw_code;  // as the carrier says
  std::string carrier;
  std::int64_t at = 0;  // when it came to be so; of several words the latest by this time holds
  Id tracking_id;       // "tracking": the number's pseudonym (desk_refs)
  std::vector<ParcelStation> stations;  // a set that grows by at, code and nth
  std::optional<std::int64_t> eta;      // when the courier means to deliver it
  std::string origin;                   // where the courier got it
  std::string destination;              // no finer than a province or country: facts are for good
  std::string tracking;
  std::string raw_text;
  std::vector<StationWords> station_words;  // "stations" of the body: of each station in order
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("of", e.of);
    f("parcel", e.parcel);
    f("order", e.order);
    f("buyer", e.buyer);
    f("status", e.status);
    f("raw_code", e.raw_code);
    f("carrier", e.carrier);
    f("at", e.at);
    f("tracking", e.tracking_id);
    f("stations", e.stations);
    f("eta", e.eta);
    f("origin", e.origin);
    f("destination", e.destination);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("tracking", e.tracking);
    f("raw_text", e.raw_text);
    f("stations", e.station_words);
    f("refs", e.refs);
  }
};

// {shop: "box", sku: "MUG-01", name: "Mug, blue", stock: 12, allocated: 3, price: 1299,
// currency: "CNY"}
struct ProductSeen : detail::Common {
  DESKMATE_EVENT_TYPE("product.seen")
  std::string shop;
  std::string sku;
  std::string name;
  std::int64_t stock = 0;                 // on hand
  std::int64_t allocated = 0;             // of these, already sold
  std::optional<std::int64_t> warehouse;  // what the warehouse itself says, where that is known
  std::int64_t price = 0;
  std::string currency;
  Map options;  // {colour: "blue"}
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("sku", e.sku);
    f("name", e.name);
    f("stock", e.stock);
    f("allocated", e.allocated);
    f("warehouse", e.warehouse);
    f("price", e.price);
    f("currency", e.currency);
    f("options", e.options);
  }
};

// --- Actions ---

// Requests on an order: "ship.requested", "refund.…", "cancel.…", "order_note.…", "coupon.…",
// "resend.…". {shop: "box", order: <id>, member: 1, amount: 500, currency: "CNY"} |
// {text: "Sorry for the chip.", refs: {order: "…"}}
struct ActionRequested : detail::Common {
  static constexpr std::string_view suffix = ".requested";
  std::string type_name() const { return kind + std::string(suffix); }
  bool set_type(std::string_view read) {
    if (!read.ends_with(suffix)) return read.empty();
    kind = read.substr(0, read.size() - suffix.size());
    return true;
  }
  std::string kind;  // "refund"; part of the type, not a field
  std::string shop;
  Id order;
  std::uint32_t member = 0;
  std::optional<std::int64_t> amount;  // refund, coupon; unset: all of it
  std::string currency;
  std::vector<OrderLine> lines;  // ship, resend: these only; empty: all
  std::string carrier;           // ship
  std::string text;              // a reason, or the note itself
  std::string tracking;          // ship
  Map refs;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("member", e.member);
    f("amount", e.amount);
    f("currency", e.currency);
    f("lines", e.lines);
    f("carrier", e.carrier);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
    f("tracking", e.tracking);
    f("refs", e.refs);
  }
};

// What became of a request, written by the desk: "reply.attempted", "reply.done", "refund.failed",
// "ship.unknown", "ship.resolved". {request: <id>, kind: "refund", attempt: 1, code: "stock",
// again: false} | {text: "…"}
struct ActionState : detail::Common {
  std::string type_name() const { return kind + "." + state; }
  bool set_type(std::string_view read) {
    const auto dot = read.rfind('.');
    if (dot == std::string_view::npos) return read.empty();
    kind = read.substr(0, dot);
    state = read.substr(dot + 1);
    return state == "attempted" || state == "done" || state == "failed" || state == "unknown" ||
           state == "resolved";
  }
  std::string state;  // part of the type, not a field
  Id request;
  std::string kind;
  std::uint32_t attempt = 0;
  std::string code;          // failed: a word for programs
  bool again = false;        // failed: the desk tries again by itself
  std::string as;            // resolved: "done", "again", "dropped"
  std::uint32_t member = 0;  // resolved: by whom
  Id message;                // reply.done: the sent message
  std::string text;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("request", e.request);
    f("kind", e.kind);
    f("attempt", e.attempt);
    f("code", e.code);
    f("again", e.again);
    f("as", e.as);
    f("member", e.member);
    f("message", e.message);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// What happened to a plugin. {plugin: "mail", state: "crashed", reason: "signal 11", code: 11}
struct PluginState : detail::Common {
  DESKMATE_EVENT_TYPE("plugin.state")
  std::string plugin;  // the instance
  std::string state;   // "started", "stopped", "crashed", "off", "denied", …
  std::string reason;
  std::int64_t code = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("plugin", e.plugin);
    f("state", e.state);
    f("reason", e.reason);
    f("code", e.code);
  }
};

}  // namespace deskmate::events
