// Limits, allowances and what is left of an order.
#include "core/desk/money.hpp"

#include <algorithm>
#include <array>

#include "core/desk/dates.hpp"
#include "core/desk/roster.hpp"

namespace deskmate::desk {
namespace {

constexpr std::array<std::string_view, 3> purposes = {"settlement", "discount", "gift"};
constexpr std::array<std::string_view, 4> money_kinds = {"refund", "coupon", "resend", "discount"};
constexpr std::uint32_t months_of_year = 12;

std::string_view limit_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::discount:
      return discounts_day;
    case Purpose::gift:
      return gifts_month;
    case Purpose::settlement:
      break;
  }
  return settlements_month;
}

std::uint32_t month_of(const std::string& date) {
  return static_cast<std::uint32_t>((std::stoi(date.substr(0, 4)) - 1970) *
                                        static_cast<int>(months_of_year) +
                                    std::stoi(date.substr(5, 2)) - 1);
}

std::string period_text(const Purse& purse) {
  if (purse.purpose == Purpose::discount) return date_text(purse.period);
  const std::uint32_t month = purse.period % months_of_year + 1;
  return std::to_string(1970 + purse.period / months_of_year) + (month < 10 ? "-0" : "-") +
         std::to_string(month);
}

}  // namespace

std::string_view to_string(Purpose purpose) { return purposes[static_cast<std::size_t>(purpose)]; }

std::optional<Purpose> purpose_from(std::string_view word) {
  const auto at = std::find(purposes.begin(), purposes.end(), word);
  if (at == purposes.end()) return std::nullopt;
  return static_cast<Purpose>(at - purposes.begin());
}

bool gives_money(std::string_view kind) {
  return std::find(money_kinds.begin(), money_kinds.end(), kind) != money_kinds.end();
}

const std::vector<Limit>& money_limits() {
  static const std::vector<Limit> all = {
      {settlements_month, 20, 1'000'000, false}, {discounts_day, 3, 1'000'000, false},
      {discount_share, 100, 10'000, false},      {gifts_month, 20'000, money_max, true},
      {offer_coupon, 500, money_max, true},      {low_value, 10'000, money_max, true},
  };
  return all;
}

Key purse_key(const Purse& purse) {
  return Key()
      .u8(static_cast<std::uint8_t>(purse.purpose))
      .u32(purse.member)
      .u32(purse.period)
      .text(purse.currency)
      .end();
}

std::int64_t add_money(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

std::int64_t Money::limit(std::string_view name, MemberNo member, std::string_view role,
                          std::string_view currency) const {
  const auto& all = money_limits();
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const Limit& one) { return one.name == name; });
  const std::string of = known->money ? std::string(currency) : std::string();
  for (const std::string& scope :
       {"member:" + std::to_string(member), "role:" + std::string(role), std::string()}) {
    const auto said =
        state_.find<LimitRecord>(table::limits, Key().text(name).end().text(scope).end().text(of));
    if (said && said->at.any() && !said->removed) return said->value;
  }
  return known->value;
}

std::vector<LimitView> Money::limits() const {
  std::vector<LimitView> out;
  for (const Limit& one : money_limits()) {
    out.push_back({std::string(one.name), {}, {}, one.value, false});
  }
  state_.each(table::limits, {}, false, [&](std::string_view key, std::string_view value) {
    const auto said = state_.decode<LimitRecord>(value);
    if (said.removed) return true;
    const std::size_t name = key.find('\0');
    const std::size_t scope = key.find('\0', name + 1);
    LimitView view{std::string(key.substr(0, name)),
                   std::string(key.substr(name + 1, scope - name - 1)),
                   std::string(key.substr(scope + 1)), said.value, true};
    const auto whole = std::find_if(out.begin(), out.end(), [&](const LimitView& other) {
      return other.name == view.name && other.scope == view.scope &&
             other.currency == view.currency;
    });
    if (whole != out.end()) {
      *whole = std::move(view);
    } else {
      out.push_back(std::move(view));
    }
    return true;
  });
  return out;
}

Purse Money::purse_of(Purpose purpose, MemberNo member, const MemberRecord& record,
                      std::string_view currency, std::uint64_t now_ms) const {
  Purse out;
  out.purpose = purpose;
  out.member = member;
  const std::int64_t day = local_hour(policy_, record.zone, now_ms).day;
  out.period =
      purpose == Purpose::discount ? static_cast<std::uint32_t>(day) : month_of(date_text(day));
  if (purpose == Purpose::gift) out.currency = currency;
  return out;
}

std::int64_t Money::Tally::share(const PeerId& peer) const {
  const auto found = shares.find(peer);
  return found == shares.end() ? 0 : std::max<std::int64_t>(found->second, 0);
}

// What was asked for and failed, or was given up, was not given: the allowance has it again.
bool Money::came_to_nothing(const Id16& id, const PayoutRecord& payout) const {
  if (payout.by_hand()) return false;
  const auto nothing = [&](const Id16& request) {
    const auto record = state_.find<RequestRecord>(table::requests, Key().id(request));
    return record && (record->is_failed() || record->is_dropped());
  };
  if (!payout.offer) return nothing(id);
  const auto offer = state_.find<OfferRecord>(table::offers, Key().id(*payout.offer));
  if (!offer || !offer->at.any()) return false;
  for (std::uint32_t step = 0; step < offer->steps.size(); ++step) {
    const TakenRecord* taken = offer->stands(step);
    if (taken == nullptr || !nothing(taken->request)) return false;
  }
  return true;
}

// By the mark that a request of ours left in the shop.
bool Money::is_ours(const OutsideRecord& refund, std::string_view kind) const {
  if (!refund.request) return false;
  const auto request = state_.find<RequestRecord>(table::requests, Key().id(*refund.request));
  return request && request->at.any() && request->order == refund.order &&
         (kind.empty() || request->kind == kind);
}

Money::Tally Money::tally(const Purse& purse) const {
  Tally out;
  const auto member = state_.find<MemberRecord>(table::members, Key().u32(purse.member));
  out.limit = limit(limit_of(purse.purpose), purse.member,
                    member ? std::string_view(member->role) : std::string_view(), purse.currency);
  const Key prefix = purse_key(purse);
  const std::size_t head = prefix.str().size();
  state_.each(table::charges, prefix, false, [&](std::string_view key, std::string_view) {
    const Id16 id = id_at(key, head + place_size);
    const auto payout = state_.find<PayoutRecord>(table::payouts, Key().id(id));
    if (!payout || came_to_nothing(id, *payout)) return true;
    const auto count = static_cast<std::int64_t>(payout->count);
    const auto shared = static_cast<std::int64_t>(payout->shared);
    out.spent = add_money(out.spent, count);
    out.base_spent = add_money(out.base_spent, count - shared);
    if (shared != 0) {
      std::int64_t& share = out.shares[state_.ref(payout->at).log.peer];
      share = add_money(share, -shared);
    }
    return true;
  });
  state_.each(table::moved, prefix, false, [&](std::string_view, std::string_view value) {
    const auto moved = state_.decode<MovedRecord>(value);
    const auto count = static_cast<std::int64_t>(moved.count);
    const auto shared = static_cast<std::int64_t>(moved.shared);
    out.base_spent = add_money(out.base_spent, count - shared);
    if (shared != 0) {
      std::int64_t& from = out.shares[moved.from];
      from = add_money(from, -shared);
    }
    std::int64_t& to = out.shares[moved.to];
    to = add_money(to, count);
    return true;
  });
  if (purse.purpose != Purpose::settlement) return out;
  const Key booked = Key().u32(purse.member).u32(purse.period);
  state_.each(table::outside_booked, booked, false, [&](std::string_view key, std::string_view) {
    const auto refund = state_.find<OutsideRecord>(table::outside, Key().id(id_at(key, 8)));
    if (refund && !refund->failed && !is_ours(*refund)) {
      ++out.spent;
      ++out.base_spent;
    }
    return true;
  });
  return out;
}

// Who holds what nobody was given: the peer where the member works, as all have agreed. Whoever has
// agreed that they work elsewhere from now on has let go of it, whether or not that is in force.
std::optional<PeerId> Money::base_of(MemberNo number) const {
  const PeerId& self = policy_.self.peer;
  if (peers_.alone()) return self;
  const auto member = state_.find<MemberRecord>(table::members, Key().u32(number));
  if (!member || !member->known()) return std::nullopt;
  const PeerId peer = peers_.peer_of(*member);
  bool moving = false;
  state_.each(table::changes_open, {}, false, [&](std::string_view key, std::string_view) {
    const auto change = state_.load<ChangeRecord>(table::changes, key);
    if (change.member != number || change.peer == peer || change.at < member->settled_at) {
      return true;
    }
    const auto lacks = change_waits_for(state_, change);
    moving = std::find(lacks.begin(), lacks.end(), peer) == lacks.end();
    return !moving;
  });
  if (moving) return std::nullopt;
  return peer;
}

bool Money::at_work() const {
  const PeerId& self = policy_.self.peer;
  return peers_.alone() || (peers_.ready(self) && !peers_.needs_hello(policy_.self));
}

PurseView Money::purse(const Purse& purse) const {
  const Tally all = tally(purse);
  PurseView out;
  out.purse = purse;
  out.period = period_text(purse);
  out.limit = all.limit;
  out.spent = all.spent;
  out.left = std::max<std::int64_t>(0, all.limit - all.spent);
  out.base = base_of(purse.member);
  for (const auto& [peer, count] : all.shares) {
    if (count > 0) out.shares[peer] = count;
  }
  if (at_work()) {
    const PeerId& self = policy_.self.peer;
    out.here = all.share(self);
    if (out.base == self) out.here = add_money(out.here, all.base_left());
  }
  return out;
}

Money::Fit Money::fit(MemberNo number, Purpose purpose, const OrderRecord& order, std::int64_t sum,
                      std::uint64_t now_ms) const {
  Fit out;
  const auto member = state_.load<MemberRecord>(table::members, Key().u32(number));
  out.purse = purse_of(purpose, number, member, order.currency, now_ms);
  out.count = purpose == Purpose::gift ? sum : 1;
  if (purpose == Purpose::discount) {
    const std::int64_t share = limit(discount_share, number, member.role, order.currency);
    // Of 10,000: exact as long as it fits 64 bits, and money_max sees to that.
    if (sum > money_max || order.total > money_max ||
        sum > (order.total / 10'000) * share + order.total % 10'000 * share / 10'000) {
      out.needs.emplace_back(discount_share);
    }
  }
  const PeerId& self = policy_.self.peer;
  const Tally all = tally(out.purse);
  const std::int64_t base = at_work() && base_of(number) == self ? all.base_left() : 0;
  const std::int64_t share = at_work() ? all.share(self) : 0;
  if (number == 0 || out.count > add_money(base, share)) {
    out.needs.emplace_back(limit_of(purpose));
  } else {
    out.shared = std::max<std::int64_t>(0, out.count - base);
  }
  return out;
}

Money::Refunded Money::refunded(const Id16& order, const std::optional<Id16>& but) const {
  Refunded out;
  std::size_t seen = 0;
  Place before;
  if (but) before = state_.load<PayoutRecord>(table::payouts, Key().id(*but)).at;
  state_.each(
      table::order_payouts, Key().id(order), false, [&](std::string_view key, std::string_view) {
        const Id16 id = id_at(key, sizeof(Id16));
        const auto payout = state_.find<PayoutRecord>(table::payouts, Key().id(id));
        if (!payout || (but && id == *but)) return ++seen < payouts_of_order_max;
        if (payout->by_hand()) {
          out.done = add_money(out.done, payout->amount);
        } else if (payout->kind == "refund") {
          const auto request = state_.find<RequestRecord>(table::requests, Key().id(id));
          if (request && request->is_done()) {
            out.done = add_money(out.done, payout->amount);
          } else if (!request ||
                     (!request->is_over() && (!but || payout->at < before ||
                                              request->attempts != 0 || request->is_unknown()))) {
            out.open = add_money(out.open, payout->amount);
          }
        }
        return ++seen < payouts_of_order_max;
      });
  state_.each(table::order_outside, Key().id(order), false,
              [&](std::string_view key, std::string_view) {
                const auto refund =
                    state_.find<OutsideRecord>(table::outside, Key().id(id_at(key, sizeof(Id16))));
                if (refund && !refund->failed && !is_ours(*refund, "refund")) {
                  out.done = add_money(out.done, refund->amount);
                }
                return ++seen < payouts_of_order_max;
              });
  return out;
}

OrderMoney Money::order_money(const Id16& id, const OrderRecord& order) const {
  const Refunded gone = refunded(id, std::nullopt);
  return {order.paid, add_money(gone.done, gone.open)};
}

bool Money::drawn_here(const Id16& order) const {
  const auto rosters = peers_.rosters(policy_.self.peer);
  return !rosters.empty() &&
         std::all_of(rosters.begin(), rosters.end(), [&](const auto& contenders) {
           const auto member = rendezvous(order, contenders);
           if (!member) return false;
           const auto record = state_.find<MemberRecord>(table::members, Key().u32(*member));
           return record && peers_.peer_of(*record) == policy_.self.peer;
         });
}

Give Money::may_give(const Id16& request, const Sight& sight) const {
  const auto payout = state_.find<PayoutRecord>(table::payouts, Key().id(request));
  if (!payout) return Give::wait;
  if (payout->offer) {
    const auto offer = state_.find<OfferRecord>(table::offers, Key().id(*payout->offer));
    if (!offer || !offer->at.any()) return Give::wait;
    const TakenRecord* stands = offer->stands(payout->step);
    if (stands == nullptr || stands->request != request) return Give::never;
  }
  if (payout->kind != "refund" || !payout->order) return Give::yes;
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(*payout->order));
  if (!order) return Give::wait;
  const Refunded gone = refunded(*payout->order, request);
  if (add_money(gone.done, payout->amount) > order->paid) return Give::never;
  if (add_money(add_money(gone.done, gone.open), payout->amount) > order->paid) return Give::wait;
  if (peers_.alone()) return Give::yes;
  if (sight.skewed || !at_work()) return Give::wait;
  if (peers_.lacking(payout->at, sight).empty()) return Give::yes;
  return !peers_.whole(sight) && drawn_here(*payout->order) ? Give::yes : Give::wait;
}

bool Money::supervises(MemberNo member) const {
  const auto record = state_.find<MemberRecord>(table::members, Key().u32(member));
  return record && record->known() && !record->removed &&
         authority(record->role).value_or(0) >= *authority("supervisor");
}

// As of overtime; but whoever has a supervisor's authority and no other beside them decides alone.
std::vector<MemberNo> Money::approvers(MemberNo asks) const {
  auto out = overtime_answerers(state_, asks);
  const bool supervised =
      std::any_of(out.begin(), out.end(), [&](MemberNo member) { return supervises(member); });
  if (!supervised && supervises(asks)) return {asks};
  return out;
}

Money::Approver Money::approver(MemberNo asks, MemberNo by) const {
  const auto all = approvers(asks);
  if (std::find(all.begin(), all.end(), by) == all.end()) return Approver::no;
  return by == asks ? Approver::own : Approver::yes;
}

std::int64_t Money::value_of(std::string_view kind, std::int64_t amount, const OrderRecord& order,
                             View extra) const {
  if (kind != "resend") return amount;
  std::int64_t sum = 0;
  const View lines = extra["lines"];
  for (const LineRecord& line : order.lines) {
    std::int64_t quantity = lines.is_array() && lines.size() > 0 ? 0 : line.quantity;
    for (const View asked : lines) {
      if (asked["sku"].as_str() == line.sku) quantity = asked["quantity"].as_int(line.quantity);
    }
    std::int64_t value = 0;
    if (__builtin_mul_overflow(quantity, line.price, &value)) value = money_max;
    sum = add_money(sum, std::clamp<std::int64_t>(value, 0, money_max));
  }
  return std::min(sum == 0 ? std::max<std::int64_t>(order.total, 0) : sum, money_max);
}

std::vector<StandardOffer> Money::standard_offers(const Id16& id, const OrderRecord& order,
                                                  MemberNo number) const {
  const auto member = state_.load<MemberRecord>(table::members, Key().u32(number));
  const std::int64_t coupon = limit(offer_coupon, number, member.role, order.currency);
  const bool fast = order.total < limit(low_value, number, member.role, order.currency);
  std::vector<StandardOffer> out;
  const auto add = [&](const char* name, OfferStep first) {
    StandardOffer offer{name, {std::move(first)}, fast};
    if (coupon > 0) offer.steps.push_back({"coupon", coupon});
    out.push_back(std::move(offer));
  };
  const std::int64_t left = order_money(id, order).left();
  if (left > 0) add("refund_coupon", {"refund", left});
  add("resend_coupon", {"resend", 0});
  return out;
}

}  // namespace deskmate::desk
