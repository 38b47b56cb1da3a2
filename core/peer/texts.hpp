// What the owner is told about pairing and links, in English and Simplified Chinese. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/host/text.hpp"
#include "core/peer/net.hpp"
#include "core/peer/pairing.hpp"

namespace deskmate::peer {

// An address, and why it could not be reached.
struct Tried {
  Address address;
  bool relay = false;
  std::string why;
};

// What is wrong and what to open. own: where this machine listens; may be empty.
host::Text unreachable_text(const std::string& who, std::uint64_t seconds,
                            const std::vector<Tried>& tried, const std::vector<Address>& own);

// Of an error of parse_invitation or parse_peer_id.
host::Text invitation_text(const Error& error);

// "group 3 or 4 is wrong" in Chinese.
std::string groups_in_chinese(const std::string& message);

}  // namespace deskmate::peer
