#include "core/bus/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace deskmate::bus {
namespace {

using testing::HasSubstr;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

Event sample_event(std::uint64_t arrival) {
  Event event;
  event.arrival = arrival;
  for (std::size_t i = 0; i < event.id.size(); ++i) event.id[i] = static_cast<std::uint8_t>(i);
  event.stamp = std::uint64_t{1} << 40;
  event.type = "message.received";
  event.facts = "\x80";
  return event;
}

bool same(const Event& a, const Event& b) {
  return a.arrival == b.arrival && a.id == b.id && a.stamp == b.stamp && a.type == b.type &&
         a.schema == b.schema && a.flags == b.flags && a.facts == b.facts && a.body == b.body;
}

template <class T>
T decoded(std::string_view payload) {
  auto frame = decode_frame(payload);
  EXPECT_TRUE(frame) << frame.error().message;
  if (!frame || !std::holds_alternative<T>(*frame)) {
    ADD_FAILURE() << "another kind of frame";
    return {};
  }
  return std::get<T>(std::move(*frame));
}

// The bytes of protocol 1, made by another msgpack library. They must never change.
struct Golden {
  const char* hex;
  Frame frame;
};

std::vector<Golden> golden_frames() {
  std::vector<Golden> all;
  all.push_back(
      {"920184a870726f746f636f6c01a4726f6c65a6706c7567696ea46e616d65a46d61696ca776657273696f6ea5312"
       "e"
       "302e30",
       Hello{1, "plugin", "mail", "", "1.0.0"}});
  all.push_back(
      {"920286a870726f746f636f6c01a773657373696f6ea46d61696ca8696e7374616e6365a46d61696ca8736574746"
       "9"
       "6e677381a4706f7274cd03e1a66c696d69747384ab6672616d655f6279746573ce00100000a8726571756573747"
       "3"
       "cd0100a77265616465727310ac6865617274626561745f6d73cd2710a86c616e6775616765a27a68",
       Welcome{1,
               "mail",
               "mail",
               encode(Value::map({{"port", 993}})),
               {1'048'576, 256, 16, 10'000},
               "zh"}});
  all.push_back({"950307a66b762e676574cd03e881a36b6579c403756964",
                 Request{7, "kv.get", 1'000, encode(Value::map({{"key", Value::bin("uid")}}))}});
  all.push_back({"930407c4023432", Reply{7, encode(Value::bin("42"))}});
  all.push_back(
      {"940507fe82a76d657373616765b36e6f7420696e20746865206d616e6966657374a57768657265a568"
       "6f737473",
       Refusal{7, {Status::denied, "not in the manifest", "hosts"}}});
  all.push_back({"920607", Cancel{7}});
  all.push_back({"9308a66f7574626f78cd0100", Credit{"outbox", 256}});
  all.push_back({"920901", Ping{1}});
  all.push_back({"920a01", Pong{1}});
  all.push_back({"930bfca8746f6f206d756368", Goodbye{{Status::limit, "too much", ""}}});
  return all;
}

constexpr const char* golden_events =
    "9307a66f7574626f789298cd012cc410000102030405060708090a0b0c0d0e0fcf0000010000000000b06d65737361"
    "67"
    "652e72656365697665640100c40f82a473686f70a46d61696ca2617401c40098cd012dc41000010203040506070809"
    "0a"
    "0b0c0d0e0fcf0000010000000001a3612e620201c40180c40981a474657874a26869";

Events sample_events(const std::string& facts, const std::string& body) {
  Events events{"outbox", {sample_event(300), sample_event(301)}};
  events.events[0].facts = facts;
  events.events[1].stamp += 1;
  events.events[1].type = "a.b";
  events.events[1].schema = 2;
  events.events[1].flags = 1;
  events.events[1].body = body;
  return events;
}

TEST(Frame, EveryKindHasTheBytesOfProtocol1) {
  for (const Golden& golden : golden_frames()) {
    EXPECT_EQ(to_hex(encode_frame(golden.frame)), golden.hex) << kind_name(golden.frame);
    const auto frame = decode_frame(from_hex(golden.hex));
    ASSERT_TRUE(frame) << frame.error().message;
    ASSERT_EQ(frame->index(), golden.frame.index());
    EXPECT_EQ(to_hex(encode_frame(*frame)), golden.hex);
  }
}

TEST(Frame, FieldsAreReadBackAsTheyWere) {
  for (const Golden& golden : golden_frames()) {
    const auto frame = decode_frame(from_hex(golden.hex));
    ASSERT_TRUE(frame);
    const bool equal = std::visit(
        [](const auto& a, const auto& b) {
          using A = std::decay_t<decltype(a)>;
          using B = std::decay_t<decltype(b)>;
          if constexpr (std::is_same_v<A, B> && !std::is_same_v<A, Events>) return a == b;
          return false;
        },
        *frame, golden.frame);
    EXPECT_TRUE(equal) << kind_name(golden.frame);
  }
}

TEST(Frame, EventsHaveTheBytesOfProtocol1) {
  const std::string facts = encode(Value::map({{"shop", "mail"}, {"at", 1}}));
  const std::string body = encode(Value::map({{"text", "hi"}}));
  const Events events = sample_events(facts, body);
  EXPECT_EQ(to_hex(encode_frame(events)), golden_events);
  const auto read = decoded<Events>(from_hex(golden_events));
  EXPECT_EQ(read.reader, "outbox");
  ASSERT_EQ(read.events.size(), 2u);
  EXPECT_TRUE(same(read.events[0], events.events[0]));
  EXPECT_TRUE(same(read.events[1], events.events[1]));
}

TEST(Frame, EventEncodedOnceGivesTheSameBytes) {
  const std::string facts = encode(Value::map({{"shop", "mail"}, {"at", 1}}));
  const std::string body = encode(Value::map({{"text", "hi"}}));
  Events events = sample_events(facts, body);
  for (Event& event : events.events) {
    const Event made = make_event(event);
    EXPECT_TRUE(same(made, event));
    EXPECT_FALSE(made.encoded.empty());
    event = made;
  }
  EXPECT_EQ(to_hex(encode_frame(events)), golden_events);
}

TEST(Frame, EncodedEventOwnsItsFieldsWhateverTheirSize) {
  for (const std::size_t size : {0u, 1u, 255u, 256u, 65'535u, 65'536u, 500'000u}) {
    Event made;
    const std::string expected(size, 'x');
    {
      const std::string facts = expected;
      const std::string body = expected;
      Event event = sample_event(1);
      event.facts = facts;
      event.body = body;
      made = make_event(event);
    }
    EXPECT_EQ(made.facts, expected);
    EXPECT_EQ(made.body, expected);
    EXPECT_EQ(made.type, "message.received");
  }
}

TEST(Frame, EventsOutliveThePayload) {
  std::vector<Event> kept;
  {
    const std::string payload = from_hex(golden_events);
    kept = decoded<Events>(payload).events;
  }
  EXPECT_EQ(kept[0].type, "message.received");
  EXPECT_EQ(decode(kept[1].body)->as_map()["text"].as_str(), "hi");
}

TEST(Frame, FurtherElementsAndMembersAreIgnored) {
  const auto ping = encode(Value::array({9, 5, "new", Value::map()}));
  EXPECT_EQ(decoded<Ping>(ping).n, 5u);
  const auto hello = encode(Value::array(
      {1, Value::map({{"protocol", 1}, {"role", "owner"}, {"name", "cli"}, {"colour", "red"}})}));
  EXPECT_EQ(decoded<Hello>(hello).name, "cli");
}

TEST(Frame, UnknownKindIsReportedNotRefused) {
  EXPECT_EQ(decoded<UnknownFrame>(encode(Value::array({99, "x"}))).kind, 99u);
  EXPECT_EQ(decoded<UnknownFrame>(encode(Value::array({0}))).kind, 0u);
}

TEST(Frame, StatusOfALaterVersionIsInternal) {
  const auto bytes = encode(Value::array({5, 1, -77, Value::map({{"message", "new"}})}));
  EXPECT_EQ(decoded<Refusal>(bytes).error.code, Status::internal);
}

TEST(Frame, MalformedFramesAreRefusedNamingTheField) {
  struct Case {
    Value frame;
    const char* message;
  };
  const Value event = Value::array(
      {1, Value::bin("0123456789abcdef"), 1, "a.b", 1, 0, Value::bin("\x80"), Value::bin("")});
  Value short_id = event;
  short_id.make_array()[1] = Value::bin("0123");
  Value text_facts = event;
  text_facts.make_array()[6] = "text";
  const std::vector<Case> cases = {
      {Value::map(), "not an array"},
      {Value::array(), "is empty"},
      {Value::array({"1"}), "kind is no number"},
      {Value::array({-1}), "kind is no number"},
      {Value::array({1}), "hello: hello is missing"},
      {Value::array({1, 2}), "hello: hello is not a map"},
      {Value::array({1, Value::map({{"role", "owner"}, {"name", "a"}})}), "hello: protocol"},
      {Value::array({1, Value::map({{"protocol", 1}, {"role", "owner"}})}), "hello: name"},
      {Value::array({1, Value::map({{"protocol", 1}, {"role", "owner"}, {"name", ""}})}),
       "name is empty"},
      {Value::array({1, Value::map({{"protocol", 1},
                                    {"role", "owner"},
                                    {"name", std::string(name_bytes_max + 1, 'n')}})}),
       "name is too long"},
      {Value::array({2, Value::map({{"protocol", 1}, {"session", "s"}, {"settings", 3}})}),
       "welcome: settings is not a map"},
      {Value::array({3, 0, "m", 1, Value::map()}), "request: id is 0"},
      {Value::array({3, -1, "m", 1, Value::map()}), "request: id"},
      {Value::array({3, 1, 2, 1, Value::map()}), "request: method is not text"},
      {Value::array({3, 1, std::string(name_bytes_max + 1, 'm'), 1, Value::map()}),
       "request: method is too long"},
      {Value::array({3, 1, "m", std::uint64_t{1} << 32, Value::map()}), "deadline_ms is too large"},
      {Value::array({3, 1, "m", 1, Value::array()}), "request: params is not a map"},
      {Value::array({3, 1, "m", 1}), "request: params is missing"},
      {Value::array({4, 1}), "reply: result is missing"},
      {Value::array({5, 1, 0, Value::map()}), "error: status"},
      {Value::array({5, 1, 1, Value::map()}), "error: status"},
      {Value::array({6, 0}), "cancel: id is 0"},
      {Value::array({7, "r", 1}), "events: events is not an array"},
      {Value::array({7, "", Value::array()}), "events: reader is empty"},
      {Value::array({7, "r", Value::array({1})}), "events: event is not an array of 8"},
      {Value::array({7, "r", Value::array({short_id})}), "event id is not a bin of 16"},
      {Value::array({7, "r", Value::array({text_facts})}), "facts is not a bin"},
      {Value::array({7, "r", Value(Array(batch_events_max + 1, event))}), "events are too many"},
      {Value::array({8, "r", "many"}), "credit: count"},
      {Value::array({9}), "ping: n is missing"},
      {Value::array({11, 1, "x"}), "goodbye: status"},
      {Value::array({11, 0, 1}), "goodbye: message is not text"},
  };
  for (const Case& one : cases) {
    const auto frame = decode_frame(encode(one.frame));
    ASSERT_FALSE(frame) << one.message;
    EXPECT_THAT(frame.error().message, HasSubstr(one.message));
    EXPECT_LT(static_cast<int>(frame.error().code), 0);
  }
}

TEST(Frame, NestingAndLengthsAreLimited) {
  const auto nested = [](std::size_t depth) {
    std::string params = "\x80";
    for (std::size_t i = 1; i < depth; ++i) params = "\x81\xa1k" + params;
    return encode_frame(Request{1, "m", 1, params});
  };
  // The frame's own array is one of them.
  EXPECT_TRUE(decode_frame(nested(frame_depth_max - 1)));
  const auto deep = decode_frame(nested(frame_depth_max));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, Status::limit);

  std::string wide = "\x93\x04\x01";
  Writer(wide).array(frame_items_max + 1);
  wide.append(frame_items_max + 1, '\0');
  const auto refused = decode_frame(wide);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Status::limit);

  const std::string large(frame_bytes_max + 1, '\0');
  EXPECT_EQ(decode_frame(large).error().code, Status::limit);
}

TEST(Frame, FiveBytesCannotClaimGigabytes) {
  for (const char lead : {'\xdd', '\xdf', '\xc6', '\xdb', '\xc9'}) {
    const std::string bomb = std::string(1, lead) + "\xff\xff\xff\xff";
    EXPECT_FALSE(decode_frame(bomb));
    EXPECT_FALSE(decode_frame("\x93\x04\x01" + bomb));
  }
}

TEST(Frame, EveryCutIsRefused) {
  for (const Golden& golden : golden_frames()) {
    const std::string bytes = from_hex(golden.hex);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_frame(std::string_view(bytes).substr(0, size)));
    }
    EXPECT_FALSE(decode_frame(bytes + "x"));
  }
}

TEST(Frame, LongMessagesAreCutAtACharacter) {
  std::string message(message_bytes_max - 1, 'a');
  message += "\xe4\xb8\xad tail";
  const auto refusal = decoded<Refusal>(encode_frame(Refusal{1, {Status::internal, message, "w"}}));
  EXPECT_EQ(refusal.error.message, std::string(message_bytes_max - 1, 'a'));
}

TEST(Frame, EmptyParamsAndResultAreWellFormed) {
  EXPECT_EQ(decoded<Request>(encode_frame(Request{1, "m", 1, ""})).params, "\x80");
  EXPECT_EQ(decoded<Reply>(encode_frame(Reply{1, ""})).result, "\xc0");
}

// What is accepted can be written again and comes out the same.
TEST(Frame, ChangedBytesNeitherCrashNorChangeMeaning) {
  std::mt19937 random(20'240'101);
  std::vector<std::string> seeds = {from_hex(golden_events)};
  for (const Golden& golden : golden_frames()) seeds.push_back(from_hex(golden.hex));
  std::size_t accepted = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    const auto changes = 1 + random() % 4;
    for (unsigned i = 0; i < changes; ++i) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          if (bytes.size() > 1) bytes.erase(at, 1);
      }
    }
    const auto frame = decode_frame(bytes);
    if (!frame) continue;
    ++accepted;
    const std::string again = encode_frame(*frame);
    const auto second = decode_frame(again);
    ASSERT_TRUE(second) << to_hex(bytes) << " " << second.error().message;
    ASSERT_EQ(encode_frame(*second), again) << to_hex(bytes);
  }
  EXPECT_GT(accepted, 1'000u);
}

std::vector<Frame> read_all(FrameReader& reader) {
  std::vector<Frame> frames;
  while (true) {
    auto payload = reader.next();
    EXPECT_TRUE(payload);
    if (!payload || !*payload) return frames;
    auto frame = decode_frame(**payload);
    EXPECT_TRUE(frame);
    frames.push_back(std::move(*frame));
  }
}

TEST(FrameReader, CutsAStreamHoweverItArrives) {
  std::string stream;
  for (std::uint64_t n = 1; n <= 20; ++n) append_to_stream(stream, Ping{n});
  for (const std::size_t piece : {1u, 2u, 3u, 5u, 7u, 1000u}) {
    FrameReader reader;
    std::uint64_t expected = 1;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view(stream).substr(at, piece));
      for (const Frame& frame : read_all(reader)) EXPECT_EQ(std::get<Ping>(frame).n, expected++);
    }
    EXPECT_EQ(expected, 21u);
    EXPECT_EQ(reader.waiting(), 0u);
  }
}

TEST(FrameReader, RefusesALengthAtOnce) {
  for (const char* hex : {"00000000", "ffffffff", "00100001"}) {
    FrameReader reader;
    reader.feed(from_hex(hex));
    const auto next = reader.next();
    ASSERT_FALSE(next) << hex;
    EXPECT_THAT(next.error().message, HasSubstr("length"));
    EXPECT_EQ(reader.waiting(), 0u);
    // And stays so.
    reader.feed(to_stream(Ping{1}));
    EXPECT_FALSE(reader.next());
  }
}

TEST(FrameReader, HoldsNoMoreThanArrived) {
  FrameReader reader;
  reader.feed(from_hex("00100000"));
  const auto next = reader.next();
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->has_value());
  EXPECT_EQ(reader.waiting(), 4u);
}

TEST(FrameReader, TakesTheLargestFrame) {
  const std::string result = encode(Value::bin(std::string(frame_bytes_max - 16, 'x')));
  const std::string stream = to_stream(Reply{1, result});
  ASSERT_LE(stream.size(), frame_bytes_max + length_bytes);
  FrameReader reader;
  reader.feed(stream);
  const auto frames = read_all(reader);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(std::get<Reply>(frames[0]).result, result);
}

TEST(FrameReader, RandomBytesNeverCrash) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    FrameReader reader;
    std::string bytes(4 + random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    bytes[0] = bytes[1] = bytes[2] = 0;
    reader.feed(bytes);
    while (true) {
      const auto payload = reader.next();
      if (!payload || !*payload) break;
      const auto frame = decode_frame(**payload);
      EXPECT_TRUE(frame || !frame.error().message.empty());
    }
    EXPECT_LE(reader.waiting(), bytes.size());
  }
}

}  // namespace
}  // namespace deskmate::bus
