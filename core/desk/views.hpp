// What queries return: plain structs with ids and the places of events, so that the daemon can
// fetch bodies (text, names, addresses) and render. Times are UTC milliseconds, 0 where there is
// none; money is in minor units. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/parcel_views.hpp"
#include "core/desk/types.hpp"

namespace deskmate::desk {

enum class Presence { online, back_soon, away, off, suspended };
std::string_view to_string(Presence presence);
std::optional<Presence> presence_from(std::string_view name);

// R26: somebody who looks on.
struct ListenerView {
  MemberNo member = 0;
  std::uint64_t until_ms = 0;
};

struct MemberView {
  MemberNo number = 0;
  std::string name;
  std::string role;
  std::uint32_t weight = 0;
  std::string zone;
  std::vector<std::string> schedule;
  std::vector<std::string> experts;
  bool removed = false;

  Presence presence = Presence::off;  // as it is now, schedule and full desk included
  std::uint64_t until_ms = 0;         // of presence, where it was said until when
  bool on_shift = true;               // within the schedule, or in overtime
  // R14. When the shift that is on ends, overtime included; 0: it has no end, or none is on.
  std::uint64_t shift_ends_ms = 0;
  std::uint64_t overtime_until_ms = 0;       // approved, and not over
  std::uint64_t overtime_asked_ms = 0;       // asked for until then, and nobody has answered
  std::vector<MemberNo> overtime_answerers;  // who may, where it was
  bool full = false;                         // open chats at the limit
  std::uint64_t cooling_until_ms = 0;        // rests after an abusive chat
  std::uint32_t open = 0;                    // chats
  std::uint32_t waiting = 0;                 // of these, with a buyer who waits for an answer
  std::uint32_t limit = 0;
  PeerId peer{};             // where they work
  bool connected = true;     // with other peers: that peer is in the view and ready
  bool takes_chats = false;  // the router may give them one now (by weight: if weight is above 0)
  std::vector<ListenerView> listeners;  // R26: to them; who listens to a chat stands there
  struct Listening {
    MemberNo to = 0;
    std::optional<Id16> chat;  // instead of to
    std::uint64_t until_ms = 0;
  };
  std::optional<Listening> listening;
};

enum class ChatState {
  closed,    // nothing since it was closed
  fresh,     // open, and the router has yet to decide
  queued,    // open, and nobody can take it
  assigned,  // open, and somebody's
};
std::string_view to_string(ChatState state);

// R11: how long the buyer has waited against the reply target.
enum class ReplyColour { none, green, amber, red };  // none: nobody waits
std::string_view to_string(ReplyColour colour);

// A reply that somebody has written and that is not known to have gone out.
struct AnsweringView {
  MemberNo member = 0;
  PeerId peer{};  // whose to send
  std::uint64_t since_ms = 0;
  Id16 request{};
};

struct ChatRow {
  Id16 id{};
  ChatNo number = 0;
  std::string shop;
  std::optional<Id16> buyer;
  ChatState state = ChatState::closed;
  MemberNo owner = 0;      // of an assigned chat; of a closed one, who had it last
  std::string wants_role;  // transferred to a role, and nobody of it has taken it yet
  std::string topic;       // flagged for an expert, and none has taken it yet
  bool blocked = false;    // the buyer is blocked: not routed
  // The first message without an answer; 0 also while one is on its way as it should be.
  std::uint64_t waiting_since_ms = 0;
  std::optional<AnsweringView> answering;
  ReplyColour colour = ReplyColour::none;
  std::uint32_t nudges = 0;  // further messages while waiting, at most nudges_max
  std::uint64_t last_in_ms = 0;
  std::uint64_t last_out_ms = 0;
  bool last_word_theirs = false;  // R21
  std::uint64_t due_ms = 0;       // R22: of the open promise that is due first
  bool promise_overdue = false;   // by now: the chat is raised, as red
  std::uint32_t promises_open = 0;
  std::uint32_t questions_open = 0;  // R41: to colleagues
  std::vector<CaseNo> open_cases;
  std::optional<EventRef> opening;  // the message that opened this visit
  std::optional<EventRef> last_in;  // the buyer's latest message
  std::optional<EventRef> first;    // where the thread's subject is
  Value why;                        // of the latest decision; see explain()
};

// Some of a list.
template <class Row>
struct Page {
  std::vector<Row> rows;
  std::string next;  // what comes after these begins here; empty: nothing does
};
using ChatPage = Page<ChatRow>;  // latest first

// Which chat something is about.
struct ChatLabel {
  Id16 id{};
  ChatNo number = 0;
  std::optional<Id16> buyer;
  std::optional<EventRef> last_in;  // its body has the buyer's name
};

// R22: what somebody has told a buyer to do by a time.
struct PromiseView {
  Id16 id{};
  EventRef ref;  // its body has the text
  ChatLabel chat;
  MemberNo member = 0;
  std::string kind;  // "answer", "gift", "other"
  std::uint64_t due_ms = 0;
  std::uint64_t made_ms = 0;
  bool overdue = false;
};

// R41: what somebody asked a colleague while the buyer waits.
struct QuestionView {
  Id16 id{};
  EventRef ref;  // its body has the text
  ChatLabel chat;
  MemberNo from = 0;
  MemberNo to = 0;
  std::string to_role;  // instead of to
  std::uint64_t asked_ms = 0;
};

// R47: a telephone call that somebody wrote down.
struct CallView {
  Id16 id{};
  EventRef ref;  // its body has the text
  bool outgoing = false;
  bool answered = false;
  std::string party;  // who was on the other end: "buyer", "courier" …
  std::uint32_t seconds = 0;
  std::uint64_t at_ms = 0;
  MemberNo member = 0;
  std::optional<ChatLabel> chat;
  std::optional<Id16> buyer;
  std::optional<Id16> about;  // a case
  CaseNo case_number = 0;
};

// R47: a problem that is being solved.
struct CaseView {
  Id16 id{};
  CaseNo number = 0;  // as chats' numbers: none ever comes to mean another case
  std::string kind, state, cause, severity, waiting_for, liable;
  MemberNo member = 0;    // who opened it
  MemberNo assignee = 0;  // 0: nobody's
  std::string shop;
  std::optional<ChatLabel> chat;
  std::optional<Id16> buyer, order, parcel;
  std::uint64_t opened_ms = 0, changed_ms = 0;
  std::uint64_t deadline_ms = 0;
  bool overdue = false;
  std::int64_t amount = 0;                // what was settled
  std::string currency;                   // empty: nothing was
  std::vector<std::string> wants, given;  // kinds of evidence
  bool hardship = false;                  // R94
  std::uint32_t lines = 0;
  EventRef opened;  // its body has the text
  EventRef titled;  // its body has the title
};

// A request's state. Only pending and again may be performed.
enum class RequestState {
  pending,    // nothing tried yet
  attempted,  // tried, or it may have been: look at the marketplace first
  again,      // failed or resolved so that it may be tried again, not before after_ms
  done,
  failed,   // for good
  unknown,  // a person has to say
  dropped,  // a person gave it up
};
std::string_view to_string(RequestState state);

struct RequestView {
  Id16 id{};
  EventRef ref;
  std::uint64_t stamp = 0;  // of the request
  std::string kind;         // "reply", "refund" …
  std::string shop;
  std::optional<Id32> home;
  std::optional<Id16> chat;
  std::optional<Id16> order;
  MemberNo member = 0;
  RequestState state = RequestState::pending;
  bool assumed = false;  // attempted only because an older incarnation may have tried
  std::uint32_t attempts = 0;
  std::uint64_t tried_ms = 0;    // the latest attempt
  std::uint64_t after_ms = 0;    // of again
  std::string code;              // of the latest failure
  std::optional<EventRef> last;  // the event that gave it this state; its body has the details
  std::optional<Id16> message;   // of a reply that is done
};

struct OrderLine {
  std::string sku;
  std::string name;
  std::int64_t quantity = 0;
  std::int64_t price = 0;
  bool custom = false;
  std::vector<std::string> measures = {};  // names of those given
  bool operator==(const OrderLine&) const = default;
};

// Why an order is shown in a chat.
enum class OrderLink {
  own,      // of this account
  joined,   // of a joined account
  contact,  // by an address or telephone number that is the buyer's
  quoted,   // number quoted, and an address or telephone number of the order named in the chat
};
std::string_view to_string(OrderLink link);

struct OrderView {
  Id16 id{};
  std::string shop;
  std::optional<Id16> number;
  std::optional<Id16> buyer;
  std::string state;
  std::string payment;
  std::int64_t total = 0;
  std::int64_t paid = 0;
  std::string currency;
  std::uint64_t placed_ms = 0;
  std::uint64_t updated_ms = 0;
  std::uint64_t paid_ms = 0;  // 0: not said, of these three
  std::uint64_t ship_by_ms = 0;
  std::uint64_t promised_ms = 0;
  std::optional<std::int64_t> shipping;
  std::vector<OrderLine> lines;
  std::vector<ParcelView> parcels;
  std::vector<RequestView> requests;  // done to it or under way: shipped, refunded …
  OrderLink link = OrderLink::own;
  EventRef seen;  // its body has the number as written, name and address
};

struct ProductView {
  std::string shop;
  std::string sku;
  std::string name;
  std::int64_t stock = 0;
  std::int64_t allocated = 0;
  std::optional<std::int64_t> warehouse;  // by the shop, or as counted last
  std::int64_t price = 0;
  std::string currency;
  Value options;
  std::uint64_t seen_ms = 0;
  EventRef seen;
};

enum class EntryKind {
  received,
  sent,
  reply,
  note,
  transfer,
  assigned,
  queued,
  flagged,
  closed,
  released,
  // Of members among themselves; none of it goes to the buyer.
  promised,
  kept,
  dropped,
  asked,
  answered,
  call,        // R47: a telephone call
  about_case,  // a case was opened out of the chat, or linked to it
};
std::string_view to_string(EntryKind kind);

struct Entry {
  EntryKind kind = EntryKind::received;
  EventRef ref;  // its body has the text
  Id16 event{};
  std::uint64_t at_ms = 0;  // as the channel says; of our own events when they were made
  MemberNo member = 0;      // who did it; of assigned: who got it; of released: who had it
  MemberNo to = 0;          // of a transfer to a member
  std::string to_role;      // of a transfer to a role
  std::string topic;        // of flagged; of promised: its kind
  bool automatic = false;   // an out-of-office answer; a greeting
  std::uint32_t files = 0;
  std::optional<RequestState> outcome;  // of a reply
  Value why;                            // of assigned and queued
  std::optional<Id16> about;            // the promise, question or case
  std::uint64_t due_ms = 0;             // of promised
  std::optional<CallView> call;
  CaseNo case_number = 0;  // of about_case
};

struct DraftView {
  MemberNo member = 0;
  EventRef ref;
  std::uint64_t at_ms = 0;
};

// Another account of the same person, as far as we know.
struct AccountView {
  Id16 buyer{};
  std::string shop;              // empty where it was never seen by itself
  std::optional<EventRef> seen;  // the latest buyer.seen: name, address
  bool joined = false;  // false: it shares an address or a number, and nobody has joined it
};

struct ChatView {
  ChatRow chat;
  std::vector<Entry> entries;  // oldest first; the latest `limit`
  bool earlier = false;        // there are older ones
  std::optional<AccountView> buyer;
  std::vector<AccountView> accounts;  // others of the same person
  std::vector<ChatRow> history;       // R4: their other chats, whoever handled them, latest first
  std::vector<OrderView> orders;      // latest first
  std::uint32_t unproved = 0;         // numbers quoted of orders that are not proved to be theirs
  std::vector<DraftView> drafts;
  std::optional<std::uint64_t> blocked_until_ms;  // the buyer is blocked; 0: for good
  std::vector<PromiseView> promises;              // open ones, by when they are due
  std::vector<QuestionView> questions;            // open ones, oldest first
  std::vector<CaseView> cases;          // of the chat, the accounts and the orders, latest first
  std::vector<CallView> calls;          // of the accounts, in any chat, latest first
  std::vector<ListenerView> listeners;  // to the chat, or to the member whose it is
};

// How long buyers waited. Milliseconds.
struct Waits {
  std::uint64_t count = 0;
  std::uint64_t mean_ms = 0;
  std::uint64_t median_ms = 0;
};

// What happened in some time. A visit begins when a buyer writes in a chat that is new or was
// closed. An answer is a reply that was not given up, or one by hand outside the desk; those that
// are automatic count as nothing. Whoever writes three times waits once, since the first. A visit
// that is closed without an answer has no waits.
struct Measures {
  std::uint64_t received = 0;  // messages of buyers
  std::uint64_t answers = 0;
  std::uint64_t visits = 0;
  std::uint64_t ordered = 0;  // visits whose buyer placed an order within order_after_ms
  std::uint64_t in_time = 0;  // first answers within Policy::first_reply_ms
  Waits first;                // until the first answer of a visit; counted when it was given
  Waits reply;                // until each answer that somebody waited for
};

struct NumbersView {
  std::string zone;
  std::uint64_t from_ms = 0, to_ms = 0;  // as far as it was allowed
  Measures all;
  struct OfMember {  // only answers and waits
    MemberNo member = 0;
    Measures measures;
  };
  struct Named {
    std::string name;
    Measures measures;
  };
  std::vector<OfMember> members;  // by number
  std::vector<Named> shops;       // by name
  std::vector<Named> days;        // each of the time, "2027-01-15"
  std::vector<Measures> hours;    // 24: of the day, of all days together
  bool left_out = false;          // a limit was reached: older chats are missing
};

struct PhraseView {
  std::string name;
  std::string language;
  std::string text;
};

struct PluginView {
  std::string plugin;
  std::string state;
  std::string reason;
  std::string code;
  std::uint64_t at_ms = 0;
};

// R6: what was given out by weight among the same people with the same weights.
struct ShareView {
  MemberNo member = 0;
  std::uint32_t weight = 0;
  std::uint64_t count = 0;
  bool operator==(const ShareView&) const = default;
};
using LedgerView = std::vector<ShareView>;  // by member number

struct Counts {
  std::uint64_t folded = 0;     // events of known types, since this database was made
  std::uint64_t malformed = 0;  // of known types with facts that cannot be read: ignored
  std::uint64_t unknown = 0;    // of types this version does not know
};

}  // namespace deskmate::desk
