// Promises to buyers, questions to colleagues, who listens to whom. Each promise and question is
// the event that made it, so there is one of it; what ends it may come first.
#include "core/desk/fold.hpp"

namespace deskmate::desk {

void Fold::tell_chat(In& in, const Id16& chat, EntryKind kind, MemberNo member, const Id16& about,
                     const std::function<void(EntryRecord&)>& more) {
  EntryRecord line = entry_of(kind, in.event, member);
  line.about = about;
  if (more) more(line);
  state_.save(table::entries, Key().id(chat).place(state_.place(in.event)), line);
  state_.put(table::words, Key().id(chat), {});
}

Folded Fold::promise_made(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.member("member");
  const std::uint64_t due_ms = in.facts.uint("due");
  const std::string kind = in.facts.name_if("kind");
  if (!in.facts.ok()) return Folded::malformed;
  state_.edit<PromiseRecord>(table::promises, in.event.id, [&](PromiseRecord& promise) {
    promise.at = state_.place(in.event);
    promise.chat = chat;
    promise.member = member;
    promise.due_ms = due_ms;
    promise.kind = kind;
  });
  tell_chat(in, chat, EntryKind::promised, member, in.event.id,
            [&](EntryRecord& line) { line.topic = kind; });
  return Folded::quiet;
}

Folded Fold::end_promise(In& in, PromiseState state, EntryKind kind) {
  const Id16 id = in.facts.id("promise");
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.u32_if("member");
  if (!in.facts.ok()) return Folded::malformed;
  state_.edit<PromiseRecord>(table::promises, id, [&](PromiseRecord& promise) {
    promise.end.say(static_cast<std::uint8_t>(state), state_.place(in.event));
  });
  tell_chat(in, chat, kind, member, id);
  return Folded::quiet;
}

Folded Fold::promise_kept(In& in) { return end_promise(in, PromiseState::kept, EntryKind::kept); }

Folded Fold::promise_dropped(In& in) {
  return end_promise(in, PromiseState::dropped, EntryKind::dropped);
}

Folded Fold::colleague_asked(In& in) {
  Facts& facts = in.facts;
  const Id16 chat = facts.id("chat");
  const MemberNo from = facts.member("from");
  const bool to_role = facts.raw("to").is_str();
  const std::string role = to_role ? facts.name("to") : std::string();
  const MemberNo to = to_role ? 0 : facts.member("to");
  if (!facts.ok()) return Folded::malformed;
  state_.edit<QuestionRecord>(table::questions, in.event.id, [&](QuestionRecord& question) {
    question.at = state_.place(in.event);
    question.chat = chat;
    question.from = from;
    question.to = to;
    question.to_role = role;
  });
  tell_chat(in, chat, EntryKind::asked, from, in.event.id, [&](EntryRecord& line) {
    line.to = to;
    line.to_role = role;
  });
  return Folded::quiet;
}

Folded Fold::colleague_answered(In& in) {
  const Id16 id = in.facts.id("question");
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.u32_if("member");
  if (!in.facts.ok()) return Folded::malformed;
  state_.edit<QuestionRecord>(table::questions, id,
                              [](QuestionRecord& question) { question.answered = true; });
  tell_chat(in, chat, EntryKind::answered, member, id);
  return Folded::quiet;
}

Folded Fold::member_listening(In& in) {
  Facts& facts = in.facts;
  ListeningRecord said;
  const MemberNo member = facts.member("member");
  said.at = state_.place(in.event);
  said.to = facts.u32_if("to");
  said.chat = facts.id_if("chat");
  said.until_ms = facts.uint_if("until");
  if (!facts.ok()) return Folded::malformed;
  const Key key = Key().u32(member);
  const ListeningRecord before = state_.load<ListeningRecord>(table::listening, key);
  if (before.at < said.at) state_.save(table::listening, key, said);
  return Folded::quiet;
}

}  // namespace deskmate::desk
