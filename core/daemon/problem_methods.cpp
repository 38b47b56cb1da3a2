// What rules found, for people: the lists, what became of it, who is to be called, whose turn it
// is.
#include <set>

#include "core/daemon/draft_guard.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/order_words.hpp"
#include "core/daemon/owner_params.hpp"
#include "core/daemon/problem_words.hpp"
#include "core/daemon/quiet.hpp"
#include "core/daemon/rule_methods.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

// An order, or else a product of a shop.
Result<desk::ProblemAbout> about_of(Service& service, const Call& call) {
  desk::ProblemAbout out;
  if (call.params.contains("sku")) {
    out.shop = call.params["shop"].as_str();
    out.sku = call.params["sku"].as_str();
    return out;
  }
  const auto order = one_order_of(service, call);
  if (!order) return order.error();
  out.order = order->id;
  return out;
}

// What the buyer of an order is usually asked about a problem, in their language; empty: nothing.
std::string usual_question(const Service& service, const desk::OrderView& order,
                           const desk::ProblemFinding& found) {
  return buyer_question(found.kind, found.code, found.params,
                        service.bodies.of(order.seen)["number"].as_str(),
                        buyer_language(service, order));
}

void problems(Service& service, const Call& call, Answer answer) {
  desk::ProblemFilter filter;
  filter.kind = call.params["kind"].as_str();
  filter.shop = call.params["shop"].as_str();
  filter.severity = call.params["severity"].as_str();
  const std::uint64_t now = service.options.wall_ms();
  if (call.params["to_call"].as_bool()) {
    const std::uint64_t wait = service.options.rules.answer_ms;
    filter.told_before_ms = now - std::min(now, wait);
  }
  const auto language = words_of(service, call);
  const auto page =
      service.desk.problems().list(filter, call.params["after"].as_bin(), limit_of(call));
  if (!page) return answer.fail(refused(service, call, desk::Errc::bad_value, "next", "after"));
  Array rows;
  for (const auto& row : page->rows) {
    Value shown = present_problem(row, language);
    if (row.about.order) {
      if (const auto order = service.desk.order(*row.about.order)) {
        const Value body = service.bodies.of(order->seen);
        set_text(shown, "number", body["number"].as_str());
        set_text(shown, "name", body["name"].as_str());
        set_text(shown, "question", usual_question(service, *order, row.finding));
      }
      if (const auto chat = service.desk.problems().chat_with(*row.about.order)) {
        if (const auto at = service.desk.chat_row(*chat, now)) shown["chat"] = at->number;
      }
    }
    rows.push_back(std::move(shown));
  }
  Value out = Value::map({{"problems", std::move(rows)}});
  if (!page->next.empty()) out["next"] = Value::bin(std::string_view(page->next));
  if (const auto until = quiet_until_ms(service.options.rules, now)) out["quiet_until_ms"] = *until;
  answer.ok(std::move(out));
}

void settle(Service& service, const Call& call, Answer answer) {
  const auto about = about_of(service, call);
  if (!about) return answer.fail(about.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(service, call,
         service.desk.problems().settle(*about, call.params["kind"].as_str(), *member,
                                        call.params["how"].as_str("done"),
                                        call.params["text"].as_str()),
         std::move(answer));
}

Error not_now(Service& service, const Call& call, Status status, std::string_view key,
              std::initializer_list<std::string_view> arguments, std::string where) {
  return {status, say(words_of(service, call), key, arguments), std::move(where)};
}

// R62: may the buyer of an order be written to without having asked?
Result<void> may_contact(Service& service, const Call& call, const desk::OrderView& order) {
  if (order.buyer && service.desk.problems().left_alone(*order.buyer)) {
    return not_now(service, call, Status::denied, "problem.left_alone", {}, "order");
  }
  const RuleTimes& times = service.options.rules;
  if (const auto until = quiet_until_ms(times, service.options.wall_ms())) {
    return not_now(service, call, Status::unavailable, "problem.quiet",
                   {local_time_of(times, *until)}, "order");
  }
  return {};
}

// A question to the buyer, in the chat with them.
void write_to(Service& service, const Call& call, Answer answer) {
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  const auto& problems = service.desk.problems();
  const std::string kind(call.params["kind"].as_str());
  const auto problem = problems.one({.order = order->id}, kind);
  if (!problem || !problem->open) {
    return answer.fail(refused(service, call, desk::Errc::no_such_problem, kind, "kind"));
  }
  if (const auto may = may_contact(service, call, *order); !may) return answer.fail(may.error());
  const auto chat = problems.chat_with(order->id);
  if (!chat) {
    return answer.fail(not_now(service, call, Status::not_found, "problem.no_chat", {}, "order"));
  }
  const auto member = actor_on(service, call, *chat);
  if (!member) return answer.fail(member.error());
  std::string text(call.params["text"].as_str());
  if (text.empty()) text = usual_question(service, *order, problem->finding);
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto language = language_of(service, call);
  const DraftSpec draft{*chat, text, words_of(service, call), call.params["anyway"].as_bool()};
  look_at_draft(service, draft,
                [&service, kept, language, draft, order = order->id, kind,
                 member = *member](const DraftSeen& seen) {
                  if (seen.refused) return kept->fail(*seen.refused);
                  auto reply = service.desk.reply(draft.chat, member, draft.text);
                  if (reply.has_error()) return kept->fail(to_error(reply.error(), language));
                  auto told = service.desk.problems().told(order, kind, member, draft.chat);
                  if (told.has_error()) return kept->fail(to_error(told.error(), language));
                  service.append(
                      desk::Proposals{std::move(reply.value()), std::move(told.value())},
                      [kept, text = draft.text](const Result<std::vector<Outcome>>& result) {
                        if (!result) return kept->fail(result.error());
                        kept->ok(Value::map({{"event", hex(result->front().id)},
                                             {"arrival", result->back().arrival},
                                             {"text", text}}));
                      });
                });
}

void contact(Service& service, const Call& call, Answer answer) {
  std::optional<desk::Id16> buyer;
  if (call.params.contains("order")) {
    const auto order = one_order_of(service, call);
    if (!order) return answer.fail(order.error());
    buyer = order->buyer;
  } else if (call.params.contains("chat")) {
    const auto chat = chat_of(service, call);
    if (!chat) return answer.fail(chat.error());
    const auto row = service.desk.chat_row(*chat, service.options.wall_ms());
    if (row) buyer = row->buyer;
  } else {
    const auto named = id_in(service, call, "buyer");
    if (!named) return answer.fail(named.error());
    buyer = *named;
  }
  if (!buyer) return answer.fail(refused(service, call, desk::Errc::no_such_buyer, {}, "order"));
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(service, call,
         service.desk.problems().set_contact(*buyer, *member, call.params["allowed"].as_bool()),
         std::move(answer));
}

void count_stock(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(
      service, call,
      service.desk.problems().count_stock(call.params["shop"].as_str(), call.params["sku"].as_str(),
                                          *member, call.params["count"].as_int(-1)),
      std::move(answer));
}

// R64
void ship_queue(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  Array rows;
  for (const auto& order :
       service.desk.problems().ship_queue(call.params["shop"].as_str(), limit_of(call))) {
    Value row = present.order(order);
    row["place"] = rows.size() + 1;
    row["paid_ms"] = order.paid_ms != 0 ? order.paid_ms : order.placed_ms;
    rows.push_back(std::move(row));
  }
  answer.ok(Value::map({{"orders", std::move(rows)}}));
}

}  // namespace

Value present_finding(const desk::ProblemFinding& found, Language language) {
  Value out = Value::map({{"kind", found.kind},
                          {"code", found.code},
                          {"title", problem_title(found.kind, language)},
                          {"text", problem_text(found.kind, found.code, found.params, language)},
                          {"severity", found.severity},
                          {"rule", found.rule},
                          {"version", found.version},
                          {"plugin", found.plugin},
                          {"params", found.params}});
  if (found.amount) {
    out["amount"] = *found.amount;
    out["currency"] = found.currency;
  }
  out["fixes"].make_array();
  for (const std::string& fix : found.fixes) {
    out["fixes"].push_back(Value::map({{"fix", fix}, {"text", fix_text(fix, language)}}));
  }
  return out;
}

Value present_problem(const desk::ProblemView& problem, Language language) {
  Value out = present_finding(problem.finding, language);
  out["since_ms"] = problem.since_ms;
  out["found_ms"] = problem.found_ms;
  out["open"] = problem.open;
  set_id(out, "order", problem.about.order);
  set_text(out, "shop", problem.shop);
  set_text(out, "sku", problem.about.sku);
  set_id(out, "buyer", problem.buyer);
  set_text(out, "settled", problem.settled);
  if (problem.settled_by != 0) out["settled_by"] = problem.settled_by;
  set_time(out, "told_ms", problem.told_ms);
  if (problem.told_by != 0) out["told_by"] = problem.told_by;
  if (problem.answered) out["answered"] = true;
  if (problem.left_alone) out["left_alone"] = true;
  return out;
}

void add_problems(const Service& service, const desk::OrderView& order, desk::Language language,
                  Value& out) {
  const auto& problems = service.desk.problems();
  const Language words = language == desk::Language::chinese ? Language::zh : Language::en;
  out["problems"].make_array();
  const auto chat = problems.chat_with(order.id);
  const auto row = chat ? service.desk.chat_row(*chat, service.options.wall_ms()) : std::nullopt;
  for (const auto& problem : problems.of({.order = order.id})) {
    Value shown = present_problem(problem, words);
    if (row) shown["chat"] = row->number;
    if (problem.open) {
      set_text(shown, "question", usual_question(service, order, problem.finding));
    }
    out["problems"].push_back(std::move(shown));
  }
  if (const auto place = problems.ship_place(order.id)) {
    out["ship_place"] = place->before + 1;
    out["ship_of"] = place->of;
  }
  set_time(out, "ship_by_ms", order.ship_by_ms);
  set_time(out, "promised_ms", order.promised_ms);
}

void serve_problems(Service& service) {
  serve_owner(service, {
                           {"desk.problems", problems},
                           {"desk.problem_settle", settle},
                           {"desk.problem_write", write_to},
                           {"desk.contact", contact},
                           {"desk.stock_count", count_stock},
                           {"desk.ship_queue", ship_queue},
                       });
  serve_rules(service);
}

}  // namespace deskmate::daemon
