// TLS 1.3 as a machine of bytes: what came from the other side goes in, what is to be sent comes
// out, whoever owns it does the sending. One cipher family, one key exchange (X25519), one kind of
// certificate (Ed25519), no tickets, no resumption, no early data: nothing to downgrade to.
//
//   TlsSession tls(context, TlsSide::server, {}, accept);
//   auto fed = tls.feed(received, plain);       // appends to plain
//   socket.send(tls.take_output());             // also after an error: the alert
//
// One thread at a time.
#pragma once

#include <array>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/peer/identity.hpp"

struct ssl_st;

namespace deskmate::peer {

inline constexpr std::string_view alpn_link = "deskmate/1";       // between peers of one desk
inline constexpr std::string_view alpn_pair = "deskmate-pair/1";  // with whoever has an invitation
inline constexpr std::size_t certificate_bytes_max = 2'048;       // that the other side may show
inline constexpr std::size_t tls_record_bytes = 16 * 1024;        // of plain bytes, at most

using Exporter = std::array<std::uint8_t, 32>;

enum class TlsSide { client, server };

class TlsContext {
 public:
  explicit TlsContext(const Identity& identity);  // throws std::runtime_error: OpenSSL is unfit
  const Identity& identity() const { return identity_; }
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  Identity identity_;
  std::shared_ptr<ssl_ctx_st> context_;
};

class TlsSession {
 public:
  // Whether to talk with whoever holds this key, under this protocol.
  using Accept = std::function<bool(const PeerId& remote, std::string_view alpn)>;

  // alpn: what a client asks for; a server takes alpn_link and alpn_pair.
  TlsSession(const TlsContext& context, TlsSide side, std::string_view alpn, Accept accept);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Errors: denied (a key that accept refused, here or there), invalid (no TLS 1.3, altered bytes,
  // anything else), unavailable (closed properly by the other side). The session is over then.
  Result<void> feed(std::string_view bytes, std::string& plain);
  // After established(): encrypts.
  Result<void> write(std::string_view plain);
  std::string take_output();
  // Tells the other side that nothing follows.
  void finish();

  bool established() const { return established_; }
  const PeerId& remote() const { return remote_; }  // once established
  std::string_view alpn() const { return alpn_; }   // once established
  // The same on both sides of this session and of no other.
  Exporter exporter() const;

 private:
  friend struct TlsCallbacks;
  Result<void> handshake();
  Error failure(int code);

  std::shared_ptr<ssl_ctx_st> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  Accept accept_;
  PeerId remote_{};
  std::string alpn_;
  bool refused_ = false;
  bool established_ = false;
};

}  // namespace deskmate::peer
