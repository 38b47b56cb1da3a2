// Any bytes as a backup: restored whole, or refused with nothing written outside of the new folder.
#include "storage/archive.hpp"

#include <sys/stat.h>

#include "storage/store.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

// The end of an archive: the hash of all before it.
void put_right(std::string& archive) {
  if (archive.size() < 32) return;
  archive.resize(archive.size() - 32);
  storage::Hasher hasher;
  hasher.add(archive);
  const storage::Hash32 hash = hasher.done();
  archive.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const std::string whole = [] {
    storage::Options options;
    options.folder = folder / "data";
    options.secrets_folder = folder / "secrets";
    options.initial_map_bytes = 1u << 20;
    auto store = storage::Store::open(options);
    check(store.has_value());
    check((*store)->put_file({1}, "an attachment").has_value());
    check((*store)->backup(folder / "whole").has_value());
    return fuzz::read_bytes(folder / "whole");
  }();

  FuzzedDataProvider input(data, size);
  const bool raw = input.ConsumeBool();
  const bool hash_fits = input.ConsumeBool();
  std::string archive;
  if (raw) {
    archive = "deskmate.backup/1\n" + fuzz::rest_of(input);
    if (hash_fits) archive.append(32, 'h');
  } else {
    archive = whole;
    for (int changes = input.ConsumeIntegralInRange(0, 4); changes > 0; --changes) {
      const auto at = input.ConsumeIntegralInRange<std::size_t>(0, archive.size());
      const std::string piece = input.ConsumeRandomLengthString(24);
      archive.replace(input.ConsumeBool() ? std::min<std::size_t>(at % 64, archive.size()) : at,
                      piece.size(), piece);
    }
  }
  if (hash_fits) put_right(archive);
  fuzz::write_bytes(folder / "backup", archive);

  std::size_t entries = 0;
  const auto read = storage::read_archive(
      folder / "backup", [&](const std::string& name) -> storage::Result<std::string> {
        check(!name.empty() && name.size() <= storage::archive_name_max);
        ++entries;
        return std::string();
      });
  check(read.has_value() || !read.error().message.empty());
  if (archive == whole) check(read.has_value() && entries > 0);

  // One level deeper, so that a name with ".." is seen.
  const std::string place = folder / "place";
  std::filesystem::create_directory(place);
  storage::Options options;
  options.folder = place + "/restored";
  options.secrets_folder = folder / "secrets";
  options.initial_map_bytes = 1u << 20;
  const auto restored = storage::restore(folder / "backup", options);
  if (archive == whole) check(restored.has_value());
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    check(entry.path().filename().string().starts_with("restored"));
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    check(name == "data" || name == "secrets" || name == "whole" || name == "backup" ||
          name == "place");
  }
  std::filesystem::remove_all(place);
  return 0;
}
