// The state's hash: the sum of a BLAKE2b-256 of each entry, lane by lane, so that an entry can be
// added or taken away without looking at the others, and order is of no account. It tells apart
// states that differ by accident or by a fault; it is no proof against a forger.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/desk/types.hpp"

namespace deskmate::desk {

class HashSum {
 public:
  void add(std::string_view table, std::string_view key, std::string_view value);
  void subtract(std::string_view table, std::string_view key, std::string_view value);

  // Four lanes of 8 bytes, little-endian.
  StateHash bytes() const;
  static HashSum from(std::string_view bytes);

  bool operator==(const HashSum&) const = default;

 private:
  using Lanes = std::array<std::uint64_t, 4>;
  static Lanes entry(std::string_view table, std::string_view key, std::string_view value);
  Lanes lanes_{};
};

}  // namespace deskmate::desk
