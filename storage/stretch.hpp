// What of the log travels between the peers of a desk: stretches of consecutive events as they are
// stored, buyers' keys, pieces of sealed files. These bytes never change on the way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/event.hpp"

namespace deskmate::storage {

// Named limits.
inline constexpr std::size_t stretch_events_max = 1'024;        // in one stretch
inline constexpr std::size_t stretch_bytes_max = 960u << 10;    // records and bodies of one stretch
inline constexpr std::size_t record_max = facts_max + 1024;     // bytes, of any version
inline constexpr std::size_t stored_body_max = body_max + 256;  // bytes, sealed by any version
inline constexpr std::size_t logs_max = 4'096;                  // of all peers and incarnations
inline constexpr std::size_t keys_carried_max = 4'096;          // in one import or erasure
inline constexpr std::size_t file_parts_max = 256;              // sealed files half received
inline constexpr std::size_t bodies_max = 256;  // in one Bodies, or asked for at once

// How far a log is on this disk.
struct LogTip {
  LogName log;
  std::uint64_t seq = 0;
  Hash32 chain{};              // after seq
  std::uint64_t head_seq = 0;  // the last whose signed head is stored
  bool operator==(const LogTip&) const = default;
};

// Consecutive events of one log, never encoded anew, up to one whose head its peer signed.
struct Stretch {
  struct Item {
    std::string record;
    std::string body;  // as stored; empty: none, or left behind
    bool operator==(const Item&) const = default;
  };
  LogName log;
  std::uint64_t first = 0;  // seq of items[0]
  std::vector<Item> items;
  Hash32 chain{};                            // after the last item
  std::array<std::uint8_t, 64> signature{};  // of that head, by log.peer
  // A body that a header names may be missing: it is then awaited, and comes as one of Bodies.
  bool bodies_behind = false;
  std::uint64_t last() const { return first + items.size() - 1; }
  bool operator==(const Stretch&) const = default;
};

// Bodies of one log that had been left behind.
struct Bodies {
  struct Item {
    std::uint64_t seq = 0;
    std::string body;  // as stored; empty: nobody has it any more
    bool operator==(const Item&) const = default;
  };
  LogName log;
  std::vector<Item> items;
};

// One that has not come yet.
struct Awaited {
  std::uint64_t seq = 0;
  std::optional<Id16> key_id = {};  // opens it
  bool operator==(const Awaited&) const = default;
};

// One that was asked for.
struct BodyRead {
  std::string body;  // as stored; empty: not here
  std::optional<Id16> key_id = {};
};

// What a stretch or bodies brought. What is new has the arrivals from first_arrival on, without
// gaps.
struct Arrived {
  std::uint64_t first_arrival = 0;  // 0 when all was there already
  std::uint64_t count = 0;
  std::uint64_t seq = 0;  // how far the log is now
};

// A head as its peer signed it.
struct SignedHead {
  std::uint64_t seq = 0;
  Hash32 chain{};
  std::array<std::uint8_t, 64> signature{};
  bool operator==(const SignedHead&) const = default;
};

// One peer signed two different histories of one log: its disk was copied or rolled back. Whoever
// has our events up to ours.seq and theirs up to theirs.seq can check both signatures.
struct Fork {
  LogName log;
  std::uint64_t seq = 0;  // the first that is known to differ
  SignedHead ours;        // what is stored here
  SignedHead theirs;
  bool frozen = true;  // until unfreeze()
};

// A buyer's key on its way to another peer: on an authenticated link only, never in a log.
struct CarriedKey {
  Id16 key_id{};
  Id16 buyer{};
  std::array<std::uint8_t, 32> key{};
};

// Part of an attachment as stored.
struct FilePiece {
  std::uint64_t total = 0;  // bytes of the whole stored file
  std::string bytes;        // fewer than asked for at its end
};

}  // namespace deskmate::storage
