// A blind relay, for two peers neither of which can be dialled: each connects to it and says a
// token; it joins the two streams that say the same and copies bytes, which are the peers' own TLS.
// It knows neither desks nor keys, keeps nothing, and trusts no one: everything has a limit.
//
//   to the relay      "DMRELAY1" ‖ side (0 or 1) ‖ token (32 bytes)
//   from the relay    'W' it waits for the other side; then 'J' joined: what follows is the other's
//                     'F' full, 'X' not understood; then it closes
//
// Everything on the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <deskmate/result.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/peer/invitation.hpp"
#include "core/peer/net.hpp"

namespace deskmate::peer {

using RelayToken = std::array<std::uint8_t, 32>;

// Named limits, as the command sets them where nothing else is said.
struct RelayLimits {
  std::size_t pairs_max = 256;
  std::size_t waiting_max = 512;              // registered or about to
  std::size_t per_source_max = 16;            // of these, from one source
  std::uint64_t register_ms = 5'000;          // to say the token
  std::uint64_t waiting_ms = 3'600'000;       // for the other side
  std::uint64_t idle_ms = 120'000;            // without a byte
  std::uint64_t bytes_per_s = 4 * 1'048'576;  // of one pair, both ways together
  std::size_t buffer_bytes = 256 * 1024;      // of one direction
};

inline constexpr std::string_view relay_magic = "DMRELAY1";
inline constexpr std::size_t registration_bytes = relay_magic.size() + 1 + 32;
inline constexpr std::uint64_t relay_tick_ms = 100;

struct Registration {
  std::uint8_t side = 0;  // 0 is the one that begins TLS
  RelayToken token{};
};

// Exactly registration_bytes. Errors: invalid.
Result<Registration> parse_registration(std::string_view bytes);
std::string to_bytes(const Registration& registration);

// What two peers of a desk say: BLAKE2b-256 with a key that only the desk's peers know, of both ids
// in order.
RelayToken relay_token(const std::array<std::uint8_t, 32>& key, const PeerId& a, const PeerId& b);
// What the two who pair say; tells nothing of the secret.
RelayToken relay_token(const InvitationSecret& secret);

class Relay {
 public:
  struct Counts {
    std::size_t waiting = 0;  // connections that are not joined
    std::size_t pairs = 0;
    std::uint64_t bytes = 0;    // carried since the start
    std::uint64_t refused = 0;  // connections
  };

  static Result<std::unique_ptr<Relay>> open(bus::AsioLoop& loop,
                                             const std::vector<Address>& listen,
                                             const RelayLimits& limits);
  virtual ~Relay() = default;  // closes everything
  virtual std::vector<Address> listening() const = 0;
  virtual Counts counts() const = 0;

 protected:
  Relay() = default;
};

// One peer's registration at one relay. done: the joined stream and what came over it already, or
// why not. Destroying it gives up.
class RelayWait {
 public:
  struct Joined {
    std::unique_ptr<Stream> stream;
    std::string already;
  };
  using Done = std::function<void(Result<Joined> joined)>;

  static std::unique_ptr<RelayWait> start(bus::AsioLoop& loop, const Address& relay,
                                          const Registration& registration, std::uint64_t dial_ms,
                                          Done done);
  virtual ~RelayWait() = default;

 protected:
  RelayWait() = default;
};

}  // namespace deskmate::peer
