// A bus session's frames over an open WebSocket. Only for server.cpp, which opens them. Loop
// thread.
#pragma once

#include <boost/beast/websocket/stream.hpp>
#include <memory>

#include "core/bus/asio_loop.hpp"
#include "core/bus/transport.hpp"
#include "core/gateway/wire.hpp"

namespace deskmate::gateway {

using WebSocket = boost::beast::websocket::stream<Wire>;

// socket: open. done: called once it is closed and nothing of it is left; never from inside.
std::unique_ptr<bus::Transport> make_websocket_transport(bus::AsioLoop& loop, WebSocket socket,
                                                         std::function<void()> done);

}  // namespace deskmate::gateway
