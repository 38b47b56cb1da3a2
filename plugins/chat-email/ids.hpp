// The names that tie mails together: Message-IDs, threads, addresses, and our own Message-IDs,
// which carry the id of the request that a mail was sent for.
//
// Ids are kept without their angle brackets. All functions are pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::chat_email {

inline constexpr std::size_t kMessageIdBytesMax = 512;
inline constexpr std::size_t kReferencesMax = 100;  // of one mail; the first and the last ones stay
inline constexpr std::size_t kAddressBytesMax = 254;

// The ids in a header such as References: "<a@x> <b@y>" -> {"a@x", "b@y"}. What is no id (too long,
// with spaces or control characters) is left out.
std::vector<std::string> parse_ids(std::string_view header);

// The address in lower case, or "" where it is none that mail could be sent to: one "@", something
// on both sides, no spaces, control characters, quotes or angle brackets, not too long.
std::string parse_address(std::string_view text);

// The part behind the "@".
std::string_view domain_of(std::string_view address);

// The Message-ID of the mail sent for a request: "<32 hex digits>@deskmate.<domain of the shop>".
// request_hex: 32 lower-case hex digits.
std::string own_message_id(std::string_view request_hex, std::string_view shop_address);

// The request's hex digits, if the id is one of ours.
std::optional<std::string> request_of(std::string_view message_id, std::string_view shop_address);

// What names a thread: its first Message-ID and the buyer, so that nobody who learns or guesses a
// Message-ID can write into another buyer's chat.
std::string thread_name(std::string_view root_id, std::string_view buyer);

// The Message-ID in a thread's name; empty where the name is not of that form.
std::string_view root_of(std::string_view thread);

// The first mail of the thread as far as a mail's headers tell: the first of References, else
// In-Reply-To, else the mail itself.
std::string root_id(const std::vector<std::string>& references, std::string_view in_reply_to,
                    std::string_view message_id);

std::string to_hex(std::string_view bytes);

}  // namespace deskmate::chat_email
