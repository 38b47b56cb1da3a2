#include "storage/files.hpp"

#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

std::string path_of(const TempFolder& folder, const Hash32& hash) {
  std::string name = hex(hash);
  return folder / ("files/" + name.substr(0, 2) + "/" + name.substr(2));
}

TEST(Files, AnyPartReadsBack) {
  TempFolder folder;
  auto store = open_at(folder.path());
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, file_chunk - 1, file_chunk,
                           file_chunk + 1, 3 * file_chunk + 17}) {
    std::string bytes = bytes_of(size);
    Hash32 hash = must(store->put_file(buyer_of(1), bytes));
    EXPECT_EQ(must(store->get_file(hash, 0, ~std::size_t{0})), bytes) << size;
    EXPECT_EQ(must(store->get_file(hash, size, 10)), "");
    EXPECT_EQ(must(store->get_file(hash, size + 10, 10)), "");
    for (std::size_t from : {std::size_t{1}, file_chunk - 2, file_chunk, 2 * file_chunk - 1}) {
      if (from > size) continue;
      EXPECT_EQ(must(store->get_file(hash, from, 5)), bytes.substr(from, 5)) << size << " " << from;
      EXPECT_EQ(must(store->get_file(hash, from, file_chunk + 3)),
                bytes.substr(from, file_chunk + 3));
    }
  }
}

TEST(Files, AreSealedAndMadeOnce) {
  TempFolder folder;
  auto store = open_at(folder.path());
  Hash32 hash = must(store->put_file(buyer_of(1), "the secret picture"));
  EXPECT_EQ(must(store->put_file(buyer_of(1), "the secret picture")), hash);
  EXPECT_NE(must(store->put_file(buyer_of(2), "the secret picture")), hash);
  EXPECT_EQ(read_bytes(path_of(folder, hash)).find("secret"), std::string::npos);
  store.reset();
  EXPECT_EQ(must(open_at(folder.path())->get_file(hash, 4, 6)), "secret");
}

TEST(Files, DamageIsAnErrorWhereItIs) {
  TempFolder folder;
  auto store = open_at(folder.path());
  Hash32 hash = must(store->put_file(buyer_of(1), bytes_of(2 * file_chunk)));
  std::string path = path_of(folder, hash);
  std::string good = read_bytes(path);
  std::string garbled = good;
  garbled.back() ^= 1;
  write_bytes(path, garbled);
  EXPECT_EQ(must(store->get_file(hash, 0, 10)), bytes_of(10));
  EXPECT_EQ(store->get_file(hash, file_chunk, 10).error().code, Errc::damaged);
  garbled = good;
  garbled[20] ^= 1;  // the header
  write_bytes(path, garbled);
  EXPECT_FALSE(store->get_file(hash, 0, 10));
  write_bytes(path, good.substr(0, good.size() - 1));
  EXPECT_EQ(store->get_file(hash, file_chunk, 10).error().code, Errc::damaged);
  EXPECT_EQ(store->get_file(Hash32{}, 0, 10).error().code, Errc::not_found);
}

TEST(Files, AreGoneWithTheirBuyer) {
  TempFolder folder;
  auto store = open_at(folder.path());
  Hash32 hash = must(store->put_file(buyer_of(1), bytes_of(1000)));
  Hash32 other = must(store->put_file(buyer_of(2), bytes_of(1000)));
  must(store->erase_buyer(buyer_of(1)));
  EXPECT_EQ(must(store->get_file(hash, 0, 10)), std::nullopt);
  EXPECT_LT(std::filesystem::file_size(path_of(folder, hash)), 100U);
  EXPECT_EQ(must(store->get_file(other, 0, 10)), bytes_of(10));
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

TEST(Files, TooLargeIsRefused) {
  TempFolder folder;
  auto store = open_at(folder.path());
  std::string bytes(file_max + 1, '\0');
  EXPECT_EQ(store->put_file(buyer_of(1), bytes).error().code, Errc::limit);
}

TEST(Files, WhatACrashLeftUnfinishedIsRemoved) {
  TempFolder folder;
  Hash32 hash = must(open_at(folder.path())->put_file(buyer_of(1), "x"));
  std::string left = path_of(folder, hash) + ".tmp";
  write_bytes(left, "half");
  open_at(folder.path());
  EXPECT_FALSE(std::filesystem::exists(left));
}

}  // namespace
}  // namespace deskmate::storage
