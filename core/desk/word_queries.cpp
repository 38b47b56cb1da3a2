// Promises, questions to colleagues, and who listens to whom.
#include "core/desk/pages.hpp"
#include "core/desk/queries.hpp"

namespace deskmate::desk {

ChatLabel Queries::label(const Id16& id) const {
  ChatLabel out;
  out.id = id;
  const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
  if (!chat) return out;
  out.number = number_of(id, *chat);
  out.buyer = chat->buyer;
  if (chat->last_in.any()) out.last_in = state_.ref(chat->last_in);
  return out;
}

PromiseView Queries::promise(const Id16& id, const PromiseRecord& promise,
                             std::uint64_t now_ms) const {
  PromiseView out;
  out.id = id;
  out.ref = state_.ref(promise.at);
  out.chat = label(promise.chat);
  out.member = promise.member;
  out.kind = promise.kind;
  out.due_ms = promise.due_ms;
  out.made_ms = stamp_ms(promise.at.stamp);
  out.overdue = promise.due_ms <= now_ms;
  return out;
}

std::optional<Page<PromiseView>> Queries::promises(const PromiseFilter& filter,
                                                   std::string_view after, std::uint64_t now_ms,
                                                   std::size_t limit) const {
  const Listing all{table::promises_due, {}, 8 + sizeof(Id16)};
  const Listing of_member{table::member_promises, Key().u32(filter.member.value_or(0)).str(),
                          all.rest};
  const Listing of_chat{table::chat_promises, Key().id(filter.chat.value_or(Id16{})).str(),
                        all.rest};
  return turn_page<PromiseView>(
      state_,
      filter.chat     ? of_chat
      : filter.member ? of_member
                      : all,
      after, limit, [&](std::string_view at, std::optional<PromiseView>& row) {
        if (filter.overdue && read_be(at.substr(0, 8)) > now_ms) return false;
        const Id16 id = id_at(at, 8);
        const auto record = state_.find<PromiseRecord>(table::promises, Key().id(id));
        if (record && (!filter.member || record->member == *filter.member)) {
          row = promise(id, *record, now_ms);
        }
        return true;
      });
}

std::optional<Page<QuestionView>> Queries::questions(const QuestionFilter& filter,
                                                     std::string_view after,
                                                     std::size_t limit) const {
  std::string role;
  if (filter.to) {
    role = state_.load<MemberRecord>(table::members, Key().u32(*filter.to)).role;
  }
  const Listing all{table::questions_open, {}, place_size + sizeof(Id16)};
  const Listing of_chat{table::chat_questions, Key().id(filter.chat.value_or(Id16{})).str(),
                        all.rest};
  return turn_page<QuestionView>(
      state_, filter.chat ? of_chat : all, after, limit,
      [&](std::string_view at, std::optional<QuestionView>& row) {
        const Id16 id = id_at(at, place_size);
        const auto record = state_.find<QuestionRecord>(table::questions, Key().id(id));
        if (!record) return true;
        const bool theirs = !filter.to || (record->to_role.empty() ? record->to == *filter.to
                                                                   : record->to_role == role);
        if (theirs && (!filter.from || record->from == *filter.from)) {
          row.emplace();
          row->id = id;
          row->ref = state_.ref(record->at);
          row->chat = label(record->chat);
          row->from = record->from;
          row->to = record->to;
          row->to_role = record->to_role;
          row->asked_ms = stamp_ms(record->at.stamp);
        }
        return true;
      });
}

// What is due and asked in a chat, and whether that raises it.
void Queries::add_words(ChatRow& row, std::uint64_t now_ms) const {
  state_.each(table::chat_promises, Key().id(row.id), false,
              [&](std::string_view key, std::string_view) {
                if (row.promises_open == 0) row.due_ms = read_be(key.substr(sizeof(Id16), 8));
                return ++row.promises_open < promises_open_max;
              });
  row.promise_overdue = row.due_ms != 0 && row.due_ms <= now_ms;
  if (row.promise_overdue) row.colour = ReplyColour::red;
  state_.each(table::chat_questions, Key().id(row.id), false,
              [&](std::string_view, std::string_view) {
                return ++row.questions_open < questions_open_max;
              });
}

std::vector<Queries::Listener> Queries::listening(std::uint64_t now_ms) const {
  std::vector<Listener> out;
  state_.each(table::listening, {}, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<ListeningRecord>(value);
    if (record.until_ms > now_ms) {
      out.push_back({static_cast<MemberNo>(read_be(key)), record.to, record.chat, record.until_ms});
    }
    return true;
  });
  return out;
}

void Queries::add_listeners(std::vector<MemberView>& members, std::uint64_t now_ms) const {
  for (const Listener& one : listening(now_ms)) {
    for (MemberView& member : members) {
      if (one.to == member.number) member.listeners.push_back({one.member, one.until_ms});
      if (one.member == member.number) {
        member.listening = MemberView::Listening{one.to, one.chat, one.until_ms};
      }
    }
  }
}

// Those who listen to the chat, or to the member whose it is.
std::vector<ListenerView> Queries::listeners(const ChatRow& chat, std::uint64_t now_ms) const {
  std::vector<ListenerView> out;
  for (const Listener& one : listening(now_ms)) {
    const bool owners = chat.state == ChatState::assigned && one.to == chat.owner;
    if (one.chat == chat.id || owners) out.push_back({one.member, one.until_ms});
  }
  return out;
}

}  // namespace deskmate::desk
