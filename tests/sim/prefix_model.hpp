// The other way of routing, in a model: the same round robin computed by everyone over the prefix
// of messages that all have acknowledged, and by rendezvous hash while somebody is not seen.
// Nothing of the product is in it; it stands in the table beside the book.
#pragma once

#include <cstdint>
#include <vector>

namespace deskmate::sim {

struct ModelOutcome {
  int messages = 0;
  int doubles = 0;     // messages answered by two
  int unanswered = 0;  // at the end
  int freezes = 0;     // that waited longer than twice the reply target
  double deviation = 0;
  std::vector<std::uint64_t> waits_ms;
};

// takeover: whoever sees a message unanswered beyond the reply target answers it, in slots; without
// it the prefix waits for whoever died.
ModelOutcome play_prefix(std::uint64_t seed, int peers, bool calm, bool takeover);

}  // namespace deskmate::sim
