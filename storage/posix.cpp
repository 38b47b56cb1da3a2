#include "storage/posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace deskmate::storage {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() { return std::exchange(fd_, -1); }

Error system_error(int number, const std::string& what) {
  Errc code = Errc::io;
  std::string advice;
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = Errc::full;
      advice =
          ". Make room on the disk; reading goes on, and writing will as soon as there is room";
      break;
    case ENOENT:
      code = Errc::not_found;
      break;
    case EACCES:
    case EPERM:
      code = Errc::unsupported;
      advice = ". Run as the user who owns the folder";
      break;
    case EROFS:
      code = Errc::unsupported;
      advice = ". Mount the disk for writing, or choose another folder";
      break;
    default:
      break;
  }
  return {code, what + ": " + std::generic_category().message(number) + advice};
}

Result<Fd> open_file(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_error(errno, path);
  return Fd(fd);
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_file(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return system_error(errno, path);
  return {};
}

Result<void> sync_folder(const std::string& folder) {
  auto fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return fd.error();
  return sync_file(fd->get(), folder);
}

Result<std::string> read_file(const std::string& path, std::uint64_t max_size) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  auto size = size_of(fd->get(), path);
  if (!size) return size.error();
  if (*size > max_size) {
    return Error{Errc::limit, path + ": larger than " + std::to_string(max_size) + " bytes"};
  }
  return read_at(fd->get(), 0, static_cast<std::size_t>(*size), path);
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t size,
                            const std::string& path) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    ssize_t got = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, path);
    }
    if (got == 0) return Error{Errc::damaged, path + ": shorter than it says"};
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error(errno, path);
  return static_cast<std::uint64_t>(info.st_size);
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, to);
  return sync_folder(folder_of(to));
}

Result<void> write_file_durably(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".tmp";
  auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd) return fd.error();
  auto done = write_all(fd->get(), bytes, temporary);
  if (done) done = sync_file(fd->get(), temporary);
  if (done) done = rename_file(temporary, path);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

std::string folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<void> make_folder(const std::string& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  std::string above = folder_of(folder);
  std::filesystem::create_directories(above, error);
  if (error) return system_error(error.value(), above);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return system_error(errno, folder);
  if (!std::filesystem::is_directory(folder, error)) return system_error(ENOTDIR, folder);
  return sync_folder(above);
}

Result<void> check_filesystem_type(std::uint64_t type, const std::string& folder) {
  struct Known {
    std::uint32_t type;
    const char* name;
  };
  constexpr std::array<Known, 13> refused{{{0x6969, "NFS"},
                                           {0x517B, "SMB"},
                                           {0xFF534D42, "CIFS"},
                                           {0xFE534D42, "SMB"},
                                           {0x01021997, "9p"},
                                           {0x65735546, "FUSE"},
                                           {0x00C36400, "Ceph"},
                                           {0x5346414F, "AFS"},
                                           {0x6B414653, "AFS"},
                                           {0x73757245, "Coda"},
                                           {0x0BD00BD0, "Lustre"},
                                           {0x01161970, "GFS2"},
                                           {0x7461636F, "OCFS2"}}};
  for (const Known& known : refused) {
    // f_type is signed on some machines, so only the low half means something.
    if (static_cast<std::uint32_t>(type) == known.type) {
      return Error{Errc::unsupported,
                   folder + " is on a network or user-space filesystem (" + known.name +
                       "), where the log could be damaged. Choose a folder on a local disk"};
    }
  }
  return {};
}

Result<std::uint64_t> filesystem_type(const std::string& folder) {
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) return system_error(errno, folder);
  return static_cast<std::uint64_t>(info.f_type);
}

}  // namespace deskmate::storage
