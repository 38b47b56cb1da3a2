// What queries return: plain structs with ids and the places of events, so that the daemon can
// fetch bodies (text, names, addresses) and render. Times are UTC milliseconds, 0 where there is
// none; money is in minor units. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

enum class Presence { online, back_soon, away, off, suspended };
std::string_view to_string(Presence presence);
std::optional<Presence> presence_from(std::string_view name);

struct MemberView {
  MemberNo number = 0;
  std::string name;
  std::string role;
  std::uint32_t weight = 0;
  std::string zone;
  std::vector<std::string> schedule;
  std::vector<std::string> experts;
  bool removed = false;

  Presence presence = Presence::off;   // as it is now, schedule and full desk included
  std::uint64_t until_ms = 0;          // of presence, where it was said until when
  bool on_shift = true;                // within the schedule
  bool full = false;                   // open chats at the limit
  std::uint64_t cooling_until_ms = 0;  // rests after an abusive chat
  std::uint32_t open = 0;              // chats
  std::uint32_t waiting = 0;           // of these, with a buyer who waits for an answer
  std::uint32_t limit = 0;
  PeerId peer{};             // where they work
  bool connected = true;     // with other peers: that peer is in the view and ready
  bool takes_chats = false;  // the router may give them one now (by weight: if weight is above 0)
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
  bool last_word_theirs = false;    // R21
  std::optional<EventRef> opening;  // the message that opened this visit
  std::optional<EventRef> last_in;  // the buyer's latest message
  std::optional<EventRef> first;    // where the thread's subject is
  Value why;                        // of the latest decision; see explain()
};

// Some of a list, latest first.
struct ChatPage {
  std::vector<ChatRow> rows;
  std::string next;  // what comes after these begins here; empty: nothing does
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

struct ParcelView {
  Id16 id{};
  std::string shop;
  std::optional<Id16> order;
  std::string status;
  std::string raw_code;
  std::string carrier;
  std::uint64_t at_ms = 0;
  EventRef seen;
};

struct OrderLine {
  std::string sku;
  std::string name;
  std::int64_t quantity = 0;
  std::int64_t price = 0;
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
};
std::string_view to_string(EntryKind kind);

struct Entry {
  EntryKind kind = EntryKind::received;
  EventRef ref;  // its body has the text
  Id16 event{};
  std::uint64_t at_ms = 0;  // as the channel says; of our own events when they were made
  MemberNo member = 0;      // who did it; of assigned: who got it
  MemberNo to = 0;          // of a transfer to a member
  std::string to_role;      // of a transfer to a role
  std::string topic;        // of flagged
  bool automatic = false;   // an out-of-office answer; a greeting
  std::uint32_t files = 0;
  std::optional<RequestState> outcome;  // of a reply
  Value why;                            // of assigned and queued
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
  Waits first;  // until the first answer of a visit; counted when it was given
  Waits reply;  // until each answer that somebody waited for
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
