// A peer is its Ed25519 public key. People read it out to each other in groups with check
// characters:
//
//   MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3DP-BONSGYY-LTMRWAD
//
// Base32 (A–Z, 2–7), 13 characters and their check character in two groups of 7. Reading takes
// small letters, spaces, and 0, 1, 8 for O, I, B. Pure; any thread.
#pragma once

#include <deskmate/result.hpp>
#include <span>
#include <string>
#include <string_view>

#include "storage/event.hpp"

namespace deskmate::peer {

using PeerId = storage::Id32;

inline constexpr std::size_t group_characters = 7;
inline constexpr std::size_t readable_text_max = 4'096;  // characters that are read at all

std::string to_text(const PeerId& id);

// Errors: invalid; `where` is "length", "character" or "group", the message says which group is
// wrong, counted from 1.
Result<PeerId> parse_peer_id(std::string_view text);

// The same form for any bytes: what to_text and the invitation are made of.
std::string to_groups(std::string_view bytes);
Result<std::string> from_groups(std::string_view text);

}  // namespace deskmate::peer
