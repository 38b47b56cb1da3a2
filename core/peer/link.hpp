// The links of one daemon: listens, dials the peers that it knows, and keeps one link to each of
// them, over TLS 1.3 with both keys pinned, directly or through a relay.
//
//   auto links = Links::open(loop, identity, settings, {.on_link = [&](auto carrier) { ... }});
//   (*links)->set_peer({.id = id, .addresses = remembered});
//
// - Several addresses, IPv4 and IPv6, are dialled a little after each other; the first that proves
//   the right key is taken. A lost link is dialled again after 0.5 s, 1 s … 15 s, give or take
//   half.
// - Where both sides dial at once, the link that the smaller id dialled stays; otherwise the newer
//   one does, since nobody dials who still has a link.
// - Peers tell each other where they listen, at the beginning and when that changes; on_addresses
//   gives it to be remembered.
// - A peer that cannot be dialled is waited for at the relays, and dialled now and then all the
//   same; after 30 s without either, on_unreachable says what to open.
// - What strangers may cost: door.hpp and channel.hpp.
//
// Everything on the loop's thread, which outlives it. Callbacks are not called from within calls,
// nor after the object is destroyed; its carriers are closed then.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/peer/carrier.hpp"
#include "core/peer/channel.hpp"
#include "core/peer/inviting.hpp"
#include "core/peer/relay.hpp"
#include "core/peer/texts.hpp"

namespace deskmate::peer {

struct LinkTimes {
  ChannelTimes channel;
  std::uint64_t dial_ms = 5'000;
  std::uint64_t backoff_min_ms = 500;
  std::uint64_t backoff_max_ms = 15'000;
  std::uint64_t relay_after_ms = 2'000;    // without a link
  std::uint64_t unreachable_ms = 30'000;   // without a link: on_unreachable
  std::uint64_t direct_again_ms = 60'000;  // while linked through a relay
  std::uint64_t addresses_ms = 30'000;     // own addresses are looked at so often
  std::uint64_t both_dialled_ms = 10'000;  // two links within: both sides dialled
  std::uint64_t invitation_ms = invitation_ms_max;
};

struct LinkSettings {
  std::vector<Address> listen{{"0.0.0.0", default_port}, {"::", default_port}};
  // Where others are to dial, beside this machine's own addresses: a router's name, for instance.
  std::vector<Address> announce;
  std::vector<Address> relays;
  // Only the desk's peers know it (derived from the pseudonym key): names pairs to relays.
  std::array<std::uint8_t, 32> relay_key{};
  LinkTimes times;
};

struct LinkPeer {
  PeerId id{};
  std::string name;  // for messages
  std::vector<Address> addresses;
};

struct LinkView {
  PeerId id{};
  bool linked = false;
  bool through_relay = false;
  Address address;             // of the link
  std::uint64_t since_ms = 0;  // linked or not, of the loop's clock
  std::vector<Tried> tried;    // the last round, when not linked
};

struct LinkCallbacks {
  // A peer is there. An earlier carrier of the same peer has been closed before.
  std::function<void(std::unique_ptr<Carrier> carrier)> on_link;
  // Where a peer can be dialled now; to be remembered for set_peer.
  std::function<void(const PeerId& peer, const std::vector<Address>& addresses)> on_addresses;
  // Once per outage.
  std::function<void(const PeerId& peer, const host::Text& text)> on_unreachable;
  // Somebody was not let in, and why; for the log. Not told of those that came too often. Also an
  // own address at which this machine cannot listen, where others do.
  std::function<void(const Address& from, const Error& why)> on_refused;
};

class Links {
 public:
  // Errors: invalid, unavailable: cannot listen.
  static Result<std::unique_ptr<Links>> open(bus::AsioLoop& loop, const Identity& identity,
                                             LinkSettings settings, LinkCallbacks callbacks);
  virtual ~Links() = default;

  // A new peer, or new addresses of one; dials it unless it is linked.
  virtual void set_peer(LinkPeer peer) = 0;
  virtual void remove_peer(const PeerId& id) = 0;
  virtual std::vector<LinkView> peers() const = 0;

  virtual std::vector<Address> listening() const = 0;
  // Where others are told to dial.
  virtual std::vector<Address> announced() const = 0;

  // Opens an invitation, instead of the one before. now_ms: UTC, for what is written in it.
  virtual Invitation invite(Offer offer, std::uint64_t now_ms) = 0;
  // What the owner says to the phrase.
  virtual void confirm(bool same) = 0;
  virtual void withdraw_invitation() = 0;

  struct Counts {
    std::size_t strangers = 0;  // at the door
    std::uint64_t refused = 0;  // so far
  };
  virtual Counts counts() const = 0;

 protected:
  Links() = default;
};

}  // namespace deskmate::peer
