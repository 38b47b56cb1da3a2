// Commands about shifts (R14): overtime that is asked for and answered, and the handover at the
// end.
#include <algorithm>

#include "core/desk/commands.hpp"
#include "core/desk/roster.hpp"

namespace deskmate::desk {

Result<Proposal> Commands::ask_overtime(MemberNo number, std::uint64_t until_ms,
                                        std::uint64_t now_ms) const {
  const auto member = member_of(number);
  if (!member) return member.error();
  if (member->schedule.empty()) return Error{Errc::no_shifts, std::to_string(number)};
  const Standing at_work = standing(state_, policy_, number, *member, now_ms);
  if (until_ms <= std::max(now_ms, at_work.shift_ends_ms) || until_ms > now_ms + overtime_ms_max) {
    return Error{Errc::bad_value, "until"};
  }
  return proposal("overtime.asked", {{"member", number}, {"until", until_ms}});
}

Result<Proposal> Commands::answer_overtime(MemberNo number, MemberNo by, bool approved,
                                           std::uint64_t now_ms) const {
  const auto member = member_of(number);
  if (!member) return member.error();
  if (const auto known = member_of(by); !known) return known.error();
  const Standing asking = standing(state_, policy_, number, *member, now_ms);
  if (asking.overtime_asked_ms == 0) return Error{Errc::not_asked, std::to_string(number)};

  const auto answerers = overtime_answerers(state_, number);
  if (std::find(answerers.begin(), answerers.end(), by) == answerers.end()) {
    return Error{Errc::not_theirs, std::to_string(by)};
  }
  return proposal(
      "overtime.answered",
      {{"member", number}, {"by", by}, {"until", approved ? asking.overtime_asked_ms : 0}});
}

Result<Proposals> Commands::hand_over(MemberNo number, std::string_view note,
                                      std::uint64_t now_ms) const {
  const auto member = member_of(number);
  if (!member) return member.error();
  if (note.size() > text_max) return Error{Errc::too_long, std::to_string(text_max)};
  if (!is_utf8(note)) return Error{Errc::bad_value, "note"};
  // Back by themselves when the next shift begins.
  const Standing at_work = standing(state_, policy_, number, *member, now_ms);
  auto off = set_presence(number, Presence::off, at_work.shift_ends_ms);
  if (off.has_error()) return off.error();
  Proposals out{std::move(off.value())};
  state_.each(table::open, Key().u32(number), false, [&](std::string_view key, std::string_view) {
    const Id16 id = id_at(key, sizeof(MemberNo));
    const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
    if (!chat || !chat->open() || chat->owner() != number) return true;
    Proposal released = proposal("chat.released", {{"chat", Value::bin(id)}, {"from", number}});
    if (!note.empty()) released.body = Value::map({{"note", note}});
    if (!note.empty()) released.buyer = chat->buyer;
    out.push_back(std::move(released));
    return out.size() <= handover_max;
  });
  return out;
}

}  // namespace deskmate::desk
