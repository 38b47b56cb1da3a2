#include "storage/verify.hpp"

#include "storage/keys.hpp"
#include "storage/layout.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;
using ::testing::TestWithParam;

std::string value_at(MDB_txn* txn, MDB_dbi dbi, std::string_view key) {
  return std::string(must(get(txn, dbi, key)).value());
}

SlotBytes slot_of(std::uint64_t seq) { return encode(Slot{1, seq}); }

void flip(MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::size_t byte) {
  std::string value = value_at(txn, dbi, key);
  value.at(byte) = static_cast<char>(value.at(byte) ^ 1);
  ASSERT_EQ(put(txn, dbi, key, value), MDB_SUCCESS);
}

void remove(MDB_txn* txn, MDB_dbi dbi, std::string_view key) {
  MDB_val key_val = val_of(key);
  ASSERT_EQ(mdb_del(txn, dbi, &key_val, nullptr), MDB_SUCCESS);
}

struct Tampering {
  const char* name;
  std::function<void(MDB_txn*, const Databases&)> work;
  const char* fault;  // must be said
};

void PrintTo(const Tampering& tampering, std::ostream* out) { *out << tampering.name; }

class VerifyTampered : public TestWithParam<Tampering> {};

TEST_P(VerifyTampered, IsFound) {
  TempFolder folder;
  {
    auto store = open_at(folder.path());
    for (int i = 0; i < 4; ++i) append(*store, {event_of("facts", "body", 1), event_of("plain")});
    ASSERT_TRUE(must(store->verify()).faults.empty());
  }
  tamper(folder.path(), GetParam().work);
  auto store = open_at(folder.path());
  auto report = must(store->verify());
  std::string all;
  for (const std::string& fault : report.faults) all += fault + "\n";
  EXPECT_NE(all.find(GetParam().fault), std::string::npos) << all;
  EXPECT_LE(report.faults.size(), 5U) << all;
}

const Tampering tamperings[] = {
    {"FactsChanged",
     [](MDB_txn* txn, const Databases& db) {
       auto slot = slot_of(3);
       auto size = value_at(txn, db.events, view_of(slot)).size();
       flip(txn, db.events, view_of(slot), size - 1);
     },
     "event 8 of log 1: the chain up to it was changed"},
    {"StampChanged",
     [](MDB_txn* txn, const Databases& db) {
       flip(txn, db.events, view_of(slot_of(2)), event_prefix_size + 10);
     },
     "the chain up to it was changed"},
    {"HeaderUnreadable",
     [](MDB_txn* txn, const Databases& db) {
       flip(txn, db.events, view_of(slot_of(3)), event_prefix_size + 14);
     },
     "event 3 of log 1: event header"},
    {"BodyChanged",
     [](MDB_txn* txn, const Databases& db) { flip(txn, db.bodies, view_of(slot_of(5)), 30); },
     "event 5 of log 1: its body was changed"},
    {"BodyRemoved",
     [](MDB_txn* txn, const Databases& db) { remove(txn, db.bodies, view_of(slot_of(5))); },
     "event 5 of log 1: its body is missing"},
    {"BodyAdded",
     [](MDB_txn* txn, const Databases& db) {
       ASSERT_EQ(put(txn, db.bodies, view_of(slot_of(2)), "x"), MDB_SUCCESS);
     },
     "event 2 of log 1 has a body"},
    {"BodyOfAnotherLog",
     [](MDB_txn* txn, const Databases& db) {
       ASSERT_EQ(put(txn, db.bodies, view_of(encode(Slot{7, 1})), "x"), MDB_SUCCESS);
     },
     "5 bodies are stored"},
    {"SignatureChanged",
     [](MDB_txn* txn, const Databases& db) { flip(txn, db.heads, view_of(slot_of(8)), 40); },
     "event 8 of log 1: its head's signature is not its peer's"},
    {"EventRemoved",
     [](MDB_txn* txn, const Databases& db) { remove(txn, db.events, view_of(slot_of(4))); },
     "event 4 of log 1 is missing"},
    {"ArrivalRemoved",
     [](MDB_txn* txn, const Databases& db) { remove(txn, db.arrivals, view_of(encode_number(4))); },
     "arrival 4 is missing"},
    {"ArrivalMoved",
     [](MDB_txn* txn, const Databases& db) {
       ASSERT_EQ(put(txn, db.arrivals, view_of(encode_number(4)), view_of(slot_of(5))),
                 MDB_SUCCESS);
     },
     "arrival 4 leads to no event of that number"},
    {"ArrivalNumberChanged",
     [](MDB_txn* txn, const Databases& db) { flip(txn, db.events, view_of(slot_of(4)), 7); },
     "event 4 of log 1: its arrival 5 does not lead back to it"},
    {"ArrivalAdded",
     [](MDB_txn* txn, const Databases& db) {
       ASSERT_EQ(put(txn, db.arrivals, view_of(encode_number(9)), view_of(slot_of(8))),
                 MDB_SUCCESS);
     },
     "arrival 9 leads to no event of that number"},
};

INSTANTIATE_TEST_SUITE_P(Kinds, VerifyTampered, ::testing::ValuesIn(tamperings),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Verify, AChangedChainHashIsFound) {
  TempFolder folder;
  {
    auto store = open_at(folder.path());
    append(*store, {event_of("facts")});
    must(store->verify());  // signs
    append(*store, {event_of("facts")});
  }
  tamper(folder.path(),
         [](MDB_txn* txn, const Databases& db) { flip(txn, db.heads, view_of(slot_of(1)), 0); });
  auto report = must(open_at(folder.path())->verify());
  ASSERT_EQ(report.faults.size(), 2U);
  EXPECT_EQ(report.faults[0], "event 1 of log 1: the chain up to it was changed");
}

TEST(Verify, ALogCutShortDoesNotOpen) {
  TempFolder folder;
  {
    auto store = open_at(folder.path());
    append(*store, {event_of("one"), event_of("two")});
  }
  tamper(folder.path(), [](MDB_txn* txn, const Databases& db) {
    remove(txn, db.events, view_of(slot_of(2)));
    remove(txn, db.arrivals, view_of(encode_number(2)));
  });
  EXPECT_EQ(open_store(options_for(folder.path()), {}).error().code, Errc::damaged);
}

TEST(Verify, AMissingKeyIsFoundAndAnErasedOneIsCounted) {
  TempFolder folder;
  auto store = open_at(folder.path());
  append(*store, {event_of("f", "b", 1), event_of("f", "b", 2)});
  must(store->erase_buyer(buyer_of(1)));
  auto report = must(store->verify());
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.erased_bodies, 1U);
  store.reset();
  auto database = must(Database::open(folder.path(), 1u << 20, format_version));
  report = must(verify_log(*database, [](const Id16&) { return KeyState::missing; }));
  EXPECT_EQ(report.faults.size(), 2U);
}

TEST(Verify, HeadsAreSignedWithoutWaitingForTheEnd) {
  TempFolder folder;
  auto store = open_at(folder.path());
  for (int i = 0; i < 10; ++i) append(*store, std::vector<NewEvent>(100, event_of("x")));
  // 300, 600, 900, and 1000 by verify itself.
  EXPECT_EQ(must(store->verify()).signatures, 4U);
}

TEST(Verify, AChangedAttachmentIsFound) {
  TempFolder folder;
  auto store = open_at(folder.path());
  std::string name = hex(must(store->put_file(buyer_of(1), "attachment")));
  std::string path = folder / ("files/" + name.substr(0, 2) + "/" + name.substr(2));
  std::string bytes = read_bytes(path);
  bytes.back() ^= 1;
  write_bytes(path, bytes);
  EXPECT_EQ(must(store->verify()).faults.size(), 1U);
}

}  // namespace
}  // namespace deskmate::storage
