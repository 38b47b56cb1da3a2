#include "core/peer/identity.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace deskmate::peer {
namespace {

// No one looks at the dates; these are the widest that a certificate can say.
constexpr const char* not_before = "19700101000000Z";
constexpr const char* not_after = "99991231235959Z";

bool fill(X509* certificate, EVP_PKEY* key) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>("deskmate"), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), not_before) == 1 &&
         ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), not_after) == 1 &&
         X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, nullptr) > 0;
}

}  // namespace

Result<Identity> Identity::from_seed(std::span<const std::uint8_t, seed_bytes> seed) {
  const auto fault = [](const char* what) { return Error{Status::internal, what, "identity"}; };
  Identity identity;
  identity.key_.reset(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()),
      EVP_PKEY_free);
  if (!identity.key_) return fault("OpenSSL takes no Ed25519 key");
  std::size_t size = identity.id_.size();
  if (EVP_PKEY_get_raw_public_key(identity.key_.get(), identity.id_.data(), &size) != 1) {
    return fault("OpenSSL gives no public key");
  }
  identity.certificate_.reset(X509_new(), X509_free);
  if (!identity.certificate_ || !fill(identity.certificate_.get(), identity.key_.get())) {
    return fault("OpenSSL makes no certificate");
  }
  return identity;
}

std::string Identity::certificate() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate_.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace deskmate::peer
