// How addresses and ids stand in messages between peers.
#pragma once

#include <algorithm>
#include <deskmate/value.hpp>
#include <vector>

#include "core/peer/net.hpp"

namespace deskmate::peer {

// Texts, as to_text(Address) writes them.
Value to_value(const std::vector<Address>& addresses);
// Errors: invalid, limit (more than addresses_max). Nil: none.
Result<std::vector<Address>> to_addresses(const Value& value);

// Whether value is bin of just the array's size; it is copied there then.
template <class Array>
bool fill(const Value& value, Array& array) {
  const auto bytes = value.as_bin();
  if (!value.is_bin() || bytes.size() != array.size()) return false;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(array.data()));
  return true;
}

}  // namespace deskmate::peer
