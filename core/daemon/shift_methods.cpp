// Shifts: overtime asked for and answered, and the handover at the end (R14).
#include "core/daemon/errors.hpp"
#include "core/daemon/owner_params.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

void ask_overtime(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const std::uint64_t until_ms = time_in(service, call.params, "until_ms", "in_minutes");
  finish(service, call, service.desk.ask_overtime(*member, until_ms, service.options.wall_ms()),
         std::move(answer));
}

// member: who answers; of: whose overtime.
void answer_overtime(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const View approved = call.params["approved"];
  if (!approved.is_bool()) {
    return answer.fail({Status::invalid, "approved is true or false", "approved"});
  }
  finish(service, call,
         service.desk.answer_overtime(member_in(call, "of").value_or(0), *member,
                                      approved.as_bool(), service.options.wall_ms()),
         std::move(answer));
}

void hand_over(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto proposals =
      service.desk.hand_over(*member, call.params["note"].as_str(), service.options.wall_ms());
  if (proposals.has_error()) {
    return answer.fail(to_error(proposals.error(), language_of(service, call)));
  }
  const std::size_t chats = proposals->size() - 1;  // the first is the member's going off
  const auto kept = std::make_shared<Answer>(std::move(answer));
  service.append(*proposals, [kept, chats](const Result<std::vector<Outcome>>& result) {
    if (!result) return kept->fail(result.error());
    kept->ok(Value::map({{"chats", chats}, {"arrival", result->back().arrival}}));
  });
}

}  // namespace

void serve_shifts(Service& service) {
  serve_owner(service, {
                           {"desk.overtime", ask_overtime},
                           {"desk.overtime_answer", answer_overtime},
                           {"desk.handover", hand_over},
                       });
}

}  // namespace deskmate::daemon
