#include "storage/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace deskmate::storage {
namespace {

constexpr std::string_view archive_magic = "deskmate.backup/1\n";

// Reads a file from front to end, adding it up as it goes.
class Input {
 public:
  Input(Fd file, std::string path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}
  Result<std::string> take(std::uint64_t size, bool hashed = true) {
    if (size > size_ - at_) return damaged();
    auto bytes = read_at(file_.get(), at_, static_cast<std::size_t>(size), path_);
    if (!bytes) return bytes;
    at_ += size;
    if (hashed) hasher_.add(*bytes);
    return bytes;
  }
  bool at_end() const { return at_ == size_; }
  Hash32 hash() { return hasher_.done(); }
  Error damaged() const {
    return {Errc::damaged, path_ + " is not a whole backup. Use another one"};
  }

 private:
  Fd file_;
  std::string path_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  Hasher hasher_;
};

Result<void> copy_entry(Input& in, std::uint64_t size, const std::string& to) {
  Fd out;
  if (!to.empty()) {
    auto made = make_folder(folder_of(to));
    if (!made) return made;
    auto file = open_file(to, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return file.error();
    out = std::move(*file);
  }
  while (size > 0) {
    auto piece = in.take(std::min<std::uint64_t>(size, archive_piece));
    if (!piece) return piece.error();
    size -= piece->size();
    if (!out) continue;
    auto written = write_all(out.get(), *piece, to);
    if (!written) return written;
  }
  if (!out) return {};
  auto synced = sync_file(out.get(), to);
  if (synced) synced = sync_folder(folder_of(to));
  return synced;
}

}  // namespace

Result<ArchiveWriter> ArchiveWriter::make(const std::string& path) {
  auto file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  ArchiveWriter writer(path, std::move(*file));
  auto written = writer.write(archive_magic);
  if (!written) return written.error();
  return writer;
}

Result<void> ArchiveWriter::write(std::string_view bytes) {
  hasher_.add(bytes);
  return write_all(file_.get(), bytes, path_);
}

Result<void> ArchiveWriter::begin(std::string_view name, std::uint64_t size) {
  std::string bytes;
  append_number(bytes, static_cast<std::uint16_t>(name.size()));
  bytes.append(name);
  append_number(bytes, size);
  return write(bytes);
}

Result<void> ArchiveWriter::add(std::string_view name, std::string_view bytes) {
  auto begun = begin(name, bytes.size());
  return begun ? write(bytes) : begun;
}

Result<void> ArchiveWriter::add_file(std::string_view name, const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto size = size_of(file->get(), path);
  if (!size) return size.error();
  auto done = begin(name, *size);
  for (std::uint64_t at = 0; done && at < *size; at += archive_piece) {
    auto piece =
        read_at(file->get(), at,
                static_cast<std::size_t>(std::min<std::uint64_t>(*size - at, archive_piece)), path);
    if (!piece) return piece.error();
    done = write(*piece);
  }
  return done;
}

Result<void> ArchiveWriter::finish() {
  std::string end;
  append_number(end, std::uint16_t{0});
  auto done = write(end);
  if (done) done = write_all(file_.get(), view_of(hasher_.done()), path_);
  if (done) done = sync_file(file_.get(), path_);
  return done;
}

Result<void> read_archive(const std::string& path,
                          const std::function<Result<std::string>(const std::string& name)>& each) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  auto size = size_of(file->get(), path);
  if (!size) return size.error();
  Input in(std::move(*file), path, *size);
  auto start = in.take(archive_magic.size());
  if (!start) return start.error();
  if (*start != archive_magic) {
    return Error{Errc::damaged, path + " is not a backup, or one of a newer Deskmate"};
  }
  while (true) {
    auto name_size = in.take(2);
    if (!name_size) return name_size.error();
    auto length = get_number<std::uint16_t>(name_size->data());
    if (length == 0) break;
    if (length > archive_name_max) return in.damaged();
    auto name = in.take(length);
    if (!name) return name.error();
    auto entry_size = in.take(8);
    if (!entry_size) return entry_size.error();
    auto to = each(*name);
    if (!to) return to.error();
    auto copied = copy_entry(in, get_number<std::uint64_t>(entry_size->data()), *to);
    if (!copied) return copied;
  }
  auto expected = in.hash();
  auto stored = in.take(sizeof(Hash32), false);
  if (!stored) return stored.error();
  if (*stored != view_of(expected) || !in.at_end()) return in.damaged();
  return {};
}

}  // namespace deskmate::storage
