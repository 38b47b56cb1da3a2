// What replicas say to each other: msgpack maps with a kind `k`, described with an example each in
// README.md. Reading is strict (types, sizes, counts), ignores keys it does not know, and gives
// Unknown for kinds it does not know, so that newer peers can say more. Pure. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/peer/replica.hpp"

namespace deskmate::peer::message {

// A log within the desk of the link.
struct LogRef {
  PeerId peer{};
  std::uint64_t incarnation = 0;
  bool operator==(const LogRef&) const = default;
};
struct Reached {
  LogRef log;
  std::uint64_t seq = 0;
  bool operator==(const Reached&) const = default;
};

// The first on a link, both ways; an acknowledgement like have.
struct Hello {
  std::uint32_t version = protocol_version;
  Id16 desk{};
  PeerId peer{};
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;  // of the sender's own log
  std::uint64_t utc_ms = 0;
  std::vector<Reached> frontier;
  std::vector<std::string> features;
};
// What became durable here, while the sender's own log was at (incarnation, seq).
struct Have {
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
  std::vector<Reached> frontier;  // what changed
};
// Push me this log from the event after `after` on, until stop. `number` is the receiver's own.
struct Want {
  std::uint64_t number = 0;
  LogRef log;
  std::uint64_t after = 0;
};
struct Stop {
  std::uint64_t number = 0;
};
// A piece of an encoded stretch, or of the bodies that were asked for; keys come with the first.
struct Run {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::uint64_t size = 0;  // unpacked; 0: it is not packed
  std::string bytes;
  std::vector<storage::CarriedKey> keys;
};
struct Beat {
  std::uint64_t sent_ms = 0;  // the sender's steady clock
  std::uint64_t utc_ms = 0;
  std::uint64_t echo_ms = 0;  // sent_ms of the last beat that came; 0: none yet
  std::uint64_t held_ms = 0;  // how long ago that was
  StateHash state{};          // at the frontier with the hash `at`; both zero: not known
  Hash32 at{};
};
// Send me the bodies of these events, the newest first. The answer is a run with that number.
struct BodyWant {
  std::uint64_t number = 0;
  LogRef log;
  std::vector<std::uint64_t> seqs;
};
struct FileWant {
  Hash32 hash{};
  std::uint64_t offset = 0;
};
struct FileData {
  Hash32 hash{};
  std::uint64_t offset = 0;
  std::uint64_t total = 0;  // 0: not here
  std::string bytes;
};
// This log is forked, says the sender, at seq.
struct Forked {
  LogRef log;
  std::uint64_t seq = 0;
};
struct Unknown {
  std::string kind;
};

using Message =
    std::variant<Hello, Have, Want, Stop, Run, Beat, FileWant, FileData, Forked, BodyWant, Unknown>;

// Features of a hello. Who does not name them gets whole stretches, and nothing packed.
inline constexpr std::string_view feature_bodies = "bodies";  // answers body_want
inline constexpr std::string_view feature_zstd = "zstd";      // unpacks runs

inline constexpr std::size_t features_max = 64;      // of a hello
inline constexpr std::size_t feature_size_max = 64;  // bytes, and of a kind
inline constexpr std::size_t keys_max = 4'096;       // of a run

std::string encode(const Message& message);  // Unknown: a bug
std::optional<Message> decode(std::string_view bytes);

// A stretch without the name of its log, which the want says: [first, chain, signature, [[record,
// body] ...]].
std::string encode(const Stretch& stretch);
std::optional<Stretch> decode_stretch(const LogName& log, std::string_view bytes);

// Bodies in the order in which they were asked for; an empty one is not here, and nil there.
std::string encode(const std::vector<storage::BodyRead>& bodies);
std::optional<std::vector<std::string>> decode_bodies(std::string_view bytes);

// With zstd; empty where it would save less than an eighth.
std::string pack(std::string_view bytes);
// Nothing unless it becomes exactly so many bytes; no more are ever made.
std::optional<std::string> unpack(std::string_view bytes, std::size_t size);

}  // namespace deskmate::peer::message
