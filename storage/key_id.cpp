#include "storage/key_id.hpp"

#include <sodium.h>

#include <algorithm>

#include "storage/hash.hpp"
#include "storage/identity.hpp"
#include "storage/sealing.hpp"

namespace deskmate::storage {
namespace {

constexpr std::string_view id_mark = "dmk2";
constexpr std::string_view id_domain = "deskmate.key/2";

bool opens_something(const CarriedKey& key, const Stretch& stretch) {
  std::uint64_t seq = stretch.first;
  for (const Stretch::Item& item : stretch.items) {
    const LogKey place{stretch.log, seq++};
    const auto header = decode_header(item.record);
    if (!header || header->key_id != key.key_id || item.body.empty()) continue;
    auto plain = unseal(key.key, body_context(place, header->type), item.body);
    if (!plain) continue;
    sodium_memzero(plain->data(), plain->size());
    return true;
  }
  return false;
}

}  // namespace

Id16 key_id_of(const Id16& buyer, const std::array<std::uint8_t, 32>& key) {
  const Hash32 hash = Hasher().add(id_domain).add(view_of(buyer)).add(view_of(key)).done();
  Id16 id{};
  std::copy(id_mark.begin(), id_mark.end(), id.begin());
  std::copy_n(hash.begin(), id.size() - id_mark.size(), id.begin() + id_mark.size());
  return id;
}

void keep_fitting(std::vector<CarriedKey>& keys, const Stretch& came_with) {
  std::erase_if(keys, [&](const CarriedKey& key) {
    if (view_of(key.key_id).starts_with(id_mark))
      return key_id_of(key.buyer, key.key) != key.key_id;
    return !opens_something(key, came_with);
  });
}

}  // namespace deskmate::storage
