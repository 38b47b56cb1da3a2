#include "deskmate/value.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "allocations.hpp"

namespace deskmate {
namespace {

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

Value everything() {
  return Value::map({{"nil", nullptr},
                     {"yes", true},
                     {"no", false},
                     {"small", 7},
                     {"negative", -7},
                     {"lowest", std::numeric_limits<std::int64_t>::min()},
                     {"highest", std::numeric_limits<std::uint64_t>::max()},
                     {"half", 0.5},
                     {"text", "包裹在哪里?"},
                     {"empty", ""},
                     {"bin", Value::bin(std::string_view("\x00\xff", 2))},
                     {"list", Value::array({1, "two", Value::array(), Value::map()})}});
}

TEST(Value, ComesBackFromItsBytes) {
  const Value value = everything();
  const auto back = decode(encode(value));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, value);
  Document document;
  const std::string bytes = encode(value);
  ASSERT_TRUE(document.parse(bytes));
  EXPECT_EQ(document.root().to_value(), value);
  EXPECT_EQ(encode(document.root()), bytes);
}

TEST(Value, HoldsEqualNumbersAlike) {
  EXPECT_EQ(Value(std::uint64_t{5}), Value(5));
  EXPECT_EQ(Value(std::uint8_t{5}), Value(std::int16_t{5}));
  EXPECT_TRUE(Value(std::uint64_t{5}).is_int());
  EXPECT_FALSE(Value(std::numeric_limits<std::uint64_t>::max()).is_int());
  EXPECT_TRUE(Value(std::numeric_limits<std::uint64_t>::max()).is_uint());
  EXPECT_FALSE(Value(-1).is_uint());
  EXPECT_NE(Value("ab"), Value::bin("ab"));
}

TEST(Value, AnswersWithTheDefaultWhereTheKindIsAnother) {
  const Value value = everything();
  EXPECT_EQ(value["text"].as_int(3), 3);
  EXPECT_EQ(value["negative"].as_uint(3), 3u);
  EXPECT_EQ(value["highest"].as_int(3), 3);
  EXPECT_EQ(value["small"].as_str("x"), "x");
  EXPECT_EQ(value["text"].as_bin("x"), "x");
  EXPECT_TRUE(value["nowhere"].is_nil());
  EXPECT_TRUE(value["nowhere"]["deeper"][3].is_nil());
  EXPECT_DOUBLE_EQ(value["small"].as_double(), 7.0);
}

TEST(Value, IsBuiltPieceByPiece) {
  Value value;
  value["refs"]["order"] = "T_1";
  value["lines"].push_back(Value::map({{"sku", "A"}}));
  EXPECT_EQ(value["refs"]["order"].as_str(), "T_1");
  EXPECT_EQ(value["lines"][0]["sku"].as_str(), "A");
  EXPECT_EQ(value["lines"].size(), 1u);
  EXPECT_THROW(value["lines"].make_map(), std::logic_error);
}

TEST(Map, KeepsTheOrderOfInsertionAndFindsTheFirst) {
  Map map{{"b", 1}, {"a", 2}};
  map.set("c", 3);
  map.set("b", 4);
  map.add("a", 5);
  std::string order;
  for (const auto& [name, value] : map) order += name;
  EXPECT_EQ(order, "baca");
  EXPECT_EQ(map["b"].as_int(), 4);
  EXPECT_EQ(map["a"].as_int(), 2);
  EXPECT_TRUE(map.erase("b"));
  EXPECT_FALSE(map.erase("b"));
}

// The frame of frames.md and README.md, as bytes for good.
TEST(Value, WritesARequestFrameAsDocumented) {
  const Value frame = Value::array({3, 1, "kv.get", 1000, Value::map({{"key", Value::bin("at")}})});
  EXPECT_EQ(hex(encode(frame)), "950301a66b762e676574cd03e881a36b6579c4026174");
  EXPECT_EQ(hex(encode(Value::array({4, 1, Value::bin("17")}))), "930401c4023137");
  std::string written;
  Writer(written).array(5).integer(3).integer(1).text("kv.get").integer(1000).map(1);
  Writer(written).key("key").bin("at");
  EXPECT_EQ(written, encode(frame));
}

TEST(Value, WritesEventsAsStoredBytes) {
  const Value facts = Value::map({{"shop", "mail"},
                                  {"thread", Value::bin(std::string(16, '\x11'))},
                                  {"at", std::int64_t{1'760'000'000'000}},
                                  {"auto", false}});
  EXPECT_EQ(
      hex(encode(facts)),
      "84a473686f70a46d61696ca6746872656164c41011111111111111111111111111111111a26174cf00000199c8"
      "2cc000a46175746fc2");
}

// Five bytes that announce four billion of something.
TEST(Decode, FiveBytesAllocateNothing) {
  for (const char kind : {'\xdd', '\xdf', '\xdb', '\xc6', '\xc9'}) {
    const std::string bytes = std::string(1, kind) + "\xff\xff\xff\xff";
    Document document;
    largest_allocation = 0;
    EXPECT_FALSE(document.parse(bytes)) << hex(bytes);
    EXPECT_LT(largest_allocation, 4096u) << hex(bytes);
    EXPECT_TRUE(document.root().is_nil());
  }
  // Within the limit of items, but cut short: memory follows the bytes that are there.
  largest_allocation = 0;
  EXPECT_EQ(decode(std::string_view("\xdd\x00\x00\xff\xff", 5)).error().message, "cut short");
  EXPECT_EQ(decode(std::string_view("\xdf\x00\x00\xff\xff", 5)).error().message, "cut short");
  EXPECT_LT(largest_allocation, 4096u);
}

TEST(Decode, RefusesWhatIsBeyondItsLimits) {
  const std::string deep33(33, '\x91');
  const std::string deep32 = std::string(32, '\x91') + "\x01";
  EXPECT_EQ(decode(deep33 + "\x01").error().code, Status::limit);
  EXPECT_TRUE(decode(deep32));
  Array many(65'537);
  EXPECT_EQ(decode(encode(Value(many))).error().code, Status::limit);
  many.pop_back();
  EXPECT_TRUE(decode(encode(Value(many))));
  const std::string large(1'048'576, 'x');
  EXPECT_EQ(decode(encode(Value(large))).error().code, Status::limit);
  EXPECT_EQ(decode("\x91\x91\x01", Limits{.depth_max = 1}).error().code, Status::limit);
}

TEST(Decode, RefusesWhatIsNotAgreed) {
  const auto message = [](std::string_view bytes) { return decode(bytes).error().message; };
  EXPECT_EQ(message(""), "cut short");
  EXPECT_EQ(message("\x92\x01"), "cut short");
  EXPECT_EQ(message("\xc1"), "not msgpack");
  EXPECT_EQ(message("\x01\x02"), "bytes follow the value");
  EXPECT_EQ(message("\x81\x01\x02"), "a map's key is not text");
  EXPECT_EQ(message("\x81\x90\x02"), "a map's key is not text");
  EXPECT_EQ(message("\xd4\x01\x02"), "extension types are not used");
  EXPECT_EQ(message("\xa2\xc0\x80"), "text is not UTF-8");
}

TEST(Decode, ReadsWhatOthersWriteLonger) {
  EXPECT_EQ(*decode(std::string_view("\xcf\x00\x00\x00\x00\x00\x00\x00\x07", 9)), Value(7));
  EXPECT_EQ(*decode(std::string_view("\xd3\x00\x00\x00\x00\x00\x00\x00\x07", 9)), Value(7));
  EXPECT_EQ(*decode(std::string_view("\xca\x3f\x00\x00\x00", 5)), Value(0.5));
  EXPECT_EQ(*decode(std::string_view("\xda\x00\x02hi", 5)), Value("hi"));
}

// Whatever bytes come: an answer, and no fault. Every message cut and flipped at every place.
TEST(Decode, SurvivesDamage) {
  const std::string good = encode(everything());
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    EXPECT_FALSE(decode(std::string_view(good).substr(0, at)));
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const auto value = decode(bad);
      if (value) {
        EXPECT_TRUE(decode(encode(*value)));
        ++accepted;
      }
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST(View, WalksMapsAndArrays) {
  const std::string bytes = encode(everything());
  Document document;
  ASSERT_TRUE(document.parse(bytes));
  const View root = document.root();
  EXPECT_EQ(root.size(), 12u);
  std::string names;
  for (auto [name, value] : root.members()) names += std::string(name) + " ";
  EXPECT_EQ(names, "nil yes no small negative lowest highest half text empty bin list ");
  std::size_t count = 0;
  for (View item : root["list"]) count += item.is_nil() ? 0u : 1u;
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(root["list"][1].as_str(), "two");
  EXPECT_TRUE(root["list"][4].is_nil());
  EXPECT_TRUE(root.contains("nil"));
  EXPECT_FALSE(root.contains("other"));
  for (View item : root["text"]) ADD_FAILURE() << item.as_str();
  for (auto [name, value] : root["list"].members()) ADD_FAILURE() << name;
  // Text points into the bytes.
  EXPECT_GE(root["text"].as_str().data(), bytes.data());
  EXPECT_LT(root["text"].as_str().data(), bytes.data() + bytes.size());
}

TEST(Document, IsReused) {
  Document document;
  const std::string first = encode(Value::map({{"a", 1}}));
  ASSERT_TRUE(document.parse(first));
  EXPECT_EQ(document.root()["a"].as_int(), 1);
  EXPECT_FALSE(document.parse("\xc1"));
  EXPECT_TRUE(document.root().is_nil());
  const std::string second = encode(Value::array({2}));
  ASSERT_TRUE(document.parse(second));
  EXPECT_EQ(document.root()[0].as_int(), 2);
}

TEST(Utf8, IsToldFromOtherBytes) {
  for (const char* good : {"", "plain", "é", "中文", "😀", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
    EXPECT_EQ(fix_utf8(good), good);
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "ab\xe4\xb8", "\xff", "\xd6\xd0\xce\xc4"}) {
    EXPECT_FALSE(is_utf8(bad)) << hex(bad);
    EXPECT_TRUE(is_utf8(fix_utf8(bad))) << hex(bad);
  }
  EXPECT_EQ(fix_utf8("a\xff"
                     "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 3;
  const Result<int> bad = Error{Status::limit, "too many", "lines"};
  EXPECT_EQ(*good, 3);
  EXPECT_EQ(bad.error().where, "lines");
  EXPECT_EQ(bad.value_or(4), 4);
  EXPECT_THROW((void)bad.value(), std::logic_error);
  EXPECT_THROW((void)good.error(), std::logic_error);
  EXPECT_TRUE(Result<void>().has_value());
  EXPECT_STREQ(to_string(Status::deadline), "deadline");
}

}  // namespace
}  // namespace deskmate
