// The plain types at the desk's edge: events in, proposals out, errors. Values only; any thread.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <deskmate/value.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/event.hpp"

namespace deskmate::desk {

using storage::Id16;
using storage::Id32;
using EventRef = storage::LogKey;  // where an event lies, to fetch its body
using PeerId = storage::Id32;      // a peer's public key
using StateHash = std::array<std::uint8_t, 32>;
using MemberNo = std::uint32_t;  // 1 and up; 0: nobody
using ChatNo = std::uint32_t;    // 1 and up; 0: none yet
using CaseNo = std::uint32_t;    // 1 and up; 0: none

// Named limits.
// Peers give numbers of their own each; one that is new, or whose disk was restored while nobody
// could tell it what it had given, may give one twice. Each of these chats then shows as so much
// more, times a small number of its own.
inline constexpr ChatNo chat_twin_step = 100'000'000;
inline constexpr ChatNo chat_twins_max = 40;  // places of one number
// Of an answer: how many messages before it are compared with its time, if it was given at the
// channel itself, or with what its author had seen; and how many of the latest answers are looked
// at. Messages further back count as answered.
inline constexpr std::size_t by_hand_messages_max = 1'000;
inline constexpr std::size_t seen_messages_max = 32;
inline constexpr std::size_t answers_max = 16;
inline constexpr std::size_t chat_numbers_max = 8;  // remembered of one chat
inline constexpr std::size_t members_max = 64;      // of one desk
inline constexpr std::size_t handover_max = 1'000;  // chats of one handover; the rest by another
inline constexpr std::uint64_t overtime_ms_max = 24ull * 3'600'000;  // from now
inline constexpr std::uint32_t weight_max = 1'000;                   // of one member
inline constexpr std::size_t name_max = 64;  // bytes: instance, role, topic, phrase, kind
inline constexpr std::size_t sku_max = 128;  // bytes
inline constexpr std::size_t schedule_ranges_max = 64;  // of one member
inline constexpr std::size_t group_max = 32;            // joined accounts of one buyer
inline constexpr std::size_t ids_max = 64;              // contacts or mentions of one event
inline constexpr std::size_t reply_files_max = 10;
inline constexpr std::uint64_t reply_files_bytes_max = 25u << 20;  // of one reply, together
inline constexpr std::size_t file_name_max = 255;                  // bytes
inline constexpr std::size_t text_max = std::size_t{32} * 1024;   // bytes of a reply, note or draft
inline constexpr std::size_t phrase_max = std::size_t{4} * 1024;  // bytes of a quick phrase
inline constexpr std::size_t order_lines_max = 500;               // of one order
inline constexpr std::size_t measures_max = 16;                   // of one line of an order
inline constexpr std::size_t problem_params_max = 1'024;          // bytes as msgpack
inline constexpr std::size_t problem_fixes_max = 8;
inline constexpr std::size_t problem_reason_max = std::size_t{4} * 1024;  // bytes
inline constexpr std::size_t order_problems_max = 64;                     // shown of one order
inline constexpr std::uint32_t nudges_max = 5;                  // that raise a chat in the queue
inline constexpr std::size_t decisions_max = 256;               // of one call of decide()
inline constexpr std::size_t peers_max = 16;                    // of one desk, removed ones too
inline constexpr std::size_t forgotten_keys_max = 1'000;        // in one buyer.forgotten
inline constexpr std::size_t promises_open_max = 16;            // of one chat
inline constexpr std::size_t parcel_stations_max = 128;         // of one event
inline constexpr std::size_t parcel_text_max = 1'000;           // bytes, of a station
inline constexpr std::uint64_t parcel_grams_max = 100'000'000;  // of one parcel
inline constexpr std::uint64_t promise_ahead_max_ms = 366ull * 24 * 3'600'000;
inline constexpr std::size_t promise_text_max = std::size_t{4} * 1024;  // bytes
inline constexpr std::size_t questions_open_max = 16;  // to colleagues, of one chat
inline constexpr std::uint64_t listening_max_ms = 8ull * 3'600'000;
inline constexpr std::size_t case_title_max = 200;    // bytes
inline constexpr std::size_t case_lines_max = 1'000;  // of one case, by commands
inline constexpr std::size_t case_links_max = 64;     // of one case
inline constexpr std::size_t cases_of_chat_max = 64;  // open or over
inline constexpr std::size_t evidence_max = 16;       // kinds asked for or given, of one case
inline constexpr std::uint64_t call_seconds_max = 24ull * 3'600;

// One event as the fold sees it: never its body. The views live as long as the call.
struct EventView {
  storage::LogKey key;
  Id16 id{};
  std::uint64_t stamp = 0;  // hybrid logical clock: UTC milliseconds << 16 | counter
  std::string_view type;
  std::uint16_t schema = 1;
  std::string_view facts;  // msgpack map
  bool request = false;
  std::optional<Id32> home;
};

// A file that goes with a reply; it is in the store.
struct ReplyFile {
  storage::Hash32 hash{};
  std::uint64_t size = 0;  // bytes
  std::string name;
  std::string type;  // MIME
};

// An event that somebody wants appended: the book, or an owner whose command was found valid.
struct Proposal {
  std::string type;
  Value facts;                // a map
  std::optional<Value> body;  // a map; to be sealed under buyer
  std::optional<Id16> buyer;
  bool request = false;
  // Of a reply: the buyer's message that it answers. The sender takes the external ids (thread,
  // buyer, message) and the subject from that event's body.
  std::optional<EventRef> answers;
  // Of an action on an order: the event whose body holds the order's external ids.
  std::optional<EventRef> subject;
  // Of an action that waited: the event whose body has its words.
  std::optional<EventRef> words;
  // Of a takeover ("vanished"): read the thread's tail at the channel first. If the buyer was
  // answered there, append what was found (message.sent) in place of this.
  bool needs_tail = false;
};
inline Proposal proposal(std::string type, Map facts) {
  Proposal out;
  out.type = std::move(type);
  out.facts = std::move(facts);
  return out;
}
using Proposals = std::vector<Proposal>;

enum class Language { english, chinese };
Language language_from(std::string_view code);  // "zh…": Chinese; anything else: English

enum class Errc {
  no_such_chat,
  many_chats,  // have this number
  no_such_member,
  no_such_role,  // nobody on the desk has it
  no_such_order,
  no_such_buyer,
  no_such_request,
  not_open,       // the chat is closed
  not_unknown,    // the request's outcome is known, or it is still under way
  note_required,  // a transfer needs a note
  text_required,
  too_long,     // text, name or list above its limit
  same_member,  // it is theirs already
  same_buyer,   // an account cannot be joined with itself
  blocked,      // the buyer is blocked
  bad_amount,   // not above 0, above what was paid, or in another currency
  bad_schedule,
  no_shifts,   // of a member who has no working hours there is no overtime
  not_theirs,  // this member may not answer it
  not_asked,   // nobody has asked for it
  no_such_peer,
  no_such_change,  // it is in force, or was never asked for
  same_peer,       // it is this one, or it is as it was said to be already
  peer_left,       // it has said goodbye, or is removed: it only reads
  no_such_promise,
  no_such_question,
  no_such_case,
  no_such_problem,
  many_cases,      // have this number
  about_required,  // what it is about: a chat, buyer, order …
  over,            // the promise is kept or dropped, the question answered; it is linked, or not
  too_many,        // detail: how many there may be
  bad_time,        // past, or too far ahead
  not_allowed,     // the member's role is not high enough
  no_such_offer,
  not_read_back,    // the buyer has not heard it
  not_confirmed,    // the buyer has not said so
  reason_required,  // R83; and the second question of whoever decides alone
  needs_approval,   // detail: the limit
  not_here,         // it is carried out at another peer
  not_now,          // this peer may not act at present
  bad_value,        // anything else that is out of range
};

// detail names the offending value, without buyer data; where, as far as it is said, what was asked
// with it: "due_ms".
struct Error {
  Errc code = Errc::bad_value;
  std::string detail;
  std::string where = {};
};

// "There is no chat 7." / "没有会话 7。"
std::string explain(const Error& error, Language language);

template <class T>
using Result = boost::system::result<T, Error>;

// How boost::system::result throws when value() is called on an error: always a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error(explain(error, Language::english));
}

inline std::uint64_t stamp_ms(std::uint64_t stamp) { return stamp >> 16; }

// Ids as bytes and back; anything but 16 bytes gives nothing.
inline std::string_view bytes_of(const Id16& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}
inline std::string_view bytes_of(const Id32& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}
std::optional<Id16> id16(std::string_view bytes);

}  // namespace deskmate::desk
