// What carries a session's frames: a Unix socket (stream_transport.hpp), a queue inside the process
// (memory_transport.hpp). One thread: the loop's.
#pragma once

#include <cstddef>
#include <memory>

#include "core/bus/frame.hpp"

namespace deskmate::bus {

class Transport {
 public:
  // Who uses the transport. Called on the loop's thread, never from within a call to the transport.
  class User {
   public:
    virtual ~User() = default;
    virtual void on_frame(Frame frame) = 0;

    // What arrived is not frames. Nothing more is read; sending still works.
    virtual void on_broken(const Error& error) = 0;

    // The other side is gone. Nothing is sent or read any more.
    virtual void on_closed(const Error& reason) = 0;

    // All that was queued has gone out.
    virtual void on_drained() = 0;
  };

  virtual ~Transport() = default;

  // Begins. user outlives the transport, or close() comes first.
  virtual void start(User& user) = 0;

  // Queues a frame. Never refuses: whoever sends looks at queued_bytes().
  virtual void send(Frame frame) = 0;

  // What waits to go out.
  virtual std::size_t queued_bytes() const = 0;

  // Stops reading, so that the other side's sending comes to a halt, or reads on.
  virtual void pause(bool paused) = 0;

  // Lets what is queued go out (close_ms_max), then closes. The user is not called any more.
  virtual void close() = 0;
};

inline constexpr std::uint64_t close_ms_max = 1'000;

}  // namespace deskmate::bus
