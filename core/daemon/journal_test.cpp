#include "core/daemon/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/bus/test_loop.hpp"
#include "core/daemon/fake_store.hpp"
#include "core/daemon/rebuild.hpp"

namespace deskmate::daemon {
namespace {

// What is refused with an I/O error may be on the disk all the same.
class UnsureStore : public FakeStore {
 public:
  bool refuses_what_it_writes = false;

  using FakeStore::append;
  void append(std::vector<storage::NewEvent> events, std::optional<storage::CursorMove> cursor,
              AppendDone done) override {
    auto told = [this,
                 done = std::move(done)](storage::Result<std::vector<storage::Appended>> result) {
      if (!refuses_what_it_writes) return done(std::move(result));
      done(storage::Error{storage::Errc::io, "the disk"});
    };
    FakeStore::append(std::move(events), std::move(cursor), std::move(told));
  }
};

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { open(); }

  void open() {
    tables = std::make_unique<TableCache>(store);
    desk = std::make_unique<desk::Desk>(*tables, desk::Policy());
    Journal::Hooks hooks;
    hooks.prepare = [](const desk::Proposal& proposal) -> Result<Prepared> {
      Prepared out;
      out.event.type = proposal.type;
      out.event.facts = encode(proposal.facts);
      out.event.request = proposal.request;
      return out;
    };
    hooks.on_event = [this](const storage::StoredEvent& event) {
      folded.emplace_back(event.header.type);
      stamps.push_back(event.header.stamp);
    };
    hooks.on_error = [this](const Error& error) { errors.push_back(error.code); };
    journal = std::make_unique<Journal>(
        loop, store, *tables, *desk, [this] { return wall_ms; }, std::move(hooks));
    ASSERT_TRUE(journal->open());
    loop.run();
  }
  void close() {
    bool closed = false;
    journal->close([&] { closed = true; });
    loop.run();
    EXPECT_TRUE(closed);
    journal.reset();
    desk.reset();
    tables.reset();
  }

  static Value message_event(const std::string& id) {
    return Value::map(
        {{"type", "message.received"},
         {"facts", Value::map({{"shop", "mail"}, {"at", 1}})},
         {"refs", Value::map({{"thread", "t" + id}, {"buyer", "b"}, {"message", id}})},
         {"dedupe", "message"},
         {"body", Value::map({{"text", "hello"}})}});
  }
  Prepared message(const std::string& id) {
    const std::string bytes = encode(message_event(id));
    Document document;
    EXPECT_TRUE(document.parse(bytes));
    return std::move(prepare(document.root(), "mail", pseudonyms)).value();
  }
  std::vector<Prepared> messages(std::initializer_list<const char*> ids) {
    std::vector<Prepared> out;
    for (const char* id : ids) out.push_back(message(id));
    return out;
  }

  struct Answer {
    bool done = false;
    Result<std::vector<Outcome>> result = Error{};
  };
  std::shared_ptr<Answer> append(std::vector<Prepared> events,
                                 std::optional<storage::CursorMove> cursor = {}) {
    auto answer = std::make_shared<Answer>();
    journal->append(std::move(events), std::move(cursor),
                    [answer](Result<std::vector<Outcome>> result) {
                      EXPECT_FALSE(answer->done);
                      answer->done = true;
                      answer->result = std::move(result);
                    });
    return answer;
  }

  bus::TestLoop loop;
  UnsureStore store;
  Pseudonyms pseudonyms{storage::Id32{4}, "+86"};
  std::uint64_t wall_ms = 1'000'000;
  std::vector<std::string> folded;
  std::vector<std::uint64_t> stamps;
  std::vector<Status> errors;
  std::unique_ptr<TableCache> tables;
  std::unique_ptr<desk::Desk> desk;
  std::unique_ptr<Journal> journal;
};

TEST_F(JournalTest, TablesAreWrittenInAPauseAndNotBetweenTwoBatchesOfABusyDesk) {
  int sent = 0;
  while (tables->unwritten_entries() <= 2 * unwritten_entries_idle) {
    const auto answer = append(messages({std::to_string(++sent).c_str()}));
    loop.run();
    ASSERT_TRUE(answer->done) << "nothing is on its way, for a moment";
    ASSERT_EQ(tables->written_position(), 0u);
  }
  loop.advance(idle_flush_ms - 1);
  loop.run();
  store.commit_at_once = false;
  const auto late = append(messages({"late"}));
  loop.advance(1);
  loop.run();
  EXPECT_EQ(tables->written_position(), 0u) << "it is busy again";
  store.commit_at_once = true;
  store.commit();
  loop.run();
  EXPECT_TRUE(late->done);
  loop.advance(idle_flush_ms);
  loop.run();
  EXPECT_EQ(tables->written_position(), tables->position());
  EXPECT_EQ(tables->unwritten_entries(), 0u);
}

TEST_F(JournalTest, WaitsWhileTheLogIsOpenedAgain) {
  store.commit_at_once = false;
  const auto first = append(messages({"1"}));
  const auto second = append(messages({"2"}));
  store.commit();
  store.refuse_reads = 5;
  loop.run();
  EXPECT_FALSE(first->done);
  EXPECT_FALSE(second->done);
  EXPECT_EQ(journal->in_flight(), 2U);
  EXPECT_EQ(errors, std::vector<Status>{Status::internal});  // told once
  // The same item, from an impatient connector.
  const auto same = append(messages({"1"}));
  loop.advance(3 * fold_again_ms);
  store.commit();
  loop.run();
  ASSERT_TRUE(first->done && second->done && same->done);
  EXPECT_EQ(std::count(folded.begin(), folded.end(), "message.received"), 2);
  EXPECT_EQ(first->result->at(0).arrival, 1U);
  EXPECT_EQ(second->result->at(0).arrival, 2U);
  EXPECT_TRUE(same->result->at(0).duplicate);
  EXPECT_EQ(journal->position(), store.last_arrival());
}

TEST_F(JournalTest, ReadsWhatOthersWroteOnceTheLogIsOpenAgain) {
  std::vector<storage::NewEvent> events{message("1").event};
  store.append(std::move(events), std::nullopt,
               [](const storage::Result<std::vector<storage::Appended>>& done) {
                 EXPECT_TRUE(done.has_value());
               });
  store.refuse_reads = 2;
  journal->arrived();
  EXPECT_TRUE(folded.empty());
  loop.advance(2 * fold_again_ms);
  ASSERT_FALSE(folded.empty());
  EXPECT_EQ(folded.front(), "message.received");
}

TEST_F(JournalTest, EndsWhereTheLogStaysUnreadable) {
  store.refuse_reads = ~std::size_t{0};
  append(messages({"1"}));
  loop.advance(fold_again_ms_max);
  EXPECT_THROW(loop.advance(2 * fold_again_ms), std::runtime_error);
}

TEST_F(JournalTest, AnswersOnceOnDiskAndFolded) {
  store.commit_at_once = false;
  const auto answer = append(messages({"1"}));
  loop.run();
  EXPECT_FALSE(answer->done);
  store.commit();
  EXPECT_FALSE(answer->done);  // not from the writer's thread
  loop.run();
  ASSERT_TRUE(answer->done);
  ASSERT_TRUE(answer->result);
  EXPECT_EQ(answer->result->front().arrival, 1u);
  EXPECT_EQ(folded.front(), "message.received");
  EXPECT_GE(journal->position(), 1u);
}

TEST_F(JournalTest, TheSameItemIsStoredOnce) {
  const auto first = append(messages({"1", "2", "1"}));
  loop.run();
  ASSERT_TRUE(first->result);
  EXPECT_FALSE((*first->result)[0].duplicate);
  EXPECT_FALSE((*first->result)[1].duplicate);
  EXPECT_TRUE((*first->result)[2].duplicate);
  const auto again = append(messages({"2"}));
  loop.run();
  ASSERT_TRUE(again->result);
  EXPECT_TRUE(again->result->front().duplicate);
}

TEST_F(JournalTest, ADuplicateIsAcknowledgedOnlyWithTheFirstOnDisk) {
  store.commit_at_once = false;
  const auto first = append(messages({"1"}));
  const auto second = append(messages({"1", "2"}), storage::CursorMove{"r", 9});
  const auto third = append(messages({"3"}));  // must not overtake the cursor of the second
  loop.run();
  EXPECT_EQ(store.appends, 1u);
  EXPECT_FALSE(second->done);
  store.commit();
  loop.run();
  EXPECT_TRUE(first->done);
  EXPECT_FALSE(second->done);
  store.commit();
  loop.run();
  ASSERT_TRUE(second->done && third->done);
  ASSERT_TRUE(second->result);
  EXPECT_TRUE((*second->result)[0].duplicate);
  EXPECT_FALSE((*second->result)[1].duplicate);
  EXPECT_EQ(store.cursors.at("r"), 9u);
}

TEST_F(JournalTest, WhereTheFirstIsNotStoredTheSecondIs) {
  store.commit_at_once = false;
  const auto first = append(messages({"1"}));
  const auto second = append(messages({"1"}));
  loop.run();
  store.refuse = storage::Error{storage::Errc::full, "no room"};
  store.commit();
  store.refuse.reset();
  loop.run();
  store.commit();
  loop.run();
  ASSERT_TRUE(first->done && second->done);
  EXPECT_EQ(first->result.error().code, Status::unavailable);
  ASSERT_TRUE(second->result);
  EXPECT_FALSE(second->result->front().duplicate);
}

TEST_F(JournalTest, WhatIsRefusedAndWrittenAllTheSameIsStoredOnce) {
  store.refuses_what_it_writes = true;
  const auto first = append(messages({"1"}));
  loop.run();
  ASSERT_TRUE(first->done);
  EXPECT_FALSE(first->result);
  store.refuses_what_it_writes = false;
  const auto again = append(messages({"1"}));
  loop.run();
  ASSERT_TRUE(again->result);
  EXPECT_TRUE(again->result->front().duplicate);
  EXPECT_EQ(store.last_arrival(), journal->position());
}

TEST_F(JournalTest, ADuplicateMovesTheCursor) {
  append(messages({"1"}));
  loop.run();
  const auto again = append(messages({"1"}), storage::CursorMove{"r", 5});
  loop.run();
  ASSERT_TRUE(again->result);
  EXPECT_EQ(store.cursors.at("r"), 5u);
}

TEST_F(JournalTest, ADuplicateIsKnownAfterARestart) {
  append(messages({"1"}));
  loop.run();
  close();
  open();
  const auto again = append(messages({"1"}));
  loop.run();
  ASSERT_TRUE(again->result);
  EXPECT_TRUE(again->result->front().duplicate);
}

TEST_F(JournalTest, WhatTheTablesLackIsFoldedAtTheStart) {
  append(messages({"1", "2"}));
  loop.run();
  journal.reset();  // killed: the tables were never written
  desk.reset();
  tables.reset();
  EXPECT_EQ(store.tables_position(), 0u);
  open();
  EXPECT_EQ(journal->position(), store.last_arrival());
  const auto again = append(messages({"2"}));
  loop.run();
  ASSERT_TRUE(again->result);
  EXPECT_TRUE(again->result->front().duplicate);
}

TEST_F(JournalTest, TablesOfAnOlderFoldAreMadeAnew) {
  append(messages({"1", "2"}));
  loop.run();
  close();
  ASSERT_TRUE(drop_outdated_tables(store));
  EXPECT_GT(store.tables_position(), 0u) << "they are of this version";
  store.tables[std::string(clock_table)].erase("fold");
  store.tables[std::string(seen_table)]["of an older version"] = "";
  ASSERT_TRUE(drop_outdated_tables(store));
  EXPECT_EQ(store.tables_position(), 0u);
  open();
  EXPECT_EQ(journal->position(), store.last_arrival());
  close();
  EXPECT_FALSE(store.tables[std::string(seen_table)].contains("of an older version"));
  ASSERT_TRUE(drop_outdated_tables(store));
  EXPECT_GT(store.tables_position(), 0u);
}

TEST_F(JournalTest, StampsRiseThoughTheClockGoesBackAndTheDaemonRestarts) {
  append(messages({"1"}));
  loop.run();
  wall_ms -= 500'000;
  append(messages({"2"}));
  loop.run();
  close();
  wall_ms -= 400'000;
  open();
  append(messages({"3"}));
  loop.run();
  for (std::size_t i = 1; i < stamps.size(); ++i) EXPECT_GT(stamps[i], stamps[i - 1]);
  EXPECT_GE(stamp_ms(stamps.back()), 1'000'000u);
}

TEST_F(JournalTest, DiskFullIsToldAndItGoesOn) {
  store.refuse = storage::Error{storage::Errc::full, "no room on the disk"};
  const auto refused = append(messages({"1"}));
  loop.run();
  ASSERT_TRUE(refused->done);
  EXPECT_EQ(refused->result.error().code, Status::unavailable);
  EXPECT_EQ(refused->result.error().message, "no room on the disk");
  store.refuse.reset();
  const auto taken = append(messages({"1"}));
  loop.run();
  ASSERT_TRUE(taken->result);
  EXPECT_FALSE(taken->result->front().duplicate);
}

TEST_F(JournalTest, ProposalsAreTriedAgainOnceThereIsRoom) {
  store.commit_at_once = false;
  append(messages({"1"}));
  loop.run();
  store.commit();
  loop.run();  // the router proposes; its events are at the store
  ASSERT_EQ(store.waiting(), 1u);
  store.refuse = storage::Error{storage::Errc::full, "no room"};
  store.commit();
  loop.run();
  EXPECT_EQ(store.waiting(), 0u);  // not again at once
  EXPECT_FALSE(errors.empty());
  store.refuse.reset();
  store.commit_at_once = true;
  loop.advance(decide_again_ms * 2);
  EXPECT_EQ(folded.back(), "chat.queued");  // there are no members
}

TEST_F(JournalTest, TablesAreWrittenWhileItIsQuiet) {
  append(messages({"1"}));
  loop.run();
  EXPECT_EQ(store.tables_position(), 0u);
  loop.advance(flush_every_ms + 1);
  EXPECT_EQ(store.tables_position(), store.last_arrival());
}

TEST_F(JournalTest, StopsWithAllThatWasUnderWay) {
  store.commit_at_once = false;
  const auto before = append(messages({"1"}));
  bool closed = false;
  journal->close([&] { closed = true; });
  const auto after = append(messages({"2"}));
  loop.run();
  EXPECT_TRUE(after->done);
  EXPECT_EQ(after->result.error().code, Status::cancelled);
  EXPECT_FALSE(closed);
  store.commit();
  loop.run();
  EXPECT_TRUE(before->result);
  store.commit();  // the tables
  loop.run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(store.tables_position(), 1u);
}

TEST_F(JournalTest, TablesEqualARebuild) {
  for (int i = 0; i < 50; ++i) {
    append(messages({std::to_string(i).c_str()}));
    loop.run();
    if (i % 7 == 0) loop.advance(flush_every_ms + 1);
  }
  bool held = false;
  journal->hold([&](const Result<void>& result) { held = result.has_value(); });
  loop.run();
  ASSERT_TRUE(held);
  append(messages({"while held"}));
  loop.advance(flush_every_ms + 1);
  const auto report = compare_with_rebuild(store, desk::Policy());
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report.value().differences, 0u)
      << (report.value().details.empty() ? "" : report.value().details.front());
  EXPECT_GT(report.value().entries, 50u);
  EXPECT_LT(report.value().position, store.last_arrival());
  journal->release();

  auto& seen = store.tables[std::string(seen_table)];
  seen.erase(seen.begin());
  seen["too much"] = "";
  EXPECT_EQ(compare_with_rebuild(store, desk::Policy()).value().differences, 2u);
}

// Verifying is worth it when the disk is full, too: nothing is lost, and it should be seen.
TEST_F(JournalTest, OnAFullDiskTheTablesAreComparedAsFarAsTheyHaveCome) {
  append(messages({"1", "2"}));
  loop.advance(flush_every_ms + 1);
  const auto position = store.tables_position();
  append(messages({"3"}));
  loop.run();
  for (const auto code : {storage::Errc::io, storage::Errc::full}) {
    store.refuse = storage::Error{code, "refused"};
    std::optional<bool> held;
    journal->hold([&](const Result<void>& result) { held = result.has_value(); });
    loop.run();
    EXPECT_EQ(held, code == storage::Errc::full);
  }
  const auto report = compare_with_rebuild(store, desk::Policy());
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report.value().differences, 0u);
  EXPECT_EQ(report.value().position, position);
  store.refuse.reset();
  journal->release();
  loop.advance(flush_every_ms + 1);
  EXPECT_EQ(store.tables_position(), journal->position());
}

// The pieces in which tables are read neither leave out entries nor count them twice.
TEST_F(JournalTest, TablesOfAnySizeAreCompared) {
  constexpr std::size_t piece = 4'096;
  for (const std::size_t entries : {piece - 1, piece, piece + 1, 3 * piece}) {
    auto& seen = store.tables[std::string(seen_table)];
    seen.clear();
    for (std::size_t i = 0; i < entries; ++i) seen["too much " + std::to_string(i)] = "";
    const auto report = compare_with_rebuild(store, desk::Policy());
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report.value().differences, entries);
    EXPECT_EQ(report.value().entries, entries);
  }
}

}  // namespace
}  // namespace deskmate::daemon
