#include "storage/passphrase.hpp"

#include <filesystem>

#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;
namespace fs = std::filesystem;

constexpr const char* first_words = "a brown fox";
constexpr const char* other_words = "a lazy dog";

class Passphrase : public ::testing::Test {
 protected:
  Passphrase() {
    auto store = open_at(folder_.path());
    append(*store, {event_of("facts", "words", 1)});
    pseudonym_key_ = store->pseudonym_key();
    before_ = read_bytes(secret("wrapping.key")) + read_bytes(secret("identity.key"));
  }
  Options with(const std::string& passphrase) {
    Options options = options_for(folder_.path());
    options.passphrase = passphrase;
    return options;
  }
  Options without() { return options_for(folder_.path()); }
  std::string secret(const std::string& name) { return folder_ / ("secrets/" + name); }
  std::string all_secrets() {
    std::string bytes;
    for (const char* name : {"wrapping.key", "identity.key", "passphrase.key", "wrapping.next"}) {
      bytes += read_bytes(secret(name)) + "|";
    }
    return bytes;
  }
  void expect_opens(const Options& options) {
    auto store = Store::open(options);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(open_body_at(**store, 1), "words");
    EXPECT_EQ((*store)->pseudonym_key(), pseudonym_key_);
    EXPECT_TRUE(must((*store)->verify()).faults.empty());
  }
  void expect_locked(const Options& options) {
    auto store = Store::open(options);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Errc::invalid) << store.error().message;
  }
  // The hexadecimal digits of the keys as they stood there.
  void expect_nothing_plain() {
    const std::string now = all_secrets();
    for (std::size_t at = before_.find(' '); at != std::string::npos;
         at = before_.find(' ', at + 1)) {
      EXPECT_EQ(now.find(before_.substr(at + 1, 64)), std::string::npos);
    }
  }

  TempFolder folder_;
  Id32 pseudonym_key_{};
  std::string before_;
};

TEST_F(Passphrase, WithoutItNothingOpens) {
  EXPECT_FALSE(has_passphrase(without()));
  must(set_passphrase(without(), first_words));
  EXPECT_TRUE(has_passphrase(without()));
  expect_nothing_plain();
  const std::string secrets = all_secrets();
  expect_locked(without());
  expect_locked(with(other_words));
  EXPECT_EQ(open_identity(without()).error().code, Errc::invalid);
  EXPECT_EQ(renew(with(other_words)).error().code, Errc::invalid);
  EXPECT_EQ(all_secrets(), secrets);
  expect_opens(with(first_words));
  EXPECT_EQ(set_passphrase(without(), other_words).error().code, Errc::invalid);
  EXPECT_EQ(all_secrets(), secrets);
}

TEST_F(Passphrase, CostsAGuesser64MiBFourTimesOver) {
  Options owners = without();
  owners.passphrase_cost = {};
  must(set_passphrase(owners, first_words));
  EXPECT_TRUE(read_bytes(secret("passphrase.key")).starts_with("argon2id 4 65536 "));
  expect_opens(with(first_words));
}

TEST_F(Passphrase, IsChangedByWhoeverKnowsIt) {
  must(set_passphrase(without(), first_words));
  const std::string secrets = all_secrets();
  EXPECT_EQ(change_passphrase(with(other_words), other_words).error().code, Errc::invalid);
  EXPECT_EQ(change_passphrase(without(), other_words).error().code, Errc::invalid);
  EXPECT_EQ(change_passphrase(with(first_words), "short").error().code, Errc::invalid);
  EXPECT_EQ(remove_passphrase(with(other_words)).error().code, Errc::invalid);
  EXPECT_EQ(all_secrets(), secrets);
  must(change_passphrase(with(first_words), other_words));
  expect_locked(with(first_words));
  expect_opens(with(other_words));
  must(remove_passphrase(with(other_words)));
  EXPECT_FALSE(has_passphrase(without()));
  EXPECT_EQ(read_bytes(secret("wrapping.key")) + read_bytes(secret("identity.key")), before_);
  expect_opens(without());
  expect_opens(with(first_words));  // one too many does no harm
}

TEST_F(Passphrase, CutShortWhileItIsSetOrRemoved) {
  const std::string plain = read_bytes(secret("wrapping.key"));
  must(set_passphrase(without(), first_words));
  const std::string sealed = read_bytes(secret("wrapping.key"));
  const std::string sealed_identity = read_bytes(secret("identity.key"));
  write_bytes(secret("wrapping.key"), plain);
  expect_locked(without());
  expect_opens(with(first_words));  // finishes it
  expect_nothing_plain();
  EXPECT_NE(read_bytes(secret("wrapping.key")), sealed);
  // Of a removal the same is left; whoever gives it again ends it.
  write_bytes(secret("identity.key"), before_.substr(before_.find("ed25519")));
  must(remove_passphrase(with(first_words)));
  expect_opens(without());
  // Nothing was sealed yet: it may be set as if there had been nothing.
  const std::string identity = read_bytes(secret("identity.key"));
  must(set_passphrase(without(), first_words));
  write_bytes(secret("wrapping.key"), plain);
  write_bytes(secret("identity.key"), identity);
  must(set_passphrase(without(), other_words));
  expect_opens(with(other_words));
}

TEST_F(Passphrase, FilesOfAnotherTimeAreToldApart) {
  must(set_passphrase(without(), first_words));
  const std::string old = read_bytes(secret("passphrase.key"));
  must(remove_passphrase(with(first_words)));
  must(set_passphrase(without(), first_words));
  write_bytes(secret("passphrase.key"), old);
  auto store = Store::open(with(first_words));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Errc::damaged);
  for (const char* bad : {"", "argon2id\n", "argon2id 4 65536 00 00\n", "argon2id 99 1 00 00\n"}) {
    write_bytes(secret("passphrase.key"), bad);
    EXPECT_EQ(Store::open(with(first_words)).error().code, Errc::damaged) << bad;
  }
}

TEST_F(Passphrase, ANewWrappingKeyOpensWhatTheOldOneDid) {
  must(set_passphrase(without(), first_words));
  const std::string keys = read_bytes(folder_ / "keys");
  const std::string old_secret = read_bytes(secret("wrapping.key"));
  const std::string backup = folder_ / "older.backup";
  must(must(Store::open(with(first_words)))->backup(backup));
  EXPECT_EQ(rotate_wrapping_key(without()).error().code, Errc::invalid);
  EXPECT_EQ(read_bytes(folder_ / "keys"), keys);
  must(rotate_wrapping_key(with(first_words)));
  EXPECT_NE(read_bytes(folder_ / "keys"), keys);
  EXPECT_FALSE(fs::exists(secret("wrapping.next")));
  expect_nothing_plain();
  expect_opens(with(first_words));
  // The old key is of no use here any more, and needed for the old backup.
  const std::string new_secret = read_bytes(secret("wrapping.key"));
  write_bytes(secret("wrapping.key"), old_secret);
  EXPECT_EQ(Store::open(with(first_words)).error().code, Errc::invalid);
  TempFolder other;
  Options there = with(first_words);
  there.folder = other / "desk";
  there.secrets_folder = secret("");
  must(restore(backup, there));
  expect_opens(there);
  fs::remove_all(there.folder);
  write_bytes(secret("wrapping.key"), new_secret);
  EXPECT_FALSE(restore(backup, there));
  expect_opens(with(first_words));
}

// Of what a rotation writes (the pseudonym key in the database, the keys file, wrapping.key), any
// may have reached the disk when the power fails.
TEST_F(Passphrase, ANewWrappingKeyCutShortIsFinishedAtTheNextOpen) {
  const char* files[] = {"data.mdb", "keys"};
  std::string old_files[2];
  std::string new_files[2];
  const std::string old_secret = read_bytes(secret("wrapping.key"));
  for (int i = 0; i < 2; ++i) old_files[i] = read_bytes(folder_ / files[i]);
  must(rotate_wrapping_key(without()));
  const std::string new_secret = read_bytes(secret("wrapping.key"));
  for (int i = 0; i < 2; ++i) new_files[i] = read_bytes(folder_ / files[i]);
  for (int reached = 0; reached < 4; ++reached) {
    for (int i = 0; i < 2; ++i) {
      write_bytes(folder_ / files[i], (reached >> i & 1) != 0 ? new_files[i] : old_files[i]);
    }
    write_bytes(secret("wrapping.key"), old_secret);
    write_bytes(secret("wrapping.next"), new_secret);
    fs::permissions(secret("wrapping.next"), fs::perms::owner_read | fs::perms::owner_write);
    expect_opens(without());
    EXPECT_EQ(read_bytes(secret("wrapping.key")), new_secret);
    EXPECT_FALSE(fs::exists(secret("wrapping.next")));
  }
}

}  // namespace
}  // namespace deskmate::storage
