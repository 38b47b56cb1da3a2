// Who may give away how much, and what was given: read from the state, the same at every peer that
// has folded the same, but for what this peer may spend now. README.md ("Money") has the rules.
// Internal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/desk/desk.hpp"
#include "core/desk/money_records.hpp"
#include "core/desk/money_views.hpp"
#include "core/desk/peers.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

// Named limits.
inline constexpr std::int64_t money_max = 1'000'000'000'000'000;  // minor units, of one payment
inline constexpr std::size_t offer_steps_max = 6;
inline constexpr std::size_t offers_of_order_max = 64;      // open or over
inline constexpr std::size_t payouts_of_order_max = 1'000;  // looked at
inline constexpr std::size_t offers_at_once_max = 16;       // carried out in one call
inline constexpr std::size_t ledger_scanned_max = 200'000;  // payments of one ledger
inline constexpr std::size_t outside_shown_max = 1'000;
inline constexpr std::size_t step_extra_max = 4'096;  // bytes

Key purse_key(const Purse& purse);
std::int64_t add_money(std::int64_t a, std::int64_t b);  // stops at the ends

class Money {
 public:
  Money(const State& state, const Policy& policy) : state_(state), policy_(policy), peers_(state) {}

  std::int64_t limit(std::string_view name, MemberNo member, std::string_view role,
                     std::string_view currency) const;
  std::vector<LimitView> limits() const;
  Purse purse_of(Purpose purpose, MemberNo member, const MemberRecord& record,
                 std::string_view currency, std::uint64_t now_ms) const;
  PurseView purse(const Purse& purse) const;
  OrderMoney order_money(const Id16& id, const OrderRecord& order) const;

  // What is beyond the member's authority, and otherwise what their allowance is charged.
  struct Fit {
    std::vector<std::string> needs;
    Purse purse;
    std::int64_t count = 0, shared = 0;
  };
  Fit fit(MemberNo member, Purpose purpose, const OrderRecord& order, std::int64_t sum,
          std::uint64_t now_ms) const;

  // May this peer have it done now? See Desk::may_give.
  Give may_give(const Id16& request, const Sight& sight) const;

  // Is it this member's to approve what the other asks? own: only by oneself, with a reason.
  enum class Approver { no, yes, own };
  std::vector<MemberNo> approvers(MemberNo asks) const;
  Approver approver(MemberNo asks, MemberNo by) const;

  // What a step costs.
  std::int64_t value_of(std::string_view kind, std::int64_t amount, const OrderRecord& order,
                        View extra) const;
  std::vector<StandardOffer> standard_offers(const Id16& id, const OrderRecord& order,
                                             MemberNo member) const;

  // money_queries.cpp
  std::optional<Page<OfferView>> offers(const OfferFilter& filter, std::string_view after,
                                        std::size_t limit) const;
  std::optional<OfferView> offer(const Id16& id) const;
  std::vector<OutsideView> outside(bool booked, std::size_t limit) const;
  MoneyLedger ledger(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;

  bool at_work() const;  // may this peer act at all?
  bool supervises(MemberNo member) const;

 private:
  struct Tally {
    std::int64_t limit = 0, spent = 0, base_spent = 0;
    std::map<PeerId, std::int64_t> shares;
    std::int64_t base_left() const { return limit > base_spent ? limit - base_spent : 0; }
    std::int64_t share(const PeerId& peer) const;
  };
  Tally tally(const Purse& purse) const;
  std::optional<PeerId> base_of(MemberNo member) const;
  bool came_to_nothing(const Id16& id, const PayoutRecord& payout) const;
  bool is_ours(const OutsideRecord& refund, std::string_view kind = {}) const;
  // Refunds of the order: (amount, may have been done or will be before, is done for good)
  struct Refunded {
    std::int64_t done = 0, open = 0;
  };
  Refunded refunded(const Id16& order, const std::optional<Id16>& but) const;
  bool drawn_here(const Id16& order) const;
  OfferView view(const Id16& id, const OfferRecord& record) const;

  const State& state_;
  const Policy& policy_;
  Peers peers_;
};

}  // namespace deskmate::desk
