// Files that only their owner may read: keys, passwords of plugins, the erasure list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/error.hpp"

namespace deskmate::storage {

inline constexpr std::uint64_t secret_file_max = 64u << 10;  // bytes

// Makes the folder with mode 0700, or checks the one that is there. Errc::unsupported when group or
// others may do anything with it; the message says which command puts it right.
Result<void> open_secret_folder(const std::string& folder);

// Errc::unsupported when group or others may do anything with the file or folder.
Result<void> check_owner_only(const std::string& path);

// The whole file, after checking its mode. Errors: not_found, unsupported, limit, io.
Result<std::string> read_secret_file(const std::string& path,
                                     std::uint64_t max_size = secret_file_max);

// Writes it durably with mode 0600: old or new after a power cut, never half.
Result<void> write_secret_file(const std::string& path, std::string_view bytes);

}  // namespace deskmate::storage
