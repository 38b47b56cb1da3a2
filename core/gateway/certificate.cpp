#include "core/gateway/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

#include "storage/secret_file.hpp"

namespace deskmate::gateway {
namespace {

constexpr std::size_t serial_bytes = 16;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Error fault(const char* what) { return {Status::internal, what, "console.tls"}; }
Error of_file(const std::string& file, const std::string& what) {
  return {Status::unavailable, file + ": " + what, "console.tls"};
}

std::optional<boost::asio::ip::address> address_of(const std::string& name) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(name, error);
  return error ? std::nullopt : std::optional(address);
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// A name as OpenSSL's list of alternative names takes it. What would end the entry is in no name
// that a browser asks for.
bool usable(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         (address_of(name) || std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
          }));
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()),
                                        X509_EXTENSION_free);
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, serial_bytes> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  const Owned<BIGNUM> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr), BN_free);
  return number && BN_clear_bit(number.get(), serial_bytes * 8 - 1) >= 0 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names,
          std::uint64_t begins_ms, std::uint64_t ends_ms) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ",") + std::string(address_of(name) ? "IP:" : "DNS:") + name;
  }
  const auto seconds = [](std::uint64_t ms) { return static_cast<std::time_t>(ms / 1'000); };
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>("Deskmate console"), -1,
                                    -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(begins_ms)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(ends_ms)) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, list) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

std::optional<std::uint64_t> ms_of(const ASN1_TIME* time) {
  const Owned<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0), ASN1_STRING_free);
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1 || days < 0 ||
      seconds < 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(days) * day_ms + static_cast<std::uint64_t>(seconds) * 1'000;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  const Owned<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
                                     certificate, NID_subject_alt_name, nullptr, nullptr)),
                                 GENERAL_NAMES_free);
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    int kind = 0;
    const auto* text = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
    const unsigned char* bytes = ASN1_STRING_get0_data(text);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
    if (kind == GEN_DNS) out.emplace_back(reinterpret_cast<const char*>(bytes), size);
    if (kind == GEN_IPADD && size == 4) {
      boost::asio::ip::address_v4::bytes_type four;
      std::copy_n(bytes, four.size(), four.begin());
      out.push_back(boost::asio::ip::address_v4(four).to_string());
    } else if (kind == GEN_IPADD && size == 16) {
      boost::asio::ip::address_v6::bytes_type sixteen;
      std::copy_n(bytes, sixteen.size(), sixteen.begin());
      out.push_back(boost::asio::ip::address_v6(sixteen).to_string());
    }
  }
  return out;
}

}  // namespace

Result<Certificate> Certificate::open(const std::string& file,
                                      const std::vector<std::string>& names,
                                      std::uint64_t wall_ms) {
  std::vector<std::string> wanted;
  for (const std::string& name : names) {
    if (usable(name) && !contains(wanted, name)) wanted.push_back(name);
  }
  const auto kept = storage::read_secret_file(file, certificate_file_max);
  if (kept.has_error() && kept.error().code != storage::Errc::not_found) {
    return of_file(file, kept.error().message);
  }
  if (kept.has_value()) {
    auto before = read(kept.value());
    if (!before) return of_file(file, "damaged; remove it, and it is made anew");
    if (!before->stale(wanted, wall_ms)) return before;
    // A machine that moves between networks does not need another one in each.
    for (const std::string& name : before->names_) {
      if (!contains(wanted, name)) wanted.push_back(name);
    }
  }
  if (wanted.size() > certificate_names_max) wanted.resize(certificate_names_max);
  auto made = make(std::move(wanted), wall_ms);
  if (!made) return made;
  const auto text = made->pem();
  if (!text) return text.error();
  const auto written = storage::write_secret_file(file, *text);
  if (written.has_error()) return of_file(file, written.error().message);
  return made;
}

bool Certificate::stale(const std::vector<std::string>& names, std::uint64_t wall_ms) const {
  if (wall_ms < begins_ms_ || wall_ms + certificate_renewed_ms > ends_ms_) return true;
  const auto end =
      names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), certificate_names_max));
  return !std::all_of(names.begin(), end, [&](const std::string& name) {
    return !usable(name) || contains(names_, name);
  });
}

Result<Certificate> Certificate::make(std::vector<std::string> names, std::uint64_t wall_ms) {
  Certificate out;
  out.names_ = std::move(names);
  // To the second, as it can be said.
  out.begins_ms_ = (wall_ms - certificate_early_ms) / 1'000 * 1'000;
  out.ends_ms_ = out.begins_ms_ + certificate_ms - 1'000;  // both seconds count
  out.key_.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  out.x509_.reset(X509_new(), X509_free);
  if (!out.key_ || !out.x509_ ||
      !fill(out.x509_.get(), out.key_.get(), out.names_, out.begins_ms_, out.ends_ms_)) {
    return fault("OpenSSL makes no certificate");
  }
  return out;
}

Result<Certificate> Certificate::read(const std::string& pem) {
  const Owned<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  if (!in) return fault("no memory");
  Certificate out;
  char passphrase[] = "";  // never asked for at a terminal
  out.key_.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, passphrase), EVP_PKEY_free);
  out.x509_.reset(out.key_ ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr,
                  X509_free);
  ERR_clear_error();
  if (!out.key_ || !out.x509_ || X509_check_private_key(out.x509_.get(), out.key_.get()) != 1) {
    return fault("no key with its certificate");
  }
  const auto begins = ms_of(X509_get0_notBefore(out.x509_.get()));
  const auto ends = ms_of(X509_get0_notAfter(out.x509_.get()));
  if (!begins || !ends) return fault("no dates");
  out.begins_ms_ = *begins;
  out.ends_ms_ = *ends;
  out.names_ = names_of(out.x509_.get());
  return out;
}

Result<std::string> Certificate::pem() const {
  const Owned<BIO> to(BIO_new(BIO_s_mem()), BIO_free_all);
  if (!to ||
      PEM_write_bio_PrivateKey(to.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(to.get(), x509_.get()) != 1) {
    return fault("OpenSSL writes no certificate");
  }
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(to.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

std::string Certificate::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (X509_digest(x509_.get(), EVP_sha256(), hash.data(), &size) != 1) return {};
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (i > 0) out += ':';
    out += digits[hash[i] >> 4];
    out += digits[hash[i] & 15];
  }
  return out;
}

}  // namespace deskmate::gateway
