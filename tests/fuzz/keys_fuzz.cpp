// Any bytes as the keys file and as the list of erased ones: opened, or refused as damaged; keys
// that were erased are never given out.
#include "storage/keys.hpp"

#include <sys/stat.h>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static const storage::Secrets secrets = [] {
    auto made = storage::Secrets::open(folder / "secrets", true);
    check(made.has_value());
    return std::move(made.value());
  }();
  static const storage::Id16 kept = {1}, gone = {2};
  static std::string erased_list;
  static const std::string whole = [] {
    auto ring = storage::KeyRing::open(folder.path(), secrets, {});
    check(ring.has_value());
    const std::vector<storage::Id16> buyers{kept, gone};
    check((*ring)->keys_for(buyers).has_value());
    const std::string before = (*ring)->file_bytes().value();
    check((*ring)->erase(gone).has_value());
    erased_list = fuzz::read_bytes(folder / "secrets/erased");
    return before;  // with the key that was erased since
  }();

  FuzzedDataProvider input(data, size);
  std::string keys = whole;
  std::string erased = erased_list;
  for (int changes = input.ConsumeIntegralInRange(0, 4); changes > 0; --changes) {
    const auto at = input.ConsumeIntegralInRange<std::size_t>(0, keys.size());
    if (input.ConsumeBool()) {
      keys.resize(at);
    } else {
      const std::string piece = input.ConsumeRandomLengthString(16);
      keys.replace(at, piece.size(), piece);
    }
  }
  const bool list_is_whole = input.ConsumeBool();
  const bool raw = input.ConsumeBool();
  const storage::KeysPosition committed{input.ConsumeIntegralInRange<std::uint64_t>(0, 3),
                                        input.ConsumeIntegralInRange<std::uint64_t>(0, 3)};
  if (!list_is_whole) erased = input.ConsumeRandomLengthString(80);
  if (raw) keys = fuzz::rest_of(input);
  fuzz::write_bytes(folder / "keys", keys);
  fuzz::write_bytes(folder / "secrets/erased", erased);
  check(::chmod((folder / "secrets/erased").c_str(), 0600) == 0);

  auto ring = storage::KeyRing::open(folder.path(), secrets, committed);
  if (!ring) {
    check(!ring.error().message.empty());
    return 0;
  }
  const auto before = (*ring)->position();
  check(before.generation >= committed.generation);
  const std::vector<storage::Id16> buyers{kept, gone};
  const auto given = (*ring)->keys_for(buyers);
  if (!given) return 0;
  for (const storage::BuyerKey& key : *given) {
    check(!(*ring)->erased(key.id) && (*ring)->find(key.id).value() == key.key);
  }
  ring->reset();
  auto again = storage::KeyRing::open(folder.path(), secrets, before);
  check(again.has_value());
  for (const storage::BuyerKey& key : *given) check((*again)->find(key.id).value() == key.key);
  return 0;
}
