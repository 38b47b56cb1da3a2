// Keys and values inside data.mdb, as storage/README.md describes them, and what is read of them at
// a start. All numbers are big-endian, so keys sort as numbers do.
#pragma once

#include <lmdb.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "storage/bytes.hpp"
#include "storage/database.hpp"
#include "storage/event.hpp"
#include "storage/identity.hpp"
#include "storage/keys.hpp"

namespace deskmate::storage {

namespace meta_key {
inline constexpr std::string_view version = "version";  // u32
inline constexpr std::string_view log = "log";          // u32: the number of this peer's own log
inline constexpr std::string_view pseudonym = "pseudonym";  // 32 bytes, wrapped
inline constexpr std::string_view tables = "tables";        // u64: arrival the tables stand for
inline constexpr std::string_view keys = "keys";            // u64 generation ‖ u64 records
}  // namespace meta_key

inline constexpr std::string_view pseudonym_context = "deskmate.pseudonym/1";
inline constexpr std::size_t log_name_size = 56;     // bytes: desk ‖ peer ‖ incarnation
inline constexpr std::size_t event_prefix_size = 8;  // bytes before the record: the arrival
inline constexpr std::size_t head_size = 32 + 64;    // chain hash ‖ signature

// Where an event is in this database: the log's number ‖ seq.
using SlotBytes = std::array<char, 12>;
struct Slot {
  std::uint32_t log = 0;
  std::uint64_t seq = 0;
};
inline SlotBytes encode(const Slot& slot) {
  SlotBytes bytes{};
  put_number(bytes.data(), slot.log);
  put_number(bytes.data() + 4, slot.seq);
  return bytes;
}
inline std::string_view view_of(const SlotBytes& bytes) { return {bytes.data(), bytes.size()}; }
// Of 12 bytes.
inline Slot decode_slot(std::string_view bytes) {
  return {get_number<std::uint32_t>(bytes.data()), get_number<std::uint64_t>(bytes.data() + 4)};
}
using NumberBytes = std::array<char, 8>;
inline NumberBytes encode_number(std::uint64_t number) {
  NumberBytes bytes{};
  put_number(bytes.data(), number);
  return bytes;
}
inline std::string_view view_of(const NumberBytes& bytes) { return {bytes.data(), bytes.size()}; }

using LogNames = std::map<std::uint32_t, LogName>;
Result<LogNames> read_logs(MDB_txn* txn, const Databases& databases);
int put_log(MDB_txn* txn, const Databases& databases, std::uint32_t number, const LogName& name);

// A meta value that is one number; `absent` when there is none.
Result<std::uint64_t> read_meta_number(MDB_txn* txn, const Databases& databases,
                                       std::string_view key, std::uint64_t absent);
Result<KeysPosition> read_keys_position(MDB_txn* txn, const Databases& databases);
Result<KeysPosition> read_keys_position(Database& database);
int put_keys_position(MDB_txn* txn, const Databases& databases, const KeysPosition& position);

// The seq of the log's last entry in `dbi` (events or heads); 0 when there is none.
Result<std::uint64_t> last_seq(MDB_txn* txn, MDB_dbi dbi, std::uint32_t log);

// The chain hash after event seq of the log (0: before the first), followed from the last stored
// head before. Errc::damaged when an event is missing.
Result<Hash32> chain_at(MDB_txn* txn, const Databases& databases, std::uint32_t log,
                        const LogName& name, std::uint64_t seq);

// How far a log has come.
struct Tip {
  std::uint64_t arrival = 0;  // of all logs
  std::uint64_t seq = 0;
  Hash32 chain{};              // of seq
  std::uint64_t head_seq = 0;  // the last that is signed
};
// Reads it, following the chain from the last signed head. Errc::damaged when they do not agree.
Result<Tip> read_tip(MDB_txn* txn, const Databases& databases, std::uint32_t log,
                     const LogName& name);

}  // namespace deskmate::storage
