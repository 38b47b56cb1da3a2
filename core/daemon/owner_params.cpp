#include "core/daemon/owner_params.hpp"

#include <algorithm>
#include <set>

#include "core/daemon/errors.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::uint64_t minute_ms = 60'000;
constexpr std::uint64_t minutes_max = 1'000ull * 24 * 60;  // beyond what any limit allows

// Named by what they show as; by their ids where that is the same.
Error several(Service& service, const Call& call, desk::Errc code,
              const std::vector<desk::Id16>& ids,
              const std::function<std::uint32_t(const desk::Id16&)>& shown) {
  std::set<std::uint32_t> numbers;
  std::string by_number;
  std::string by_id;
  const auto add = [](std::string& list, const std::string& one) {
    list += (list.empty() ? "" : ", ") + one;
  };
  for (const auto& id : ids) {
    const std::uint32_t number = shown(id);
    if (number != 0 && numbers.insert(number).second) add(by_number, std::to_string(number));
    add(by_id, hex(id));
  }
  return refused(service, call, code, numbers.size() < ids.size() ? by_id : by_number, {});
}

std::uint32_t number_of(View number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number.as_uint(), ~0u));
}

std::string name_of(View value) {
  return value.is_str() ? fix_utf8(value.as_str()) : std::to_string(value.as_uint());
}

Language own_language(const Service& service, const Call& call) {
  return language_of(service, call) == desk::Language::chinese ? Language::zh : Language::en;
}

}  // namespace

std::string text_in(const bus::Call& call, std::string_view name) {
  return std::string(call.params[name].as_str());
}

std::size_t limit_of(const Call& call) {
  return std::min<std::size_t>(call.params["limit"].as_uint(rows_default), rows_max);
}

Present present_of(Service& service, const Call& call) {
  return {service.bodies, language_of(service, call)};
}

Error refused(Service& service, const Call& call, desk::Errc code, std::string_view detail,
              std::string_view where) {
  return to_error(desk::Error{code, std::string(detail), std::string(where)},
                  language_of(service, call));
}

desk::MemberNo member_of(const Call& call) {
  return static_cast<desk::MemberNo>(
      std::min<std::uint64_t>(call.params["member"].as_uint(), 1u << 20));
}

std::optional<desk::MemberNo> member_in(const Call& call, std::string_view name) {
  const View member = call.params[name];
  if (!member.is_uint()) return std::nullopt;
  return static_cast<desk::MemberNo>(std::min<std::uint64_t>(member.as_uint(), ~0u));
}

Result<desk::MemberNo> actor_of(Service& service, const Call& call) {
  const auto own = call.session->rights().member;
  const auto named = member_of(call);
  if (own != 0) {
    if (named == 0 || named == own) return own;
    return Error{Status::denied, say(own_language(service, call), "desk.not_your_number"),
                 "member"};
  }
  if (named != 0) return named;
  const auto members = service.desk.members(service.options.wall_ms());
  if (members.size() == 1) return members.front().number;
  return Error{Status::invalid, say(own_language(service, call), "desk.which_member"), "member"};
}

Result<desk::Id16> chat_of(Service& service, const Call& call) {
  const View chat = call.params["chat"];
  if (chat.is_str()) {
    if (const auto id = id_from_hex(chat.as_str())) return *id;
  } else if (chat.is_uint()) {
    const auto chats = service.desk.chats_by_number(number_of(chat));
    if (chats.size() == 1) return chats.front();
    if (!chats.empty()) {
      return several(service, call, desk::Errc::many_chats, chats, [&](const desk::Id16& id) {
        const auto row = service.desk.chat_row(id, service.options.wall_ms());
        return row ? row->number : 0;
      });
    }
  }
  return refused(service, call, desk::Errc::no_such_chat, name_of(chat), {});
}

Result<desk::Id16> case_of(Service& service, const Call& call) {
  const View name = call.params["case"];
  if (name.is_str()) {
    if (const auto id = id_from_hex(name.as_str())) return *id;
  } else if (name.is_uint()) {
    const auto cases = service.desk.cases_by_number(number_of(name));
    if (cases.size() == 1) return cases.front();
    if (!cases.empty()) {
      return several(service, call, desk::Errc::many_cases, cases, [&](const desk::Id16& id) {
        const auto row = service.desk.case_row(id, service.options.wall_ms());
        return row ? row->number : 0;
      });
    }
  }
  return refused(service, call, desk::Errc::no_such_case, name_of(name), "case");
}

namespace {

using IfThere = Result<std::optional<desk::Id16>>;

IfThere if_there(const Call& call, std::string_view name,
                 const std::function<Result<desk::Id16>()>& find) {
  if (!call.params.contains(name)) return std::optional<desk::Id16>();
  const auto found = find();
  if (!found) return found.error();
  return std::optional<desk::Id16>(*found);
}

}  // namespace

IfThere chat_if(Service& service, const Call& call) {
  return if_there(call, "chat", [&] { return chat_of(service, call); });
}

IfThere case_if(Service& service, const Call& call) {
  return if_there(call, "case", [&] { return case_of(service, call); });
}

IfThere id_if(Service& service, const Call& call, std::string_view name) {
  return if_there(call, name, [&] { return id_in(service, call, name); });
}

Result<desk::OrderView> one_order_of(Service& service, const Call& call) {
  const auto number = call.params["order"].as_str();
  auto found = orders_of(service, number);
  if (found.empty()) {
    return refused(service, call, desk::Errc::no_such_order, fix_utf8(number), {});
  }
  const auto shop = call.params["shop"].as_str();
  if (!shop.empty()) std::erase_if(found, [&](const auto& one) { return one.shop != shop; });
  if (found.size() != 1) {
    return Error{Status::invalid, say(own_language(service, call), "desk.which_shop"), "shop"};
  }
  return std::move(found.front());
}

std::vector<desk::OrderView> orders_of(Service& service, std::string_view order) {
  if (const auto id = id_from_hex(order)) {
    if (auto found = service.desk.order(*id)) return {std::move(*found)};
  }
  return service.desk.orders_by_number(service.pseudonyms.of_desk("number", order));
}

Result<desk::Id16> id_in(Service& service, const Call& call, std::string_view name,
                         const Ids& ids) {
  const auto text = call.params[name].as_str();
  if (const auto id = id_from_hex(text)) return *id;
  if (ids && text.size() >= id_digits_min) {
    std::vector<desk::Id16> found = ids();
    std::erase_if(found, [&](const desk::Id16& id) { return !hex(id).starts_with(text); });
    if (found.size() == 1) return found.front();
  }
  return refused(service, call, desk::Errc::bad_value, fix_utf8(text), name);
}

std::uint64_t time_in(Service& service, View params, std::string_view ms,
                      std::string_view minutes) {
  if (const View span = params[minutes]; span.is_uint()) {
    return service.options.wall_ms() + std::min(span.as_uint(), minutes_max) * minute_ms;
  }
  return params[ms].as_uint();
}

Result<desk::MemberNo> actor_on(Service& service, const Call& call, const desk::Id16& chat_id) {
  if (call.session->rights().member == 0 && member_of(call) == 0) {
    const auto row = service.desk.chat_row(chat_id, service.options.wall_ms());
    if (row && row->owner != 0) return row->owner;
  }
  return actor_of(service, call);
}

void on_chat(Service& service, const Call& call, Answer answer, const ProposeOnChat& propose) {
  const auto id = chat_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_on(service, call, *id);
  if (!member) return answer.fail(member.error());
  finish(service, call, propose(*id, *member), std::move(answer));
}

Result<std::vector<desk::ReplyFile>> files_of(Service& service,
                                              const std::optional<desk::Id16>& buyer,
                                              const View files) {
  std::vector<desk::ReplyFile> out;
  if (files.size() > desk::reply_files_max) {
    return Error{Status::limit, "at most " + std::to_string(desk::reply_files_max) + " files",
                 "files"};
  }
  for (const View file : files) {
    const auto hash = hash_from_hex(file["hash"].as_str());
    const auto size = hash && buyer
                          ? service.store.file_size(*buyer, *hash)
                          : storage::Error{storage::Errc::not_found, "there is no such file"};
    if (!size) return Error{Status::not_found, "this buyer has no such file", "files"};
    out.push_back({*hash, *size, fix_utf8(file["name"].as_str()), fix_utf8(file["type"].as_str())});
  }
  return out;
}

void when_may_answer(Service& service, const desk::Id16& chat, desk::Language language,
                     std::function<void()> send, std::function<void(const Error&)> refuse) {
  if (service.desk.peers().empty()) return send();
  const desk::Right right = service.desk.may_act(chat, service.sight());
  if (right.may == desk::May::no) {
    return refuse(Error{Status::denied, desk::explain(right.why, language), "chat"});
  }
  if (right.may == desk::May::yes || service.others() == nullptr) return send();
  service.others()->read_tail(
      chat, [language, send = std::move(send), refuse = std::move(refuse)](OtherPeers::Tail tail) {
        if (tail != OtherPeers::Tail::answered) return send();
        const Language mine = language == desk::Language::chinese ? Language::zh : Language::en;
        refuse(Error{Status::denied, say(mine, "reply.answered_elsewhere"), "chat"});
      });
}

}  // namespace deskmate::daemon
