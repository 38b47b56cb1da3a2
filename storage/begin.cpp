// A folder before there is a store on it, or between two: its identity, a desk that is joined, a
// new incarnation, a new wrapping key.
#include "storage/folder.hpp"
#include "storage/hooks.hpp"
#include "storage/migrate.hpp"
#include "storage/passphrase.hpp"
#include "storage/posix.hpp"
#include "storage/rotate.hpp"
#include "storage/setup.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {
namespace {

// A desk's folder between two stores: of this version, and no rotation of its keys half done.
struct ClosedDesk {
  HeldFolder held;
  HeldSecrets secrets;
  std::unique_ptr<Database> database;
  Setup setup;
};

Result<ClosedDesk> open_closed(const Options& options) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  if (!exists(data_file(held->folder)) || exists(held->folder + restore_folder)) {
    return Error{Errc::not_found, held->folder + " holds no desk"};
  }
  auto secrets = open_held_secrets(held->secrets, false, options.passphrase);
  if (!secrets) return secrets.error();
  auto database = Database::open(held->folder, options.initial_map_bytes, format_version);
  if (!database) return database.error();
  auto done = migrate(**database, format_version, migrations());
  // One that was cut short: its key may already wrap half of it.
  if (done) done = finish_rotation(held->folder, **database, secrets->secrets);
  if (!done) return done.error();
  auto setup = read_setup(**database, secrets->secrets);
  if (!setup) return setup.error();
  return ClosedDesk{std::move(*held), std::move(*secrets), std::move(*database), std::move(*setup)};
}

Error holds_a_desk(const HeldFolder& held) {
  return {Errc::invalid, held.folder + " holds a desk already. Join with a new folder"};
}

}  // namespace

Result<Identity> open_identity(const Options& options) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  const bool fresh = !exists(data_file(held->folder));
  auto secrets = open_held_secrets(held->secrets, fresh, options.passphrase);
  if (!secrets) return secrets.error();
  return secrets->secrets.identity();
}

Result<void> create_joined(const Options& options, const Id16& desk, const Key32& pseudonym_key) {
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  if (exists(held->folder + restore_folder) || exists(held->folder + "/keys")) {
    return holds_a_desk(*held);
  }
  auto secrets = open_held_secrets(held->secrets, true, options.passphrase);
  if (!secrets) return secrets.error();
  auto database = Database::open(held->folder, options.initial_map_bytes, format_version);
  if (!database) return database.error();
  auto ready = is_set_up(**database);
  if (!ready) return ready.error();
  if (*ready) return holds_a_desk(*held);
  // Its keys file is made when it is opened, so that a cut before the next line changes nothing.
  return set_up(**database, secrets->secrets, KeysPosition{}, Founding{desk, pseudonym_key});
}

Result<void> renew(const Options& options) {
  auto desk = open_closed(options);
  if (!desk) return desk.error();
  return start_new_log(*desk->database, desk->setup);
}

Result<void> rotate_wrapping_key(const Options& options) {
  // Nothing is begun with keys that are not this folder's: opening reads them.
  auto desk = open_closed(options);
  if (!desk) return desk.error();
  auto done = desk->secrets.secrets.begin_rotation();
  if (done) done = finish_rotation(desk->held.folder, *desk->database, desk->secrets.secrets);
  return done;
}

}  // namespace deskmate::storage
