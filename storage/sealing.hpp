// XChaCha20-Poly1305 by libsodium: nonce (24) ‖ ciphertext ‖ tag (16), the nonce drawn at random.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/event.hpp"
#include "storage/identity.hpp"

namespace deskmate::storage {

inline constexpr std::size_t seal_nonce_size = 24;
inline constexpr std::size_t seal_tag_size = 16;
inline constexpr std::size_t seal_overhead = seal_nonce_size + seal_tag_size;  // bytes

// Appends to out. `context` is not stored, but opening needs the same one.
void seal(std::string& out, const Key32& key, std::string_view context, std::string_view plain);
// nullopt when key, context or bytes are not those that were sealed.
std::optional<std::string> unseal(const Key32& key, std::string_view context,
                                  std::string_view sealed);

// The same of a key that was sealed.
std::optional<Key32> unseal_key(const Key32& key, std::string_view context,
                                std::string_view sealed);

// What an event's body is bound to: its encoded log key ‖ its type.
std::string body_context(const LogKey& key, std::string_view type);

}  // namespace deskmate::storage
