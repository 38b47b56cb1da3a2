// Cases, telephone calls, and enquiries that were missed.
#include "core/daemon/case_advice.hpp"
#include "core/daemon/case_file.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/owner_params.hpp"
#include "core/daemon/rule_methods.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

std::optional<std::string> text_if(const Call& call, std::string_view name) {
  const View text = call.params[name];
  if (!text.is_str()) return std::nullopt;
  return std::string(text.as_str());
}

std::optional<std::uint64_t> uint_if(const Call& call, std::string_view name) {
  const View number = call.params[name];
  if (!number.is_uint()) return std::nullopt;
  return number.as_uint();
}

// What a case or call is about, out of the parameters.
struct Abouts {
  std::optional<desk::Id16> chat, buyer, order, parcel;
};
Result<Abouts> abouts_of(Service& service, const Call& call) {
  Abouts out;
  const auto chat = chat_if(service, call);
  if (!chat) return chat.error();
  out.chat = *chat;
  const auto buyer = id_if(service, call, "buyer");
  if (!buyer) return buyer.error();
  out.buyer = *buyer;
  const auto parcel = id_if(service, call, "parcel");
  if (!parcel) return parcel.error();
  out.parcel = *parcel;
  if (call.params.contains("order")) {
    const auto order = one_order_of(service, call);
    if (!order) return order.error();
    out.order = order->id;
  }
  return out;
}

// Who acts: of a chat as on it.
Result<desk::MemberNo> actor_about(Service& service, const Call& call,
                                   const std::optional<desk::Id16>& chat) {
  return chat ? actor_on(service, call, *chat) : actor_of(service, call);
}

void open_case(Service& service, const Call& call, Answer answer) {
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  const auto member = actor_about(service, call, abouts->chat);
  if (!member) return answer.fail(member.error());
  desk::CaseSpec spec;
  spec.member = *member;
  spec.kind = text_in(call, "kind");
  spec.chat = abouts->chat;
  spec.buyer = abouts->buyer;
  spec.order = abouts->order;
  spec.parcel = abouts->parcel;
  spec.shop = text_in(call, "shop");
  spec.title = text_in(call, "title");
  spec.text = text_in(call, "text");
  spec.severity = text_in(call, "severity");
  spec.deadline_ms = call.params["deadline_ms"].as_uint();
  spec.assignee = member_in(call, "assignee");
  const auto proposal = service.desk.open_case(spec, service.options.wall_ms());
  if (proposal.has_error()) {
    return answer.fail(to_error(proposal.error(), language_of(service, call)));
  }
  const auto kept = std::make_shared<Answer>(std::move(answer));
  service.append(proposal.value(), [&service, kept](const Result<std::vector<Outcome>>& result) {
    if (!result) return kept->fail(result.error());
    const auto& made = result->front();
    Value said = Value::map({{"event", hex(made.id)}, {"arrival", made.arrival}});
    const auto row = service.desk.case_row(made.id, service.options.wall_ms());
    if (row) said["case"] = row->number;
    kept->ok(said);
  });
}

// What is done to a case by somebody.
template <class Propose>
void on_case(Service& service, const Call& call, Answer answer, const Propose& propose) {
  const auto id = case_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(service, call, propose(*id, *member), std::move(answer));
}

void change_case(Service& service, const Call& call, Answer answer) {
  on_case(service, call, std::move(answer), [&](const auto& id, auto member) {
    desk::CaseChange change;
    change.id = id;
    change.member = member;
    change.state = text_if(call, "state");
    change.kind = text_if(call, "kind");
    change.cause = text_if(call, "cause");
    change.severity = text_if(call, "severity");
    change.waiting_for = text_if(call, "waiting_for");
    change.liable = text_if(call, "liable");
    change.title = text_if(call, "title");
    change.assignee = member_in(call, "assignee");
    change.deadline_ms = uint_if(call, "deadline_ms");
    if (call.params["amount"].is_int()) change.amount = call.params["amount"].as_int();
    change.currency = text_in(call, "currency");
    if (const View wants = call.params["wants"]; wants.is_array()) {
      change.wants.emplace();
      for (const View one : wants) change.wants->emplace_back(one.as_str());
    }
    if (call.params["hardship"].is_bool()) change.hardship = call.params["hardship"].as_bool();
    change.text = text_in(call, "text");
    return service.desk.change_case(change, service.options.wall_ms());
  });
}

void say_in_case(Service& service, const Call& call, Answer answer) {
  const auto id = case_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto files = files_of(service, service.desk.buyer_of_case(*id), call.params["files"]);
  if (!files) return answer.fail(files.error());
  desk::CaseStatement said;
  said.id = *id;
  said.member = *member;
  said.party = text_in(call, "party");
  said.text = text_in(call, "text");
  said.evidence = text_in(call, "evidence");
  said.files = *files;
  said.at_ms = call.params["at_ms"].as_uint();
  finish(service, call, service.desk.say_in_case(said, service.options.wall_ms()),
         std::move(answer));
}

void link_case(Service& service, const Call& call, Answer answer) {
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  on_case(service, call, std::move(answer),
          [&](const auto& id, auto member) -> desk::Result<desk::Proposal> {
            const bool removed = call.params["removed"].as_bool();
            for (const auto& [about, to] : {std::pair(desk::About::chat, abouts->chat),
                                            std::pair(desk::About::buyer, abouts->buyer),
                                            std::pair(desk::About::order, abouts->order),
                                            std::pair(desk::About::parcel, abouts->parcel)}) {
              if (to) return service.desk.link_case(id, about, *to, removed, member);
            }
            return desk::Error{desk::Errc::about_required, {}, "chat"};
          });
}

void cases(Service& service, const Call& call, Answer answer) {
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  desk::CaseFilter filter;
  const auto view = call.params["view"].as_str("open");
  if (view == "closed") {
    filter.which = desk::CaseFilter::Which::over;
  } else if (view == "all") {
    filter.which = desk::CaseFilter::Which::all;
  } else if (view != "open") {
    return answer.fail(refused(service, call, desk::Errc::bad_value, "open, closed, all", "view"));
  }
  filter.state = text_in(call, "state");
  filter.kind = text_in(call, "kind");
  filter.cause = text_in(call, "cause");
  filter.assignee = member_in(call, "assignee");
  filter.chat = abouts->chat;
  filter.buyer = abouts->buyer;
  filter.order = abouts->order;
  filter.overdue = call.params["overdue"].as_bool();
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "cases",
              service.desk.cases(filter, call.params["after"].as_bin(), service.options.wall_ms(),
                                 limit_of(call)),
              [&](const desk::CaseView& one) { return present.about_case(one); });
}

void one_case(Service& service, const Call& call, Answer answer) {
  const auto id = case_of(service, call);
  if (!id) return answer.fail(id.error());
  const std::uint64_t now = service.options.wall_ms();
  if (!service.desk.case_row(*id, now)) {
    return answer.fail(refused(service, call, desk::Errc::no_such_case, hex(*id), "case"));
  }
  const auto found =
      service.desk.case_detail(*id, call.params["before"].as_bin(), now, limit_of(call));
  if (!found) {
    return answer.fail(refused(service, call, desk::Errc::bad_value, "before", "before"));
  }
  answer.ok(present_of(service, call).case_detail(*found));
}

// The chats and orders that it is about, with what can be shown to others.
void evidence(Service& service, const Call& call, Answer answer) {
  const auto id = case_of(service, call);
  if (!id) return answer.fail(id.error());
  const std::uint64_t now = service.options.wall_ms();
  const auto detail = service.desk.case_detail(*id, {}, now, desk::case_lines_max);
  if (!detail) {
    return answer.fail(refused(service, call, desk::Errc::no_such_case, hex(*id), "case"));
  }
  const Present present = present_of(service, call);
  std::vector<Value> chats;
  for (const auto& linked : detail->chats) {
    if (const auto chat = service.desk.chat(linked.id, now, rows_max)) {
      chats.push_back(present.chat(*chat));
    }
  }
  std::vector<Value> orders;
  for (const auto& linked : detail->orders) {
    if (const auto order = service.desk.order(linked)) orders.push_back(present.order(*order));
  }
  const bool chinese = language_of(service, call) == desk::Language::chinese;
  CaseFile made =
      case_file(present.case_detail(*detail), chats, orders, chinese ? Language::zh : Language::en);
  answer.ok(Value::map({{"name", "case-" + std::to_string(detail->row.number) + ".html"},
                        {"html", std::move(made.html)},
                        {"files", std::move(made.files)}}));
}

// What the rules say of it: what is missing, what may be given, until when.
void advice(Service& service, const Call& call, Answer answer) {
  const auto id = case_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto language = words_of(service, call);
  advise(service, *id, abouts->order, language, [kept, language](const Result<CaseAdvice>& advice) {
    if (!advice) return kept->fail(advice.error());
    Array findings;
    Array silent;
    for (const RuleAnswer& one : advice->answers) {
      if (one.failed) silent.emplace_back(one.judge);
      for (const auto& found : one.findings) {
        Value row = present_finding(found, language);
        if (found.limits) row["limits"] = true;
        findings.push_back(std::move(row));
      }
    }
    kept->ok(Value::map({{"order_id", hex(advice->order)},
                         {"findings", std::move(findings)},
                         {"silent", std::move(silent)}}));
  });
}

void log_call(Service& service, const Call& call, Answer answer) {
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  const auto about = case_if(service, call);
  if (!about) return answer.fail(about.error());
  const auto member = actor_about(service, call, abouts->chat);
  if (!member) return answer.fail(member.error());
  const auto direction = call.params["direction"].as_str();
  if (direction != "in" && direction != "out") {
    return answer.fail(refused(service, call, desk::Errc::bad_value, "in, out", "direction"));
  }
  desk::CallSpec spec;
  spec.member = *member;
  spec.chat = abouts->chat;
  spec.buyer = abouts->buyer;
  spec.about = *about;
  spec.outgoing = direction == "out";
  spec.answered = call.params["answered"].as_bool();
  spec.party = call.params["party"].as_str(spec.party);
  spec.seconds = call.params["seconds"].as_uint();
  spec.at_ms = call.params["at_ms"].as_uint();
  spec.text = text_in(call, "text");
  finish(service, call, service.desk.log_call(spec, service.options.wall_ms()), std::move(answer));
}

void calls(Service& service, const Call& call, Answer answer) {
  const auto abouts = abouts_of(service, call);
  if (!abouts) return answer.fail(abouts.error());
  const auto about = case_if(service, call);
  if (!about) return answer.fail(about.error());
  desk::CallFilter filter;
  filter.chat = abouts->chat;
  filter.buyer = abouts->buyer;
  filter.about = *about;
  filter.member = member_in(call, "member");
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "calls",
              service.desk.calls(filter, call.params["after"].as_bin(), limit_of(call)),
              [&](const desk::CallView& one) { return present.call(one); });
}

void missed(Service& service, const Call& call, Answer answer) {
  const Span span = span_of(service, call);
  desk::MissedFilter filter;
  filter.from_ms = span.from_ms;
  filter.to_ms = span.to_ms;
  filter.shop = text_in(call, "shop");
  filter.member = member_in(call, "member");
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "missed",
              service.desk.missed(filter, call.params["after"].as_bin(), service.options.wall_ms(),
                                  limit_of(call)),
              [&](const desk::MissedView& one) { return present.missed(one); });
}

}  // namespace

void serve_cases(Service& service) {
  serve_owner(service, {
                           {"desk.case_open", open_case},
                           {"desk.case_change", change_case},
                           {"desk.case_say", say_in_case},
                           {"desk.case_link", link_case},
                           {"desk.cases", cases},
                           {"desk.case", one_case},
                           {"desk.call", log_call},
                           {"desk.calls", calls},
                           {"desk.missed", missed},
                           {"desk.case_file", evidence},
                           {"desk.case_advice", advice},
                       });
}

}  // namespace deskmate::daemon
