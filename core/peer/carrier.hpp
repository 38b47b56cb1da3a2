// What carries frames between two peers of a desk: a link over TLS (link.hpp), directly or through
// a relay; a queue in tests; later others. Frames arrive whole, in order, at most once, from the
// peer that remote() names; where a carrier closes, what was sent last may be lost, and the two
// begin anew over the next one.
//
//   carrier->on_frame = [&](std::string_view frame) { ... };
//   carrier->on_closed = [&](const Error& why) { ... };
//   carrier->send(bytes);
//   if (carrier->unsent_bytes() > enough) wait_for(carrier->on_drained);
//
// Everything on the loop's thread. The callbacks are set once, before the turn of the loop in which
// the carrier was handed over has ended; they are never called from within a call to the carrier,
// nor after the carrier is destroyed.
#pragma once

#include <cstddef>
#include <deskmate/result.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "core/peer/peer_id.hpp"

namespace deskmate::peer {

// Named limits.
inline constexpr std::size_t frame_bytes_max = 1'048'576;       // of one frame
inline constexpr std::size_t unsent_bytes_max = 8 * 1'048'576;  // beyond it a carrier closes itself

class Carrier {
 public:
  virtual ~Carrier() = default;  // closes

  // Queues a frame of 1 to frame_bytes_max bytes; another size is a bug (std::logic_error). After
  // it closed: nothing happens. Whoever sends much looks at unsent_bytes(): with more than
  // unsent_bytes_max the carrier closes itself (Status::limit).
  virtual void send(std::string frame) = 0;

  // What was queued goes out, within a time limit; then it closes. The other side hears why;
  // on_closed is not called here.
  virtual void close(const Error& why) = 0;

  // What waits to go out.
  virtual std::size_t unsent_bytes() const = 0;

  // Stops reading, so that the other side's sending comes to a halt, or reads on.
  virtual void pause(bool paused) = 0;

  // Who is at the other end, proved.
  virtual PeerId remote() const = 0;

  // A frame arrived; the view lives as long as the call.
  std::function<void(std::string_view frame)> on_frame;

  // It is over, once: the other side closed it (its reason in message), the connection broke
  // (unavailable), it fell silent (deadline), sent what is no frame (invalid) or too much (limit),
  // or a better link to the same peer took its place (cancelled).
  std::function<void(const Error& why)> on_closed;

  // All that was queued has gone out.
  std::function<void()> on_drained;
};

}  // namespace deskmate::peer
