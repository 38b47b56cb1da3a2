// Frames over Unix sockets: the desk's socket for the command line, a connected pair for a plugin's
// process. Writes of one turn of the loop go out together; reading stops while the user says so.
//
//   auto listener = Listener::open(loop, "/run/deskmate/desk.sock", [&](auto transport, Peer peer)
//   {
//     bus.admit(std::move(transport), ...);
//   });
//
// Everything on the loop's thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "core/bus/asio_loop.hpp"
#include "core/bus/transport.hpp"

namespace deskmate::bus {

// Named limits.
inline constexpr std::size_t read_bytes_max = 64 * 1024;  // at a time
inline constexpr int listen_backlog = 32;
inline constexpr std::uint64_t accept_again_ms = 100;  // after running out of file descriptors

// Takes the connected stream socket fd, which it closes. The loop outlives it.
std::unique_ptr<Transport> make_stream_transport(AsioLoop& loop, int fd);

// Two connected sockets: ours for make_stream_transport, theirs for the child (as its standard
// input and output). Both are closed on exec; the child's spawner dups theirs.
struct SocketPair {
  int ours = -1;
  int theirs = -1;
};
Result<SocketPair> make_socket_pair();

// Who is at the other end, as the system says.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
};

class Listener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Transport> transport, Peer peer)>;

  // Listens at path (mode 0600), for processes of the same user or root; others are closed at once.
  // A socket file that nobody listens at is replaced. Errors: limit (the path is too long),
  // unavailable (somebody listens there), internal (the system; the message says what).
  static Result<std::unique_ptr<Listener>> open(AsioLoop& loop, const std::string& path,
                                                OnAccept on_accept);
  virtual ~Listener() = default;  // stops and removes the file

 protected:
  Listener() = default;
};

}  // namespace deskmate::bus
