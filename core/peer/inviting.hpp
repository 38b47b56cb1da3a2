// The inviter's side of pairing, over channels: takes whoever comes with an invitation, asks the
// owner, hands out the desk. One invitation; destroying it ends it. Loop thread.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "core/peer/channel.hpp"
#include "core/peer/pairing.hpp"

namespace deskmate::peer {

inline constexpr std::size_t attempts_at_once = 4;  // others are told to come later

struct Offer {
  Grant grant;
  std::string name;  // of this owner, shown to the other

  // Somebody proved the invitation's secret: show the phrase, ask the owner, call confirm().
  std::function<void(const std::string& phrase, const Member& who)> on_ask;
  // The other has the desk now; to be recorded as peer.added. Before its machine has stored it.
  std::function<void(const Member& who)> on_paired;
  // An attempt ended otherwise, or (paired) the other has stored what it got. The invitation may
  // still be good: open() says.
  std::function<void(PairingEnd end)> on_end;
};

class Inviting {
 public:
  Inviting(bus::AsioLoop& loop, const PeerId& own, InvitationSecret secret,
           std::uint64_t expires_ms, Offer offer);  // expires_ms: of the loop's clock
  ~Inviting();
  Inviting(const Inviting&) = delete;
  Inviting& operator=(const Inviting&) = delete;

  bool open() const { return !invitation_.fault(loop_.now_ms()); }
  std::optional<PairingEnd> fault() const { return invitation_.fault(loop_.now_ms()); }
  const InvitationSecret& secret() const { return invitation_.secret(); }
  // A channel with alpn_pair that is ready.
  void take(std::shared_ptr<Channel> channel);
  // What the owner says to the phrase that was shown last.
  void confirm(bool same);

 private:
  struct Attempt {
    std::shared_ptr<Channel> channel;
    std::unique_ptr<InviterPairing> pairing;
    bus::Loop::TimerId timer = 0;
    bool told = false;  // on_paired
  };
  using Attempts = std::list<Attempt>;
  void on_message(Attempts::iterator attempt, std::string_view bytes);
  void act(Attempts::iterator attempt, PairingStep step);
  void end(Attempts::iterator attempt, PairingEnd why);

  bus::AsioLoop& loop_;
  PeerId own_;
  OpenInvitation invitation_;
  Offer offer_;
  Attempts attempts_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace deskmate::peer
