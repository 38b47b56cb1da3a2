// Text that somebody typed or pasted as an invitation or a peer's id: nothing crashes, and what is
// accepted is written again as something that reads as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/peer/invitation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deskmate::peer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto invitation = parse_invitation(text)) {
    const auto again = parse_invitation(to_text(*invitation));
    if (!again || *again != *invitation) std::abort();
  } else if (invitation.error().where.empty()) {
    std::abort();
  }
  if (const auto id = parse_peer_id(text)) {
    if (*parse_peer_id(to_text(*id)) != *id) std::abort();
  }
  // Any bytes as what the groups stand for, behind good check characters.
  if (const auto inside = parse_invitation(std::string(invitation_prefix) + to_groups(text))) {
    if (*parse_invitation(to_text(*inside)) != *inside) std::abort();
  }
  return 0;
}
