// A Transport over a connection that lives on until its last operation has ended, which may be
// after the transport is gone. For those that make transports; the loop's thread.
#pragma once

#include <memory>
#include <utility>

#include "core/bus/transport.hpp"

namespace deskmate::bus {

// Connection: start, send, queued_bytes, pause and close as Transport has them; closing twice is
// one.
template <class Connection>
class SharedTransport : public Transport {
 public:
  explicit SharedTransport(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~SharedTransport() override { connection_->close(); }

  void start(User& user) override { connection_->start(user); }
  void send(Frame frame) override { connection_->send(frame); }
  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }
  void pause(bool paused) override { connection_->pause(paused); }
  void close() override { connection_->close(); }

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace deskmate::bus
