#include "core/daemon/table_cache.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/daemon/fake_store.hpp"

namespace deskmate::daemon {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries scan(desk::Tables& tables, std::string_view from, bool backwards, std::size_t limit = 1000,
             std::string_view within = {}) {
  Entries out;
  tables.scan("t", {from, backwards, within}, [&](std::string_view key, std::string_view value) {
    out.emplace_back(key, value);
    return out.size() < limit;
  });
  return out;
}

void flush(TableCache& tables, std::uint64_t position) {
  tables.set_position(position);
  bool written = false;
  tables.flush([&](const storage::Result<void>& result) { written = result.has_value(); });
  tables.flushed(written);
}

TEST(TableCache, ChangesHideWhatIsStored) {
  FakeStore store;
  store.tables["t"] = {{"a", "1"}, {"b", "2"}, {"d", "4"}};
  TableCache tables(store);
  tables.put("t", "b", "two");
  tables.put("t", "c", "three");
  tables.erase("t", "d");
  EXPECT_EQ(tables.get("t", "a"), "1");
  EXPECT_EQ(tables.get("t", "b"), "two");
  EXPECT_EQ(tables.get("t", "d"), std::nullopt);
  EXPECT_EQ(scan(tables, "", false), (Entries{{"a", "1"}, {"b", "two"}, {"c", "three"}}));
  EXPECT_EQ(scan(tables, "c", true), (Entries{{"c", "three"}, {"b", "two"}, {"a", "1"}}));
  EXPECT_EQ(scan(tables, "b", false, 1), (Entries{{"b", "two"}}));
  EXPECT_EQ(store.tables["t"].at("b"), "2");
}

TEST(TableCache, FewerAreDueWhileNoAppendWaits) {
  FakeStore store;
  TableCache tables(store);
  for (std::size_t i = 0; i <= unwritten_entries_idle; ++i) {
    EXPECT_FALSE(tables.wants_flush(true));
    tables.put("t", std::to_string(i), "1");
  }
  EXPECT_TRUE(tables.wants_flush(true));
  EXPECT_FALSE(tables.wants_flush(false));
}

TEST(TableCache, ManySmallChangesAreDueAsFewLargeOnesAre) {
  FakeStore store;
  TableCache tables(store);
  for (std::size_t i = 0; i < unwritten_entries_soft; ++i) tables.put("t", std::to_string(i), "1");
  tables.put("t", "0", "2");  // no further one
  EXPECT_FALSE(tables.wants_flush(false));
  tables.erase("t", "one more");
  EXPECT_TRUE(tables.wants_flush(false));
  flush(tables, 7);
  EXPECT_EQ(tables.unwritten_entries(), 0u);
  EXPECT_FALSE(tables.wants_flush(false));
  tables.put("t", "large", std::string(unwritten_bytes_soft, 'x'));
  EXPECT_TRUE(tables.wants_flush(false));
}

TEST(TableCache, WritesAllWithThePosition) {
  FakeStore store;
  store.tables["t"] = {{"gone", "x"}};
  TableCache tables(store);
  tables.put("t", "a", "1");
  tables.erase("t", "gone");
  flush(tables, 7);
  EXPECT_EQ(store.tables["t"], (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_EQ(store.tables_position(), 7u);
  EXPECT_EQ(tables.written_position(), 7u);
  EXPECT_EQ(tables.unwritten_bytes(), 0u);
  EXPECT_EQ(tables.get("t", "a"), "1");
  EXPECT_EQ(tables.get("t", "gone"), std::nullopt);
}

TEST(TableCache, KeepsWhatChangesDuringAFlush) {
  FakeStore store;
  store.commit_at_once = false;
  TableCache tables(store);
  tables.put("t", "a", "1");
  tables.put("t", "b", "1");
  tables.set_position(1);
  tables.flush([](const storage::Result<void>&) {});
  tables.put("t", "a", "2");
  store.commit();
  tables.flushed(true);
  EXPECT_EQ(tables.get("t", "a"), "2");
  EXPECT_GT(tables.unwritten_bytes(), 0u);
  store.commit_at_once = true;
  flush(tables, 2);
  EXPECT_EQ(store.tables["t"].at("a"), "2");
}

TEST(TableCache, AFailedFlushLosesNothing) {
  FakeStore store;
  store.refuse = storage::Error{storage::Errc::full, "no room"};
  TableCache tables(store);
  tables.put("t", "a", "1");
  flush(tables, 1);
  EXPECT_EQ(tables.written_position(), 0u);
  EXPECT_EQ(tables.get("t", "a"), "1");
  store.refuse.reset();
  flush(tables, 1);
  EXPECT_EQ(store.tables["t"].at("a"), "1");
}

TEST(TableCache, MemoryIsBounded) {
  FakeStore store;
  TableCache tables(store);
  EXPECT_FALSE(tables.wants_flush(false));
  for (int i = 0; i < 100; ++i) tables.put("t", std::to_string(i), std::string(64 * 1024, 'x'));
  EXPECT_TRUE(tables.wants_flush(false));
  flush(tables, 1);
  EXPECT_FALSE(tables.wants_flush(false));
  tables.hold(true);
  for (int i = 0; i < 100; ++i) tables.put("t", std::to_string(i), std::string(64 * 1024, 'y'));
  EXPECT_FALSE(tables.wants_flush(false));
}

TEST(TableCache, WhatWasErasedBehindAPrefixIsNotLookedAt) {
  FakeStore store;
  TableCache tables(store);
  for (int i = 0; i < 2'000; ++i) tables.put("t", "b" + std::to_string(i), "1");
  flush(tables, 1);
  for (int i = 0; i < 2'000; ++i) tables.erase("t", "b" + std::to_string(i));
  store.entries_scanned = 0;
  EXPECT_TRUE(scan(tables, "a", false, 1, "a").empty());
  EXPECT_TRUE(scan(tables, "c", true, 1, "c").empty());
  EXPECT_LE(store.entries_scanned, 4u);
  EXPECT_TRUE(scan(tables, "a", false).empty());
  EXPECT_GE(store.entries_scanned, 2'000u) << "the figure tells";
}

// Whatever is put, erased, flushed and looked up, in any order, it answers as plain tables do.
TEST(TableCache, AnswersAsPlainTables) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    FakeStore store;
    TableCache cache(store);
    if (seed % 2 == 0) cache.expect_rebuild();
    desk::MemoryTables plain;
    const auto some_key = [&] {
      return std::string(1 + random() % 2, static_cast<char>('a' + random() % 26));
    };
    for (int step = 0; step < 400; ++step) {
      const std::string key = some_key();
      switch (random() % 6) {
        case 0:
        case 1: {
          const std::string value = std::to_string(random());
          cache.put("t", key, value);
          plain.put("t", key, value);
          break;
        }
        case 2:
          cache.erase("t", key);
          plain.erase("t", key);
          break;
        case 3:
          ASSERT_EQ(cache.get("t", key), plain.get("t", key)) << "seed " << seed;
          break;
        case 4: {
          const bool backwards = random() % 2 == 0;
          const std::size_t limit = 1 + random() % 60;
          const std::string within = key.substr(0, random() % 2);
          ASSERT_EQ(scan(cache, key, backwards, limit, within),
                    scan(plain, key, backwards, limit, within))
              << "seed " << seed;
          break;
        }
        default:
          store.refuse.reset();
          if (random() % 3 == 0) store.refuse = storage::Error{storage::Errc::full, "no room"};
          if (random() % 4 == 0) flush(cache, static_cast<std::uint64_t>(step));
          if (random() % 50 == 0) cache.rebuilt();
      }
    }
  }
}

}  // namespace
}  // namespace deskmate::daemon
