#include "storage/keys.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "storage/hash.hpp"
#include "storage/key_id.hpp"
#include "storage/sealing.hpp"
#include "storage/secret_file.hpp"

namespace deskmate::storage {
namespace {

constexpr std::string_view keys_magic = "deskmate.keys/1\n";
constexpr std::size_t check_size = 8;
constexpr std::size_t keys_header_size = 16 + 8 + 8 + check_size;
constexpr std::size_t wrapped_size = sizeof(Key32) + seal_overhead;
constexpr std::size_t record_size = 16 + 16 + wrapped_size + check_size;
constexpr std::size_t erased_line_size = 33;
static_assert(keys_magic.size() == 16 && record_size == 112);

std::string with_check(std::string bytes) {
  bytes.append(view_of(hash_of(bytes)).substr(0, check_size));
  return bytes;
}

bool check_holds(std::string_view bytes) {
  std::size_t size = bytes.size() - check_size;
  auto hash = hash_of(bytes.substr(0, size));
  return view_of(hash).substr(0, check_size) == bytes.substr(size);
}

std::string header_of(std::uint64_t generation, std::uint64_t records) {
  std::string bytes(keys_magic);
  append_number(bytes, generation);
  append_number(bytes, records);
  return with_check(std::move(bytes));
}

KeyIndex::Record ids_in(std::string_view record) {
  return {array_of<16>(record.substr(0, 16)), array_of<16>(record.substr(16, 16))};
}

Error too_many_at_once() {
  return {Errc::limit, "more than " + std::to_string(keys_carried_max) + " keys at once"};
}

}  // namespace

Result<std::unique_ptr<KeyRing>> KeyRing::open(const std::string& folder, const Secrets& secrets,
                                               KeysPosition committed) {
  std::unique_ptr<KeyRing> ring(
      new KeyRing(folder + "/keys", secrets.folder() + "/erased", secrets.wrapping_key()));
  auto done = ring->load_erased();
  if (done && !exists(ring->path_)) {
    if (committed != KeysPosition{}) {
      return Error{Errc::damaged, ring->path_ +
                                      " is missing: no message could be opened. Put it back, or "
                                      "restore the latest backup with `deskmate restore FILE`"};
    }
    done = ring->make();
  }
  if (done) done = ring->load(committed);
  if (done && ring->rewrite_needed_) {
    done = ring->rewrite();
    // They are gone from memory already; a full disk must not keep the desk from being read.
    if (!done && done.error().code == Errc::full) done = {};
  }
  if (!done) return done.error();
  return ring;
}

KeyRing::~KeyRing() { sodium_memzero(wrapping_key_.data(), wrapping_key_.size()); }

Error KeyRing::damaged(const std::string& why) const {
  return {Errc::damaged, path_ + " is damaged (" + why +
                             "). Keep a copy of the folder and restore the latest backup with "
                             "`deskmate restore FILE`"};
}

Result<void> KeyRing::make() { return write_file_durably(path_, header_of(1, 0)); }

Result<void> KeyRing::load_erased() {
  if (!exists(erased_path_)) return {};
  auto text = read_secret_file(erased_path_, keys_file_max);
  if (!text) return text.error();
  for (std::size_t at = 0; at < text->size(); at += erased_line_size) {
    std::string_view line = std::string_view(*text).substr(at, erased_line_size);
    if (line.size() < erased_line_size) break;  // half written, so never acknowledged
    Id16 id{};
    std::size_t size = 0;
    if (sodium_hex2bin(id.data(), id.size(), line.data(), line.size() - 1, nullptr, &size,
                       nullptr) != 0 ||
        size != id.size() || line.back() != '\n') {
      return Error{Errc::damaged, erased_path_ + ": line " +
                                      std::to_string(at / erased_line_size + 1) +
                                      " is not 32 hexadecimal digits. Put the copy you keep back"};
    }
    erased_.insert(id);
  }
  return {};
}

Result<void> KeyRing::load(KeysPosition committed) {
  auto bytes = read_file(path_, keys_file_max);
  if (!bytes) return bytes.error();
  std::string_view all = *bytes;
  if (all.size() < keys_header_size || !all.starts_with(keys_magic) ||
      !check_holds(all.substr(0, keys_header_size))) {
    return damaged("its first bytes are not those of a keys file");
  }
  position_.generation = get_number<std::uint64_t>(all.data() + 16);
  std::uint64_t durable = get_number<std::uint64_t>(all.data() + 24);
  if (position_.generation < committed.generation) return damaged("it is older than the log");
  if (position_.generation == committed.generation) durable = std::max(durable, committed.records);
  all.remove_prefix(keys_header_size);
  const std::string_view records = all;
  while (all.size() >= record_size && check_holds(all.substr(0, record_size))) {
    const KeyIndex::Record record = ids_in(all);
    const bool erased = erased_.contains(record.id);
    rewrite_needed_ = rewrite_needed_ || erased;
    index_.add(record, !erased);
    ++position_.records;
    all.remove_prefix(record_size);
  }
  if (position_.records < durable) {
    return damaged("key " + std::to_string(position_.records + 1) + " is broken");
  }
  if (position_.records > 0) {
    // They were all wrapped by the same one, or somebody changed it meanwhile.
    for (const std::uint64_t number : {std::uint64_t{0}, position_.records - 1}) {
      auto key = open_record(records.substr(static_cast<std::size_t>(number * record_size)));
      if (!key) return key.error();
      sodium_memzero(key->data(), key->size());
    }
  }
  auto file = open_file(path_, O_RDWR | O_APPEND);
  if (!file) return file.error();
  file_ = std::move(*file);
  if (!all.empty()) {
    // A power cut came before these were acknowledged.
    auto size = static_cast<off_t>(bytes->size() - all.size());
    if (::ftruncate(file_.get(), size) != 0) return system_error(errno, path_);
    return sync_file(file_.get(), path_);
  }
  return {};
}

std::string KeyRing::wrap(const KeyIndex::Record& record, const Key32& key) const {
  std::string bytes(view_of(record.id));
  bytes.append(view_of(record.buyer));
  std::string context = bytes;
  seal(bytes, wrapping_key_, context, view_of(key));
  return with_check(std::move(bytes));
}

Result<Key32> KeyRing::open_record(std::string_view bytes) const {
  auto key = unseal_key(wrapping_key_, bytes.substr(0, 32), bytes.substr(32, wrapped_size));
  if (!key) {
    return damaged("a key does not open: wrapping.key is not the one it was written with");
  }
  return *key;
}

Result<Key32> KeyRing::open_key(std::uint32_t number) const {
  const KeyIndex::Record& record = index_[number];
  if (auto open = open_.find(record.id)) return *open;
  auto bytes = read_at(file_.get(), keys_header_size + std::uint64_t{number} * record_size,
                       record_size, path_);
  if (!bytes) return bytes.error();
  const KeyIndex::Record ids = ids_in(*bytes);
  if (!check_holds(*bytes) || ids.id != record.id || ids.buyer != record.buyer) {
    return damaged("key " + std::to_string(number + 1) + " was changed");
  }
  auto key = open_record(*bytes);
  if (key) open_.put(record.id, *key);
  return key;
}

Result<std::vector<BuyerKey>> KeyRing::keys_for(std::span<const Id16> buyers) {
  std::lock_guard file_lock(file_mutex_);
  std::unordered_map<Id16, std::size_t, IdHash> made;  // where in the result it is first
  std::vector<KeyIndex::Record> fresh;
  std::vector<BuyerKey> result;
  result.reserve(buyers.size());
  std::string records;
  {
    std::shared_lock lock(maps_mutex_);
    for (const Id16& buyer : buyers) {
      if (auto known = index_.first_of(buyer)) {
        auto key = open_key(*known);
        if (!key) return key.error();
        result.push_back({index_[*known].id, *key});
        continue;
      }
      auto [place, is_fresh] = made.try_emplace(buyer, result.size());
      if (!is_fresh) {
        result.push_back(result[place->second]);
        continue;
      }
      BuyerKey& key = result.emplace_back();
      randombytes_buf(key.key.data(), key.key.size());
      key.id = key_id_of(buyer, key.key);
      fresh.push_back({key.id, buyer});
      records += wrap(fresh.back(), key.key);
    }
  }
  if (fresh.empty()) return result;
  auto written = append(records, fresh.size());
  if (!written) return written.error();
  std::unique_lock lock(maps_mutex_);
  for (const KeyIndex::Record& record : fresh) {
    index_.add(record);
    open_.put(record.id, result[made.at(record.buyer)].key);
  }
  return result;
}

Result<void> KeyRing::append(std::string_view records, std::uint64_t count) {
  std::uint64_t end = keys_header_size + position_.records * record_size;
  // What an earlier failure may have left behind.
  if (::ftruncate(file_.get(), static_cast<off_t>(end)) != 0) return system_error(errno, path_);
  if (end + records.size() > keys_file_max) return Error{Errc::limit, path_ + ": too many keys"};
  auto done = write_all(file_.get(), records, path_);
  if (done) done = sync_file(file_.get(), path_);
  if (done) {
    position_.records += count;
  } else if (::ftruncate(file_.get(), static_cast<off_t>(end)) != 0) {
    return system_error(errno, path_);
  }
  return done;
}

Result<std::optional<Key32>> KeyRing::find(const Id16& key_id) const {
  std::shared_lock lock(maps_mutex_);
  auto found = index_.find(key_id);
  if (!found) return std::optional<Key32>();
  auto key = open_key(*found);
  if (!key) return key.error();
  return std::optional(*key);
}

bool KeyRing::contains(const Id16& key_id) const {
  std::shared_lock lock(maps_mutex_);
  return index_.find(key_id).has_value();
}

bool KeyRing::erased(const Id16& key_id) const {
  std::shared_lock lock(maps_mutex_);
  return erased_.contains(key_id);
}

KeysPosition KeyRing::position() const {
  std::lock_guard lock(file_mutex_);
  return position_;
}

std::vector<Id16> KeyRing::ids_of(const Id16& buyer) const {
  std::shared_lock lock(maps_mutex_);
  return index_.ids_of(buyer);
}

std::vector<CarriedKey> KeyRing::carried(std::span<const Id16> ids) const {
  std::vector<CarriedKey> keys;
  std::shared_lock lock(maps_mutex_);
  for (const Id16& id : ids) {
    auto found = index_.find(id);
    if (!found) continue;
    auto key = open_key(*found);
    if (key) keys.push_back({id, index_[*found].buyer, *key});
  }
  return keys;
}

Result<void> KeyRing::take(std::span<const CarriedKey> keys) {
  if (keys.size() > keys_carried_max) return too_many_at_once();
  std::lock_guard file_lock(file_mutex_);
  std::unordered_set<Id16, IdHash> taken;
  std::vector<KeyIndex::Record> fresh;
  std::string records;
  {
    std::shared_lock lock(maps_mutex_);
    for (const CarriedKey& key : keys) {
      if (index_.find(key.key_id) || erased_.contains(key.key_id)) continue;
      if (!taken.insert(key.key_id).second) continue;
      fresh.push_back({key.key_id, key.buyer});
      records += wrap(fresh.back(), key.key);
    }
  }
  if (fresh.empty()) return {};
  auto written = append(records, fresh.size());
  if (!written) return written;
  std::unique_lock lock(maps_mutex_);
  for (const KeyIndex::Record& record : fresh) index_.add(record);
  return {};
}

Result<std::vector<Id16>> KeyRing::erase(const Id16& buyer) {
  std::lock_guard file_lock(file_mutex_);
  std::vector<Id16> ids = ids_of(buyer);
  auto destroyed = destroy(ids);
  if (!destroyed) return destroyed.error();
  return ids;
}

Result<bool> KeyRing::erase_ids(std::span<const Id16> ids) {
  if (ids.size() > keys_carried_max) return too_many_at_once();
  std::lock_guard file_lock(file_mutex_);
  std::vector<Id16> fresh;
  bool here = rewrite_needed_;
  {
    std::shared_lock lock(maps_mutex_);
    for (const Id16& id : ids) {
      here = here || index_.find(id);
      if (!erased_.contains(id)) fresh.push_back(id);
    }
  }
  auto destroyed = destroy(fresh);
  if (!destroyed) return destroyed.error();
  return here;
}

Result<void> KeyRing::destroy(const std::vector<Id16>& ids) {
  if (!ids.empty()) {
    auto noted = note_erased(ids);
    if (!noted) return noted;
    std::unique_lock lock(maps_mutex_);
    bool here = false;
    for (const Id16& id : ids) {
      erased_.insert(id);
      open_.erase(id);
      here = here || index_.find(id);
    }
    // A buyer who has another key goes on with that one.
    if (here) {
      index_.drop([this](const KeyIndex::Record& record) { return erased_.contains(record.id); });
      rewrite_needed_ = true;
    }
  }
  return rewrite_needed_ ? rewrite() : Result<void>();
}

Result<void> KeyRing::note_erased(const std::vector<Id16>& ids) {
  auto file = open_file(erased_path_, O_RDWR | O_CREAT | O_APPEND);
  if (!file) return file.error();
  auto size = size_of(file->get(), erased_path_);
  if (!size) return size.error();
  auto whole = static_cast<off_t>(*size / erased_line_size * erased_line_size);
  if (::ftruncate(file->get(), whole) != 0) return system_error(errno, erased_path_);
  std::string lines;
  for (const Id16& id : ids) lines += hex(id) + "\n";
  auto done = write_all(file->get(), lines, erased_path_);
  if (done) done = sync_file(file->get(), erased_path_);
  if (done) done = sync_folder(folder_of(erased_path_));
  return done;
}

Result<void> KeyRing::rewrite() {
  auto bytes = read_at(file_.get(), keys_header_size,
                       static_cast<std::size_t>(position_.records * record_size), path_);
  if (!bytes) return bytes.error();
  std::string kept;
  {
    std::shared_lock lock(maps_mutex_);
    for (std::size_t at = 0; at < bytes->size(); at += record_size) {
      std::string_view record = std::string_view(*bytes).substr(at, record_size);
      if (!erased_.contains(array_of<16>(record.substr(0, 16)))) kept.append(record);
    }
  }
  auto done = swap_file(position_.generation + 1, kept);
  if (done) rewrite_needed_ = false;
  return done;
}

Result<void> KeyRing::wrap_all(const Key32& wrapping_key) {
  std::lock_guard file_lock(file_mutex_);
  auto bytes = read_at(file_.get(), keys_header_size,
                       static_cast<std::size_t>(position_.records * record_size), path_);
  if (!bytes) return bytes.error();
  const Key32 before = wrapping_key_;
  std::string wrapped;
  for (std::size_t at = 0; at < bytes->size(); at += record_size) {
    const std::string_view record = std::string_view(*bytes).substr(at, record_size);
    const KeyIndex::Record ids = ids_in(record);
    if (erased_.contains(ids.id)) continue;
    auto key = open_record(record);
    if (!key) return key.error();
    wrapping_key_ = wrapping_key;
    wrapped += wrap(ids, *key);
    wrapping_key_ = before;
    sodium_memzero(key->data(), key->size());
  }
  auto done = swap_file(position_.generation + 1, wrapped);
  if (done) wrapping_key_ = wrapping_key;
  return done;
}

Result<bool> KeyRing::wrapped_by(const std::string& folder, const Key32& wrapping_key) {
  const std::string path = folder + "/keys";
  if (!exists(path)) return true;
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto size = size_of(file->get(), path);
  if (!size) return size.error();
  if (*size < keys_header_size + record_size) return true;
  auto record = read_at(file->get(), keys_header_size, record_size, path);
  if (!record) return record.error();
  const std::string_view bytes = *record;
  auto key = unseal_key(wrapping_key, bytes.substr(0, 32), bytes.substr(32, wrapped_size));
  if (key) sodium_memzero(key->data(), key->size());
  return key.has_value();
}

Result<void> KeyRing::swap_file(std::uint64_t generation, std::string_view records) {
  std::uint64_t count = records.size() / record_size;
  std::string bytes = header_of(generation, count);
  bytes.append(records);
  auto done = write_file_durably(path_, bytes);
  if (!done) return done;
  auto file = open_file(path_, O_RDWR | O_APPEND);
  if (!file) return file.error();
  KeyIndex index;
  for (std::size_t at = 0; at < records.size(); at += record_size) {
    index.add(ids_in(records.substr(at)));
  }
  Fd old;
  {
    std::unique_lock lock(maps_mutex_);
    old = std::exchange(file_, std::move(*file));
    std::swap(index_, index);
  }
  auto old_size = keys_header_size + position_.records * record_size;
  position_ = {generation, count};
  // The old file has no name any more; its bytes go too, as far as the disk lets us.
  int flags = ::fcntl(old.get(), F_GETFL);
  ::fcntl(old.get(), F_SETFL, flags & ~O_APPEND);
  std::string zeros(static_cast<std::size_t>(old_size), '\0');
  if (::lseek(old.get(), 0, SEEK_SET) != 0) return system_error(errno, path_);
  auto wiped = write_all(old.get(), zeros, path_);
  if (wiped) wiped = sync_file(old.get(), path_);
  return wiped;
}

Result<std::string> KeyRing::file_bytes() const {
  std::lock_guard lock(file_mutex_);
  return read_at(file_.get(), 0,
                 static_cast<std::size_t>(keys_header_size + position_.records * record_size),
                 path_);
}

}  // namespace deskmate::storage
