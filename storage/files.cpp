#include "storage/files.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "storage/hash.hpp"
#include "storage/sealing.hpp"

namespace deskmate::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view sealed_magic = "deskmate.file/1\n";
constexpr std::size_t sealed_header_size = 16 + 16 + 32 + 8 + 4;
constexpr std::size_t sealed_chunk = file_chunk + seal_tag_size;

struct Header {
  Id16 key_id{};
  Hash32 tag{};  // keyed hash of the plain bytes
  std::uint64_t size = 0;
};

std::string encode_header(const Header& header) {
  std::string bytes(sealed_magic);
  bytes.append(view_of(header.key_id));
  bytes.append(view_of(header.tag));
  append_number(bytes, header.size);
  append_number(bytes, static_cast<std::uint32_t>(file_chunk));
  return bytes;
}

Result<Header> decode_sealed_header(std::string_view bytes, const std::string& path) {
  ByteReader in(bytes);
  bool good = in.take(sealed_magic.size()) == sealed_magic;
  Header header;
  header.key_id = in.array<16>();
  header.tag = in.array<32>();
  header.size = in.number<std::uint64_t>();
  if (!good || in.number<std::uint32_t>() != file_chunk || !in.ok() || header.size > file_max) {
    return Error{Errc::damaged, path + " is not a stored attachment"};
  }
  return header;
}

Result<Header> read_header(int fd, const std::string& path) {
  auto head = read_at(fd, 0, sealed_header_size, path);
  if (!head) return head.error();
  return decode_sealed_header(*head, path);
}

// One key for each file, so that the chunks' numbers can be their nonces.
Key32 file_key(const Key32& key, const Hash32& tag) {
  return Hasher(view_of(key)).add("deskmate.file/1 key").add(view_of(tag)).done();
}

std::array<unsigned char, seal_nonce_size> chunk_nonce(std::uint64_t chunk) {
  std::array<unsigned char, seal_nonce_size> nonce{};
  put_number(reinterpret_cast<char*>(nonce.data()) + 16, chunk);
  return nonce;
}

// An empty file has one empty chunk, so that its header is sealed too.
std::uint64_t chunks_of(std::uint64_t size) {
  return size == 0 ? 1 : (size + file_chunk - 1) / file_chunk;
}

std::string name_of(const Hash32& hash) {
  std::string digits = hex(hash);
  return "files/" + digits.substr(0, 2) + "/" + digits.substr(2);
}

std::string seal_file(const BuyerKey& key, std::string_view bytes) {
  Header header;
  header.key_id = key.id;
  header.tag = Hasher(view_of(key.key)).add("deskmate.file/1 tag").add(bytes).done();
  header.size = bytes.size();
  std::string head = encode_header(header);
  Key32 chunk_key = file_key(key.key, header.tag);
  std::uint64_t chunks = chunks_of(bytes.size());
  std::string out = head;
  out.resize(sealed_header_size + bytes.size() + static_cast<std::size_t>(chunks) * seal_tag_size);
  auto* to = reinterpret_cast<unsigned char*>(out.data()) + sealed_header_size;
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    std::string_view part = bytes.substr(static_cast<std::size_t>(chunk) * file_chunk, file_chunk);
    auto nonce = chunk_nonce(chunk);
    crypto_aead_xchacha20poly1305_ietf_encrypt(to, nullptr, unsigned_of(part), part.size(),
                                               unsigned_of(head), head.size(), nullptr,
                                               nonce.data(), chunk_key.data());
    to += part.size() + seal_tag_size;
  }
  sodium_memzero(chunk_key.data(), chunk_key.size());
  return out;
}

constexpr std::string_view part_ending = ".part";

// The greatest a stored file can be.
constexpr std::uint64_t sealed_max =
    sealed_header_size + file_max + (file_max / file_chunk + 1) * seal_tag_size;

// The hash that "files/ab/cd…" is named by; nullopt for another name.
std::optional<Hash32> hash_of_name(std::string_view name) {
  constexpr std::size_t digits_at = 6;
  if (name.size() != digits_at + 2 + 1 + 62) return std::nullopt;
  std::string digits(name.substr(digits_at, 2));
  digits.append(name.substr(digits_at + 3));
  Hash32 hash{};
  std::size_t size = 0;
  if (sodium_hex2bin(hash.data(), hash.size(), digits.data(), digits.size(), nullptr, &size,
                     nullptr) != 0 ||
      size != hash.size()) {
    return std::nullopt;
  }
  return hash;
}

// Of a file in pieces, so that no 64 MiB are needed at once.
Result<Hash32> hash_of_file(int fd, std::uint64_t size, const std::string& path) {
  Hasher hasher;
  for (std::uint64_t at = 0; at < size; at += file_chunk) {
    auto bytes = read_at(
        fd, at, static_cast<std::size_t>(std::min<std::uint64_t>(file_chunk, size - at)), path);
    if (!bytes) return bytes.error();
    hasher.add(*bytes);
  }
  return hasher.done();
}

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& folder, KeyRing& keys) {
  std::unique_ptr<FileStore> store(new FileStore(folder, keys));
  auto made = make_folder(folder + "/files");
  if (!made) return made.error();
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder + "/files", error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file()) continue;
    if (at->path().extension() == ".tmp") {
      ::unlink(at->path().c_str());
    } else {
      store->total_ += at->file_size();
      if (at->path().extension() == part_ending) {
        const std::string name = at->path().string().substr(folder.size() + 1);
        auto hash = hash_of_name(name.substr(0, name.size() - part_ending.size()));
        if (hash) store->parts_[*hash] = at->file_size();
      }
    }
  }
  if (error) return system_error(error.value(), folder + "/files");
  return store;
}

Result<Hash32> FileStore::put(const Id16& buyer, std::string_view bytes) {
  if (bytes.size() > file_max) {
    return Error{Errc::limit, "an attachment of more than " + std::to_string(file_max) + " bytes"};
  }
  auto keys = keys_.keys_for(std::span(&buyer, 1));
  if (!keys) return keys.error();
  std::lock_guard lock(put_mutex_);
  std::string sealed = seal_file(keys->front(), bytes);
  Hash32 hash = hash_of(sealed);
  std::string path = folder_ + "/" + name_of(hash);
  std::error_code ignored;
  if (fs::file_size(path, ignored) == sealed.size()) return hash;
  if (total_ + sealed.size() > files_total_max) {
    return Error{Errc::limit, "attachments take more than " + std::to_string(files_total_max) +
                                  " bytes; erase old ones"};
  }
  auto done = make_folder(folder_of(path));
  if (done) done = write_file_durably(path, sealed);
  if (!done) return done.error();
  total_ += sealed.size();
  return hash;
}

Result<std::uint64_t> FileStore::owned_size(const Hash32& hash,
                                            std::span<const Id16> key_ids) const {
  std::string path = folder_ + "/" + name_of(hash);
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto header = read_header(file->get(), path);
  if (!header) return header.error();
  if (std::find(key_ids.begin(), key_ids.end(), header->key_id) == key_ids.end()) {
    return Error{Errc::not_found, path + ": it is another buyer's"};
  }
  return header->size;
}

Result<std::optional<std::string>> FileStore::get(const Hash32& hash, std::uint64_t offset,
                                                  std::size_t size) const {
  std::string path = folder_ + "/" + name_of(hash);
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto header = read_header(file->get(), path);
  if (!header) return header.error();
  auto found = keys_.find(header->key_id);
  if (!found) return found.error();
  std::optional<Key32>& key = *found;
  if (!key) {
    if (keys_.erased(header->key_id)) return std::optional<std::string>();
    return Error{Errc::not_found, path + ": its key is missing"};
  }
  std::string head = encode_header(*header);
  std::string out;
  if (offset >= header->size && !(offset == 0 && header->size == 0)) return std::optional(out);
  std::uint64_t end =
      std::min<std::uint64_t>(header->size, offset + std::min<std::uint64_t>(size, file_max));
  Key32 chunk_key = file_key(*key, header->tag);
  sodium_memzero(key->data(), key->size());
  for (std::uint64_t chunk = offset / file_chunk; chunk < chunks_of(header->size); ++chunk) {
    std::uint64_t start = chunk * file_chunk;
    if (start >= end && start != 0) break;
    auto plain_size =
        static_cast<std::size_t>(std::min<std::uint64_t>(file_chunk, header->size - start));
    auto sealed = read_at(file->get(), sealed_header_size + chunk * sealed_chunk,
                          plain_size + seal_tag_size, path);
    if (!sealed) return sealed.error();
    std::string plain(plain_size, '\0');
    auto nonce = chunk_nonce(chunk);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, unsigned_of(*sealed),
            sealed->size(), unsigned_of(head), head.size(), nonce.data(), chunk_key.data()) != 0) {
      return Error{Errc::damaged, path + " is damaged. Restore it from a backup"};
    }
    std::uint64_t from = std::max(start, offset) - start;
    std::uint64_t to = std::min(start + plain_size, end) - start;
    if (to > from)
      out.append(plain, static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
  }
  sodium_memzero(chunk_key.data(), chunk_key.size());
  return std::optional(std::move(out));
}

bool FileStore::has(const Hash32& hash) const { return exists(folder_ + "/" + name_of(hash)); }

std::uint64_t FileStore::part(const Hash32& hash) const {
  std::lock_guard lock(put_mutex_);
  auto found = parts_.find(hash);
  return found == parts_.end() ? 0 : found->second;
}

void FileStore::drop_part(const Hash32& hash) {
  auto found = parts_.find(hash);
  if (found == parts_.end()) return;
  ::unlink((folder_ + "/" + name_of(hash) + std::string(part_ending)).c_str());
  total_ -= std::min(total_, found->second);
  parts_.erase(found);
}

Result<bool> FileStore::put_sealed(const Hash32& hash, std::uint64_t offset, std::string_view piece,
                                   std::uint64_t total) {
  if (total < sealed_header_size || total > sealed_max) {
    return Error{Errc::limit, "an attachment of " + std::to_string(total) + " bytes as stored"};
  }
  std::lock_guard lock(put_mutex_);
  if (has(hash)) {
    drop_part(hash);
    return true;
  }
  if (offset == 0) drop_part(hash);  // whoever sent what is here may have meant ill
  auto found = parts_.find(hash);
  const std::uint64_t have = found == parts_.end() ? 0 : found->second;
  if (offset != have) {
    return Error{Errc::gap, "byte " + std::to_string(have) + " of the attachment is the next"};
  }
  if (piece.size() > total - std::min(total, have)) {
    drop_part(hash);
    return Error{Errc::damaged, "more bytes of an attachment than it has. Begin again"};
  }
  if (total_ + piece.size() > files_total_max) {
    return Error{Errc::limit, "attachments take more than " + std::to_string(files_total_max) +
                                  " bytes; erase old ones"};
  }
  if (found == parts_.end() && parts_.size() >= file_parts_max) drop_part(parts_.begin()->first);
  const std::string path = folder_ + "/" + name_of(hash) + std::string(part_ending);
  auto done = make_folder(folder_of(path));
  if (!done) return done.error();
  auto file = open_file(path, O_RDWR | O_CREAT | O_APPEND);
  if (!file) return file.error();
  // What an earlier failure may have left behind.
  if (::ftruncate(file->get(), static_cast<off_t>(have)) != 0) return system_error(errno, path);
  done = write_all(file->get(), piece, path);
  if (!done) {
    if (have == 0) ::unlink(path.c_str());
    return done.error();
  }
  parts_[hash] = have + piece.size();
  total_ += piece.size();
  if (have + piece.size() < total) return false;
  done = finish_part(hash, path);
  if (!done) return done.error();
  return true;
}

Result<void> FileStore::finish_part(const Hash32& hash, const std::string& path) {
  auto file = open_file(path, O_RDWR);
  if (!file) return file.error();
  auto actual = hash_of_file(file->get(), parts_.at(hash), path);
  auto header = read_header(file->get(), path);
  // A power cut may have taken bytes that were never synced, too.
  if (!actual || *actual != hash || !header) {
    drop_part(hash);
    return Error{Errc::damaged, "an attachment that is not what its name says. Begin again"};
  }
  if (keys_.erased(header->key_id)) {
    if (::ftruncate(file->get(), sealed_header_size) != 0) return system_error(errno, path);
    total_ -= std::min(total_, parts_.at(hash) - sealed_header_size);
    parts_[hash] = sealed_header_size;
  }
  auto done = sync_file(file->get(), path);
  if (done) done = rename_file(path, folder_ + "/" + name_of(hash));
  if (done) parts_.erase(hash);
  return done;
}

Result<FilePiece> FileStore::read_sealed(const Hash32& hash, std::uint64_t offset,
                                         std::size_t size) const {
  const std::string path = folder_ + "/" + name_of(hash);
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto total = size_of(file->get(), path);
  if (!total) return total.error();
  auto header = read_header(file->get(), path);
  if (!header) return header.error();
  if (keys_.erased(header->key_id)) return Error{Errc::not_found, "an attachment that was erased"};
  if (offset > *total) return Error{Errc::invalid, "beyond the attachment's end"};
  auto bytes =
      read_at(file->get(), offset,
              static_cast<std::size_t>(std::min<std::uint64_t>(size, *total - offset)), path);
  if (!bytes) return bytes.error();
  return FilePiece{*total, std::move(*bytes)};
}

Result<void> FileStore::forget_erased() {
  std::lock_guard lock(put_mutex_);
  return for_each([&](const std::string& name) -> Result<void> {
    std::string path = folder_ + "/" + name;
    auto file = open_file(path, O_RDWR);
    if (!file) return file.error();
    auto size = size_of(file->get(), path);
    auto head = read_at(file->get(), 0, sealed_header_size, path);
    if (!size || !head) return {};  // damaged: verify will say so
    auto header = decode_sealed_header(*head, path);
    if (!header || !keys_.erased(header->key_id)) return {};
    if (::ftruncate(file->get(), sealed_header_size) != 0) return system_error(errno, path);
    total_ -= std::min(total_, *size - sealed_header_size);
    return sync_file(file->get(), path);
  });
}

Result<void> FileStore::for_each(
    const std::function<Result<void>(const std::string& name)>& each) const {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::recursive_directory_iterator at(folder_ + "/files", error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && at->path().extension() != ".tmp" &&
        at->path().extension() != part_ending) {
      names.push_back(at->path().string().substr(folder_.size() + 1));
    }
  }
  if (error) return system_error(error.value(), folder_ + "/files");
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    auto done = each(name);
    if (!done) return done;
  }
  return {};
}

Result<std::string> FileStore::stored_bytes(const std::string& name) const {
  std::lock_guard lock(put_mutex_);
  return read_file(folder_ + "/" + name, 2 * file_max);
}

Result<bool> FileStore::intact(const std::string& name) const {
  auto bytes = stored_bytes(name);
  if (!bytes) return bytes.error();
  if (name_of(hash_of(*bytes)) == name) return true;
  auto header = decode_sealed_header(*bytes, name);
  return header && bytes->size() == sealed_header_size && keys_.erased(header->key_id);
}

}  // namespace deskmate::storage
