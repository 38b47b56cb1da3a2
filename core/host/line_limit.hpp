// Cuts a stream of bytes into lines and lets so many a second through. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace deskmate::host {

// So many lines a second; the rest is counted.
class LineLimit {
 public:
  explicit LineLimit(std::uint32_t per_s) : per_s_(per_s) {}

  // Whether a line may be written now. left_out: lines of the seconds before that were not; to be
  // said before this one.
  bool allow(std::uint64_t now_ms, std::uint64_t& left_out);

  std::uint64_t left_out_ever() const { return ever_; }

 private:
  std::uint32_t per_s_;
  std::uint64_t second_ = 0;
  std::uint32_t count_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t ever_ = 0;
};

// Bytes to lines of at most line_max, without their ends; longer ones are cut.
class LineCutter {
 public:
  explicit LineCutter(std::size_t line_max) : line_max_(line_max) {}

  void feed(std::string_view bytes, const std::function<void(std::string_view line)>& each);
  // What came after the last end of line, at the end of the stream.
  void finish(const std::function<void(std::string_view line)>& each);

 private:
  std::size_t line_max_;
  std::string line_;
};

}  // namespace deskmate::host
