// Cases and calls. A case is the event that opened it; whoever changes a field of it last is right.
#include <algorithm>
#include <set>

#include "core/desk/fold.hpp"

namespace deskmate::desk {
namespace {

constexpr std::pair<std::string_view, About> about_names[] = {{"chat", About::chat},
                                                              {"buyer", About::buyer},
                                                              {"order", About::order},
                                                              {"parcel", About::parcel}};

constexpr std::string_view change_facts[] = {
    "state",    "kind",   "cause",    "severity", "waiting_for", "liable", "assignee",
    "deadline", "amount", "currency", "wants",    "hardship",    "titled"};

}  // namespace

// Edits the case and adds a line to it, which is counted once.
void Fold::tell_case(In& in, const Id16& id, CaseLineRecord line,
                     const std::function<void(CaseRecord&, const Place&)>& change) {
  const Place at = state_.place(in.event);
  const Key key = Key().id(id).place(at);
  const bool fresh = !state_.has(table::case_lines, key);
  line.event = in.event.id;
  state_.save(table::case_lines, key, line);
  state_.edit<CaseRecord>(table::cases, id, [&](CaseRecord& record) {
    if (fresh) ++record.lines;
    take_latest(record.changed_at, at);
    if (change) change(record, at);
  });
}

void Fold::link_case(const Id16& id, About about, const Id16& to, bool removed, const Place& at) {
  const auto kind = static_cast<std::uint8_t>(about);
  const Key key = Key().id(id).u8(kind).id(to);
  CaseLinkRecord link = state_.load<CaseLinkRecord>(table::case_links, key);
  if (take_latest(link.at, at)) link.removed = removed;
  state_.save(table::case_links, key, link);
  const Key back = Key().u8(kind).id(to).id(id);
  if (link.removed) {
    state_.erase(table::cases_about, back);
  } else {
    state_.put(table::cases_about, back, {});
  }
}

Folded Fold::case_opened(In& in) {
  Facts& facts = in.facts;
  const MemberNo member = facts.u32_if("member");
  const std::uint32_t number = facts.u32_if("number");
  const std::string kind = facts.name("kind");
  const std::string shop = facts.name_if("shop");
  const std::string severity = facts.name_if("severity");
  const std::uint64_t deadline_ms = facts.uint_if("deadline");
  const std::uint32_t assignee = facts.u32_if("assignee");
  const auto chat = facts.id_if("chat");
  const auto buyer = facts.id_if("buyer");
  const auto order = facts.id_if("order");
  const auto parcel = facts.id_if("parcel");
  if (!facts.ok()) return Folded::malformed;

  const Id16 id = in.event.id;
  CaseLineRecord line;
  line.kind = static_cast<std::uint8_t>(CaseLine::opened);
  line.member = member;
  tell_case(in, id, line, [&](CaseRecord& record, const Place& at) {
    record.at = at;
    record.number = number;
    record.member = member;
    record.shop = shop;
    record.chat = chat;
    record.buyer = buyer;
    record.order = order;
    record.parcel = parcel;
    record.kind.say(kind, at);
    if (!severity.empty()) record.severity.say(severity, at);
    if (deadline_ms != 0) record.deadline_ms.say(deadline_ms, at);
    if (assignee != 0) record.assignee.say(assignee, at);
    take_latest(record.titled_at, at);
  });
  const Place at = state_.place(in.event);
  for (const auto& [to, about] :
       {std::pair(chat, About::chat), std::pair(buyer, About::buyer),
        std::pair(order, About::order), std::pair(parcel, About::parcel)}) {
    if (to) link_case(id, about, *to, false, at);
  }
  if (chat) tell_chat(in, *chat, EntryKind::about_case, member, id);
  return Folded::quiet;
}

Folded Fold::case_changed(In& in) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("case");
  CaseLineRecord line;
  line.kind = static_cast<std::uint8_t>(CaseLine::changed);
  line.member = facts.u32_if("member");
  const std::pair<const char*, Latest<std::string> CaseRecord::*> texts[] = {
      {"state", &CaseRecord::state},   {"kind", &CaseRecord::kind},
      {"cause", &CaseRecord::cause},   {"severity", &CaseRecord::severity},
      {"liable", &CaseRecord::liable}, {"waiting_for", &CaseRecord::waiting_for}};
  for (const auto& [name, field] : texts) (void)facts.name_if(name);
  const std::uint32_t assignee = facts.u32_if("assignee");
  const std::uint64_t deadline_ms = facts.uint_if("deadline");
  const SumRecord sum{facts.int_if("amount"), facts.name_if("currency")};
  const bool titled = facts.flag_if("titled");
  const bool hardship = facts.flag_if("hardship");
  facts.require(facts.raw("wants").is_nil() || facts.raw("wants").is_array());
  const auto wants = facts.names("wants", evidence_max);
  for (const std::string& one : wants) facts.require(one.size() <= name_max);
  if (!facts.ok()) return Folded::malformed;

  Map what;
  for (const std::string_view name : change_facts) {
    if (facts.has(name)) what.add(std::string(name), facts.raw(name).to_value());
  }
  line.what = encode(Value(std::move(what)));
  tell_case(in, id, line, [&](CaseRecord& record, const Place& at) {
    for (const auto& [name, field] : texts) {
      if (facts.has(name)) (record.*field).say(facts.name_if(name), at);
    }
    if (facts.has("assignee")) record.assignee.say(assignee, at);
    if (facts.has("deadline")) record.deadline_ms.say(deadline_ms, at);
    if (facts.has("amount")) record.sum.say(sum, at);
    if (facts.has("wants")) record.wants.say(wants, at);
    if (facts.has("hardship")) record.hardship.say(hardship, at);
    if (titled) take_latest(record.titled_at, at);
  });
  return Folded::quiet;
}

Folded Fold::case_said(In& in) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("case");
  CaseLineRecord line;
  line.kind = static_cast<std::uint8_t>(CaseLine::said);
  line.member = facts.u32_if("member");
  line.party = facts.name("party");
  line.at_ms = facts.uint_if("at");
  line.files = facts.u32_if("files");
  line.evidence = facts.name_if("evidence");
  if (!facts.ok()) return Folded::malformed;
  tell_case(in, id, line, [&](CaseRecord& record, const Place&) {
    if (line.evidence.empty()) return;
    std::set<std::string> given(record.given.begin(), record.given.end());
    given.insert(line.evidence);
    record.given.assign(given.begin(), given.end());
    if (record.given.size() > evidence_max) record.given.resize(evidence_max);
  });
  return Folded::quiet;
}

Folded Fold::case_linked(In& in) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("case");
  const bool removed = facts.flag_if("removed");
  CaseLineRecord line;
  line.kind = static_cast<std::uint8_t>(CaseLine::linked);
  line.member = facts.u32_if("member");
  std::vector<std::pair<About, Id16>> links;
  Map what;
  for (const auto& [name, about] : about_names) {
    const auto to = facts.id_if(name);
    if (!to) continue;
    links.emplace_back(about, *to);
    what.add(std::string(name), Value::bin(*to));
  }
  facts.require(!links.empty());
  if (!facts.ok()) return Folded::malformed;
  if (removed) what.add("removed", true);
  line.what = encode(Value(std::move(what)));
  tell_case(in, id, line, {});
  for (const auto& [about, to] : links) link_case(id, about, to, removed, state_.place(in.event));
  if (const auto chat = facts.id_if("chat"); chat && !removed) {
    tell_chat(in, *chat, EntryKind::about_case, line.member, id);
  }
  return Folded::quiet;
}

Folded Fold::call_logged(In& in) {
  Facts& facts = in.facts;
  CallRecord call;
  call.chat = facts.id_if("chat");
  call.buyer = facts.id_if("buyer");
  call.about = facts.id_if("case");
  call.member = facts.u32_if("member");
  const std::string direction = facts.name("direction");
  call.outgoing = direction == "out";
  call.answered = facts.flag_if("answered");
  call.seconds = facts.u32_if("seconds");
  call.party = facts.name_if("party");
  call.at_ms = facts.uint_if("at");
  facts.require(call.outgoing || direction == "in");
  facts.require(call.chat || call.buyer || call.about);
  if (!facts.ok()) return Folded::malformed;
  call.at = state_.place(in.event);
  if (call.at_ms == 0) call.at_ms = stamp_ms(in.event.stamp);
  state_.edit<CallRecord>(table::calls, in.event.id, [&](CallRecord& record) { record = call; });
  if (call.chat) tell_chat(in, *call.chat, EntryKind::call, call.member, in.event.id);
  if (call.about) {
    CaseLineRecord line;
    line.kind = static_cast<std::uint8_t>(CaseLine::call);
    line.member = call.member;
    line.at_ms = call.at_ms;
    line.party = call.party;
    tell_case(in, *call.about, line, {});
  }
  return Folded::quiet;
}

}  // namespace deskmate::desk
