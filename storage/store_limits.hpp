// Limits of what is put into the store, beside those in store.hpp and event.hpp.
#pragma once

#include <cstddef>

namespace deskmate::storage {

inline constexpr std::size_t reader_name_max = 200;  // bytes
inline constexpr std::size_t value_max = 4u << 20;   // bytes of a table's or a plugin's value

}  // namespace deskmate::storage
