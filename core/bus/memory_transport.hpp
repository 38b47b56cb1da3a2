// Two transports that hand frames to each other inside the process, for plugins in the daemon and
// for tests: no bytes, no copies. Frames are delivered from the loop, never from within send(), so
// that nobody is called back by his own call; what is answered meanwhile goes along in the same
// turn.
#pragma once

#include <memory>
#include <utility>

#include "core/bus/loop.hpp"
#include "core/bus/transport.hpp"

namespace deskmate::bus {

inline constexpr std::size_t memory_turn_frames = 1'024;  // before the loop has its turn

struct MemoryPair {
  std::unique_ptr<Transport> desk;
  std::unique_ptr<Transport> guest;
};

// The loop outlives both. [loop thread]
MemoryPair make_memory_pair(Loop& loop);

}  // namespace deskmate::bus
