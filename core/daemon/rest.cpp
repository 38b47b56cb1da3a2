#include "core/daemon/rest.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <utility>

namespace deskmate::daemon {

// A line of maps is "FROM-TO rights offset device inode   FILE".
void let_go_of_pages(const std::string& file) {
  std::error_code ignored;
  const std::string wanted = std::filesystem::canonical(file, ignored).string();
  if (wanted.empty()) return;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(" " + wanted)) continue;
    const char* const end = line.data() + line.size();
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    const auto [dash, bad] = std::from_chars(line.data(), end, from, 16);
    if (bad != std::errc{} || dash == end) continue;
    if (std::from_chars(dash + 1, end, to, 16).ec != std::errc{} || to <= from) continue;
    // It is about memory only: where it fails nothing is lost.
    ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
}

Rest::Rest(bus::Loop& loop, std::string file, std::function<std::uint64_t()> done)
    : loop_(loop), file_(std::move(file)), done_(std::move(done)), seen_(done_()) {
  arm(rest_first_ms);
}

Rest::~Rest() { loop_.cancel(timer_); }

void Rest::arm(std::uint64_t in_ms) {
  timer_ = loop_.call_at(loop_.now_ms() + in_ms, [this] { look(); });
}

void Rest::look() {
  const std::uint64_t done = done_();
  if (done == seen_ && done != rested_) {
    rested_ = done;
    let_go_of_pages(file_);
    ::malloc_trim(0);
  }
  seen_ = done;
  arm(rest_every_ms);
}

}  // namespace deskmate::daemon
