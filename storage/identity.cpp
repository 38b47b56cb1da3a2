#include "storage/identity.hpp"

#include <sodium.h>
#include <unistd.h>

#include <cerrno>

#include "storage/bytes.hpp"
#include "storage/passphrase.hpp"
#include "storage/posix.hpp"
#include "storage/secret_file.hpp"

namespace deskmate::storage {
namespace {

constexpr const char* identity_label = "ed25519";
constexpr const char* wrapping_label = "xchacha20-poly1305";
constexpr const char* identity_file = "/identity.key";
constexpr const char* wrapping_file = "/wrapping.key";
constexpr const char* next_file = "/wrapping.next";

Result<SecretLine> read_key(const std::string& path, const std::string& label, bool may_make,
                            const char* advice, const std::optional<Key32>& sealed_under) {
  if (!exists(path)) {
    if (!may_make) {
      return Error{Errc::not_found,
                   path + " is missing. Put the copy you keep back, with mode 0600. " + advice};
    }
    SecretLine made{{}, sealed_under.has_value()};
    randombytes_buf(made.key.data(), made.key.size());
    std::string text = secret_line(label, made.key, sealed_under);
    auto written = write_secret_file(path, text);
    sodium_memzero(text.data(), text.size());
    if (!written) return written.error();
    return made;
  }
  auto text = read_secret_file(path);
  if (!text) return text.error();
  auto line = read_secret_line(*text, label, sealed_under, path);
  sodium_memzero(text->data(), text->size());
  if (!line) return line.error();
  if (!*line) {
    return Error{Errc::damaged, path + " is not a line of `" + label +
                                    " <64 hexadecimal digits>`. Put the copy you keep back"};
  }
  return **line;
}

Result<void> write_key(const std::string& path, const char* label, const Key32& key,
                       const std::optional<Key32>& sealed_under) {
  std::string text = secret_line(label, key, sealed_under);
  auto done = replace_secret_file(path, text);
  sodium_memzero(text.data(), text.size());
  return done;
}

}  // namespace

Result<Secrets> Secrets::open(const std::string& folder, bool may_make,
                              const std::optional<std::string>& passphrase) {
  if (sodium_init() < 0) return Error{Errc::io, "libsodium found no source of random numbers"};
  if (may_make || exists(folder)) {
    auto opened = open_secret_folder(folder);
    if (!opened) return opened.error();
  }
  std::optional<Key32> sealing;
  if (passphrase && passphrase_exists(folder)) {
    auto key = open_passphrase(folder, *passphrase);
    if (!key) return key.error();
    sealing = *key;
  }
  auto seed = read_key(folder + identity_file, identity_label, may_make,
                       "Without it this log cannot be continued", sealing);
  if (!seed) return seed.error();
  Secrets secrets(folder, Identity(seed->key));
  sodium_memzero(seed->key.data(), seed->key.size());
  auto wrapping = read_key(folder + wrapping_file, wrapping_label, may_make,
                           "Without it no message can be opened", sealing);
  if (!wrapping) return wrapping.error();
  secrets.wrapping_key_ = wrapping->key;
  sodium_memzero(wrapping->key.data(), wrapping->key.size());
  bool all_sealed = seed->sealed && wrapping->sealed;
  if (exists(folder + next_file)) {
    auto next = read_key(folder + next_file, wrapping_label, false, "", sealing);
    if (!next) return next.error();
    all_sealed = all_sealed && next->sealed;
    secrets.next_ = next->key;
  }
  secrets.sealing_key_ = sealing;
  // To set the passphrase was cut short.
  if (sealing && !all_sealed) {
    auto written = secrets.write(sealing);
    if (!written) return written.error();
  }
  return secrets;
}

Result<void> Secrets::write(const std::optional<Key32>& sealed_under) const {
  Key32 seed = identity_.seed();
  auto done = write_key(folder_ + identity_file, identity_label, seed, sealed_under);
  sodium_memzero(seed.data(), seed.size());
  if (done) done = write_key(folder_ + wrapping_file, wrapping_label, wrapping_key_, sealed_under);
  if (done && next_) done = write_key(folder_ + next_file, wrapping_label, *next_, sealed_under);
  return done;
}

Result<void> Secrets::begin_rotation() {
  if (next_) return {};
  Key32 next{};
  randombytes_buf(next.data(), next.size());
  auto done = write_key(folder_ + next_file, wrapping_label, next, sealing_key_);
  if (done) next_ = next;
  return done;
}

Result<void> Secrets::finish_rotation() {
  if (!next_) return {};
  auto done = write_key(folder_ + wrapping_file, wrapping_label, *next_, sealing_key_);
  if (!done) return done;
  wrapping_key_ = *next_;
  next_.reset();
  if (::unlink((folder_ + next_file).c_str()) != 0) return system_error(errno, folder_ + next_file);
  return sync_folder(folder_);
}

Secrets::~Secrets() {
  sodium_memzero(wrapping_key_.data(), wrapping_key_.size());
  for (auto* key : {&next_, &sealing_key_}) {
    if (*key) sodium_memzero((*key)->data(), (*key)->size());
  }
}

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
