// What stretches become when the disk fails, the power is cut or bytes change under them.
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <atomic>

#include "storage/layout.hpp"
#include "storage/peer_test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

TEST(StretchFault, AFailedCommitTakesNothing) {
  for (int number : {ENOSPC, EIO}) {
    TempFolder folder;
    std::atomic<int> fail = 0;
    auto store = open_at(folder.path(), failing_once(fail));
    ForgedLog log(store->log().desk);
    ForgedLog other(store->log().desk, 8);
    must(try_stretch(*store, log.events(2)));
    Stretch more = log.events(3);
    Stretch fresh = other.events(1);
    for (const Stretch& stretch : {more, fresh}) {
      fail = number;
      EXPECT_EQ(stretch_error(*store, stretch), number == EIO ? Errc::io : Errc::full);
      EXPECT_EQ(store->last_arrival(), 2U);
      EXPECT_EQ(seq_of(*store, log.log()), 2U);
      EXPECT_EQ(store->frontier().size(), 2U);
    }
    append(*store, {event_of("own")});
    EXPECT_EQ(must(try_stretch(*store, fresh)).first_arrival, 4U);
    EXPECT_EQ(must(try_stretch(*store, more)).first_arrival, 5U);
    store.reset();
    store = open_at(folder.path());
    EXPECT_EQ(store->frontier().size(), 3U);
    EXPECT_EQ(next_stretch(*store, log.log(), 2), more);
    expect_whole(*store);
  }
}

TEST(StretchFault, AFullMapIsRetriedWhole) {
  TempFolder folder;
  std::atomic<int> times = 0;
  auto store = open_at(folder.path(), full_map(times));
  ForgedLog log(store->log().desk);
  times = 2;
  must(try_stretch(*store, log.events(200)));
  append(*store, {event_of("own")});
  EXPECT_EQ(store->last_arrival(), 201U);
  expect_whole(*store);
}

TEST(StretchFault, AForkThatCouldNotBeWrittenIsFoundAgain) {
  TempFolder folder;
  std::atomic<int> fail = 0;
  auto store = open_at(folder.path(), failing_once(fail));
  ForgedLog log(store->log().desk);
  must(try_stretch(*store, log.events(2)));
  ForgedLog branch(store->log().desk);
  Stretch other = branch.events(2, "other");
  fail = ENOSPC;
  EXPECT_EQ(stretch_error(*store, other), Errc::full);
  EXPECT_TRUE(must(store->forks()).empty());
  EXPECT_EQ(stretch_error(*store, other), Errc::forked);
  EXPECT_EQ(must(store->forks()).size(), 1U);
}

TEST(StretchFault, OneBadStretchIsOnlyItsOwnError) {
  TempFolder folder;
  auto store = open_at(folder.path());
  ForgedLog log(store->log().desk);
  ForgedLog other(store->log().desk, 8);
  std::vector<Stretch> good;
  for (int i = 0; i < 10; ++i) good.push_back(other.events(3));
  Stretch bad = log.events(3);
  bad.signature[1] ^= 1;
  Stretch behind = log.events(3);
  std::atomic<int> taken = 0;
  std::atomic<int> forged = 0;
  std::atomic<int> gaps = 0;
  const auto count = [&](const Result<Arrived>& done) {
    if (done) {
      ++taken;
    } else {
      ++(done.error().code == Errc::forged ? forged : gaps);
    }
  };
  {
    HeldWriter held(*store);
    store->append_stretch(bad, count);
    for (const Stretch& stretch : good) store->append_stretch(stretch, count);
    store->append_stretch(behind, count);
    // Comes twice in what waits: compared once the first is on disk.
    for (const Stretch& stretch : good) store->append_stretch(stretch, count);
  }
  expect_whole(*store);
  EXPECT_EQ(taken, 20);
  EXPECT_EQ(forged, 1);
  EXPECT_EQ(gaps, 1);
  EXPECT_EQ(store->last_arrival(), 31U);
}

// Takes stretches in another process until that is killed; what it acknowledged must be there.
TEST(StretchFault, WhatWasAcknowledgedSurvivesAKill) {
  for (int round = 0; round < 5; ++round) {
    TempFolder folder;
    Id16 desk = open_at(folder.path())->log().desk;
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      auto store = Store::open(options_for(folder.path()));
      ForgedLog log(desk);
      while (store) {
        store.value()->append({event_of("own", "body", 1)}, {});
        auto done = try_stretch(**store, log.events(1 + log.seq() % 40));
        if (!done || ::write(pipe_ends[1], &done->seq, sizeof(done->seq)) < 0) break;
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    std::uint64_t acknowledged = 0;
    for (int i = 0; i < 3 + round * 4; ++i) {
      ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof(acknowledged)),
                static_cast<ssize_t>(sizeof(acknowledged)));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    for (std::uint64_t seq = 0;
         ::read(pipe_ends[0], &seq, sizeof(seq)) == static_cast<ssize_t>(sizeof(seq));) {
      acknowledged = seq;
    }
    ::close(pipe_ends[0]);
    auto store = open_at(folder.path());
    ForgedLog log(desk);
    EXPECT_GE(seq_of(*store, log.log()), acknowledged);
    expect_whole(*store);
    // It goes on from wherever it stands.
    while (log.seq() < seq_of(*store, log.log())) log.events(1);
    must(try_stretch(*store, log.events(1)));
    expect_whole(*store);
  }
}

TEST(StretchFault, AnotherPeersEventChangedOnDiskIsFoundAndNotSent) {
  TempFolder folder;
  LogName name;
  {
    auto store = open_at(folder.path());
    ForgedLog log(store->log().desk);
    name = log.log();
    must(try_stretch(*store, log.stretch({log.with_body("x", "body"), log.with_body("x", "b")})));
    must(try_stretch(*store, log.events(2)));
  }
  tamper(folder.path(), [](MDB_txn* txn, const Databases& db) {
    auto slot = encode(Slot{2, 1});
    std::string value(must(get(txn, db.events, view_of(slot))).value());
    value.back() = static_cast<char>(value.back() ^ 1);
    ASSERT_EQ(put(txn, db.events, view_of(slot), value), MDB_SUCCESS);
  });
  TempFolder backups;
  auto store = open_at(folder.path());
  auto faults = must(store->verify()).faults;
  ASSERT_FALSE(faults.empty());
  EXPECT_NE(faults[0].find("of log 2"), std::string::npos) << faults[0];
  EXPECT_EQ(store->backup(backups / "backup").error().code, Errc::damaged);
  // Whoever gets it refuses it.
  TempFolder folder_b;
  must(create_joined(options_for(folder_b.path()), store->log().desk, store->pseudonym_key()));
  auto b = open_at(folder_b.path());
  EXPECT_EQ(stretch_error(*b, next_stretch(*store, name, 0, 1)), Errc::mismatch);
}

TEST(StretchFault, AHeadThatIsGoneOrAnothersIsFound) {
  for (bool gone : {true, false}) {
    TempFolder folder;
    {
      auto store = open_at(folder.path());
      ForgedLog log(store->log().desk);
      must(try_stretch(*store, log.events(2)));
    }
    tamper(folder.path(), [&](MDB_txn* txn, const Databases& db) {
      auto slot = encode(Slot{2, 2});
      std::string value(must(get(txn, db.heads, view_of(slot))).value());
      value[50] = static_cast<char>(value[50] ^ 1);
      ASSERT_EQ(
          gone ? erase(txn, db.heads, view_of(slot)) : put(txn, db.heads, view_of(slot), value),
          MDB_SUCCESS);
    });
    auto faults = must(open_at(folder.path())->verify()).faults;
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_NE(faults[0].find(gone ? "no head of its covers it" : "signature is not its peer's"),
              std::string::npos)
        << faults[0];
  }
}

TEST(StretchFault, AProofOfAForkThatWasChangedIsFound) {
  TempFolder folder;
  {
    auto store = open_at(folder.path());
    ForgedLog log(store->log().desk);
    ForgedLog branch = log;
    must(try_stretch(*store, log.events(2)));
    EXPECT_EQ(stretch_error(*store, branch.events(1, "other")), Errc::forked);
    EXPECT_TRUE(must(store->verify()).faults.empty());
  }
  tamper(folder.path(), [](MDB_txn* txn, const Databases& db) {
    auto slot = encode(Slot{2, 1});
    std::string value(must(get(txn, db.forks, view_of(slot))).value());
    value.back() = static_cast<char>(value.back() ^ 1);
    ASSERT_EQ(put(txn, db.forks, view_of(slot), value), MDB_SUCCESS);
  });
  EXPECT_EQ(must(open_at(folder.path())->verify()).faults.size(), 1U);
}

TEST(StretchFault, ABackupBringsOtherPeersLogsForksAndCutsBack) {
  TempFolder folder;
  auto store = open_at(folder / "data");
  ForgedLog log(store->log().desk);
  ForgedLog branch = log;
  ForgedLog removed(store->log().desk, 8);
  append(*store, {event_of("own", "body", 1)});
  must(try_stretch(*store, log.stretch({log.with_body("x", "body")})));
  must(try_stretch(*store, removed.events(2)));
  EXPECT_EQ(stretch_error(*store, branch.events(1, "other")), Errc::forked);
  must(await_done([&](Store::Done done) {
    store->cut(removed.log().peer, removed.log().incarnation, 2, std::move(done));
  }));
  must(store->backup(folder / "backup"));
  const LogName old = store->log();
  append(*store, {event_of("after")});
  Stretch lost = next_stretch(*store, old, 0);
  store.reset();
  Options options = options_for(folder / "restored");
  options.secrets_folder = folder / "data/secrets";
  must(restore(folder / "backup", options));
  store = must(Store::open(options));
  auto report = expect_whole(*store);
  EXPECT_EQ(report.logs, 4U);
  EXPECT_EQ(report.forks, 1U);
  EXPECT_EQ(stretch_error(*store, log.events(1)), Errc::forked);
  EXPECT_EQ(stretch_error(*store, removed.events(1)), Errc::cut);
  // What was written after the backup comes back from the others, as the older incarnation's.
  EXPECT_EQ(must(try_stretch(*store, lost)).count, 1U);
  append(*store, {event_of("new")});
  EXPECT_EQ(seq_of(*store, old), 2U);
  expect_whole(*store);
}

}  // namespace
}  // namespace deskmate::storage
