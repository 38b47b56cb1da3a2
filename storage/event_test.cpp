#include "storage/event.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "storage/bytes.hpp"
#include "storage/event_bytes.hpp"

namespace deskmate::storage {
namespace {

template <std::size_t size>
std::array<std::uint8_t, size> any_bytes() {
  return array_of<size>(*rc::gen::container<std::string>(size, rc::gen::arbitrary<char>()));
}

HeaderView any_header(std::string& type, std::string& facts) {
  type = *rc::gen::nonEmpty<std::string>();
  type.resize(std::min(type.size(), type_max));
  facts = *rc::gen::arbitrary<std::string>();
  HeaderView header;
  header.schema = *rc::gen::arbitrary<std::uint16_t>();
  header.stamp = *rc::gen::arbitrary<std::uint64_t>();
  header.type = type;
  header.facts = facts;
  if (*rc::gen::arbitrary<bool>()) {
    header.flags |= flag_request;
    header.home = any_bytes<32>();
  }
  if (*rc::gen::arbitrary<bool>()) {
    header.flags |= flag_body;
    header.body_hash = any_bytes<32>();
    if (*rc::gen::arbitrary<bool>()) {
      header.flags |= flag_sealed;
      header.seal_alg = seal_xchacha20_poly1305;
      header.key_id = any_bytes<16>();
    }
  }
  return header;
}

TEST(EventHeader, ReadsBackWhatWasWritten) {
  EXPECT_TRUE(rc::check("any header", [] {
    std::string type;
    std::string facts;
    HeaderView header = any_header(type, facts);
    std::string bytes = encode(header);
    auto read = decode_header(bytes);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->type == header.type);
    RC_ASSERT(read->facts == header.facts);
    RC_ASSERT(read->stamp == header.stamp);
    RC_ASSERT(read->home == header.home);
    RC_ASSERT(read->key_id == header.key_id);
    RC_ASSERT(read->body_hash == header.body_hash);
    RC_ASSERT(encode(*read) == bytes);
  }));
}

TEST(EventHeader, RefusesEveryCutAndEveryAddedByte) {
  HeaderView header;
  header.flags = flag_body | flag_request;
  header.type = "reply.requested";
  header.home = Id32{1};
  header.body_hash = Hash32{2};
  header.facts = "facts";
  std::string bytes = encode(header);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_header(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_header(bytes + "x"));
}

TEST(EventHeader, ArbitraryBytesAreNeverMoreThanAnError) {
  EXPECT_TRUE(rc::check("any bytes", [](const std::string& bytes) {
    auto read = decode_header(bytes);
    if (read) RC_ASSERT(encode(*read) == bytes);
  }));
}

TEST(EventHeader, SaysWhatNeedsANewerVersion) {
  HeaderView header;
  header.type = "a";
  header.version = 2;
  EXPECT_EQ(decode_header(encode(header)).error().code, Errc::newer);
  header.version = 1;
  header.flags = 8;
  EXPECT_EQ(decode_header(encode(header)).error().code, Errc::newer);
}

TEST(EventHeader, RefusesFlagsThatDisagreeWithTheFields) {
  HeaderView header;
  header.type = "a";
  EXPECT_TRUE(check_header(header));
  header.seal_alg = seal_xchacha20_poly1305;
  EXPECT_FALSE(check_header(header));
  header.seal_alg = seal_none;
  header.home = Id32{};
  EXPECT_FALSE(check_header(header));
  header.home.reset();
  header.type = "";
  EXPECT_FALSE(check_header(header));
  std::string long_type(type_max + 1, 'a');
  header.type = long_type;
  EXPECT_FALSE(check_header(header));
}

TEST(LogKey, SortsAsItsFieldsDo) {
  EXPECT_TRUE(rc::check("any two keys", [] {
    LogKey a{{any_bytes<16>(), any_bytes<32>(), *rc::gen::arbitrary<std::uint64_t>()},
             *rc::gen::arbitrary<std::uint64_t>()};
    LogKey b = a;
    b.log.incarnation = *rc::gen::arbitrary<std::uint64_t>();
    b.seq = *rc::gen::arbitrary<std::uint64_t>();
    RC_ASSERT((a < b) == (encode(a) < encode(b)));
    auto bytes = encode(a);
    RC_ASSERT(*decode_log_key(view_of(bytes)) == a);
  }));
}

TEST(LogKey, RefusesOtherSizes) {
  EXPECT_FALSE(decode_log_key(std::string(63, 'a')));
  EXPECT_FALSE(decode_log_key(std::string(65, 'a')));
}

TEST(Chain, DependsOnLogOrderAndEveryRecord) {
  LogName log;
  LogName other = log;
  other.incarnation = 1;
  EXPECT_NE(chain_start(log), chain_start(other));
  Hash32 start = chain_start(log);
  EXPECT_NE(chain_next(chain_next(start, "a"), "b"), chain_next(chain_next(start, "b"), "a"));
}

}  // namespace
}  // namespace deskmate::storage
