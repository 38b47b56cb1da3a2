// Offers, what was given away, allowances and their limits. An offer is the event that proposed it.
#include <algorithm>
#include <set>

#include "core/desk/fold.hpp"
#include "core/desk/money.hpp"

namespace deskmate::desk {
namespace {

constexpr std::size_t needs_max = 8;
constexpr std::size_t proofs_max = 10;

bool may_be_currency(std::string_view text) { return text.size() == 3; }

void add_needs(OfferRecord& offer, const std::vector<std::string>& more) {
  std::set<std::string> all(offer.needs.begin(), offer.needs.end());
  all.insert(more.begin(), more.end());
  offer.needs.assign(all.begin(), all.end());
}

// Of each peer the first request of a step.
void take(OfferRecord& offer, const TakenRecord& taken) {
  const auto key = [](const TakenRecord& one) { return std::pair(one.step, one.at.peer); };
  const auto at =
      std::lower_bound(offer.taken.begin(), offer.taken.end(), taken,
                       [&](const TakenRecord& a, const TakenRecord& b) { return key(a) < key(b); });
  if (at == offer.taken.end() || key(*at) != key(taken)) {
    offer.taken.insert(at, taken);
  } else if (taken.at < at->at) {
    *at = taken;
  }
}

}  // namespace

std::vector<std::string> Fold::needs_in(Facts& facts) {
  auto needs = facts.names("needs", needs_max);
  for (const std::string& one : needs) facts.require(one.size() <= name_max);
  return needs;
}

Folded Fold::offer_proposed(In& in) {
  Facts& facts = in.facts;
  OfferRecord made;
  made.shop = facts.name("shop");
  made.order = facts.id("order");
  made.chat = facts.id_if("chat");
  made.about = facts.id_if("case");
  made.buyer = facts.id_if("buyer");
  made.instead = facts.id_if("instead");
  made.member = facts.u32_if("member");
  made.rule = facts.name_if("rule");
  made.rule_version = facts.name_if("version");
  made.standard = facts.name_if("standard");
  made.currency = facts.name("currency");
  made.liable = facts.name_if("liable");
  made.cause = facts.name_if("cause");
  made.direct = facts.flag_if("direct");
  const auto purpose = purpose_from(facts.name("purpose"));
  facts.require(purpose && may_be_currency(made.currency));
  const auto needs = needs_in(facts);
  made.passed = facts.names("passed", passed_max);
  for (const std::string& one : made.passed) facts.require(one.size() <= name_max);
  const View steps = facts.raw("steps");
  facts.require(steps.is_array() && steps.size() > 0 && steps.size() <= offer_steps_max);
  if (!facts.ok()) return Folded::malformed;
  for (const View one : steps) {
    Facts fields(one);
    StepRecord step;
    step.kind = fields.name("kind");
    step.amount = fields.int_if("amount");
    step.value = fields.int_if("value");
    step.extra = fields.bytes_if("extra");
    fields.require(gives_money(step.kind) && step.amount >= 0 && step.amount <= money_max &&
                   step.value >= 0 && step.value <= money_max &&
                   step.extra.size() <= step_extra_max);
    if (!fields.ok()) return Folded::malformed;
    made.steps.push_back(std::move(step));
  }
  made.purpose = static_cast<std::uint8_t>(*purpose);

  const Place at = state_.place(in.event);
  state_.edit<OfferRecord>(table::offers, in.event.id, [&](OfferRecord& offer) {
    // What was said of it before it came stays.
    made.taken = std::move(offer.taken);
    made.needs = std::move(offer.needs);
    made.read_at = offer.read_at;
    made.read_reply = offer.read_reply;
    made.confirmed_at = offer.confirmed_at;
    made.confirmed_by = offer.confirmed_by;
    made.answered_at = offer.answered_at;
    made.answered_by = offer.answered_by;
    made.approved = offer.approved;
    made.ended_at = offer.ended_at;
    made.ended_by = offer.ended_by;
    made.ended = std::move(offer.ended);
    made.replaced_by = offer.replaced_by;
    made.at = at;
    offer = std::move(made);
    add_needs(offer, needs);
  });
  if (const auto instead = facts.id_if("instead")) {
    end_offer(*instead, "replaced", facts.u32_if("member"), at, in.event.id);
  }
  return Folded::quiet;
}

void Fold::end_offer(const Id16& id, std::string_view how, MemberNo by, const Place& at,
                     const std::optional<Id16>& replaced_by) {
  state_.edit<OfferRecord>(table::offers, id, [&](OfferRecord& offer) {
    if (!take_first(offer.ended_at, at)) return;
    offer.ended = how;
    offer.ended_by = by;
    offer.replaced_by = replaced_by;
  });
}

Folded Fold::offer_held(In& in) {
  const Id16 id = in.facts.id("offer");
  const auto needs = needs_in(in.facts);
  in.facts.require(!needs.empty());
  if (!in.facts.ok()) return Folded::malformed;
  state_.edit<OfferRecord>(table::offers, id, [&](OfferRecord& offer) { add_needs(offer, needs); });
  return Folded::quiet;
}

Folded Fold::offer_read_back(In& in) {
  const Id16 id = in.facts.id("offer");
  if (!in.facts.ok()) return Folded::malformed;
  read_back(id, std::nullopt, state_.place(in.event));
  return Folded::quiet;
}

void Fold::read_back(const Id16& id, const std::optional<Id16>& reply, const Place& at) {
  state_.edit<OfferRecord>(table::offers, id, [&](OfferRecord& offer) {
    if (take_latest(offer.read_at, at)) offer.read_reply = reply;
  });
}

Folded Fold::offer_confirmed(In& in) {
  const Id16 id = in.facts.id("offer");
  const MemberNo member = in.facts.u32_if("member");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit<OfferRecord>(table::offers, id, [&](OfferRecord& offer) {
    if (take_first(offer.confirmed_at, at)) offer.confirmed_by = member;
  });
  return Folded::quiet;
}

Folded Fold::answer_offer(In& in, bool approved) {
  const Id16 id = in.facts.id("offer");
  const MemberNo member = in.facts.member("member");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit<OfferRecord>(table::offers, id, [&](OfferRecord& offer) {
    if (!take_first(offer.answered_at, at)) return;
    offer.answered_by = member;
    offer.approved = approved;
  });
  return Folded::quiet;
}

Folded Fold::offer_approved(In& in) { return answer_offer(in, true); }
Folded Fold::offer_refused(In& in) { return answer_offer(in, false); }

Folded Fold::offer_ended(In& in) {
  const Id16 id = in.facts.id("offer");
  const MemberNo member = in.facts.u32_if("member");
  const std::string how = in.facts.name("how");
  if (!in.facts.ok()) return Folded::malformed;
  end_offer(id, how, member, state_.place(in.event), std::nullopt);
  return Folded::quiet;
}

// Of a request that gives something away: called once it is known to be readable otherwise.
bool Fold::read_payout(Facts& facts, std::string_view kind, PayoutRecord& out) {
  out.kind = kind;
  out.shop = facts.name_if("shop");
  out.order = facts.id_if("order");
  out.offer = facts.id_if("offer");
  out.step = facts.u32_if("step");
  out.member = facts.u32_if("member");
  out.amount = facts.int_if("amount");
  out.value = facts.has("value") ? facts.int_if("value") : out.amount;
  out.currency = facts.name_if("currency");
  out.cause = facts.name_if("cause");
  out.liable = facts.name_if("liable");
  const std::string purpose = facts.name_if("purpose");
  const auto known = purpose.empty() ? Purpose::settlement : purpose_from(purpose);
  facts.require(known.has_value() && (out.currency.empty() || may_be_currency(out.currency)));
  facts.require(out.amount >= 0 && out.amount <= money_max && out.value >= 0 &&
                out.value <= money_max);
  if (const View charge = facts.raw("charge"); !charge.is_nil()) {
    Facts fields(charge);
    out.period = fields.u32_if("period");
    out.count = fields.uint("count", money_max);
    out.shared = fields.uint_if("shared", money_max);
    facts.require(fields.ok() && out.shared <= out.count);
  }
  if (!facts.ok()) return false;
  out.purpose = static_cast<std::uint8_t>(*known);
  return true;
}

void Fold::save_payout(const Id16& id, const PayoutRecord& payout) {
  state_.edit<PayoutRecord>(table::payouts, id, [&](PayoutRecord& record) { record = payout; });
  if (!payout.offer || payout.by_hand()) return;
  state_.edit<OfferRecord>(table::offers, *payout.offer, [&](OfferRecord& offer) {
    take(offer, {payout.step, payout.at, id});
  });
}

Folded Fold::payment_recorded(In& in) {
  PayoutRecord paid;
  const std::uint64_t at_ms = in.facts.uint("at");
  const View proof = in.facts.raw("proof");
  in.facts.require(proof.is_array() && proof.size() > 0 && proof.size() <= proofs_max);
  for (const View hash : proof) in.facts.require(hash.as_bin().size() == sizeof(Id32));
  in.facts.require(in.facts.has("order") && in.facts.int_if("amount") > 0);
  if (!in.facts.ok() || !read_payout(in.facts, "hand", paid)) return Folded::malformed;
  paid.at = state_.place(in.event);
  paid.at_ms = at_ms;
  save_payout(in.event.id, paid);
  return Folded::quiet;
}

Folded Fold::refund_seen(In& in) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("refund");
  OutsideRecord seen;
  seen.shop = facts.name("shop");
  seen.order = facts.id("order");
  seen.amount = facts.int_if("amount");
  seen.currency = facts.name("currency");
  seen.at_ms = facts.uint("at");
  seen.request = facts.id_if("request");
  seen.failed = facts.flag_if("failed");
  facts.require(seen.amount > 0 && seen.amount <= money_max && may_be_currency(seen.currency));
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit<OutsideRecord>(table::outside, id, [&](OutsideRecord& refund) {
    if (!take_latest(refund.at, at)) return;
    refund.shop = seen.shop;
    refund.order = seen.order;
    refund.amount = seen.amount;
    refund.currency = seen.currency;
    refund.at_ms = seen.at_ms;
    refund.request = seen.request;
    refund.failed = seen.failed;
  });
  return Folded::quiet;
}

Folded Fold::refund_booked(In& in) {
  const Id16 id = in.facts.id("refund");
  const MemberNo member = in.facts.u32_if("member");
  const std::uint32_t period = in.facts.u32_if("period");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit<OutsideRecord>(table::outside, id, [&](OutsideRecord& refund) {
    if (!take_latest(refund.booked_at, at)) return;
    refund.member = member;
    refund.period = period;
  });
  return Folded::quiet;
}

// Only its holder gives of an allowance.
Folded Fold::allowance_moved(In& in) {
  Facts& facts = in.facts;
  Purse purse;
  const auto purpose = purpose_from(facts.name("purpose"));
  purse.member = facts.member("member");
  purse.period = facts.u32_if("period");
  purse.currency = facts.name_if("currency");
  MovedRecord moved;
  moved.from = in.event.key.log.peer;
  moved.to = facts.peer("to");
  moved.count = facts.uint("count", money_max);
  moved.shared = facts.uint_if("shared", money_max);
  facts.require(
      purpose && moved.count > 0 && moved.shared <= moved.count &&
      (purpose == Purpose::gift ? may_be_currency(purse.currency) : purse.currency.empty()));
  if (!facts.ok()) return Folded::malformed;
  purse.purpose = *purpose;
  state_.save(table::moved, purse_key(purse).place(state_.place(in.event)), moved);
  return Folded::quiet;
}

Folded Fold::limit_set(In& in) {
  Facts& facts = in.facts;
  const std::string name = facts.name("name");
  const std::string scope = facts.name_if("scope");
  const std::string currency = facts.name_if("currency");
  const bool removed = facts.flag_if("removed");
  const std::int64_t value = removed ? 0 : static_cast<std::int64_t>(facts.uint("value"));
  if (!facts.ok()) return Folded::malformed;
  const Key key = Key().text(name).end().text(scope).end().text(currency);
  LimitRecord limit = state_.load<LimitRecord>(table::limits, key);
  if (take_latest(limit.at, state_.place(in.event))) {
    limit.value = value;
    limit.removed = removed;
  }
  state_.save(table::limits, key, limit);
  return Folded::quiet;
}

}  // namespace deskmate::desk
