#include "core/peer/relay.hpp"

#include <gtest/gtest.h>

#include "core/peer/test_peers.hpp"

namespace deskmate::peer {
namespace {

std::unique_ptr<Relay> open_relay(TestNet& net, const RelayLimits& limits = {}) {
  return std::move(*Relay::open(net.loop, {{"127.0.0.1", 0}}, limits));
}

std::string hello(std::uint8_t side, std::uint8_t token) {
  Registration registration;
  registration.side = side;
  registration.token.fill(token);
  return to_bytes(registration);
}

TEST(Relay, JoinsTheTwoSidesOfAToken) {
  TestNet net;
  const auto relay = open_relay(net);
  const Address at = relay->listening()[0];
  RawClient a(net, at);
  a.say(hello(0, 1));
  ASSERT_TRUE(net.until([&] { return a.got == "W"; }));
  RawClient other(net, at);
  other.say(hello(1, 2));
  ASSERT_TRUE(net.until([&] { return other.got == "W"; }));
  RawClient b(net, at);
  b.say(hello(1, 1));
  ASSERT_TRUE(net.until([&] { return a.got == "WJ" && b.got == "J"; }));
  a.say("from a");
  b.say("from b");
  ASSERT_TRUE(net.until([&] { return a.got == "WJfrom b" && b.got == "Jfrom a"; }));
  EXPECT_EQ(other.got, "W");
  EXPECT_EQ(relay->counts().pairs, 1u);
  EXPECT_EQ(relay->counts().bytes, 12u);
}

TEST(Relay, TheSameSideAnewTakesTheOldOnesPlace) {
  TestNet net;
  const auto relay = open_relay(net);
  const Address at = relay->listening()[0];
  RawClient old(net, at);
  old.say(hello(0, 1));
  ASSERT_TRUE(net.until([&] { return old.got == "W"; }));
  RawClient fresh(net, at);
  fresh.say(hello(0, 1));
  ASSERT_TRUE(net.until([&] { return old.closed && fresh.got == "W"; }));
  EXPECT_EQ(relay->counts().pairs, 0u);
}

TEST(Relay, RefusesWhatItDoesNotUnderstand) {
  TestNet net;
  const auto relay = open_relay(net);
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), hello(2, 1), hello(0, 1) + "too much"}) {
    RawClient client(net, relay->listening()[0]);
    client.say(bytes);
    ASSERT_TRUE(net.until([&] { return client.closed; }));
    EXPECT_EQ(client.got, "X");
  }
  EXPECT_EQ(relay->counts().refused, 3u);
  EXPECT_EQ(relay->counts().waiting, 0u);
}

TEST(Relay, DropsWhoSaysNothingAndWhoWaitsTooLong) {
  TestNet net;
  RelayLimits limits;
  limits.register_ms = 100;
  limits.waiting_ms = 200;
  const auto relay = open_relay(net, limits);
  RawClient silent(net, relay->listening()[0]);
  RawClient lonely(net, relay->listening()[0]);
  lonely.say(hello(0, 1));
  ASSERT_TRUE(net.until([&] { return silent.closed && lonely.closed; }));
  EXPECT_EQ(silent.got, "");
  EXPECT_EQ(lonely.got, "W");
}

TEST(Relay, DropsAnIdlePairAndTellsBoth) {
  TestNet net;
  RelayLimits limits;
  limits.idle_ms = 150;
  const auto relay = open_relay(net, limits);
  RawClient a(net, relay->listening()[0]);
  RawClient b(net, relay->listening()[0]);
  a.say(hello(0, 1));
  b.say(hello(1, 1));
  ASSERT_TRUE(net.until([&] { return a.closed && b.closed; }));
  EXPECT_EQ(relay->counts().pairs, 0u);
}

TEST(Relay, HasRoomForSoManyAndNoMore) {
  TestNet net;
  RelayLimits limits;
  limits.per_source_max = 3;
  const auto relay = open_relay(net, limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::uint8_t i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<RawClient>(net, relay->listening()[0]));
    clients.back()->say(hello(0, i));
    ASSERT_TRUE(net.until([&] { return !clients.back()->got.empty(); }));
    EXPECT_EQ(clients.back()->got, i < 3 ? "W" : "F");
  }
  EXPECT_EQ(relay->counts().waiting, 3u);
}

TEST(Relay, KeepsToItsPaceAndItsBuffers) {
  TestNet net;
  RelayLimits limits;
  limits.bytes_per_s = 1'000'000;
  const auto relay = open_relay(net, limits);
  RawClient a(net, relay->listening()[0]);
  RawClient b(net, relay->listening()[0]);
  a.say(hello(0, 1));
  b.say(hello(1, 1));
  ASSERT_TRUE(net.until([&] { return b.got.ends_with("J"); }));
  a.say(std::string(4'000'000, 'x'));
  const auto begin = net.loop.now_ms();
  ASSERT_TRUE(net.until([&] { return b.got.size() >= 3'000'000; }));
  // The first second's allowance at once, the rest as it is earned: never faster.
  EXPECT_GE(net.loop.now_ms() - begin, 1'500u);
}

TEST(Relay, CarriesALinkThatItCannotRead) {
  TestNet net;
  const auto relay = open_relay(net);
  TestPeer a(net, 1, {{"127.0.0.1", 0}}, quick_times(), relay->listening());
  TestPeer b(net, 2, {{"127.0.0.1", 0}}, quick_times(), relay->listening());
  a.knows(b, false);
  b.links->set_peer({a.id(), "a", {{"127.0.0.1", 1}}});  // no way leads there
  ASSERT_TRUE(net.until([&] { return a.carrier && b.carrier; }));
  EXPECT_TRUE(a.links->peers()[0].through_relay || b.links->peers()[0].through_relay);
  ASSERT_TRUE(net.until([&] {
    if (a.carrier) a.carrier->send("over the relay, or soon directly");
    return !b.frames.empty();
  }));
  EXPECT_GT(relay->counts().bytes, 1'000u);
}

TEST(Relay, IsLeftForADirectLinkOnceThatWorks) {
  TestNet net;
  const auto relay = open_relay(net);
  auto times = quick_times();
  times.direct_again_ms = 50;
  TestPeer a(net, 1, {{"127.0.0.1", 0}}, times, relay->listening());
  TestPeer b(net, 2, {{"127.0.0.1", 0}}, times, relay->listening());
  a.knows(b, false);  // each hears from the other where it listens
  b.knows(a, false);
  ASSERT_TRUE(net.until([&] {
    return a.carrier && b.carrier && !a.links->peers()[0].through_relay &&
           !b.links->peers()[0].through_relay && relay->counts().pairs == 0;
  }));
}

TEST(RelayToken, IsTheSameForBothAndTellsNothingOfTheSecret) {
  std::array<std::uint8_t, 32> key{1};
  const auto a = test_identity(1).id();
  const auto b = test_identity(2).id();
  EXPECT_EQ(relay_token(key, a, b), relay_token(key, b, a));
  EXPECT_NE(relay_token(key, a, b), relay_token(key, a, test_identity(3).id()));
  key[0] = 2;
  EXPECT_NE(relay_token(key, a, b), relay_token({1}, a, b));
  EXPECT_NE(relay_token(InvitationSecret{1}), relay_token(InvitationSecret{2}));
}

}  // namespace
}  // namespace deskmate::peer
