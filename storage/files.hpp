// Attachments: files/<2 digits>/<62 digits>, named by the hash of what is stored, sealed in chunks
// so that a part can be read alone. The same bytes of the same buyer always make the same file, so
// storing again after a crash leaves nothing behind. Format: storage/README.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "storage/event.hpp"
#include "storage/keys.hpp"
#include "storage/stretch.hpp"

namespace deskmate::storage {

inline constexpr std::uint64_t file_max = std::uint64_t{64} << 20;  // bytes of one attachment
inline constexpr std::uint64_t files_total_max = std::uint64_t{16}
                                                 << 30;  // bytes of all, the quota
inline constexpr std::size_t file_chunk = 64u << 10;     // bytes, before sealing

class FileStore {
 public:
  // Removes what a crash left unfinished and adds up what there is.
  static Result<std::unique_ptr<FileStore>> open(const std::string& folder, KeyRing& keys);

  Result<Hash32> put(const Id16& buyer, std::string_view bytes);  // [any thread]
  // nullopt when the buyer's key was destroyed. Fewer bytes at the end of the file. [any thread]
  Result<std::optional<std::string>> get(const Hash32& hash, std::uint64_t offset,
                                         std::size_t size) const;
  // Bytes of an attachment sealed by one of these keys; else not_found. [any thread]
  Result<std::uint64_t> owned_size(const Hash32& hash, std::span<const Id16> key_ids) const;
  // As the store's methods of these names. [any thread]
  bool has(const Hash32& hash) const;
  std::uint64_t part(const Hash32& hash) const;
  Result<bool> put_sealed(const Hash32& hash, std::uint64_t offset, std::string_view piece,
                          std::uint64_t total);
  Result<FilePiece> read_sealed(const Hash32& hash, std::uint64_t offset, std::size_t size) const;

  // Cuts files whose key was destroyed down to their header, which says so.
  Result<void> forget_erased();
  // The bytes as stored, for a backup. [any thread]
  Result<std::string> stored_bytes(const std::string& name) const;
  // Calls each with every file's name, relative to the data folder.
  Result<void> for_each(const std::function<Result<void>(const std::string& name)>& each) const;
  // Whether the stored bytes are those the name stands for, or its key was destroyed.
  Result<bool> intact(const std::string& name) const;

 private:
  Result<void> finish_part(const Hash32& hash, const std::string& path);
  void drop_part(const Hash32& hash);

  FileStore(std::string folder, KeyRing& keys) : folder_(std::move(folder)), keys_(keys) {}

  std::string folder_;
  KeyRing& keys_;
  mutable std::mutex put_mutex_;  // one attachment at a time: its bytes are in memory twice
  std::uint64_t total_ = 0;       // bytes of all, parts too
  std::map<Hash32, std::uint64_t> parts_;  // how far those are that are being received
};

}  // namespace deskmate::storage
