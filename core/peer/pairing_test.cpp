#include "core/peer/pairing.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <deskmate/value.hpp>

#include "core/peer/joining.hpp"
#include "core/peer/test_peers.hpp"

namespace deskmate::peer {
namespace {

Invitation some_invitation() {
  Invitation invitation;
  invitation.desk = {1, 2, 3, 4};
  invitation.inviter = test_identity(1).id();
  invitation.secret.fill(5);
  invitation.expires_ms = 1'790'000'000'000;
  invitation.addresses = {{"192.0.2.7", 7370}, {"2001:db8::7", 7371}, {"desk.example.org", 80}};
  invitation.relays = {{"198.51.100.1", 7370}};
  return invitation;
}

Grant some_grant(const PeerId& inviter) {
  Grant grant;
  grant.desk.fill(6);
  grant.desk_name = "杂货铺";
  grant.pseudonym_key.fill(7);
  grant.members = {{inviter, "Anna", {{"192.0.2.7", 7370}}}};
  grant.relays = {{"198.51.100.1", 7370}};
  return grant;
}

TEST(Invitation, ReadsBackHoweverItWasTyped) {
  const auto text = to_text(some_invitation());
  ASSERT_TRUE(parse_invitation(text)) << parse_invitation(text).error().message;
  EXPECT_EQ(*parse_invitation(text), some_invitation());
  std::string typed = "  ";
  for (const char c : text) typed += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  EXPECT_EQ(*parse_invitation(typed + "\n"), some_invitation());
}

TEST(Invitation, NoticesEveryWrongCharacter) {
  const auto text = to_text(some_invitation());
  for (std::size_t i = invitation_prefix.size(); i < text.size(); ++i) {
    if (text[i] == '-') continue;
    std::string wrong = text;
    wrong[i] = wrong[i] == 'C' ? 'D' : 'C';
    EXPECT_FALSE(parse_invitation(wrong)) << i;
  }
}

TEST(Invitation, NoticesSwappedAndMissingGroups) {
  const auto text = to_text(some_invitation());
  const auto groups = text.substr(invitation_prefix.size());
  const std::string prefix(invitation_prefix);
  EXPECT_FALSE(parse_invitation(prefix + groups.substr(16)));
  EXPECT_FALSE(
      parse_invitation(prefix + groups.substr(16, 16) + groups.substr(0, 16) + groups.substr(32)));
  EXPECT_EQ(parse_invitation("DMIN2-AAAA").error().where, "version");
  EXPECT_EQ(parse_invitation("hello").error().where, "code");
}

TEST(Invitation, KeepsToWhatFits) {
  auto invitation = some_invitation();
  for (int i = 0; i < 40; ++i) {
    invitation.addresses.push_back({"10.0.0.1", static_cast<std::uint16_t>(i)});
  }
  const auto read = parse_invitation(to_text(invitation));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->addresses.size() + read->relays.size(), invitation_places_max);
}

TEST(Invitation, IsAQrCodeWithItsThreeCorners) {
  const auto code = qr_code(to_text(some_invitation()));
  std::vector<std::string> rows;  // of modules, '#' dark
  std::string upper;
  std::string lower;
  for (std::size_t at = 0; at < code.size();) {
    if (code[at] == '\n') {
      rows.push_back(std::exchange(upper, {}));
      rows.push_back(std::exchange(lower, {}));
      ++at;
      continue;
    }
    const std::string_view sign = std::string_view(code).substr(at, code[at] == ' ' ? 1 : 3);
    upper += sign == "█" || sign == "▀" ? '.' : '#';
    lower += sign == "█" || sign == "▄" ? '.' : '#';
    at += sign.size();
  }
  const std::size_t width = rows[0].size();
  ASSERT_GT(width, 25u);
  EXPECT_EQ((width - 4 - 17) % 4, 0u) << width;
  const std::vector<std::string> corner{"#######", "#.....#", "#.###.#", "#.###.#",
                                        "#.###.#", "#.....#", "#######"};
  for (std::size_t i = 0; i < corner.size(); ++i) {
    EXPECT_EQ(rows[2 + i].substr(2, 7), corner[i]);
    EXPECT_EQ(rows[2 + i].substr(width - 9, 7), corner[i]);
    EXPECT_EQ(rows[width - 9 + i].substr(2, 7), corner[i]);
  }
  EXPECT_EQ(rows[0], std::string(width, '.'));
}

// Both machines, and the messages carried between them by hand.
struct Pair {
  PairingBond bond{test_identity(1).id(), test_identity(2).id(), {9}};
  InvitationSecret secret{1, 2, 3};
  OpenInvitation open{secret, 1'000};
  Grant grant = some_grant(bond.inviter);
  InviterPairing inviter{open, bond, grant, "Anna"};
  JoinerPairing joiner{secret, bond, "Lin\n"};

  void prove() {
    const auto proved = inviter.on_message(joiner.start().send.at(0), 0);
    ASSERT_TRUE(proved.ask);
    ASSERT_TRUE(joiner.on_message(proved.send.at(0)).ask);
  }
};

TEST(Pairing, BothAgreeAndTheJoinerGetsTheDesk) {
  Pair pair;
  pair.prove();
  EXPECT_EQ(pair.inviter.phrase(), pair.joiner.phrase());
  EXPECT_EQ(pair.inviter.phrase().size(), 7u);
  EXPECT_EQ(pair.inviter.other_name(), "Lin ");
  EXPECT_EQ(pair.joiner.other_name(), "Anna");
  EXPECT_EQ(pair.joiner.desk_name(), "杂货铺");
  const auto mine = pair.joiner.agree(true);
  EXPECT_TRUE(pair.inviter.on_message(mine.send.at(0), 1).send.empty());  // not before the owner
  EXPECT_FALSE(pair.inviter.granted());
  const auto both = pair.inviter.agree(true, 2);
  ASSERT_EQ(both.send.size(), 2u);
  EXPECT_TRUE(pair.inviter.granted());
  EXPECT_FALSE(pair.joiner.on_message(both.send[0]).end);
  const auto done = pair.joiner.on_message(both.send[1]);
  EXPECT_EQ(done.end, PairingEnd::paired);
  EXPECT_EQ(pair.joiner.grant(), pair.grant);
  EXPECT_EQ(pair.inviter.on_message(done.send.at(0), 3).end, PairingEnd::paired);
  EXPECT_EQ(pair.open.fault(4), PairingEnd::used);
}

TEST(Pairing, AnInvitationIsGoodOnce) {
  Pair pair;
  pair.prove();
  pair.inviter.on_message(pair.joiner.agree(true).send.at(0), 1);
  pair.inviter.agree(true, 1);
  PairingBond other = pair.bond;
  other.joiner = test_identity(3).id();
  InviterPairing again(pair.open, other, pair.grant, "Anna");
  JoinerPairing late(pair.secret, other, "Eve");
  const auto refused = again.on_message(late.start().send.at(0), 2);
  EXPECT_EQ(refused.end, PairingEnd::used);
  EXPECT_EQ(late.on_message(refused.send.at(0)).end, PairingEnd::used);
}

TEST(Pairing, WhatWasRecordedIsOfNoUseInAnotherSession) {
  Pair pair;
  const std::string recorded = pair.joiner.start().send.at(0);
  PairingBond other = pair.bond;
  other.exporter = {10};
  InviterPairing replayed(pair.open, other, pair.grant, "Anna");
  EXPECT_EQ(replayed.on_message(recorded, 0).end, PairingEnd::wrong_secret);
  // Nor as an answer: an inviter's proof is not a joiner's.
  JoinerPairing joiner(pair.secret, pair.bond, "Lin");
  joiner.start();
  const auto mine = *decode(recorded);
  const auto reflected =
      joiner.on_message(encode(Value::map({{"kind", "proved"}, {"proof", mine["proof"]}})));
  EXPECT_EQ(reflected.end, PairingEnd::impostor);
}

TEST(Pairing, ThreeWrongAttemptsVoidIt) {
  Pair pair;
  for (int i = 0; i < wrong_attempts_max; ++i) {
    InviterPairing attempt(pair.open, pair.bond, pair.grant, "Anna");
    JoinerPairing guess(InvitationSecret{static_cast<std::uint8_t>(i)}, pair.bond, "Eve");
    EXPECT_EQ(attempt.on_message(guess.start().send.at(0), 0).end, PairingEnd::wrong_secret);
  }
  const auto late = pair.inviter.on_message(pair.joiner.start().send.at(0), 0);
  EXPECT_EQ(late.end, PairingEnd::voided);
}

TEST(Pairing, ExpiresAlsoWhileTheOwnersAreTalking) {
  Pair pair;
  EXPECT_EQ(pair.open.fault(999), std::nullopt);
  pair.prove();
  EXPECT_EQ(pair.inviter.agree(true, 1'000).end, PairingEnd::expired);
  InviterPairing late(pair.open, pair.bond, pair.grant, "Anna");
  JoinerPairing joiner(pair.secret, pair.bond, "Lin");
  EXPECT_EQ(late.on_message(joiner.start().send.at(0), 1'000).end, PairingEnd::expired);
}

TEST(Pairing, SomebodyElseWaitsWhileOneIsAsked) {
  Pair pair;
  pair.prove();
  InviterPairing second(pair.open, pair.bond, pair.grant, "Anna");
  JoinerPairing other(pair.secret, pair.bond, "Eve");
  EXPECT_EQ(second.on_message(other.start().send.at(0), 0).end, PairingEnd::busy);
}

TEST(Pairing, ADroppedConnectionLeavesTheInvitationGood) {
  Pair pair;
  {
    InviterPairing first(pair.open, pair.bond, pair.grant, "Anna");
    JoinerPairing joiner(pair.secret, pair.bond, "Lin");
    ASSERT_TRUE(first.on_message(joiner.start().send.at(0), 0).ask);
  }
  pair.prove();
}

TEST(Pairing, DifferentPhrasesVoidItWhoeverSaysSo) {
  Pair a;
  a.prove();
  const auto refused = a.inviter.agree(false, 1);
  EXPECT_EQ(refused.end, PairingEnd::declined);
  EXPECT_EQ(a.joiner.on_message(refused.send.at(0)).end, PairingEnd::declined);
  EXPECT_EQ(a.open.fault(1), PairingEnd::voided);
  Pair b;
  b.prove();
  const auto told = b.joiner.agree(false);
  EXPECT_EQ(b.inviter.on_message(told.send.at(0), 1).end, PairingEnd::declined);
  EXPECT_EQ(b.open.fault(1), PairingEnd::voided);
}

TEST(Pairing, NothingIsTakenOutOfTurn) {
  Pair pair;
  EXPECT_EQ(pair.inviter.on_message(encode(Value::map({{"kind", "agree"}})), 0).end,
            PairingEnd::broken);
  EXPECT_EQ(pair.inviter.on_message(encode(Value::map({{"kind", "prove"}})), 0).end, std::nullopt);
  // A grant that the joiner's owner has not agreed to.
  Pair early;
  early.prove();
  EXPECT_EQ(early.joiner.on_message(encode(early.grant)).end, PairingEnd::broken);
  // One that is not the inviter's.
  Pair other;
  other.prove();
  other.joiner.agree(true);
  EXPECT_EQ(other.joiner.on_message(encode(some_grant(test_identity(4).id()))).end,
            PairingEnd::broken);
}

TEST(Pairing, GarbageEndsItQuietly) {
  for (const std::string& bytes :
       {std::string(), std::string("\xc1"), std::string(2'000, '\x91'), std::string(900, '\x81'),
        std::string("\xdf\xff\xff\xff\xff"), encode(Value::map({{"kind", 1}}))}) {
    Pair pair;
    EXPECT_EQ(pair.inviter.on_message(bytes, 0).end, PairingEnd::broken);
    pair.joiner.start();
    EXPECT_EQ(pair.joiner.on_message(bytes).end, PairingEnd::broken);
    EXPECT_FALSE(decode_grant(bytes));
  }
}

TEST(Pairing, HasWordsForEveryEndInBothLanguages) {
  for (int i = 0; i <= static_cast<int>(PairingEnd::unreachable); ++i) {
    const auto end = static_cast<PairingEnd>(i);
    EXPECT_FALSE(text_of(end).en.empty());
    EXPECT_FALSE(text_of(end).zh.empty());
    EXPECT_EQ(name_of(end) == "paired", end == PairingEnd::paired);
  }
}

// --- over sockets ---

struct Desk {
  explicit Desk(TestNet& net, std::vector<Address> relays = {}, LinkTimes times = quick_times())
      : inviter(net, 1, {{"127.0.0.1", 0}}, times, std::move(relays)) {}

  Invitation invite() {
    Offer offer;
    offer.grant = some_grant(inviter.id());
    offer.name = "Anna";
    offer.on_ask = [this](const std::string& shown, const Member& who) {
      phrase = shown;
      asked = who;
    };
    offer.on_paired = [this](const Member& who) { paired = who; };
    offer.on_end = [this](PairingEnd end) { ends.push_back(end); };
    return inviter.links->invite(std::move(offer), 1'790'000'000'000);
  }

  TestPeer inviter;
  std::string phrase;
  Member asked;
  Member paired;
  std::vector<PairingEnd> ends;
};

struct Joiner {
  Joiner(TestNet& net, std::uint8_t number, const Invitation& invitation)
      : identity(test_identity(number)) {
    JoinTimes times;
    times.unreachable_ms = 500;
    times.again_ms = 50;
    Joining::Callbacks callbacks;
    callbacks.on_ask = [this](const std::string& shown, const std::string&, const std::string&) {
      phrase = shown;
    };
    callbacks.on_end = [this](PairingEnd how, const host::Text& what, const Grant* got) {
      end = how;
      text = what;
      if (got != nullptr) grant = *got;
    };
    joining = std::make_unique<Joining>(net.loop, identity, invitation, "Lin", std::move(callbacks),
                                        times);
  }

  Identity identity;
  std::string phrase;
  std::optional<PairingEnd> end;
  host::Text text;
  std::optional<Grant> grant;
  std::unique_ptr<Joining> joining;
};

void pair_through(TestNet& net, Desk& desk, Invitation invitation) {
  Joiner joiner(net, 2, invitation);
  ASSERT_TRUE(net.until([&] { return !desk.phrase.empty() && !joiner.phrase.empty(); }));
  EXPECT_EQ(desk.phrase, joiner.phrase);
  EXPECT_EQ(desk.asked.peer, joiner.identity.id());
  joiner.joining->confirm(true);
  desk.inviter.links->confirm(true);
  ASSERT_TRUE(net.until([&] { return joiner.end && !desk.ends.empty(); }));
  EXPECT_EQ(*joiner.end, PairingEnd::paired);
  EXPECT_EQ(joiner.grant, some_grant(desk.inviter.id()));
  EXPECT_EQ(desk.paired.peer, joiner.identity.id());
  EXPECT_EQ(desk.ends[0], PairingEnd::paired);
  // The invitation again, by somebody else.
  Joiner late(net, 3, invitation);
  ASSERT_TRUE(net.until([&] { return late.end.has_value(); }));
  EXPECT_EQ(*late.end, PairingEnd::used);
}

TEST(PairingOverSockets, GoesDirectly) {
  TestNet net;
  Desk desk(net);
  pair_through(net, desk, desk.invite());
}

TEST(PairingOverSockets, GoesThroughARelay) {
  TestNet net;
  const auto relay = std::move(*Relay::open(net.loop, {{"127.0.0.1", 0}}, {}));
  Desk desk(net, relay->listening());
  auto invitation = desk.invite();
  ASSERT_EQ(invitation.relays, relay->listening());
  invitation.addresses.clear();  // as if no way led there
  pair_through(net, desk, invitation);
  EXPECT_GT(relay->counts().bytes, 0u);
}

TEST(PairingOverSockets, WrongSecretsVoidTheInvitation) {
  TestNet net;
  Desk desk(net);
  const auto good = desk.invite();
  for (int i = 0; i < wrong_attempts_max; ++i) {
    auto wrong = good;
    wrong.secret.fill(static_cast<std::uint8_t>(i));
    Joiner guess(net, 3, wrong);
    ASSERT_TRUE(net.until([&] { return guess.end.has_value(); }));
    EXPECT_EQ(*guess.end, PairingEnd::wrong_secret);
  }
  Joiner late(net, 2, good);
  ASSERT_TRUE(net.until([&] { return late.end.has_value(); }));
  EXPECT_EQ(*late.end, PairingEnd::voided);
}

TEST(PairingOverSockets, SaysWhatToOpenWhereNobodyAnswers) {
  TestNet net;
  auto invitation = some_invitation();
  invitation.addresses = {{"127.0.0.1", 1}};
  invitation.relays.clear();
  Joiner joiner(net, 2, invitation);
  ASSERT_TRUE(net.until([&] { return joiner.end.has_value(); }));
  EXPECT_EQ(*joiner.end, PairingEnd::unreachable);
  EXPECT_NE(joiner.text.en.find("127.0.0.1:1"), std::string::npos) << joiner.text.en;
  EXPECT_NE(joiner.text.zh.find("deskmate relay"), std::string::npos) << joiner.text.zh;
}

TEST(PairingOverSockets, AnExpiredInvitationIsRefused) {
  TestNet net;
  auto times = quick_times();
  times.invitation_ms = 0;
  Desk desk(net, {}, times);
  Joiner joiner(net, 2, desk.invite());
  ASSERT_TRUE(net.until([&] { return joiner.end.has_value(); }));
  EXPECT_EQ(*joiner.end, PairingEnd::expired);
}

}  // namespace
}  // namespace deskmate::peer
