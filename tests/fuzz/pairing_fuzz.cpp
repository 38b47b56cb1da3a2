// Messages of pairing from whoever has connected: nothing crashes, and nobody gets the desk who has
// not proved the secret.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/peer/pairing.hpp"
#include "core/peer/relay.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deskmate::peer;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto grant = decode_grant(bytes)) {
    const auto again = decode_grant(encode(*grant));
    if (!again || *again != *grant) std::abort();
  }
  if (const auto registration = parse_registration(bytes)) {
    if (to_bytes(*registration) != bytes) std::abort();
  }
  const PairingBond bond{{1}, {2}, {3}};
  const InvitationSecret secret{4};
  OpenInvitation open(secret, 1'000);
  InviterPairing inviter(open, bond, {}, "inviter");
  JoinerPairing joiner(secret, bond, "joiner");
  joiner.start();
  if (size > 0 && (data[0] & 1u) != 0) {
    JoinerPairing honest(secret, bond, "honest");
    inviter.on_message(honest.start().send.at(0), 0);
  }
  while (!bytes.empty()) {  // a byte of length before each message
    const auto length = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    const auto message = bytes.substr(0, length);
    bytes.remove_prefix(message.size());
    inviter.on_message(message, 0);
    joiner.on_message(message);
    joiner.agree(true);
  }
  if (inviter.granted()) std::abort();  // its owner was never asked
  return 0;
}
