// Counts what operator new is asked for, for the tests of what untrusted bytes may claim.
#pragma once

#include <atomic>
#include <cstddef>

extern std::atomic<std::size_t> largest_allocation;  // bytes, since a test last set it to 0
