// The two secrets of a folder: the key this peer signs with, and the key that wraps buyers' keys.
// They are files of one line of text in the secrets folder, so that a person can keep a copy.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/event.hpp"

namespace deskmate::storage {

using Signature = std::array<std::uint8_t, 64>;
using Key32 = std::array<std::uint8_t, 32>;

// An Ed25519 key pair; wiped when it goes.
class Identity {
 public:
  explicit Identity(const Key32& seed);
  Identity(const Identity&) = default;
  Identity& operator=(const Identity&) = default;
  ~Identity();

  const Id32& peer() const { return peer_; }  // the public key
  Key32 seed() const;                         // the private key, as OpenSSL takes it; wipe it
  // message must begin with what it is ("deskmate.head/1"), never with what somebody else chose.
  Signature sign(std::string_view message) const;

 private:
  Id32 peer_{};
  std::array<std::uint8_t, 64> key_{};
};

class Secrets {
 public:
  // Reads identity.key and wrapping.key. With may_make, makes those that are missing; otherwise
  // Errc::not_found, with what to do. Errc::unsupported when others than the owner may read them.
  // Errc::invalid where a passphrase is needed, or is not the right one.
  static Result<Secrets> open(const std::string& folder, bool may_make,
                              const std::optional<std::string>& passphrase = std::nullopt);
  Secrets(const Secrets&) = default;
  Secrets& operator=(const Secrets&) = default;
  ~Secrets();

  const Identity& identity() const { return identity_; }
  const Id32& peer() const { return identity_.peer(); }
  const Key32& wrapping_key() const { return wrapping_key_; }
  const std::string& folder() const { return folder_; }
  // Writes them sealed under the passphrase's key, or plain.
  Result<void> write(const std::optional<Key32>& sealed_under) const;

  // A wrapping key that takes the other's place: made, in use once all is wrapped by it, in force.
  // Between begin and finish both are on disk.
  const std::optional<Key32>& next_wrapping_key() const { return next_; }
  Result<void> begin_rotation();
  Result<void> finish_rotation();
  Signature sign(std::string_view message) const { return identity_.sign(message); }

 private:
  Secrets(std::string folder, const Identity& identity)
      : folder_(std::move(folder)), identity_(identity) {}
  std::string folder_;
  Identity identity_;
  Key32 wrapping_key_{};
  std::optional<Key32> next_;
  std::optional<Key32> sealing_key_;  // with a passphrase
};

bool signed_by(const Id32& peer, std::string_view message, const Signature& signature);

// What a head's signature is over: "deskmate.head/1" ‖ the event's log key ‖ its chain hash.
std::string head_message(const LogKey& key, const Hash32& chain);

}  // namespace deskmate::storage
