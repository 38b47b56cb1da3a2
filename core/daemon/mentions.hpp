// What a buyer's words point at: order numbers, e-mail addresses and telephone numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t mentions_max = 32;             // of one message; the rest is left out
inline constexpr std::size_t mention_text_max = 64u << 10;  // bytes of text that are looked at
inline constexpr std::size_t mention_number_min = 4;        // characters of an order number
inline constexpr std::size_t mention_number_max = 40;

struct Mention {
  enum class Kind { number, email, phone };
  Kind kind;
  std::string text;  // half-width; not otherwise normalised
  bool operator==(const Mention&) const = default;
};

// Finds them in plain text, each once, in order of appearance. A run of digits may be both an order
// number and a telephone number: it is given as both. Words without a digit are numbers only when
// they are long and all in capitals, as some shops' codes are.
std::vector<Mention> find_mentions(std::string_view text);

}  // namespace deskmate::daemon
