// Starts a plugin's process. For this folder only.
#pragma once

#include <sys/types.h>

#include <deskmate/result.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace deskmate::host {

struct SpawnOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // without the program
  std::filesystem::path folder;        // to work in
  int socket = -1;                     // given to the child; stays open here
  bool socket_is_stdio = false;        // as standard input and output, else as child_socket
};

inline constexpr int child_socket = 3;

struct Child {
  pid_t pid = 0;
  int pidfd = -1;   // readable once it has ended; the caller closes it
  int errors = -1;  // its standard error, not blocking; the caller closes it
};

// In a process group of its own, with nothing open but what is said above, no signal blocked or
// ignored, and only harmless variables in its environment. unavailable: the system would not.
Result<Child> spawn(const SpawnOptions& options);

}  // namespace deskmate::host
