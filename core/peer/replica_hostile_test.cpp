// What goes wrong, or is meant ill: forks, forgeries, gaps, rolled back disks; keys and
// attachments.
#include "core/peer/replica.hpp"

#include <gtest/gtest.h>

#include "core/peer/test_replicas.hpp"

namespace deskmate::peer::testing {
namespace {

TEST(Replica, FreezesAForkedLog) {
  Net net{1, 2, 3};
  net.write(1, 3);
  net.connect(1, 2);
  net.disconnect(1, 2);
  Net other;  // the same laptop, copied: another third event
  other.add(1);
  other.write(1, 2);
  other.write_record(1, storage::encode(header_of("something else")));
  other.write(1, 2);
  net[1].store.logs = other[1].store.logs;
  net.add(3);
  net[1].replica = std::make_unique<Replica>(net[1].store, net.now(1));
  net.introduce(1);
  net.connect(1, 2);
  EXPECT_TRUE(raised(net[2], Trouble::forked));
  EXPECT_TRUE(raised(net[1], Trouble::forked));  // told
  EXPECT_EQ(net[2].replica->status().frozen, std::vector{log_of(1)});
  EXPECT_EQ(net[2].store.logs[log_of(1)].items.size(), 3u);
  // Found by seed 31966 of the simulation: who was not there when it was noticed is told, too.
  net.connect(2, 3);
  EXPECT_TRUE(raised(net[3], Trouble::forked));
  net.disconnect(2, 3);
  net.write(2, 1);  // the rest goes on
  EXPECT_EQ(net[1].store.logs[log_of(2)].items.size(), 1u);
  // Once the owners have decided for what is here.
  net[2].store.logs[log_of(1)] = other[1].store.logs[log_of(1)];
  net[2].replica->unfreeze(log_of(1), net.now(2));
  net.settle();
  net.write(1, 1);
  EXPECT_EQ(net[2].replica->status().frozen.size(), 0u);
  EXPECT_TRUE(net.has_all(1, 2));
}

void alter_runs(Net& net, const std::function<void(Stretch&)>& change) {
  net.tap = [change](std::uint8_t, std::uint8_t, std::string& bytes) {
    auto run = read_as<message::Run>(bytes);
    auto stretch = run ? message::decode_stretch(log_of(1), run->bytes) : std::nullopt;
    if (!stretch) return true;
    change(*stretch);
    run->bytes = message::encode(*stretch);
    run->total = run->bytes.size();
    bytes = message::encode(*run);
    return true;
  };
}

TEST(Replica, RefusesWhatIsForged) {
  using Change = std::function<void(Stretch&)>;
  const std::vector<Change> changes = {
      [](Stretch& stretch) { stretch.signature[5] ^= 1; },
      [](Stretch& stretch) { stretch.chain[5] ^= 1; },
      [](Stretch& stretch) { stretch.items[0].record.back() ^= 1; },
      [](Stretch& stretch) { stretch.items[0].body = "another"; },
  };
  for (const Change& change : changes) {
    Net net{1, 2};
    net.write_record(1, record_with("a body"), "a body");
    alter_runs(net, change);
    net.connect(1, 2);
    EXPECT_TRUE(closed_for(net[2], Trouble::bad_signature));
    EXPECT_FALSE(net.connected(1, 2));
    EXPECT_TRUE(net[2].store.arrivals.empty());
    net.tap = nullptr;
    net.connect(1, 2);
    EXPECT_TRUE(net.same(1, 2));
  }
}

TEST(Replica, RefusesAGap) {
  Net net{1, 2};
  net.write(1, 3);
  alter_runs(net, [](Stretch& stretch) { ++stretch.first; });
  net.connect(1, 2);
  EXPECT_TRUE(closed_for(net[2], Trouble::gap));
  EXPECT_TRUE(net[2].store.arrivals.empty());
}

TEST(Replica, ClosesOnWhatIsNoneOfItsMessages) {
  const auto try_out = [](const std::vector<std::string>& frames) {
    MemoryStore store(log_of(1));
    const Now now{1'000, start_utc_ms};
    Replica replica(store, now);
    replica.set_peers({{peer_id(2)}}, now);
    replica.link_up(1, peer_id(2), now);
    for (const std::string& frame : frames) replica.receive(1, frame, now);
    for (const Output& output : replica.take()) {
      if (const auto* close = std::get_if<out::Close>(&output)) return std::optional(close->why);
    }
    return std::optional<Trouble>();
  };
  const message::Hello hello = hello_of(2);
  const std::string good = message::encode(hello);
  EXPECT_EQ(try_out({good}), std::nullopt);
  EXPECT_EQ(try_out({""}), Trouble::protocol);
  EXPECT_EQ(try_out({std::string("\xdd\xff\xff\xff\xff", 5)}), Trouble::protocol);
  EXPECT_EQ(try_out({std::string(100'000, '\x91')}), Trouble::protocol);
  EXPECT_EQ(try_out({message::encode(message::Stop{1})}), Trouble::protocol);
  EXPECT_EQ(try_out({good, good}), Trouble::protocol);
  const message::Want want{1, {peer_id(1), 1}, 0};
  EXPECT_EQ(try_out({good, message::encode(want), message::encode(want)}), Trouble::protocol);
  message::Hello other = hello;
  other.desk[0] ^= 1;
  EXPECT_EQ(try_out({message::encode(other)}), Trouble::other_desk);
  other = hello;
  other.peer = peer_id(3);
  EXPECT_EQ(try_out({message::encode(other)}), Trouble::not_who);
  std::vector<std::string> wants{good};
  for (std::uint64_t i = 0; i <= logs_max; ++i) {
    wants.push_back(message::encode(message::Want{i, {peer_id(1), i}, 0}));
  }
  EXPECT_EQ(try_out(wants), Trouble::too_much);
  std::vector<std::string> files{good};
  MemoryStore big(log_of(1));
  for (std::uint64_t i = 0; i < logs_max; ++i) {
    message::Have have;
    have.frontier.push_back({{peer_id(3), i}, 1});
    have.frontier.push_back({{peer_id(4), i}, 1});
    files.push_back(message::encode(have));
  }
  EXPECT_EQ(try_out(files), Trouble::too_much);
}

TEST(Replica, ForwardsWhatItDoesNotKnow) {
  Net net{1, 2, 3};
  auto header = header_of("new", "cat.petted");
  header.flags = 0x40;
  header.hash_alg = 9;
  std::string later = storage::encode(header);
  later[0] = 2;  // a version of the header that nobody knows yet
  net.write_record(1, later);
  net.write_record(1, storage::encode(header));
  net.connect(1, 2);
  net.connect(2, 3);
  EXPECT_TRUE(net.has_all(1, 3));
  EXPECT_EQ(net[3].store.logs[log_of(1)].items[0].record, later);
}

TEST(Replica, TalksToNewerPeers) {
  Net net{1, 2};
  net.write(1, 3);
  net.tap = [](std::uint8_t, std::uint8_t, std::string& bytes) {
    if (auto hello = read_as<message::Hello>(bytes)) {
      hello->version = 7;
      hello->features = {"cats"};
      bytes = message::encode(*hello);
      bytes[0] = static_cast<char>(bytes[0] + 1);  // one field more, at the end of the map
      bytes += std::string("\xa3new\x93\x01\x02\x03", 8);
    } else if (is<message::Beat>(bytes)) {
      bytes = std::string("\x82\xa1k\xa4pets\xa1n\x01", 11);  // a kind that is not known here
    }
    return true;
  };
  net.connect(1, 2);
  net.pass(2'000);
  EXPECT_TRUE(net.same(1, 2));
  EXPECT_TRUE(net.connected(1, 2));
  EXPECT_GT(net[1].replica->status().unknown_messages, 0u);
}

TEST(Replica, KeysTravelWithWhatTheyOpen) {
  Net net{1, 2, 3};
  storage::CarriedKey key{id16(4), id16(5), {}};
  key.key.fill(6);
  net[1].store.keys_here[key.key_id] = key;
  net.write_record(1, sealed_record(key.key_id, "sealed"), "sealed");
  net.connect(1, 2);
  net.connect(2, 3);
  ASSERT_TRUE(net[3].store.keys_here.contains(key.key_id));
  EXPECT_EQ(net[3].store.keys_here[key.key_id].buyer, key.buyer);
  EXPECT_EQ(net[3].store.keys_here[key.key_id].key, key.key);
}

TEST(Replica, ErasedKeysDoNotComeBack) {
  Net net{1, 2};
  const storage::CarriedKey key{id16(4), id16(5), {}};
  net[1].store.keys_here[key.key_id] = key;
  net[2].store.erase_key(key.key_id);
  net.write_record(1, sealed_record(key.key_id, "sealed"), "sealed");
  net.connect(1, 2);
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_FALSE(net[2].store.keys_here.contains(key.key_id));
  // And one who erased it does not give it on; what it could not open is forwarded all the same.
  net[1].store.erase_key(key.key_id);
  net.add(3);
  net.connect(1, 3);
  EXPECT_TRUE(net.has_all(1, 3));
  EXPECT_FALSE(net[3].store.keys_here.contains(key.key_id));
}

TEST(Replica, KeysComeAgainAfterTheDiskFailed) {
  Net net{1, 2};
  const storage::CarriedKey key{id16(4), id16(5), {}};
  net[1].store.keys_here[key.key_id] = key;
  net.write_record(1, sealed_record(key.key_id, "sealed"), "sealed");
  net[2].disk_works = false;
  net.connect(1, 2);
  EXPECT_TRUE(raised(net[2], Trouble::disk));
  EXPECT_TRUE(net[2].store.arrivals.empty());
  net[2].disk_works = true;
  net.pass(append_retry_ms + 1'000);
  EXPECT_TRUE(net.has_all(1, 2));
  EXPECT_TRUE(net[2].store.keys_here.contains(key.key_id));
}

TEST(Replica, ErasedBodiesTravelWithoutThem) {
  Net net{1, 2};
  net.write_record(1, sealed_record(id16(4), "gone"), "");
  net.connect(1, 2);
  EXPECT_TRUE(net.same(1, 2));
}

TEST(Replica, FetchesAttachmentsInPieces) {
  Net net{1, 2, 3};
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += std::to_string(i);
  const Hash32 hash = storage::hash_of(bytes);
  net[2].store.files[hash] = bytes;
  net.connect(1, 2);
  net.connect(1, 3);
  std::size_t pieces = 0;
  net.tap = [&](std::uint8_t, std::uint8_t, std::string& sent) {
    return !(is<message::FileData>(sent) && ++pieces == 3);
  };
  net[1].replica->want_file(hash, 0, net.now(1));
  net.settle();
  EXPECT_TRUE(net[1].files_done.empty());  // the link broke at the third piece
  net.connect(1, 2);
  ASSERT_EQ(net[1].files_done.size(), 1u);
  EXPECT_TRUE(net[1].files_done[0].found);
  EXPECT_TRUE(net[1].store.files[hash] == bytes);
  EXPECT_EQ(net[1].put_bytes, bytes.size());  // nothing twice
  const Hash32 nowhere = storage::hash_of("nowhere");
  net[1].replica->want_file(nowhere, 0, net.now(1));
  net.settle();
  ASSERT_EQ(net[1].files_done.size(), 2u);
  EXPECT_FALSE(net[1].files_done[1].found);
}

TEST(Replica, TakesAnAttachmentThatWasAlteredFromAnother) {
  Net net{1, 2, 3};
  const std::string bytes(1'000, 'a');
  const Hash32 hash = storage::hash_of(bytes);
  net[2].store.files[hash] = std::string(1'000, 'b');
  net[3].store.files[hash] = bytes;
  net.connect(1, 2);
  net.connect(1, 3);
  net[1].replica->want_file(hash, 0, net.now(1));
  net.settle();
  EXPECT_EQ(net[1].store.files[hash], bytes);
}

// The first pieces are those of a longer file, and then that peer says no more.
TEST(Replica, BeginsAnAttachmentAgainThatSomebodyElseBeganWrongly) {
  Net net{1, 2, 3};
  const std::string bytes(300'000, 'a');
  const Hash32 hash = storage::hash_of(bytes);
  net[2].store.files[hash] = std::string(900'000, 'b');
  net[3].store.files[hash] = bytes;
  std::size_t pieces = 0;
  net.tap = [&](std::uint8_t from, std::uint8_t, std::string& sent) {
    return !(from == 2 && is<message::FileData>(sent) && ++pieces == 3);
  };
  net.connect(1, 2);
  net[1].replica->want_file(hash, 0, net.now(1));
  net.settle();
  EXPECT_FALSE(net.connected(1, 2));
  net.connect(1, 3);
  ASSERT_EQ(net[1].files_done.size(), 1u);
  EXPECT_TRUE(net[1].files_done[0].found);
  EXPECT_EQ(net[1].store.files[hash], bytes);
}

TEST(Replica, TakesAnAttachmentFromAnotherWhereOneSaysNothing) {
  Net net{1, 2, 3};
  const std::string bytes(1'000, 'a');
  const Hash32 hash = storage::hash_of(bytes);
  net[3].store.files[hash] = bytes;
  net.tap = [&](std::uint8_t from, std::uint8_t, std::string& sent) {
    if (from == 2 && is<message::FileData>(sent)) {
      sent = message::encode(message::FileData{storage::hash_of("another"), 0, 0, {}});
    }
    return true;
  };
  net.connect(1, 2);
  net.connect(1, 3);
  net[1].replica->want_file(hash, 0, net.now(1));
  net.settle();
  EXPECT_TRUE(net[1].files_done.empty());
  net.pass(file_stall_ms + 2 * replica_tick_ms);
  ASSERT_EQ(net[1].files_done.size(), 1u);
  EXPECT_TRUE(net[1].files_done[0].found);
}

TEST(Replica, WhatSomebodyWaitsForComesBeforeOtherAttachments) {
  Net net{1, 2};
  std::vector<Hash32> asked;
  net.tap = [&](std::uint8_t from, std::uint8_t, std::string& sent) {
    const auto want = read_as<message::FileWant>(sent);
    if (from == 1 && want) asked.push_back(want->hash);
    return !(from == 2 && is<message::FileData>(sent));
  };
  for (int i = 0; i < 20; ++i) {
    net[1].replica->want_file(storage::hash_of(std::to_string(i)), 0, net.now(1));
  }
  const Hash32 urgent = storage::hash_of("now");
  net[1].replica->want_file(urgent, 0, net.now(1), true);
  net.connect(1, 2);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front(), urgent);
}

TEST(Replica, BelievesThatItsDiskIsOlderOnlyWhenShown) {
  Net net{1, 9};
  net.write(1, 5);
  const message::LogRef ours{peer_id(1), 1};
  const message::Reached lie{ours, 1'000};
  Liar liar(net, 1);
  liar.hello({lie});
  ASSERT_FALSE(liar.wants.empty());
  EXPECT_EQ(liar.wants[0].log, ours);
  EXPECT_EQ(liar.wants[0].after, 5u);
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  EXPECT_EQ(net[1].replica->acked_by(peer_id(9))[log_of(1)], 5u);  // no more than there is
  liar.pass(proof_ms_max);
  EXPECT_TRUE(liar.closed);
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
  EXPECT_FALSE(net[1].replica->rolled_back());
  EXPECT_FALSE(raised(net[1], Trouble::rolled_back));
  // Next time it is not listened to, however it says so.
  for (const auto& said :
       std::vector<message::Message>{message::Want{1, ours, 1'000}, message::Have{1, 0, {lie}}}) {
    Liar again(net, 1);
    again.link = ++liar.link;
    net[1].replica->link_up(again.link, peer_id(9), net.now(1));
    again.hello({});
    ASSERT_FALSE(again.closed);
    again.say(said);
    EXPECT_TRUE(again.closed);
    EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
  }
}

TEST(Replica, ALiarWhoGoesAndComesDoubtsOnlySoOften) {
  Net net{1, 9};
  net.write(1, 5);
  Liar liar(net, 1);
  std::uint64_t silent_ms = 0;
  for (int i = 0; i < 50; ++i) {
    ++liar.link;
    net[1].replica->link_up(liar.link, peer_id(9), net.now(1));
    liar.hello({{{peer_id(1), 1}, 1'000}});
    net[1].replica->link_down(liar.link, net.now(1));
    silent_ms += net[1].replica->may_append(net.now(1)) ? 0 : proof_ms_max / 2;
    liar.pass(proof_ms_max / 2);
  }
  EXPECT_LE(silent_ms, (proofs_owed_max + 1) * proof_ms_max);
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
}

TEST(Replica, TakesNoKeysThatOpenNothing) {
  Net net{1, 9};
  Liar liar(net, 1);
  MemoryStore theirs(log_of(9));
  const Id16 needed = id16(4);
  theirs.append(sealed_record(needed, "words"), "words");
  theirs.sync();
  liar.hello({{{peer_id(9), 1}, 1}});
  ASSERT_EQ(liar.wants.size(), 1u);
  message::Run run;
  run.number = liar.wants[0].number;
  run.bytes = message::encode(**theirs.read(log_of(9), 0, 1'000, false));
  run.total = run.bytes.size();
  run.keys = {{id16(3), id16(1), {}}, {needed, id16(1), {}}, {id16(5), id16(1), {}}};
  liar.say(run);
  ASSERT_EQ(liar.appends.size(), 1u);
  ASSERT_EQ(liar.appends[0].keys.size(), 1u);
  EXPECT_EQ(liar.appends[0].keys[0].key_id, needed);
}

TEST(Replica, NoticesThatItsDiskIsOlderThanItsLog) {
  Net net{1, 2};
  net.write(1, 5);
  net.connect(1, 2);
  net.disconnect(1, 2);
  net.add(1);  // the disk of yesterday
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  net.connect(1, 2);
  EXPECT_TRUE(net[1].replica->rolled_back());
  EXPECT_TRUE(raised(net[1], Trouble::rolled_back));
  EXPECT_FALSE(net[1].replica->may_append(net.now(1)));
  // With another incarnation the old log comes back from the others.
  net.disconnect(1, 2);
  net.add(1, 2);
  net.connect(1, 2);
  EXPECT_TRUE(net[1].replica->may_append(net.now(1)));
  EXPECT_EQ(net[1].store.logs[log_of(1)].items.size(), 5u);
}

}  // namespace
}  // namespace deskmate::peer::testing
