#include "plugins/shop-vendure/versions.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace deskmate::shop_vendure {
namespace {

constexpr std::size_t entry_bytes = 24;

void put64(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
  }
}

std::uint64_t get64(std::string_view bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = at; i < at + 8; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

std::string group_key(std::string_view table, std::string_view number) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool plain = failed == std::errc() && end == number.data() + number.size();
  const std::uint64_t group = (plain ? value / neighbours : hash64(number)) % groups_max;
  return "version/" + std::string(table) + '/' + std::to_string(group);
}

}  // namespace

std::uint64_t hash64(std::string_view text, std::uint64_t seed) {
  for (const char c : text) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 0x100000001b3U;
  }
  return seed;
}

Result<Versions::Group*> Versions::group(const std::string& key) {
  const auto known = groups_.find(key);
  if (known != groups_.end()) return &known->second;
  Result<std::optional<std::string>> stored = desk_.kv_get(key);
  if (!stored) return stored.error();
  Group& made = groups_[key];
  if (*stored) {
    const std::string& bytes = **stored;
    for (std::size_t at = 0; at + entry_bytes <= bytes.size(); at += entry_bytes) {
      made.entries.push_back({get64(bytes, at), get64(bytes, at + 8), get64(bytes, at + 16)});
    }
  }
  return &made;
}

Result<std::optional<std::string>> Versions::changed(std::string_view table,
                                                     std::string_view number,
                                                     const std::string& thing,
                                                     std::string_view content) {
  Result<Group*> found = group(group_key(table, number));
  if (!found) return found.error();
  Group& in = **found;
  const std::uint64_t name = hash64(thing);
  const std::uint64_t now = hash64(content);
  auto entry = std::find_if(in.entries.begin(), in.entries.end(),
                            [name](const Entry& e) { return e.thing == name; });
  if (entry != in.entries.end() && entry->content == now) return std::optional<std::string>();
  Entry next{name, now, 0};
  if (entry != in.entries.end()) {
    next.chain = entry->chain;
    in.entries.erase(entry);
  }
  std::string link;
  put64(link, next.chain);
  put64(link, now);
  next.chain = hash64(link);
  if (in.entries.size() >= group_entries_max) in.entries.erase(in.entries.begin());
  in.entries.push_back(next);
  in.dirty = true;
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(next.chain));
  return std::optional<std::string>(thing + ':' + text);
}

Result<void> Versions::save() {
  for (auto& [key, in] : groups_) {
    if (!in.dirty) continue;
    std::string bytes;
    bytes.reserve(in.entries.size() * entry_bytes);
    for (const Entry& entry : in.entries) {
      put64(bytes, entry.thing);
      put64(bytes, entry.content);
      put64(bytes, entry.chain);
    }
    if (Result<void> stored = desk_.kv_put(key, bytes); !stored) return stored;
    in.dirty = false;
  }
  return {};
}

}  // namespace deskmate::shop_vendure
