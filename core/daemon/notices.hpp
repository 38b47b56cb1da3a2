// Notices: what a plugin tells a member who is away, through the channel of another one, and the
// member's answers to them. Loop thread.
//
// A plugin appends "notice.requested" {member, chats} for itself; the outbox asks it to perform
// that like any action, and it hands text and address on to a channel (notice.perform), where the
// request's id makes it the same notice at every attempt. The text is nowhere in the log. The
// channel appends what is answered as "notice.answered" {request} | {text}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/daemon/intake.hpp"

namespace deskmate::daemon {

class Service;

// Named limits.
inline constexpr std::size_t notice_chats_max = 64;      // of one notice
inline constexpr std::size_t notice_to_bytes_max = 254;  // the address
inline constexpr std::size_t notice_subject_bytes_max = 300;
inline constexpr std::size_t notice_text_bytes_max = 32'768;

inline constexpr std::string_view answered_notice = "notice.answered";

// Which of these chats an answer is for, and what it says to the buyer. One chat: that, "#41 " in
// front may be left out. Several: the number has to stand in front ("41 It left today."), and no
// further line may begin with the number of another. Nothing: that cannot be told. Pure.
struct Addressed {
  std::size_t chat = 0;  // index into numbers
  std::string text;
};
std::optional<Addressed> addressed(std::string_view text,
                                   const std::vector<std::uint64_t>& numbers);

// As prepare() does, for an answer to a notice: facts.chat says which chat it is for, and its text
// is sealed under that chat's buyer's key. Where that cannot be told, its text is not stored at
// all.
Result<Prepared> prepare_answer(Service& service, View event, std::string_view instance);

}  // namespace deskmate::daemon
