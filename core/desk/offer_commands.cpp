// Offers, approvals, allowances: checked, and the events of it. README.md ("Money") has the rules.
#include <algorithm>
#include <array>
#include <string>

#include "core/desk/commands.hpp"
#include "core/desk/money.hpp"

namespace deskmate::desk {
namespace {

constexpr std::array<std::string_view, 6> liable_parties = {"",        "buyer",    "shop",
                                                            "courier", "platform", "third"};
constexpr std::array<std::string_view, 3> ends = {"declined", "withdrawn", "void"};

Result<void> check_reason(std::string_view text) {
  return check_text(text, text_max, Errc::reason_required, "reason");
}

Array texts(const std::vector<std::string>& list) {
  Array out;
  for (const std::string& one : list) out.emplace_back(one);
  return out;
}

void add_charge(Map& facts, const Money::Fit& fit) {
  Map charge{{"period", fit.purse.period}, {"count", fit.count}};
  if (fit.shared != 0) charge.add("shared", fit.shared);
  facts.add("charge", Value(std::move(charge)));
}

View view_of(Document& document, const std::string& bytes) {
  if (bytes.empty() || !document.parse(bytes)) return View();
  return document.root();
}

}  // namespace

// What a member may give to whom: the amounts, as far as they can be told without the shop.
Result<std::int64_t> Commands::check_steps(const Id16& id, const OrderRecord& order,
                                           const std::vector<StepRecord>& steps) const {
  std::int64_t sum = 0;
  std::int64_t refunds = 0;
  for (const StepRecord& step : steps) {
    if (!gives_money(step.kind)) {
      return Error{Errc::bad_value, "refund, coupon, resend, discount", "kind"};
    }
    const bool counted = step.kind != "resend";
    if (step.amount < 0 || step.amount > money_max || counted != (step.amount > 0)) {
      return Error{Errc::bad_amount, {}, "amount"};
    }
    if (step.kind == "refund") refunds = add_money(refunds, step.amount);
    sum = add_money(sum, step.value);
  }
  if (refunds > Money(state_, policy_).order_money(id, order).left() || sum > money_max) {
    return Error{Errc::bad_amount, {}, "amount"};
  }
  return sum;
}

// A coupon on an order that nobody has paid is a discount, whatever it is called.
Purpose Commands::purpose_on(const OrderRecord& order, Purpose said) {
  return order.paid == 0 && said == Purpose::settlement ? Purpose::discount : said;
}

Map Commands::offer_facts(const OfferRecord& offer) {
  Array steps;
  for (const StepRecord& one : offer.steps) {
    Map step{{"kind", one.kind}};
    if (one.amount != 0) step.add("amount", one.amount);
    if (one.value != one.amount) step.add("value", one.value);
    if (!one.extra.empty()) step.add("extra", decode(one.extra).value_or(Value()));
    steps.emplace_back(std::move(step));
  }
  Map facts{{"shop", offer.shop},
            {"order", Value::bin(*offer.order)},
            {"purpose", to_string(static_cast<Purpose>(offer.purpose))},
            {"currency", offer.currency},
            {"steps", std::move(steps)}};
  const auto add = [&](const char* name, const std::string& word) {
    if (!word.empty()) facts.add(name, word);
  };
  const auto add_id = [&](const char* name, const std::optional<Id16>& id) {
    if (id) facts.add(name, Value::bin(*id));
  };
  add_id("chat", offer.chat);
  add_id("case", offer.about);
  add_id("buyer", offer.buyer);
  add_id("instead", offer.instead);
  if (offer.member != 0) facts.add("member", offer.member);
  add("rule", offer.rule);
  add("version", offer.rule_version);
  add("standard", offer.standard);
  add("liable", offer.liable);
  add("cause", offer.cause);
  if (offer.direct) facts.add("direct", true);
  if (!offer.needs.empty()) facts.add("needs", texts(offer.needs));
  if (!offer.passed.empty()) facts.add("passed", texts(offer.passed));
  return facts;
}

Result<Proposal> Commands::propose_offer(const OfferSpec& spec, std::uint64_t now_ms) const {
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(spec.order));
  if (!order || !order->at.any()) return Error{Errc::no_such_order, {}, "order"};
  if (spec.member == 0 && !is_name(spec.rule)) return Error{Errc::bad_value, {}, "rule"};
  if (spec.member != 0) {
    if (const auto known = member_of(spec.member); !known) return known.error();
  }
  for (const auto& [word, where] :
       {std::pair(&spec.rule, "rule"), std::pair(&spec.rule_version, "version")}) {
    if (!word->empty() && !is_name(*word)) return Error{Errc::bad_value, {}, where};
  }
  if (const auto fits = check_one_of(liable_parties, spec.liable, "liable"); !fits)
    return fits.error();
  if (const auto fits = check_one_of(causes, spec.cause, "cause"); !fits) return fits.error();
  if (spec.passed.size() > passed_max) {
    return Error{Errc::too_many, std::to_string(passed_max), "passed"};
  }
  if (const auto fits = check_reason(spec.text); !fits) return fits.error();
  if (!spec.currency.empty() && spec.currency != order->currency) {
    return Error{Errc::bad_amount, {}, "currency"};
  }
  if (count(table::order_offers, Key().id(spec.order), offers_of_order_max) ==
      offers_of_order_max) {
    return Error{Errc::too_many, std::to_string(offers_of_order_max), "order"};
  }
  OfferRecord made;
  made.shop = order->shop;
  made.order = spec.order;
  made.buyer = order->buyer;
  made.chat = spec.chat;
  made.about = spec.about;
  made.member = spec.member;
  made.rule = spec.rule;
  made.rule_version = spec.rule_version;
  made.standard = spec.standard;
  made.currency = order->currency;
  made.liable = spec.liable;
  made.cause = spec.cause;
  made.instead = spec.instead;
  made.passed = spec.passed;
  if (spec.chat) {
    if (const auto chat = chat_of(*spec.chat); !chat) return chat.error();
  }
  if (spec.about) {
    if (const auto about = case_of(*spec.about); !about) return about.error();
  }
  if (spec.instead) {
    const auto other = open_offer(*spec.instead);
    if (!other) return other.error();
    if (other->order != spec.order) return Error{Errc::bad_value, {}, "instead"};
  }
  const Money money(state_, policy_);
  std::vector<OfferStep> steps = spec.steps;
  if (!spec.standard.empty()) {
    if (!steps.empty()) return Error{Errc::bad_value, {}, "steps"};
    for (StandardOffer& one : money.standard_offers(spec.order, *order, spec.member)) {
      if (one.name == spec.standard) steps = std::move(one.steps);
    }
    if (steps.empty()) return Error{Errc::bad_value, {}, "standard"};
  }
  if (steps.empty() || steps.size() > offer_steps_max) {
    return Error{Errc::bad_value, "1-" + std::to_string(offer_steps_max), "steps"};
  }
  for (const OfferStep& one : steps) {
    made.steps.push_back(
        {one.kind, one.amount, money.value_of(one.kind, one.amount, *order, View()), {}});
  }
  const auto sum = check_steps(spec.order, *order, made.steps);
  if (!sum) return sum.error();
  const Purpose purpose = purpose_on(*order, spec.purpose);
  made.purpose = static_cast<std::uint8_t>(purpose);
  // Who proposes hears at once what will be asked; it is looked at again when it is carried out.
  if (spec.member != 0) made.needs = money.fit(spec.member, purpose, *order, *sum, now_ms).needs;
  Proposal out = proposal("offer.proposed", offer_facts(made));
  out.body = Value::map({{"text", spec.text}});
  out.buyer = made.buyer;
  return out;
}

Result<OfferRecord> Commands::offer_of(const Id16& id) const {
  auto offer = state_.find<OfferRecord>(table::offers, Key().id(id));
  if (!offer || !offer->at.any()) return Error{Errc::no_such_offer, {}, "offer"};
  return std::move(*offer);
}

Result<OfferRecord> Commands::open_offer(const Id16& id) const {
  auto offer = offer_of(id);
  if (offer && !offer->open()) return Error{Errc::over, {}, "offer"};
  return offer;
}

Result<Proposal> Commands::read_back(const Id16& id, MemberNo member, std::string_view text) const {
  const auto offer = open_offer(id);
  if (!offer) return offer.error();
  if (offer->direct) return Error{Errc::bad_value, {}, "offer"};
  if (!offer->chat) {  // on the telephone, say
    if (const auto known = member_of(member); !known) return known.error();
    if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) {
      return fits.error();
    }
    Proposal out = proposal("offer.read_back", {{"offer", Value::bin(id)}, {"member", member}});
    out.body = Value::map({{"text", text}});
    out.buyer = offer->buyer;
    return out;
  }
  auto out = reply(*offer->chat, member, text, {});
  if (out) out->facts["offer"] = Value::bin(id);
  return out;
}

Result<Proposal> Commands::confirm_offer(const Id16& id, MemberNo member,
                                         std::string_view text) const {
  const auto offer = open_offer(id);
  if (!offer) return offer.error();
  if (const auto known = member_of(member); !known) return known.error();
  if (offer->direct || offer->confirmed_at.any()) return Error{Errc::over, {}, "offer"};
  if (!offer->read_at.any()) return Error{Errc::not_read_back, {}, "offer"};
  Map facts{{"offer", Value::bin(id)}, {"member", member}};
  if (!is_blank(text)) {
    if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) {
      return fits.error();
    }
  } else {
    // The buyer's own words, in the chat.
    std::optional<Id16> message;
    if (offer->chat) {
      state_.each(table::talk_in, Key().id(*offer->chat), true,
                  [&](std::string_view key, std::string_view value) {
                    if (offer->read_at < place_of(key.substr(sizeof(Id16)))) {
                      message = id_at(value, 8);
                    }
                    return false;
                  });
    }
    if (!message) return Error{Errc::not_confirmed, {}, "text"};
    facts.add("message", Value::bin(*message));
  }
  Proposal out = proposal("offer.confirmed", std::move(facts));
  if (!is_blank(text)) out.body = Value::map({{"text", text}});
  out.buyer = offer->buyer;
  return out;
}

Result<Proposal> Commands::end_offer(const Id16& id, MemberNo member, std::string_view how,
                                     std::string_view text) const {
  const auto offer = open_offer(id);
  if (!offer) return offer.error();
  if (const auto known = member_of(member); !known) return known.error();
  if (const auto fits = check_one_of(ends, how, "how"); !fits) return fits.error();
  Proposal out =
      proposal("offer.ended", {{"offer", Value::bin(id)}, {"member", member}, {"how", how}});
  if (!is_blank(text)) {
    if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) {
      return fits.error();
    }
    out.body = Value::map({{"text", text}});
    out.buyer = offer->buyer;
  }
  return out;
}

// R50, R81: beyond the authority of whoever proposed. On record: who, and why (R83).
Result<Proposal> Commands::answer_offer(const Id16& id, MemberNo by, bool approved,
                                        std::string_view reason) const {
  const auto offer = open_offer(id);
  if (!offer) return offer.error();
  if (const auto known = member_of(by); !known) return known.error();
  if (!offer->waits_for_approval()) return Error{Errc::not_asked, {}, "offer"};
  const Money::Approver may = Money(state_, policy_).approver(offer->whose(), by);
  if (may == Money::Approver::no) return Error{Errc::not_theirs, std::to_string(by)};
  if (const auto fits = check_reason(reason); !fits) return fits.error();
  Proposal out = proposal(approved ? "offer.approved" : "offer.refused",
                          {{"offer", Value::bin(id)}, {"member", by}});
  if (may == Money::Approver::own) out.facts["own"] = true;
  out.body = Value::map({{"text", reason}});
  out.buyer = offer->buyer;
  return out;
}

// What becomes of an offer that is ready: its requests, all together; or what it has to wait for.
Result<Proposals> Commands::carry_out(const Id16& id, MemberNo by, std::uint64_t now_ms) const {
  const auto offer = offer_of(id);
  if (!offer) return offer.error();
  if (!offer->ready()) return Error{Errc::over, {}, "offer"};
  const EventRef made = state_.ref(offer->at);
  if (made.log.peer != self()) return Error{Errc::not_here, {}, "offer"};
  const Money money(state_, policy_);
  // Restored: what the log before this one asked for may not be known.
  const bool lost = made.log.incarnation != policy_.self.incarnation;
  if (!money.at_work() || (lost && by == 0)) return Error{Errc::not_now, {}};
  if (by != 0) {
    if (const auto known = member_of(by); !known) return known.error();
  }
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(*offer->order));
  const auto sum = order ? check_steps(*offer->order, *order, offer->steps)
                         : Result<std::int64_t>(Error{Errc::no_such_order, {}});
  if (!sum) {
    return Proposals{proposal("offer.ended", {{"offer", Value::bin(id)}, {"how", "void"}})};
  }
  const auto purpose = static_cast<Purpose>(offer->purpose);
  Money::Fit fit;
  if (!offer->approved) {
    fit = money.fit(offer->whose(), purpose, *order, *sum, now_ms);
    if (!fit.needs.empty()) {
      return Proposals{
          proposal("offer.held", {{"offer", Value::bin(id)}, {"needs", texts(fit.needs)}})};
    }
  }
  Proposals out;
  for (std::size_t i = 0; i < offer->steps.size(); ++i) {
    const StepRecord& step = offer->steps[i];
    Map facts{{"shop", offer->shop},
              {"order", Value::bin(*offer->order)},
              {"member", offer->whose()},
              {"offer", Value::bin(id)},
              {"step", i},
              {"purpose", to_string(purpose)}};
    if (step.kind != "resend") {
      facts.add("amount", step.amount);
      facts.add("currency", offer->currency);
    } else {
      facts.add("value", step.value);
      facts.add("currency", offer->currency);
    }
    if (offer->chat) facts.add("chat", Value::bin(*offer->chat));
    if (!offer->liable.empty()) facts.add("liable", offer->liable);
    if (!offer->cause.empty()) facts.add("cause", offer->cause);
    if (offer->approved) facts.add("approved_by", offer->answered_by);
    if (i == 0 && !offer->approved) add_charge(facts, fit);
    Document document;
    for (const auto [key, value] : view_of(document, step.extra).members()) {
      if (!facts.contains(key)) facts.add(std::string(key), value.to_value());
    }
    Proposal request = proposal(step.kind + ".requested", std::move(facts));
    request.request = true;
    request.buyer = offer->buyer;
    request.subject = state_.ref(order->at);
    request.words = made;
    out.push_back(std::move(request));
  }
  return out;
}

std::vector<Proposals> Commands::carry_out_ready(std::uint64_t now_ms) const {
  std::vector<Proposals> out;
  state_.each(table::offers_ready, {}, false, [&](std::string_view key, std::string_view) {
    auto made = carry_out(id_at(key, 0), 0, now_ms);
    if (made) out.push_back(std::move(*made));
    return out.size() < offers_at_once_max;
  });
  return out;
}

// An action that gives something away: the request, or where it is beyond the member's authority an
// offer that waits for approval.
Result<Proposal> Commands::give(const ActionSpec& action, const OrderRecord& order,
                                std::uint64_t now_ms) const {
  const Money money(state_, policy_);
  const MemberRecord member = state_.load<MemberRecord>(table::members, Key().u32(action.member));
  StepRecord step;
  step.kind = action.kind;
  step.amount = action.amount.value_or(0);
  if (action.kind == "coupon" && !action.amount) {
    step.amount = money.limit(offer_coupon, action.member, member.role, order.currency);
  }
  if (action.amount && *action.amount <= 0) return Error{Errc::bad_amount, {}, "amount"};
  if (!action.currency.empty() && action.currency != order.currency) {
    return Error{Errc::bad_amount, {}, "currency"};
  }
  if (const auto fits = check_one_of(liable_parties, action.liable, "liable"); !fits)
    return fits.error();
  if (const auto fits = check_one_of(causes, action.cause, "cause"); !fits) return fits.error();
  if (!action.facts.as_map().empty()) step.extra = encode(action.facts);
  if (step.extra.size() > step_extra_max) {
    return Error{Errc::too_long, std::to_string(step_extra_max), "facts"};
  }
  Document document;
  step.value = money.value_of(step.kind, step.amount, order, view_of(document, step.extra));
  if (action.kind == "resend") step.amount = 0;
  const auto sum = check_steps(action.order, order, {step});
  if (!sum) return sum.error();
  const Purpose purpose = purpose_on(order, action.purpose);
  const Money::Fit fit = money.fit(action.member, purpose, order, *sum, now_ms);
  Proposal out;
  if (fit.needs.empty()) {
    Map facts{{"shop", order.shop},
              {"order", Value::bin(action.order)},
              {"member", action.member},
              {"purpose", to_string(purpose)},
              {"currency", order.currency}};
    facts.add(step.kind == "resend" ? "value" : "amount",
              step.kind == "resend" ? step.value : step.amount);
    if (!action.liable.empty()) facts.add("liable", action.liable);
    if (!action.cause.empty()) facts.add("cause", action.cause);
    add_charge(facts, fit);
    for (const auto& [key, value] : action.facts.as_map()) {
      if (!facts.contains(key) && key != "offer" && key != "step") facts.add(key, value);
    }
    out = proposal(action.kind + ".requested", std::move(facts));
    out.request = true;
    out.subject = state_.ref(order.at);
  } else {
    if (!money.at_work()) return Error{Errc::not_now, {}};
    OfferRecord made;
    made.shop = order.shop;
    made.order = action.order;
    made.buyer = order.buyer;
    made.member = action.member;
    made.currency = order.currency;
    made.liable = action.liable;
    made.cause = action.cause;
    made.purpose = static_cast<std::uint8_t>(purpose);
    made.direct = true;
    made.needs = fit.needs;
    made.steps = {step};
    out = proposal("offer.proposed", offer_facts(made));
  }
  if (action.body.is_map() && !action.body.as_map().empty()) out.body = action.body;
  out.buyer = order.buyer;
  return out;
}

Result<Proposal> Commands::move_allowance(const Purse& purse, const PeerId& to, std::int64_t count,
                                          MemberNo by) const {
  const auto member = member_of(purse.member);
  if (!member) return member.error();
  if (by != 0) {
    if (const auto known = member_of(by); !known) return known.error();
  }
  const Peers peers(state_);
  const PeerRecord* other = peers.find(to);
  if (to == self() || other == nullptr || other->removed_at.any()) {
    return Error{Errc::no_such_peer, {}, "to"};
  }
  const PurseView view = Money(state_, policy_).purse(purse);
  if (count <= 0 || count > view.here) {
    return Error{Errc::bad_value, "1-" + std::to_string(view.here), "count"};
  }
  // What nobody was given goes first.
  const auto own = view.shares.find(self());
  const std::int64_t shared = own == view.shares.end() ? 0 : own->second;
  Map facts{{"purpose", to_string(purse.purpose)},
            {"member", purse.member},
            {"period", purse.period},
            {"from", Value::bin(bytes_of(self()))},
            {"to", Value::bin(bytes_of(to))},
            {"count", count}};
  if (!purse.currency.empty()) facts.add("currency", purse.currency);
  if (by != 0) facts.add("by", by);
  const std::int64_t of_share = std::max<std::int64_t>(0, count - (view.here - shared));
  if (of_share != 0) facts.add("shared", of_share);
  return proposal("allowance.moved", std::move(facts));
}

Result<Proposal> Commands::set_limit(const LimitView& limit, bool removed, MemberNo by) const {
  const auto& all = money_limits();
  const auto known = std::find_if(all.begin(), all.end(),
                                  [&](const Limit& one) { return one.name == limit.name; });
  if (known == all.end()) {
    std::string list;
    for (const Limit& one : all) list += (list.empty() ? "" : ", ") + std::string(one.name);
    return Error{Errc::bad_value, list, "name"};
  }
  const bool currency =
      limit.currency.size() == 3 && std::all_of(limit.currency.begin(), limit.currency.end(),
                                                [](char c) { return c >= 'A' && c <= 'Z'; });
  if (known->money ? !currency : !limit.currency.empty()) {
    return Error{Errc::bad_value, known->money ? "ISO 4217" : "", "currency"};
  }
  const std::string_view scope = limit.scope;
  if (scope.starts_with("role:")) {
    if (!authority(scope.substr(5))) {
      return Error{Errc::no_such_role, std::string(scope.substr(5)), "scope"};
    }
  } else if (scope.starts_with("member:")) {
    const auto members = state_.members();
    if (std::none_of(members.begin(), members.end(), [&](const auto& one) {
          return std::to_string(one.first) == scope.substr(7);
        })) {
      return Error{Errc::no_such_member, std::string(scope.substr(7)), "scope"};
    }
  } else if (!scope.empty()) {
    return Error{Errc::bad_value, "role:…, member:…", "scope"};
  }
  if (!removed && (limit.value < 0 || limit.value > known->most)) {
    return Error{Errc::bad_value, "0-" + std::to_string(known->most), "value"};
  }
  Map facts{{"name", limit.name}};
  if (!limit.scope.empty()) facts.add("scope", limit.scope);
  if (!limit.currency.empty()) facts.add("currency", limit.currency);
  if (removed) {
    facts.add("removed", true);
  } else {
    facts.add("value", limit.value);
  }
  if (by != 0) facts.add("by", by);
  return proposal("limit.set", std::move(facts));
}

Result<Proposal> Commands::record_payment(const PaidByHand& paid, std::uint64_t now_ms) const {
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(paid.order));
  if (!order || !order->at.any()) return Error{Errc::no_such_order, {}, "order"};
  const auto member = member_of(paid.member);
  if (!member) return member.error();
  const Money money(state_, policy_);
  if (paid.amount <= 0 || paid.amount > money.order_money(paid.order, *order).left()) {
    return Error{Errc::bad_amount, {}, "amount"};
  }
  if (!paid.currency.empty() && paid.currency != order->currency) {
    return Error{Errc::bad_amount, {}, "currency"};
  }
  if (const auto fits = check_one_of(liable_parties, paid.liable, "liable"); !fits)
    return fits.error();
  if (const auto fits = check_one_of(causes, paid.cause, "cause"); !fits) return fits.error();
  if (paid.at_ms > now_ms + policy_.skew_ms) return Error{Errc::bad_time, {}, "at_ms"};
  if (paid.proof.empty())
    return Error{Errc::bad_value, "1-" + std::to_string(reply_files_max), "proof"};
  if (const auto fit = check_files(paid.proof); !fit) return fit.error();
  if (paid.offer) {
    if (const auto offer = offer_of(*paid.offer); !offer) return offer.error();
  }
  const std::uint64_t at_ms = paid.at_ms != 0 ? paid.at_ms : now_ms;
  const Purse purse =
      money.purse_of(Purpose::settlement, paid.member, *member, order->currency, at_ms);
  Array proof;
  for (const ReplyFile& file : paid.proof) proof.push_back(Value::bin(file.hash));
  Map facts{{"shop", order->shop},
            {"order", Value::bin(paid.order)},
            {"member", paid.member},
            {"amount", paid.amount},
            {"currency", order->currency},
            {"at", at_ms},
            {"proof", std::move(proof)},
            {"charge", Value::map({{"period", purse.period}, {"count", 1}})}};
  if (order->buyer) facts.add("buyer", Value::bin(*order->buyer));
  if (paid.offer) facts.add("offer", Value::bin(*paid.offer));
  if (!paid.liable.empty()) facts.add("liable", paid.liable);
  if (!paid.cause.empty()) facts.add("cause", paid.cause);
  Proposal out = proposal("payment.recorded", std::move(facts));
  out.body = Value::map({{"text", paid.text}});
  (*out.body)["files"] = files_value(paid.proof);
  out.buyer = order->buyer;
  return out;
}

Result<Proposal> Commands::book_refund(const Id16& refund, MemberNo member, MemberNo by) const {
  const auto seen = state_.find<OutsideRecord>(table::outside, Key().id(refund));
  if (!seen || !seen->at.any()) return Error{Errc::bad_value, {}, "refund"};
  const auto whose = member_of(member);
  if (!whose) return whose.error();
  const Money money(state_, policy_);
  const Purse purse =
      money.purse_of(Purpose::settlement, member, *whose, seen->currency, seen->at_ms);
  Map facts{{"refund", Value::bin(refund)}, {"member", member}, {"period", purse.period}};
  if (by != 0) {
    if (const auto known = member_of(by); !known) return known.error();
    if (money.approver(member, by) == Money::Approver::no) {
      return Error{Errc::not_allowed, std::to_string(by)};
    }
    facts.add("by", by);
  }
  return proposal("refund.booked", std::move(facts));
}

// Refunds made in the admin of a shop that this peer's connector reads: counted for whoever served
// the buyer last, or for the only member there is.
Proposals Commands::book_refunds() const {
  Proposals out;
  const Money money(state_, policy_);
  for (const OutsideView& one : money.outside(false, outside_shown_max)) {
    const auto seen = state_.load<OutsideRecord>(table::outside, Key().id(one.refund));
    if (seen.booked_at.any() || state_.ref(seen.at).log.peer != self()) continue;
    MemberNo member = 0;
    const auto order =
        one.order ? state_.find<OrderRecord>(table::orders, Key().id(*one.order)) : std::nullopt;
    if (order && order->buyer) {
      if (const auto served = state_.last_served(state_.group(*order->buyer))) {
        member = served->member;
      }
    }
    if (const auto known = member_of(member); !known) {
      member = 0;
      const auto all = state_.members();
      std::size_t there = 0;
      for (const auto& [number, record] : all) {
        if (record.removed || !record.known()) continue;
        ++there;
        member = number;
      }
      if (there != 1) continue;
    }
    auto booked = book_refund(one.refund, member, 0);
    if (booked) out.push_back(std::move(*booked));
    if (out.size() == offers_at_once_max) break;
  }
  return out;
}

}  // namespace deskmate::desk
