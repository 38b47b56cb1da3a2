// make_shop_log EVENTS: makes a folder with a shop's log of that size, unless it is there, and
// prints where it is and how many bytes its bodies have.
#include <cstdio>
#include <exception>
#include <string>

#include "tests/bench/shop_log.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_shop_log EVENTS\n");
    return 2;
  }
  try {
    const std::uint64_t events = std::stoull(arguments[1]);
    std::printf("%s %llu\n", deskmate::bench::shop_folder(events).c_str(),
                static_cast<unsigned long long>(deskmate::bench::body_bytes(events)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_shop_log: %s\n", error.what());
    return 1;
  }
  return 0;
}
