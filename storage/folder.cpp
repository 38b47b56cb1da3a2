#include "storage/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace deskmate::storage {

Result<HeldFolder> hold_folder(const Options& options, const Hooks& hooks) {
  if (options.folder.empty()) return Error{Errc::invalid, "no folder was given"};
  auto made = make_folder(options.folder);
  if (!made) return made.error();
  if (options.refuse_network_filesystem) {
    auto type = hooks.filesystem_type ? Result<std::uint64_t>(*hooks.filesystem_type)
                                      : filesystem_type(options.folder);
    if (!type) return type.error();
    auto checked = check_filesystem_type(*type, options.folder);
    if (!checked) return checked.error();
  }
  HeldFolder held;
  held.folder = options.folder;
  held.secrets =
      options.secrets_folder.empty() ? options.folder + "/secrets" : options.secrets_folder;
  std::string path = options.folder + lock_file;
  auto lock = open_file(path, O_RDWR | O_CREAT);
  if (!lock) return lock.error();
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(errno, path);
    auto pid = read_file(path, 64);
    std::string who =
        pid && !pid->empty() ? " (process " + pid->substr(0, pid->find('\n')) + ")" : "";
    return Error{Errc::in_use, options.folder + " is in use by another Deskmate" + who +
                                   ". Stop that one first, or choose another folder"};
  }
  std::string pid = std::to_string(::getpid()) + "\n";
  // Only what the message above says; a full disk must not keep the folder from being read.
  if (::ftruncate(lock->get(), 0) == 0) static_cast<void>(write_all(lock->get(), pid, path));
  held.lock = std::move(*lock);
  return held;
}

}  // namespace deskmate::storage
