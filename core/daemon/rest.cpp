#include "core/daemon/rest.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
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
    std::istringstream range(line);
    void* from = nullptr;
    void* to = nullptr;
    char dash = '\0';
    if (!(range >> from >> dash >> to) || from >= to) continue;
    const auto size = static_cast<char*>(to) - static_cast<char*>(from);
    // It is about memory only: where it fails nothing is lost.
    ::madvise(from, static_cast<std::size_t>(size), MADV_DONTNEED);
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
