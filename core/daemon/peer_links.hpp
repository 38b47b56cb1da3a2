// The links of the configuration: where this daemon listens, whom it dials, invitations. What it
// learns of others' addresses is kept in the store, so that it can dial them after a start.
//
//   auto links = PeerLinks::open(loop, service, peering, settings, hooks);
//   (*links)->serve();                    // the methods desk.invite, desk.invitation …
//
// Loop thread; peering outlives it.
#pragma once

#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/daemon/config.hpp"
#include "core/daemon/peering.hpp"
#include "core/peer/joining.hpp"
#include "core/peer/link.hpp"

namespace deskmate::daemon {

// What pairing leaves in the store of the peer that joined, and what links remember; keys of the
// store's small values.
inline constexpr std::string_view peers_owner = "peers";
inline constexpr std::string_view inviter_key = "inviter";  // 32 bytes
inline constexpr std::string_view agreed_key = "agreed";    // there, once this peer said so

// Of a stored peer: its addresses as text. Nothing is remembered: empty.
std::vector<peer::Address> stored_addresses(storage::Store& store, const peer::PeerId& peer);
std::string address_key(const peer::PeerId& peer);
std::string encode_addresses(const std::vector<peer::Address>& addresses);
std::optional<peer::PeerId> stored_inviter(storage::Store& store);

// From [peers] of the configuration. Errors: invalid, naming the address.
Result<peer::LinkSettings> link_settings_of(const Config& config, storage::Store& store);
std::string own_name(const Config& config);

class PeerLinks {
 public:
  using Log = std::function<void(bool warn, std::string_view what,
                                 const std::vector<std::pair<std::string, std::string>>&)>;

  static Result<std::unique_ptr<PeerLinks>> open(bus::AsioLoop& loop, Service& service,
                                                 Peering& peering, const Config& config, Log log);
  // The peers of the desk have changed.
  void refresh();
  // Registers the owner's methods of invitations.
  void serve();

 private:
  // What the owner is shown of an invitation, from invite to its end.
  struct Shown {
    std::string state = "none";  // open, asked, confirmed, paired, ended
    std::string phrase;
    std::string name;  // of who comes
    peer::PeerId peer{};
    host::Text end;
    std::uint64_t expires_ms = 0;  // UTC
  };

  PeerLinks(Service& service, Peering& peering, const Config& config, Log log);
  void invite(const bus::Call& call, bus::Answer answer);
  void invitation(const bus::Call& call, bus::Answer answer);
  void paired(const peer::Member& who);

  Service& service_;
  Peering& peering_;
  std::string name_;
  std::string desk_name_;
  Log log_;
  Shown shown_;
  std::vector<peer::PeerId> dialled_;
  std::vector<peer::Address> relays_;
  std::unique_ptr<peer::Links> links_;
};

}  // namespace deskmate::daemon
