// Promises, questions and listeners as maps.
#include "core/daemon/present.hpp"

namespace deskmate::daemon {

void Present::add_text(Value& out, const desk::EventRef& ref) const {
  const auto whole = bodies_.whole(ref);
  if (!whole) return;
  set_text(out, "text", whole->body["text"].as_str());
  if (whole->erased) out["erased"] = true;
  if (whole->awaited) out["awaited"] = true;
}

// What an entry says of something else: a topic, a promise, a question, a call, a case.
void Present::add_about(Value& out, const desk::Entry& entry) const {
  using desk::EntryKind;
  const auto kind = entry.kind;
  const bool what = kind == EntryKind::promised || kind == EntryKind::about_case;
  set_text(out, what ? "what" : "topic", entry.topic);
  set_time(out, "due_ms", entry.due_ms);
  if (kind == EntryKind::call) {
    if (entry.call) add_call(out, *entry.call);
  } else if (kind == EntryKind::about_case) {
    out["case"] = entry.case_number;
    set_id(out, "case_id", entry.about);
  } else {
    const bool question = kind == EntryKind::asked || kind == EntryKind::answered;
    set_id(out, question ? "question" : "promise", entry.about);
  }
}

Value Present::promise(const desk::PromiseView& promise) const {
  Value out = Value::map({{"promise", hex(promise.id)},
                          {"chat", promise.chat.number},
                          {"chat_id", hex(promise.chat.id)},
                          {"member", promise.member},
                          {"kind", promise.kind},
                          {"due_ms", promise.due_ms},
                          {"overdue", promise.overdue},
                          {"made_ms", promise.made_ms}});
  set_id(out, "buyer", promise.chat.buyer);
  set_text(out, "name", bodies_.of(promise.chat.last_in)["name"].as_str());
  add_text(out, promise.ref);
  return out;
}

Value Present::question(const desk::QuestionView& question) const {
  Value out = Value::map({{"question", hex(question.id)},
                          {"chat", question.chat.number},
                          {"chat_id", hex(question.chat.id)},
                          {"from", question.from},
                          {"asked_ms", question.asked_ms}});
  set_id(out, "buyer", question.chat.buyer);
  if (question.to != 0) out["to"] = question.to;
  set_text(out, "to_role", question.to_role);
  add_text(out, question.ref);
  return out;
}

Value Present::listeners(const std::vector<desk::ListenerView>& listeners) {
  Array out;
  for (const auto& one : listeners) {
    out.push_back(Value::map({{"member", one.member}, {"until_ms", one.until_ms}}));
  }
  return out;
}

}  // namespace deskmate::daemon
