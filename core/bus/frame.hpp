// Frames: what travels between the desk and plugins, the command line, later browsers. The format
// is sdk/frames.md; this is it in C++.
//
//   std::string bytes = to_stream(Request{.id = 1, .method = "kv.get", .deadline_ms = 1000, ...});
//
//   FrameReader reader;
//   reader.feed(received);
//   while (true) {
//     auto payload = reader.next();             // Result<std::optional<std::string_view>>
//     if (!payload) return payload.error();     // the session is over
//     if (!*payload) break;                     // wait for more bytes
//     auto frame = decode_frame(**payload);
//   }
//
// Values inside frames (params, results, settings) are kept as msgpack bytes, so that whoever only
// passes them on need not look inside; they are checked when a frame is decoded. Pure, no I/O;
// objects belong to one thread at a time. Errors: Status::invalid for what is malformed,
// Status::limit for what is too much; the message names frame and field.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "deskmate/abi.h"
#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate::bus {

// Named limits. The first three are those of every msgpack value that is read.
inline constexpr std::size_t frame_bytes_max = 1'048'576;  // of one frame, without its length
inline constexpr std::size_t frame_depth_max = 32;         // collections within collections
inline constexpr std::size_t frame_items_max = 65'536;     // of one collection
inline constexpr std::size_t name_bytes_max = 128;         // of a session, reader, method
inline constexpr std::size_t message_bytes_max = 1'024;    // of an error; the rest is cut
inline constexpr std::size_t batch_events_max = 64;        // in one frame of events
inline constexpr std::size_t batch_bytes_max = 262'144;    // of the events of one frame of several
inline constexpr std::size_t length_bytes = 4;             // before each frame on a stream

inline constexpr std::uint64_t protocol_version = 1;

using EventId = std::array<std::uint8_t, 16>;

struct Hello {
  std::uint64_t protocol = protocol_version;
  std::string role;  // "plugin", "owner" or "member"
  std::string name;
  std::string token;    // may be empty
  std::string version;  // of whoever connects; may be empty
  bool operator==(const Hello&) const = default;
};

// What the desk allows a session; sent in welcome, so that the other side can keep to it.
struct WelcomeLimits {
  std::uint64_t frame_bytes = frame_bytes_max;
  std::uint64_t requests = 0;      // unanswered at a time, each way
  std::uint64_t readers = 0;       // open at a time
  std::uint64_t heartbeat_ms = 0;  // a ping is answered within it; 0: there are no pings
  bool operator==(const WelcomeLimits&) const = default;
};

struct Welcome {
  std::uint64_t protocol = protocol_version;
  std::string session;   // the session's name at the desk
  std::string instance;  // of a plugin: its instance; else empty
  std::string settings;  // msgpack map; empty: none
  WelcomeLimits limits;
  std::string language;  // "en" or "zh"
  bool operator==(const Welcome&) const = default;
};

struct Request {
  std::uint64_t id = 0;
  std::string method;
  std::uint32_t deadline_ms = 0;
  std::string params;  // msgpack map
  bool operator==(const Request&) const = default;
};

struct Reply {
  std::uint64_t id = 0;
  std::string result;  // msgpack
  bool operator==(const Reply&) const = default;
};

// The refusal of a request. error.code is below 0.
struct Refusal {
  std::uint64_t id = 0;
  Error error;
  bool operator==(const Refusal&) const = default;
};

struct Cancel {
  std::uint64_t id = 0;
  bool operator==(const Cancel&) const = default;
};

// One event, as readers get it. The views point into bytes that `owner` keeps; copying an Event
// shares them.
struct Event {
  std::uint64_t arrival = 0;
  EventId id{};
  std::uint64_t stamp = 0;
  std::string_view type;
  std::uint16_t schema = 1;
  std::uint32_t flags = 0;   // DM_EVENT_ERASED
  std::string_view facts;    // msgpack map
  std::string_view body;     // msgpack map, or empty
  std::string_view encoded;  // the event as it stands in a frame; empty where it came from one
  std::shared_ptr<const std::string> owner;
};

// Copies the fields into one buffer and encodes them there, once for however many readers.
Event make_event(const Event& fields);

struct Events {
  std::string reader;
  std::vector<Event> events;
};

struct Credit {
  std::string reader;
  std::uint64_t count = 0;
  bool operator==(const Credit&) const = default;
};

struct Ping {
  std::uint64_t n = 0;
  bool operator==(const Ping&) const = default;
};

struct Pong {
  std::uint64_t n = 0;
  bool operator==(const Pong&) const = default;
};

// The end of a session, and why. reason.code may be Status::ok.
struct Goodbye {
  Error reason;
  bool operator==(const Goodbye&) const = default;
};

// A kind that this version does not know; to be ignored.
struct UnknownFrame {
  std::uint64_t kind = 0;
  bool operator==(const UnknownFrame&) const = default;
};

using Frame = std::variant<UnknownFrame, Hello, Welcome, Request, Reply, Refusal, Cancel, Events,
                           Credit, Ping, Pong, Goodbye>;

// "request", for messages. Static storage.
std::string_view kind_name(const Frame& frame);

// About how many bytes the frame takes, for limits on queues. Cheap.
std::size_t frame_cost(const Frame& frame);

// The frame's msgpack bytes, without a length before them. Texts longer than their limits are cut.
// A frame that comes out longer than frame_bytes_max is for the caller to prevent; see
// frame_fits.
std::string encode_frame(const Frame& frame);

// Appends length and frame, as a stream carries them.
void append_to_stream(std::string& out, const Frame& frame);
std::string to_stream(const Frame& frame);

// Whether params or a result of this size fit into a frame beside its other fields.
inline constexpr std::size_t value_bytes_max = frame_bytes_max - 1'024;
inline constexpr bool frame_fits(std::size_t value_bytes) { return value_bytes <= value_bytes_max; }

// Reads one frame, which must be all of payload. payload may go away afterwards.
Result<Frame> decode_frame(std::string_view payload);

// Cuts a stream into frames. Holds at most one frame and what was fed after it; allocates only for
// bytes that have arrived, never for what a length claims.
class FrameReader {
 public:
  explicit FrameReader(std::size_t frame_bytes = frame_bytes_max) : frame_bytes_(frame_bytes) {}

  void feed(std::string_view bytes);

  // The next whole frame's payload, which lives until feed or next is called; nullopt: more bytes
  // are needed. After an error nothing more can be read: every further call gives the same one.
  Result<std::optional<std::string_view>> next();

  // Bytes held that are not yet a whole frame; not 0 when a stream ends: it was cut short.
  std::size_t waiting() const { return buffer_.size() - begin_; }

 private:
  std::size_t frame_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::optional<Error> error_;
};

}  // namespace deskmate::bus
