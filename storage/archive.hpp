// The file of a backup: named entries one after the other, and a hash of all at the end. Format:
// storage/README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "storage/hash.hpp"
#include "storage/posix.hpp"

namespace deskmate::storage {

inline constexpr std::size_t archive_name_max = 255;    // bytes
inline constexpr std::size_t archive_piece = 1u << 20;  // bytes read or written at once

class ArchiveWriter {
 public:
  static Result<ArchiveWriter> make(const std::string& path);
  Result<void> add(std::string_view name, std::string_view bytes);
  Result<void> add_file(std::string_view name, const std::string& path);
  Result<void> finish();  // and syncs

 private:
  ArchiveWriter(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  Result<void> begin(std::string_view name, std::uint64_t size);
  Result<void> write(std::string_view bytes);
  std::string path_;
  Fd file_;
  Hasher hasher_;
};

// Reads through the whole file. For each entry `each` says where to write it (a path), or nothing
// to pass over it. Errc::damaged when the hash at the end, or anything before it, does not fit.
Result<void> read_archive(const std::string& path,
                          const std::function<Result<std::string>(const std::string& name)>& each);

}  // namespace deskmate::storage
