// What the store does when the disk does not do what it should.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

TEST(Fault, AFailedCommitLeavesNothingBehind) {
  TempFolder folder;
  std::atomic<int> fail = 0;
  Hooks hooks;
  hooks.before_commit = [&] { return fail.load(); };
  auto store = open_at(folder.path(), hooks);
  append(*store, {event_of("one", "body", 1)});
  for (int number : {ENOSPC, EIO, EDQUOT}) {
    fail = number;
    auto failed = try_append(*store, {event_of("lost", "body", 2)}, CursorMove{"r", 9});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, number == EIO ? Errc::io : Errc::full);
    EXPECT_EQ(open_body_at(*store, 1), "body");
    fail = 0;
  }
  auto appended = append(*store, {event_of("two", "body", 2)});
  EXPECT_EQ(appended[0].arrival, 2U);
  EXPECT_EQ(appended[0].key.seq, 2U);
  EXPECT_EQ(must(store->cursor("r")), std::nullopt);
  auto report = must(store->verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
  EXPECT_EQ(report.events, 2U);
}

// Bytes of address space that this process has.
std::uint64_t address_space() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TEST(Fault, AMapThatCannotGrowIsTheOneThereWas) {
  constexpr std::size_t map_bytes = std::size_t{1} << 30;
  TempFolder folder;
  auto database = must(Database::open(folder.path(), map_bytes, 1));
  must(database->write_whole([&](MDB_txn* txn) -> Result<int> {
    return put(txn, database->databases().kv, "key", "value");
  }));
  const auto there = [&] {
    auto read = must(database->read());
    return must(get(read.get(), database->databases().kv, "key")) == "value";
  };
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = address_space() + map_bytes / 2;
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  auto grown = database->grow();
  const bool read_meanwhile = there();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_FALSE(grown);
  EXPECT_TRUE(read_meanwhile);
  must(database->grow());
  EXPECT_TRUE(there());
}

TEST(Fault, EveryCallerOfAFailedBatchIsTold) {
  TempFolder folder;
  std::atomic<int> fail = 0;
  auto store = open_at(folder.path(), failing_once(fail));
  std::atomic<int> told = 0;
  {
    HeldWriter held(*store);
    fail = ENOSPC;
    for (int i = 0; i < 10; ++i) {
      store->append({event_of("x")}, [&](const Result<std::vector<Appended>>& done) {
        if (!done && done.error().code == Errc::full) ++told;
      });
    }
    store->set_cursor("r", 1, [&](const Result<void>& done) {
      if (!done) ++told;
    });
  }
  must(store->verify());
  EXPECT_EQ(told, 11);
  EXPECT_EQ(store->last_arrival(), 1U);
}

TEST(Fault, AnEarlyFullMapIsRetriedWhole) {
  TempFolder folder;
  std::atomic<int> times = 3;
  auto store = open_at(folder.path(), full_map(times));
  append(*store, {event_of("one", "body", 1), event_of("two")});
  EXPECT_LT(times, 0);
  auto events = read_all(*store);
  EXPECT_EQ(events.size(), 2U);
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

TEST(Fault, WritingGoesOnWhenTheDiskAnswersAgain) {
  TempFolder folder;
  std::atomic<bool> dead = false;
  Hooks hooks;
  hooks.before_commit = [&] { return dead ? EIO : 0; };
  hooks.before_reopen = hooks.before_commit;
  auto store = open_at(folder.path(), hooks);
  append(*store, {event_of("one")});
  dead = true;
  EXPECT_EQ(try_append(*store, {event_of("lost")}).error().code, Errc::io);
  EXPECT_EQ(try_append(*store, {event_of("lost")}).error().code, Errc::io);
  EXPECT_EQ(read_all(*store).size(), 1U);
  dead = false;
  EXPECT_EQ(append(*store, {event_of("two")})[0].key.seq, 2U);
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

// Makes the write of the page that makes a commit valid fail, as a disk error does: LMDB then gives
// its environment up, for readers, too, until it is opened again.
void refuse_last_write(const std::string& folder) {
  int refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the directory's own
    if (std::filesystem::read_symlink(entry.path(), gone) != folder + "/data.mdb") continue;
    const int fd = std::stoi(entry.path().filename());
    if ((::fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY) continue;  // this one is for those pages
    const int unwritable = ::open((folder + "/data.mdb").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(::dup2(unwritable, fd), fd);
    ::close(unwritable);
    ++refused;
  }
  ASSERT_EQ(refused, 1);
}

TEST(Fault, AReadWaitsUntilTheLogIsOpenedAgain) {
  TempFolder folder;
  constexpr int until_well = 4;  // reopenings that fail
  std::atomic<int> reopenings = 0;
  Hooks hooks;
  hooks.before_reopen = [&] { return ++reopenings > until_well ? 0 : EIO; };
  auto store = open_at(folder.path(), hooks);
  append(*store, {event_of("one", "body", 1)});
  refuse_last_write(folder.path());
  EXPECT_FALSE(try_append(*store, {event_of("lost")}));
  // Nobody writes meanwhile: the writer opens it by itself.
  EXPECT_EQ(must(store->table_get("t", "k")), std::nullopt);
  EXPECT_GT(reopenings, until_well);
  EXPECT_EQ(read_all(*store).size(), 1U);
  EXPECT_EQ(append(*store, {event_of("two")})[0].key.seq, 2U);
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

TEST(Fault, AReadInsideAReadIsRefusedWhereItCannotWait) {
  TempFolder folder;
  auto store = open_at(folder.path());
  must(await_done([&](auto done) { store->write_tables({{"t", "k", "v"}}, 0, done); }));
  Result<std::optional<std::string>> inner{std::nullopt};
  std::future<Result<std::vector<Appended>>> append;
  must(store->table_scan("t", "", false, [&](std::string_view, std::string_view) {
    refuse_last_write(folder.path());
    // Fails, and is answered when it has opened the log again: after this read.
    append = std::async(std::launch::async, [&] { return try_append(*store, {event_of("lost")}); });
    const auto until = std::chrono::steady_clock::now() + patience;
    do {
      inner = store->table_get("t", "k");
    } while (inner && std::chrono::steady_clock::now() < until);
    return true;
  }));
  EXPECT_EQ(inner.error().code, Errc::io);
  EXPECT_FALSE(wait_for(std::move(append)));
  EXPECT_EQ(must(store->table_get("t", "k")), "v");
}

// A disk that is really too small: its own filesystem where that is allowed, and a limit on the
// size of files where it is not.
class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = ::mount("deskmate-test", folder_.path().c_str(), "tmpfs", 0, "size=1m") == 0;
    if (!mounted_) {
      std::signal(SIGXFSZ, SIG_IGN);
      ::getrlimit(RLIMIT_FSIZE, &before_);
      limit(1 << 20);
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) {
      ::umount2(folder_.path().c_str(), MNT_DETACH);
    } else {
      limit(before_.rlim_cur);
    }
  }
  void make_room() {
    if (mounted_) {
      ASSERT_EQ(::mount("deskmate-test", folder_.path().c_str(), "tmpfs", MS_REMOUNT, "size=32m"),
                0);
    } else {
      limit(32 << 20);
    }
  }
  const std::string& path() const { return folder_.path(); }

 private:
  void limit(rlim_t bytes) {
    struct rlimit now = before_;
    now.rlim_cur = bytes;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &now), 0);
  }
  TempFolder folder_;
  bool mounted_ = false;
  struct rlimit before_ {};
};

TEST(Fault, AFullDiskIsAnErrorUntilThereIsRoom) {
  SmallDisk disk;
  auto store = open_at(disk.path());
  std::uint64_t acknowledged = 0;
  Errc code = Errc::invalid;
  for (int i = 0; i < 200 && code == Errc::invalid; ++i) {
    auto done = try_append(*store, {event_of("x", std::string(30'000, 'b'), 1)});
    if (done) {
      ++acknowledged;
    } else {
      code = done.error().code;
    }
  }
  EXPECT_EQ(code, Errc::full);
  EXPECT_GT(acknowledged, 5U);
  EXPECT_EQ(try_append(*store, {event_of("x", std::string(30'000, 'b'), 1)}).error().code,
            Errc::full);
  EXPECT_EQ(read_all(*store).size(), acknowledged);
  EXPECT_EQ(open_body_at(*store, acknowledged), std::string(30'000, 'b'));
  // What is there can be read after a start, too.
  store.reset();
  store = open_at(disk.path());
  EXPECT_EQ(read_all(*store).size(), acknowledged);
  disk.make_room();
  EXPECT_EQ(append(*store, {event_of("x", std::string(30'000, 'c'), 2)})[0].key.seq,
            acknowledged + 1);
  store.reset();
  store = open_at(disk.path());
  EXPECT_EQ(store->last_arrival(), acknowledged + 1);
  auto report = must(store->verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
}

}  // namespace
}  // namespace deskmate::storage
