// A browser's connection as Beast reads and writes it: TCP as it is, or with TLS 1.3 in it. Only
// for server.cpp and websocket.cpp. Loop thread.
#pragma once

#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <deskmate/result.hpp>
#include <memory>
#include <utility>

#include "core/gateway/certificate.hpp"

namespace deskmate::gateway {

// TLS 1.3 only, HTTP/1.1 only, without tickets, resumption and early data.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
Result<TlsContext> make_tls_context(const Certificate& certificate);

class Wire {
 public:
  using next_layer_type = boost::beast::tcp_stream;
  using executor_type = next_layer_type::executor_type;

  explicit Wire(boost::asio::ip::tcp::socket socket)
      : plain_(std::make_unique<next_layer_type>(std::move(socket))) {}

  // From here on all goes through TLS; its handshake is still to come.
  void secure(boost::asio::ssl::context& context) {
    tls_ = std::make_unique<Tls>(std::move(*plain_), context);
    plain_.reset();
  }

  // The handshake, of which the browser has sent `begun` already. handler(error, bytes of begun).
  template <class Buffers, class Handler>
  void async_handshake(const Buffers& begun, Handler&& handler) {
    tls_->async_handshake(Tls::server, begun, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_shutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }
  bool secured() const { return tls_ != nullptr; }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    plain_->async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    plain_->async_write_some(buffers, std::forward<Handler>(handler));
  }

  // TCP, with its deadlines.
  next_layer_type& next_layer() { return tls_ ? tls_->next_layer() : *plain_; }
  const next_layer_type& next_layer() const { return tls_ ? tls_->next_layer() : *plain_; }
  executor_type get_executor() { return next_layer().get_executor(); }

  // How a WebSocket ends its connection; within the time that it allows for its closing.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, Wire& wire, Handler&& handler) {
    if (wire.tls_) return wire.tls_->async_shutdown(std::forward<Handler>(handler));
    using boost::beast::websocket::async_teardown;
    async_teardown(role, wire.next_layer(), std::forward<Handler>(handler));
  }

 private:
  using Tls = boost::beast::ssl_stream<next_layer_type>;
  std::unique_ptr<next_layer_type> plain_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace deskmate::gateway
