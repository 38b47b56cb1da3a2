// A peer's key and its certificate, and TLS with them: version 1.3 only, both sides show a
// certificate, and only the Ed25519 key in it counts. Names, dates and issuers mean nothing.
//
//   auto identity = Identity::from_seed(seed);
//   const TlsContext context(*identity);
//
// Any thread once made; what is made of it lives on by itself.
#pragma once

#include <deskmate/result.hpp>
#include <memory>
#include <span>
#include <string>

#include "core/peer/peer_id.hpp"

struct evp_pkey_st;
struct x509_st;
struct ssl_ctx_st;

namespace deskmate::peer {

inline constexpr std::size_t seed_bytes = 32;  // the Ed25519 private key as it is stored

class Identity {
 public:
  static Result<Identity> from_seed(std::span<const std::uint8_t, seed_bytes> seed);

  const PeerId& id() const { return id_; }
  // Always the same for the same key. DER.
  std::string certificate() const;

  evp_pkey_st* key() const { return key_.get(); }
  x509_st* x509() const { return certificate_.get(); }

 private:
  Identity() = default;
  PeerId id_{};
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
};

}  // namespace deskmate::peer
