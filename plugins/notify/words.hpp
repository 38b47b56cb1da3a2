// What a notice says, in English and Chinese. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::notify {

// Named limits.
inline constexpr std::size_t messages_per_chat_max = 3;  // the last ones of a buyer
inline constexpr std::size_t message_chars_max = 600;    // of each, in characters

struct ChatLine {
  std::uint64_t number = 0;
  std::string shop;
  std::uint64_t waiting_ms = 0;
  std::vector<std::string> messages;  // empty: none are to be shown
  std::uint64_t earlier = 0;          // messages before these
};

struct Words {
  std::string subject;
  std::string text;
};

// chats is not empty.
Words notice_words(bool chinese, const std::vector<ChatLine>& chats, std::uint64_t more,
                   std::uint64_t answer_hours);

// Why an answer did not go out: code is which, expired, empty, or anything with a reason from the
// desk. number: 0 where the chat is not known.
Words refusal_words(bool chinese, std::string_view code, std::string_view reason,
                    std::uint64_t number);

// At most so many characters, "…" where something was cut. Valid UTF-8 in and out.
std::string cut(std::string_view text, std::size_t chars_max);

}  // namespace deskmate::notify
