#include "core/bus/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace deskmate::bus {

namespace {

// The numbers of sdk/frames.md.
enum Kind : std::uint64_t {
  kind_hello = 1,
  kind_welcome = 2,
  kind_request = 3,
  kind_reply = 4,
  kind_refusal = 5,
  kind_cancel = 6,
  kind_events = 7,
  kind_credit = 8,
  kind_ping = 9,
  kind_pong = 10,
  kind_goodbye = 11,
};

constexpr std::string_view kind_names[] = {"unknown frame", "hello", "welcome", "request",
                                           "reply",         "error", "cancel",  "events",
                                           "credit",        "ping",  "pong",    "goodbye"};
constexpr std::size_t event_fields = 8;
constexpr char empty_map = '\x80';
constexpr std::size_t event_overhead = 64;  // more than an event's numbers and lengths take

constexpr Limits frame_limits{frame_depth_max, frame_items_max, frame_bytes_max};

// Cut at a character's beginning, so that it stays UTF-8.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

std::string_view or_empty_map(const std::string& encoded) {
  return encoded.empty() ? std::string_view(&empty_map, 1) : std::string_view(encoded);
}

// Where the texts of an encoded event begin.
struct EventPlaces {
  std::size_t type = 0;
  std::size_t facts = 0;
  std::size_t body = 0;
};

EventPlaces write_event(std::string& out, const Event& event) {
  EventPlaces places;
  Writer writer(out);
  writer.array(event_fields)
      .unsigned_integer(event.arrival)
      .bin({reinterpret_cast<const char*>(event.id.data()), event.id.size()})
      .unsigned_integer(event.stamp)
      .text(event.type);
  places.type = out.size() - event.type.size();
  writer.unsigned_integer(event.schema).unsigned_integer(event.flags).bin(event.facts);
  places.facts = out.size() - event.facts.size();
  writer.bin(event.body);
  places.body = out.size() - event.body.size();
  return places;
}

struct Encoder {
  std::string& out;
  Writer writer{out};

  Writer& begin(std::uint64_t kind, std::size_t elements) {
    return writer.array(elements).unsigned_integer(kind);
  }
  void member(std::string_view key, std::string_view text) { writer.key(key).text(text); }
  void member(std::string_view key, std::uint64_t number) {
    writer.key(key).unsigned_integer(number);
  }

  void operator()(const UnknownFrame& frame) { begin(frame.kind, 1); }
  void operator()(const Hello& frame) {
    const std::size_t optional =
        (frame.token.empty() ? 0u : 1u) + (frame.version.empty() ? 0u : 1u);
    begin(kind_hello, 2).map(3 + optional);
    member("protocol", frame.protocol);
    member("role", frame.role);
    member("name", cut(frame.name, name_bytes_max));
    if (!frame.token.empty()) member("token", frame.token);
    if (!frame.version.empty()) member("version", cut(frame.version, name_bytes_max));
  }
  void operator()(const Welcome& frame) {
    const std::size_t optional =
        (frame.instance.empty() ? 0u : 1u) + (frame.settings.empty() ? 0u : 1u);
    begin(kind_welcome, 2).map(4 + optional);
    member("protocol", frame.protocol);
    member("session", frame.session);
    if (!frame.instance.empty()) member("instance", frame.instance);
    if (!frame.settings.empty()) {
      writer.key("settings");
      out += frame.settings;
    }
    writer.key("limits").map(4);
    member("frame_bytes", frame.limits.frame_bytes);
    member("requests", frame.limits.requests);
    member("readers", frame.limits.readers);
    member("heartbeat_ms", frame.limits.heartbeat_ms);
    member("language", frame.language);
  }
  void operator()(const Request& frame) {
    begin(kind_request, 5)
        .unsigned_integer(frame.id)
        .text(frame.method)
        .unsigned_integer(frame.deadline_ms);
    out += or_empty_map(frame.params);
  }
  void operator()(const Reply& frame) {
    begin(kind_reply, 3).unsigned_integer(frame.id);
    if (frame.result.empty()) {
      writer.nil();
    } else {
      out += frame.result;
    }
  }
  void operator()(const Refusal& frame) {
    begin(kind_refusal, 4)
        .unsigned_integer(frame.id)
        .integer(static_cast<std::int32_t>(frame.error.code))
        .map(frame.error.where.empty() ? 1 : 2);
    member("message", cut(frame.error.message, message_bytes_max));
    if (!frame.error.where.empty()) member("where", cut(frame.error.where, name_bytes_max));
  }
  void operator()(const Cancel& frame) { begin(kind_cancel, 2).unsigned_integer(frame.id); }
  void operator()(const Events& frame) {
    begin(kind_events, 3).text(frame.reader).array(frame.events.size());
    for (const Event& event : frame.events) {
      if (event.encoded.empty()) {
        write_event(out, event);
      } else {
        out += event.encoded;
      }
    }
  }
  void operator()(const Credit& frame) {
    begin(kind_credit, 3).text(frame.reader).unsigned_integer(frame.count);
  }
  void operator()(const Ping& frame) { begin(kind_ping, 2).unsigned_integer(frame.n); }
  void operator()(const Pong& frame) { begin(kind_pong, 2).unsigned_integer(frame.n); }
  void operator()(const Goodbye& frame) {
    begin(kind_goodbye, 3)
        .integer(static_cast<std::int32_t>(frame.reason.code))
        .text(cut(frame.reason.message, message_bytes_max));
  }
};

// Reads the fields of one frame; the first thing that is wrong is kept.
class Fields {
 public:
  Fields(View array, std::uint64_t kind) : at_(array.begin()), end_(array.end()), kind_(kind) {
    ++at_;  // the kind
  }

  View any(const char* name) {
    if (at_ == end_) {
      fail(name, "is missing");
      return {};
    }
    View item = *at_;
    ++at_;
    return item;
  }
  std::uint64_t number(const char* name, std::uint64_t max = ~std::uint64_t{0}) {
    return number(any(name), name, max);
  }
  std::uint64_t number(View item, const char* name, std::uint64_t max = ~std::uint64_t{0}) {
    if (!item.is_uint()) {
      fail(name, "is not a whole number from 0");
    } else if (item.as_uint() > max) {
      fail(name, "is too large", Status::limit);
    }
    return item.as_uint();
  }
  // A request's number.
  std::uint64_t id() {
    const std::uint64_t id = number("id");
    if (id == 0) fail("id", "is 0");
    return id;
  }
  std::string_view text(const char* name, std::size_t max, bool may_be_empty = false) {
    return text(any(name), name, max, may_be_empty);
  }
  std::string_view text(View item, const char* name, std::size_t max, bool may_be_empty = false) {
    if (!item.is_str()) {
      fail(name, "is not text");
    } else if (item.as_str().size() > max) {
      fail(name, "is too long", Status::limit);
    } else if (item.as_str().empty() && !may_be_empty) {
      fail(name, "is empty");
    }
    return item.as_str();
  }
  std::string_view optional_text(View map, const char* name, std::size_t max) {
    View item = map[name];
    return item.is_nil() ? std::string_view() : text(item, name, max, true);
  }
  std::string_view bin(View item, const char* name) {
    if (!item.is_bin()) fail(name, "is not a bin");
    return item.as_bin();
  }
  View map(const char* name) {
    View item = any(name);
    if (!item.is_map()) fail(name, "is not a map");
    return item;
  }
  Status status(const char* name, bool below_0) {
    View item = any(name);
    const std::int64_t code = item.as_int(1);
    if (!item.is_int() || code > 0 || code < std::numeric_limits<std::int32_t>::min() ||
        (below_0 && code == 0)) {
      fail(name, "is not a status");
      return Status::internal;
    }
    // A status of a later version is one that we can only report.
    return code < DM_INTERNAL ? Status::internal : static_cast<Status>(code);
  }
  void fail(const char* field, const char* what, Status code = Status::invalid) {
    if (error_.message.empty()) {
      const std::string kind(kind_names[std::min<std::uint64_t>(kind_, kind_goodbye)]);
      error_ = {code, kind + ": " + field + " " + what, field};
    }
  }

  bool failed() const { return !error_.message.empty(); }
  const Error& error() const { return error_; }

 private:
  View::Iterator at_;
  View::Iterator end_;
  std::uint64_t kind_;
  Error error_;
};

Hello read_hello(Fields& fields) {
  View map = fields.map("hello");
  Hello hello;
  hello.protocol = fields.number(map["protocol"], "protocol");
  hello.role = fields.text(map["role"], "role", name_bytes_max);
  hello.name = fields.text(map["name"], "name", name_bytes_max);
  hello.token = fields.optional_text(map, "token", message_bytes_max);
  hello.version = fields.optional_text(map, "version", name_bytes_max);
  return hello;
}

Welcome read_welcome(Fields& fields) {
  View map = fields.map("welcome");
  Welcome welcome;
  welcome.protocol = fields.number(map["protocol"], "protocol");
  welcome.session = fields.text(map["session"], "session", name_bytes_max);
  welcome.instance = fields.optional_text(map, "instance", name_bytes_max);
  if (View settings = map["settings"]; settings.is_map()) {
    welcome.settings = encode(settings);
  } else if (!settings.is_nil()) {
    fields.fail("settings", "is not a map");
  }
  View limits = map["limits"];
  welcome.limits.frame_bytes = limits["frame_bytes"].as_uint(frame_bytes_max);
  welcome.limits.requests = limits["requests"].as_uint();
  welcome.limits.readers = limits["readers"].as_uint();
  welcome.limits.heartbeat_ms = limits["heartbeat_ms"].as_uint();
  welcome.language = fields.optional_text(map, "language", name_bytes_max);
  return welcome;
}

Request read_request(Fields& fields) {
  Request request;
  request.id = fields.id();
  request.method = fields.text("method", name_bytes_max);
  request.deadline_ms = static_cast<std::uint32_t>(
      fields.number("deadline_ms", std::numeric_limits<std::uint32_t>::max()));
  View params = fields.map("params");
  if (!fields.failed()) request.params = encode(params);
  return request;
}

Reply read_reply(Fields& fields) {
  Reply reply;
  reply.id = fields.id();
  View result = fields.any("result");
  if (!fields.failed()) reply.result = encode(result);
  return reply;
}

Refusal read_refusal(Fields& fields) {
  Refusal refusal;
  refusal.id = fields.id();
  refusal.error.code = fields.status("status", true);
  View map = fields.map("error");
  refusal.error.message = cut(map["message"].as_str(), message_bytes_max);
  refusal.error.where = cut(map["where"].as_str(), name_bytes_max);
  return refusal;
}

Event read_event(Fields& fields, View item) {
  Event event;
  if (!item.is_array() || item.size() < event_fields) {
    fields.fail("event", "is not an array of 8");
    return event;
  }
  View::Iterator at = item.begin();
  const auto next = [&] {
    View field = *at;
    ++at;
    return field;
  };
  event.arrival = fields.number(next(), "arrival");
  const std::string_view id = fields.bin(next(), "event id");
  if (id.size() == event.id.size()) {
    std::memcpy(event.id.data(), id.data(), id.size());
  } else {
    fields.fail("event id", "is not a bin of 16");
  }
  event.stamp = fields.number(next(), "stamp");
  event.type = fields.text(next(), "type", name_bytes_max);
  event.schema = static_cast<std::uint16_t>(
      fields.number(next(), "schema", std::numeric_limits<std::uint16_t>::max()));
  event.flags = static_cast<std::uint32_t>(
      fields.number(next(), "flags", std::numeric_limits<std::uint32_t>::max()));
  event.facts = fields.bin(next(), "facts");
  event.body = fields.bin(next(), "body");
  return event;
}

// The events' views point into the payload, which is why it is copied first, once for all of them.
Events read_events(Fields& fields, std::string_view payload) {
  Events events;
  events.reader = fields.text("reader", name_bytes_max);
  View array = fields.any("events");
  if (!array.is_array()) fields.fail("events", "is not an array");
  if (array.size() > batch_events_max) fields.fail("events", "are too many", Status::limit);
  if (fields.failed()) return events;
  const auto owner = std::make_shared<const std::string>(payload);
  const auto moved = [&](std::string_view view) {
    if (view.empty()) return std::string_view();
    return std::string_view(owner->data() + (view.data() - payload.data()), view.size());
  };
  events.events.reserve(array.size());
  for (View item : array) {
    Event event = read_event(fields, item);
    if (fields.failed()) break;
    event.type = moved(event.type);
    event.facts = moved(event.facts);
    event.body = moved(event.body);
    event.owner = owner;
    events.events.push_back(std::move(event));
  }
  return events;
}

Frame read_frame(Fields& fields, std::uint64_t kind, std::string_view payload) {
  switch (kind) {
    case kind_hello:
      return read_hello(fields);
    case kind_welcome:
      return read_welcome(fields);
    case kind_request:
      return read_request(fields);
    case kind_reply:
      return read_reply(fields);
    case kind_refusal:
      return read_refusal(fields);
    case kind_cancel:
      return Cancel{fields.id()};
    case kind_events:
      return read_events(fields, payload);
    case kind_credit: {
      Credit credit;
      credit.reader = fields.text("reader", name_bytes_max);
      credit.count = fields.number("count");
      return credit;
    }
    case kind_ping:
      return Ping{fields.number("n")};
    case kind_pong:
      return Pong{fields.number("n")};
    case kind_goodbye: {
      Goodbye goodbye;
      goodbye.reason.code = fields.status("status", false);
      goodbye.reason.message =
          cut(fields.text("message", frame_bytes_max, true), message_bytes_max);
      return goodbye;
    }
    default:
      return UnknownFrame{kind};
  }
}

std::size_t read_length(const char* bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

}  // namespace

Event make_event(const Event& fields) {
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(event_overhead + fields.type.size() + fields.facts.size() + fields.body.size());
  const EventPlaces places = write_event(*bytes, fields);
  const std::string_view all = *bytes;
  Event event = fields;
  event.type = all.substr(places.type, fields.type.size());
  event.facts = all.substr(places.facts, fields.facts.size());
  event.body = all.substr(places.body, fields.body.size());
  event.encoded = all;
  event.owner = std::move(bytes);
  return event;
}

std::string_view kind_name(const Frame& frame) { return kind_names[frame.index()]; }

std::size_t frame_cost(const Frame& frame) {
  struct Cost {
    std::size_t operator()(const UnknownFrame&) const { return 0; }
    std::size_t operator()(const Hello& f) const { return f.name.size() + f.token.size(); }
    std::size_t operator()(const Welcome& f) const { return f.settings.size(); }
    std::size_t operator()(const Request& f) const { return f.method.size() + f.params.size(); }
    std::size_t operator()(const Reply& f) const { return f.result.size(); }
    std::size_t operator()(const Refusal& f) const { return f.error.message.size(); }
    std::size_t operator()(const Cancel&) const { return 0; }
    std::size_t operator()(const Events& f) const {
      std::size_t bytes = 0;
      for (const Event& event : f.events) {
        bytes += event_overhead + event.type.size() + event.facts.size() + event.body.size();
      }
      return bytes;
    }
    std::size_t operator()(const Credit&) const { return 0; }
    std::size_t operator()(const Ping&) const { return 0; }
    std::size_t operator()(const Pong&) const { return 0; }
    std::size_t operator()(const Goodbye&) const { return 0; }
  };
  return sizeof(Frame) + std::visit(Cost{}, frame);
}

std::string encode_frame(const Frame& frame) {
  std::string out;
  std::visit(Encoder{out}, frame);
  return out;
}

void append_to_stream(std::string& out, const Frame& frame) {
  const std::size_t start = out.size();
  out.append(length_bytes, '\0');
  std::visit(Encoder{out}, frame);
  const std::size_t length = out.size() - start - length_bytes;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out[start + i] = static_cast<char>(length >> (8 * (length_bytes - 1 - i)) & 0xff);
  }
}

std::string to_stream(const Frame& frame) {
  std::string out;
  append_to_stream(out, frame);
  return out;
}

Result<Frame> decode_frame(std::string_view payload) {
  Document document;
  if (auto parsed = document.parse(payload, frame_limits); !parsed) {
    return Error{parsed.error().code, "frame: " + parsed.error().message, "frame"};
  }
  View array = document.root();
  if (!array.is_array()) return Error{Status::invalid, "frame: is not an array", "frame"};
  if (array.size() == 0) return Error{Status::invalid, "frame: is empty", "frame"};
  View first = *array.begin();
  if (!first.is_uint()) return Error{Status::invalid, "frame: its kind is no number", "kind"};
  const std::uint64_t kind = first.as_uint();
  Fields fields(array, kind);
  Frame frame = read_frame(fields, kind, payload);
  if (fields.failed()) return fields.error();
  return frame;
}

void FrameReader::feed(std::string_view bytes) {
  if (error_) return;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameReader::next() {
  if (error_) return *error_;
  const std::string_view held = std::string_view(buffer_).substr(begin_);
  if (held.size() < length_bytes) return std::optional<std::string_view>();
  const std::size_t length = read_length(held.data());
  if (length == 0 || length > frame_bytes_) {
    error_ = Error{length == 0 ? Status::invalid : Status::limit,
                   "frame: its length is " + std::to_string(length) + ", allowed are 1 to " +
                       std::to_string(frame_bytes_) + " bytes",
                   "length"};
    buffer_.clear();
    buffer_.shrink_to_fit();
    begin_ = 0;
    return *error_;
  }
  if (held.size() < length_bytes + length) return std::optional<std::string_view>();
  begin_ += length_bytes + length;
  return std::optional(held.substr(length_bytes, length));
}

}  // namespace deskmate::bus
