// The certificate with which browsers reach the console through TLS. A peer's own, Ed25519, is one
// that browsers refuse, so this is a key of its own, ECDSA P-256, with a certificate signed by
// itself. The owner compares its fingerprint, which the command line shows, with the browser's.
//
// Key and certificate are made together and kept in one file that only the owner reads. They are
// made anew, both, when the certificate has less than certificate_renewed_ms left, when a name is
// missing in it, and after the file was removed.
//
// Sources: RFC 5280 (certificates), CA/Browser Forum Baseline Requirements 6.3.2 (397 days).
//
// Any thread, one at a time.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace deskmate::gateway {

// Named limits.
inline constexpr std::uint64_t day_ms = 86'400'000;
inline constexpr std::uint64_t certificate_ms = 397 * day_ms;         // what browsers take
inline constexpr std::uint64_t certificate_early_ms = day_ms;         // for phones whose clock lags
inline constexpr std::uint64_t certificate_renewed_ms = 30 * day_ms;  // so long before its end
inline constexpr std::size_t certificate_names_max = 32;              // the oldest go
inline constexpr std::size_t certificate_file_max = 16u << 10;        // bytes

class Certificate {
 public:
  // The file's, or a new one, written there. names: "192.168.1.5", "fd00::1", "desk.example.org".
  // Errors: unavailable (the file cannot be read or written, or others may read it), internal.
  static Result<Certificate> open(const std::string& file, const std::vector<std::string>& names,
                                  std::uint64_t wall_ms);

  // Whether open() would now give another one.
  bool stale(const std::vector<std::string>& names, std::uint64_t wall_ms) const;

  std::string fingerprint() const;  // SHA-256 as browsers show it: "3A:0F:…"
  const std::vector<std::string>& names() const { return names_; }
  std::uint64_t begins_ms() const { return begins_ms_; }
  std::uint64_t ends_ms() const { return ends_ms_; }
  evp_pkey_st* key() const { return key_.get(); }
  x509_st* x509() const { return x509_.get(); }

 private:
  Certificate() = default;
  static Result<Certificate> make(std::vector<std::string> names, std::uint64_t wall_ms);
  static Result<Certificate> read(const std::string& pem);
  Result<std::string> pem() const;

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> x509_;
  std::vector<std::string> names_;
  std::uint64_t begins_ms_ = 0;
  std::uint64_t ends_ms_ = 0;
};

}  // namespace deskmate::gateway
