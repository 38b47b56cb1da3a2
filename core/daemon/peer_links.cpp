#include "core/daemon/peer_links.hpp"

#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/daemon/errors.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/present.hpp"
#include "core/peer/peer_id.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::string_view relay_context = "deskmate.relay/1";

std::string bytes_of(const peer::PeerId& peer) {
  return {reinterpret_cast<const char*>(peer.data()), peer.size()};
}

Result<std::vector<peer::Address>> addresses_of(const std::vector<std::string>& texts,
                                                const char* setting) {
  std::vector<peer::Address> out;
  for (const auto& text : texts) {
    auto address = peer::parse_address(text);
    if (!address) return Error{Status::invalid, address.error().message + ": " + text, setting};
    out.push_back(std::move(*address));
  }
  return out;
}

}  // namespace

std::string address_key(const peer::PeerId& peer) { return "at/" + bytes_of(peer); }

std::string encode_addresses(const std::vector<peer::Address>& addresses) {
  Array out;
  for (const auto& address : addresses) out.push_back(peer::to_text(address));
  return encode(Value(std::move(out)));
}

std::vector<peer::Address> stored_addresses(storage::Store& store, const peer::PeerId& peer) {
  std::vector<peer::Address> out;
  const auto bytes = store.kv_get(peers_owner, address_key(peer));
  if (bytes.has_error() || !bytes.value()) return out;
  const auto value = decode(*bytes.value());
  if (!value) return out;
  for (const Value& text : value->as_array()) {
    if (auto address = peer::parse_address(text.as_str())) out.push_back(std::move(*address));
  }
  return out;
}

std::optional<peer::PeerId> stored_inviter(storage::Store& store) {
  const auto bytes = store.kv_get(peers_owner, inviter_key);
  peer::PeerId id{};
  if (bytes.has_error() || !bytes.value() || bytes.value()->size() != id.size()) return {};
  std::copy(bytes.value()->begin(), bytes.value()->end(), id.begin());
  return id;
}

std::string own_name(const Config& config) {
  if (!config.peer_name.empty()) return config.peer_name;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') return "deskmate";
  return host.data();
}

Result<peer::LinkSettings> link_settings_of(const Config& config, storage::Store& store) {
  peer::LinkSettings out;
  auto listen = addresses_of(config.peer_listen, "peers.listen");
  if (!listen) return listen.error();
  auto announce = addresses_of(config.peer_addresses, "peers.addresses");
  if (!announce) return announce.error();
  auto relays = addresses_of(config.peer_relays, "peers.relays");
  if (!relays) return relays.error();
  out.listen = std::move(*listen);
  out.announce = std::move(*announce);
  out.relays = std::move(*relays);
  const auto& key = store.pseudonym_key();
  crypto_generichash(out.relay_key.data(), out.relay_key.size(),
                     reinterpret_cast<const unsigned char*>(relay_context.data()),
                     relay_context.size(), key.data(), key.size());
  return out;
}

PeerLinks::PeerLinks(Service& service, Peering& peering, const Config& config, Log log)
    : service_(service),
      peering_(peering),
      name_(own_name(config)),
      desk_name_(config.name),
      log_(std::move(log)) {}

Result<std::unique_ptr<PeerLinks>> PeerLinks::open(bus::AsioLoop& loop, Service& service,
                                                   Peering& peering, const Config& config,
                                                   Log log) {
  auto settings = link_settings_of(config, service.store);
  if (!settings) return settings.error();
  std::unique_ptr<PeerLinks> out(new PeerLinks(service, peering, config, std::move(log)));
  PeerLinks& here = *out;
  here.relays_ = settings->relays;
  peer::LinkCallbacks callbacks;
  callbacks.on_link = [&here](std::unique_ptr<peer::Carrier> carrier) {
    here.peering_.carrier_up(std::move(carrier));
  };
  callbacks.on_addresses = [&here](const peer::PeerId& peer,
                                   const std::vector<peer::Address>& addresses) {
    here.service_.store.kv_put(std::string(peers_owner), address_key(peer),
                               encode_addresses(addresses), [](const storage::Result<void>&) {});
  };
  callbacks.on_unreachable = [&here](const peer::PeerId& peer, const host::Text& text) {
    here.log_(true, "link", {{"unreachable", peer::to_text(peer)}, {"message", text.in("en")}});
  };
  callbacks.on_refused = [&here](const peer::Address& from, const Error& why) {
    here.log_(true, "link", {{"refused", peer::to_text(from)}, {"reason", why.message}});
  };
  const auto seed = service.store.identity().seed();
  const auto identity = peer::Identity::from_seed(seed);
  if (!identity) return identity.error();
  auto links = peer::Links::open(loop, *identity, std::move(*settings), std::move(callbacks));
  if (!links) return links.error();
  here.links_ = std::move(*links);
  here.refresh();
  return out;
}

void PeerLinks::refresh() {
  std::vector<peer::PeerId> wanted;
  const auto want = [&](const peer::PeerId& id, const std::string& name) {
    wanted.push_back(id);
    if (std::find(dialled_.begin(), dialled_.end(), id) != dialled_.end()) return;
    links_->set_peer({id, name, stored_addresses(service_.store, id)});
  };
  for (const auto& other : peering_.others()) want(other.id, other.name);
  if (wanted.empty()) {
    if (const auto inviter = stored_inviter(service_.store)) want(*inviter, "");
  }
  for (const auto& id : dialled_) {
    if (std::find(wanted.begin(), wanted.end(), id) == wanted.end()) links_->remove_peer(id);
  }
  dialled_ = std::move(wanted);
}

// The other machine has the desk: from now on it belongs to it.
void PeerLinks::paired(const peer::Member& who) {
  shown_.state = "paired";
  service_.store.kv_put(std::string(peers_owner), address_key(who.peer),
                        encode_addresses(who.addresses), [](const storage::Result<void>&) {});
  const auto added = service_.desk.add_peer(who.peer, who.name);
  if (added.has_error()) {
    log_(true, "invite", {{"error", desk::explain(added.error(), desk::Language::english)}});
    return;
  }
  service_.append(added.value(), [this, who](const Result<std::vector<Outcome>>& result) {
    if (!result) {
      log_(true, "invite", {{"error", result.error().message}});
      return;
    }
    log_(false, "invite", {{"paired", peer::to_text(who.peer)}});
    if (std::find(dialled_.begin(), dialled_.end(), who.peer) == dialled_.end()) {
      dialled_.push_back(who.peer);
    }
    links_->set_peer({who.peer, who.name, who.addresses});
  });
}

void PeerLinks::invite(const bus::Call&, bus::Answer answer) {
  peer::Offer offer;
  offer.name = name_;
  offer.grant.desk = service_.store.log().desk;
  offer.grant.desk_name = desk_name_;
  offer.grant.pseudonym_key = service_.store.pseudonym_key();
  offer.grant.relays = relays_;
  offer.grant.members.push_back({service_.store.log().peer, name_, links_->announced()});
  for (const auto& other : peering_.others()) {
    offer.grant.members.push_back(
        {other.id, other.name, stored_addresses(service_.store, other.id)});
  }
  offer.on_ask = [this](const std::string& phrase, const peer::Member& who) {
    shown_.state = "asked";
    shown_.phrase = phrase;
    shown_.name = who.name;
    shown_.peer = who.peer;
  };
  offer.on_paired = [this](const peer::Member& who) { paired(who); };
  offer.on_end = [this](peer::PairingEnd end) {
    log_(end != peer::PairingEnd::paired, "invite", {{"ended", std::string(peer::name_of(end))}});
    shown_.end = peer::text_of(end);
    if (shown_.state != "paired") shown_.state = "ended";
  };
  const std::uint64_t now = service_.options.wall_ms();
  shown_ = Shown();
  const peer::Invitation invitation = links_->invite(std::move(offer), now);
  shown_.state = "open";
  shown_.expires_ms = invitation.expires_ms;
  const std::string code = peer::to_text(invitation);
  answer.ok(Value::map({{"code", code},
                        {"qr", peer::qr_code(code)},
                        {"expires_ms", invitation.expires_ms},
                        {"addresses", invitation.addresses.size()},
                        {"relays", invitation.relays.size()}}));
}

// do: nothing (look), "same", "different", "withdraw".
void PeerLinks::invitation(const bus::Call& call, bus::Answer answer) {
  const auto what = call.params["do"].as_str();
  if (what == "withdraw") {
    links_->withdraw_invitation();
    shown_ = Shown();
  } else if (what == "same" || what == "different") {
    if (shown_.state != "asked") {
      return answer.fail({Status::invalid, "nobody waits to be confirmed", "do"});
    }
    shown_.state = "confirmed";
    links_->confirm(what == "same");
  } else if (!what.empty()) {
    return answer.fail({Status::invalid, "do is same, different or withdraw", "do"});
  }
  const auto language = call.params["language"].as_str(name_of(service_.options.language));
  answer.ok(Value::map({{"state", shown_.state},
                        {"phrase", shown_.phrase},
                        {"name", fix_utf8(shown_.name)},
                        {"peer", peer::to_text(shown_.peer)},
                        {"end", shown_.end.in(language == "zh" ? "zh" : "en")},
                        {"expires_ms", shown_.expires_ms}}));
}

void PeerLinks::serve() {
  const auto serve = [this](const char* name,
                            void (PeerLinks::*handler)(const bus::Call&, bus::Answer)) {
    serve_owner(service_.bus, name, [this, handler](const bus::Call& call, bus::Answer answer) {
      (this->*handler)(call, std::move(answer));
    });
  };
  serve("desk.invite", &PeerLinks::invite);
  serve("desk.invitation", &PeerLinks::invitation);
}

}  // namespace deskmate::daemon
