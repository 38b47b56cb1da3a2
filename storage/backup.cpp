#include "storage/backup.hpp"

#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <unordered_set>

#include "storage/archive.hpp"
#include "storage/folder.hpp"
#include "storage/identity.hpp"
#include "storage/migrate.hpp"
#include "storage/passphrase.hpp"
#include "storage/setup.hpp"

namespace deskmate::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t copy_map_bytes = 1u << 20;  // for looking at a copy; grows to fit it

void remove_folder(const std::string& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

Result<void> verify_copy(Database& copy, const KeyStateOf& key_state, const std::string& what) {
  auto report = verify_log(copy, key_state);
  if (!report) return report.error();
  if (report->faults.empty()) return {};
  return Error{Errc::damaged, what + ": " + report->faults.front() + " (" +
                                  std::to_string(report->faults.size()) +
                                  " faults). Keep older backups"};
}

Result<void> write_archive(const std::string& path, const std::string& data, const KeyRing& keys,
                           const FileStore& files) {
  auto archive = ArchiveWriter::make(path);
  if (!archive) return archive.error();
  auto done = archive->add_file("data.mdb", data);
  if (!done) return done;
  // After the database, so that it holds every key that the database names.
  auto key_bytes = keys.file_bytes();
  if (!key_bytes) return key_bytes.error();
  done = archive->add("keys", *key_bytes);
  if (!done) return done;
  done = files.for_each([&](const std::string& name) -> Result<void> {
    auto bytes = files.stored_bytes(name);
    if (!bytes) return bytes.error();
    return archive->add(name, *bytes);
  });
  return done ? archive->finish() : done;
}

// Only names that write_archive gives, so that no backup can write elsewhere.
bool is_backup_name(std::string_view name) {
  if (name == "data.mdb" || name == "keys") return true;
  if (name.size() != 6 + 2 + 1 + 62 || !name.starts_with("files/") || name[8] != '/') return false;
  auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::all_of(name.begin() + 6, name.begin() + 8, is_digit) &&
         std::all_of(name.begin() + 9, name.end(), is_digit);
}

// A folder that holds nothing but its lock, its secrets and what an unfinished restore left.
Result<void> clear_for_restore(const HeldFolder& held) {
  std::error_code error;
  bool unfinished = exists(held.folder + restore_folder);
  for (fs::directory_iterator at(held.folder, error), end; !error && at != end;
       at.increment(error)) {
    std::string path = at->path().string();
    std::error_code ignored;
    if (path == held.folder + lock_file || fs::equivalent(path, held.secrets, ignored)) continue;
    if (path == held.folder + restore_folder) continue;
    std::string name = at->path().filename().string();
    if (!unfinished || (name != "data.mdb" && name != "keys" && name != "files")) {
      return Error{Errc::invalid, held.folder + " is not empty (" + name +
                                      "). Restore into a new folder, or move its content away"};
    }
  }
  if (error) return system_error(error.value(), held.folder);
  for (const char* name : {"/data.mdb", "/keys", "/files", restore_folder}) {
    fs::remove_all(held.folder + name, error);
    if (error) return system_error(error.value(), held.folder + name);
  }
  return {};
}

Result<void> prepare_copy(const std::string& folder, const Secrets& secrets) {
  auto database = Database::open(folder, copy_map_bytes, format_version);
  if (!database) return database.error();
  auto migrated = migrate(**database, format_version, migrations());
  if (!migrated) return migrated;
  auto setup = read_setup(**database, secrets);
  if (!setup) return setup.error();
  auto position = read_keys_position(**database);
  if (!position) return position.error();
  auto keys = KeyRing::open(folder, secrets, *position);
  if (!keys) return keys.error();
  auto files = FileStore::open(folder, **keys);
  if (!files) return files.error();
  auto forgotten = (*files)->forget_erased();
  if (!forgotten) return forgotten;
  auto verified = verify_copy(**database, key_states(**keys), folder);
  if (!verified) return verified;
  return start_new_log(**database, *setup);
}

}  // namespace

KeyStateOf key_states(const KeyRing& keys) {
  // Each is opened once.
  auto open = std::make_shared<std::unordered_set<Id16, IdHash>>();
  return [&keys, open](const Id16& key_id) {
    if (!keys.contains(key_id)) {
      return keys.erased(key_id) ? KeyState::erased : KeyState::missing;
    }
    if (open->contains(key_id)) return KeyState::present;
    auto key = keys.find(key_id);
    if (!key) return KeyState::missing;  // it does not open
    if (!*key) return keys.erased(key_id) ? KeyState::erased : KeyState::missing;
    sodium_memzero((*key)->data(), (*key)->size());
    open->insert(key_id);
    return KeyState::present;
  };
}

Result<void> write_backup(Database& database, const KeyRing& keys, const FileStore& files,
                          const std::string& file) {
  std::string copy = database.folder() + backup_folder;
  std::string temporary = file + ".tmp";
  remove_folder(copy);
  Finally cleanup([&] {
    remove_folder(copy);
    ::unlink(temporary.c_str());
  });
  auto done = make_folder(copy);
  if (done) done = database.copy_to(data_file(copy));
  if (!done) return done;
  {
    auto opened = Database::open(copy, copy_map_bytes, format_version);
    if (!opened) return opened.error();
    done = verify_copy(**opened, key_states(keys), file);
    if (!done) return done;
  }
  done = write_archive(temporary, data_file(copy), keys, files);
  if (done) done = read_archive(temporary, [](const std::string&) { return std::string(); });
  if (done) done = rename_file(temporary, file);
  return done;
}

Result<void> restore(const std::string& file, const Options& options) {
  if (!exists(file)) return Error{Errc::not_found, file + ": there is no such file"};
  auto held = hold_folder(options, Hooks{});
  if (!held) return held.error();
  auto cleared = clear_for_restore(*held);
  if (!cleared) return cleared;
  auto held_secrets = hold_secrets(held->secrets);
  if (!held_secrets) return held_secrets.error();
  auto secrets = Secrets::open(held->secrets, false, options.passphrase);
  if (!secrets) return secrets.error();

  std::string work = held->folder + restore_folder;
  auto done = make_folder(work);
  if (!done) return done;
  Finally cleanup([&] { remove_folder(work); });
  done = read_archive(file, [&](const std::string& name) -> Result<std::string> {
    if (!is_backup_name(name)) {
      return Error{Errc::damaged, file + " holds what no backup holds: " +
                                      hex(std::span(unsigned_of(name), name.size()))};
    }
    return work + "/" + name;
  });
  if (done) done = prepare_copy(work, *secrets);
  if (!done) return done;
  // From here on, half of it may be in its place: open() refuses until a restore has finished.
  cleanup.dismiss();
  for (const char* name : {"/keys", "/files", "/data.mdb"}) {
    done = rename_file(work + name, held->folder + name);
    if (!done) return done;
  }
  remove_folder(work);
  return sync_folder(held->folder);
}

}  // namespace deskmate::storage
