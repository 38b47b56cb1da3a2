#include "storage/rotate.hpp"

#include <sodium.h>

#include "storage/folder.hpp"
#include "storage/hash.hpp"
#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/migrate.hpp"
#include "storage/passphrase.hpp"
#include "storage/sealing.hpp"
#include "storage/setup.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {
namespace {

Result<void> wrap_pseudonym_key(Database& database, const Secrets& secrets) {
  std::string wrapped;
  {
    auto txn = database.read();
    if (!txn) return txn.error();
    auto found = get(txn->get(), database.databases().meta, meta_key::pseudonym);
    if (!found) return found.error();
    if (!*found) return lmdb_error(MDB_CORRUPTED, database.folder() + "/data.mdb");
    wrapped.assign(**found);
  }
  const Key32& next = *secrets.next_wrapping_key();
  if (unseal_key(next, pseudonym_context, wrapped)) return {};
  auto key = unseal_key(secrets.wrapping_key(), pseudonym_context, wrapped);
  if (!key) {
    return Error{Errc::invalid, secrets.folder() +
                                    "/wrapping.key is not the one this folder was written with. "
                                    "Put the right one back"};
  }
  std::string anew;
  seal(anew, next, pseudonym_context, view_of(*key));
  sodium_memzero(key->data(), key->size());
  while (true) {
    int result = MDB_SUCCESS;
    {
      auto txn = database.write();
      if (!txn) return txn.error();
      result = put(txn->get(), database.databases().meta, meta_key::pseudonym, anew);
      if (result == MDB_SUCCESS) result = txn->commit();
    }
    if (result == MDB_SUCCESS) return {};
    if (result != MDB_MAP_FULL) return lmdb_error(result, database.folder() + "/data.mdb");
    auto grown = database.grow();
    if (!grown) return grown;
  }
}

Result<void> wrap_buyers_keys(const std::string& folder, Database& database,
                              const Secrets& secrets) {
  KeysPosition position;
  {
    auto txn = database.read();
    if (!txn) return txn.error();
    auto read = read_keys_position(txn->get(), database.databases());
    if (!read) return read.error();
    position = *read;
  }
  const Key32& next = *secrets.next_wrapping_key();
  auto wrapped = KeyRing::wrapped_by(folder, next);
  if (!wrapped) return wrapped.error();
  if (*wrapped) return {};
  auto ring = KeyRing::open(folder, secrets, position);
  return ring ? (*ring)->wrap_all(next) : ring.error();
}

}  // namespace

Result<void> finish_rotation(const std::string& folder, Database& database, Secrets& secrets) {
  if (!secrets.next_wrapping_key()) return {};
  auto done = wrap_pseudonym_key(database, secrets);
  if (done) done = wrap_buyers_keys(folder, database, secrets);
  if (done) done = secrets.finish_rotation();
  return done;
}

Result<void> rotate_wrapping_key(const Options& options) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  if (!exists(held->folder + "/data.mdb") || exists(held->folder + restore_folder)) {
    return Error{Errc::not_found, held->folder + " holds no desk"};
  }
  auto held_secrets = hold_secrets(held->secrets);
  if (!held_secrets) return held_secrets.error();
  auto secrets = Secrets::open(held->secrets, false, options.passphrase);
  if (!secrets) return secrets.error();
  auto database = Database::open(held->folder, options.initial_map_bytes, format_version);
  if (!database) return database.error();
  auto done = migrate(**database, format_version, migrations());
  // One that was cut short first: its key may already wrap half of it.
  if (done) done = finish_rotation(held->folder, **database, *secrets);
  if (!done) return done;
  // Nothing is begun with keys that are not this folder's.
  auto setup = read_setup(**database, *secrets);
  if (!setup) return setup.error();
  done = secrets->begin_rotation();
  if (done) done = finish_rotation(held->folder, **database, *secrets);
  return done;
}

}  // namespace deskmate::storage
