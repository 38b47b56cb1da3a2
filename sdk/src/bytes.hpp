// Bytes as they cross the ABI.
#pragma once

#include <deskmate/abi.h>

#include <string_view>

namespace deskmate {

inline std::string_view view_of(dm_bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

}  // namespace deskmate
