// Files of the system: descriptors that close themselves, whole reads and writes, durable renames.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/error.hpp"

namespace deskmate::storage {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

// The error that errno's number means; what is being done and to which file go into the message.
Error system_error(int number, const std::string& what);

// flags as open(2) takes them; O_CLOEXEC is added. Files are made with mode 0600.
Result<Fd> open_file(const std::string& path, int flags);
Result<void> write_all(int fd, std::string_view bytes, const std::string& path);
Result<void> sync_file(int fd, const std::string& path);
Result<void> sync_folder(const std::string& folder);
// Not found: Errc::not_found. Longer than max_size: Errc::limit.
Result<std::string> read_file(const std::string& path, std::uint64_t max_size);
// Reads exactly size bytes at offset; Errc::damaged when the file ends before.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t size,
                            const std::string& path);
Result<std::uint64_t> size_of(int fd, const std::string& path);
Result<void> rename_file(const std::string& from, const std::string& to);  // and syncs the folder
// Writes path + ".tmp", syncs it and renames it over path: old or new, never half.
Result<void> write_file_durably(const std::string& path, std::string_view bytes);

std::string folder_of(const std::string& path);
bool exists(const std::string& path);

// Makes the folder (mode 0700) and those above it.
Result<void> make_folder(const std::string& folder);

// Errc::unsupported when the type (statfs f_type) is one on which locks or memory maps cannot be
// trusted: NFS, SMB, 9p, FUSE and the like.
Result<void> check_filesystem_type(std::uint64_t type, const std::string& folder);
Result<std::uint64_t> filesystem_type(const std::string& folder);

// Runs what it was given when it goes out of scope, unless dismissed.
class Finally {
 public:
  explicit Finally(std::function<void()> run) : run_(std::move(run)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() {
    if (run_) run_();
  }
  void dismiss() { run_ = nullptr; }

 private:
  std::function<void()> run_;
};

}  // namespace deskmate::storage
