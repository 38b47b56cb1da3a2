// BLAKE2b-256 by libsodium, the one hash of this folder.
#pragma once

#include <sodium.h>

#include <string_view>

#include "storage/bytes.hpp"
#include "storage/event.hpp"

namespace deskmate::storage {

class Hasher {
 public:
  explicit Hasher(std::string_view key = {}) {
    crypto_generichash_init(&state_, key.empty() ? nullptr : unsigned_of(key), key.size(),
                            sizeof(Hash32));
  }
  Hasher& add(std::string_view bytes) {
    crypto_generichash_update(&state_, unsigned_of(bytes), bytes.size());
    return *this;
  }
  Hash32 done() {
    Hash32 hash{};
    crypto_generichash_final(&state_, hash.data(), hash.size());
    return hash;
  }

 private:
  crypto_generichash_state state_;
};

inline Hash32 hash_of(std::string_view bytes) { return Hasher().add(bytes).done(); }

}  // namespace deskmate::storage
