// Tells the service manager that the daemon is ready or stopping: one datagram to the socket that
// $NOTIFY_SOCKET names, as systemd's sd_notify does. Does nothing without it.
#pragma once

#include <string_view>

namespace deskmate::daemon {

// message: "READY=1", "STOPPING=1", "RELOADING=1". False where it could not be sent.
bool notify_manager(std::string_view message);

}  // namespace deskmate::daemon
