// Offers, approvals, allowances, and what was given away.
#include "core/daemon/money_methods.hpp"
#include "core/daemon/case_advice.hpp"

#include <algorithm>

#include "core/daemon/draft_guard.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/problem_words.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::uint64_t ledger_span_ms = 366ull * 24 * 3'600'000;  // where nothing is said

// An offer by its id, or the beginning of one that is open, or of one of the latest.
Result<desk::Id16> offer_of(Service& service, const Call& call) {
  return id_in(service, call, "offer", [&service] {
    std::vector<desk::Id16> out;
    desk::OfferFilter all;
    all.which = desk::OfferFilter::Which::all;
    const auto page = service.desk.offers(all, {}, rows_max);
    if (!page) return out;
    for (const auto& one : page->rows) out.push_back(one.id);
    return out;
  });
}

// With what people call the chat and the order.
Value shown(Service& service, const Present& present, const desk::OfferView& view) {
  Value out = present.offer(view);
  if (view.chat) {
    const auto row = service.desk.chat_row(*view.chat, service.options.wall_ms());
    if (row) out["chat"] = row->number;
  }
  if (view.order) {
    const auto order = service.desk.order(*view.order);
    if (order) {
      const Value one = present.order(*order);
      if (one["number"].is_str()) out["order"] = one["number"];
    }
  }
  return out;
}

// What has to be checked and folded before the next is. Of one event.
using Propose = std::function<desk::Result<desk::Proposal>()>;
void in_turn(Service& service, desk::Language language, Propose propose, Answer answer,
             std::function<void(const desk::Proposal&, Value&)> more = {}) {
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto made = std::make_shared<desk::Proposal>();
  service.money.run(
      [language, propose = std::move(propose), made]() -> Result<desk::Proposals> {
        auto proposal = propose();
        if (proposal.has_error()) return to_error(proposal.error(), language);
        *made = proposal.value();
        return desk::Proposals{std::move(proposal.value())};
      },
      [kept, made, more = std::move(more)](const Result<std::vector<Outcome>>& result) {
        if (!result) return kept->fail(result.error());
        Value said =
            Value::map({{"event", hex(result->front().id)}, {"arrival", result->front().arrival}});
        if (more) more(*made, said);
        kept->ok(said);
      });
}

Result<std::vector<desk::OfferStep>> steps_of(Service& service, const Call& call) {
  std::vector<desk::OfferStep> out;
  for (const View one : call.params["steps"]) {
    const View amount = one["amount"];
    if (!one["kind"].is_str() || !(amount.is_nil() || amount.is_int())) {
      return refused(service, call, desk::Errc::bad_value, "kind, amount", "steps");
    }
    out.push_back({std::string(one["kind"].as_str()), amount.as_int()});
  }
  return out;
}

// An offer that a rule suggests for a problem of the order: the rule is on record, and its words
// are the reason where nobody gives another.
void name_rule(Service& service, const Call& call, desk::OfferSpec& spec) {
  for (const auto& problem : service.desk.problems().of({.order = spec.order})) {
    const auto& found = problem.finding;
    const bool suggests =
        std::find(found.fixes.begin(), found.fixes.end(), spec.standard) != found.fixes.end();
    if (!problem.open || !suggests) continue;
    spec.rule = found.rule;
    spec.rule_version = found.version;
    if (spec.text.empty()) {
      spec.text = problem_text(found.kind, found.code, found.params, words_of(service, call));
    }
    return;
  }
}

void offer_propose(Service& service, const Call& call, Answer answer) {
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  const auto chat = chat_if(service, call);
  if (!chat) return answer.fail(chat.error());
  const auto about = case_if(service, call);
  if (!about) return answer.fail(about.error());
  const auto member = *chat ? actor_on(service, call, **chat) : actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto purpose = purpose_in(service, call);
  if (!purpose) return answer.fail(purpose.error());
  const auto steps = steps_of(service, call);
  if (!steps) return answer.fail(steps.error());
  const auto instead = id_if(service, call, "instead");
  if (!instead) return answer.fail(instead.error());
  desk::OfferSpec spec;
  spec.member = *member;
  spec.chat = *chat;
  spec.about = *about;
  spec.order = order->id;
  spec.purpose = *purpose;
  spec.standard = text_in(call, "standard");
  spec.steps = *steps;
  spec.currency = text_in(call, "currency");
  spec.liable = text_in(call, "liable");
  spec.cause = text_in(call, "cause");
  spec.instead = *instead;
  spec.text = text_in(call, "reason");
  if (!spec.standard.empty()) name_rule(service, call, spec);
  const auto kept = std::make_shared<Answer>(std::move(answer));
  keep_to_advice(service, spec, call.params["anyway"].as_bool(), words_of(service, call),
                 [&service, kept,
                  language = language_of(service, call)](const Result<desk::OfferSpec>& ruled) {
                   if (!ruled) return kept->fail(ruled.error());
                   in_turn(
                       service, language,
                       [&service, spec = *ruled] {
                         return service.desk.propose_offer(spec, service.options.wall_ms());
                       },
                       std::move(*kept),
                       [](const desk::Proposal& made, Value& said) {
                         said["offer"] = Value(std::as_const(said)["event"]);
                         if (made.facts["needs"].size() > 0) said["needs"] = made.facts["needs"];
                       });
                 });
}

void offer_standard(Service& service, const Call& call, Answer answer) {
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  Array out;
  for (const auto& one : service.desk.standard_offers(order->id, member_of(call))) {
    Array steps;
    for (const auto& step : one.steps) {
      Value shows = Value::map({{"kind", step.kind}});
      if (step.amount != 0) shows["amount"] = step.amount;
      steps.push_back(std::move(shows));
    }
    out.push_back(Value::map({{"standard", one.name},
                              {"currency", order->currency},
                              {"fast", one.fast},
                              {"steps", std::move(steps)}}));
  }
  const auto money = service.desk.order_money(order->id);
  answer.ok(Value::map({{"offers", std::move(out)},
                        {"paid", money.paid},
                        {"refunded", money.refunded},
                        {"left", money.left()},
                        {"currency", order->currency}}));
}

void offer_read_back(Service& service, const Call& call, Answer answer) {
  const auto id = offer_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto offer = service.desk.offer(*id);
  if (!offer) {
    return answer.fail(refused(service, call, desk::Errc::no_such_offer, hex(*id), "offer"));
  }
  const auto member = offer->chat ? actor_on(service, call, *offer->chat) : actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto language = language_of(service, call);
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto send = [&service, language, kept, id = *id, member = *member,
                     text = text_in(call, "text")] {
    finish(service, language, service.desk.read_back(id, member, text), kept);
  };
  if (!offer->chat) return send();
  const DraftSpec draft{*offer->chat, text_in(call, "text"), words_of(service, call),
                        call.params["anyway"].as_bool()};
  when_may_answer(
      service, *offer->chat, language,
      [&service, draft, send, kept] {
        look_at_draft(service, draft, [send, kept](const DraftSeen& seen) {
          seen.refused ? kept->fail(*seen.refused) : send();
        });
      },
      [kept](const Error& error) { kept->fail(error); });
}

// What somebody says of an offer.
template <class Say>
void on_offer(Service& service, const Call& call, Answer answer, const Say& say_it) {
  const auto id = offer_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  in_turn(
      service, language_of(service, call),
      [say_it, id = *id, member = *member] { return say_it(id, member); }, std::move(answer));
}

void offer_confirm(Service& service, const Call& call, Answer answer) {
  on_offer(service, call, std::move(answer),
           [&service, text = text_in(call, "text")](const auto& id, auto member) {
             return service.desk.confirm_offer(id, member, text);
           });
}

void offer_end(Service& service, const Call& call, Answer answer) {
  const std::string how(call.params["how"].as_str("withdrawn"));
  if (how == "void") {
    return answer.fail(refused(service, call, desk::Errc::bad_value, "declined, withdrawn", "how"));
  }
  on_offer(service, call, std::move(answer),
           [&service, how, text = text_in(call, "text")](const auto& id, auto member) {
             return service.desk.end_offer(id, member, how, text);
           });
}

void approve(Service& service, const Call& call, Answer answer) {
  on_offer(service, call, std::move(answer),
           [&service, reason = text_in(call, "reason")](const auto& id, auto member) {
             return service.desk.answer_offer(id, member, true, reason);
           });
}

void refuse(Service& service, const Call& call, Answer answer) {
  on_offer(service, call, std::move(answer),
           [&service, reason = text_in(call, "reason")](const auto& id, auto member) {
             return service.desk.answer_offer(id, member, false, reason);
           });
}

// Of an offer whose home was restored: somebody has looked at the shop.
void offer_carry_out(Service& service, const Call& call, Answer answer) {
  const auto id = offer_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto kept = std::make_shared<Answer>(std::move(answer));
  service.money.run(
      [&service, language = language_of(service, call), id = *id,
       member = *member]() -> Result<desk::Proposals> {
        auto made = service.desk.carry_out(id, member, service.options.wall_ms());
        if (made.has_error()) return to_error(made.error(), language);
        return std::move(made.value());
      },
      [kept](const Result<std::vector<Outcome>>& result) {
        if (!result) return kept->fail(result.error());
        kept->ok(
            Value::map({{"event", hex(result->front().id)}, {"arrival", result->front().arrival}}));
      });
}

void list_offers(Service& service, const Call& call, Answer answer,
                 desk::OfferFilter::Which which) {
  desk::OfferFilter filter;
  filter.which = which;
  filter.member = member_in(call, "member");
  const auto chat = chat_if(service, call);
  if (!chat) return answer.fail(chat.error());
  filter.chat = *chat;
  if (call.params.contains("order")) {
    const auto order = one_order_of(service, call);
    if (!order) return answer.fail(order.error());
    filter.order = order->id;
  }
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "offers",
              service.desk.offers(filter, call.params["after"].as_bin(), limit_of(call)),
              [&](const desk::OfferView& one) { return shown(service, present, one); });
}

void offers(Service& service, const Call& call, Answer answer) {
  using Which = desk::OfferFilter::Which;
  const auto view = call.params["view"].as_str("open");
  if (view == "open") return list_offers(service, call, std::move(answer), Which::open);
  if (view == "over") return list_offers(service, call, std::move(answer), Which::over);
  if (view == "all") return list_offers(service, call, std::move(answer), Which::all);
  answer.fail(refused(service, call, desk::Errc::bad_value, "open, over, all", "view"));
}

void approvals(Service& service, const Call& call, Answer answer) {
  list_offers(service, call, std::move(answer), desk::OfferFilter::Which::approvals);
}

void one_offer(Service& service, const Call& call, Answer answer) {
  const auto id = offer_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto found = service.desk.offer(*id);
  if (!found) {
    return answer.fail(refused(service, call, desk::Errc::no_such_offer, hex(*id), "offer"));
  }
  answer.ok(shown(service, present_of(service, call), *found));
}

void authority(Service& service, const Call& call, Answer answer) {
  const std::uint64_t now = service.options.wall_ms();
  const std::string currency(call.params["currency"].as_str("CNY"));
  const desk::MemberNo only = member_of(call);
  Array members;
  for (const auto& member : service.desk.members(now)) {
    if (only != 0 && member.number != only) continue;
    Array purses;
    for (const auto& one : service.desk.purses(member.number, currency, now)) {
      purses.push_back(Present::purse(one));
    }
    members.push_back(Value::map({{"member", member.number},
                                  {"name", member.name},
                                  {"role", member.role},
                                  {"purses", std::move(purses)}}));
  }
  Array limits;
  for (const auto& one : service.desk.limits()) limits.push_back(Present::limit(one));
  Array outside;
  for (const auto& one : service.desk.outside_refunds(false, limit_of(call))) {
    outside.push_back(Present::outside(one));
  }
  answer.ok(Value::map({{"members", std::move(members)},
                        {"limits", std::move(limits)},
                        {"outside", std::move(outside)}}));
}

void authority_set(Service& service, const Call& call, Answer answer) {
  desk::LimitView limit;
  limit.name = text_in(call, "name");
  limit.scope = text_in(call, "scope");
  limit.currency = text_in(call, "currency");
  const bool removed = call.params["removed"].as_bool();
  if (!removed && !call.params["value"].is_int()) {
    return answer.fail(refused(service, call, desk::Errc::bad_value, {}, "value"));
  }
  limit.value = call.params["value"].as_int();
  in_turn(
      service, language_of(service, call),
      [&service, limit, removed, by = member_of(call)] {
        return service.desk.set_limit(limit, removed, by);
      },
      std::move(answer));
}

// A part of a member's allowance: a member's own, or anybody's by a supervisor or an owner.
void allowance_move(Service& service, const Call& call, Answer answer) {
  const bool owner = call.session->rights().may_request("desk.plugin");
  const auto actor = actor_of(service, call);
  if (!actor && !owner) return answer.fail(actor.error());
  const desk::MemberNo by = actor ? *actor : 0;
  const desk::MemberNo of = member_in(call, "of").value_or(by);
  const auto purpose = purpose_in(service, call);
  if (!purpose) return answer.fail(purpose.error());
  const std::uint64_t now = service.options.wall_ms();
  const auto acting = service.desk.member(by, now);
  const auto place = acting ? desk::authority(acting->role) : std::nullopt;
  if (!owner && of != by && place.value_or(0) < *desk::authority("supervisor")) {
    return answer.fail(refused(service, call, desk::Errc::not_allowed, std::to_string(by), "of"));
  }
  const std::string name = text_in(call, "to");
  std::optional<desk::PeerId> to;
  for (const auto& peer : service.desk.peers()) {
    const bool named = peer.name == name ||
                       (name.size() >= id_digits_min && storage::hex(peer.id).starts_with(name));
    if (named) to = peer.id;
  }
  if (!to) return answer.fail(refused(service, call, desk::Errc::no_such_peer, name, "to"));
  const std::string currency(call.params["currency"].as_str("CNY"));
  in_turn(
      service, language_of(service, call),
      [&service, of, by, to = *to, purpose = *purpose, currency,
       count = call.params["count"].as_int()]() -> desk::Result<desk::Proposal> {
        const auto all = service.desk.purses(of, currency, service.options.wall_ms());
        return service.desk.move_allowance(all.at(static_cast<std::size_t>(purpose)).purse, to,
                                           count, by);
      },
      std::move(answer));
}

void payment(Service& service, const Call& call, Answer answer) {
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto files = files_of(service, order->buyer, call.params["files"]);
  if (!files) return answer.fail(files.error());
  desk::PaidByHand paid;
  if (call.params.contains("offer")) {
    const auto offer = offer_of(service, call);
    if (!offer) return answer.fail(offer.error());
    paid.offer = *offer;
  }
  paid.member = *member;
  paid.order = order->id;
  paid.amount = call.params["amount"].as_int();
  paid.currency = text_in(call, "currency");
  paid.cause = text_in(call, "cause");
  paid.liable = text_in(call, "liable");
  paid.at_ms = call.params["at_ms"].as_uint();
  paid.proof = *files;
  paid.text = text_in(call, "text");
  in_turn(
      service, language_of(service, call),
      [&service, paid] { return service.desk.record_payment(paid, service.options.wall_ms()); },
      std::move(answer));
}

void refund_book(Service& service, const Call& call, Answer answer) {
  const auto actor = actor_of(service, call);
  if (!actor) return answer.fail(actor.error());
  const auto refund = id_in(service, call, "refund", [&service] {
    std::vector<desk::Id16> out;
    for (const bool booked : {false, true}) {
      for (const auto& one : service.desk.outside_refunds(booked, rows_max)) {
        out.push_back(one.refund);
      }
    }
    return out;
  });
  if (!refund) return answer.fail(refund.error());
  in_turn(
      service, language_of(service, call),
      [&service, refund = *refund, of = member_in(call, "of").value_or(0), by = *actor] {
        return service.desk.book_refund(refund, of, by);
      },
      std::move(answer));
}

void money(Service& service, const Call& call, Answer answer) {
  const std::uint64_t to_ms = call.params["to_ms"].as_uint(service.options.wall_ms() + 1);
  const std::uint64_t from_ms =
      call.params["from_ms"].as_uint(to_ms - std::min(to_ms, ledger_span_ms));
  answer.ok(Present::money_ledger(
      service.desk.money_ledger(from_ms, to_ms, call.params["zone"].as_str())));
}

}  // namespace

Result<desk::Purpose> purpose_in(Service& service, const Call& call) {
  const auto word = call.params["purpose"].as_str("settlement");
  if (const auto purpose = desk::purpose_from(word)) return *purpose;
  return refused(service, call, desk::Errc::bad_value, "settlement, discount, gift", "purpose");
}

void give(Service& service, const Call& call, desk::ActionSpec spec, Answer answer) {
  in_turn(
      service, language_of(service, call),
      [&service, spec = std::move(spec)] {
        return service.desk.action(spec, service.options.wall_ms());
      },
      std::move(answer),
      [](const desk::Proposal& made, Value& said) {
        if (made.type != "offer.proposed") return;
        said["offer"] = Value(std::as_const(said)["event"]);
        said["needs"] = made.facts["needs"];
      });
}

void serve_money(Service& service) {
  serve_owner(service, {
                           {"desk.offer_propose", offer_propose},
                           {"desk.offer_standard", offer_standard},
                           {"desk.offer_read_back", offer_read_back},
                           {"desk.offer_confirm", offer_confirm},
                           {"desk.offer_end", offer_end},
                           {"desk.offer_carry_out", offer_carry_out},
                           {"desk.offers", offers},
                           {"desk.offer", one_offer},
                           {"desk.approvals", approvals},
                           {"desk.approve", approve},
                           {"desk.refuse", refuse},
                           {"desk.authority", authority},
                           {"desk.authority_set", authority_set},
                           {"desk.allowance_move", allowance_move},
                           {"desk.payment", payment},
                           {"desk.refund_book", refund_book},
                           {"desk.money", money},
                       });
}

}  // namespace deskmate::daemon
