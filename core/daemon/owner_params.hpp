// What the methods of owners take: who acts, which chat, which order, how many rows. Loop thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/daemon/owner_call.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t rows_default = 100;
inline constexpr std::size_t rows_max = 1'000;
inline constexpr std::size_t id_digits_min = 4;  // of the beginning of one

// The parameter `limit`.
std::size_t limit_of(const bus::Call& call);

Present present_of(Service& service, const bus::Call& call);

// A refusal by the desk, in the caller's language.
Error refused(Service& service, const bus::Call& call, desk::Errc code, std::string_view detail,
              std::string_view where);

// A parameter that is a text; empty: it is not there.
std::string text_in(const bus::Call& call, std::string_view name);

// The member that is named: who acts, of whom, or whose chats.
desk::MemberNo member_of(const bus::Call& call);
// Another parameter that is a member's number; nothing: it is not there.
std::optional<desk::MemberNo> member_in(const bus::Call& call, std::string_view name);

// Who acts: the member whose browser it is, the member named, or the only one there is.
Result<desk::MemberNo> actor_of(Service& service, const bus::Call& call);
// The same on a chat: from the command line, unless named, whose chat it is.
Result<desk::MemberNo> actor_on(Service& service, const bus::Call& call, const desk::Id16& chat);

// A chat by its number or its id.
Result<desk::Id16> chat_of(Service& service, const bus::Call& call);

// Orders by number as written, or by id.
std::vector<desk::OrderView> orders_of(Service& service, std::string_view order);

// A parameter that is an id, or the beginning of one of the ids and of no other.
using Ids = std::function<std::vector<desk::Id16>()>;
Result<desk::Id16> id_in(Service& service, const bus::Call& call, std::string_view name,
                         const Ids& ids = {});

// A time: `due_ms`, or so many minutes from now. 0: neither is there.
std::uint64_t time_in(Service& service, View params, std::string_view ms, std::string_view minutes);

// The parameter `chat` as a filter: nothing where it is not there.
Result<std::optional<desk::Id16>> chat_if(Service& service, const bus::Call& call);
// A case by its number or its id; and as a filter.
Result<desk::Id16> case_of(Service& service, const bus::Call& call);
Result<std::optional<desk::Id16>> case_if(Service& service, const bus::Call& call);
// One order by number as written, or by id; of several shops' the one of the parameter `shop`.
Result<desk::OrderView> one_order_of(Service& service, const bus::Call& call);
// Another parameter that is an id, where it is there.
Result<std::optional<desk::Id16>> id_if(Service& service, const bus::Call& call,
                                        std::string_view name);

// In an order as it is shown: its parcels with their traces.
void show_traces(Service& service, const Present& present, Value& order);

// A page of rows, or that there is no such page.
template <class Row, class Show>
void answer_page(Service& service, const bus::Call& call, bus::Answer answer, const char* name,
                 const std::optional<desk::Page<Row>>& page, const Show& show) {
  if (!page) {
    return answer.fail(refused(service, call, desk::Errc::bad_value, "next", "after"));
  }
  Array rows;
  for (const Row& row : page->rows) rows.push_back(show(row));
  Value out = Value::map({{name, std::move(rows)}});
  if (!page->next.empty()) out["next"] = Value::bin(std::string_view(page->next));
  answer.ok(std::move(out));
}

using ProposeOnChat =
    std::function<desk::Result<desk::Proposal>(const desk::Id16&, desk::MemberNo)>;
void on_chat(Service& service, const bus::Call& call, bus::Answer answer,
             const ProposeOnChat& propose);

// In a desk of several peers only whoever the chat belongs to answers; where that is in doubt, the
// thread is read first. Then send, or refuse with the reason.
void when_may_answer(Service& service, const desk::Id16& chat, desk::Language language,
                     std::function<void()> send, std::function<void(const Error&)> refuse);

// The files of a reply: {hash, name, type} each, as file.finish gave the hash for this chat.
Result<std::vector<desk::ReplyFile>> files_of(Service& service,
                                              const std::optional<desk::Id16>& buyer, View files);

}  // namespace deskmate::daemon
