// The fold: one event into the state. Every handler reads all of its facts first and then changes
// the state, or changes nothing. Internal.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/desk/case_views.hpp"
#include "core/desk/facts.hpp"
#include "core/desk/money_records.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

// A channel's clock is believed only so far: nobody jumps the queue with a date of long ago.
inline constexpr std::uint64_t heard_before_max_ms = 7ull * 24 * 3'600'000;

// Topics of chat.flagged that mean more than "an expert, please".
inline constexpr std::string_view topic_abuse = "abuse";            // and the member rests (R17)
inline constexpr std::string_view topic_supervisor = "supervisor";  // R12's one key

enum class Folded {
  unknown,    // a type this version does not know
  malformed,  // known, with facts that cannot be read
  quiet,      // done; nothing for the router in it
  routing,    // done; the router may have something to decide
  blocking,   // as routing, and a block may have ended
};

class Fold {
 public:
  explicit Fold(State& state) : state_(state) {}

  Folded apply(const EventView& event);

 private:
  // What a handler gets: the event and its facts.
  struct In {
    const EventView& event;
    Facts facts;
  };
  using Handler = Folded (Fold::*)(In&);
  static Handler handler_of(std::string_view type);
  // What stands in a chat of an event.
  static EntryRecord entry_of(EntryKind kind, const EventView& event, MemberNo member);

  // Members, buyers and what else is not a chat (fold_people.cpp).
  Folded member_set(In& in);
  Folded member_presence(In& in);
  Folded overtime_asked(In& in);
  Folded overtime_answered(In& in);
  Folded buyer_joined(In& in);
  Folded buyer_separated(In& in);
  Folded buyer_blocked(In& in);
  Folded buyer_unblocked(In& in);
  Folded buyer_seen(In& in);
  Folded phrase_set(In& in);
  Folded plugin_state(In& in);
  Folded set_joined(In& in, bool joined);
  void had_abuse(MemberNo member, std::uint64_t ms);

  // Chats (fold_chat.cpp).
  Folded message_received(In& in);
  Folded message_sent(In& in);
  Folded chat_assigned(In& in);
  Folded chat_queued(In& in);
  Folded chat_closed(In& in);
  Folded chat_transferred(In& in);
  Folded chat_released(In& in);
  Folded chat_noted(In& in);
  Folded chat_drafted(In& in);
  Folded chat_flagged(In& in);
  Folded message(In& in, bool inbound);
  void show_message(const Id16& id, const MessageRecord& message, bool shown);
  // by: 1, or -1 to take back what was charged to somebody who was not given it after all.
  void charge(const std::vector<LedgerShare>& shares, MemberNo member, int by);
  void give_visit(const Id16& chat, const Id16& visit, bool cut, VisitRecord::Given given);
  void note_given(const Id16& chat, const Place& at, std::string_view rule, MemberNo member,
                  const std::vector<LedgerShare>& shares);

  // What members promise, ask each other and listen to (fold_words.cpp).
  Folded promise_made(In& in);
  Folded promise_kept(In& in);
  Folded promise_dropped(In& in);
  Folded colleague_asked(In& in);
  Folded colleague_answered(In& in);
  Folded member_listening(In& in);
  Folded end_promise(In& in, PromiseState state, EntryKind kind);
  // A line about something else in a chat.
  void tell_chat(In& in, const Id16& chat, EntryKind kind, MemberNo member, const Id16& about,
                 const std::function<void(EntryRecord&)>& more = {});

  // Cases and calls (fold_cases.cpp).
  Folded case_opened(In& in);
  Folded case_changed(In& in);
  Folded case_said(In& in);
  Folded case_linked(In& in);
  Folded call_logged(In& in);
  void tell_case(In& in, const Id16& id, CaseLineRecord line,
                 const std::function<void(CaseRecord&, const Place&)>& change);
  void link_case(const Id16& id, About about, const Id16& to, bool removed, const Place& at);

  // Peers, agreements and erasures (fold_peers.cpp).
  Folded peer_added(In& in);
  Folded peer_agreed(In& in);
  Folded peer_removed(In& in);
  Folded peer_hello(In& in);
  Folded peer_goodbye(In& in);
  Folded peer_gone(In& in);
  Folded peer_met(In& in);
  Folded peer_ready(In& in);
  Folded book_passed(In& in);
  Folded member_agreed(In& in);
  Folded buyer_erased(In& in);
  Folded buyer_forgotten(In& in);
  void edit_book(const std::function<void(BookRecord&)>& change);
  void pass_book(const PeerId& to, const Place& at);
  void settle(const Id16& change);

  // Orders, parcels, products (fold_trade.cpp).
  Folded order_seen(In& in);
  Folded parcel_seen(In& in);
  Folded product_seen(In& in);
  Folded stock_counted(In& in);

  // What rules found (fold_problems.cpp).
  Folded problem_found(In& in);
  Folded problem_cleared(In& in);
  Folded problem_settled(In& in);
  Folded problem_told(In& in);
  Folded buyer_contact(In& in);

  // Offers and money (fold_money.cpp).
  Folded offer_proposed(In& in);
  Folded offer_held(In& in);
  Folded offer_read_back(In& in);
  Folded offer_confirmed(In& in);
  Folded offer_approved(In& in);
  Folded offer_refused(In& in);
  Folded offer_ended(In& in);
  Folded payment_recorded(In& in);
  Folded refund_seen(In& in);
  Folded refund_booked(In& in);
  Folded allowance_moved(In& in);
  Folded limit_set(In& in);
  Folded answer_offer(In& in, bool approved);
  void read_back(const Id16& offer, const std::optional<Id16>& reply, const Place& at);
  void end_offer(const Id16& offer, std::string_view how, MemberNo by, const Place& at,
                 const std::optional<Id16>& replaced_by);
  static std::vector<std::string> needs_in(Facts& facts);
  static bool read_payout(Facts& facts, std::string_view kind, PayoutRecord& out);
  void save_payout(const Id16& id, const PayoutRecord& payout);

  // Requests and their outcomes (fold_request.cpp); kind is the type before its last dot.
  Folded requested(In& in, std::string_view kind);
  Folded outcome(In& in, std::string_view kind, std::string_view what);
  void follow_reply(const Id16& id);

  State& state_;
  Document facts_;
};

}  // namespace deskmate::desk
