#include "core/peer/peer_id.hpp"

#include <algorithm>
#include <optional>

namespace deskmate::peer {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t checked_characters = 2 * group_characters - 1;

std::optional<unsigned> value_of(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a');
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= '2' && c <= '7') return static_cast<unsigned>(c - '2') + 26;
  if (c == '0') return value_of('O');
  if (c == '1') return value_of('I');
  if (c == '8') return value_of('B');
  return std::nullopt;
}

bool is_gap(char c) { return c == ' ' || c == '-' || c == '\n' || c == '\r' || c == '\t'; }

// Luhn's, modulo 32: notices every single wrong character and nearly every swap of neighbours.
char check_character(std::string_view characters) {
  unsigned factor = 1;
  unsigned sum = 0;
  for (const char c : characters) {
    const unsigned product = *value_of(c) * factor;
    sum += product / 32 + product % 32;
    factor = 3 - factor;
  }
  return alphabet[(32 - sum % 32) % 32];
}

std::string base32(std::string_view bytes) {
  std::string out;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    held = (held << 8 | static_cast<unsigned char>(c)) & 0xfffu;
    for (bits += 8; bits >= 5; bits -= 5) out += alphabet[held >> (bits - 5) & 31u];
  }
  if (bits > 0) out += alphabet[held << (5 - bits) & 31u];
  return out;
}

Error fault(const char* where, std::string message) {
  return {Status::invalid, std::move(message), where};
}

}  // namespace

std::string to_groups(std::string_view bytes) {
  const std::string plain = base32(bytes);
  std::string checked;
  for (std::size_t at = 0; at < plain.size(); at += checked_characters) {
    const std::string_view part = std::string_view(plain).substr(at, checked_characters);
    checked += part;
    checked += check_character(part);
  }
  std::string out;
  for (std::size_t at = 0; at < checked.size(); at += group_characters) {
    if (at > 0) out += '-';
    out += checked.substr(at, group_characters);
  }
  return out;
}

Result<std::string> from_groups(std::string_view text) {
  if (text.size() > readable_text_max) return fault("length", "that is too long");
  std::string plain;
  for (const char c : text) {
    if (is_gap(c)) continue;
    const auto value = value_of(c);
    if (!value) {
      return fault("character", "group " + std::to_string(plain.size() / group_characters + 1) +
                                    " has a character that cannot be there");
    }
    plain += alphabet[*value];
  }
  std::string bytes;
  unsigned held = 0;
  unsigned bits = 0;
  for (std::size_t at = 0; at < plain.size(); at += checked_characters + 1) {
    const std::string_view part = std::string_view(plain).substr(at, checked_characters + 1);
    const std::string_view characters = part.substr(0, part.size() - 1);
    if (characters.empty() || check_character(characters) != part.back()) {
      const std::size_t first = at / group_characters + 1;
      const bool two = part.size() > group_characters;
      return fault("group", two ? "group " + std::to_string(first) + " or " +
                                      std::to_string(first + 1) + " is wrong"
                                : "group " + std::to_string(first) + " is wrong");
    }
    for (const char c : characters) {
      held = (held << 5 | *value_of(c)) & 0xfffu;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes += static_cast<char>(held >> bits & 0xffu);
      }
    }
  }
  // One way to write each: the bits that are left over are zeros of the last byte's filling.
  if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) {
    return fault("length", "something is missing at the end");
  }
  return bytes;
}

std::string to_text(const PeerId& id) {
  return to_groups({reinterpret_cast<const char*>(id.data()), id.size()});
}

Result<PeerId> parse_peer_id(std::string_view text) {
  auto bytes = from_groups(text);
  if (!bytes) return bytes.error();
  PeerId id{};
  if (bytes->size() != id.size()) {
    return fault("length", "a peer's id has 8 groups of 7 characters");
  }
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(id.data()));
  return id;
}

}  // namespace deskmate::peer
