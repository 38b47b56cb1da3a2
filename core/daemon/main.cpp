#include <iostream>

#include "core/daemon/cli/cli.hpp"

int main(int argc, char** argv) {
  return deskmate::daemon::cli::run(argc, argv, {std::cin, std::cout, std::cerr});
}
