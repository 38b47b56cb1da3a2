// What a buyer said in a mail, apart from what the mail repeats.
//
//   split_reply("Where is it?\n\nOn Monday Ann wrote:\n> It is on its way.\n")
//     -> said "Where is it?", quoted "On Monday Ann wrote:\n> It is on its way."
//
// A trailing history (lines of ">", "On … wrote:", "在 … 写道：", "-----Original Message-----",
// "发件人：… 发送时间：…") goes to quoted; a trailing signature after "-- " and "Sent from my
// phone" lines are left out. Where answers stand between the quoted lines nothing is cut, and nor
// where nothing would be left. Text is clean UTF-8 (text.hpp). Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deskmate::chat_email {

inline constexpr std::size_t kQuotedBytesMax = 16384;  // kept of the history
inline constexpr std::size_t kSignatureLinesMax = 15;

struct Reply {
  std::string said;
  std::string quoted;
};

Reply split_reply(std::string_view text);

}  // namespace deskmate::chat_email
