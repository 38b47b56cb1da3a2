#include "deskmate/value.hpp"

#include <algorithm>
#include <cstring>

namespace deskmate {

const char* to_string(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::invalid:
      return "invalid";
    case Status::denied:
      return "denied";
    case Status::not_found:
      return "not found";
    case Status::limit:
      return "limit";
    case Status::deadline:
      return "deadline";
    case Status::cancelled:
      return "cancelled";
    case Status::unavailable:
      return "unavailable";
    case Status::internal:
      return "internal";
  }
  return "unknown status";
}

namespace {
const Value nil_value;
const Array no_items;
const Map no_members;
}  // namespace

Map::Map(std::initializer_list<Member> members) : members_(members) {}

const Value* Map::find(std::string_view key) const {
  for (const auto& [name, value] : members_) {
    if (name == key) return &value;
  }
  return nullptr;
}

Value* Map::find(std::string_view key) {
  for (auto& [name, value] : members_) {
    if (name == key) return &value;
  }
  return nullptr;
}

Value& Map::operator[](std::string_view key) {
  if (Value* found = find(key)) return *found;
  return members_.emplace_back(std::string(key), Value()).second;
}

const Value& Map::operator[](std::string_view key) const {
  const Value* found = find(key);
  return found ? *found : nil_value;
}

void Map::set(std::string_view key, Value value) { (*this)[key] = std::move(value); }

void Map::add(std::string key, Value value) {
  members_.emplace_back(std::move(key), std::move(value));
}

bool Map::erase(std::string_view key) {
  auto found = std::find_if(members_.begin(), members_.end(),
                            [&](const Member& member) { return member.first == key; });
  if (found == members_.end()) return false;
  members_.erase(found);
  return true;
}

bool Map::operator==(const Map& other) const { return members_ == other.members_; }

bool Value::is_uint() const {
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return *number >= 0;
  return std::holds_alternative<std::uint64_t>(data_);
}

bool Value::as_bool(bool otherwise) const {
  const auto* found = std::get_if<bool>(&data_);
  return found ? *found : otherwise;
}

std::int64_t Value::as_int(std::int64_t otherwise) const {
  const auto* found = std::get_if<std::int64_t>(&data_);
  return found ? *found : otherwise;
}

std::uint64_t Value::as_uint(std::uint64_t otherwise) const {
  if (const auto* number = std::get_if<std::int64_t>(&data_)) {
    return *number >= 0 ? static_cast<std::uint64_t>(*number) : otherwise;
  }
  const auto* found = std::get_if<std::uint64_t>(&data_);
  return found ? *found : otherwise;
}

double Value::as_double(double otherwise) const {
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*number);
  const auto* found = std::get_if<double>(&data_);
  return found ? *found : otherwise;
}

std::string_view Value::as_str(std::string_view otherwise) const {
  const auto* found = std::get_if<std::string>(&data_);
  return found ? std::string_view(*found) : otherwise;
}

std::string_view Value::as_bin(std::string_view otherwise) const {
  const auto* found = std::get_if<Bytes>(&data_);
  return found ? std::string_view(found->data) : otherwise;
}

const Array& Value::as_array() const {
  const auto* found = std::get_if<Array>(&data_);
  return found ? *found : no_items;
}

const Map& Value::as_map() const {
  const auto* found = std::get_if<Map>(&data_);
  return found ? *found : no_members;
}

std::size_t Value::size() const { return is_map() ? as_map().size() : as_array().size(); }

const Value& Value::at(std::size_t index) const {
  const Array& items = as_array();
  return index < items.size() ? items[index] : nil_value;
}

Map& Value::make_map() {
  if (is_nil()) data_ = Map();
  if (auto* found = std::get_if<Map>(&data_)) return *found;
  throw std::logic_error("not a map");
}

Array& Value::make_array() {
  if (is_nil()) data_ = Array();
  if (auto* found = std::get_if<Array>(&data_)) return *found;
  throw std::logic_error("not an array");
}

namespace {

// The length of the UTF-8 character that begins at text, 0 if none does.
std::size_t utf8_length(const unsigned char* text, std::size_t size) {
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;   // bounds of the second byte, which rule out overlong forms,
  unsigned char high = 0xBF;  // surrogates and what lies beyond U+10FFFF
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (size < length || text[1] < low || text[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (text[i] < 0x80 || text[i] > 0xBF) return 0;
  }
  return length;
}

}  // namespace

namespace {

// The bytes at the start that are ASCII, as most text is; eight at a time.
std::size_t ascii_prefix(const unsigned char* bytes, std::size_t size) {
  constexpr std::uint64_t beyond_ascii = 0x8080'8080'8080'8080;
  std::size_t i = 0;
  for (std::uint64_t eight = 0; size - i >= sizeof(eight); i += sizeof(eight)) {
    std::memcpy(&eight, bytes + i, sizeof(eight));
    if ((eight & beyond_ascii) != 0) return i;
  }
  while (i < size && bytes[i] < 0x80) ++i;
  return i;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = ascii_prefix(bytes, text.size()); i < text.size();) {
    const std::size_t length = utf8_length(bytes + i, text.size() - i);
    if (length == 0) return false;
    i += length;
    i += ascii_prefix(bytes + i, text.size() - i);
  }
  return true;
}

std::string fix_utf8(std::string_view text) {
  std::string fixed;
  fixed.reserve(text.size());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(bytes + i, text.size() - i);
    if (length == 0) {
      fixed += "\xEF\xBF\xBD";
      ++i;
    } else {
      fixed.append(text.substr(i, length));
      i += length;
    }
  }
  return fixed;
}

}  // namespace deskmate
