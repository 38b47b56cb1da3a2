// Offers, allowances and the ledger of money as maps.
#include "core/daemon/present.hpp"

namespace deskmate::daemon {
namespace {

template <class List, class Show>
Array each(const List& list, const Show& show) {
  Array out;
  for (const auto& one : list) out.emplace_back(show(one));
  return out;
}

void set_member(Value& out, const char* key, desk::MemberNo member) {
  if (member != 0) out[key] = member;
}

}  // namespace

Value Present::offer(const desk::OfferView& offer) const {
  Value out = Value::map({{"offer", hex(offer.id)},
                          {"state", desk::to_string(offer.state)},
                          {"shop", offer.shop},
                          {"purpose", desk::to_string(offer.purpose)},
                          {"currency", offer.currency},
                          {"proposed_ms", offer.proposed_ms}});
  set_id(out, "chat_id", offer.chat);
  set_id(out, "order_id", offer.order);
  set_id(out, "case_id", offer.about);
  set_id(out, "buyer", offer.buyer);
  set_member(out, "member", offer.member);
  set_text(out, "rule", offer.rule);
  set_text(out, "version", offer.rule_version);
  set_text(out, "standard", offer.standard);
  set_text(out, "liable", offer.liable);
  set_text(out, "cause", offer.cause);
  if (offer.direct) out["direct"] = true;
  if (offer.here) out["here"] = true;
  if (offer.look) out["look"] = true;
  out["steps"] = each(offer.steps, [&](const desk::OfferView::Step& step) {
    Value one = Value::map({{"kind", step.step.kind}, {"value", step.value}});
    if (step.step.amount != 0) one["amount"] = step.step.amount;
    if (step.request) one["request"] = request(*step.request);
    return one;
  });
  if (!offer.needs.empty()) {
    out["needs"] = each(offer.needs, [](const std::string& need) { return need; });
  }
  if (!offer.passed.empty()) out["passed"] = texts(offer.passed);
  if (!offer.approvers.empty()) {
    out["approvers"] = each(offer.approvers, [](desk::MemberNo member) { return member; });
  }
  set_time(out, "read_ms", offer.read_ms);
  set_id(out, "reply", offer.read_reply);
  set_time(out, "confirmed_ms", offer.confirmed_ms);
  set_member(out, "confirmed_by", offer.confirmed_by);
  set_time(out, "answered_ms", offer.answered_ms);
  if (offer.answered_ms != 0) out["approved"] = offer.approved;
  set_member(out, "answered_by", offer.answered_by);
  set_time(out, "ended_ms", offer.ended_ms);
  set_text(out, "ended", offer.ended);
  set_member(out, "ended_by", offer.ended_by);
  set_id(out, "instead", offer.instead);
  set_id(out, "replaced_by", offer.replaced_by);
  add_text(out, offer.proposed);
  const auto words = [&](const char* key, const std::optional<desk::EventRef>& ref) {
    if (!ref) return;
    Value said = Value::map();
    add_text(said, *ref);
    set_text(out, key, said["text"].as_str());
  };
  words("confirmed_text", offer.confirmed);
  words("answered_text", offer.answered);
  words("ended_text", offer.end);
  return out;
}

Value Present::purse(const desk::PurseView& purse) {
  Value out = Value::map({{"purpose", desk::to_string(purse.purse.purpose)},
                          {"period", purse.period},
                          {"limit", purse.limit},
                          {"spent", purse.spent},
                          {"left", purse.left},
                          {"here", purse.here}});
  set_text(out, "currency", purse.purse.currency);
  if (purse.base) out["base"] = storage::hex(*purse.base);
  if (!purse.shares.empty()) {
    Value shares = Value::map();
    for (const auto& [peer, count] : purse.shares) shares[storage::hex(peer)] = count;
    out["shares"] = std::move(shares);
  }
  return out;
}

Value Present::limit(const desk::LimitView& limit) {
  Value out = Value::map({{"name", limit.name}, {"value", limit.value}, {"said", limit.said}});
  set_text(out, "scope", limit.scope);
  set_text(out, "currency", limit.currency);
  return out;
}

Value Present::outside(const desk::OutsideView& refund) {
  Value out = Value::map({{"refund", hex(refund.refund)},
                          {"shop", refund.shop},
                          {"amount", refund.amount},
                          {"currency", refund.currency},
                          {"at_ms", refund.at_ms}});
  set_id(out, "order_id", refund.order);
  set_member(out, "member", refund.member);
  return out;
}

Value Present::money_ledger(const desk::MoneyLedger& ledger) {
  Value out = Value::map({{"zone", ledger.zone}});
  out["rows"] = each(ledger.rows, [](const desk::LedgerRow& row) {
    Value one = Value::map({{"month", row.month},
                            {"currency", row.currency},
                            {"orders", row.count},
                            {"cost", row.cost},
                            {"sales", row.sales},
                            {"refunds", row.refunds},
                            {"coupons", row.coupons},
                            {"resends", row.resends},
                            {"discounts", row.discounts},
                            {"by_hand", row.by_hand},
                            {"outside", row.outside}});
    set_text(one, "cause", row.cause);
    set_text(one, "liable", row.liable);
    return one;
  });
  Array accounts;
  for (const auto& [month, all] : ledger.accounts) {
    for (const auto& [account, value] : all) {
      accounts.emplace_back(Value::map({{"month", month}, {"account", account}, {"value", value}}));
    }
  }
  out["accounts"] = std::move(accounts);
  if (ledger.left_out) out["left_out"] = true;
  return out;
}

}  // namespace deskmate::daemon
