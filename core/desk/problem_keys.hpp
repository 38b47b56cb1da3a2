// The keys of problems. Internal.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/desk/codec.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::desk {

inline std::string problem_prefix(const ProblemAbout& about) {
  if (about.order) return Key().u8(1).id(*about.order).str();
  return Key().u8(2).text(about.shop).end().text(about.sku).end().str();
}

inline std::string problem_key(const ProblemAbout& about, std::string_view kind) {
  return problem_prefix(about).append(kind);
}

// The way back; a key of another kind gives an empty one.
inline std::pair<ProblemAbout, std::string> problem_of_key(std::string_view key) {
  std::pair<ProblemAbout, std::string> out;
  if (key.size() > 1 + sizeof(Id16) && key[0] == '\1') {
    out.first.order = id_at(key, 1);
    out.second = key.substr(1 + sizeof(Id16));
  } else if (!key.empty() && key[0] == '\2') {
    const std::size_t shop_end = key.find('\0', 1);
    const std::size_t sku_end =
        shop_end == std::string_view::npos ? shop_end : key.find('\0', shop_end + 1);
    if (sku_end == std::string_view::npos) return out;
    out.first.shop = key.substr(1, shop_end - 1);
    out.first.sku = key.substr(shop_end + 1, sku_end - shop_end - 1);
    out.second = key.substr(sku_end + 1);
  }
  return out;
}

}  // namespace deskmate::desk
