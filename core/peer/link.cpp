#include "core/peer/link.hpp"

#include <algorithm>
#include <deskmate/value.hpp>
#include <list>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

#include "core/peer/door.hpp"
#include "core/peer/link_carrier.hpp"
#include "core/peer/reach.hpp"
#include "core/peer/wire.hpp"

namespace deskmate::peer {
namespace {

constexpr std::int64_t greeting_version = 1;
constexpr Limits greeting_limits{.depth_max = 3, .items_max = 32, .bytes_max = stranger_bytes_max};

void add_new(std::vector<Address>& list, const Address& address) {
  if (list.size() >= addresses_max) return;
  if (std::find(list.begin(), list.end(), address) == list.end()) list.push_back(address);
}

class AllLinks : public Links {
 public:
  AllLinks(bus::AsioLoop& loop, const Identity& identity, LinkSettings settings,
           LinkCallbacks callbacks)
      : loop_(loop),
        own_(identity.id()),
        context_(std::make_shared<const TlsContext>(identity)),
        settings_(std::move(settings)),
        callbacks_(std::move(callbacks)) {}

  ~AllLinks() override {
    for (const auto timer : {timer_, invitation_timer_}) {
      if (timer != 0) loop_.cancel(timer);
    }
    for (const Stranger& stranger : strangers_) stranger.channel->drop();
    for (auto& [id, peer] : peers_) forget(peer, {Status::cancelled, "shut down", "links"});
  }
  AllLinks(const AllLinks&) = delete;
  AllLinks& operator=(const AllLinks&) = delete;

  Result<void> listen() {
    auto listeners = listen_at(
        loop_, settings_.listen,
        [this](std::unique_ptr<Stream> stream) { admit(std::move(stream), {}, false); },
        [this](const Address& address, const Error& why) { refused(address, why); });
    if (!listeners) return listeners.error();
    listeners_ = std::move(*listeners);
    told_ = announced();
    watch_addresses();
    return {};
  }

  void set_peer(LinkPeer known) override {
    if (known.id == own_) return;
    Peer& peer = peers_[known.id];
    if (peer.since_ms == 0) peer.since_ms = loop_.now_ms();
    peer.known = std::move(known);
    if (!peer.link) soon(peer, 0);
  }

  void remove_peer(const PeerId& id) override {
    const auto at = peers_.find(id);
    if (at == peers_.end()) return;
    forget(at->second, {Status::denied, "this peer was removed", "removed"});
    peers_.erase(at);
  }

  std::vector<LinkView> peers() const override {
    std::vector<LinkView> views;
    for (const auto& [id, peer] : peers_) {
      LinkView view{id, peer.link != nullptr, peer.relayed, {}, peer.since_ms, peer.tried};
      if (peer.link) view.address = peer.link->address();
      views.push_back(std::move(view));
    }
    return views;
  }

  std::vector<Address> listening() const override {
    std::vector<Address> addresses;
    for (const auto& listener : listeners_) addresses.push_back(listener->address());
    return addresses;
  }

  std::vector<Address> announced() const override {
    std::vector<Address> addresses;
    for (const Address& address : settings_.announce) add_new(addresses, address);
    const auto hosts = own_hosts();
    std::vector<Address> loopback;
    for (const Address& address : listening()) {
      const bool v6 = address.host.find(':') != std::string::npos;
      if (address.host != "0.0.0.0" && address.host != "::") {
        const bool local = address.host.starts_with("127.") || address.host == "::1";
        add_new(local ? loopback : addresses, address);
        continue;
      }
      for (const std::string& host : hosts) {
        if ((host.find(':') != std::string::npos) == v6) add_new(addresses, {host, address.port});
      }
    }
    return addresses.empty() ? loopback : addresses;
  }

  Invitation invite(Offer offer, std::uint64_t now_ms) override {
    withdraw_invitation();
    Invitation invitation;
    std::copy_n(offer.grant.desk.begin(), invitation.desk.size(), invitation.desk.begin());
    invitation.inviter = own_;
    invitation.secret = new_secret();
    const std::uint64_t good_ms = settings_.times.invitation_ms;
    invitation.expires_ms = (now_ms + good_ms) / 1000 * 1000;
    invitation.addresses = announced();
    invitation.relays = settings_.relays;
    inviting_ = std::make_unique<Inviting>(loop_, own_, invitation.secret, loop_.now_ms() + good_ms,
                                           std::move(offer));
    for (std::size_t i = 0; i < settings_.relays.size(); ++i) wait_for_guest(i);
    // Whoever is confirming by then may go on; nobody new comes in.
    invitation_timer_ = loop_.call_at(loop_.now_ms() + good_ms + confirm_ms_max, [this] {
      invitation_timer_ = 0;
      withdraw_invitation();
    });
    return invitation;
  }

  void confirm(bool same) override {
    if (inviting_) inviting_->confirm(same);
  }

  void withdraw_invitation() override {
    if (invitation_timer_ != 0) loop_.cancel(std::exchange(invitation_timer_, 0));
    guests_.clear();
    inviting_.reset();
  }

  Counts counts() const override { return {door_.inside(), refused_}; }

 private:
  struct Peer {
    LinkPeer known;
    std::shared_ptr<Channel> link;
    std::shared_ptr<CarrierHook> hook;  // to the carrier
    bool relayed = false;
    int rank = 0;
    std::uint64_t since_ms = 0;
    std::unique_ptr<Reach> reach;
    std::list<std::shared_ptr<Channel>> trying;
    std::vector<Tried> tried;
    std::uint64_t failures = 0;
    bus::Loop::TimerId retry = 0;
    bus::Loop::TimerId complain = 0;
  };

  struct Stranger {
    std::shared_ptr<Channel> channel;
    std::string source;
  };
  using Strangers = std::list<Stranger>;

  // --- who comes ---

  void admit(std::unique_ptr<Stream> stream, const std::string& already, bool relayed) {
    const Address from = stream->remote();
    const std::string source = source_of(from);
    if (door_.crowded()) {
      turn_away(strangers_.begin(), {Status::limit, "made room for others", "stranger"});
    }
    if (!door_.enter(source, loop_.now_ms())) {
      ++refused_;
      return;
    }
    auto channel = std::make_shared<Channel>(
        loop_, context_, std::move(stream), TlsSide::server, std::string(),
        [this](const PeerId& remote, std::string_view alpn) {
          // What is wrong with an invitation is told to whoever comes with it.
          return alpn == alpn_link ? peers_.contains(remote) : inviting_ != nullptr;
        },
        settings_.times.channel);
    const auto stranger = strangers_.insert(strangers_.end(), {channel, source});
    Channel::Callbacks callbacks;
    callbacks.on_ready = [this, stranger] {
      if (stranger->channel->alpn() == alpn_link) greet(*stranger->channel);
      if (stranger->channel->alpn() == alpn_pair) pair(stranger);
    };
    callbacks.on_frame = [this, stranger, relayed](FrameKind kind, std::string_view bytes) {
      if (kind != FrameKind::greeting) return;
      const auto known = stranger->channel;
      leave(stranger);
      link_up(known, relayed, false, bytes);
    };
    callbacks.on_closed = [this, stranger](const Error& why) { turn_away(stranger, why); };
    channel->start(std::move(callbacks), already);
  }

  void leave(Strangers::iterator stranger) {
    door_.left(stranger->source);
    strangers_.erase(stranger);
  }

  void turn_away(Strangers::iterator stranger, const Error& why) {
    const Address from = stranger->channel->address();
    stranger->channel->drop();
    leave(stranger);
    ++refused_;
    refused(from, why);
  }

  void refused(const Address& from, const Error& why) {
    if (!callbacks_.on_refused) return;
    loop_.post([call = callbacks_.on_refused, from, why, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) call(from, why);
    });
  }

  void pair(Strangers::iterator stranger) {
    const auto channel = stranger->channel;
    leave(stranger);
    if (!inviting_) return channel->drop();
    inviting_->take(channel);
  }

  void wait_for_guest(std::size_t relay) {
    const auto again = [this, relay, alive = std::weak_ptr<int>(alive_),
                        secret = inviting_->secret()] {
      if (!alive.expired() && inviting_ && inviting_->secret() == secret) wait_for_guest(relay);
    };
    if (guests_.size() <= relay) guests_.resize(settings_.relays.size());
    guests_[relay] = RelayWait::start(
        loop_, settings_.relays[relay], {1, relay_token(inviting_->secret())},
        settings_.times.dial_ms, [this, again](Result<RelayWait::Joined> joined) {
          const bool came = joined.has_value();
          if (came) admit(std::move(joined->stream), joined->already, true);
          loop_.call_at(loop_.now_ms() + (came ? 0 : settings_.times.backoff_max_ms / 4), again);
        });
  }

  // --- whom we dial ---

  // Dials that peer in ms, or now and then while it is linked through a relay.
  void soon(Peer& peer, std::uint64_t ms) {
    if (peer.retry != 0) loop_.cancel(peer.retry);
    const PeerId id = peer.known.id;
    peer.retry = loop_.call_at(loop_.now_ms() + ms, [this, id] {
      Peer& at = peers_.at(id);
      at.retry = 0;
      dial(at);
    });
    if (peer.link || peer.complain != 0) return;
    peer.complain = loop_.call_at(loop_.now_ms() + settings_.times.unreachable_ms,
                                  [this, id] { complain(peers_.at(id)); });
  }

  void dial(Peer& peer) {
    const PeerId id = peer.known.id;
    Reach::Places places;
    places.addresses = peer.known.addresses;
    places.dial_ms = settings_.times.dial_ms;
    if (!peer.link) {
      places.relays = settings_.relays;
      places.registration = {static_cast<std::uint8_t>(own_ < id ? 0 : 1),
                             relay_token(settings_.relay_key, own_, id)};
      const std::uint64_t down_ms = loop_.now_ms() - peer.since_ms;
      places.relay_after_ms =
          settings_.times.relay_after_ms - std::min(settings_.times.relay_after_ms, down_ms);
    }
    peer.reach = std::make_unique<Reach>(
        loop_, std::move(places),
        [this, id](std::unique_ptr<Stream> stream, std::string already, const Tried& place) {
          // Through a relay the smaller id begins TLS.
          if (place.relay && id < own_) return admit(std::move(stream), already, true);
          connected(peers_.at(id), std::move(stream), already, place);
        });
    peer.reach->on_dialled = [this, id] { round_over(peers_.at(id)); };
  }

  void connected(Peer& peer, std::unique_ptr<Stream> stream, const std::string& already,
                 const Tried& place) {
    const PeerId id = peer.known.id;
    auto channel = std::make_shared<Channel>(
        loop_, context_, std::move(stream), TlsSide::client, std::string(alpn_link),
        [id](const PeerId& remote, std::string_view alpn) {
          return remote == id && alpn == alpn_link;
        },
        settings_.times.channel);
    peer.trying.push_back(channel);
    Channel::Callbacks callbacks;
    callbacks.on_ready = [this, at = channel.get()] { greet(*at); };
    callbacks.on_frame = [this, place, at = channel.get()](FrameKind kind, std::string_view bytes) {
      if (kind == FrameKind::greeting) link_up(at->shared_from_this(), place.relay, true, bytes);
    };
    callbacks.on_closed = [this, id, place, at = channel.get()](const Error& why) {
      Peer& of = peers_.at(id);
      note(of, place, why.message);
      of.trying.remove_if([&](const auto& one) { return one.get() == at; });
      if (of.reach && of.reach->dialled()) round_over(of);
    };
    channel->start(std::move(callbacks), already);
  }

  void note(Peer& peer, const Tried& place, const std::string& why) {
    for (Tried& tried : peer.tried) {
      if (tried.address == place.address && tried.relay == place.relay) tried.why = why;
    }
  }

  // Every address has been tried; what is waited for at relays goes on until the next round.
  void round_over(Peer& peer) {
    for (const Tried& tried : peer.reach->tried()) {
      const auto same = [&](const Tried& one) {
        return one.address == tried.address && one.relay == tried.relay;
      };
      const auto at = std::find_if(peer.tried.begin(), peer.tried.end(), same);
      if (at == peer.tried.end()) {
        peer.tried.push_back(tried);
      } else if (!tried.why.empty()) {
        at->why = tried.why;
      }
    }
    if (!peer.trying.empty() || peer.retry != 0) return;
    if (peer.link) return soon(peer, settings_.times.direct_again_ms);
    const std::uint64_t doubled = settings_.times.backoff_min_ms
                                  << std::min<std::uint64_t>(peer.failures++, 16);
    const std::uint64_t wait = std::min(doubled, settings_.times.backoff_max_ms);
    std::uniform_int_distribution<std::uint64_t> jitter(wait / 2, wait + wait / 2);
    soon(peer, jitter(random_));
  }

  void complain(Peer& peer) {
    if (peer.link || !callbacks_.on_unreachable) return;
    std::vector<Tried> tried = peer.tried;
    if (tried.empty() && peer.reach) tried = peer.reach->tried();
    const std::string who = peer.known.name.empty()
                                ? to_text(peer.known.id).substr(0, group_characters)
                                : peer.known.name;
    const auto call = callbacks_.on_unreachable;
    call(peer.known.id,
         unreachable_text(who, settings_.times.unreachable_ms / 1000, tried, announced()));
  }

  // --- links ---

  void greet(Channel& channel) const {
    channel.send(FrameKind::greeting,
                 encode(Value::map({{"v", greeting_version}, {"listen", to_value(told_)}})));
  }

  // Of two links made at about the same time, the greater one stays, on both sides.
  int rank(const PeerId& id, bool relayed, bool dialled) const {
    const bool by_smaller = dialled == (own_ < id);
    return (relayed ? 0 : 2) + (by_smaller ? 1 : 0);
  }

  void link_up(const std::shared_ptr<Channel>& channel, bool relayed, bool dialled,
               std::string_view greeting) {
    const auto at = peers_.find(channel->remote());
    if (at == peers_.end()) {
      return channel->close({Status::denied, "this peer was removed", "removed"});
    }
    Peer& peer = at->second;
    const PeerId id = at->first;
    peer.trying.remove(channel);
    const auto read = read_greeting(greeting);
    if (!read) {
      return channel->close(read.error());
    }
    const int ranked = rank(id, relayed, dialled);
    if (peer.link) {
      const bool at_once = loop_.now_ms() - peer.since_ms < settings_.times.both_dialled_ms;
      if (at_once && peer.rank > ranked) {
        return channel->close({Status::cancelled, "there is another link", "replaced"});
      }
      const auto old = std::exchange(peer.link, nullptr);
      const auto hook = std::exchange(peer.hook, nullptr);
      const Error why{Status::cancelled, "another link took its place", "replaced"};
      old->close(why);
      hook->closed(why);
      if (peers_.find(id) == peers_.end()) return;
    }
    peer.link = channel;
    peer.rank = ranked;
    peer.relayed = relayed;
    peer.since_ms = loop_.now_ms();
    peer.failures = 0;
    peer.tried.clear();
    stop_dialling(peer);
    // Of ours, one that would take this one's place goes on: the other side may already count on
    // it.
    if (dialled || id < own_) drop_trying(peer);
    channel->trust();
    learn(peer, *read, dialled || relayed ? nullptr : channel.get());
    if (relayed) soon(peer, settings_.times.direct_again_ms);
    hand_over(peer, channel);
  }

  void hand_over(Peer& peer, const std::shared_ptr<Channel>& channel) {
    const PeerId id = peer.known.id;
    auto carrier = std::make_unique<LinkCarrier>(loop_, channel);
    peer.hook = carrier->hook();
    const auto hook = peer.hook;
    hook->given_up = [this, id, alive = std::weak_ptr<int>(alive_), raw = channel.get()] {
      if (!alive.expired()) lost(id, raw);
    };
    Channel::Callbacks callbacks;
    callbacks.on_frame = [this, id, hook](FrameKind kind, std::string_view bytes) {
      if (kind == FrameKind::payload && !bytes.empty()) hook->frame(bytes);
      if (kind != FrameKind::greeting) return;
      const auto told = read_greeting(bytes);
      const auto known = peers_.find(id);
      if (told && known != peers_.end()) learn(known->second, *told, nullptr);
    };
    callbacks.on_closed = [this, id, hook, raw = channel.get()](const Error& why) {
      lost(id, raw);
      hook->closed(why);
    };
    callbacks.on_drained = [hook] { hook->drained(); };
    channel->set_callbacks(std::move(callbacks));
    const auto call = callbacks_.on_link;
    if (call) call(std::move(carrier));
  }

  // That link is over; the next one is dialled.
  void lost(const PeerId& id, const Channel* channel) {
    const auto at = peers_.find(id);
    if (at == peers_.end() || at->second.link.get() != channel) return;
    Peer& peer = at->second;
    peer.link = nullptr;
    peer.hook = nullptr;
    peer.since_ms = loop_.now_ms();
    stop_dialling(peer);
    std::uniform_int_distribution<std::uint64_t> jitter(0, settings_.times.backoff_min_ms);
    soon(peer, jitter(random_));
  }

  static Result<std::vector<Address>> read_greeting(std::string_view bytes) {
    const auto read = decode(bytes, greeting_limits);
    if (!read) return read.error();
    if ((*read)["v"].as_int() != greeting_version) {
      return Error{Status::invalid, "a version of links that this one does not speak", "version"};
    }
    return to_addresses((*read)["listen"]);
  }

  // caller: whoever dialled us, so that the address it came from is one of its own.
  void learn(Peer& peer, const std::vector<Address>& listed, const Channel* caller) {
    std::vector<Address> addresses;
    for (const Address& address : listed) add_new(addresses, address);
    if (caller != nullptr && !listed.empty()) {
      add_new(addresses, {caller->address().host, listed.front().port});
    }
    for (const Address& address : peer.known.addresses) add_new(addresses, address);
    if (addresses == peer.known.addresses) return;
    peer.known.addresses = addresses;
    if (callbacks_.on_addresses) {
      loop_.post([call = callbacks_.on_addresses, id = peer.known.id,
                  addresses = std::move(addresses), alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) call(id, addresses);
      });
    }
  }

  void stop_dialling(Peer& peer) {
    if (peer.retry != 0) loop_.cancel(std::exchange(peer.retry, 0));
    if (peer.complain != 0) loop_.cancel(std::exchange(peer.complain, 0));
    peer.reach.reset();
  }

  static void drop_trying(Peer& peer) {
    for (const auto& channel : std::exchange(peer.trying, {})) channel->drop();
  }

  void forget(Peer& peer, const Error& why) {
    stop_dialling(peer);
    drop_trying(peer);
    if (!peer.link) return;
    peer.link->close(why);
    const auto hook = std::exchange(peer.hook, nullptr);
    loop_.post([hook, why, kept = std::exchange(peer.link, nullptr)] { hook->closed(why); });
  }

  void watch_addresses() {
    timer_ = loop_.call_at(loop_.now_ms() + settings_.times.addresses_ms, [this] {
      auto now = announced();
      if (now != told_) {
        told_ = std::move(now);
        for (auto& [id, peer] : peers_) {
          if (peer.link) greet(*peer.link);
        }
      }
      watch_addresses();
    });
  }

  bus::AsioLoop& loop_;
  PeerId own_;
  std::shared_ptr<const TlsContext> context_;
  LinkSettings settings_;
  LinkCallbacks callbacks_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<Address> told_;
  std::map<PeerId, Peer> peers_;
  Strangers strangers_;
  Door door_;
  std::uint64_t refused_ = 0;
  std::unique_ptr<Inviting> inviting_;
  std::vector<std::unique_ptr<RelayWait>> guests_;
  bus::Loop::TimerId timer_ = 0;
  bus::Loop::TimerId invitation_timer_ = 0;
  std::mt19937_64 random_{std::random_device{}()};  // only for jitter
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

Result<std::unique_ptr<Links>> Links::open(bus::AsioLoop& loop, const Identity& identity,
                                           LinkSettings settings, LinkCallbacks callbacks) {
  auto links =
      std::make_unique<AllLinks>(loop, identity, std::move(settings), std::move(callbacks));
  if (auto listens = links->listen(); !listens) return listens.error();
  return std::unique_ptr<Links>(std::move(links));
}

}  // namespace deskmate::peer
