// TLS and frames over a stream. Until trust() the other side is a stranger, who may cost
// stranger_bytes_max bytes and `stranger_ms`; not even TLS is begun for one that has not sent a
// whole first message. From trust() on the two beat when they have nothing else to say, and who is
// silent too long is gone.
//
// Inside TLS each frame is its length (4 bytes, big-endian; what follows it), its kind (1 byte) and
// its bytes; README.md lists the kinds. Everything on the loop's thread. Owned by shared_ptr; after
// drop() or close() nothing is called any more.
#pragma once

#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bus/frame.hpp"
#include "core/peer/carrier.hpp"
#include "core/peer/net.hpp"
#include "core/peer/tls.hpp"

namespace deskmate::peer {

// Named limits.
inline constexpr std::size_t stranger_bytes_max = 4 * 1024;  // from one that is not known yet
inline constexpr std::size_t encrypt_bytes = 1'048'576;      // at a time
inline constexpr std::size_t reason_bytes_max = 256;         // of why it closed

enum class FrameKind : std::uint8_t {
  beat = 0,      // nothing to say
  payload = 1,   // the carrier's
  greeting = 2,  // where to be reached; the first frame of a link, and when that changes
  goodbye = 3,   // why it closes; the last
  pairing = 4,   // pairing.hpp
};

struct ChannelTimes {
  std::uint64_t stranger_ms = 5'000;
  std::uint64_t beat_ms = 5'000;
  std::uint64_t silence_ms = 15'000;
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  struct Callbacks {
    std::function<void()> on_ready;  // TLS is up; remote() and alpn() are known
    std::function<void(FrameKind kind, std::string_view bytes)> on_frame;
    std::function<void(const Error& why)> on_closed;
    std::function<void()> on_drained;
  };

  Channel(bus::AsioLoop& loop, std::shared_ptr<const TlsContext> context,
          std::unique_ptr<Stream> stream, TlsSide side, std::string alpn, TlsSession::Accept accept,
          const ChannelTimes& times);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // already: bytes that came over the stream before.
  void start(Callbacks callbacks, std::string_view already = {});
  // Others from now on; may be called from within the old ones.
  void set_callbacks(Callbacks callbacks);
  void trust();
  // Still a stranger, but one whose time ends then (a person has to look at something).
  void extend(std::uint64_t stranger_ms);

  void send(FrameKind kind, std::string_view bytes);
  void close(const Error& why);
  void drop();
  void pause(bool paused);

  bool open() const { return stream_ != nullptr; }
  std::size_t unsent_bytes() const;
  const PeerId& remote() const { return tls_->remote(); }
  std::string_view alpn() const { return tls_ ? tls_->alpn() : std::string_view(); }
  Exporter exporter() const { return tls_->exporter(); }
  Address address() const { return address_; }
  TlsSide side() const { return side_; }

 private:
  void on_bytes(std::string_view bytes);
  bool greets(std::string_view bytes);
  void deliver();
  void plan_flush();
  void flush();
  void on_stream_drained();
  void tick();
  void fail(const Error& why);
  void stop();

  bus::AsioLoop& loop_;
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Stream> stream_;
  TlsSide side_;
  std::string alpn_;
  TlsSession::Accept accept_;
  ChannelTimes times_;
  Address address_;
  std::shared_ptr<Callbacks> callbacks_;
  std::optional<TlsSession> tls_;
  std::string first_;  // of a stranger, until it is a whole message
  bus::FrameReader reader_{1 + frame_bytes_max};
  std::string out_;  // plain, from out_begin_ on
  std::size_t out_begin_ = 0;
  std::size_t received_ = 0;
  std::uint64_t heard_ms_ = 0;
  std::uint64_t said_ms_ = 0;
  bus::Loop::TimerId timer_ = 0;
  bool trusted_ = false;
  bool ready_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool flush_planned_ = false;
};

}  // namespace deskmate::peer
