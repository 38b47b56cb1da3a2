#include "core/daemon/pseudonym.hpp"

#include <sodium.h>

#include <stdexcept>

namespace deskmate::daemon {
namespace {

constexpr std::size_t phone_digits_min = 7;
constexpr std::size_t phone_digits_max = 15;  // E.164

void add_with_length(crypto_generichash_state& state, std::string_view part) {
  unsigned char length[4];
  for (int i = 0; i < 4; ++i) {
    length[i] = static_cast<unsigned char>(part.size() >> (8 * (3 - i)));
  }
  crypto_generichash_update(&state, length, sizeof length);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                            part.size());
}

}  // namespace

Pseudonyms::Pseudonyms(const storage::Id32& key, std::string phone_prefix)
    : key_(key), phone_prefix_(std::move(phone_prefix)) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
}

storage::Id16 Pseudonyms::hash(std::string_view kind, std::string_view scope,
                               std::string_view id) const {
  crypto_generichash_state state;
  storage::Id16 out{};
  crypto_generichash_init(&state, key_.data(), key_.size(), out.size());
  add_with_length(state, kind);
  add_with_length(state, scope);
  add_with_length(state, id);
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

storage::Id16 Pseudonyms::of_shop(std::string_view kind, std::string_view shop,
                                  std::string_view id) const {
  return hash(kind, std::string("shop:").append(shop), id);
}

storage::Id16 Pseudonyms::of_desk(std::string_view kind, std::string_view id) const {
  return hash(kind, "desk", normalise(id));
}

storage::Id16 Pseudonyms::of_contact(std::string_view contact) const {
  const auto colon = contact.find(':');
  if (colon == std::string_view::npos) return of_desk("contact", contact);
  const auto kind = contact.substr(0, colon);
  const auto value = contact.substr(colon + 1);
  if (kind == "phone") {
    const std::string phone = normalise_phone(value, phone_prefix_);
    if (!phone.empty()) return hash(kind, "desk", phone);
  }
  return of_desk(kind, value);
}

// U+FF01…U+FF5E are the full-width forms of '!'…'~', as Chinese keyboards write them; in UTF-8 they
// are EF BC 81…EF BD 9E. U+3000 is the wide space.
std::string to_half_width(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const bool third = (byte(i + 2) & 0xC0u) == 0x80;
    if (byte(i) == 0xEF && (byte(i + 1) == 0xBC || byte(i + 1) == 0xBD) && third) {
      const unsigned point = 0xF000u | ((byte(i + 1) & 0x3Fu) << 6) | (byte(i + 2) & 0x3Fu);
      if (point >= 0xFF01 && point <= 0xFF5E) {
        out += static_cast<char>(point - 0xFF01 + '!');
        i += 2;
        continue;
      }
    }
    if (byte(i) == 0xE3 && byte(i + 1) == 0x80 && byte(i + 2) == 0x80) {
      out += ' ';
      i += 2;
      continue;
    }
    out += text[i];
  }
  return out;
}

std::string normalise(std::string_view text) {
  std::string out = to_half_width(text);
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!out.empty() && is_space(out.back())) out.pop_back();
  std::size_t start = 0;
  while (start < out.size() && is_space(out[start])) ++start;
  out.erase(0, start);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string normalise_phone(std::string_view text, std::string_view phone_prefix) {
  const std::string plain = normalise(text);
  std::string digits;
  bool international = false;
  for (const char c : plain) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c == '+' && digits.empty()) {
      international = true;
    } else if (c != ' ' && c != '-' && c != '(' && c != ')' && c != '.' && c != '/') {
      return {};
    }
  }
  if (!international && digits.starts_with("00")) {
    international = true;
    digits.erase(0, 2);
  }
  if (digits.size() < phone_digits_min || digits.size() > phone_digits_max) return {};
  if (international) return "+" + digits;
  if (digits.starts_with('0')) digits.erase(0, 1);  // the trunk prefix of a national number
  std::string whole = std::string(phone_prefix).append(digits);
  return whole.size() > phone_digits_max + 1 ? std::string() : whole;  // with the plus
}

}  // namespace deskmate::daemon
