#include "core/desk/commands.hpp"

#include <algorithm>
#include <utility>

#include "core/desk/problems.hpp"
#include "core/desk/schedule.hpp"

namespace deskmate::desk {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_max && text.find('\0') == std::string_view::npos &&
         is_utf8(text);
}

Result<void> check_text(std::string_view text, std::size_t max, Errc missing,
                        std::string_view where) {
  if (is_blank(text)) return Error{missing, {}, std::string(where)};
  if (text.size() > max) return Error{Errc::too_long, std::to_string(max), std::string(where)};
  if (!is_utf8(text)) return Error{Errc::bad_value, "UTF-8", std::string(where)};
  return {};
}

Result<void> check_one_of(std::span<const std::string_view> words, std::string_view word,
                          std::string_view where) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return {};
  std::string list;
  for (const std::string_view one : words) {
    if (!one.empty()) list += (list.empty() ? "" : ", ") + std::string(one);
  }
  return Error{Errc::bad_value, list, std::string(where)};
}

Result<void> check_files(const std::vector<ReplyFile>& files) {
  if (files.size() > reply_files_max) return Error{Errc::too_long, std::to_string(reply_files_max)};
  std::uint64_t bytes = 0;
  for (const ReplyFile& file : files) {
    if (file.name.empty() || file.name.size() > file_name_max || !is_utf8(file.name) ||
        file.type.size() > file_name_max || !is_utf8(file.type)) {
      return Error{Errc::bad_value, "file"};
    }
    bytes += std::min(file.size, reply_files_bytes_max + 1);
  }
  if (bytes > reply_files_bytes_max) {
    return Error{Errc::too_long, std::to_string(reply_files_bytes_max)};
  }
  return {};
}

Array files_value(const std::vector<ReplyFile>& files) {
  Array out;
  for (const ReplyFile& file : files) {
    out.push_back(Value::map({{"hash", Value::bin(file.hash)},
                              {"size", file.size},
                              {"name", file.name},
                              {"type", file.type}}));
  }
  return out;
}

namespace {

// Seals what was written under the buyer's key, as far as there is a buyer.
void add_text(Proposal& event, const ChatRecord& chat, std::string_view text) {
  event.body = Value::map({{"text", text}});
  event.buyer = chat.buyer;
}

}  // namespace

Result<ChatRecord> Commands::chat_of(const Id16& id) const {
  auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
  if (!chat || !chat->origin_at.any()) return Error{Errc::no_such_chat, {}};
  return std::move(*chat);
}

Result<ChatRecord> Commands::open_chat(const Id16& id) const {
  auto chat = chat_of(id);
  if (chat && !chat->open()) return Error{Errc::not_open, std::to_string(chat->number)};
  return chat;
}

Result<MemberRecord> Commands::member_of(MemberNo number) const {
  auto member = state_.find<MemberRecord>(table::members, Key().u32(number));
  if (!member || !member->known() || member->removed) {
    return Error{Errc::no_such_member, std::to_string(number)};
  }
  return std::move(*member);
}

Result<void> Commands::check_role(std::string_view role) const {
  const auto all = state_.members();
  if (std::none_of(all.begin(), all.end(), [&](const auto& one) {
        return !one.second.removed && one.second.role == role;
      })) {
    return Error{Errc::no_such_role, std::string(role)};
  }
  return {};
}

std::size_t Commands::count(const TableInfo& table, std::string_view prefix,
                            std::size_t max) const {
  std::size_t found = 0;
  if (max == 0) return 0;
  state_.each(table, prefix, false,
              [&](std::string_view, std::string_view) { return ++found < max; });
  return found;
}

Result<Proposal> Commands::reply(const Id16& id, MemberNo member, std::string_view text,
                                 const std::vector<ReplyFile>& files) const {
  const auto chat = chat_of(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(member); !known) return known.error();
  const bool only_files = !files.empty() && text.empty();
  if (const auto fits = check_text(text, text_max, Errc::text_required); !fits && !only_files) {
    return fits.error();
  }
  if (const auto fit = check_files(files); !fit) return fit.error();
  if (!chat->buyer) return Error{Errc::no_such_buyer, {}};
  // A block ends routing, not the shop's own word to the buyer by hand: unblock first, on purpose.
  if (const auto buyer = state_.find<BuyerRecord>(table::buyers, Key().id(*chat->buyer));
      buyer && buyer->blocked && buyer->until_ms == 0) {
    return Error{Errc::blocked, {}};
  }
  Map facts{{"chat", Value::bin(id)},
            {"shop", chat->shop},
            {"thread", Value::bin(id)},
            {"buyer", Value::bin(*chat->buyer)},
            {"member", member}};
  Proposal out = proposal("reply.requested", {});
  if (chat->last_in.any()) {
    const Place to = state_.to_answer(id, *chat);
    if (const auto last = state_.get(table::talk_in, Key().id(id).place(to))) {
      facts.add("to_message", Value::bin(id_at(*last, 24)));
    }
    facts.add("seen", state_.seen_ms(id));
    out.answers = state_.ref(to);
    if (!chat->waiting.any()) facts.add("further", true);
  }
  out.facts = std::move(facts);
  out.request = true;
  add_text(out, *chat, text);
  if (!files.empty()) (*out.body)["files"] = files_value(files);
  return out;
}

Result<Proposal> Commands::written(std::string_view type, const Id16& id, MemberNo member,
                                   std::string_view text) const {
  const auto chat = chat_of(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(member); !known) return known.error();
  const bool empty_draft = type == "chat.drafted" && is_blank(text);
  Map facts{{"chat", Value::bin(id)}, {"member", member}};
  if (empty_draft) {
    facts.add("empty", true);
    return proposal(std::string(type), std::move(facts));
  }
  if (const auto fits = check_text(text, text_max, Errc::text_required); !fits) return fits.error();
  Proposal out = proposal(std::string(type), std::move(facts));
  add_text(out, *chat, text);
  return out;
}

Result<Proposal> Commands::transfer(const Id16& id, MemberNo from, const Target& to,
                                    std::string_view note) const {
  const auto chat = open_chat(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(from); !known) return known.error();
  Map facts{{"chat", Value::bin(id)}, {"from", from}};
  if (const auto* member = std::get_if<MemberNo>(&to)) {
    if (const auto known = member_of(*member); !known) return known.error();
    if (chat->owner() == *member) return Error{Errc::same_member, std::to_string(*member)};
    facts.add("to", *member);
  } else {
    const std::string& role = std::get<std::string>(to);
    if (const auto known = check_role(role); !known) return known.error();
    facts.add("to", role);
  }
  if (const auto fits = check_text(note, text_max, Errc::note_required); !fits) return fits.error();
  Proposal out = proposal("chat.transferred", std::move(facts));
  out.body = Value::map({{"note", note}});
  out.buyer = chat->buyer;
  return out;
}

Result<Proposal> Commands::flag(const Id16& id, MemberNo member, std::string_view topic) const {
  if (const auto chat = open_chat(id); !chat) return chat.error();
  if (const auto known = member_of(member); !known) return known.error();
  if (!is_name(topic)) return Error{Errc::bad_value, "topic"};
  return proposal("chat.flagged", {{"chat", Value::bin(id)}, {"member", member}, {"topic", topic}});
}

Result<Proposal> Commands::claim(const Id16& id, MemberNo member) const {
  const auto chat = open_chat(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(member); !known) return known.error();
  if (chat->owner() == member) return Error{Errc::same_member, std::to_string(member)};
  const auto opening = state_.get(table::talk_in, Key().id(id).place(chat->opening));
  return proposal("chat.assigned",
                  {{"chat", Value::bin(id)},
                   {"visit", Value::bin(opening ? id_at(*opening, 24) : Id16{})},
                   {"number", chat->number != 0 ? chat->number : state_.highest_chat_number() + 1},
                   {"member", member},
                   {"why", Value::map({{"rule", "manual"}, {"member", member}})}});
}

Result<Proposal> Commands::close(const Id16& id, MemberNo member) const {
  const auto chat = open_chat(id);
  if (!chat) return chat.error();
  if (const auto known = member_of(member); !known) return known.error();
  // A message that is found to have come in earlier moves: the last may be before the last close.
  const std::string upto = Key().place(std::max(chat->last_in, chat->closed_upto)).str();
  return proposal("chat.closed", {{"chat", Value::bin(id)},
                                  {"member", member},
                                  {"upto", Value::bin(upto)},
                                  {"seen", state_.seen_ms(id)}});
}

Result<Proposal> Commands::set_presence(MemberNo member, Presence state,
                                        std::uint64_t until_ms) const {
  if (const auto known = member_of(member); !known) return known.error();
  Map facts{{"member", member}, {"state", to_string(state)}};
  if (until_ms != 0) facts.add("until", until_ms);
  return proposal("member.presence", std::move(facts));
}

Result<Proposal> Commands::set_member(const MemberSpec& member) const {
  if (member.number == 0) return Error{Errc::bad_value, "member"};
  if (!is_name(member.name)) return Error{Errc::bad_value, "name"};
  if (!authority(member.role)) return Error{Errc::no_such_role, member.role};
  if (member.weight > weight_max) return Error{Errc::bad_value, "weight"};
  if (member.zone.size() > name_max) return Error{Errc::bad_value, "zone"};
  if (!parse_schedule(member.schedule)) {
    return Error{Errc::bad_schedule, member.schedule.empty() ? "" : member.schedule.front()};
  }
  if (member.experts.size() > ids_max ||
      !std::all_of(member.experts.begin(), member.experts.end(), is_name)) {
    return Error{Errc::bad_value, "experts"};
  }
  const auto all = state_.members();
  const auto others = std::count_if(all.begin(), all.end(), [&](const auto& one) {
    return one.first != member.number && !one.second.removed;
  });
  if (!member.removed && static_cast<std::size_t>(others) >= members_max) {
    return Error{Errc::bad_value, "members"};
  }
  const auto texts = [](const std::vector<std::string>& list) {
    Array out;
    for (const std::string& text : list) out.emplace_back(text);
    return out;
  };
  Map facts{{"member", member.number},     {"name", member.name},
            {"role", member.role},         {"weight", member.weight},
            {"zone", member.zone},         {"schedule", texts(member.schedule)},
            {"capacity", member.capacity}, {"experts", texts(member.experts)}};
  if (member.removed) facts.add("removed", true);
  ask_the_others(facts, member);
  return proposal("member.set", std::move(facts));
}

Result<Proposal> Commands::set_phrase(std::string_view name, std::string_view language,
                                      std::string_view text, bool removed) const {
  if (!is_name(name)) return Error{Errc::bad_value, "name"};
  if (!language.empty() && !is_name(language)) return Error{Errc::bad_value, "language"};
  Map facts{{"name", name}, {"language", language}};
  if (removed) {
    facts.add("removed", true);
    return proposal("phrase.set", std::move(facts));
  }
  if (const auto fits = check_text(text, phrase_max, Errc::text_required); !fits) {
    return fits.error();
  }
  facts.add("text", text);
  return proposal("phrase.set", std::move(facts));
}

Result<Proposal> Commands::set_joined(const Id16& a, const Id16& b, MemberNo member,
                                      bool joined) const {
  if (a == b) return Error{Errc::same_buyer, {}};
  if (const auto known = member_of(member); !known) return known.error();
  return proposal(joined ? "buyer.joined" : "buyer.separated",
                  {{"a", Value::bin(a)}, {"b", Value::bin(b)}, {"member", member}});
}

Result<Proposal> Commands::set_blocked(const Id16& buyer, MemberNo member, bool blocked,
                                       std::uint64_t until_ms) const {
  if (const auto known = member_of(member); !known) return known.error();
  Map facts{{"buyer", Value::bin(buyer)}, {"member", member}};
  if (blocked && until_ms != 0) facts.add("until", until_ms);
  return proposal(blocked ? "buyer.blocked" : "buyer.unblocked", std::move(facts));
}

Result<Proposal> Commands::action(const ActionSpec& action, std::uint64_t now_ms) const {
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(action.order));
  if (!order) return Error{Errc::no_such_order, {}};
  if (const auto known = member_of(action.member); !known) return known.error();
  if (!is_name(action.kind) || action.kind == "reply") return Error{Errc::bad_value, action.kind};
  if (gives_money(action.kind)) return give(action, *order, now_ms);
  Map facts{{"shop", order->shop}, {"order", Value::bin(action.order)}, {"member", action.member}};
  if (action.amount) {
    const std::string_view currency =
        action.currency.empty() ? std::string_view(order->currency) : action.currency;
    if (*action.amount <= 0 || currency != order->currency) return Error{Errc::bad_amount, {}};
    facts.add("amount", *action.amount);
    facts.add("currency", currency);
  }
  // R64: sent out of turn; so many had paid earlier.
  if (action.kind == "ship") {
    const auto place = Problems(state_, policy_).ship_place(action.order);
    if (place && place->before > 0) facts.add("passed", place->before);
  }
  for (const auto& [key, value] : action.facts.as_map()) {
    if (!facts.contains(key)) facts.add(key, value);
  }
  Proposal out = proposal(action.kind + ".requested", std::move(facts));
  out.request = true;
  if (action.body.is_map() && !action.body.as_map().empty()) out.body = action.body;
  out.buyer = order->buyer;
  out.subject = state_.ref(order->at);
  return out;
}

Result<Proposal> Commands::resolve(const Id16& id, std::string_view as, MemberNo member) const {
  const auto request = state_.find<RequestRecord>(table::requests, Key().id(id));
  if (!request || !request->at.any()) return Error{Errc::no_such_request, {}};
  if (const auto known = member_of(member); !known) return known.error();
  if (!request->is_unknown()) return Error{Errc::not_unknown, request->kind};
  if (as != "done" && as != "again" && as != "dropped") {
    return Error{Errc::bad_value, std::string(as)};
  }
  return proposal(
      request->kind + ".resolved",
      {{"request", Value::bin(id)}, {"kind", request->kind}, {"as", as}, {"member", member}});
}

}  // namespace deskmate::desk
