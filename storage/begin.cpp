// A folder before there is a store on it, or between two: its identity, a desk that is joined, a
// new incarnation.
#include "storage/folder.hpp"
#include "storage/hooks.hpp"
#include "storage/migrate.hpp"
#include "storage/passphrase.hpp"
#include "storage/posix.hpp"
#include "storage/rotate.hpp"
#include "storage/setup.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

Result<Identity> open_identity(const Options& options) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  auto held_secrets = hold_secrets(held->secrets);
  if (!held_secrets) return held_secrets.error();
  auto secrets =
      Secrets::open(held->secrets, !exists(held->folder + "/data.mdb"), options.passphrase);
  if (!secrets) return secrets.error();
  return secrets->identity();
}

Result<void> create_joined(const Options& options, const Id16& desk, const Key32& pseudonym_key) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  if (exists(held->folder + restore_folder) || exists(held->folder + "/keys")) {
    return Error{Errc::invalid, held->folder + " holds a desk already. Join with a new folder"};
  }
  auto held_secrets = hold_secrets(held->secrets);
  if (!held_secrets) return held_secrets.error();
  auto secrets = Secrets::open(held->secrets, true, options.passphrase);
  if (!secrets) return secrets.error();
  auto database = Database::open(held->folder, options.initial_map_bytes, format_version);
  if (!database) return database.error();
  auto ready = is_set_up(**database);
  if (!ready) return ready.error();
  if (*ready) {
    return Error{Errc::invalid, held->folder + " holds a desk already. Join with a new folder"};
  }
  // Its keys file is made when it is opened, so that a cut before the next line changes nothing.
  return set_up(**database, *secrets, KeysPosition{}, Founding{desk, pseudonym_key});
}

Result<void> renew(const Options& options) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  auto held_secrets = hold_secrets(held->secrets);
  if (!held_secrets) return held_secrets.error();
  auto secrets = Secrets::open(held->secrets, false, options.passphrase);
  if (!secrets) return secrets.error();
  if (!exists(held->folder + "/data.mdb") || exists(held->folder + restore_folder)) {
    return Error{Errc::not_found, held->folder + " holds no desk"};
  }
  auto database = Database::open(held->folder, options.initial_map_bytes, format_version);
  if (!database) return database.error();
  auto migrated = migrate(**database, format_version, migrations());
  if (!migrated) return migrated;
  auto rotated = finish_rotation(held->folder, **database, *secrets);
  if (!rotated) return rotated;
  auto setup = read_setup(**database, *secrets);
  if (!setup) return setup.error();
  return start_new_log(**database, *setup);
}

}  // namespace deskmate::storage
