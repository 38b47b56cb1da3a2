// What a folder is refused for, and what the owner is told then.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <random>

#include "storage/layout.hpp"
#include "storage/posix.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

Error open_error(const std::string& folder, const Hooks& hooks = {}) {
  auto opened = open_store(options_for(folder), hooks);
  return opened ? Error{Errc::invalid, "it opened"} : opened.error();
}

void fill(const std::string& folder) {
  auto store = open_at(folder);
  for (int i = 0; i < 20; ++i) {
    append(*store, {event_of(std::string(200, 'f'), std::string(3'000, 'b'), 1)});
  }
}

TEST(Open, MakesAFolderForItsOwnerOnly) {
  TempFolder folder;
  open_at(folder / "a/b");
  for (const char* name : {"a/b", "a/b/secrets"}) {
    struct stat info {};
    ASSERT_EQ(::stat((folder / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U) << name;
  }
  for (const char* name :
       {"a/b/data.mdb", "a/b/keys", "a/b/secrets/identity.key", "a/b/secrets/wrapping.key"}) {
    struct stat info {};
    ASSERT_EQ(::stat((folder / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
  }
}

TEST(Open, ADatabaseThatWasHalfMadeIsMadeAnew) {
  TempFolder folder;
  std::string bare = folder / "bare";
  ASSERT_EQ(::mkdir(bare.c_str(), 0700), 0);
  MDB_env* env = nullptr;
  ASSERT_EQ(mdb_env_create(&env), MDB_SUCCESS);
  ASSERT_EQ(mdb_env_open(env, bare.c_str(), 0, 0600), MDB_SUCCESS);
  mdb_env_close(env);
  std::string pages = read_bytes(bare + "/data.mdb");
  open_at(folder / "desk");  // makes the secrets, which come first
  for (std::size_t part : {pages.size() / 2, pages.size() * 3 / 4}) {
    write_bytes(folder / "desk/data.mdb", pages.substr(0, part));
    std::filesystem::remove(folder / "desk/keys");  // they come later
    append(*open_at(folder / "desk"), {event_of("one", "body", 1)});
    EXPECT_EQ(read_all(*open_at(folder / "desk")).size(), 1U);
  }
  // One that was written to and cut short is damaged, not new.
  fill(folder / "desk");
  ASSERT_EQ(::truncate((folder / "desk/data.mdb").c_str(), static_cast<off_t>(pages.size() / 2)),
            0);
  EXPECT_EQ(open_error(folder / "desk").code, Errc::damaged);
}

TEST(Open, ASecondDaemonIsToldWhoHoldsTheFolder) {
  TempFolder folder;
  auto store = open_at(folder.path());
  Error error = open_error(folder.path());
  EXPECT_EQ(error.code, Errc::in_use);
  EXPECT_NE(error.message.find(std::to_string(::getpid())), std::string::npos);
  store.reset();
  open_at(folder.path());
}

TEST(Open, ANewerFolderIsRefusedUnchanged) {
  TempFolder folder;
  fill(folder.path());
  tamper(folder.path(), [](MDB_txn* txn, const Databases& db) {
    std::string version;
    append_number(version, format_version + 1);
    ASSERT_EQ(put(txn, db.meta, meta_key::version, version), MDB_SUCCESS);
  });
  std::string before = read_bytes(folder / "data.mdb");
  Error error = open_error(folder.path());
  EXPECT_EQ(error.code, Errc::newer);
  EXPECT_NE(error.message.find("Install the newer version"), std::string::npos);
  EXPECT_EQ(read_bytes(folder / "data.mdb"), before);
}

TEST(Open, ANetworkFilesystemIsRefused) {
  TempFolder folder;
  for (std::uint64_t type :
       {0x6969ULL, 0xFF534D42ULL, 0xFFFFFFFFFF534D42ULL, 0x01021997ULL, 0x65735546ULL}) {
    Hooks hooks;
    hooks.filesystem_type = type;
    EXPECT_EQ(open_error(folder.path(), hooks).code, Errc::unsupported) << type;
  }
  Hooks hooks;
  hooks.filesystem_type = 0x6969;
  Options options = options_for(folder.path());
  options.refuse_network_filesystem = false;
  EXPECT_TRUE(open_store(options, hooks));
}

TEST(Open, SecretsThatOthersMayReadAreRefused) {
  TempFolder folder;
  fill(folder.path());
  for (const char* name : {"secrets", "secrets/identity.key", "secrets/wrapping.key"}) {
    std::string path = folder / name;
    ASSERT_EQ(::chmod(path.c_str(), 0750), 0);
    Error error = open_error(folder.path());
    EXPECT_EQ(error.code, Errc::unsupported) << name;
    EXPECT_NE(error.message.find("chmod go= '" + path), std::string::npos) << error.message;
    ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
  }
  open_at(folder.path());
}

TEST(Open, MissingOrForeignSecretsAreNotReplaced) {
  TempFolder folder;
  fill(folder / "a");
  fill(folder / "b");
  for (const char* name : {"identity.key", "wrapping.key"}) {
    std::string path = folder / (std::string("a/secrets/") + name);
    std::string own = read_bytes(path);
    std::filesystem::remove(path);
    EXPECT_EQ(open_error(folder / "a").code, Errc::not_found) << name;
    EXPECT_FALSE(std::filesystem::exists(path));
    std::filesystem::copy_file(folder / (std::string("b/secrets/") + name), path);
    Error error = open_error(folder / "a");
    EXPECT_EQ(error.code, Errc::invalid);
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
    write_bytes(path, own.substr(0, 20));
    EXPECT_EQ(open_error(folder / "a").code, Errc::damaged);
    write_bytes(path, own);
  }
  open_at(folder / "a");
}

TEST(Open, ADatabaseCutShortIsRefusedAtEveryPage) {
  TempFolder folder;
  fill(folder.path());
  std::string whole = read_bytes(folder / "data.mdb");
  for (std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{4096}, std::size_t{8192},
                           std::size_t{12288}, whole.size() / 2}) {
    write_bytes(folder / "data.mdb", whole.substr(0, size));
    Error error = open_error(folder.path());
    EXPECT_EQ(error.code, Errc::damaged) << size;
    EXPECT_NE(error.message.find("deskmate restore"), std::string::npos) << error.message;
  }
  write_bytes(folder / "data.mdb", whole);
  EXPECT_TRUE(must(open_at(folder.path())->verify()).faults.empty());
}

TEST(Open, AnyGarbledPageIsAnErrorAndNeverTheEnd) {
  TempFolder folder;
  fill(folder.path());
  std::string whole = read_bytes(folder / "data.mdb");
  for (const std::string& garbage :
       {std::string(4096, '\xff'), std::string(4096, '\0'), whole.substr(2 * 4096, 4096)}) {
    for (std::size_t page = 0; page * 4096 < whole.size(); ++page) {
      std::string garbled = whole;
      garbled.replace(page * 4096, 4096, garbage);
      write_bytes(folder / "data.mdb", garbled);
      auto opened = open_store(options_for(folder.path()), {});
      if (!opened) {
        EXPECT_EQ(opened.error().code, Errc::damaged) << page << opened.error().message;
        continue;
      }
      // A page nobody uses, or one inside a long value, which only its hash can tell.
      auto report = (*opened)->verify();
      ASSERT_TRUE(report) << page;
    }
  }
}

TEST(Open, AFreeListOfAKindThatIsNotUsedIsAnError) {
  TempFolder folder;
  fill(folder.path());
  std::string garbled = read_bytes(folder / "data.mdb");
  constexpr std::size_t flags_of_free_list = 16 + 24 + 4;  // page header, before the tree, its pad
  constexpr char several_of_one_key = 4;                   // LMDB's MDB_DUPSORT
  for (const std::size_t page : {0U, 4096U}) {
    char& flags = garbled.at(page + flags_of_free_list);
    ASSERT_EQ(flags & 0x7e, 8) << "MDB_INTEGERKEY";
    flags = static_cast<char>(flags | several_of_one_key);
  }
  write_bytes(folder / "data.mdb", garbled);
  EXPECT_EQ(open_error(folder.path()).code, Errc::damaged);
}

// How often the folder was refused, with one page after the other garbled; `garble` says whether it
// did so. A page that nobody uses any more hinders nobody.
std::size_t refused_pages(const TempFolder& folder,
                          const std::function<bool(std::string& bytes, std::size_t page)>& garble) {
  const std::string whole = read_bytes(folder / "data.mdb");
  std::size_t refused = 0;
  for (std::size_t page = 2 * 4096; page < whole.size(); page += 4096) {
    std::string garbled = whole;
    if (!garble(garbled, page)) continue;
    write_bytes(folder / "data.mdb", garbled);
    const auto opened = open_store(options_for(folder.path()), {});
    if (opened) continue;
    EXPECT_EQ(opened.error().code, Errc::damaged);
    ++refused;
  }
  return refused;
}

constexpr std::uint16_t leaf = 2;  // LMDB's P_LEAF

TEST(Open, APageWithoutEntriesIsAnError) {
  TempFolder folder;
  fill(folder.path());
  const auto without_entries = [](std::string& bytes, std::size_t page) {
    if (bytes[page + 10] != leaf) return false;
    bytes[page + 12] = 16;  // where the list of its entries ends: at its beginning
    bytes[page + 13] = 0;
    return true;
  };
  EXPECT_GT(refused_pages(folder, without_entries), 2U);
}

std::uint16_t number_at(const std::string& bytes, std::size_t at) {
  std::uint16_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// LMDB writes through a null pointer where it does not find a database that is there.
TEST(Open, EntriesOutOfOrderAreAnError) {
  TempFolder folder;
  fill(folder.path());
  const auto out_of_order = [](std::string& bytes, std::size_t page) {
    const std::size_t entries = (number_at(bytes, page + 12) - 16U) / 2;
    if (bytes[page + 10] != leaf || number_at(bytes, page) != page / 4096 || entries < 2) {
      return false;
    }
    for (const std::size_t half : {0U, 1U})
      std::swap(bytes[page + 16 + half], bytes[page + 18 + half]);
    return true;
  };
  EXPECT_GT(refused_pages(folder, out_of_order), 3U);
}

// LMDB takes a first page by whether its transaction's number is odd, and not the one we looked at.
TEST(Open, TheNewestFirstPageInTheOthersPlaceIsAnError) {
  TempFolder folder;
  fill(folder.path());
  const std::string whole = read_bytes(folder / "data.mdb");
  constexpr std::size_t transaction = 144;
  for (const std::size_t page : {0U, 1U}) {
    std::string changed = whole;
    changed[page * 4096 + transaction + 3] = 1;  // newer than the other
    char& low = changed[page * 4096 + transaction];
    low = static_cast<char>((low & ~1) | static_cast<char>(1 - page));
    write_bytes(folder / "data.mdb", changed);
    const auto opened = open_store(options_for(folder.path()), {});
    ASSERT_FALSE(opened.has_value()) << page;
    EXPECT_EQ(opened.error().code, Errc::damaged);
    EXPECT_NE(opened.error().message.find("page " + std::to_string(page)), std::string::npos)
        << opened.error().message;
  }
}

TEST(Open, AnEntryOfAKindThatIsNotUsedIsAnError) {
  TempFolder folder;
  fill(folder.path());
  constexpr std::uint16_t more_of_one_key = 4;  // LMDB's F_DUPDATA
  const auto of_another_kind = [](std::string& bytes, std::size_t page) {
    if (number_at(bytes, page + 10) != leaf || number_at(bytes, page) != page / 4096) return false;
    const std::size_t first = page + number_at(bytes, page + 16);
    bytes[first + 4] = static_cast<char>(bytes[first + 4] | more_of_one_key);
    return true;
  };
  EXPECT_GT(refused_pages(folder, of_another_kind), 3U);
}

TEST(Open, AnyFlippedBitIsAnErrorAndNeverTheEnd) {
  TempFolder folder;
  fill(folder.path());
  const std::string whole = read_bytes(folder / "data.mdb");
  std::mt19937 random(1);
  for (int i = 0; i < 150; ++i) {
    std::string garbled = whole;
    // Every other time where a page says what it is.
    std::size_t at = random() % whole.size();
    if (i % 2 == 0) at = at / 4096 * 4096 + at % 48;
    garbled[at] = static_cast<char>(garbled[at] ^ (1 << random() % 8));
    write_bytes(folder / "data.mdb", garbled);
    auto opened = open_store(options_for(folder.path()), {});
    if (!opened) {
      EXPECT_NE(opened.error().code, Errc::io) << at << opened.error().message;
      continue;
    }
    static_cast<void>((*opened)->verify());
    static_cast<void>((*opened)->read(0, 100, true, [](const StoredEvent&) { return true; }));
    static_cast<void>(try_append(**opened, {event_of("x", "y", 1)}));
  }
}

TEST(Open, ADatabaseThatIsGoneIsNotBegunAnew) {
  TempFolder folder;
  fill(folder.path());
  std::filesystem::remove(folder / "data.mdb");
  EXPECT_EQ(open_error(folder.path()).code, Errc::damaged);
  EXPECT_EQ(open_error(folder.path()).code, Errc::damaged);
}

TEST(Open, AGarbledKeysFileIsRefused) {
  TempFolder folder;
  fill(folder.path());
  std::string whole = read_bytes(folder / "keys");
  write_bytes(folder / "keys", std::string(whole.size(), 'x'));
  EXPECT_EQ(open_error(folder.path()).code, Errc::damaged);
  write_bytes(folder / "keys", whole.substr(0, whole.size() - 5));
  EXPECT_EQ(open_error(folder.path()).code, Errc::damaged);
}

TEST(Migrate, StepsFollowEachOtherAfterACopy) {
  TempFolder folder;
  fill(folder.path());
  Hooks hooks;
  hooks.format_version = 3;
  int fail_at = 2;
  for (std::uint32_t from : {2U, 1U}) {
    hooks.migrations.push_back({from, [from, &fail_at](MDB_txn* txn, const Databases& db) {
                                  std::string step = std::to_string(from);
                                  EXPECT_EQ(put(txn, db.kv, std::string("step\0", 5) + step, step),
                                            MDB_SUCCESS);
                                  if (fail_at == static_cast<int>(from)) {
                                    return Result<void>(Error{Errc::io, "no"});
                                  }
                                  return Result<void>();
                                }});
  }
  EXPECT_EQ(open_error(folder.path(), hooks).code, Errc::io);
  EXPECT_TRUE(std::filesystem::exists(folder / "data.v1.mdb"));
  fail_at = 0;
  {
    auto store = open_at(folder.path(), hooks);  // goes on at 2
    EXPECT_TRUE(std::filesystem::exists(folder / "data.v2.mdb"));
    EXPECT_EQ(must(store->kv_get("step", "1")), "1");
    EXPECT_EQ(must(store->kv_get("step", "2")), "2");
    EXPECT_TRUE(must(store->verify()).faults.empty());
  }
  // The copy is version 1 still.
  std::filesystem::create_directory(folder / "copy");
  std::filesystem::rename(folder / "data.v1.mdb", folder / "copy/data.mdb");
  auto copy = must(Database::open(folder / "copy", 1u << 20, 1));
  EXPECT_EQ(open_error(folder.path()).code, Errc::newer);
}

TEST(Migrate, AMissingStepIsAnError) {
  TempFolder folder;
  fill(folder.path());
  Hooks hooks;
  hooks.format_version = 2;
  EXPECT_EQ(open_error(folder.path(), hooks).code, Errc::unsupported);
}

}  // namespace
}  // namespace deskmate::storage
