#include "storage/store.hpp"

#include <atomic>
#include <barrier>
#include <map>
#include <thread>

#include "storage/store_limits.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;

TEST(Store, ReadsWhatWasAppended) {
  TempFolder folder;
  auto store = open_at(folder.path());
  NewEvent request = event_of("refund");
  request.type = "refund.requested";
  request.request = true;
  auto appended = append(*store, {event_of("one"), event_of("two", "plain"), request});
  ASSERT_EQ(appended.size(), 3U);
  EXPECT_EQ(appended[0].arrival, 1U);
  EXPECT_EQ(appended[2].key.seq, 3U);
  EXPECT_EQ(appended[2].key.log, store->log());
  EXPECT_EQ(appended[1].id, event_id(appended[1].key));
  EXPECT_EQ(store->last_arrival(), 3U);
  std::vector<std::string> types;
  auto last = must(store->read(1, 10, true, [&](const StoredEvent& event) {
    types.emplace_back(event.header.type);
    EXPECT_EQ(event.body, event.arrival == 2 ? "plain" : "");
    EXPECT_EQ(event.header.home.has_value(), event.arrival == 3);
    EXPECT_EQ(event.header.home.value_or(store->log().peer), store->log().peer);
    return true;
  }));
  EXPECT_EQ(last, 3U);
  EXPECT_EQ(types, (std::vector<std::string>{"message.received", "refund.requested"}));
  EXPECT_EQ(must(store->arrival_of(appended[1].key)), 2U);
  LogKey unknown = appended[1].key;
  unknown.seq = 9;
  EXPECT_EQ(must(store->arrival_of(unknown)), std::nullopt);
  unknown.log.incarnation += 1;
  EXPECT_EQ(must(store->arrival_of(unknown)), std::nullopt);
}

TEST(Store, ReadStopsAtTheLimitOrWhenTold) {
  TempFolder folder;
  auto store = open_at(folder.path());
  append(*store, std::vector<NewEvent>(100, event_of("x")));
  int seen = 0;
  auto count = [&](const StoredEvent&) { return ++seen < 1000; };
  EXPECT_EQ(must(store->read(0, 70, false, count)), 70U);
  EXPECT_EQ(seen, 70);
  EXPECT_EQ(must(store->read(70, 1000, false, count)), 100U);
  EXPECT_EQ(must(store->read(100, 10, false, count)), 100U);
  EXPECT_EQ(must(store->read(0, 10, false, [](const StoredEvent&) { return false; })), 1U);
}

TEST(Store, BodiesAreSealedUnderTheBuyersKey) {
  TempFolder folder;
  auto store = open_at(folder.path());
  append(*store, {event_of("f", "the secret text", 1), event_of("g", "", 1)});
  auto events = read_all(*store);
  EXPECT_EQ(events[0].body.find("secret"), std::string::npos);
  EXPECT_EQ(open_body_at(*store, 1), "the secret text");
  EXPECT_EQ(open_body_at(*store, 2), "");
  // Without the body at hand it is fetched.
  must(store->read(0, 1, false, [&](const StoredEvent& event) {
    EXPECT_TRUE(event.body.empty());
    EXPECT_EQ(must(store->open_body(event)), "the secret text");
    return true;
  }));
}

TEST(Store, ABodyOpensOnlyInItsPlace) {
  TempFolder folder;
  auto store = open_at(folder.path());
  append(*store, {event_of("f", "one", 1), event_of("g", "two", 1)});
  std::string first_body = read_all(*store)[0].body;
  must(store->read(1, 1, true, [&](const StoredEvent& event) {
    StoredEvent moved = event;
    moved.body = first_body;
    EXPECT_EQ(store->open_body(moved).error().code, Errc::damaged);
    return true;
  }));
}

TEST(Store, RefusesWhatCannotBeAnEvent) {
  TempFolder folder;
  auto store = open_at(folder.path());
  auto code_of = [&](NewEvent event) {
    return try_append(*store, {std::move(event)}).error().code;
  };
  NewEvent no_type = event_of("x");
  no_type.type = "";
  EXPECT_EQ(code_of(no_type), Errc::invalid);
  EXPECT_EQ(code_of(event_of(std::string(facts_max + 1, 'x'))), Errc::invalid);
  EXPECT_EQ(code_of(event_of("x", std::string(body_max + 1, 'x'))), Errc::invalid);
  NewEvent home = event_of("x");
  home.home = Id32{};
  EXPECT_EQ(code_of(home), Errc::invalid);
  EXPECT_EQ(try_append(*store, std::vector<NewEvent>(batch_events_max + 1)).error().code,
            Errc::limit);
  EXPECT_EQ(store->last_arrival(), 0U);
  // The greatest that are allowed are taken.
  append(*store, {event_of(std::string(facts_max, 'x'), std::string(body_max, 'y'), 1)});
  EXPECT_EQ(open_body_at(*store, 1), std::string(body_max, 'y'));
}

TEST(Store, GoesOnWhereItStopped) {
  TempFolder folder;
  LogName log;
  Id32 pseudonym{};
  for (std::uint64_t round = 0; round < 3; ++round) {
    auto store = open_at(folder.path());
    if (round == 0) log = store->log();
    if (round == 0) pseudonym = store->pseudonym_key();
    EXPECT_EQ(store->log(), log);
    EXPECT_EQ(store->pseudonym_key(), pseudonym);
    EXPECT_EQ(store->last_arrival(), round * 10);
    auto appended = append(*store, std::vector<NewEvent>(10, event_of("x", "y", 1)));
    EXPECT_EQ(appended[0].key.seq, round * 10 + 1);
    auto report = must(store->verify());
    EXPECT_TRUE(report.faults.empty()) << report.faults.front();
    EXPECT_EQ(report.events, (round + 1) * 10);
    EXPECT_EQ(report.signatures, round + 1);
  }
}

TEST(Store, CursorsMoveWithTheAppendOrAlone) {
  TempFolder folder;
  {
    auto store = open_at(folder.path());
    EXPECT_EQ(must(store->cursor("mail")), std::nullopt);
    append(*store, {event_of("x")}, CursorMove{"mail", 7});
    EXPECT_EQ(must(store->cursor("mail")), 7U);
    append(*store, {}, CursorMove{"mail", 8});
    EXPECT_EQ(store->last_arrival(), 1U);
    must(await_done([&](Store::Done done) { store->set_cursor("shop", 5, std::move(done)); }));
    EXPECT_FALSE(await_done([&](Store::Done done) { store->set_cursor("", 5, std::move(done)); }));
  }
  auto store = open_at(folder.path());
  EXPECT_EQ(must(store->cursor("mail")), 8U);
  EXPECT_EQ(must(store->cursor("shop")), 5U);
}

TEST(Store, TablesKeepTheLastChangeAndTheirPosition) {
  TempFolder folder;
  auto store = open_at(folder.path());
  auto write = [&](std::vector<TableChange> changes, std::uint64_t position) {
    must(await_done([&](Store::Done done) {
      store->write_tables(std::move(changes), position, std::move(done));
    }));
  };
  write({{"chat", "b", "2"}, {"chat", "a", "1"}, {"buyer", "a", "x"}, {"chat", "a", "3"}}, 10);
  EXPECT_EQ(store->tables_position(), 10U);
  EXPECT_EQ(must(store->table_get("chat", "a")), "3");
  write({{"chat", "a", std::nullopt}, {"chat", "none", std::nullopt}}, 11);
  EXPECT_EQ(must(store->table_get("chat", "a")), std::nullopt);
  EXPECT_EQ(must(store->table_get("buyer", "a")), "x");
  store.reset();
  store = open_at(folder.path());
  EXPECT_EQ(store->tables_position(), 11U);
  must(await_done([&](Store::Done done) { store->clear_tables(std::move(done)); }));
  EXPECT_EQ(store->tables_position(), 0U);
  EXPECT_EQ(must(store->table_get("buyer", "a")), std::nullopt);
}

TEST(Store, ScansATableBothWays) {
  TempFolder folder;
  auto store = open_at(folder.path());
  must(await_done([&](Store::Done done) {
    store->write_tables({{"a", "z", "1"},
                         {"b", "1", "1"},
                         {"b", "3", "3"},
                         {"b", "5", "5"},
                         {"b!", "2", "2"},
                         {"c", "0", "1"}},
                        1, std::move(done));
  }));
  auto scan = [&](std::string_view table, std::string_view from, bool backwards) {
    std::string keys;
    must(store->table_scan(table, from, backwards, [&](std::string_view key, std::string_view) {
      keys += key;
      return true;
    }));
    return keys;
  };
  EXPECT_EQ(scan("b", "", false), "135");
  EXPECT_EQ(scan("b", "3", false), "35");
  EXPECT_EQ(scan("b", "4", false), "5");
  EXPECT_EQ(scan("b", "6", false), "");
  EXPECT_EQ(scan("b", "3", true), "31");
  EXPECT_EQ(scan("b", "4", true), "31");
  EXPECT_EQ(scan("b", "\xff", true), "531");
  EXPECT_EQ(scan("b", "0", true), "");
  EXPECT_EQ(scan("c", "\xff", true), "0");
  EXPECT_EQ(scan("none", "", false), "");
  EXPECT_FALSE(store->table_get("b", std::string(lmdb_key_max, 'k')));
  EXPECT_FALSE(store->table_get(std::string("b\0c", 3), "k"));
}

TEST(Store, ACallbackMayReadMore) {
  TempFolder folder;
  auto store = open_at(folder.path());
  must(await_done([&](Store::Done done) {
    store->write_tables({{"t", "a", "b"}, {"t", "b", "c"}}, 1, std::move(done));
  }));
  std::string found;
  must(store->table_scan("t", "", false, [&](std::string_view, std::string_view value) {
    found += must(store->table_get("t", value)).value_or("none");
    return true;
  }));
  EXPECT_EQ(found, "cnone");
}

TEST(Store, KvBelongsToItsOwner) {
  TempFolder folder;
  auto put = [](Store& store, std::string owner, std::string value) {
    return await_done([&](Store::Done done) {
      store.kv_put(std::move(owner), "key", std::move(value), std::move(done));
    });
  };
  {
    auto store = open_at(folder.path());
    must(put(*store, "mail", "1"));
    must(put(*store, "shop", "2"));
    EXPECT_EQ(put(*store, "mail", std::string(value_max + 1, 'x')).error().code, Errc::limit);
    EXPECT_EQ(put(*store, "", "x").error().code, Errc::invalid);
  }
  auto store = open_at(folder.path());
  EXPECT_EQ(must(store->kv_get("mail", "key")), "1");
  EXPECT_EQ(must(store->kv_get("shop", "key")), "2");
  EXPECT_EQ(must(store->kv_get("shop", "other")), std::nullopt);
  must(put(*store, "shop", ""));
  must(put(*store, "shop", ""));
  EXPECT_EQ(must(store->kv_get("shop", "key")), std::nullopt) << "an empty value erases";
  EXPECT_EQ(must(store->kv_get("mail", "key")), "1");
}

TEST(Store, KvKeysAreCountedForEachOwner) {
  TempFolder folder;
  auto store = open_at(folder.path());
  const auto put = [&](std::string owner, std::string key, std::string value) {
    must(await_done([&](Store::Done done) {
      store->kv_put(std::move(owner), std::move(key), std::move(value), std::move(done));
    }));
  };
  EXPECT_EQ(must(store->kv_count("mail")), 0u);
  for (int i = 0; i < 300; ++i) put("mail", "key " + std::to_string(i), "x");
  put("mail", "key 7", "again");
  put("mai", "key", "x");
  put("mail2", "key", "x");
  EXPECT_EQ(must(store->kv_count("mail")), 300u);
  EXPECT_EQ(must(store->kv_count("mai")), 1u);
  put("mail", "key 7", "");
  EXPECT_EQ(must(store->kv_count("mail")), 299u);
  EXPECT_EQ(store->kv_count("").error().code, Errc::invalid);
}

TEST(Store, WhatWaitsGoesInOneTransaction) {
  TempFolder folder;
  std::atomic<int> commits = 0;
  Hooks hooks;
  hooks.before_commit = [&] {
    ++commits;
    return 0;
  };
  auto store = open_at(folder.path(), hooks);
  std::promise<void> last;
  {
    HeldWriter held(*store);
    commits = 0;
    for (int i = 0; i < 1000; ++i) store->append({event_of("x", "y", 1)}, {});
    store->append({event_of("x")}, [&](const Result<std::vector<Appended>>& done) {
      EXPECT_TRUE(done.has_value());
      last.set_value();
    });
    EXPECT_EQ(store->pending_events(), 1001U);
  }
  wait_for(last.get_future());
  EXPECT_EQ(commits, 1);
  EXPECT_EQ(store->pending_events(), 0U);
}

TEST(Store, SixtyFourWritersAtOnceLoseNothing) {
  constexpr int writers = 64;
  constexpr int each = 20;
  TempFolder folder;
  auto store = open_at(folder.path());
  std::barrier start(writers);
  std::vector<std::thread> threads;
  threads.reserve(writers);
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      start.arrive_and_wait();
      for (int i = 0; i < each; ++i) {
        auto done = append(*store, {event_of(std::to_string(writer) + "," + std::to_string(i),
                                             "body", static_cast<std::uint8_t>(writer + 1))});
        // Acknowledged means readable.
        EXPECT_EQ(must(store->arrival_of(done[0].key)), done[0].arrival);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> seen;
  std::uint64_t expected = 0;
  for (const ReadEvent& event : read_all(*store)) {
    EXPECT_EQ(event.arrival, ++expected);
    EXPECT_EQ(event.key.seq, event.arrival);
    ++seen[event.facts];
  }
  EXPECT_EQ(seen.size(), std::size_t{writers * each});
  EXPECT_EQ(expected, std::uint64_t{writers * each});
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

TEST(Store, TheMapGrowsUnderReaders) {
  TempFolder folder;
  auto store = open_at(folder.path());
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      std::uint64_t before = 0;
      for (const ReadEvent& event : read_all(*store)) EXPECT_EQ(event.arrival, ++before);
    }
  });
  constexpr std::uint64_t rounds = 24;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    append(*store, std::vector<NewEvent>(4, event_of("x", std::string(60'000, 'b'))));
  }
  stop = true;
  reader.join();
  EXPECT_EQ(store->last_arrival(), rounds * 4);
  EXPECT_GT(std::filesystem::file_size(folder / "data.mdb"), 4U << 20);
  EXPECT_TRUE(must(store->verify()).faults.empty());
}

TEST(Store, TooMuchWaitingIsRefusedAtOnce) {
  TempFolder folder;
  auto store = open_at(folder.path());
  auto refused_now = [&](std::vector<NewEvent> events) {
    auto shared = std::make_shared<std::optional<Errc>>();
    store->append(std::move(events), [shared](const Result<std::vector<Appended>>& done) {
      if (!done) *shared = done.error().code;
    });
    return *shared;
  };
  HeldWriter held(*store);
  for (std::size_t i = 0; i < pending_events_max / batch_events_max; ++i) {
    EXPECT_EQ(refused_now(std::vector<NewEvent>(batch_events_max, event_of("x"))), std::nullopt);
  }
  EXPECT_EQ(refused_now({event_of("x")}), Errc::limit);
  auto cursor = await_done([&](Store::Done done) { store->set_cursor("r", 1, std::move(done)); });
  EXPECT_EQ(cursor.error().code, Errc::limit);
  held.release();
  must(store->verify());  // runs behind all that waits
  EXPECT_EQ(store->last_arrival(), pending_events_max + 1);
  EXPECT_EQ(refused_now({event_of("x")}), std::nullopt);
}

TEST(Store, ClosingWritesWhatWaits) {
  TempFolder folder;
  std::atomic<int> acknowledged = 0;
  {
    auto store = open_at(folder.path());
    for (int i = 0; i < 500; ++i) {
      store->append({event_of("x")}, [&](const Result<std::vector<Appended>>& done) {
        if (done) ++acknowledged;
      });
    }
  }
  EXPECT_EQ(acknowledged, 500);
  EXPECT_EQ(open_at(folder.path())->last_arrival(), 500U);
}

}  // namespace
}  // namespace deskmate::storage
