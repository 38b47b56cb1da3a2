#include "storage/database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "storage/layout.hpp"
#include "storage/page_check.hpp"
#include "storage/posix.hpp"

namespace deskmate::storage {
namespace {

constexpr MDB_dbi databases_max = 16;

// The gates this thread is inside of, as often as it entered.
std::vector<const ReadGate*>& entered() {
  thread_local std::vector<const ReadGate*> gates;
  return gates;
}

}  // namespace

std::string data_file(const std::string& folder) { return folder + "/data.mdb"; }

Error lmdb_error(int number, const std::string& what) {
  switch (number) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
      return {Errc::damaged, what + ": " + mdb_strerror(number) +
                                 ". Keep a copy of the folder and restore the latest backup with "
                                 "`deskmate restore FILE`"};
    case MDB_PANIC:
      return {Errc::io, what +
                            ": it is not open again after an Input/output error. That is tried "
                            "again and again"};
    case MDB_MAP_FULL:
      return {Errc::full, what + ": the map has reached its greatest size"};
    case MDB_READERS_FULL:
      return {Errc::limit, what + ": more than " + std::to_string(readers_max) + " readers"};
    case MDB_BAD_VALSIZE:
    case MDB_KEYEXIST:
    case MDB_BAD_TXN:
      return {Errc::invalid, what + ": " + mdb_strerror(number)};
    default:
      if (number > 0) return system_error(number, what);
      return {Errc::io, what + ": " + mdb_strerror(number)};
  }
}

Result<std::optional<std::string_view>> get(MDB_txn* txn, MDB_dbi dbi, std::string_view key) {
  MDB_val key_val = val_of(key);
  MDB_val value{};
  int number = mdb_get(txn, dbi, &key_val, &value);
  if (number == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (number != MDB_SUCCESS) return lmdb_error(number, "reading the log");
  return std::optional<std::string_view>(view_of(value));
}

int put(MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::string_view value, unsigned flags) {
  MDB_val key_val = val_of(key);
  MDB_val value_val = val_of(value);
  return mdb_put(txn, dbi, &key_val, &value_val, flags);
}

int erase(MDB_txn* txn, MDB_dbi dbi, std::string_view key) {
  MDB_val key_val = val_of(key);
  const int number = mdb_del(txn, dbi, &key_val, nullptr);
  return number == MDB_NOTFOUND ? MDB_SUCCESS : number;
}

Cursor::Cursor(MDB_txn* txn, MDB_dbi dbi) { number_ = mdb_cursor_open(txn, dbi, &cursor_); }

Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

bool Cursor::seek(std::string_view key) {
  key_ = val_of(key);
  return move(MDB_SET_RANGE);
}

bool Cursor::seek_back(std::string_view key) {
  std::string wanted(key);
  if (!seek(wanted)) return number_ == MDB_NOTFOUND && last();
  return this->key() == wanted || previous();
}

bool Cursor::move(MDB_cursor_op op) {
  if (cursor_ == nullptr) return false;
  number_ = mdb_cursor_get(cursor_, &key_, &value_, op);
  return valid();
}

int Cursor::put(std::string_view key, MDB_val& value, unsigned flags) {
  if (cursor_ == nullptr) return number_;
  MDB_val key_val = val_of(key);
  return mdb_cursor_put(cursor_, &key_val, &value, flags);
}

Result<void> Cursor::status() const {
  if (number_ == MDB_SUCCESS || number_ == MDB_NOTFOUND) return {};
  return lmdb_error(number_, "reading the log");
}

bool is_inside(const ReadGate& gate) {
  const auto& gates = entered();
  return std::find(gates.begin(), gates.end(), &gate) != gates.end();
}

void ReadGate::enter() {
  const bool again = is_inside(*this);
  entered().push_back(this);
  std::unique_lock lock(mutex_);
  if (!again) changed_.wait(lock, [this] { return !closed_; });
  ++inside_;
}

void ReadGate::leave() {
  auto& gates = entered();
  gates.erase(std::find(gates.begin(), gates.end(), this));
  std::lock_guard lock(mutex_);
  if (--inside_ == 0 && closed_) changed_.notify_all();
}

void ReadGate::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.wait(lock, [this] { return inside_ == 0; });
}

void ReadGate::open() {
  std::lock_guard lock(mutex_);
  closed_ = false;
  changed_.notify_all();
}

void ReadGate::wait(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most);
}

Database::Read::Read(Read&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), txn_(other.txn_) {}

Database::Read::~Read() {
  if (owner_ == nullptr) return;
  mdb_txn_reset(txn_);
  {
    std::lock_guard lock(owner_->pool_mutex_);
    owner_->pool_.push_back(txn_);
  }
  owner_->gate_.leave();
}

int Database::Write::commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

Result<std::unique_ptr<Database>> Database::open(const std::string& folder, std::size_t map_bytes,
                                                 std::uint32_t newest_version) {
  std::unique_ptr<Database> database(new Database(folder, map_bytes, newest_version));
  auto opened = database->open_env();
  if (!opened) return opened.error();
  return database;
}

Database::~Database() {
  gate_.close();
  close_env();
}

Result<void> Database::open_env() {
  std::string file = data_file(folder_);
  std::uint64_t size = 0;
  if (exists(file)) {
    auto fd = open_file(file, O_RDONLY);
    if (!fd) return fd.error();
    auto got = size_of(fd->get(), file);
    if (!got) return got.error();
    size = *got;
    // An empty file is one that was about to be made.
    if (half_made(fd->get(), file)) {
      if (::truncate(file.c_str(), 0) != 0) return system_error(errno, file);
      size = 0;
    }
    if (size > 0) {
      auto checked = check_pages(fd->get(), file);
      if (!checked) return checked;
    }
  }
  if (map_bytes_ < 2 * size) map_bytes_ = static_cast<std::size_t>(2 * size);
  const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  map_bytes_ = (map_bytes_ + page - 1) / page * page;

  int number = mdb_env_create(&env_);
  if (number != MDB_SUCCESS) return lmdb_error(number, file);
  mdb_env_set_maxdbs(env_, databases_max);
  mdb_env_set_maxreaders(env_, readers_max);
  number = mdb_env_set_mapsize(env_, map_bytes_);
  if (number == MDB_SUCCESS) number = mdb_env_open(env_, folder_.c_str(), MDB_NOTLS, 0600);
  if (number != MDB_SUCCESS) {
    close_env();
    return lmdb_error(number, file);
  }
  int dead = 0;
  mdb_reader_check(env_, &dead);
  auto opened = open_databases();
  // LMDB syncs the file and not its name.
  if (opened && size == 0) opened = sync_folder(folder_);
  if (!opened) close_env();
  return opened;
}

Result<void> Database::open_databases() {
  const std::array<std::pair<const char*, MDB_dbi*>, 13> names{{{"meta", &databases_.meta},
                                                                {"logs", &databases_.logs},
                                                                {"events", &databases_.events},
                                                                {"bodies", &databases_.bodies},
                                                                {"arrivals", &databases_.arrivals},
                                                                {"heads", &databases_.heads},
                                                                {"cursors", &databases_.cursors},
                                                                {"kv", &databases_.kv},
                                                                {"tables", &databases_.tables},
                                                                {"forks", &databases_.forks},
                                                                {"cuts", &databases_.cuts},
                                                                {"awaited", &databases_.awaited},
                                                                {"later", &databases_.later}}};
  std::string what = data_file(folder_);
  // What is there needs no transaction that writes, so a full disk does not keep us from reading.
  for (unsigned flags : {unsigned{MDB_RDONLY}, 0U}) {
    MDB_txn* txn = nullptr;
    int number = mdb_txn_begin(env_, nullptr, flags, &txn);
    if (number != MDB_SUCCESS) return lmdb_error(number, what);
    Write guard(txn);
    for (const auto& [name, dbi] : names) {
      number = mdb_dbi_open(txn, name, flags == 0 ? MDB_CREATE : 0, dbi);
      if (number != MDB_SUCCESS) break;
      if (dbi == &databases_.meta) {
        auto checked = check_version(txn);
        if (!checked) return checked;
      }
    }
    if (number == MDB_SUCCESS) {
      number = guard.commit();
      if (number != MDB_SUCCESS) return lmdb_error(number, what);
      return {};
    }
    if (number != MDB_NOTFOUND) return lmdb_error(number, what);
  }
  return Error{Errc::damaged, what + ": a database is missing"};
}

Result<void> Database::check_version(MDB_txn* txn) const {
  auto value = deskmate::storage::get(txn, databases_.meta, meta_key::version);
  if (!value) return value.error();
  if (!*value) return {};
  if ((*value)->size() != 4) return lmdb_error(MDB_CORRUPTED, data_file(folder_));
  auto version = get_number<std::uint32_t>((*value)->data());
  if (version <= newest_version_) return {};
  return Error{Errc::newer, folder_ + " was written by a newer Deskmate (format " +
                                std::to_string(version) + ", this one knows " +
                                std::to_string(newest_version_) + "). Install the newer version"};
}

void Database::close_env() {
  for (MDB_txn* txn : pool_) mdb_txn_abort(txn);
  pool_.clear();
  if (env_ != nullptr) mdb_env_close(env_);
  env_ = nullptr;
}

int Database::begin_read(MDB_txn** txn) {
  {
    std::lock_guard lock(pool_mutex_);
    if (!pool_.empty()) {
      *txn = pool_.back();
      pool_.pop_back();
    }
  }
  if (*txn == nullptr) return mdb_txn_begin(env_, nullptr, MDB_RDONLY, txn);
  const int number = mdb_txn_renew(*txn);
  if (number != MDB_SUCCESS) mdb_txn_abort(std::exchange(*txn, nullptr));
  return number;
}

// Enters the gate and begins; stays inside where that succeeds. MDB_PANIC is what LMDB says between
// a commit that failed in its last step and the reopening.
int Database::inside(const std::function<int()>& begin) {
  // Reopening waits for those who are inside, so they cannot wait for it; nor can who does it.
  const std::thread::id mender = mender_;
  const bool may_wait =
      mender != std::thread::id() && mender != std::this_thread::get_id() && !is_inside(gate_);
  std::optional<std::chrono::steady_clock::time_point> until;
  while (true) {
    gate_.enter();
    const int number = env_ == nullptr ? MDB_PANIC : begin();
    if (number == MDB_SUCCESS) return number;
    gate_.leave();
    if (number != MDB_PANIC || !may_wait || mender_.load() == std::thread::id()) return number;
    const auto now = std::chrono::steady_clock::now();
    if (!until) until = now + reopen_wait_max;
    if (now >= *until) return number;
    gate_.wait(reopen_look_again);
  }
}

Result<Database::Read> Database::read() {
  MDB_txn* txn = nullptr;
  const int number = inside([&] { return begin_read(&txn); });
  if (number != MDB_SUCCESS) return lmdb_error(number, data_file(folder_));
  return Read(this, txn);
}

Result<Database::Write> Database::write() {
  MDB_txn* txn = nullptr;
  int number = env_ == nullptr ? EIO : mdb_txn_begin(env_, nullptr, 0, &txn);
  if (number != MDB_SUCCESS) return lmdb_error(number, data_file(folder_));
  return Write(txn);
}

Result<void> Database::write_whole(const std::function<Result<int>(MDB_txn*)>& fill) {
  while (true) {
    int number = MDB_SUCCESS;
    {
      auto txn = write();
      if (!txn) return txn.error();
      auto filled = fill(txn->get());
      if (!filled) return filled.error();
      number = *filled;
      if (number == MDB_SUCCESS) number = txn->commit();
    }
    if (number == MDB_SUCCESS) return {};
    if (number != MDB_MAP_FULL) return lmdb_error(number, data_file(folder_));
    auto grown = grow();
    if (!grown) return grown;
  }
}

Result<void> Database::grow() {
  std::size_t larger = map_bytes_ + std::min(map_bytes_, map_growth_max);
  if (larger > map_bytes_max) return lmdb_error(MDB_MAP_FULL, data_file(folder_));
  gate_.close();
  for (MDB_txn* txn : pool_) mdb_txn_abort(txn);
  pool_.clear();
  const int number = mdb_env_set_mapsize(env_, larger);
  if (number == MDB_SUCCESS) {
    map_bytes_ = larger;
  } else {
    // LMDB has given the old map back before it asked for the larger, and would read through it.
    close_env();
    (void)open_env();  // where this fails, too, nothing can be read until reopen() succeeds
  }
  gate_.open();
  if (number != MDB_SUCCESS) return lmdb_error(number, data_file(folder_));
  return {};
}

Result<void> Database::make_room() {
  MDB_envinfo info{};
  MDB_stat stat{};
  while (true) {
    if (env_ == nullptr) return lmdb_error(EIO, data_file(folder_));
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    if (info.me_last_pgno * stat.ms_psize * 2 <= map_bytes_) return {};
    auto grown = grow();
    if (!grown) return grown;
  }
}

Result<void> Database::reopen() {
  gate_.close();
  close_env();
  auto opened = open_env();
  gate_.open();
  return opened;
}

Result<void> Database::copy_to(const std::string& path) {
  auto copied = copy_with(path, MDB_CP_COMPACT);
  // LMDB says incompatible when it finds pages that nobody uses; a plain copy takes them along.
  if (!copied && copied.error().code == Errc::damaged) copied = copy_with(path, 0);
  return copied;
}

Result<void> Database::copy_with(const std::string& path, unsigned flags) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd) return fd.error();
  const int number = inside([&] { return mdb_env_copyfd2(env_, fd->get(), flags); });
  if (number == MDB_SUCCESS) gate_.leave();
  if (number != MDB_SUCCESS) {
    ::unlink(path.c_str());
    return lmdb_error(number, path);
  }
  return sync_file(fd->get(), path);
}

}  // namespace deskmate::storage
