#include "core/bus/reader_hub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bus/bus.hpp"
#include "core/bus/test_session.hpp"
#include "core/bus/test_source.hpp"
#include "deskmate/ext/reader.h"

namespace deskmate::bus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A plugin that reads.
struct Guest {
  std::shared_ptr<Session> session;
  std::vector<Event> events;
  std::vector<std::size_t> batches;
  std::vector<Error> ends;

  std::vector<std::uint64_t> arrivals() const {
    std::vector<std::uint64_t> all;
    for (const Event& event : events) all.push_back(event.arrival);
    return all;
  }
};

class ReaderHubTest : public testing::Test {
 protected:
  ReaderHubTest() { hub.serve(bus); }

  std::unique_ptr<Guest> connect(const std::string& name, Rights rights,
                                 SessionLimits limits = {}) {
    auto guest = std::make_unique<Guest>();
    MemoryPair pair = make_memory_pair(loop);
    AdmitHandlers desk;
    desk.on_hello = [rights = std::move(rights), limits](const Hello& hello) -> Result<Admission> {
      Admission admission;
      admission.name = hello.name;
      admission.rights = rights;
      admission.limits = limits;
      return admission;
    };
    bus.admit(std::move(pair.desk), std::move(desk));
    SessionHandlers handlers;
    handlers.on_events = [to = guest.get()](Session&, Events events) {
      to->batches.push_back(events.events.size());
      for (Event& event : events.events) to->events.push_back(std::move(event));
    };
    handlers.on_end = [to = guest.get()](Session&, const Error& error) {
      to->ends.push_back(error);
    };
    guest->session = Session::connect(loop, std::move(pair.guest), Hello{1, "plugin", name, "", ""},
                                      std::move(handlers));
    loop.run();
    return guest;
  }
  static Rights reading(std::vector<std::string> topics, bool bodies = true) {
    Rights rights;
    rights.read = std::move(topics);
    rights.methods = {"reader.*"};
    rights.bodies = bodies;
    return rights;
  }
  Value open(Guest& guest, const std::string& reader, const std::vector<std::string>& topics,
             bool from_start, std::uint64_t credit) {
    Outcome outcome;
    const auto asked =
        guest.session->open_reader(reader, topics, from_start, credit, into(outcome));
    EXPECT_TRUE(asked);
    loop.run();
    EXPECT_EQ(outcome.calls, 1u);
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    return outcome.value;
  }
  Status commit(Guest& guest, const std::string& reader, std::uint64_t arrival) {
    Outcome outcome;
    EXPECT_TRUE(guest.session->request("reader.commit",
                                       Value::map({{"name", reader}, {"arrival", arrival}}), 1'000,
                                       into(outcome)));
    loop.run();
    EXPECT_EQ(outcome.calls, 1u);
    return outcome.status;
  }
  void append(std::size_t count, const std::string& type = "order.seen", std::size_t bytes = 0) {
    for (std::size_t i = 0; i < count; ++i) source.append(type, bytes);
    hub.notify();
    loop.run();
  }

  TestLoop loop;
  TestSource source;
  Bus bus{loop};
  ReaderHub hub{loop, source};
};

TEST_F(ReaderHubTest, DeliversInArrivalOrderFromTheStart) {
  append(3);
  const auto guest = connect("mail", reading({"order.*"}));
  EXPECT_EQ(open(*guest, "r", {"order.*"}, true, 100)["position"].as_uint(), 0u);
  EXPECT_THAT(guest->arrivals(), ElementsAre(1, 2, 3));
  append(2);
  EXPECT_THAT(guest->arrivals(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(guest->events[0].type, "order.seen");
  EXPECT_EQ(decode(guest->events[0].body)->as_map()["arrival"].as_uint(), 1u);
}

TEST_F(ReaderHubTest, FromNowSkipsWhatWas) {
  append(3);
  const auto guest = connect("mail", reading({"order.*"}));
  EXPECT_EQ(open(*guest, "r", {"order.*"}, false, 100)["position"].as_uint(), 3u);
  append(1);
  EXPECT_THAT(guest->arrivals(), ElementsAre(4));
  // And after a crash before the first commit "now" is still the same.
  EXPECT_EQ(source.cursors.at("mail/r"), 3u);
}

TEST_F(ReaderHubTest, CreditIsExact) {
  append(10);
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 3);
  EXPECT_THAT(guest->arrivals(), ElementsAre(1, 2, 3));
  append(1);
  EXPECT_EQ(guest->events.size(), 3u);
  guest->session->grant("r", 1);
  loop.run();
  EXPECT_THAT(guest->arrivals(), ElementsAre(1, 2, 3, 4));
  guest->session->grant("r", 100);
  loop.run();
  EXPECT_EQ(guest->events.size(), 11u);
  EXPECT_EQ(guest->session->reader_credit("r"), 93u);
}

TEST_F(ReaderHubTest, ResumesBehindTheLastCommit) {
  append(10);
  auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 6);
  EXPECT_EQ(guest->events.size(), 6u);
  EXPECT_EQ(commit(*guest, "r", 4), Status::ok);
  EXPECT_EQ(source.cursors.at("mail/r"), 4u);
  guest = nullptr;  // a crash
  loop.run();
  guest = connect("mail", reading({"order.*"}));
  EXPECT_EQ(open(*guest, "r", {"order.*"}, true, 100)["position"].as_uint(), 4u);
  EXPECT_THAT(guest->arrivals(), ElementsAre(5, 6, 7, 8, 9, 10));
}

TEST_F(ReaderHubTest, CommitsAreCheckedAndNeverGoBack) {
  append(10);
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 5);
  EXPECT_EQ(commit(*guest, "r", 6), Status::invalid);
  EXPECT_EQ(commit(*guest, "x", 1), Status::not_found);
  EXPECT_EQ(commit(*guest, "r", 5), Status::ok);
  EXPECT_EQ(commit(*guest, "r", 2), Status::ok);
  EXPECT_EQ(source.cursors.at("mail/r"), 5u);
}

TEST_F(ReaderHubTest, OneWithoutCreditDoesNotHoldUpOthers) {
  append(700);
  const auto slow = connect("slow", reading({"order.*"}));
  const auto fast = connect("fast", reading({"order.*"}));
  open(*slow, "r", {"order.*"}, true, 10);
  open(*fast, "r", {"order.*"}, true, 10'000);
  EXPECT_EQ(slow->events.size(), 10u);
  EXPECT_EQ(fast->events.size(), 700u);
  append(300);
  EXPECT_EQ(fast->events.size(), 1'000u);
  slow->session->grant("r", 10'000);
  loop.run();
  EXPECT_EQ(slow->arrivals(), fast->arrivals());
}

TEST_F(ReaderHubTest, TopicsFilter) {
  const auto guest = connect("mail", reading({"*"}));
  open(*guest, "orders", {"order.*"}, true, 100);
  open(*guest, "all", {"*"}, true, 100);
  open(*guest, "two", {"parcel.seen", "reply.requested"}, true, 100);
  append(1, "order.seen");
  append(1, "parcel.seen");
  append(1, "orders.seen");
  append(1, "reply.requested");
  std::map<std::string, std::uint64_t> sent;
  for (const auto& one : hub.report()) sent[one.reader] = one.sent;
  EXPECT_EQ(sent["orders"], 1u);
  EXPECT_EQ(sent["all"], 4u);
  EXPECT_EQ(sent["two"], 2u);
  for (const auto& one : hub.report()) EXPECT_EQ(one.position, 4u);
}

TEST_F(ReaderHubTest, RightsAreEnforced) {
  const auto guest = connect("mail", reading({"order.*"}));
  Outcome outcome;
  const auto refused = [&](const std::vector<std::string>& topics) {
    EXPECT_TRUE(guest->session->open_reader("r", topics, true, 1, into(outcome)));
    loop.run();
    return outcome.status;
  };
  EXPECT_EQ(refused({"order.*", "buyer.seen"}), Status::denied);
  EXPECT_THAT(outcome.message, HasSubstr("'mail': reader 'r'"));
  EXPECT_THAT(outcome.message, HasSubstr("buyer.seen"));
  EXPECT_EQ(refused({"*"}), Status::denied);
  EXPECT_EQ(refused({}), Status::invalid);
  EXPECT_EQ(refused({""}), Status::invalid);
  EXPECT_EQ(refused({"*.seen"}), Status::invalid);
  EXPECT_THAT(outcome.message, HasSubstr("'*.seen' is no type of an event"));
  EXPECT_EQ(refused({std::string(name_bytes_max + 1, 'a')}), Status::invalid);
  EXPECT_EQ(refused(std::vector<std::string>(topics_max + 1, "order.seen")), Status::limit);
  EXPECT_EQ(refused({"order.seen"}), Status::ok);
}

TEST_F(ReaderHubTest, APersonsReaderGoesOnWhereItSaysAndKeepsNoCursor) {
  append(5);
  Rights rights = reading({"order.*"});
  rights.member = 1;
  const auto first = connect("console", rights);
  const auto second = connect("console", rights);  // another tab
  EXPECT_NE(first->session->name(), second->session->name());
  for (Guest* guest : {first.get(), second.get()}) {
    Outcome outcome;
    EXPECT_TRUE(guest->session->request("reader.open",
                                        Value::map({{"name", "r"},
                                                    {"topics", Value::array({"order.*"})},
                                                    {"from", std::uint64_t{3}},
                                                    {"credit", 100}}),
                                        1'000, into(outcome)));
    loop.run();
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    EXPECT_EQ(outcome.value["position"].as_uint(), 3u);
    EXPECT_EQ(commit(*guest, "r", 5), Status::ok);
  }
  for (const auto& one : hub.report()) EXPECT_EQ(one.sent, 2u);
  EXPECT_EQ(hub.report().size(), 2u);
  EXPECT_TRUE(source.cursors.empty());
}

TEST_F(ReaderHubTest, MalformedOpensAreRefused) {
  const auto guest = connect("mail", reading({"order.*"}));
  Outcome outcome;
  const auto ask = [&](const Value& params) {
    EXPECT_TRUE(guest->session->request("reader.open", params, 1'000, into(outcome)));
    loop.run();
    return outcome.status;
  };
  const Value topics = Value::array({"order.*"});
  EXPECT_EQ(ask(Value::map({{"name", "r"}, {"topics", topics}})), Status::invalid);
  EXPECT_EQ(ask(Value::map({{"name", "r"}, {"topics", "order.*"}, {"from", "now"}})),
            Status::invalid);
  EXPECT_EQ(ask(Value::map({{"name", ""}, {"topics", topics}, {"from", "now"}})), Status::invalid);
  EXPECT_EQ(ask(Value::map({{"name", "r"},
                            {"topics", topics},
                            {"from", "now"},
                            {"credit", std::uint64_t{1} << 40}})),
            Status::limit);
  EXPECT_TRUE(hub.report().empty());
  EXPECT_EQ(ask(Value::map({{"name", "r"}, {"topics", topics}, {"from", "now"}})), Status::ok);
}

TEST_F(ReaderHubTest, BodiesOnlyForWhoeverMayHaveThem) {
  const auto open_one = connect("open", reading({"order.*"}, false));
  const auto full_one = connect("full", reading({"order.*"}, true));
  open(*open_one, "r", {"order.*"}, true, 100);
  open(*full_one, "r", {"order.*"}, true, 100);
  append(1);
  source.erased.insert(2);
  append(1);
  ASSERT_EQ(open_one->events.size(), 2u);
  EXPECT_TRUE(open_one->events[0].body.empty());
  EXPECT_EQ(open_one->events[1].flags, 0u);
  EXPECT_FALSE(full_one->events[0].body.empty());
  EXPECT_EQ(full_one->events[0].flags, 0u);
  EXPECT_TRUE(full_one->events[1].body.empty());
  EXPECT_EQ(full_one->events[1].flags, static_cast<std::uint32_t>(DM_EVENT_ERASED));
}

TEST_F(ReaderHubTest, ABodyThatCameLaterIsReadWhenItIsThere) {
  auto with = connect("with", reading({"order.*"}));
  auto without = connect("without", reading({"order.*"}, false));
  open(*with, "r", {"order.*"}, true, 100);
  open(*without, "r", {"order.*"}, true, 100);
  source.apart = {1, 2};
  append(3);
  EXPECT_THAT(with->arrivals(), ElementsAre(3));
  EXPECT_THAT(without->arrivals(), ElementsAre(1, 2, 3));
  source.again = {4};
  append(2);
  EXPECT_THAT(with->arrivals(), ElementsAre(3, 4, 5));
  EXPECT_THAT(without->arrivals(), ElementsAre(1, 2, 3, 5));
}

TEST_F(ReaderHubTest, AnEventIsReadOpenedAndEncodedOnceForAll) {
  std::vector<std::unique_ptr<Guest>> guests;
  for (int i = 0; i < 8; ++i) {
    guests.push_back(connect("reader" + std::to_string(i), reading({"order.*"})));
    open(*guests.back(), "r", {"order.*"}, false, 1'000);
  }
  source.reads = source.opened = 0;
  append(100);
  EXPECT_EQ(source.reads, 1u);
  EXPECT_EQ(source.opened, 100u);
  for (const auto& guest : guests) {
    ASSERT_EQ(guest->events.size(), 100u);
    EXPECT_EQ(guest->events[50].owner, guests[0]->events[50].owner);
  }
}

TEST_F(ReaderHubTest, BodiesNobodyWantsAreNotOpened) {
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 100);
  append(50, "parcel.seen");
  EXPECT_EQ(source.opened, 0u);
}

TEST_F(ReaderHubTest, BatchesAreBounded) {
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, false, 1'000);
  append(150);
  EXPECT_THAT(guest->batches, ElementsAre(64, 64, 22));
  guest->batches.clear();
  append(5, "order.seen", 100'000);
  EXPECT_THAT(guest->batches, ElementsAre(2, 2, 1));
  guest->batches.clear();
  append(1, "order.seen", 400'000);  // larger than a batch: alone
  EXPECT_THAT(guest->batches, ElementsAre(1));
  EXPECT_TRUE(guest->session->open());
}

TEST_F(ReaderHubTest, ALongWayIsGoneInTurns) {
  append(20'000);
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 65'536);
  EXPECT_EQ(guest->events.size(), 20'000u);
  for (std::size_t i = 0; i < guest->events.size(); ++i) {
    ASSERT_EQ(guest->events[i].arrival, i + 1);
  }
}

TEST_F(ReaderHubTest, ASlowWayOutHoldsEventsBack) {
  SessionLimits limits;
  limits.queued_bytes_events = 50'000;
  MemoryPair pair = make_memory_pair(loop);
  AdmitHandlers desk;
  desk.on_hello = [&](const Hello&) -> Result<Admission> {
    Admission admission;
    admission.name = "slow";
    admission.rights = reading({"order.*"});
    admission.limits = limits;
    return admission;
  };
  const auto session = bus.admit(std::move(pair.desk), std::move(desk));
  BareEnd end(std::move(pair.guest));
  end.send(Hello{1, "plugin", "slow", "", ""});
  loop.run();
  end.send(Request{1, "reader.open", 1'000,
                   encode(Value::map({{"name", "r"},
                                      {"topics", Value::array({"order.*"})},
                                      {"from", "now"},
                                      {"credit", 60'000}}))});
  loop.run();
  end.pause(true);
  append(2'000, "order.seen", 1'000);
  // One chunk more at most than the limit says.
  EXPECT_LT(session->report().queued_bytes, 50'000u + 2 * batch_bytes_max);
  EXPECT_GT(session->report().queued_bytes, 50'000u);
  end.pause(false);
  loop.run();
  std::size_t got = 0;
  for (const Events& events : end.all<Events>()) got += events.events.size();
  EXPECT_EQ(got, 2'000u);
}

TEST_F(ReaderHubTest, CloseAndTheEndStopDelivery) {
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 100);
  append(1);
  guest->session->close_reader("r");
  loop.run();
  EXPECT_TRUE(hub.report().empty());
  append(1);
  EXPECT_EQ(guest->events.size(), 1u);
  open(*guest, "again", {"order.*"}, true, 100);
  EXPECT_EQ(guest->events.size(), 3u);
  guest->session->end({Status::ok, "", ""});
  loop.run();
  EXPECT_TRUE(hub.report().empty());
  append(1);
  EXPECT_EQ(guest->events.size(), 3u);
}

TEST_F(ReaderHubTest, TheOwnersReadersLeaveNoCursor) {
  append(2);
  const auto guest = connect("cli", owner_rights());
  open(*guest, "follow", {"*"}, false, 100);
  append(1);
  EXPECT_THAT(guest->arrivals(), ElementsAre(3));
  EXPECT_EQ(commit(*guest, "follow", 3), Status::ok);
  EXPECT_TRUE(source.cursors.empty());
}

TEST_F(ReaderHubTest, ALogThatCannotBeReadIsTriedAgain) {
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 100);
  std::vector<Error> faults;
  hub.on_fault([&](const Error& error) { faults.push_back(error); });
  source.broken = true;
  append(2);
  EXPECT_EQ(faults.size(), 1u);
  EXPECT_TRUE(guest->events.empty());
  source.broken = false;
  loop.advance(hub_retry_ms);
  EXPECT_THAT(guest->arrivals(), ElementsAre(1, 2));
}

TEST_F(ReaderHubTest, ABodyThatCannotBeReadHoldsBackOnlyWhoWantsIt) {
  const auto plain = connect("plain", reading({"order.*"}, false));
  const auto full = connect("full", reading({"order.*"}, true));
  open(*plain, "r", {"order.*"}, true, 100);
  open(*full, "r", {"order.*"}, true, 100);
  source.unreadable_body = 2;
  append(3);
  EXPECT_THAT(plain->arrivals(), ElementsAre(1, 2, 3));
  EXPECT_THAT(full->arrivals(), ElementsAre(1));
  source.unreadable_body = 0;
  loop.advance(hub_retry_ms);
  EXPECT_THAT(full->arrivals(), ElementsAre(1, 2, 3));
}

TEST_F(ReaderHubTest, ARareTopicDoesNotStartFromFarBack) {
  const auto guest = connect("mail", reading({"reply.requested"}));
  open(*guest, "r", {"reply.requested"}, true, 100);
  append(cursor_skip_min + 5, "order.seen");
  EXPECT_GE(source.cursors.at("mail/r"), cursor_skip_min);
  // But not over what was sent and is not done.
  append(1, "reply.requested");
  const std::uint64_t sent = guest->arrivals().at(0);
  append(2 * cursor_skip_min, "order.seen");
  EXPECT_LT(source.cursors.at("mail/r"), sent);
  EXPECT_EQ(commit(*guest, "r", sent), Status::ok);
  append(1, "order.seen");
  EXPECT_GT(source.cursors.at("mail/r"), sent);
}

TEST_F(ReaderHubTest, AnAppendCanMoveTheCursorToo) {
  append(3);
  const auto guest = connect("mail", reading({"order.*"}));
  open(*guest, "r", {"order.*"}, true, 100);
  const auto session = bus.find("mail");
  ASSERT_NE(session, nullptr);
  hub.committed(*session, "r", 2);
  hub.committed(*session, "r", 1);
  hub.committed(*session, "unknown", 1);
  ASSERT_EQ(hub.report().size(), 1u);
  EXPECT_EQ(hub.report()[0].committed, 2u);
}

}  // namespace
}  // namespace deskmate::bus
