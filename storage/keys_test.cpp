#include "storage/keys.hpp"

#include <sys/stat.h>

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
  EXPECT_EQ(ring->find(first.id), first.key);
  EXPECT_EQ(ring->find(buyer_of(9)), std::nullopt);
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
    EXPECT_EQ(ring->find(first.id), std::nullopt);
    EXPECT_TRUE(ring->erased(first.id));
    EXPECT_NE(key_for(*ring, 1).id, first.id);  // who comes back is somebody new
  }
  EXPECT_EQ(read_bytes(file()).find(view_of(first.id)), std::string::npos);
  EXPECT_EQ(read_bytes(file()).find(record.substr(32)), std::string::npos);
  auto ring = open({1, 2});
  EXPECT_TRUE(ring->erased(first.id));
  EXPECT_EQ(ring->find(second.id), second.key);
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
  EXPECT_EQ(ring->find(first.id), std::nullopt);
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
  EXPECT_EQ(ring->find(first.id), first.key);
  must(ring->erase(buyer_of(2)));
  EXPECT_EQ(read_bytes(list).size(), 33U);
  must(write_secret_file(list, std::string(33, 'x')));
  ring.reset();
  EXPECT_EQ(open_error({1, 2}), Errc::damaged);
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
