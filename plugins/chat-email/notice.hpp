// Notices: mails to a member who is away, and what the member answers.
//
// A notice begins a thread of its own. Its Message-ID is made of the request's id, which nobody but
// the desk and whoever reads the notice knows; an answer names it. All pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deskmate/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/chat-email/incoming.hpp"

namespace deskmate::chat_email {

// Notices of this connector that are known without a look at the mailbox.
inline constexpr std::size_t kNoticesKnownMax = 512;

// The first line of a notice: what stands below it in an answer is not the member's.
inline constexpr std::string_view kNoticeMark =
    "=== Deskmate: answer above this line / 请在此行上方回复 ===";

// What the member wrote: without quoted lines, without what follows the mark and without the line
// that announces either ("On Monday the shop wrote:"). text: of parse_mail.
std::string answer_text(std::string_view text);

// "notice.answered" {request, at, files} | {text}, recognised by its Message-ID.
NewEvent answer_event(const Mail& mail, const std::string& shop, std::string_view request_hex,
                      const std::string& message_id, std::uint64_t received_ms);

// The ids of the last notices, as they are kept: 16 bytes each, the oldest first.
std::string add_notice(std::string_view known, std::string_view request_hex);
bool knows_notice(std::string_view known, std::string_view request_hex);

}  // namespace deskmate::chat_email
