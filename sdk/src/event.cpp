#include "deskmate/event.hpp"

#include <algorithm>

namespace deskmate {

Id Id::from(std::string_view bin) {
  Id id;
  if (bin.size() == id.bytes.size()) std::copy(bin.begin(), bin.end(), id.bytes.begin());
  return id;
}

std::string Id::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Value NewEvent::to_value() const {
  Map event{{"type", type}};
  if (schema != 1) event.add("schema", schema);
  event.add("facts", facts);
  if (!body.empty()) event.add("body", body);
  if (!refs.empty()) event.add("refs", refs);
  if (!desk_refs.empty()) event.add("desk_refs", desk_refs);
  if (!dedupe.empty()) event.add("dedupe", dedupe);
  if (!contacts.empty()) event.add("contacts", contacts);
  if (!buyer.empty()) event.add("buyer", buyer);
  return event;
}

}  // namespace deskmate
