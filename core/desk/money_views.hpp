// What the commands about money take and what the queries about it return. Amounts are minor units
// of an ISO 4217 currency; times UTC milliseconds, 0: not yet. As in views.hpp: plain structs with
// ids and the places of events, whose bodies have the texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/desk/types.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

// May a request that gives something away be done now?
enum class Give {
  yes,
  wait,   // for another refund of the order, or for the other peers' word
  never,  // another request of the same step stands, or there is nothing left to refund
};

// What money is given for; each has an allowance of its own.
enum class Purpose : std::uint8_t {
  settlement,  // R81: something went wrong; so many a month
  discount,    // R50: knocked off an order; so many a day, and a share of the order
  gift,        // R52: out of kindness; so much money a month
};
std::string_view to_string(Purpose purpose);
std::optional<Purpose> purpose_from(std::string_view word);

// Requests that give something away: refund, coupon, resend, discount.
bool gives_money(std::string_view kind);

// The numbers of the rows. Each is a setting of the whole desk: said by an event (limit.set), so
// that all peers come to the same; for everybody, for a role ("role:presale") or for a member
// ("member:2").
struct Limit {
  std::string_view name;
  std::int64_t value = 0;  // where nobody has said anything
  std::int64_t most = 0;   // that may be said
  bool money = false;      // of each currency its own
};
inline constexpr std::string_view settlements_month = "settlements_month";  // R81
inline constexpr std::string_view discounts_day = "discounts_day";          // R50
inline constexpr std::string_view discount_share = "discount_share";        // R50: 1/10,000
inline constexpr std::string_view gifts_month = "gifts_month";              // R52
inline constexpr std::string_view offer_coupon = "offer_coupon";            // R80
inline constexpr std::string_view low_value = "low_value";                  // R80
const std::vector<Limit>& money_limits();

struct LimitView {
  std::string name, scope, currency;
  std::int64_t value = 0;
  bool said = false;  // by somebody; otherwise as it is from the start
};

// Whose allowance: of a purpose, in a month (months since 1970-01) or, of discounts, a day (days
// since 1970-01-01), by the member's zone; of gifts in a currency.
struct Purse {
  Purpose purpose = Purpose::settlement;
  MemberNo member = 0;
  std::uint32_t period = 0;
  std::string currency;
};

struct PurseView {
  Purse purse;
  std::string period;  // "2027-01", "2027-01-15"
  std::int64_t limit = 0;
  std::int64_t spent = 0;      // by all peers, as far as is known here
  std::int64_t left = 0;       // of the limit
  std::int64_t here = 0;       // what this peer may spend now, without asking
  std::optional<PeerId> base;  // who holds what nobody was given; none: it is changing hands
  std::map<PeerId, std::int64_t> shares;  // of others; what is left of what they were given
};

struct OfferStep {
  std::string kind;         // refund, coupon, resend, discount
  std::int64_t amount = 0;  // of resend 0
  bool operator==(const OfferStep&) const = default;
};

inline constexpr std::size_t passed_max = 16;  // findings of rules that one offer passes over

struct OfferSpec {
  MemberNo member = 0;  // 0: a rule
  std::string rule, rule_version;
  std::optional<Id16> chat, about;  // about: a case
  Id16 order{};
  Purpose purpose = Purpose::settlement;
  std::string standard;  // one of standard_offers(); then without steps
  std::vector<OfferStep> steps;
  std::string currency;             // empty: the order's
  std::string liable, cause;        // R83: buyer, shop, courier, platform, third; and R28's causes
  std::optional<Id16> instead;      // an offer that this one takes the place of, with its reason
  std::vector<std::string> passed;  // kinds of rules' findings whose limit is passed over
  std::string text;                 // why
};

// R80: what may be offered for a parcel that failed, with the steps for this very order.
struct StandardOffer {
  std::string name;  // "refund_coupon", "resend_coupon"
  std::vector<OfferStep> steps;
  bool fast = false;  // of low value: no waiting for the courier's word
};

enum class OfferState {
  proposed,   // not read back to the buyer yet
  read_back,  // waits for the buyer's word
  approval,   // waits for a supervisor
  refused,    // by a supervisor
  ready,      // about to be carried out, at its home
  under_way,
  unknown,  // of a step a person has to say whether it was done
  settled,  // all was done
  failed,   // all is over, and something was not done
  ended,    // declined, withdrawn, replaced, or nothing left to refund
};
std::string_view to_string(OfferState state);

struct OfferView {
  Id16 id{};
  OfferState state = OfferState::proposed;
  std::string shop;
  std::optional<Id16> chat, order, about, buyer;  // about: a case
  MemberNo member = 0;
  std::string rule, rule_version, standard;
  Purpose purpose = Purpose::settlement;
  struct Step {
    OfferStep step;
    std::int64_t value = 0;  // what it costs: the amount, or the goods that are sent again
    std::optional<RequestView> request;
  };
  std::vector<Step> steps;
  std::string currency;
  bool direct = false;              // an action that waits for approval: nothing to read back
  std::vector<std::string> needs;   // the limits that it is beyond
  std::vector<std::string> passed;  // kinds of rules' findings that were passed over
  std::vector<MemberNo> approvers;  // of one that waits for approval: who may
  std::string liable, cause;
  PeerId home{};
  bool here = false;  // this peer is its home
  bool look = false;  // its home was restored: somebody looks at the shop and says so (carry_out)
  std::uint64_t proposed_ms = 0, read_ms = 0, confirmed_ms = 0, answered_ms = 0, ended_ms = 0;
  MemberNo confirmed_by = 0, answered_by = 0, ended_by = 0;
  bool approved = false;
  std::string ended;               // declined, withdrawn, replaced, void
  std::optional<Id16> read_reply;  // the reply in which it was read back
  std::optional<Id16> instead, replaced_by;
  EventRef proposed;  // its body has the reason
  std::optional<EventRef> confirmed, answered, end;
};

struct OfferFilter {
  enum class Which { open, over, all, approvals };
  Which which = Which::open;
  std::optional<Id16> chat, order;  // at most one
  std::optional<MemberNo> member = {};
};

// R105: money paid outside the marketplace.
struct PaidByHand {
  MemberNo member = 0;
  Id16 order{};
  std::optional<Id16> offer;
  std::int64_t amount = 0;
  std::string currency;
  std::string cause, liable;
  std::uint64_t at_ms = 0;  // when it was paid; 0: now
  std::vector<ReplyFile> proof;
  std::string text;
};

// A refund that somebody made in the marketplace's own admin.
struct OutsideView {
  Id16 refund{};
  std::string shop;
  std::optional<Id16> order;
  std::int64_t amount = 0;
  std::string currency;
  std::uint64_t at_ms = 0;
  MemberNo member = 0;  // whose allowance counts it; 0: nobody's yet
};

// What was given on one order, all ways together.
struct OrderMoney {
  std::int64_t paid = 0;
  std::int64_t refunded = 0;  // asked for by the desk and not failed, in the admin, by hand
  std::int64_t left() const { return paid > refunded ? paid - refunded : 0; }
};

// R84: one month, cause and currency.
struct LedgerRow {
  std::string month;  // "2027-01" by the zone asked for
  std::string cause, liable, currency;
  std::uint64_t count = 0;  // of orders
  std::int64_t refunds = 0, coupons = 0, resends = 0, discounts = 0, by_hand = 0, outside = 0;
  std::int64_t cost = 0;   // all of these
  std::int64_t sales = 0;  // the orders' totals
};
struct MoneyLedger {
  std::string zone;
  std::vector<LedgerRow> rows;
  // Every payment stands twice: what buyers got ("buyers"), and against it what it is booked to
  // ("cause:courier"). By month and currency; each sums to zero.
  std::map<std::string, std::map<std::string, std::int64_t>> accounts;
  bool left_out = false;  // a limit was reached: earlier ones are missing
};

}  // namespace deskmate::desk
