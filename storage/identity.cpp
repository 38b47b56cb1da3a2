#include "storage/identity.hpp"

#include <sodium.h>

#include "storage/bytes.hpp"
#include "storage/posix.hpp"
#include "storage/secret_file.hpp"

namespace deskmate::storage {
namespace {

// The file is `<label> <64 hexadecimal digits>\n`.
Result<Key32> read_key(const std::string& path, const std::string& label, bool may_make,
                       const char* advice) {
  if (!exists(path)) {
    if (!may_make) {
      return Error{Errc::not_found,
                   path + " is missing. Put the copy you keep back, with mode 0600. " + advice};
    }
    Key32 made{};
    randombytes_buf(made.data(), made.size());
    std::string text = label + " " + hex(made) + "\n";
    auto written = write_secret_file(path, text);
    sodium_memzero(text.data(), text.size());
    if (!written) return written.error();
    return made;
  }
  auto text = read_secret_file(path);
  if (!text) return text.error();
  Key32 key{};
  std::size_t size = 0;
  const char* end = nullptr;
  bool good = text->starts_with(label + " ") &&
              sodium_hex2bin(key.data(), key.size(), text->data() + label.size() + 1,
                             text->size() - label.size() - 1, nullptr, &size, &end) == 0 &&
              size == key.size() && std::string_view(end, text->data() + text->size()) == "\n";
  sodium_memzero(text->data(), text->size());
  if (!good) {
    return Error{Errc::damaged, path + " is not a line of `" + label +
                                    " <64 hexadecimal digits>`. Put the copy you keep back"};
  }
  return key;
}

}  // namespace

Result<Secrets> Secrets::open(const std::string& folder, bool may_make) {
  if (sodium_init() < 0) return Error{Errc::io, "libsodium found no source of random numbers"};
  if (may_make || exists(folder)) {
    auto opened = open_secret_folder(folder);
    if (!opened) return opened.error();
  }
  auto seed = read_key(folder + "/identity.key", "ed25519", may_make,
                       "Without it this log cannot be continued");
  if (!seed) return seed.error();
  Secrets secrets(folder, Identity(*seed));
  sodium_memzero(seed->data(), seed->size());
  auto wrapping = read_key(folder + "/wrapping.key", "xchacha20-poly1305", may_make,
                           "Without it no message can be opened");
  if (!wrapping) return wrapping.error();
  secrets.wrapping_key_ = *wrapping;
  sodium_memzero(wrapping->data(), wrapping->size());
  return secrets;
}

Secrets::~Secrets() { sodium_memzero(wrapping_key_.data(), wrapping_key_.size()); }

Identity::Identity(const Key32& seed) {
  crypto_sign_seed_keypair(peer_.data(), key_.data(), seed.data());
}

Identity::~Identity() { sodium_memzero(key_.data(), key_.size()); }

Key32 Identity::seed() const {
  Key32 seed{};
  crypto_sign_ed25519_sk_to_seed(seed.data(), key_.data());
  return seed;
}

Signature Identity::sign(std::string_view message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, unsigned_of(message), message.size(),
                       key_.data());
  return signature;
}

bool signed_by(const Id32& peer, std::string_view message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), unsigned_of(message), message.size(),
                                     peer.data()) == 0;
}

std::string head_message(const LogKey& key, const Hash32& chain) {
  std::string message = "deskmate.head/1";
  message.append(view_of(encode(key)));
  message.append(view_of(chain));
  return message;
}

}  // namespace deskmate::storage
