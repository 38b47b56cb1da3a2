// Who takes a chat while the peers cannot see each other: weighted rendezvous hashing, in whole
// numbers, so that it is the same on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/desk/types.hpp"

namespace deskmate::desk {

struct Contender {
  MemberNo member = 0;
  std::uint32_t weight = 0;
};

inline constexpr int log2_fraction_bits = 48;

// log2(x) for x >= 1, times 2^48, rounded down. Error below one unit and a half.
std::uint64_t log2_fixed(std::uint64_t x);

// -log2(u) times 2^48, for the member's draw u in (0, 1) for this chat; at least 1.
std::uint64_t draw(const Id16& chat, MemberNo member);

// The contender with the greatest weight / -log2(u), of equals the lower number; those without
// weight never. Each is drawn in proportion to the weights. Taking away or adding others never
// turns one who stays into the winner over another who stays: two peers with different others in
// mind, but who know each other's, never both find theirs.
std::optional<MemberNo> rendezvous(const Id16& chat, std::span<const Contender> contenders);

}  // namespace deskmate::desk
