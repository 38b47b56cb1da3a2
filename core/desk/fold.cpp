#include "core/desk/fold.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace deskmate::desk {

Fold::Handler Fold::handler_of(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, Handler>, 65> handlers = {{
      {"allowance.moved", &Fold::allowance_moved},
      {"book.passed", &Fold::book_passed},
      {"buyer.blocked", &Fold::buyer_blocked},
      {"buyer.contact", &Fold::buyer_contact},
      {"buyer.erased", &Fold::buyer_erased},
      {"buyer.forgotten", &Fold::buyer_forgotten},
      {"buyer.joined", &Fold::buyer_joined},
      {"buyer.seen", &Fold::buyer_seen},
      {"buyer.separated", &Fold::buyer_separated},
      {"buyer.unblocked", &Fold::buyer_unblocked},
      {"call.logged", &Fold::call_logged},
      {"case.changed", &Fold::case_changed},
      {"case.linked", &Fold::case_linked},
      {"case.opened", &Fold::case_opened},
      {"case.said", &Fold::case_said},
      {"chat.assigned", &Fold::chat_assigned},
      {"chat.closed", &Fold::chat_closed},
      {"chat.drafted", &Fold::chat_drafted},
      {"chat.flagged", &Fold::chat_flagged},
      {"chat.noted", &Fold::chat_noted},
      {"chat.queued", &Fold::chat_queued},
      {"chat.released", &Fold::chat_released},
      {"chat.transferred", &Fold::chat_transferred},
      {"colleague.answered", &Fold::colleague_answered},
      {"colleague.asked", &Fold::colleague_asked},
      {"limit.set", &Fold::limit_set},
      {"member.agreed", &Fold::member_agreed},
      {"member.listening", &Fold::member_listening},
      {"member.presence", &Fold::member_presence},
      {"member.set", &Fold::member_set},
      {"message.received", &Fold::message_received},
      {"message.sent", &Fold::message_sent},
      {"offer.approved", &Fold::offer_approved},
      {"offer.confirmed", &Fold::offer_confirmed},
      {"offer.ended", &Fold::offer_ended},
      {"offer.held", &Fold::offer_held},
      {"offer.proposed", &Fold::offer_proposed},
      {"offer.read_back", &Fold::offer_read_back},
      {"offer.refused", &Fold::offer_refused},
      {"order.seen", &Fold::order_seen},
      {"overtime.answered", &Fold::overtime_answered},
      {"overtime.asked", &Fold::overtime_asked},
      {"parcel.seen", &Fold::parcel_seen},
      {"payment.recorded", &Fold::payment_recorded},
      {"peer.added", &Fold::peer_added},
      {"peer.agreed", &Fold::peer_agreed},
      {"peer.gone", &Fold::peer_gone},
      {"peer.goodbye", &Fold::peer_goodbye},
      {"peer.hello", &Fold::peer_hello},
      {"peer.met", &Fold::peer_met},
      {"peer.ready", &Fold::peer_ready},
      {"peer.removed", &Fold::peer_removed},
      {"phrase.set", &Fold::phrase_set},
      {"plugin.state", &Fold::plugin_state},
      {"problem.cleared", &Fold::problem_cleared},
      {"problem.found", &Fold::problem_found},
      {"problem.settled", &Fold::problem_settled},
      {"problem.told", &Fold::problem_told},
      {"product.seen", &Fold::product_seen},
      {"promise.dropped", &Fold::promise_dropped},
      {"promise.kept", &Fold::promise_kept},
      {"promise.made", &Fold::promise_made},
      {"refund.booked", &Fold::refund_booked},
      {"refund.seen", &Fold::refund_seen},
      {"stock.counted", &Fold::stock_counted},
  }};
  const auto at = std::lower_bound(
      handlers.begin(), handlers.end(), type,
      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return at != handlers.end() && at->first == type ? at->second : nullptr;
}

EntryRecord Fold::entry_of(EntryKind kind, const EventView& event, MemberNo member) {
  EntryRecord out;
  out.kind = static_cast<std::uint8_t>(kind);
  out.event = event.id;
  out.at_ms = stamp_ms(event.stamp);
  out.member = member;
  return out;
}

Folded Fold::apply(const EventView& event) {
  const Handler handler = handler_of(event.type);
  const std::size_t dot = event.type.rfind('.');
  const std::string_view what =
      dot == std::string_view::npos ? std::string_view() : event.type.substr(dot + 1);
  const bool is_request = handler == nullptr && what == "requested" && event.request;
  const bool is_outcome =
      handler == nullptr && (what == "attempted" || what == "done" || what == "failed" ||
                             what == "unknown" || what == "resolved");
  if (handler == nullptr && !is_request && !is_outcome) return Folded::unknown;
  if (event.key.seq == 0) return Folded::malformed;

  const bool parsed = facts_.parse(event.facts).has_value();
  In in{event, Facts(facts_.root())};
  if (is_outcome && !(parsed && in.facts.has("request") && in.facts.has("kind"))) {
    return Folded::unknown;  // somebody else's "x.done"
  }
  if (!parsed) return Folded::malformed;
  if (handler != nullptr) return (this->*handler)(in);
  const std::string_view kind = event.type.substr(0, dot);
  return is_request ? requested(in, kind) : outcome(in, kind, what);
}

}  // namespace deskmate::desk
