// What members promise, ask each other and listen to: checked, and the events of it.
#include <algorithm>
#include <array>
#include <string>

#include "core/desk/commands.hpp"
#include "core/desk/fold.hpp"
#include "core/desk/policy.hpp"

namespace deskmate::desk {
namespace {

constexpr std::array<std::string_view, 3> promise_kinds = {"answer", "gift", "other"};

}  // namespace

Result<Proposal> Commands::promise(const PromiseSpec& promise, std::uint64_t now_ms) const {
  const auto chat = chat_of(promise.chat);
  if (!chat) return chat.error();
  if (const auto known = member_of(promise.member); !known) return known.error();
  if (std::find(promise_kinds.begin(), promise_kinds.end(), promise.kind) == promise_kinds.end()) {
    return Error{Errc::bad_value, "answer, gift, other", "kind"};
  }
  if (promise.due_ms <= now_ms || promise.due_ms - now_ms > promise_ahead_max_ms) {
    return Error{Errc::bad_time, {}, "due_ms"};
  }
  if (const auto fits = check_text(promise.text, promise_text_max, Errc::text_required); !fits) {
    return fits.error();
  }
  if (count(table::chat_promises, Key().id(promise.chat), promises_open_max) == promises_open_max) {
    return Error{Errc::too_many, std::to_string(promises_open_max), "promise"};
  }
  Map facts{{"chat", Value::bin(promise.chat)}, {"member", promise.member}};
  facts.add("due", promise.due_ms);
  facts.add("kind", promise.kind);
  if (chat->buyer) facts.add("buyer", Value::bin(*chat->buyer));
  Proposal out = proposal("promise.made", std::move(facts));
  out.body = Value::map({{"text", promise.text}});
  out.buyer = chat->buyer;
  return out;
}

Result<Proposal> Commands::end_promise(const Id16& id, MemberNo member,
                                       std::optional<std::string_view> reason) const {
  const auto promise = state_.find<PromiseRecord>(table::promises, Key().id(id));
  if (!promise || !promise->at.any()) return Error{Errc::no_such_promise, {}, "promise"};
  if (const auto known = member_of(member); !known) return known.error();
  if (!promise->open()) return Error{Errc::over, {}, "promise"};
  Proposal out = proposal(
      reason ? "promise.dropped" : "promise.kept",
      {{"promise", Value::bin(id)}, {"chat", Value::bin(promise->chat)}, {"member", member}});
  if (!reason) return out;
  if (const auto fits = check_text(*reason, promise_text_max, Errc::text_required, "reason");
      !fits) {
    return fits.error();
  }
  out.body = Value::map({{"text", *reason}});
  if (const auto chat = chat_of(promise->chat)) out.buyer = chat->buyer;
  return out;
}

Result<Proposal> Commands::ask_colleague(const Id16& id, MemberNo from, const Target& to,
                                         std::string_view text) const {
  const auto chat = chat_of(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(from); !known) return known.error();
  Map facts{{"chat", Value::bin(id)}, {"from", from}};
  if (const auto* member = std::get_if<MemberNo>(&to)) {
    if (const auto known = member_of(*member); !known) return known.error();
    if (*member == from) return Error{Errc::bad_value, std::to_string(from), "to"};
    facts.add("to", *member);
  } else {
    const std::string& role = std::get<std::string>(to);
    if (const auto known = check_role(role); !known) return known.error();
    facts.add("to", role);
  }
  if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) return fits.error();
  if (count(table::chat_questions, Key().id(id), questions_open_max) == questions_open_max) {
    return Error{Errc::too_many, std::to_string(questions_open_max), "chat"};
  }
  Proposal out = proposal("colleague.asked", std::move(facts));
  out.body = Value::map({{"text", text}});
  out.buyer = chat->buyer;
  return out;
}

Result<Proposal> Commands::answer_colleague(const Id16& id, MemberNo member,
                                            std::string_view text) const {
  const auto question = state_.find<QuestionRecord>(table::questions, Key().id(id));
  if (!question || !question->at.any()) return Error{Errc::no_such_question, {}, "question"};
  if (const auto known = member_of(member); !known) return known.error();
  if (!question->open()) return Error{Errc::over, {}, "question"};
  if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) return fits.error();
  Proposal out = proposal(
      "colleague.answered",
      {{"question", Value::bin(id)}, {"chat", Value::bin(question->chat)}, {"member", member}});
  out.body = Value::map({{"text", text}});
  if (const auto chat = chat_of(question->chat)) out.buyer = chat->buyer;
  return out;
}

Result<Proposal> Commands::listen(MemberNo member, const Heard& to, std::uint64_t until_ms,
                                  std::uint64_t now_ms, bool is_owner) const {
  const auto listener = member_of(member);
  if (!listener) return listener.error();
  if (!is_owner && authority(listener->role) < authority(topic_supervisor)) {
    return Error{Errc::not_allowed, listener->role, "member"};
  }
  if (until_ms > now_ms && until_ms - now_ms > listening_max_ms) {
    return Error{Errc::bad_time, {}, "minutes"};
  }
  Map facts{{"member", member}, {"until", until_ms}};
  if (const auto* heard = std::get_if<MemberNo>(&to)) {
    if (const auto known = member_of(*heard); !known) return known.error();
    if (*heard == member) return Error{Errc::bad_value, std::to_string(member), "to"};
    facts.add("to", *heard);
  } else {
    const Id16& id = std::get<Id16>(to);
    if (const auto chat = chat_of(id); !chat) return chat.error();
    facts.add("chat", Value::bin(id));
  }
  return proposal("member.listening", std::move(facts));
}

}  // namespace deskmate::desk
