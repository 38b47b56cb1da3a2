// Cases, calls and missed enquiries as maps.
#include "core/daemon/present.hpp"

namespace deskmate::daemon {
namespace {

Array ids(const std::vector<desk::Id16>& list) {
  Array out;
  for (const auto& id : list) out.emplace_back(hex(id));
  return out;
}

void set_chat(Value& out, const std::optional<desk::ChatLabel>& chat) {
  if (!chat) return;
  out["chat"] = chat->number;
  out["chat_id"] = hex(chat->id);
}

// Facts as the parameters of the methods are called: ids as digits, times with their unit.
Value said(const Value& what) {
  Value out = Value::map();
  for (const auto& [name, value] : what.as_map()) {
    if (name == "titled") continue;
    if (value.is_bin()) {
      out[name] = hex(desk::id16(value.as_bin()).value_or(desk::Id16{}));
    } else {
      out[name == "deadline" ? "deadline_ms" : name] = value;
    }
  }
  return out;
}

}  // namespace

Array texts(const std::vector<std::string>& list) {
  Array out;
  for (const auto& item : list) out.emplace_back(item);
  return out;
}

Value Present::about_case(const desk::CaseView& view) const {
  Value out = Value::map({{"case", view.number},
                          {"id", hex(view.id)},
                          {"kind", view.kind},
                          {"state", view.state},
                          {"opened_ms", view.opened_ms},
                          {"changed_ms", view.changed_ms},
                          {"statements", view.lines}});
  if (view.member != 0) out["member"] = view.member;
  if (view.assignee != 0) out["assignee"] = view.assignee;
  set_text(out, "shop", view.shop);
  set_chat(out, view.chat);
  set_id(out, "buyer", view.buyer);
  set_id(out, "order", view.order);
  set_id(out, "parcel", view.parcel);
  set_text(out, "cause", view.cause);
  set_text(out, "severity", view.severity);
  set_text(out, "waiting_for", view.waiting_for);
  set_text(out, "liable", view.liable);
  set_time(out, "deadline_ms", view.deadline_ms);
  if (view.overdue) out["overdue"] = true;
  if (!view.currency.empty()) {
    out["amount"] = view.amount;
    out["currency"] = view.currency;
  }
  if (!view.wants.empty()) out["wants"] = texts(view.wants);
  if (!view.given.empty()) out["evidence"] = texts(view.given);
  if (view.hardship) out["hardship"] = true;
  if (const auto whole = bodies_.whole(view.titled)) {
    set_text(out, "title", whole->body["title"].as_str());
    if (whole->erased) out["erased"] = true;
    if (whole->awaited) out["awaited"] = true;
  }
  return out;
}

Value Present::case_line(const desk::CaseLineView& line) const {
  Value out = Value::map({{"kind", desk::to_string(line.kind)},
                          {"event", hex(line.event)},
                          {"at_ms", line.at_ms},
                          {"made_ms", line.made_ms}});
  if (line.member != 0) out["member"] = line.member;
  set_text(out, "party", line.party);
  set_text(out, "evidence", line.evidence);
  if (line.files != 0) out["files"] = line.files;
  if (line.kind == desk::CaseLine::changed) out["changes"] = said(line.what);
  if (line.kind == desk::CaseLine::linked) {
    Map link = said(line.what).as_map();
    if (link.erase("removed")) out["removed"] = true;
    out["link"] = std::move(link);
  }
  if (line.call) add_call(out, *line.call);
  if (const auto whole = bodies_.whole(line.ref)) {
    set_text(out, "text", whole->body["text"].as_str());
    if (const auto title = whole->body["title"].as_str(); !title.empty()) {
      if (line.kind == desk::CaseLine::changed) {
        out["changes"]["title"] = title;
      } else {
        out["title"] = title;
      }
    }
    add_files(out, whole->body);
    if (whole->erased) out["erased"] = true;
    if (whole->awaited) out["awaited"] = true;
  }
  return out;
}

Value Present::case_detail(const desk::CaseDetail& detail) const {
  Value out = about_case(detail.row);
  set_text(out, "text", bodies_.of(detail.row.opened)["text"].as_str());
  out["lines"].make_array();
  for (const auto& line : detail.lines) out["lines"].push_back(case_line(line));
  out["earlier"] = !detail.before.empty();
  if (!detail.before.empty()) out["before"] = Value::bin(std::string_view(detail.before));
  Array chats;
  for (const auto& chat : detail.chats) {
    chats.push_back(Value::map({{"chat", chat.number}, {"id", hex(chat.id)}}));
  }
  out["links"] = Value::map({{"chats", std::move(chats)},
                             {"buyers", ids(detail.buyers)},
                             {"orders", ids(detail.orders)},
                             {"parcels", ids(detail.parcels)}});
  return out;
}

void Present::add_call(Value& out, const desk::CallView& call) const {
  out["call"] = hex(call.id);
  out["direction"] = call.outgoing ? "out" : "in";
  out["answered"] = call.answered;
  out["at_ms"] = call.at_ms;
  set_text(out, "party", call.party);
  set_time(out, "seconds", call.seconds);
  if (call.member != 0) out["member"] = call.member;
  set_chat(out, call.chat);
  set_id(out, "buyer", call.buyer);
  set_id(out, "case_id", call.about);
  if (call.case_number != 0) out["case"] = call.case_number;
}

Value Present::call(const desk::CallView& call) const {
  Value out = Value::map();
  add_call(out, call);
  add_text(out, call.ref);
  return out;
}

Value Present::missed(const desk::MissedView& missed) const {
  Value out = Value::map({{"asked_ms", missed.asked_ms},
                          {"waited_ms", missed.waited_ms},
                          {"outcome", desk::to_string(missed.outcome)},
                          {"ordered", missed.ordered},
                          {"lost", missed.lost}});
  set_chat(out, missed.chat);
  set_text(out, "shop", missed.shop);
  set_id(out, "buyer", missed.chat.buyer);
  if (missed.member != 0) out["member"] = missed.member;
  set_text(out, "name", bodies_.of(missed.chat.last_in)["name"].as_str());
  add_text(out, missed.asked);
  return out;
}

}  // namespace deskmate::daemon
