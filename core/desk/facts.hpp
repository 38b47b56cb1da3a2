// Reads the facts of an event, and remembers whether all was as it should be. Internal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deskmate/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

// A required field that is missing or of another kind, and an optional one of another kind or above
// its limit, make ok() false. nil counts as missing.
class Facts {
 public:
  explicit Facts(View map) : map_(map), ok_(map.is_map()) {}

  bool ok() const { return ok_; }
  bool has(std::string_view key) const { return !map_[key].is_nil(); }
  void require(bool condition) { ok_ = ok_ && condition; }
  View raw(std::string_view key) const { return map_[key]; }

  Id16 id(std::string_view key) {
    const auto value = id_if(key);
    require(value.has_value());
    return value.value_or(Id16{});
  }
  std::optional<Id16> id_if(std::string_view key) {
    const View value = map_[key];
    if (value.is_nil()) return std::nullopt;
    const auto id = id16(value.as_bin());
    require(id.has_value());
    return id;
  }
  PeerId peer(std::string_view key) {
    const auto value = peer_if(key);
    require(value.has_value());
    return value.value_or(PeerId{});
  }
  std::optional<PeerId> peer_if(std::string_view key) {
    const View value = map_[key];
    if (value.is_nil()) return std::nullopt;
    require(value.as_bin().size() == sizeof(PeerId));
    if (!ok_) return std::nullopt;
    PeerId out{};
    value.as_bin().copy(reinterpret_cast<char*>(out.data()), out.size());
    return out;
  }
  // Each once, sorted.
  std::vector<PeerId> peers(std::string_view key) {
    std::vector<PeerId> out;
    const View list = map_[key];
    require((list.is_nil() || list.is_array()) && list.size() <= peers_max);
    if (!ok_) return out;
    for (const View item : list) {
      require(item.as_bin().size() == sizeof(PeerId));
      if (!ok_) return out;
      item.as_bin().copy(reinterpret_cast<char*>(out.emplace_back().data()), sizeof(PeerId));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  // Each once, sorted.
  std::vector<Id16> ids(std::string_view key) {
    std::vector<Id16> out;
    const View list = map_[key];
    require((list.is_nil() || list.is_array()) && list.size() <= ids_max);
    if (!ok_) return out;
    for (const View item : list) {
      const auto id = id16(item.as_bin());
      require(id.has_value());
      if (id) out.push_back(*id);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  // A short name without NUL, which keys could not hold.
  std::string name(std::string_view key, std::size_t max = name_max) {
    std::string value = name_if(key, max);
    require(!value.empty());
    return value;
  }
  std::string name_if(std::string_view key, std::size_t max = name_max) {
    const View value = map_[key];
    if (value.is_nil()) return {};
    const std::string_view text = value.as_str();
    require(value.is_str() && text.size() <= max && text.find('\0') == std::string_view::npos);
    return ok_ ? std::string(text) : std::string();
  }
  std::vector<std::string> names(std::string_view key, std::size_t max) {
    std::vector<std::string> out;
    const View list = map_[key];
    if (list.is_str()) return {std::string(list.as_str())};
    require((list.is_nil() || list.is_array()) && list.size() <= max);
    if (!ok_) return out;
    for (const View item : list) {
      require(item.is_str());
      out.emplace_back(item.as_str());
    }
    return out;
  }
  std::uint64_t uint(std::string_view key, std::uint64_t max = INT64_MAX) {
    return uint_of(map_[key], max);
  }
  std::uint64_t uint_if(std::string_view key, std::uint64_t max = INT64_MAX) {
    const View value = map_[key];
    return value.is_nil() ? 0 : uint_of(value, max);
  }
  std::uint32_t u32_if(std::string_view key) {
    return static_cast<std::uint32_t>(uint_if(key, UINT32_MAX));
  }
  MemberNo member(std::string_view key) {
    const std::uint32_t value = u32_if(key);
    require(value != 0);
    return value;
  }
  std::int64_t int_if(std::string_view key) {
    const View value = map_[key];
    if (value.is_nil()) return 0;
    require(value.is_int());
    return value.as_int();
  }
  bool flag_if(std::string_view key) {
    const View value = map_[key];
    require(value.is_nil() || value.is_bool());
    return value.as_bool();
  }
  // Any value as msgpack; empty where there is none.
  std::string bytes_if(std::string_view key) const {
    const View value = map_[key];
    return value.is_nil() ? std::string() : encode(value);
  }

 private:
  std::uint64_t uint_of(View value, std::uint64_t max) {
    require(value.is_uint() && value.as_uint() <= max);
    return ok_ ? value.as_uint() : 0;
  }

  View map_;
  bool ok_;
};

}  // namespace deskmate::desk
