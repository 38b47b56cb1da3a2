#include "storage/keys.hpp"

#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "storage/key_id.hpp"
#include "storage/sealing.hpp"
#include "storage/secret_file.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

class Keys : public ::testing::Test {
 protected:
  Keys() : secrets_(must(Secrets::open(folder_ / "secrets", true))) {}
  std::unique_ptr<KeyRing> open(KeysPosition committed = {}) {
    return must(KeyRing::open(folder_.path(), secrets_, committed));
  }
  Errc open_error(KeysPosition committed = {}) {
    auto opened = KeyRing::open(folder_.path(), secrets_, committed);
    return opened ? Errc::invalid : opened.error().code;
  }
  BuyerKey key_for(KeyRing& ring, std::uint8_t buyer) {
    Id16 id = buyer_of(buyer);
    return must(ring.keys_for(std::span(&id, 1))).front();
  }
  std::string file() { return folder_ / "keys"; }

  TempFolder folder_;
  Secrets secrets_;
};

TEST_F(Keys, StayWithTheirBuyer) {
  BuyerKey first;
  {
    auto ring = open();
    first = key_for(*ring, 1);
    EXPECT_NE(key_for(*ring, 2).key, first.key);
    EXPECT_EQ(key_for(*ring, 1).key, first.key);
  }
  auto ring = open({1, 2});
  EXPECT_EQ(key_for(*ring, 1).id, first.id);
  EXPECT_EQ(must(ring->find(first.id)), first.key);
  EXPECT_EQ(must(ring->find(buyer_of(9))), std::nullopt);
}

TEST_F(Keys, AreNeverInTheFileUnwrapped) {
  auto ring = open();
  auto key = key_for(*ring, 1);
  EXPECT_EQ(read_bytes(file()).find(view_of(key.key)), std::string::npos);
}

TEST_F(Keys, ATornEndIsDroppedAndWrittenOver) {
  BuyerKey first;
  {
    auto ring = open();
    first = key_for(*ring, 1);
    key_for(*ring, 2);
  }
  std::string whole = read_bytes(file());
  constexpr std::size_t record = 112;
  for (std::size_t cut : {std::size_t{1}, std::size_t{50}, record - 1}) {
    write_bytes(file(), whole.substr(0, whole.size() - cut));
    auto ring = open({1, 1});
    EXPECT_EQ(ring->position().records, 1U);
    EXPECT_EQ(key_for(*ring, 1).key, first.key);
    BuyerKey second = key_for(*ring, 2);
    ring.reset();
    EXPECT_EQ(key_for(*open({1, 2}), 2).key, second.key);
  }
  // Zeros, as a filesystem leaves where data had not arrived.
  write_bytes(file(), whole.substr(0, whole.size() - record) + std::string(record, '\0'));
  EXPECT_EQ(open({1, 1})->position().records, 1U);
}

TEST_F(Keys, DamageBelowWhatWasCommittedIsAnError) {
  {
    auto ring = open();
    key_for(*ring, 1);
    key_for(*ring, 2);
  }
  std::string whole = read_bytes(file());
  for (std::size_t at : {std::size_t{0}, std::size_t{20}, std::size_t{60}, whole.size() - 1}) {
    std::string garbled = whole;
    garbled[at] = static_cast<char>(garbled[at] ^ 1);
    write_bytes(file(), garbled);
    EXPECT_EQ(open_error({1, 2}), Errc::damaged) << at;
  }
  write_bytes(file(), whole.substr(0, whole.size() - 1));
  EXPECT_EQ(open_error({1, 2}), Errc::damaged);
  write_bytes(file(), "");
  EXPECT_EQ(open_error({1, 2}), Errc::damaged);
  std::filesystem::remove(file());
  EXPECT_EQ(open_error({1, 2}), Errc::damaged);
  write_bytes(file(), whole);
  EXPECT_EQ(open_error({2, 1}), Errc::damaged);
  open({1, 2});
}

TEST_F(Keys, AnotherWrappingKeyOpensNothing) {
  key_for(*open(), 1);
  std::filesystem::remove(folder_ / "secrets/wrapping.key");
  secrets_ = must(Secrets::open(folder_ / "secrets", true));
  EXPECT_EQ(open_error({1, 1}), Errc::damaged);
}

TEST_F(Keys, ErasingTakesTheBytesOutOfTheFile) {
  BuyerKey first;
  BuyerKey second;
  std::string record;
  {
    auto ring = open();
    first = key_for(*ring, 1);
    record = read_bytes(file()).substr(40, 112);
    second = key_for(*ring, 2);
    EXPECT_EQ(must(ring->erase(buyer_of(1))), std::vector<Id16>{first.id});
    EXPECT_TRUE(must(ring->erase(buyer_of(1))).empty());
    EXPECT_EQ(must(ring->find(first.id)), std::nullopt);
    EXPECT_TRUE(ring->erased(first.id));
    EXPECT_NE(key_for(*ring, 1).id, first.id);  // who comes back is somebody new
  }
  EXPECT_EQ(read_bytes(file()).find(view_of(first.id)), std::string::npos);
  EXPECT_EQ(read_bytes(file()).find(record.substr(32)), std::string::npos);
  auto ring = open({1, 2});
  EXPECT_TRUE(ring->erased(first.id));
  EXPECT_EQ(must(ring->find(second.id)), second.key);
}

TEST_F(Keys, AnErasureThatWasCutShortIsFinishedAtTheNextOpen) {
  auto ring = open();
  BuyerKey first = key_for(*ring, 1);
  key_for(*ring, 2);
  std::string before = read_bytes(file());
  must(ring->erase(buyer_of(1)));
  ring.reset();
  write_bytes(file(), before);  // the list was written, the file was not
  ring = open({1, 2});
  EXPECT_EQ(must(ring->find(first.id)), std::nullopt);
  EXPECT_EQ(read_bytes(file()).find(view_of(first.id)), std::string::npos);
  EXPECT_EQ(ring->position().records, 1U);
}

TEST_F(Keys, AHalfWrittenLineOfTheErasureListIsNoErasure) {
  auto ring = open();
  BuyerKey first = key_for(*ring, 1);
  key_for(*ring, 2);
  std::string list = folder_ / "secrets/erased";
  must(write_secret_file(list, hex(first.id).substr(0, 20)));
  ring.reset();
  ring = open({1, 2});
  EXPECT_EQ(must(ring->find(first.id)), first.key);
  must(ring->erase(buyer_of(2)));
  EXPECT_EQ(read_bytes(list).size(), 33U);
  must(write_secret_file(list, std::string(33, 'x')));
  ring.reset();
  EXPECT_EQ(open_error({1, 2}), Errc::damaged);
}

CarriedKey carried_of(std::uint8_t id, std::uint8_t buyer) {
  CarriedKey key;
  key.key_id.fill(id);
  key.buyer = buyer_of(buyer);
  key.key.fill(static_cast<std::uint8_t>(id + 1));
  return key;
}

TEST_F(Keys, ComeFromOtherPeersAndStay) {
  const CarriedKey keys[] = {carried_of(10, 1), carried_of(11, 2), carried_of(10, 3)};
  BuyerKey own;
  {
    auto ring = open();
    own = key_for(*ring, 1);
    must(ring->take(keys));
    EXPECT_EQ(ring->position().records, 3U);  // one came twice
    must(ring->take(keys));
    EXPECT_EQ(ring->position().records, 3U);
    EXPECT_EQ(key_for(*ring, 1).id, own.id);
    EXPECT_EQ(key_for(*ring, 2).id, keys[1].key_id);
  }
  auto ring = open({1, 3});
  EXPECT_EQ(must(ring->find(keys[0].key_id)), keys[0].key);
  EXPECT_EQ(key_for(*ring, 1).id, own.id);
  auto ids = ring->ids_of(buyer_of(1));
  EXPECT_EQ(ids.size(), 2U);
  ids.push_back(Id16{});  // unknown
  auto carried = ring->carried(ids);
  ASSERT_EQ(carried.size(), 2U);
  for (const CarriedKey& key : carried) {
    EXPECT_EQ(key.buyer, buyer_of(1));
    EXPECT_EQ(must(ring->find(key.key_id)), key.key);
  }
  EXPECT_EQ(read_bytes(file()).find(view_of(keys[0].key)), std::string::npos);  // wrapped
  EXPECT_EQ(ring->take(std::vector<CarriedKey>(keys_carried_max + 1)).error().code, Errc::limit);
  EXPECT_EQ(ring->erase_ids(std::vector<Id16>(keys_carried_max + 1)).error().code, Errc::limit);
}

TEST_F(Keys, AreNamedByWhatTheyAre) {
  auto ring = open();
  const BuyerKey own = key_for(*ring, 1);
  EXPECT_EQ(own.id, key_id_of(buyer_of(1), own.key));
  EXPECT_NE(own.id, key_id_of(buyer_of(2), own.key));
  std::vector<CarriedKey> keys(3, {own.id, buyer_of(1), own.key});
  keys[1].key[31] ^= 1;
  keys[2].buyer = buyer_of(2);
  keep_fitting(keys, {});
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].key, own.key);
}

// Ids that older versions drew at random are taken with what they open.
TEST_F(Keys, WithIdsOfOlderVersionsMustOpenWhatTheyComeWith) {
  const CarriedKey right = carried_of(10, 1);
  CarriedKey wrong = right;
  wrong.key[0] ^= 1;
  const LogName log{{1}, {2}, 3};
  Stretch stretch;
  stretch.log = log;
  stretch.first = 7;
  HeaderView header;
  header.flags = flag_body | flag_sealed;
  header.seal_alg = seal_xchacha20_poly1305;
  header.type = "message.received";
  header.key_id = right.key_id;
  header.body_hash = Hash32{};
  header.facts = "\x80";
  std::string body;
  seal(body, right.key, body_context({log, 7}, header.type), "words");
  stretch.items.push_back({encode(header), body});
  std::vector<CarriedKey> keys{wrong, right, carried_of(11, 1)};
  keep_fitting(keys, stretch);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].key, right.key);
}

TEST_F(Keys, ThatWereErasedDoNotComeBack) {
  const CarriedKey here = carried_of(10, 1);
  const CarriedKey later = carried_of(11, 1);
  const Id16 ids[] = {here.key_id, later.key_id};
  {
    auto ring = open();
    BuyerKey own = key_for(*ring, 1);
    must(ring->take(std::span(&here, 1)));
    EXPECT_TRUE(must(ring->erase_ids(ids)));
    EXPECT_FALSE(must(ring->erase_ids(ids)));
    EXPECT_TRUE(ring->erased(later.key_id));
    must(ring->take(std::vector<CarriedKey>{here, later}));
    EXPECT_EQ(ring->ids_of(buyer_of(1)), std::vector<Id16>{own.id});
    EXPECT_EQ(key_for(*ring, 1).id, own.id);
  }
  EXPECT_EQ(read_bytes(file()).find(view_of(here.key_id)), std::string::npos);
  EXPECT_EQ(read_bytes(folder_ / "secrets/erased").size(), 66U);
  auto ring = open();
  must(ring->take(std::span(&later, 1)));
  EXPECT_EQ(must(ring->find(later.key_id)), std::nullopt);
}

TEST_F(Keys, ABuyerGoesOnWithTheKeyThatIsLeft) {
  const CarriedKey other = carried_of(10, 1);
  auto ring = open();
  BuyerKey own = key_for(*ring, 1);
  must(ring->take(std::span(&other, 1)));
  must(ring->erase_ids(std::span(&own.id, 1)));
  EXPECT_EQ(key_for(*ring, 1).id, other.key_id);
  EXPECT_EQ(must(ring->erase(buyer_of(1))), std::vector<Id16>{other.key_id});
  EXPECT_TRUE(ring->ids_of(buyer_of(1)).empty());
}

TEST_F(Keys, ManyAreFoundAgainWhateverWasErasedBetween) {
  constexpr std::size_t count = 5 * keys_open_max;
  std::vector<CarriedKey> keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Alike but for their last bytes, as an unkind peer would make them; two of each buyer.
    put_number(reinterpret_cast<char*>(keys[i].key_id.data()) + 8, i + 1);
    put_number(reinterpret_cast<char*>(keys[i].buyer.data()) + 8, i / 2 + 1);
    keys[i].key.fill(static_cast<std::uint8_t>(i));
    put_number(reinterpret_cast<char*>(keys[i].key.data()), i);
  }
  const auto gone = [](std::size_t i) { return i % 3 == 0; };
  const auto check = [&](KeyRing& ring, bool after) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = must(ring.find(keys[i].key_id));
      const bool here = !after || !gone(i);
      ASSERT_EQ(found.has_value(), here) << i;
      ASSERT_EQ(ring.contains(keys[i].key_id), here) << i;
      ASSERT_EQ(ring.erased(keys[i].key_id), !here) << i;
      if (here) {
        ASSERT_EQ(*found, keys[i].key) << i;
      }
      if (i % 2 == 1) continue;
      const std::size_t first = here ? i : i + 1;
      ASSERT_EQ(must(ring.keys_for(std::span(&keys[i].buyer, 1))).front().id, keys[first].key_id);
    }
  };
  std::vector<Id16> ids;
  for (std::size_t i = 0; i < count; ++i) {
    if (gone(i)) ids.push_back(keys[i].key_id);
  }
  {
    auto ring = open();
    must(ring->take(keys));
    check(*ring, false);
  }
  auto ring = open({1, count});
  check(*ring, false);
  EXPECT_TRUE(must(ring->erase_ids(ids)));
  check(*ring, true);
  // Those that come later stand where the file says they do.
  const BuyerKey fresh = key_for(*ring, 200);
  check(*ring, true);
  ring.reset();
  ring = open({2, count - ids.size() + 1});
  check(*ring, true);
  EXPECT_EQ(must(ring->find(fresh.id)), fresh.key);
}

TEST_F(Keys, WhatIsDamagedWhileOpenIsToldAndSpoilsNoOther) {
  BuyerKey first;
  BuyerKey second;
  {
    auto ring = open();
    first = key_for(*ring, 1);
    second = key_for(*ring, 2);
  }
  auto ring = open({1, 2});
  std::string garbled = read_bytes(file());
  garbled[40 + 50] = static_cast<char>(garbled[40 + 50] ^ 1);
  write_bytes(file(), garbled);
  EXPECT_EQ(ring->find(first.id).error().code, Errc::damaged);
  const Id16 buyer = buyer_of(1);
  EXPECT_EQ(ring->keys_for(std::span(&buyer, 1)).error().code, Errc::damaged);
  EXPECT_EQ(must(ring->find(second.id)), second.key);
  const Id16 both[] = {first.id, second.id};
  EXPECT_EQ(ring->carried(both).size(), 1U);
  // It can still be destroyed.
  EXPECT_EQ(must(ring->erase(buyer_of(1))), std::vector<Id16>{first.id});
  EXPECT_EQ(must(ring->find(first.id)), std::nullopt);
  EXPECT_EQ(must(ring->find(second.id)), second.key);
}

TEST_F(Keys, AreReadWhileOthersComeAndGo) {
  constexpr std::uint8_t buyers = 12;
  auto ring = open();
  std::vector<BuyerKey> keys;
  for (std::uint8_t buyer = 0; buyer < buyers; ++buyer) keys.push_back(key_for(*ring, buyer));
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        for (const BuyerKey& key : keys) {
          auto found = ring->find(key.id);
          const bool right = found && (*found ? **found == key.key : ring->erased(key.id));
          if (!right) ++wrong;
          std::this_thread::yield();  // outside the lock, or a writer never gets it
        }
      }
    });
  }
  for (std::uint8_t buyer = 0; buyer < buyers; buyer = static_cast<std::uint8_t>(buyer + 2)) {
    must(ring->erase(buyer_of(buyer)));
    key_for(*ring, static_cast<std::uint8_t>(buyers + buyer));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  for (std::uint8_t buyer = 0; buyer < buyers; ++buyer) {
    EXPECT_EQ(must(ring->find(keys[buyer].id)).has_value(), buyer % 2 == 1);
  }
}

TEST(KeyCache, HoldsTheLastUsed) {
  const auto id_of = [](std::size_t i) {
    Id16 id{};
    put_number(reinterpret_cast<char*>(id.data()), i);
    return id;
  };
  const auto key_of = [](std::size_t i) {
    Key32 key{};
    put_number(reinterpret_cast<char*>(key.data()), i);
    return key;
  };
  KeyCache cache;
  for (std::size_t i = 0; i < keys_open_max; ++i) cache.put(id_of(i), key_of(i));
  EXPECT_EQ(cache.find(id_of(0)), key_of(0));  // now the last used
  cache.put(id_of(keys_open_max), key_of(keys_open_max));
  cache.put(id_of(keys_open_max), key_of(keys_open_max));
  EXPECT_EQ(cache.size(), keys_open_max);
  EXPECT_EQ(cache.find(id_of(1)), std::nullopt);
  EXPECT_EQ(cache.find(id_of(0)), key_of(0));
  EXPECT_EQ(cache.find(id_of(keys_open_max)), key_of(keys_open_max));
  cache.erase(id_of(0));
  cache.erase(id_of(1));
  EXPECT_EQ(cache.size(), keys_open_max - 1);
  EXPECT_EQ(cache.find(id_of(0)), std::nullopt);
}

TEST(SecretFile, IsRefusedWhenOthersMayReadIt) {
  TempFolder folder;
  std::string path = folder / "secret";
  must(write_secret_file(path, "s"));
  EXPECT_EQ(must(read_secret_file(path)), "s");
  for (unsigned mode : {0640U, 0604U, 0620U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ(read_secret_file(path).error().code, Errc::unsupported) << mode;
  }
  EXPECT_EQ(read_secret_file(folder / "none").error().code, Errc::not_found);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(read_secret_file(path, 0).error().code, Errc::limit);
}

}  // namespace
}  // namespace deskmate::storage
