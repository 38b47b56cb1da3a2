#include "storage/rotate.hpp"

#include <sodium.h>

#include "storage/hash.hpp"
#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/sealing.hpp"
#include "storage/setup.hpp"

namespace deskmate::storage {
namespace {

Result<void> wrap_pseudonym_key(Database& database, const Secrets& secrets) {
  std::string wrapped;
  {
    auto txn = database.read();
    if (!txn) return txn.error();
    auto found = get(txn->get(), database.databases().meta, meta_key::pseudonym);
    if (!found) return found.error();
    if (!*found) return lmdb_error(MDB_CORRUPTED, data_file(database.folder()));
    wrapped.assign(**found);
  }
  const Key32& next = *secrets.next_wrapping_key();
  if (unseal_key(next, pseudonym_context, wrapped)) return {};
  auto key = unwrap_pseudonym_key(secrets, wrapped);
  if (!key) return key.error();
  std::string anew;
  seal(anew, next, pseudonym_context, view_of(*key));
  sodium_memzero(key->data(), key->size());
  return database.write_whole(
      [&](MDB_txn* txn) { return put(txn, database.databases().meta, meta_key::pseudonym, anew); });
}

Result<void> wrap_buyers_keys(const std::string& folder, Database& database,
                              const Secrets& secrets) {
  auto position = read_keys_position(database);
  if (!position) return position.error();
  const Key32& next = *secrets.next_wrapping_key();
  auto wrapped = KeyRing::wrapped_by(folder, next);
  if (!wrapped) return wrapped.error();
  if (*wrapped) return {};
  auto ring = KeyRing::open(folder, secrets, *position);
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

}  // namespace deskmate::storage
