#include "core/peer/link.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/peer/door.hpp"
#include "core/peer/relay.hpp"
#include "core/peer/test_peers.hpp"

namespace deskmate::peer {
namespace {

bool has(const std::vector<Error>& list, Status code, std::string_view where) {
  return std::any_of(list.begin(), list.end(), [&](const Error& error) {
    return error.code == code && error.where == where;
  });
}

struct Two {
  TestNet net;
  TestPeer a{net, 1};
  TestPeer b{net, 2};

  bool link() {
    a.knows(b, false);
    b.knows(a);
    return net.until([&] { return a.carrier && b.carrier; });
  }
};

TEST(Link, CarriesFramesBothWaysInOrder) {
  Two two;
  ASSERT_TRUE(two.link());
  EXPECT_EQ(two.a.carrier->remote(), two.b.id());
  for (int i = 0; i < 100; ++i) two.a.carrier->send("frame " + std::to_string(i));
  const std::string big(frame_bytes_max, 'x');
  two.b.carrier->send(big);
  ASSERT_TRUE(
      two.net.until([&] { return two.b.frames.size() == 100 && two.a.frames.size() == 1; }));
  EXPECT_EQ(two.b.frames[99], "frame 99");
  EXPECT_EQ(two.a.frames[0], big);
  EXPECT_TRUE(two.net.until([&] { return two.a.drained > 0 && two.b.drained > 0; }));
  EXPECT_EQ(two.b.carrier->unsent_bytes(), 0u);
  EXPECT_THROW(two.a.carrier->send({}), std::logic_error);
  EXPECT_THROW(two.a.carrier->send(std::string(frame_bytes_max + 1, 'x')), std::logic_error);
}

TEST(Link, KeepsOneWhereBothDial) {
  Two two;
  two.a.knows(two.b);
  two.b.knows(two.a);
  ASSERT_TRUE(two.net.until([&] {
    if (two.a.carrier) two.a.carrier->send("to b");
    if (two.b.carrier) two.b.carrier->send("to a");
    return two.a.frames.size() > 50 && two.b.frames.size() > 50;
  }));
  ASSERT_TRUE(two.a.carrier && two.b.carrier);
  EXPECT_TRUE(two.a.links->peers()[0].linked);
  EXPECT_LE(two.a.links_made, 2);
  EXPECT_LE(two.b.links_made, 2);
}

TEST(Link, IsDialledAgainAfterItBrokeAndFindsTheOtherUnderItsNewAddress) {
  TestNet net;
  TestPeer a(net, 1);
  auto b = std::make_unique<TestPeer>(net, 2);
  a.knows(*b);
  b->knows(a);
  ASSERT_TRUE(net.until([&] { return a.carrier && b->carrier; }));
  const Address before = b->address();
  b.reset();
  ASSERT_TRUE(net.until([&] { return !a.carrier; }));
  TestPeer again(net, 2);  // another port: a cannot find it, but is found, and told
  ASSERT_NE(again.address(), before);
  again.knows(a);
  ASSERT_TRUE(net.until([&] { return a.carrier && again.carrier; }));
  ASSERT_TRUE(net.until([&] { return !a.learned.empty() && a.learned[0] == again.address(); }));
}

TEST(Link, HearsWhyTheOtherSideClosed) {
  Two two;
  ASSERT_TRUE(two.link());
  two.a.links->remove_peer(two.b.id());
  ASSERT_TRUE(two.net.until([&] { return !two.b.closed.empty() && !two.a.closed.empty(); }));
  EXPECT_TRUE(has(two.b.closed, Status::denied, "remote"));
  EXPECT_EQ(two.a.closed.back().where, "removed");
  // And it is not let in again.
  ASSERT_TRUE(two.net.until([&] { return has(two.a.refused, Status::denied, "key"); }));
  EXPECT_FALSE(two.a.carrier);
}

TEST(Link, GoesOverIPv6) {
  TestNet net;
  TestPeer a(net, 1, {{"::1", 0}});
  TestPeer b(net, 2, {{"::1", 0}});
  b.knows(a);
  a.knows(b, false);
  ASSERT_TRUE(net.until([&] { return a.carrier && b.carrier; }));
}

TEST(Link, TakesTheAddressThatWorksAmongSeveral) {
  TestNet net;
  TestPeer a(net, 1);
  TestPeer b(net, 2);
  a.knows(b, false);
  b.links->set_peer({a.id(), "a", {{"127.0.0.1", 1}, {"no-such-host.invalid", 7370}, a.address()}});
  ASSERT_TRUE(net.until([&] { return a.carrier && b.carrier; }));
}

TEST(Link, PausesAndCatchesUp) {
  Two two;
  ASSERT_TRUE(two.link());
  two.b.carrier->pause(true);
  for (int i = 0; i < 50; ++i) two.a.carrier->send(std::string(100'000, 'p'));
  ASSERT_TRUE(two.net.until([&] { return two.a.carrier->unsent_bytes() > 0; }));
  two.b.carrier->pause(false);
  ASSERT_TRUE(two.net.until([&] { return two.b.frames.size() == 50; }));
}

TEST(Link, ClosesWhenTheOtherNeverReads) {
  Two two;
  ASSERT_TRUE(two.link());
  two.b.carrier->pause(true);
  const auto made = two.a.links_made;
  ASSERT_TRUE(two.net.until([&] {
    for (int i = 0; i < 4 && two.a.carrier; ++i) {
      two.a.carrier->send(std::string(frame_bytes_max, 'p'));
    }
    return has(two.a.closed, Status::limit, "unsent");
  }));
  EXPECT_GE(made, 1);
}

TEST(Link, SaysWhatToOpenWhereNothingAnswers) {
  TestNet net;
  TestPeer a(net, 1);
  a.links->set_peer({test_identity(9).id(), "Lin", {{"127.0.0.1", 1}}});
  ASSERT_TRUE(net.until([&] { return !a.unreachable.empty(); }));
  const auto& text = a.unreachable[0];
  EXPECT_NE(text.en.find("Lin cannot be reached"), std::string::npos) << text.en;
  EXPECT_NE(text.en.find("127.0.0.1:1 ("), std::string::npos) << text.en;
  EXPECT_NE(text.en.find("Open TCP port " + std::to_string(a.address().port)), std::string::npos);
  EXPECT_NE(text.zh.find("无法连接"), std::string::npos) << text.zh;
}

// --- hostile ---

TEST(LinkHostile, AKeyThatIsNotKnownIsRefused) {
  TestNet net;
  TestPeer a(net, 1);
  TestPeer stranger(net, 3);
  stranger.knows(a);
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::denied, "key"); }));
  EXPECT_FALSE(a.carrier);
  EXPECT_FALSE(stranger.carrier);
}

TEST(LinkHostile, AServerWithAnotherKeyIsNotTalkedTo) {
  TestNet net;
  TestPeer a(net, 1);
  TestPeer impostor(net, 3);
  impostor.knows(a, false);
  a.links->set_peer({test_identity(2).id(), "b", {impostor.address()}});
  ASSERT_TRUE(net.until([&] {
    const auto view = a.links->peers()[0];
    return !view.tried.empty() && view.tried[0].why.find("key") != std::string::npos;
  }));
  EXPECT_FALSE(a.carrier);
  EXPECT_FALSE(impostor.carrier);
}

TEST(LinkHostile, BytesThatAreNoTlsAreRefusedAtOnce) {
  TestNet net;
  TestPeer a(net, 1);
  RawClient client(net, a.address());
  client.say("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return client.closed; }));
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::invalid, "tls"); }));
  EXPECT_EQ(client.got, "");
}

TEST(LinkHostile, AFirstMessageBeyondTheLimitIsRefused) {
  TestNet net;
  TestPeer a(net, 1);
  RawClient client(net, a.address());
  client.say(std::string("\x16\x03\x01\xff\xff", 5) + std::string(stranger_bytes_max, 'x'));
  ASSERT_TRUE(net.until([&] { return client.closed; }));
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::limit, "stranger"); }));
}

TEST(LinkHostile, TricklingBytesDoesNotKeepAStranger) {
  TestNet net;
  TestPeer a(net, 1);
  RawClient client(net, a.address());
  client.say(std::string("\x16\x03\x01\x0f\x00", 5));
  ASSERT_TRUE(net.until([&] { return a.links->counts().strangers == 1; }));
  int left = 100;
  ASSERT_TRUE(net.until([&] {
    if (left-- > 0) client.say("x");
    return client.closed;
  }));
  ASSERT_TRUE(net.until([&] { return !a.refused.empty(); }));
  EXPECT_EQ(a.refused[0].where, "stranger");
  EXPECT_EQ(a.links->counts().strangers, 0u);
}

TEST(LinkHostile, AThousandConnectionsLeaveRoomForThePeer) {
  TestNet net;
  TestPeer a(net, 1);
  TestPeer b(net, 2, {{"::1", 0}});
  std::vector<std::unique_ptr<RawClient>> crowd;
  std::size_t most = 0;
  for (int i = 0; i < 1'000; ++i) {
    crowd.push_back(std::make_unique<RawClient>(net, a.address()));
    if (i % 50 == 49) {
      ASSERT_TRUE(net.until([&] { return crowd.back()->connected() || crowd.back()->closed; }));
    }
    most = std::max(most, a.links->counts().strangers);
  }
  ASSERT_TRUE(net.until([&] { return a.links->counts().refused >= 1'000 - source_burst * 2; }));
  EXPECT_LE(most, strangers_per_source);
  // All of these came from one address, as does the peer: it gets in when its turn comes.
  crowd.clear();
  a.knows(b, false);
  b.links->set_peer({a.id(), "a", {a.address()}});
  EXPECT_TRUE(net.until([&] { return a.carrier && b.carrier; }));
}

// A peer's key, but what it says is made up.
class RoguePeer {
 public:
  RoguePeer(TestNet& net, std::uint8_t number, const Address& to, std::string alpn,
            std::function<void(Channel&)> on_ready)
      : context_(std::make_shared<const TlsContext>(test_identity(number))) {
    dial_ = Dial::start(net.loop, to, 5'000,
                        [this, &net, alpn, on_ready](Result<std::unique_ptr<Stream>> stream) {
                          if (!stream) return;
                          channel = std::make_shared<Channel>(
                              net.loop, context_, std::move(*stream), TlsSide::client, alpn,
                              [](const PeerId&, std::string_view) { return true; }, ChannelTimes{});
                          Channel::Callbacks callbacks;
                          callbacks.on_ready = [this, on_ready] { on_ready(*channel); };
                          callbacks.on_frame = [this](FrameKind kind, std::string_view bytes) {
                            frames.emplace_back(kind, bytes);
                          };
                          callbacks.on_closed = [this](const Error& why) { closed.push_back(why); };
                          channel->start(std::move(callbacks));
                        });
  }

  std::shared_ptr<Channel> channel;
  std::vector<std::pair<FrameKind, std::string>> frames;
  std::vector<Error> closed;

 private:
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Dial> dial_;
};

TEST(LinkHostile, AKnownKeyThatSaysNonsenseFirstIsNoLink) {
  TestNet net;
  TestPeer a(net, 1);
  a.links->set_peer({test_identity(2).id(), "b", {}});
  RoguePeer rogue(net, 2, a.address(), std::string(alpn_link), [](Channel& channel) {
    channel.send(FrameKind::greeting, "\xff\xff\xff nonsense");
  });
  ASSERT_TRUE(net.until([&] { return !rogue.closed.empty(); }));
  EXPECT_FALSE(a.carrier);
}

TEST(LinkHostile, AStrangerWithAKeyCannotSendMoreThanTheLimit) {
  TestNet net;
  TestPeer a(net, 1);
  a.links->set_peer({test_identity(2).id(), "b", {}});
  RoguePeer rogue(net, 2, a.address(), std::string(alpn_link), [](Channel& channel) {
    channel.send(FrameKind::payload, std::string(2 * stranger_bytes_max, 'x'));
  });
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::limit, "stranger"); }));
  EXPECT_FALSE(a.carrier);
}

TEST(LinkHostile, PairingWithoutAnInvitationIsRefused) {
  TestNet net;
  TestPeer a(net, 1);
  RoguePeer rogue(net, 2, a.address(), std::string(alpn_pair), [](Channel&) {});
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::denied, "key"); }));
  ASSERT_TRUE(net.until([&] { return !rogue.closed.empty(); }));
}

TEST(LinkHostile, AnUnknownProtocolIsRefused) {
  TestNet net;
  TestPeer a(net, 1);
  a.links->set_peer({test_identity(2).id(), "b", {}});
  RoguePeer rogue(net, 2, a.address(), "deskmate/0", [](Channel&) {});
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::invalid, "tls"); }));
}

// 2001:db8:: is for documentation: no machine has it, as some have no IPv6 at all.
TEST(Links, PassOverAnAddressThatThisMachineDoesNotHave) {
  TestNet net;
  const Address absent{"2001:db8::1", 0};
  TestPeer a(net, 1, {absent, {"127.0.0.1", 0}});
  ASSERT_EQ(a.links->listening().size(), 1u);
  EXPECT_EQ(a.address().host, "127.0.0.1");
  ASSERT_TRUE(net.until([&] { return has(a.refused, Status::unavailable, "absent"); }));

  LinkSettings settings;
  settings.listen = {absent};
  const auto nowhere = Links::open(net.loop, test_identity(2), settings, {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().where, "absent");
  settings.listen = {{"127.0.0.1", 0}, a.address()};  // in use: an error, whatever else listens
  const auto used = Links::open(net.loop, test_identity(2), settings, {});
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().where, "listen");

  const auto relay = Relay::open(net.loop, {absent, {"127.0.0.1", 0}}, {});
  ASSERT_TRUE(relay);
  EXPECT_EQ((*relay)->listening().size(), 1u);
}

TEST(Door, LimitsWhoComesOftenAndForgetsWhoRested) {
  Door door;
  for (std::uint64_t i = 0; i < source_burst; ++i) {
    ASSERT_TRUE(door.enter("s", 0));
    door.left("s");
  }
  EXPECT_FALSE(door.enter("s", 0));
  EXPECT_TRUE(door.enter("t", 0));
  EXPECT_TRUE(door.enter("s", source_every_ms));
  EXPECT_FALSE(door.enter("s", source_every_ms));
  for (std::size_t i = 0; i < sources_max + 10; ++i) {
    const std::string source = std::to_string(i);
    if (door.enter(source, 1'000'000 + i)) door.left(source);
  }
  EXPECT_LE(door.sources(), sources_max);
  EXPECT_TRUE(door.enter("late", 2'000'000));
}

}  // namespace
}  // namespace deskmate::peer
