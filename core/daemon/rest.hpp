// A desk at rest gives back the memory that its work took: what the allocator keeps, and the log's
// pages, which the kernel counts as ours though it can have them back at any time. Both come again
// as they are needed.
//
//   Rest rest(loop, data_file, [&] { return journal.position(); });
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/bus/loop.hpp"

namespace deskmate::daemon {

inline constexpr std::uint64_t rest_first_ms = 2'000;   // after the start, which reads much
inline constexpr std::uint64_t rest_every_ms = 30'000;  // at work is who has done anything since

// Lets go of the pages of a mapped file that this process has touched. The mapping stays, and so
// does what is in it: only for mappings that are shared or not written to. Any thread.
void let_go_of_pages(const std::string& file);

// Looks now and then whether anything has happened; on the loop's thread, which outlives it.
class Rest {
 public:
  // done: a number that rises with the work done.
  Rest(bus::Loop& loop, std::string file, std::function<std::uint64_t()> done);
  ~Rest();
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

 private:
  void look();
  void arm(std::uint64_t in_ms);

  bus::Loop& loop_;
  std::string file_;
  std::function<std::uint64_t()> done_;
  std::uint64_t seen_ = 0;                    // at the last look
  std::uint64_t rested_ = ~std::uint64_t{0};  // when it was at rest
  bus::Loop::TimerId timer_ = 0;
};

}  // namespace deskmate::daemon
