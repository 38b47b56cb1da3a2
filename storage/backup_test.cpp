#include "storage/backup.hpp"

#include <atomic>
#include <thread>

#include "storage/archive.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

Options restored_options(const TempFolder& folder) {
  Options options = options_for(folder / "restored");
  options.secrets_folder = folder / "data/secrets";
  return options;
}

TEST(Backup, BringsEverythingBackInANewIncarnation) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  append(*store, {event_of("one", "first body", 1), event_of("two", "second", 2)},
         CursorMove{"r", 1});
  Hash32 file = must(store->put_file(buyer_of(1), "attachment"));
  must(store->backup(folder / "backup"));
  append(*store, {event_of("after")});
  LogName old_log = store->log();
  Id32 pseudonym = store->pseudonym_key();
  store.reset();

  must(restore(folder / "backup", restored_options(folder)));
  auto restored = must(Store::open(restored_options(folder)));
  EXPECT_EQ(restored->log().peer, old_log.peer);
  EXPECT_EQ(restored->log().desk, old_log.desk);
  EXPECT_NE(restored->log().incarnation, old_log.incarnation);
  EXPECT_EQ(restored->pseudonym_key(), pseudonym);
  EXPECT_EQ(restored->last_arrival(), 2U);
  EXPECT_EQ(open_body_at(*restored, 1), "first body");
  EXPECT_EQ(must(restored->get_file(file, 0, 100)), "attachment");
  EXPECT_EQ(must(restored->cursor("r")), 1U);

  auto appended = append(*restored, {event_of("new", "third", 1)});
  EXPECT_EQ(appended[0].arrival, 3U);
  EXPECT_EQ(appended[0].key.seq, 1U);
  EXPECT_EQ(appended[0].key.log, restored->log());
  auto events = read_all(*restored);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].key.log, old_log);
  EXPECT_EQ(must(restored->arrival_of(events[1].key)), 2U);
  auto report = must(restored->verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
  EXPECT_EQ(report.logs, 2U);
  EXPECT_EQ(report.events, 3U);
}

TEST(Backup, RunsBesideWritersAndHoldsWhatWasAcknowledged) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint8_t i = 1; !stop; i = static_cast<std::uint8_t>(i % 200 + 1)) {
      append(*store, {event_of("x", std::string(5'000, 'b'), i)});
    }
  });
  std::uint64_t before = 0;
  for (int round = 0; round < 3; ++round) {
    before = store->last_arrival();
    must(store->backup(folder / "backup"));
  }
  stop = true;
  writer.join();
  store.reset();
  must(restore(folder / "backup", restored_options(folder)));
  auto restored = must(Store::open(restored_options(folder)));
  EXPECT_GE(restored->last_arrival(), before);
  EXPECT_TRUE(must(restored->verify()).faults.empty());
  for (std::uint64_t arrival = 1; arrival <= restored->last_arrival(); ++arrival) {
    ASSERT_EQ(open_body_at(*restored, arrival), std::string(5'000, 'b'));
  }
  EXPECT_FALSE(exists(folder / "data/backup.tmp"));
}

TEST(Backup, AnErasedBuyerDoesNotComeBack) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  append(*store, {event_of("one", "erase me", 1), event_of("two", "keep me", 2)});
  Hash32 file = must(store->put_file(buyer_of(1), "attachment"));
  must(store->backup(folder / "before"));
  std::string key_record = read_bytes(folder / "data/keys").substr(40, 112);
  ASSERT_NE(read_bytes(folder / "before").find(key_record), std::string::npos);
  must(store->erase_buyer(buyer_of(1)));
  EXPECT_EQ(open_body_at(*store, 1), std::nullopt);
  EXPECT_EQ(open_body_at(*store, 2), "keep me");
  must(store->backup(folder / "after"));
  EXPECT_EQ(read_bytes(folder / "after").find(key_record), std::string::npos);
  EXPECT_EQ(read_bytes(folder / "data/keys").find(key_record.substr(0, 16)), std::string::npos);
  store.reset();

  must(restore(folder / "before", restored_options(folder)));
  EXPECT_EQ(read_bytes(folder / "restored/keys").find(key_record.substr(0, 16)), std::string::npos);
  auto restored = must(Store::open(restored_options(folder)));
  EXPECT_EQ(open_body_at(*restored, 1), std::nullopt);
  EXPECT_EQ(open_body_at(*restored, 2), "keep me");
  EXPECT_EQ(must(restored->get_file(file, 0, 100)), std::nullopt);
  auto report = must(restored->verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
  EXPECT_EQ(report.erased_bodies, 1U);
}

TEST(Backup, AnyChangedByteIsNoticed) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  append(*store, {event_of("one", "body", 1)});
  must(store->backup(folder / "backup"));
  store.reset();
  std::string good = read_bytes(folder / "backup");
  auto restore_error = [&](const std::string& bytes) {
    write_bytes(folder / "bad", bytes);
    auto done = restore(folder / "bad", restored_options(folder));
    EXPECT_FALSE(exists(folder / "restored/data.mdb"));
    return done ? Errc::invalid : done.error().code;
  };
  for (std::size_t at : {std::size_t{3}, std::size_t{25}, good.size() / 2, good.size() - 1}) {
    std::string garbled = good;
    garbled[at] = static_cast<char>(garbled[at] ^ 1);
    EXPECT_EQ(restore_error(garbled), Errc::damaged) << at;
  }
  EXPECT_EQ(restore_error(good.substr(0, good.size() / 2)), Errc::damaged);
  EXPECT_EQ(restore_error(good + "x"), Errc::damaged);
  EXPECT_EQ(restore_error(""), Errc::damaged);
  EXPECT_EQ(restore(folder / "none", restored_options(folder)).error().code, Errc::not_found);
  must(restore(folder / "backup", restored_options(folder)));
}

TEST(Backup, ADamagedLogMakesNone) {
  TempFolder folder;
  {
    auto store = open_at(folder / "data");
    append(*store, {event_of("one", "body", 1)});
  }
  tamper(folder / "data", [](MDB_txn* txn, const Databases& db) {
    ASSERT_EQ(mdb_drop(txn, db.bodies, 0), MDB_SUCCESS);
  });
  auto store = open_at(folder / "data");
  EXPECT_EQ(store->backup(folder / "backup").error().code, Errc::damaged);
  EXPECT_FALSE(exists(folder / "backup"));
  EXPECT_FALSE(exists(folder / "backup.tmp"));
}

TEST(Backup, AnEarlierOneStaysWhenThereIsNoPlace) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  append(*store, {event_of("one")});
  EXPECT_EQ(store->backup(folder / "none/backup").error().code, Errc::not_found);
  append(*store, {event_of("two")});
  EXPECT_EQ(store->last_arrival(), 2U);
}

TEST(Restore, NeedsTheSecretsOfTheSamePeer) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  append(*store, {event_of("one", "body", 1)});
  must(store->backup(folder / "backup"));
  store.reset();
  open_at(folder / "other").reset();

  Options options = options_for(folder / "restored");
  auto none = restore(folder / "backup", options);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_NE(none.error().message.find("identity.key"), std::string::npos);
  options.secrets_folder = folder / "other/secrets";
  EXPECT_EQ(restore(folder / "backup", options).error().code, Errc::invalid);
  // The right identity with another wrapping key.
  std::filesystem::copy_file(folder / "data/secrets/identity.key",
                             folder / "other/secrets/identity.key",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(restore(folder / "backup", options).error().code, Errc::invalid);
  // The owner puts both back where they belong.
  std::filesystem::copy(folder / "data/secrets", folder / "restored/secrets");
  options = options_for(folder / "restored");
  must(restore(folder / "backup", options));
  EXPECT_EQ(open_body_at(*must(Store::open(options)), 1), "body");
}

TEST(Restore, OnlyIntoAnEmptyFolder) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  must(store->backup(folder / "backup"));
  EXPECT_EQ(restore(folder / "backup", options_for(folder / "data")).error().code, Errc::in_use);
  store.reset();
  auto refused = restore(folder / "backup", options_for(folder / "data"));
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_TRUE(must(open_at(folder / "data")->verify()).faults.empty());
}

TEST(Restore, OneThatWasCutShortIsRunAgain) {
  TempFolder folder;
  {
    auto store = open_at(folder / "data");
    append(*store, {event_of("one", "body", 1)});
    must(store->backup(folder / "backup"));
  }
  must(restore(folder / "backup", restored_options(folder)));
  std::filesystem::remove(folder / "restored/data.mdb");
  std::filesystem::create_directory(folder / "restored/restore.tmp");
  EXPECT_EQ(Store::open(restored_options(folder)).error().code, Errc::damaged);
  must(restore(folder / "backup", restored_options(folder)));
  EXPECT_EQ(open_body_at(*must(Store::open(restored_options(folder))), 1), "body");
}

TEST(Restore, NoBackupWritesOutsideItsFolder) {
  TempFolder folder;
  open_at(folder / "data").reset();
  for (const char* name :
       {"../evil", "/tmp/evil", "files/../../evil", "files/aa/../x", "deskmate.lock"}) {
    auto archive = must(ArchiveWriter::make(folder / "bad"));
    must(archive.add(name, "x"));
    must(archive.finish());
    EXPECT_EQ(restore(folder / "bad", restored_options(folder)).error().code, Errc::damaged)
        << name;
  }
}

}  // namespace
}  // namespace deskmate::storage
