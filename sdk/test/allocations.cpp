#include "allocations.hpp"

#include <cstdlib>
#include <new>

std::atomic<std::size_t> largest_allocation = 0;

// clang's thread sanitizer has its own new, and no room for another: there nothing is counted.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DESKMATE_NEW_IS_TAKEN
#endif
#endif

#ifndef DESKMATE_NEW_IS_TAKEN
void* operator new(std::size_t size) {
  std::size_t largest = largest_allocation;
  while (size > largest && !largest_allocation.compare_exchange_weak(largest, size)) {
  }
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

// All that delete frees has to be malloc's: a sanitizer has a nothrow new of its own.
void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  return std::malloc(size);
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
