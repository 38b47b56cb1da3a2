// The stored bytes of format version 1. If one of these fails, logs that exist can no longer be
// read or checked: the code is wrong, never the test.
#include <gtest/gtest.h>
#include <sodium.h>

#include "storage/event.hpp"
#include "storage/identity.hpp"
#include "storage/layout.hpp"
#include "storage/log_book.hpp"
#include "storage/posix.hpp"
#include "storage/sealing.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::string hex_of(std::string_view bytes) {
  return hex(std::span(unsigned_of(bytes), bytes.size()));
}

LogKey example_key() {
  LogKey key;
  for (std::size_t i = 0; i < key.log.desk.size(); ++i) {
    key.log.desk[i] = static_cast<std::uint8_t>(0xd0 + i);
  }
  for (std::size_t i = 0; i < key.log.peer.size(); ++i) {
    key.log.peer[i] = static_cast<std::uint8_t>(0x10 + i);
  }
  key.log.incarnation = 0x0123456789abcdef;
  key.seq = 42;
  return key;
}

HeaderView example_header() {
  HeaderView header;
  header.flags = flag_body | flag_sealed | flag_request;
  header.seal_alg = seal_xchacha20_poly1305;
  header.schema = 1;
  header.stamp = 1'700'000'000'000ULL << 16 | 7;
  header.type = "reply.requested";
  header.home = example_key().log.peer;
  header.key_id = Id16{};
  header.key_id->fill(0xcc);
  header.body_hash = Hash32{};
  header.body_hash->fill(0xbb);
  header.facts =
      "\x81\xa2"
      "at\x01";
  return header;
}

TEST(Golden, LogKey) {
  auto bytes = encode(example_key());
  EXPECT_EQ(hex(bytes),
            "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf101112131415161718191a1b1c1d1e1f"
            "202122232425262728292a2b2c2d2e2f0123456789abcdef000000000000002a");
}

TEST(Golden, EventId) {
  EXPECT_EQ(hex(event_id(example_key())), "a7de9d4c02c58d1274e75c860393469d");
}

TEST(Golden, Header) {
  EXPECT_EQ(hex_of(encode(example_header())),
            "010701010001018bcfe5680000070f7265706c792e7265717565737465641011"
            "12131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2fcccc"
            "ccccccccccccccccccccccccccccbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbb0000000581a2617401");
}

TEST(Golden, HeaderWithoutBody) {
  HeaderView header;
  header.stamp = 1'700'000'000'000ULL << 16;
  header.type = "member.set";
  header.facts = "\x80";
  EXPECT_EQ(hex_of(encode(header)), "010001000001018bcfe5680000000a6d656d6265722e7365740000000180");
}

TEST(Golden, Chain) {
  Hash32 start = chain_start(example_key().log);
  EXPECT_EQ(hex(start), "61e87d2ce8e23d5eeed8159e680673eb72ba997c96bef3ba026144fd344da987");
  EXPECT_EQ(hex(chain_next(start, encode(example_header()))),
            "382cc7624ab78f9063488fe71870de2be741c172b5b4cfa2a5a565cc469a968f");
}

TEST(Golden, HeadMessage) {
  Hash32 chain = chain_start(example_key().log);
  EXPECT_EQ(hex_of(head_message(example_key(), chain)),
            "6465736b6d6174652e686561642f31d0d1d2d3d4d5d6d7d8d9dadbdcdddedf10"
            "1112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f01"
            "23456789abcdef000000000000002a61e87d2ce8e23d5eeed8159e680673eb72"
            "ba997c96bef3ba026144fd344da987");
}

TEST(Golden, BodyContext) {
  EXPECT_EQ(body_context(example_key(), "reply.requested"),
            std::string(view_of(encode(example_key()))) + "reply.requested");
}

TEST(Golden, SealedBodyOpens) {
  Key32 key{};
  key.fill(0x11);
  std::string nonce(24, '\x22');
  unsigned char digits[128];
  std::size_t size = 0;
  const std::string sealed =
      "222222222222222222222222222222222222222222222222f70f822c3ed680ed"
      "3fcaed5c58fc5167c8deab35fd0e282d";
  ASSERT_EQ(
      sodium_hex2bin(digits, sizeof(digits), sealed.data(), sealed.size(), nullptr, &size, nullptr),
      0);
  std::string_view bytes(reinterpret_cast<const char*>(digits), size);
  EXPECT_TRUE(bytes.starts_with(nonce));
  EXPECT_EQ(unseal(key, body_context(example_key(), "reply.requested"), bytes), "the body");
}

TEST(Golden, DatabaseKeys) {
  EXPECT_EQ(hex_of(view_of(encode(Slot{1, 42}))), "00000001000000000000002a");
  EXPECT_EQ(hex_of(view_of(encode_number(258))), "0000000000000102");
}

// What a peer sends of a log: these bytes are checked by peers of every later version.
TEST(Golden, AStretchThatIsSentIsTaken) {
  TempFolder folder;
  Key32 pseudonym{};
  must(create_joined(options_for(folder.path()), example_key().log.desk, pseudonym));
  auto store = open_at(folder.path());
  const auto bytes_of = [](std::string_view digits) {
    std::string bytes(digits.size() / 2, '\0');
    EXPECT_EQ(sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                             digits.data(), digits.size(), nullptr, nullptr, nullptr),
              0);
    return bytes;
  };
  Stretch stretch;
  stretch.log.desk = example_key().log.desk;
  stretch.log.peer =
      array_of<32>(bytes_of("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"));
  stretch.log.incarnation = 0x0123456789abcdef;
  stretch.first = 1;
  stretch.items = {{bytes_of("010001000001018bcfe5680000000a6d656d6265722e7365740000000180"), ""},
                   {bytes_of("010101000001018bcfe568000001106d6573736167652e7265636569766564"
                             "bdee58c14182a9ebff972ea5af71d293f1de415cc57b84d05019c872a9d2a878"
                             "0000000180"),
                    "\x81\xa1t\xa2hi"}};
  stretch.chain =
      array_of<32>(bytes_of("638b0c6e0dc48536441363cb2848b6dd7f5306733c57ce079fa86af0a340d0b9"));
  stretch.signature =
      array_of<64>(bytes_of("6abf85d54d86ee4099486daec28f245747be78320d29c76c86cef00f6d067b27"
                            "779ed12e8567063ba7d4358c5f145209a0fa2c20d12dcd6d92ae026da60f1a09"));
  auto promise = std::make_shared<std::promise<Result<Arrived>>>();
  auto taken = promise->get_future();
  store->append_stretch(stretch,
                        [promise](Result<Arrived> done) { promise->set_value(std::move(done)); });
  EXPECT_EQ(must(wait_for(std::move(taken))).count, 2U);
  EXPECT_EQ(must(store->read_stretch(stretch.log, 0, 1'000)), stretch);
  EXPECT_EQ(open_body_at(*store, 2), "\x81\xa1t\xa2hi");
  // The same peer would sign it so again.
  Key32 seed{};
  seed.fill(0x11);
  const Identity identity(seed);
  EXPECT_EQ(identity.peer(), stretch.log.peer);
  EXPECT_EQ(identity.sign(head_message({stretch.log, 2}, stretch.chain)), stretch.signature);
}

TEST(Golden, ForkAndCut) {
  Fork fork;
  fork.ours = {3, Hash32{}, {}};
  fork.theirs = {2, Hash32{}, {}};
  fork.ours.chain.fill(0xaa);
  fork.ours.signature.fill(0xbb);
  fork.theirs.chain.fill(0xcc);
  fork.theirs.signature.fill(0xdd);
  const auto repeat = [](std::string_view digits, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += digits;
    return all;
  };
  EXPECT_EQ(hex_of(encode_fork(fork)),
            "01"
            "0000000000000003" +
                repeat("aa", 32) + repeat("bb", 64) + "0000000000000002" + repeat("cc", 32) +
                repeat("dd", 64));
  EXPECT_EQ(hex_of(encode_cut_key(example_key().log.peer, 258)),
            "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f0000000000000102");
}

// Version control keeps no modes, and the tests write.
class StoredFolder {
 public:
  explicit StoredFolder(const char* version) {
    fs::copy(std::string(STORAGE_TESTDATA) + "/" + version, folder_.path(),
             fs::copy_options::recursive);
    fs::permissions(folder_ / "secrets", fs::perms::owner_all);
    for (const auto& file : fs::recursive_directory_iterator(folder_.path())) {
      if (file.is_regular_file()) {
        fs::permissions(file.path(), fs::perms::owner_read | fs::perms::owner_write);
      }
    }
  }
  const std::string& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

TEST(Golden, FolderOfVersion1OpensAndVerifies) {
  StoredFolder folder("v1");
  auto store = open_at(folder.path());
  EXPECT_EQ(hex(store->log().peer),
            "f27d7e235a95b08bc0cbb9a954d5b2ae4d9b26301bcf1def89e4f6a21bc6426f");
  EXPECT_EQ(hex(store->pseudonym_key()),
            "e34872110164184fe0163d0e2a361fd7dd0188e8c2c01a8f36faa4fcd856e0f1");
  auto report = must(store->verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
  EXPECT_EQ(report.events, 5U);
  EXPECT_EQ(report.signatures, 2U);
  EXPECT_EQ(report.erased_bodies, 1U);
  EXPECT_EQ(open_body_at(*store, 1), "body 1");
  EXPECT_EQ(open_body_at(*store, 2), std::nullopt);
  EXPECT_EQ(open_body_at(*store, 3), "body 3");
  EXPECT_EQ(open_body_at(*store, 4), "");
  EXPECT_EQ(open_body_at(*store, 5), std::string(5'000, '5'));
  auto events = read_all(*store);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[3].facts, "facts 4");
  EXPECT_EQ(must(store->cursor("reader")), 2U);
  EXPECT_EQ(must(store->kv_get("owner", "key")), "value");
  EXPECT_EQ(must(store->table_get("table", "key")), "value");
  EXPECT_EQ(store->tables_position(), 3U);
  Hash32 file{};
  const std::string digits = "8814f5094b51f06283fb8c048da8064971594364384c1dd8abc19bb9dfa0337d";
  ASSERT_EQ(sodium_hex2bin(file.data(), file.size(), digits.data(), digits.size(), nullptr, nullptr,
                           nullptr),
            0);
  EXPECT_EQ(must(store->get_file(file, 0, 100)), "attachment");
  EXPECT_EQ(append(*store, {event_of("six", "body 6", 1)})[0].key.seq, 6U);
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

}  // namespace
}  // namespace deskmate::storage
