#include "storage/setup.hpp"

#include <sodium.h>

#include "storage/sealing.hpp"

namespace deskmate::storage {
namespace {

std::uint64_t random_incarnation() {
  std::uint64_t number = 0;
  while (number == 0) randombytes_buf(&number, sizeof(number));
  return number;
}

int put_own_log(MDB_txn* txn, const Databases& databases, std::uint32_t number,
                const LogName& name) {
  std::string value;
  append_number(value, number);
  int result = put_log(txn, databases, number, name);
  return result == MDB_SUCCESS ? put(txn, databases.meta, meta_key::log, value) : result;
}

}  // namespace

Result<bool> is_set_up(Database& database) {
  auto txn = database.read();
  if (!txn) return txn.error();
  auto version = get(txn->get(), database.databases().meta, meta_key::version);
  if (!version) return version.error();
  return version->has_value();
}

Result<void> set_up(Database& database, const Secrets& secrets, const KeysPosition& keys,
                    const std::optional<Founding>& founding) {
  LogName name;
  name.peer = secrets.peer();
  name.incarnation = random_incarnation();
  Key32 pseudonym{};
  if (founding) {
    name.desk = founding->desk;
    pseudonym = founding->pseudonym_key;
  } else {
    randombytes_buf(name.desk.data(), name.desk.size());
    randombytes_buf(pseudonym.data(), pseudonym.size());
  }
  std::string wrapped;
  seal(wrapped, secrets.wrapping_key(), pseudonym_context, view_of(pseudonym));
  sodium_memzero(pseudonym.data(), pseudonym.size());
  std::string version;
  append_number(version, format_version);

  const Databases& databases = database.databases();
  return database.write_whole([&](MDB_txn* txn) {
    int number = put_own_log(txn, databases, 1, name);
    if (number == MDB_SUCCESS) number = put(txn, databases.meta, meta_key::pseudonym, wrapped);
    if (number == MDB_SUCCESS) number = put_keys_position(txn, databases, keys);
    if (number == MDB_SUCCESS) number = put(txn, databases.meta, meta_key::version, version);
    return number;
  });
}

Result<Key32> unwrap_pseudonym_key(const Secrets& secrets, std::string_view wrapped) {
  auto key = unseal_key(secrets.wrapping_key(), pseudonym_context, wrapped);
  if (!key) {
    return Error{Errc::invalid, secrets.folder() +
                                    "/wrapping.key is not the one this folder was written with. "
                                    "Put the right one back"};
  }
  Result<Key32> unwrapped(*key);
  sodium_memzero(key->data(), key->size());
  return unwrapped;
}

Result<Setup> read_setup(Database& database, const Secrets& secrets) {
  auto txn = database.read();
  if (!txn) return txn.error();
  const Databases& databases = database.databases();
  auto logs = read_logs(txn->get(), databases);
  if (!logs) return logs.error();
  auto own = read_meta_number(txn->get(), databases, meta_key::log, 0);
  if (!own) return own.error();
  Setup setup;
  setup.own_log = static_cast<std::uint32_t>(*own);
  auto found = logs->find(setup.own_log);
  auto wrapped = get(txn->get(), databases.meta, meta_key::pseudonym);
  if (!wrapped) return wrapped.error();
  if (found == logs->end() || !*wrapped) {
    return lmdb_error(MDB_CORRUPTED, data_file(database.folder()));
  }
  if (found->second.peer != secrets.peer()) {
    return Error{Errc::invalid, secrets.folder() +
                                    "/identity.key is another peer's than the one who "
                                    "wrote this log. Put the right one back"};
  }
  auto pseudonym = unwrap_pseudonym_key(secrets, **wrapped);
  if (!pseudonym) return pseudonym.error();
  setup.pseudonym_key = *pseudonym;
  sodium_memzero(pseudonym->data(), pseudonym->size());
  setup.logs = std::move(*logs);
  return setup;
}

Result<void> start_new_log(Database& database, const Setup& setup) {
  LogName name = setup.logs.at(setup.own_log);
  name.incarnation = random_incarnation();
  const std::uint32_t number = setup.logs.rbegin()->first + 1;
  return database.write_whole(
      [&](MDB_txn* txn) { return put_own_log(txn, database.databases(), number, name); });
}

}  // namespace deskmate::storage
