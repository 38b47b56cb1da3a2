// Offers, refunds made elsewhere, and the ledger.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/desk/dates.hpp"
#include "core/desk/money.hpp"
#include "core/desk/pages.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

constexpr std::size_t offer_rest = place_size + sizeof(Id16);
constexpr std::size_t month_chars = 7;  // "2027-01"

std::uint64_t ms_of(const Place& place) { return place.any() ? stamp_ms(place.stamp) : 0; }

}  // namespace

std::string_view to_string(OfferState state) {
  switch (state) {
    case OfferState::proposed:
      return "proposed";
    case OfferState::read_back:
      return "read_back";
    case OfferState::approval:
      return "approval";
    case OfferState::refused:
      return "refused";
    case OfferState::ready:
      return "ready";
    case OfferState::under_way:
      return "under_way";
    case OfferState::unknown:
      return "unknown";
    case OfferState::settled:
      return "settled";
    case OfferState::failed:
      return "failed";
    case OfferState::ended:
      break;
  }
  return "ended";
}

OfferView Money::view(const Id16& id, const OfferRecord& record) const {
  OfferView out;
  out.id = id;
  out.shop = record.shop;
  out.chat = record.chat;
  out.order = record.order;
  out.about = record.about;
  out.buyer = record.buyer;
  out.member = record.member;
  out.rule = record.rule;
  out.rule_version = record.rule_version;
  out.standard = record.standard;
  out.purpose = static_cast<Purpose>(record.purpose);
  out.currency = record.currency;
  out.direct = record.direct;
  out.needs = record.needs;
  out.passed = record.passed;
  out.liable = record.liable;
  out.cause = record.cause;
  out.proposed = state_.ref(record.at);
  out.home = out.proposed.log.peer;
  out.here = out.home == policy_.self.peer;
  out.look = out.here && out.proposed.log.incarnation != policy_.self.incarnation;
  out.proposed_ms = ms_of(record.at);
  out.read_ms = ms_of(record.read_at);
  out.confirmed_ms = ms_of(record.confirmed_at);
  out.answered_ms = ms_of(record.answered_at);
  out.ended_ms = ms_of(record.ended_at);
  out.confirmed_by = record.confirmed_by;
  out.answered_by = record.answered_by;
  out.approved = record.approved;
  out.ended = record.ended;
  out.ended_by = record.ended_by;
  out.read_reply = record.read_reply;
  out.instead = record.instead;
  out.replaced_by = record.replaced_by;
  if (record.confirmed_at.any()) out.confirmed = state_.ref(record.confirmed_at);
  if (record.answered_at.any()) out.answered = state_.ref(record.answered_at);
  if (record.ended_at.any()) out.end = state_.ref(record.ended_at);

  if (record.waits_for_approval()) out.approvers = approvers(record.whose());

  bool all_done = true;
  bool all_over = true;
  bool unknown = false;
  for (std::uint32_t i = 0; i < record.steps.size(); ++i) {
    OfferView::Step step{
        {record.steps[i].kind, record.steps[i].amount}, record.steps[i].value, std::nullopt};
    if (const TakenRecord* taken = record.stands(i)) {
      const auto request = state_.find<RequestRecord>(table::requests, Key().id(taken->request));
      if (request) step.request = request_view(state_, policy_, taken->request, *request);
    }
    const RequestState state = step.request ? step.request->state : RequestState::pending;
    all_done = all_done && state == RequestState::done;
    all_over = all_over && (state == RequestState::done || state == RequestState::failed ||
                            state == RequestState::dropped);
    unknown = unknown || state == RequestState::unknown;
    out.steps.push_back(std::move(step));
  }
  const bool carried = record.carried_out();
  if (carried) {
    out.state = all_done   ? OfferState::settled
                : all_over ? OfferState::failed
                : unknown  ? OfferState::unknown
                           : OfferState::under_way;
  } else if (record.ended_at.any()) {
    out.state = OfferState::ended;
  } else if (record.refused()) {
    out.state = OfferState::refused;
  } else if (record.ready()) {
    out.state = OfferState::ready;
  } else if (record.waits_for_approval() && (record.direct || record.confirmed_at.any())) {
    out.state = OfferState::approval;
  } else {
    out.state = record.read_at.any() ? OfferState::read_back : OfferState::proposed;
  }
  return out;
}

std::optional<OfferView> Money::offer(const Id16& id) const {
  const auto record = state_.find<OfferRecord>(table::offers, Key().id(id));
  if (!record || !record->at.any()) return std::nullopt;
  return view(id, *record);
}

std::optional<Page<OfferView>> Money::offers(const OfferFilter& filter, std::string_view after,
                                             std::size_t limit) const {
  using Which = OfferFilter::Which;
  const Listing list =
      filter.chat    ? Listing{table::chat_offers, Key().id(*filter.chat).str(), offer_rest, true}
      : filter.order ? Listing{table::order_offers, Key().id(*filter.order).str(), offer_rest, true}
      : filter.which == Which::approvals
          ? Listing{table::offers_approval, {}, offer_rest, false}
          : Listing{table::offers_recent, Key().u8(static_cast<std::uint8_t>(filter.which)).str(),
                    offer_rest, true};
  return turn_page<OfferView>(
      state_, list, after, limit, [&](std::string_view at, std::optional<OfferView>& row) {
        const Id16 id = id_at(at, place_size);
        const auto record = state_.find<OfferRecord>(table::offers, Key().id(id));
        if (!record || (filter.member && record->member != *filter.member)) return true;
        const bool fits = filter.which == Which::all ||
                          (filter.which == Which::open && record->open()) ||
                          (filter.which == Which::over && !record->open()) ||
                          (filter.which == Which::approvals && record->waits_for_approval());
        if (fits) row = view(id, *record);
        return true;
      });
}

std::vector<OutsideView> Money::outside(bool booked, std::size_t limit) const {
  std::vector<OutsideView> out;
  state_.each(table::outside_time, Key().u8(booked ? 1 : 0), true,
              [&](std::string_view key, std::string_view) {
                const Id16 id = id_at(key, 1 + 8);
                const auto refund = state_.find<OutsideRecord>(table::outside, Key().id(id));
                if (refund && !refund->failed && !is_ours(*refund)) {
                  out.push_back({id, refund->shop, refund->order, refund->amount, refund->currency,
                                 refund->at_ms, refund->member});
                }
                return out.size() < limit;
              });
  return out;
}

MoneyLedger Money::ledger(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const {
  MoneyLedger out;
  out.zone = zone;
  using RowKey = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<RowKey, LedgerRow> rows;
  std::map<RowKey, std::set<Id16>> orders;
  std::size_t seen = 0;
  const auto book = [&](std::uint64_t at_ms, const std::string& cause, const std::string& liable,
                        const std::string& currency, const std::optional<Id16>& order,
                        std::int64_t LedgerRow::*what, std::int64_t value) {
    const std::string month =
        date_text(local_hour(policy_, zone, at_ms).day).substr(0, month_chars);
    const RowKey key{month, cause, liable, currency};
    LedgerRow& row = rows[key];
    row.month = month;
    row.cause = cause;
    row.liable = liable;
    row.currency = currency;
    row.*what = add_money(row.*what, value);
    row.cost = add_money(row.cost, value);
    if (order && orders[key].insert(*order).second) {
      ++row.count;
      const auto sold = state_.find<OrderRecord>(table::orders, Key().id(*order));
      if (sold) row.sales = add_money(row.sales, sold->total);
    }
    auto& accounts = out.accounts[month + " " + currency];
    accounts["buyers"] = add_money(accounts["buyers"], value);
    auto& against = accounts["cause:" + (cause.empty() ? std::string("none") : cause)];
    against = add_money(against, -value);
  };
  const auto over = [&](std::string_view key, std::size_t offset) {
    if (read_be(key.substr(offset, 8)) < from_ms) return true;
    if (++seen <= ledger_scanned_max) return false;
    out.left_out = true;
    return true;
  };
  const std::string until = Key().u64(to_ms).str();
  state_.scan(table::payouts_time, until, true, [&](std::string_view key, std::string_view) {
    if (read_be(key.substr(0, 8)) >= to_ms) return true;
    if (over(key, 0)) return false;
    const Id16 id = id_at(key, 8);
    const auto paid = state_.find<PayoutRecord>(table::payouts, Key().id(id));
    if (!paid) return true;
    if (!paid->by_hand()) {
      const auto request = state_.find<RequestRecord>(table::requests, Key().id(id));
      if (!request || !request->is_done()) return true;
    }
    std::int64_t LedgerRow::*what = paid->by_hand()            ? &LedgerRow::by_hand
                                    : paid->kind == "refund"   ? &LedgerRow::refunds
                                    : paid->kind == "coupon"   ? &LedgerRow::coupons
                                    : paid->kind == "discount" ? &LedgerRow::discounts
                                                               : &LedgerRow::resends;
    book(paid->at_ms, paid->cause, paid->liable, paid->currency, paid->order, what,
         paid->by_hand() ? paid->amount : paid->value);
    return true;
  });
  for (const std::uint8_t booked : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::string end = Key().u8(booked).u64(to_ms).str();
    state_.scan(table::outside_time, end, true, [&](std::string_view key, std::string_view) {
      if (read_be(key.substr(0, 1)) != booked) return false;
      if (read_be(key.substr(1, 8)) >= to_ms) return true;
      if (over(key, 1)) return false;
      const auto refund = state_.find<OutsideRecord>(table::outside, Key().id(id_at(key, 1 + 8)));
      if (refund && !refund->failed && !is_ours(*refund)) {
        book(refund->at_ms, "outside", {}, refund->currency, refund->order, &LedgerRow::outside,
             refund->amount);
      }
      return true;
    });
  }
  for (auto& [key, row] : rows) out.rows.push_back(std::move(row));
  return out;
}

}  // namespace deskmate::desk
