// The two secrets of a folder: the key this peer signs with, and the key that wraps buyers' keys.
// They are files of one line of text in the secrets folder, so that a person can keep a copy.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "storage/event.hpp"

namespace deskmate::storage {

using Signature = std::array<std::uint8_t, 64>;
using Key32 = std::array<std::uint8_t, 32>;

class Secrets {
 public:
  // Reads identity.key and wrapping.key. With may_make, makes those that are missing; otherwise
  // Errc::not_found, with what to do. Errc::unsupported when others than the owner may read them.
  static Result<Secrets> open(const std::string& folder, bool may_make);
  Secrets(const Secrets&) = default;
  Secrets& operator=(const Secrets&) = default;
  ~Secrets();

  const Id32& peer() const { return peer_; }  // the Ed25519 public key
  const Key32& wrapping_key() const { return wrapping_key_; }
  const std::string& folder() const { return folder_; }
  Signature sign(std::string_view message) const;

 private:
  Secrets() = default;
  std::string folder_;
  Id32 peer_{};
  std::array<std::uint8_t, 64> signing_key_{};
  Key32 wrapping_key_{};
};

bool signed_by(const Id32& peer, std::string_view message, const Signature& signature);

// What a head's signature is over: "deskmate.head/1" ‖ the event's log key ‖ its chain hash.
std::string head_message(const LogKey& key, const Hash32& chain);

}  // namespace deskmate::storage
