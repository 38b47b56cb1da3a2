// What the log holds: keys, headers and how they are written. These bytes are hashed, signed and
// sent to other peers, so they are fixed for good; storage/README.md shows an example of each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/error.hpp"

namespace deskmate::storage {

using Id16 = std::array<std::uint8_t, 16>;
using Id32 = std::array<std::uint8_t, 32>;
using Hash32 = std::array<std::uint8_t, 32>;

// Which log: one per desk, peer and incarnation. The incarnation is drawn at random with the
// database; a restore draws a new one.
struct LogName {
  Id16 desk{};
  Id32 peer{};
  std::uint64_t incarnation = 0;
  auto operator<=>(const LogName&) const = default;
};

// One event's place, for good and everywhere. seq counts from 1 without gaps.
struct LogKey {
  LogName log;
  std::uint64_t seq = 0;
  auto operator<=>(const LogKey&) const = default;
};

// desk ‖ peer ‖ incarnation ‖ seq, numbers big-endian: 64 bytes, sorting as the fields do.
inline constexpr std::size_t log_key_size = 64;
std::array<std::uint8_t, log_key_size> encode(const LogKey& key);
Result<LogKey> decode_log_key(std::string_view bytes);

// An event's id: the first 16 bytes of BLAKE2b-256 of its encoded key. Of a request it is also the
// idempotency key.
Id16 event_id(const LogKey& key);

// Flags of a header.
inline constexpr std::uint8_t flag_body = 1;     // there is a body beside it
inline constexpr std::uint8_t flag_sealed = 2;   // the body is sealed, key_id says under which key
inline constexpr std::uint8_t flag_request = 4;  // something is to be done; home says by whom
inline constexpr std::uint8_t known_flags = 7;

// Algorithm ids. A reader refuses to check what it does not know, and forwards it all the same.
inline constexpr std::uint8_t hash_blake2b_256 = 1;
inline constexpr std::uint8_t seal_none = 0;
inline constexpr std::uint8_t seal_xchacha20_poly1305 = 1;

inline constexpr std::size_t type_max = 64;          // bytes of an event type
inline constexpr std::size_t facts_max = 64 * 1024;  // bytes
inline constexpr std::size_t body_max = 512 * 1024;  // bytes, before sealing

// The type by which readers see an event whose version or flags this one does not know.
inline constexpr std::string_view newer_type = "newer";

// One event without its body. The views point into whatever it was decoded from.
struct HeaderView {
  std::uint8_t version = 1;
  std::uint8_t flags = 0;
  std::uint8_t hash_alg = hash_blake2b_256;
  std::uint8_t seal_alg = seal_none;
  std::uint16_t schema = 1;
  std::uint64_t stamp = 0;          // hybrid logical clock: UTC milliseconds << 16 | counter
  std::string_view type;            // "message.received"
  std::optional<Id32> home;         // with flag_request: the peer that acts
  std::optional<Id16> key_id;       // with flag_sealed: the key's id
  std::optional<Hash32> body_hash;  // with flag_body: hash of the body as stored
  std::string_view facts;           // msgpack map; never erased
};

// The record that is chained: version, flags, hash_alg, seal_alg (1 byte each), schema (2), stamp
// (8), type (1 + n), [home 32], [key_id 16], [body_hash 32], facts (4 + n); numbers big-endian.
std::string encode(const HeaderView& header);
Result<HeaderView> decode_header(std::string_view record);

// chain(n) = BLAKE2b-256(chain(n-1) ‖ record(n)); chain(0) = BLAKE2b-256("deskmate.log/1" ‖ the
// log's key with seq 0).
Hash32 chain_start(const LogName& log);
Hash32 chain_next(const Hash32& previous, std::string_view record);

std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace deskmate::storage
