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

// A store that lacks a file of another one's.
class SealedFiles : public ::testing::Test {
 protected:
  SealedFiles() : from(open_at(from_folder.path())), to(open_at(to_folder.path())) {
    hash = must(from->put_file(buyer_of(1), bytes_of(200'000)));
    total = must(from->read_sealed_file(hash, 0, 0)).total;
  }
  // Fetches from where it stands, at most so many pieces; whether it is whole.
  bool fetch(std::size_t piece_size, int pieces = 1'000'000) {
    bool whole = false;
    while (!whole && pieces-- > 0) {
      const std::uint64_t at = to->sealed_part(hash);
      auto piece = must(from->read_sealed_file(hash, at, piece_size));
      whole = must(to->put_sealed_file(hash, at, piece.bytes, piece.total));
    }
    return whole;
  }
  void open_again() {
    to.reset();
    to = open_at(to_folder.path());
  }
  TempFolder from_folder;
  TempFolder to_folder;
  std::unique_ptr<Store> from;
  std::unique_ptr<Store> to;
  Hash32 hash{};
  std::uint64_t total = 0;
};

TEST_F(SealedFiles, BelongToTheBuyerWhoseKeySealedThem) {
  EXPECT_EQ(must(from->file_size(buyer_of(1), hash)), 200'000U);
  must(from->put_file(buyer_of(2), "another"));
  EXPECT_EQ(from->file_size(buyer_of(2), hash).error().code, Errc::not_found);
  EXPECT_EQ(from->file_size(buyer_of(3), hash).error().code, Errc::not_found);
  EXPECT_EQ(from->file_size(buyer_of(1), Hash32{}).error().code, Errc::not_found);
}

TEST_F(SealedFiles, AreFetchedInPiecesAndOpenWithTheirKey) {
  EXPECT_FALSE(to->has_file(hash));
  EXPECT_TRUE(fetch(30'000));
  EXPECT_TRUE(to->has_file(hash));
  EXPECT_EQ(to->sealed_part(hash), 0U);
  EXPECT_EQ(read_bytes(path_of(to_folder, hash)), read_bytes(path_of(from_folder, hash)));
  EXPECT_EQ(to->get_file(hash, 0, 10).error().code, Errc::not_found);
  must(to->import_keys(from->export_keys(from->keys_of(buyer_of(1)))));
  EXPECT_EQ(must(to->get_file(hash, 0, 1'000'000)), bytes_of(200'000));
  EXPECT_TRUE(must(to->put_sealed_file(hash, 0, "again", total)));  // is there
  EXPECT_TRUE(must(to->verify()).faults.empty());
}

TEST_F(SealedFiles, GoOnAfterARestart) {
  EXPECT_FALSE(fetch(30'000, 3));
  EXPECT_EQ(to->sealed_part(hash), 90'000U);
  EXPECT_TRUE(must(to->verify()).faults.empty());
  EXPECT_EQ(to->get_file(hash, 0, 10).error().code, Errc::not_found);
  open_again();
  EXPECT_EQ(to->sealed_part(hash), 90'000U);
  EXPECT_FALSE(to->has_file(hash));
  EXPECT_TRUE(fetch(30'000));
}

TEST_F(SealedFiles, BeginAgainAtTheFirstByte) {
  EXPECT_FALSE(must(to->put_sealed_file(hash, 0, std::string(total + 10, 'x'), total + 20)));
  EXPECT_EQ(to->put_sealed_file(hash, 5, "piece", total).error().code, Errc::gap);
  const auto piece = must(from->read_sealed_file(hash, 0, 1'000));
  EXPECT_FALSE(must(to->put_sealed_file(hash, 0, piece.bytes, total)));
  EXPECT_EQ(to->sealed_part(hash), 1'000u);
  EXPECT_TRUE(fetch(30'000));
}

TEST_F(SealedFiles, PiecesOutOfPlaceAreRefused) {
  EXPECT_EQ(to->put_sealed_file(hash, 5, "piece", total).error().code, Errc::gap);
  EXPECT_FALSE(fetch(30'000, 2));
  EXPECT_EQ(to->put_sealed_file(hash, 70'000, "piece", total).error().code, Errc::gap);
  EXPECT_EQ(to->sealed_part(hash), 60'000U);
  EXPECT_TRUE(fetch(30'000));
}

TEST_F(SealedFiles, WhatIsNotTheirHashIsThrownAway) {
  std::string bytes = must(from->read_sealed_file(hash, 0, 1u << 20)).bytes;
  bytes[100'000] ^= 1;
  EXPECT_EQ(to->put_sealed_file(hash, 0, bytes, total).error().code, Errc::damaged);
  EXPECT_EQ(to->sealed_part(hash), 0U);
  EXPECT_FALSE(to->has_file(hash));
  // Longer than it says, or shorter, or beyond every limit.
  EXPECT_EQ(to->put_sealed_file(hash, 0, bytes, total - 1).error().code, Errc::damaged);
  EXPECT_EQ(to->put_sealed_file(hash, 0, bytes.substr(0, 1'000), 1'000).error().code,
            Errc::damaged);
  EXPECT_EQ(to->put_sealed_file(hash, 0, "x", 10).error().code, Errc::limit);
  EXPECT_EQ(to->put_sealed_file(hash, 0, "x", ~std::uint64_t{0}).error().code, Errc::limit);
  EXPECT_TRUE(fetch(70'000));
}

TEST_F(SealedFiles, WhatAPowerCutGarbledIsFetchedAnew) {
  EXPECT_FALSE(fetch(30'000, 3));
  const std::string path = path_of(to_folder, hash) + ".part";
  std::string bytes = read_bytes(path);
  bytes[50'000] ^= 1;
  to.reset();
  write_bytes(path, bytes);
  to = open_at(to_folder.path());
  while (to->sealed_part(hash) + 30'000 < total) fetch(30'000, 1);
  const std::uint64_t at = to->sealed_part(hash);
  auto last = must(from->read_sealed_file(hash, at, 30'000));
  EXPECT_EQ(to->put_sealed_file(hash, at, last.bytes, total).error().code, Errc::damaged);
  EXPECT_TRUE(fetch(30'000));
}

TEST_F(SealedFiles, OfAnErasedKeyAreCutToTheirHeader) {
  const auto ids = from->keys_of(buyer_of(1));
  must(to->erase_keys(ids));
  EXPECT_TRUE(fetch(30'000));
  EXPECT_TRUE(to->has_file(hash));
  EXPECT_LT(std::filesystem::file_size(path_of(to_folder, hash)), 100U);
  EXPECT_EQ(must(to->get_file(hash, 0, 10)), std::nullopt);
  EXPECT_EQ(to->read_sealed_file(hash, 0, 10).error().code, Errc::not_found);
  must(from->erase_buyer(buyer_of(1)));
  EXPECT_EQ(from->read_sealed_file(hash, 0, 10).error().code, Errc::not_found);
  EXPECT_EQ(from->read_sealed_file(Hash32{}, 0, 10).error().code, Errc::not_found);
  EXPECT_TRUE(must(to->verify()).faults.empty());
}

TEST_F(SealedFiles, HalfReceivedOnesAreNotKeptWithoutEnd) {
  for (std::size_t i = 0; i < file_parts_max + 1; ++i) {
    Hash32 name{};
    put_number(reinterpret_cast<char*>(name.data()), static_cast<std::uint64_t>(i + 1));
    EXPECT_FALSE(must(to->put_sealed_file(name, 0, "piece", total)));
  }
  std::size_t parts = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(to_folder / "files")) {
    parts += file.path().extension() == ".part" ? 1u : 0u;
  }
  EXPECT_EQ(parts, file_parts_max);
}

}  // namespace
}  // namespace deskmate::storage
