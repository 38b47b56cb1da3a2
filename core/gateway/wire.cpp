#include "core/gateway/wire.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace deskmate::gateway {
namespace {

constexpr std::string_view protocol = "http/1.1";

// Who asks for other protocols only meant another server.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void*) {
  for (unsigned int at = 0; at < in_length; at += in[at] + 1u) {
    if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) == protocol) {
      *out = in + at + 1;
      *out_length = in[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<TlsContext> make_tls_context(const Certificate& certificate) {
  ERR_clear_error();
  SSL_CTX* made = SSL_CTX_new(TLS_server_method());
  if (made == nullptr) return Error{Status::internal, "OpenSSL has no TLS", "console.tls"};
  auto context = std::make_shared<boost::asio::ssl::context>(made);  // it is the context's now
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(made, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(made, select_protocol, nullptr);
  const bool fit = SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(made, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_num_tickets(made, 0) == 1 &&
                   SSL_CTX_use_certificate(made, certificate.x509()) == 1 &&
                   SSL_CTX_use_PrivateKey(made, certificate.key()) == 1;
  if (!fit) return Error{Status::internal, "OpenSSL cannot do TLS 1.3", "console.tls"};
  return context;
}

}  // namespace deskmate::gateway
