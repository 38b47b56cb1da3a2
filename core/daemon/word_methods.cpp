// What members promise to buyers, ask each other and listen to.
#include "core/daemon/errors.hpp"
#include "core/daemon/owner_params.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::uint64_t listening_minutes = 60;

template <class Row>
std::vector<desk::Id16> ids_of(const std::optional<desk::Page<Row>>& page) {
  std::vector<desk::Id16> out;
  for (const Row& row : page->rows) out.push_back(row.id);
  return out;
}

void promise(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat, auto member) {
    desk::PromiseSpec spec;
    spec.chat = chat;
    spec.member = member;
    spec.due_ms = time_in(service, call.params, "due_ms", "in_minutes");
    spec.kind = call.params["kind"].as_str(spec.kind);
    spec.text = call.params["text"].as_str();
    return service.desk.promise(spec, service.options.wall_ms());
  });
}

void end_promise(Service& service, const Call& call, Answer answer, bool kept) {
  const auto id = id_in(service, call, "promise", [&] {
    return ids_of(service.desk.promises({}, {}, service.options.wall_ms(), rows_max));
  });
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(service, call,
         kept ? service.desk.promise_kept(*id, *member)
              : service.desk.promise_dropped(*id, *member, call.params["reason"].as_str()),
         std::move(answer));
}

void promise_kept(Service& service, const Call& call, Answer answer) {
  end_promise(service, call, std::move(answer), true);
}

void promise_dropped(Service& service, const Call& call, Answer answer) {
  end_promise(service, call, std::move(answer), false);
}

void promises(Service& service, const Call& call, Answer answer) {
  const auto chat = chat_if(service, call);
  if (!chat) return answer.fail(chat.error());
  desk::PromiseFilter filter;
  filter.chat = *chat;
  filter.member = member_in(call, "member");
  filter.overdue = call.params["overdue"].as_bool();
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "promises",
              service.desk.promises(filter, call.params["after"].as_bin(),
                                    service.options.wall_ms(), limit_of(call)),
              [&](const desk::PromiseView& one) { return present.promise(one); });
}

void ask(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat, auto member) {
    desk::Target to = std::string(call.params["to"].as_str());
    if (const auto number = member_in(call, "to")) to = *number;
    return service.desk.ask_colleague(chat, member, to, call.params["text"].as_str());
  });
}

void answer_question(Service& service, const Call& call, Answer answer) {
  const auto id = id_in(service, call, "question",
                        [&] { return ids_of(service.desk.questions({}, {}, rows_max)); });
  if (!id) return answer.fail(id.error());
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  finish(service, call, service.desk.answer_colleague(*id, *member, call.params["text"].as_str()),
         std::move(answer));
}

void questions(Service& service, const Call& call, Answer answer) {
  const auto chat = chat_if(service, call);
  if (!chat) return answer.fail(chat.error());
  desk::QuestionFilter filter;
  filter.chat = *chat;
  filter.to = member_in(call, "to");
  filter.from = member_in(call, "from");
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "questions",
              service.desk.questions(filter, call.params["after"].as_bin(), limit_of(call)),
              [&](const desk::QuestionView& one) { return present.question(one); });
}

// For supervisors and owners; the command line is an owner's.
void listen(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  desk::Heard heard = member_in(call, "to").value_or(0);
  if (call.params.contains("chat")) {
    const auto chat = chat_of(service, call);
    if (!chat) return answer.fail(chat.error());
    heard = *chat;
  }
  const std::uint64_t now = service.options.wall_ms();
  const std::uint64_t minutes = call.params["minutes"].as_uint(listening_minutes);
  const std::uint64_t span_ms = std::min<std::uint64_t>(minutes, 100'000) * desk::minute_ms;
  const bool is_owner = call.session->rights().may_request("desk.plugin");
  finish(service, call, service.desk.listen(*member, heard, now + span_ms, now, is_owner),
         std::move(answer));
}

}  // namespace

void serve_words(Service& service) {
  serve_owner(service, {
                           {"desk.promise", promise},
                           {"desk.promise_kept", promise_kept},
                           {"desk.promise_dropped", promise_dropped},
                           {"desk.promises", promises},
                           {"desk.ask", ask},
                           {"desk.answer", answer_question},
                           {"desk.questions", questions},
                           {"desk.listen", listen},
                       });
}

}  // namespace deskmate::daemon
