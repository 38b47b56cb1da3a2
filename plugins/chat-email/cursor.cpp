#include "plugins/chat-email/cursor.hpp"

#include <array>
#include <charconv>

namespace deskmate::chat_email {

std::string Cursor::to_text() const {
  return "1 " + std::to_string(uid_validity) + " " + std::to_string(uid_next) + " " +
         std::to_string(seen_ms);
}

std::optional<Cursor> Cursor::from_text(std::string_view text) {
  std::array<std::uint64_t, 4> numbers{};
  const char* at = text.data();
  const char* end = text.data() + text.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && (at == end || *at++ != ' ')) return std::nullopt;
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc{}) return std::nullopt;
    at = next;
  }
  constexpr std::uint64_t kUidMax = 0xFFFFFFFF;
  if (at != end || numbers[0] != 1 || numbers[1] > kUidMax || numbers[2] > kUidMax) {
    return std::nullopt;
  }
  return Cursor{static_cast<std::uint32_t>(numbers[1]), static_cast<std::uint32_t>(numbers[2]),
                numbers[3]};
}

}  // namespace deskmate::chat_email
