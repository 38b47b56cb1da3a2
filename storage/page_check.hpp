// Reads data.mdb's pages without LMDB, which trusts them: a file that was cut short or overwritten
// would end the process instead of giving an error.
#pragma once

#include <cstdint>
#include <string>

#include "storage/error.hpp"

namespace deskmate::storage {

// Up to this size every page is read; beyond it the leaves are only checked to lie in the file.
inline constexpr std::uint64_t check_leaves_up_to_bytes = 256u << 20;

// Whether every page that the newest meta page leads to is in the file, is what it says it is, is
// used once, and has its keys in their order. Errc::damaged with the page and what to do; Errc::unsupported for another page size
// or byte order.
Result<void> check_pages(int fd, const std::string& path);

// Whether the file is what a full disk or a power cut left of a database that was being made: its
// first page, of which no transaction ever was, and not all of the second.
bool half_made(int fd, const std::string& path);

}  // namespace deskmate::storage
