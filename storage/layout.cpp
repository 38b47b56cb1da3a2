#include "storage/layout.hpp"

#include "storage/event.hpp"

namespace deskmate::storage {
namespace {

Error damaged_layout(const std::string& why) {
  return {Errc::damaged, "the log is damaged (" + why +
                             "). Keep a copy of the folder and restore the latest backup with "
                             "`deskmate restore FILE`"};
}

}  // namespace

Result<LogNames> read_logs(MDB_txn* txn, const Databases& databases) {
  LogNames logs;
  Cursor at(txn, databases.logs);
  for (at.first(); at.valid(); at.next()) {
    if (at.key().size() != 4 || at.value().size() != log_name_size)
      return damaged_layout("a log's name");
    ByteReader in(at.value());
    LogName name;
    name.desk = in.array<16>();
    name.peer = in.array<32>();
    name.incarnation = in.number<std::uint64_t>();
    logs[get_number<std::uint32_t>(at.key().data())] = name;
  }
  auto status = at.status();
  if (!status) return status.error();
  return logs;
}

int put_log(MDB_txn* txn, const Databases& databases, std::uint32_t number, const LogName& name) {
  std::string key;
  append_number(key, number);
  auto bytes = encode(LogKey{name, 0});
  return put(txn, databases.logs, key, view_of(bytes).substr(0, log_name_size));
}

Result<std::uint64_t> read_meta_number(MDB_txn* txn, const Databases& databases,
                                       std::string_view key, std::uint64_t absent) {
  auto value = get(txn, databases.meta, key);
  if (!value) return value.error();
  if (!*value) return absent;
  switch ((*value)->size()) {
    case 4:
      return get_number<std::uint32_t>((*value)->data());
    case 8:
      return get_number<std::uint64_t>((*value)->data());
    default:
      return damaged_layout("meta " + std::string(key));
  }
}

Result<KeysPosition> read_keys_position(MDB_txn* txn, const Databases& databases) {
  auto value = get(txn, databases.meta, meta_key::keys);
  if (!value) return value.error();
  if (!*value) return KeysPosition{};
  if ((*value)->size() != 16) return damaged_layout("meta keys");
  return KeysPosition{get_number<std::uint64_t>((*value)->data()),
                      get_number<std::uint64_t>((*value)->data() + 8)};
}

Result<KeysPosition> read_keys_position(Database& database) {
  auto txn = database.read();
  if (!txn) return txn.error();
  return read_keys_position(txn->get(), database.databases());
}

int put_keys_position(MDB_txn* txn, const Databases& databases, const KeysPosition& position) {
  std::string value;
  append_number(value, position.generation);
  append_number(value, position.records);
  return put(txn, databases.meta, meta_key::keys, value);
}

Result<std::uint64_t> last_seq(MDB_txn* txn, MDB_dbi dbi, std::uint32_t log) {
  Cursor at(txn, dbi);
  auto end = encode(Slot{log, ~std::uint64_t{0}});
  if (at.seek_back(view_of(end)) && at.key().size() == end.size()) {
    Slot slot = decode_slot(at.key());
    if (slot.log == log) return slot.seq;
  }
  auto status = at.status();
  if (!status) return status.error();
  return std::uint64_t{0};
}

Result<Hash32> chain_at(MDB_txn* txn, const Databases& databases, std::uint32_t log,
                        const LogName& name, std::uint64_t seq) {
  std::uint64_t expected = 1;
  Hash32 chain{};
  Cursor heads(txn, databases.heads);
  auto end = encode(Slot{log, seq});
  if (heads.seek_back(view_of(end)) && heads.key().size() == end.size() &&
      decode_slot(heads.key()).log == log) {
    if (heads.value().size() != head_size) return damaged_layout("a head");
    expected = decode_slot(heads.key()).seq + 1;
    chain = array_of<32>(heads.value().substr(0, 32));
  } else {
    auto status = heads.status();
    if (!status) return status.error();
    chain = chain_start(name);
  }
  if (expected > seq) return chain;
  Cursor events(txn, databases.events);
  auto from = encode(Slot{log, expected});
  for (events.seek(view_of(from)); expected <= seq; events.next(), ++expected) {
    auto status = events.status();
    if (!status) return status.error();
    if (!events.valid() || events.key() != view_of(encode(Slot{log, expected})) ||
        events.value().size() < event_prefix_size) {
      return damaged_layout("event " + std::to_string(expected) + " is missing");
    }
    chain = chain_next(chain, events.value().substr(event_prefix_size));
  }
  return chain;
}

Result<Tip> read_tip(MDB_txn* txn, const Databases& databases, std::uint32_t log,
                     const LogName& name) {
  Tip tip;
  Cursor arrivals(txn, databases.arrivals);
  if (arrivals.last()) {
    if (arrivals.key().size() != 8) return damaged_layout("arrivals");
    tip.arrival = get_number<std::uint64_t>(arrivals.key().data());
  }
  auto seq = last_seq(txn, databases.events, log);
  auto head = last_seq(txn, databases.heads, log);
  if (!seq) return seq.error();
  if (!head) return head.error();
  if (*head > *seq) {
    return damaged_layout("event " + std::to_string(*head) + " was signed and is not there");
  }
  tip.seq = *seq;
  tip.head_seq = *head;
  auto chain = chain_at(txn, databases, log, name, *seq);
  if (!chain) return chain.error();
  tip.chain = *chain;
  return tip;
}

}  // namespace deskmate::storage
