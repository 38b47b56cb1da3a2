#include <unistd.h>

#include <iostream>
#include <new>
#include <string_view>

#include "core/daemon/cli/cli.hpp"

namespace {

// Without memory nothing can be finished, on whichever thread: what was acknowledged is on disk, so
// the process ends with words rather than by an exception that nobody can catch.
[[noreturn]] void out_of_memory() {
  constexpr std::string_view words =
      "deskmate: out of memory; nothing acknowledged is lost / 内存不足；已确认的内容不会丢失\n";
  const auto said = ::write(STDERR_FILENO, words.data(), words.size());
  ::_exit(said >= 0 ? 1 : 2);
}

}  // namespace

int main(int argc, char** argv) {
  std::set_new_handler(out_of_memory);
  return deskmate::daemon::cli::run(argc, argv, {std::cin, std::cout, std::cerr});
}
