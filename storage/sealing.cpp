#include "storage/sealing.hpp"

#include <sodium.h>

#include "storage/bytes.hpp"

namespace deskmate::storage {

static_assert(seal_nonce_size == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(seal_tag_size == crypto_aead_xchacha20poly1305_ietf_ABYTES);

void seal(std::string& out, const Key32& key, std::string_view context, std::string_view plain) {
  std::size_t at = out.size();
  out.resize(at + seal_overhead + plain.size());
  auto* bytes = reinterpret_cast<unsigned char*>(out.data()) + at;
  randombytes_buf(bytes, seal_nonce_size);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + seal_nonce_size, nullptr, unsigned_of(plain),
                                             plain.size(), unsigned_of(context), context.size(),
                                             nullptr, bytes, key.data());
}

namespace {

// To a place of sealed.size() - seal_overhead bytes.
bool unseal_to(unsigned char* plain, const Key32& key, std::string_view context,
               std::string_view sealed) {
  auto rest = sealed.substr(seal_nonce_size);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             plain, nullptr, nullptr, unsigned_of(rest), rest.size(), unsigned_of(context),
             context.size(), unsigned_of(sealed), key.data()) == 0;
}

}  // namespace

std::optional<std::string> unseal(const Key32& key, std::string_view context,
                                  std::string_view sealed) {
  if (sealed.size() < seal_overhead) return std::nullopt;
  std::string plain(sealed.size() - seal_overhead, '\0');
  auto* to = reinterpret_cast<unsigned char*>(plain.data());
  if (!unseal_to(to, key, context, sealed)) return std::nullopt;
  return plain;
}

std::optional<Key32> unseal_key(const Key32& key, std::string_view context,
                                std::string_view sealed) {
  Key32 plain{};
  if (sealed.size() != plain.size() + seal_overhead) return std::nullopt;
  if (!unseal_to(plain.data(), key, context, sealed)) return std::nullopt;
  return plain;
}

std::string body_context(const LogKey& key, std::string_view type) {
  std::string context(view_of(encode(key)));
  context.append(type);
  return context;
}

}  // namespace deskmate::storage
