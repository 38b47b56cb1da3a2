#include "storage/secret_file.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "storage/posix.hpp"

namespace deskmate::storage {

Result<void> open_secret_folder(const std::string& folder) {
  auto made = make_folder(folder);
  if (!made) return made;
  return check_owner_only(folder);
}

Result<void> check_owner_only(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(errno, path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::unsupported,
                 path + " can be used by others than its owner. Run: chmod go= '" + path + "'"};
  }
  return {};
}

Result<std::string> read_secret_file(const std::string& path, std::uint64_t max_size) {
  auto checked = check_owner_only(path);
  if (!checked) return checked.error();
  return read_file(path, max_size);
}

Result<void> write_secret_file(const std::string& path, std::string_view bytes) {
  return write_file_durably(path, bytes);
}

}  // namespace deskmate::storage
