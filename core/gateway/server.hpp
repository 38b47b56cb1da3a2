// HTTP/1.1 and WebSocket over TCP or TLS 1.3, on the desk's loop: takes requests in, within limits,
// and hands them on. Knows nothing of what they ask for. Everything on the loop's thread.
//
//   auto server = Server::open(loop, {"127.0.0.1:7380"}, {"0.0.0.0:7443"}, hooks);
//   server->use(certificate);
//
// Sources: RFC 9112 (HTTP/1.1), RFC 6455 (WebSocket), RFC 8446 (TLS 1.3); Boost.Beast and OpenSSL
// do them.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/transport.hpp"
#include "core/gateway/certificate.hpp"
#include "core/gateway/http.hpp"

namespace deskmate::gateway {

// Named limits. Who exceeds one gets the status that HTTP has for it, or is closed.
inline constexpr std::size_t connections_max = 256;
inline constexpr std::size_t connections_of_address_max = 64;
inline constexpr std::size_t tls_connections_max = 192;  // the others are this machine's own
inline constexpr std::uint32_t header_bytes_max = 16u << 10;
inline constexpr std::uint64_t body_bytes_max = 768u << 10;  // has to fit into a frame
inline constexpr std::uint64_t request_ms_max = 15'000;      // from its first byte to its last
inline constexpr std::uint64_t idle_ms_max = 60'000;         // between two requests
inline constexpr std::uint64_t answer_ms_max = 45'000;       // until whoever was asked answers
inline constexpr std::uint64_t write_ms_max = 30'000;        // of one answer
inline constexpr std::uint64_t handshake_ms_max = 10'000;    // of a WebSocket
// Of strangers, until TLS is agreed on: an elliptic-curve signature each, and 35 KiB.
inline constexpr std::uint64_t tls_close_ms_max = 1'000;  // for the browser's farewell
inline constexpr std::size_t tls_begun_max = 64;          // at a time
inline constexpr std::size_t tls_begun_of_address_max = 16;
inline constexpr std::size_t tls_of_address_per_minute_max = 240;
inline constexpr std::size_t tls_addresses_max =
    4'096;  // that are counted; then from the beginning
inline constexpr std::string_view websocket_protocol = "deskmate.1";

// What is done with a WebSocket once it is open: one binary message, one frame.
using Opened = std::function<void(std::unique_ptr<bus::Transport>)>;

struct ServerHooks {
  // To be answered once, soon or later.
  std::function<void(Request, Respond)> on_request;
  // Asked before a WebSocket is opened; the error's code becomes 401 (denied, where "session"), 403
  // (denied), 404 or 503.
  std::function<Result<Opened>(const Request&)> on_upgrade;
};

class Server {
 public:
  // tls_ms: from the connection to the agreement on TLS. Listens at each address ("127.0.0.1:7380",
  // "[::1]:7380"; port 0: any): at those of `listen`, which have to be loopback's, for plain HTTP,
  // at those of `tls` for HTTPS, once it has a certificate. Errors: invalid (no address, not
  // loopback), unavailable (taken, not this machine's).
  static Result<std::unique_ptr<Server>> open(bus::AsioLoop& loop,
                                              const std::vector<std::string>& listen,
                                              const std::vector<std::string>& tls,
                                              std::uint64_t tls_ms, ServerHooks hooks);
  virtual ~Server() = default;  // closes all but WebSockets, which belong to their sessions

  // For the connections from now on.
  virtual Result<void> use(const Certificate& certificate) = 0;
  virtual std::uint16_t port() const = 0;      // of the first plain address; 0: none
  virtual std::uint16_t tls_port() const = 0;  // of the first with TLS; 0: none
  virtual std::size_t connections() const = 0;

 protected:
  Server() = default;
};

// The status for an error.
int status_of(const Error& error);

}  // namespace deskmate::gateway
