// Two real stores, replicated through the adapter: what the simulation does in memory.
#include "core/peer/store_adapter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "storage/peer_test_support.hpp"

namespace deskmate::peer {
namespace {

using storage::testing::must;

// What other threads hand over, run here one after the other.
class Turns {
 public:
  void add(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    came_.notify_all();
  }
  // Runs what is there; with wait, for a moment until something is. False: nothing was.
  bool run(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait) came_.wait_for(lock, std::chrono::milliseconds(10), [&] { return !work_.empty(); });
    if (work_.empty()) return false;
    auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> work_;
};

struct Side {
  explicit Side(storage::Store& of)
      : store(of),
        adapter(
            of, [this](std::function<void()> work) { pool.add(std::move(work)); },
            [this](std::function<void()> work) { loop.add(std::move(work)); }),
        replica(adapter, {1, 1}) {}
  storage::Store& store;
  Turns pool;
  Turns loop;
  StoreAdapter adapter;
  Replica replica;
  std::vector<out::Close> closed;
  std::vector<out::Alarm> alarms;
  std::vector<out::FileDone> files;
};

class TwoStores : public ::testing::Test {
 protected:
  static constexpr LinkId link = 1;

  void connect() {
    a.replica.own_appended(now());
    b.replica.own_appended(now());
    a.replica.set_peers({{b.store.log().peer, {}}}, now());
    b.replica.set_peers({{a.store.log().peer, {}}}, now());
    link_up(link);
  }
  void link_up(LinkId id) {
    a.replica.link_up(id, b.store.log().peer, now());
    b.replica.link_up(id, a.store.log().peer, now());
  }

  void move(Side& from, Side& to) {
    for (Output& output : from.replica.take()) {
      if (auto* send = std::get_if<out::Send>(&output)) {
        if (spoil) spoil(send->bytes);
        to.replica.receive(send->link, send->bytes, now());
        from.replica.carrier_unsent(send->link, 0, now());
      } else if (auto* append = std::get_if<out::Append>(&output)) {
        from.adapter.append(std::move(*append),
                            [this, &from](std::uint64_t ticket, AppendOutcome outcome,
                                          const storage::Arrived& arrived) {
                              arrived_events += arrived.count;
                              from.replica.appended(ticket, std::move(outcome), now());
                            });
      } else if (auto* put = std::get_if<out::PutFile>(&output)) {
        from.adapter.put_file(std::move(*put), [&from](const Hash32& hash, std::uint64_t next,
                                                       Replica::FileState state) {
          from.replica.file_stored(hash, next, state, now());
        });
      } else if (auto* close = std::get_if<out::Close>(&output)) {
        from.closed.push_back(*close);
        to.replica.link_down(close->link, now());
      } else if (auto* alarm = std::get_if<out::Alarm>(&output)) {
        from.alarms.push_back(*alarm);
      } else if (auto* file = std::get_if<out::FileDone>(&output)) {
        from.files.push_back(*file);
      }
    }
  }

  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      move(a, b);
      move(b, a);
      for (Side* side : {&a, &b}) {
        while (side->pool.run(false)) {
        }
        side->loop.run(true);
      }
    }
    return true;
  }
  static Now now() { return {1'000, 1'800'000'000'000}; }
  static std::uint64_t seq(const Side& of, const LogName& log) {
    return storage::testing::seq_of(of.store, log);
  }

  storage::testing::Desk desk;
  Side a{*desk.a};
  Side b{*desk.b};
  std::function<void(std::string&)> spoil;
  std::uint64_t arrived_events = 0;
};

using storage::testing::append;
using storage::testing::buyer_of;
using storage::testing::event_of;

// Of a log, opened.
std::vector<std::string> bodies_of(storage::Store& store, const LogName& log) {
  std::vector<std::string> bodies;
  for (const auto& event : storage::testing::read_all(store)) {
    if (event.key.log != log || must(store.arrival_of(event.key)) != event.arrival) continue;
    bodies.push_back(storage::testing::open_body_at(store, event.arrival).value_or("none"));
  }
  return bodies;
}

// Wherever a message says "a forwarder".
void alter_forwarder(std::string& message) {
  const auto at = message.find("a forwarder");
  if (at != std::string::npos) message[at] = 'A';
}

TEST_F(TwoStores, EndWithBothLogsAndCanOpenThem) {
  std::vector<std::string> said;
  for (int i = 0; i < 300; ++i) {
    said.push_back("from a, " + std::to_string(i));
    append(*desk.a, {event_of("facts", said.back(), static_cast<std::uint8_t>(1 + i % 3))});
  }
  append(*desk.b, {event_of("facts", "from b", 1)});
  connect();
  ASSERT_TRUE(until([&] {
    return a.replica.acked(b.store.log().peer, {a.store.log(), 300}) &&
           b.replica.acked(a.store.log().peer, {b.store.log(), 1});
  }));
  // The bodies of what lies far behind come after their events.
  ASSERT_TRUE(until([&] { return desk.b->awaited_count() == 0 && arrived_events == 601; }));
  EXPECT_EQ(bodies_of(*desk.b, a.store.log()), said);
  EXPECT_EQ(bodies_of(*desk.a, b.store.log()), std::vector<std::string>{"from b"});
  for (auto* store : {desk.a.get(), desk.b.get()}) {
    const auto report = must(store->verify());
    EXPECT_TRUE(report.faults.empty());
    EXPECT_EQ(report.awaited_bodies, 0u);
  }
}

TEST_F(TwoStores, CloseTheLinkOfWhoeverSendsAnotherBody) {
  append(*desk.a, std::vector(100, event_of("facts", "a text that a forwarder changes")));
  spoil = alter_forwarder;
  connect();
  ASSERT_TRUE(until([&] { return !b.closed.empty(); }));
  EXPECT_EQ(b.closed[0].why, Trouble::bad_signature);
  EXPECT_EQ(seq(b, a.store.log()), 100u);
  EXPECT_EQ(desk.b->awaited_count(), 100u);
  spoil = nullptr;
  link_up(link + 1);
  ASSERT_TRUE(until([&] { return desk.b->awaited_count() == 0; }));
}

// Whoever comes first with another key under the id, or another buyer, takes nothing away.
TEST_F(TwoStores, AnotherKeyUnderTheIdOfTheRightOneIsNotTaken) {
  append(*desk.a, {event_of("facts", "sealed", 1)});
  const auto stretch = must(desk.a->read_stretch(desk.a->log(), 0, 1 << 20));
  ASSERT_TRUE(stretch);
  const auto right = desk.a->export_keys(desk.a->keys_of(buyer_of(1)));
  ASSERT_EQ(right.size(), 1u);
  auto other_key = right.front();
  other_key.key[0] ^= 1;
  auto other_buyer = right.front();
  other_buyer.buyer = buyer_of(2);
  std::size_t stored = 0;
  for (const auto& key : {other_key, other_buyer, right.front()}) {
    b.adapter.append({1, *stretch, {key}},
                     [&](std::uint64_t, const AppendOutcome& outcome, const storage::Arrived&) {
                       EXPECT_EQ(outcome.kind, AppendOutcome::done) << outcome.detail;
                       ++stored;
                     });
    const std::size_t before = stored;
    ASSERT_TRUE(until([&] { return stored > before; }));
  }
  EXPECT_EQ(bodies_of(*desk.b, desk.a->log()), std::vector<std::string>{"sealed"});
  EXPECT_EQ(desk.b->keys_of(buyer_of(1)), desk.a->keys_of(buyer_of(1)));
  EXPECT_TRUE(desk.b->keys_of(buyer_of(2)).empty());
}

TEST_F(TwoStores, FetchAttachmentsInPieces) {
  const std::string bytes(2 * file_piece_bytes_max + 1'000, 'p');
  const Hash32 hash = must(desk.a->put_file(buyer_of(1), bytes));
  append(*desk.a, {event_of("facts", "with the key", 1)});
  connect();
  ASSERT_TRUE(until([&] { return seq(b, a.store.log()) == 1; }));
  b.replica.want_file(hash, 0, now());
  Hash32 nobodys{};
  nobodys.fill(9);
  b.replica.want_file(nobodys, 0, now());
  ASSERT_TRUE(until([&] { return b.files.size() == 2; }));
  for (const auto& file : b.files) EXPECT_EQ(file.found, file.hash == hash);
  EXPECT_EQ(must(desk.b->get_file(hash, 0, bytes.size())), bytes);
}

TEST_F(TwoStores, RefuseWhatWasAlteredAndGoOnAfter) {
  append(*desk.a, {event_of("facts that a forwarder would rather not see")});
  spoil = alter_forwarder;
  connect();
  ASSERT_TRUE(until([&] { return !b.closed.empty(); }));
  EXPECT_EQ(b.closed[0].why, Trouble::bad_signature);
  EXPECT_EQ(seq(b, a.store.log()), 0u);
  spoil = nullptr;
  link_up(link + 1);
  ASSERT_TRUE(until([&] { return seq(b, a.store.log()) == 1; }));
  storage::testing::expect_whole(*desk.b);
}

TEST_F(TwoStores, RefuseForGoodWhatIsTooMuchForOneStretch) {
  storage::testing::ForgedLog log(desk.a->log().desk);
  std::map<std::uint64_t, AppendOutcome> outcomes;
  const auto append_one = [&](std::uint64_t number, Stretch stretch) {
    a.adapter.append({number, std::move(stretch), {}},
                     [&](std::uint64_t ticket, AppendOutcome outcome, const storage::Arrived&) {
                       outcomes[ticket] = std::move(outcome);
                     });
  };
  append_one(1, log.events(storage::stretch_events_max));
  append_one(2, log.events(storage::stretch_events_max + 1));
  ASSERT_TRUE(until([&] { return outcomes.size() == 2; }));
  EXPECT_EQ(outcomes[1].kind, AppendOutcome::done);
  EXPECT_EQ(outcomes[2].kind, AppendOutcome::bad);
}

}  // namespace
}  // namespace deskmate::peer
