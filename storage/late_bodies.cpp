#include "storage/late_bodies.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "storage/hash.hpp"

namespace deskmate::storage {
namespace {

Error damaged(const char* what) {
  return {Errc::damaged, std::string("the log is damaged (") + what + "). Run `deskmate verify`"};
}

// The value of `awaited` is the id of the key that opens it; empty: none does.
bool erased(const KeyRing& keys, std::string_view value) {
  return value.size() == sizeof(Id16) && keys.erased(array_of<16>(value));
}

bool stands_at(const Cursor& at, std::uint32_t log) {
  return at.valid() && at.key().size() == sizeof(SlotBytes) && decode_slot(at.key()).log == log;
}

}  // namespace

bool may_stay_behind(std::string_view record) {
  if (record.size() < 3 || record[0] != 1) return false;
  const auto flags = static_cast<std::uint8_t>(record[1]);
  return (flags & flag_body) != 0 && (flags & ~known_flags) == 0 &&
         static_cast<std::uint8_t>(record[2]) == hash_blake2b_256;
}

Result<LateState> late_state(MDB_txn* txn, const Databases& databases, std::string_view slot) {
  LateState state;
  auto awaited = get(txn, databases.awaited, slot);
  if (!awaited) return awaited.error();
  state.awaited = awaited->has_value();
  auto later = get(txn, databases.later, slot);
  if (!later) return later.error();
  if (*later) {
    if ((*later)->size() != sizeof(NumberBytes)) return damaged("when a body came");
    state.arrival = get_number<std::uint64_t>((*later)->data());
  }
  return state;
}

bool any_late(MDB_txn* txn, const Databases& databases) {
  MDB_stat stat{};
  for (const MDB_dbi dbi : {databases.awaited, databases.later}) {
    if (mdb_stat(txn, dbi, &stat) != MDB_SUCCESS || stat.ms_entries != 0) return true;
  }
  return false;
}

int put_awaited(MDB_txn* txn, const Databases& databases, const KeyRing& keys, const Slot& slot,
                std::string_view record) {
  const auto header = decode_header(record);
  const std::string_view key = header && header->key_id ? view_of(*header->key_id) : "";
  if (erased(keys, key)) return MDB_SUCCESS;
  return put(txn, databases.awaited, view_of(encode(slot)), key);
}

int put_late(MDB_txn* txn, const Databases& databases, const Slot& slot, std::uint64_t arrival,
             std::string_view body) {
  const auto key = encode(slot);
  int number = body.empty() ? MDB_SUCCESS : put(txn, databases.bodies, view_of(key), body);
  if (number == MDB_SUCCESS) number = erase(txn, databases.awaited, view_of(key));
  if (number != MDB_SUCCESS) return number;
  return put(txn, databases.later, view_of(key), view_of(encode_number(arrival)));
}

Result<std::vector<const Bodies::Item*>> check_bodies(Database& database, std::uint32_t log,
                                                      const Bodies& bodies) {
  auto txn = database.read();
  if (!txn) return txn.error();
  const Databases& databases = database.databases();
  std::vector<const Bodies::Item*> wanted;
  for (const Bodies::Item& item : bodies.items) {
    const auto slot = encode(Slot{log, item.seq});
    auto awaited = get(txn->get(), databases.awaited, view_of(slot));
    if (!awaited) return awaited.error();
    if (!*awaited) continue;
    if (!item.body.empty()) {
      auto event = get(txn->get(), databases.events, view_of(slot));
      if (!event) return event.error();
      if (!*event || (*event)->size() < event_prefix_size) return damaged("what is awaited");
      auto header = decode_header((*event)->substr(event_prefix_size));
      if (!header) return header.error();
      if (item.body.size() > stored_body_max || !header->body_hash ||
          hash_of(item.body) != *header->body_hash) {
        return Error{Errc::mismatch,
                     "the body of event " + std::to_string(item.seq) + " is another one's"};
      }
    }
    wanted.push_back(&item);
  }
  return wanted;
}

Result<std::vector<Awaited>> read_awaited(Database& database, const KeyRing& keys,
                                          std::uint32_t log, std::uint64_t above,
                                          std::uint64_t below, std::size_t most) {
  std::vector<Awaited> found;
  if (below <= above + 1) return found;
  auto txn = database.read();
  if (!txn) return txn.error();
  Cursor at(txn->get(), database.databases().awaited);
  for (at.seek_back(view_of(encode(Slot{log, below - 1})));
       found.size() < most && stands_at(at, log); at.previous()) {
    const std::uint64_t seq = decode_slot(at.key()).seq;
    if (seq <= above) break;
    if (erased(keys, at.value())) continue;
    found.push_back({seq, {}});
    if (at.value().size() == sizeof(Id16)) found.back().key_id = array_of<16>(at.value());
  }
  if (auto status = at.status(); !status) return status.error();
  return found;
}

Result<std::vector<BodyRead>> read_bodies(Database& database, std::uint32_t log,
                                          std::span<const std::uint64_t> seqs,
                                          std::size_t max_bytes) {
  std::vector<BodyRead> found;
  auto txn = database.read();
  if (!txn) return txn.error();
  const Databases& databases = database.databases();
  std::size_t bytes = 0;
  for (const std::uint64_t seq : seqs) {
    const auto slot = encode(Slot{log, seq});
    auto body = get(txn->get(), databases.bodies, view_of(slot));
    if (!body) return body.error();
    BodyRead one;
    if (*body) {
      bytes += (*body)->size();
      if (!found.empty() && bytes > max_bytes) break;
      one.body = **body;
      auto event = get(txn->get(), databases.events, view_of(slot));
      if (!event) return event.error();
      if (!*event || (*event)->size() < event_prefix_size) return damaged("a body without event");
      const auto header = decode_header((*event)->substr(event_prefix_size));
      if (header) one.key_id = header->key_id;
    }
    found.push_back(std::move(one));
  }
  return found;
}

std::uint64_t count_awaited(Database& database) {
  auto txn = database.read();
  MDB_stat stat{};
  if (!txn || mdb_stat(txn->get(), database.databases().awaited, &stat) != MDB_SUCCESS) return 0;
  return stat.ms_entries;
}

Result<std::vector<std::pair<std::uint32_t, Bodies>>> awaited_in_vain(Database& database,
                                                                      const KeyRing& keys) {
  std::vector<std::pair<std::uint32_t, Bodies>> lost;
  auto txn = database.read();
  if (!txn) return txn.error();
  Cursor at(txn->get(), database.databases().awaited);
  for (at.first(); at.valid(); at.next()) {
    if (at.key().size() != sizeof(SlotBytes)) return damaged("what is awaited");
    if (!erased(keys, at.value())) continue;
    const Slot slot = decode_slot(at.key());
    if (lost.empty() || lost.back().first != slot.log ||
        lost.back().second.items.size() == bodies_max) {
      lost.emplace_back(slot.log, Bodies{});
    }
    lost.back().second.items.push_back({slot.seq, {}});
  }
  if (auto status = at.status(); !status) return status.error();
  return lost;
}

}  // namespace deskmate::storage
