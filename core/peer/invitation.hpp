// An invitation into a desk: what the inviter's machine prints, as text and as a QR code, and the
// other's takes. It names whom to find (address, key) and holds a secret that is good once, for ten
// minutes; whoever has the text can try to join, so it is passed on as a password is.
//
//   DMIN1-ABCDEFG-…   groups as a peer id's, each pair with its check character (peer_id.hpp)
//
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deskmate/result.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/peer/net.hpp"
#include "core/peer/peer_id.hpp"

namespace deskmate::peer {

// Named limits.
inline constexpr std::uint64_t invitation_ms_max = 600'000;  // it is good for
inline constexpr std::size_t invitation_places_max = 8;      // addresses and relays
inline constexpr std::string_view invitation_prefix = "DMIN1-";

using InvitationSecret = std::array<std::uint8_t, 16>;

struct Invitation {
  std::array<std::uint8_t, 4> desk{};  // the first bytes of the desk's id
  PeerId inviter{};
  InvitationSecret secret{};
  std::uint64_t expires_ms = 0;  // UTC, whole seconds
  std::vector<Address> addresses;
  std::vector<Address> relays;
  bool operator==(const Invitation&) const = default;
};

InvitationSecret new_secret();

// Addresses beyond invitation_places_max are left out.
std::string to_text(const Invitation& invitation);

// Errors: invalid; `where` is "version" (a newer Deskmate's), "group", "character", "length" as of
// peer_id.hpp, or "code": it does not hold together.
Result<Invitation> parse_invitation(std::string_view text);

// A QR code of text for a terminal, two rows of modules in a line, light on dark, with the quiet
// zone around it. Empty where it does not fit into a code.
std::string qr_code(std::string_view text);

}  // namespace deskmate::peer
