#include "core/peer/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

namespace deskmate::peer {

// What OpenSSL calls.
struct TlsCallbacks {
  static TlsSession* session_of(const SSL* ssl) {
    return static_cast<TlsSession*>(SSL_get_app_data(ssl));
  }

  static int verify(X509_STORE_CTX* store, void*) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    TlsSession* session = session_of(ssl);
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    EVP_PKEY* key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
    std::size_t size = session->remote_.size();
    const bool read = key != nullptr && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
                      EVP_PKEY_get_raw_public_key(key, session->remote_.data(), &size) == 1;
    const unsigned char* alpn = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl, &alpn, &length);
    session->alpn_.assign(reinterpret_cast<const char*>(alpn), length);
    if (read && length > 0 && session->accept_(session->remote_, session->alpn_)) {
      X509_STORE_CTX_set_error(store, X509_V_OK);
      return 1;
    }
    session->refused_ = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }

  static int select(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void*) {
    for (unsigned int at = 0; at < in_length; at += in[at] + 1u) {
      const std::string_view name(reinterpret_cast<const char*>(in + at + 1), in[at]);
      if (name == alpn_link || name == alpn_pair) {
        *out = in + at + 1;
        *out_length = in[at];
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
};

TlsContext::TlsContext(const Identity& identity) : identity_(identity) {
  context_.reset(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  SSL_CTX* context = context_.get();
  const bool made = context != nullptr &&
                    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set1_sigalgs_list(context, "ed25519") == 1 &&
                    SSL_CTX_set1_groups_list(context, "X25519") == 1 &&
                    SSL_CTX_use_certificate(context, identity.x509()) == 1 &&
                    SSL_CTX_use_PrivateKey(context, identity.key()) == 1 &&
                    SSL_CTX_set_num_tickets(context, 0) == 1;
  if (!made) throw std::runtime_error("OpenSSL cannot do TLS 1.3 with Ed25519 keys");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_max_cert_list(context, certificate_bytes_max);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, TlsCallbacks::verify, nullptr);
  SSL_CTX_set_alpn_select_cb(context, TlsCallbacks::select, nullptr);
}

TlsSession::TlsSession(const TlsContext& context, TlsSide side, std::string_view alpn,
                       Accept accept)
    : ssl_(SSL_new(context.get()), SSL_free), accept_(std::move(accept)) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || in == nullptr || out == nullptr) throw std::bad_alloc();
  SSL_set_bio(ssl_.get(), in, out);
  SSL_set_app_data(ssl_.get(), this);
  if (side == TlsSide::server) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  std::string list(1, static_cast<char>(alpn.size()));
  list += alpn;
  SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned int>(list.size()));
  // The first message goes out by itself; it cannot fail for want of the other's.
  static_cast<void>(handshake());
}

TlsSession::~TlsSession() = default;

Error TlsSession::failure(int code) {
  const int kind = SSL_get_error(ssl_.get(), code);
  if (kind == SSL_ERROR_ZERO_RETURN) {
    return {Status::unavailable, "the other side closed the connection", "closed"};
  }
  const unsigned long number = ERR_peek_error();
  const int reason = ERR_GET_REASON(number);
  const char* text = ERR_reason_error_string(number);
  ERR_clear_error();
  if (refused_ && alpn_.empty()) return {Status::invalid, "TLS: no protocol was asked for", "tls"};
  if (refused_ && alpn_ == alpn_pair) return {Status::denied, "there is no open invitation", "key"};
  if (refused_) return {Status::denied, "the other side's key is not one that we know", "key"};
  if (reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
      reason == SSL_R_TLSV1_ALERT_ACCESS_DENIED ||
      reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN ||
      reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
    return {Status::denied, "the other side does not know our key", "refused"};
  }
  return {Status::invalid, std::string("TLS: ") + (text != nullptr ? text : "no TLS 1.3"), "tls"};
}

Result<void> TlsSession::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    const unsigned char* alpn = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &alpn, &length);
    alpn_.assign(reinterpret_cast<const char*>(alpn), length);
    established_ = true;
    return {};
  }
  const int kind = SSL_get_error(ssl_.get(), done);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return {};
  return failure(done);
}

Result<void> TlsSession::feed(std::string_view bytes, std::string& plain) {
  BIO* in = SSL_get_rbio(ssl_.get());
  if (!bytes.empty()) {
    const int size = static_cast<int>(bytes.size());
    if (BIO_write(in, bytes.data(), size) != size) throw std::bad_alloc();
  }
  if (!established_) {
    if (auto went = handshake(); !went || !established_) return went;
  }
  while (true) {
    std::array<char, tls_record_bytes> piece;
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (got > 0) {
      plain.append(piece.data(), static_cast<std::size_t>(got));
      continue;
    }
    const int kind = SSL_get_error(ssl_.get(), got);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return {};
    return failure(got);
  }
}

Result<void> TlsSession::write(std::string_view plain) {
  while (!plain.empty()) {
    ERR_clear_error();
    const std::size_t piece = std::min(plain.size(), tls_record_bytes);
    const int put = SSL_write(ssl_.get(), plain.data(), static_cast<int>(piece));
    if (put <= 0) return failure(put);
    plain.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

std::string TlsSession::take_output() {
  BIO* out = SSL_get_wbio(ssl_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsSession::finish() {
  if (!established_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

Exporter TlsSession::exporter() const {
  constexpr std::string_view label = "EXPORTER-deskmate-pair";
  Exporter bytes{};
  if (SSL_export_keying_material(ssl_.get(), bytes.data(), bytes.size(), label.data(), label.size(),
                                 nullptr, 0, 0) != 1) {
    throw std::logic_error("exporter() of a session that is not established");
  }
  return bytes;
}

}  // namespace deskmate::peer
