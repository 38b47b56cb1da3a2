// What the fuzzers share.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace deskmate::fuzz {

// A promise of the code under test; broken, it is a finding.
inline void check(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "ERROR: does not hold: %s:%d\n", file, line);
  std::abort();
}

inline std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What is fuzzed is called with bytes of its own, so that a read beyond them is noticed.
inline std::string rest_of(FuzzedDataProvider& from) {
  return from.ConsumeRemainingBytesAsString();
}

// A folder of this process, in memory where there is such a place.
class Folder {
 public:
  Folder() {
    std::string pattern = "/dev/shm/deskmate-fuzz-XXXXXX";
    if (::access("/dev/shm", W_OK) != 0) pattern = "/tmp/deskmate-fuzz-XXXXXX";
    const char* made = ::mkdtemp(pattern.data());
    check(made != nullptr);
    path_ = made;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace deskmate::fuzz
