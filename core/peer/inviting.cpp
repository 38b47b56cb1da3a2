#include "core/peer/inviting.hpp"

#include <utility>

namespace deskmate::peer {

Inviting::Inviting(bus::AsioLoop& loop, const PeerId& own, InvitationSecret secret,
                   std::uint64_t expires_ms, Offer offer)
    : loop_(loop), own_(own), invitation_(secret, expires_ms), offer_(std::move(offer)) {}

Inviting::~Inviting() {
  for (Attempt& attempt : attempts_) {
    if (attempt.timer != 0) loop_.cancel(attempt.timer);
    attempt.channel->close({Status::cancelled, "the invitation was withdrawn", "pairing"});
  }
}

void Inviting::take(std::shared_ptr<Channel> channel) {
  if (attempts_.size() >= attempts_at_once) {
    return channel->close({Status::limit, "others are pairing just now", "pairing"});
  }
  const auto attempt = attempts_.insert(attempts_.end(), Attempt{});
  attempt->channel = std::move(channel);
  attempt->pairing = std::make_unique<InviterPairing>(
      invitation_, PairingBond{own_, attempt->channel->remote(), attempt->channel->exporter()},
      offer_.grant, offer_.name);
  Channel::Callbacks callbacks;
  callbacks.on_frame = [this, attempt](FrameKind kind, std::string_view bytes) {
    if (kind == FrameKind::pairing) on_message(attempt, bytes);
  };
  callbacks.on_closed = [this, attempt](const Error&) { end(attempt, PairingEnd::lost); };
  attempt->channel->set_callbacks(std::move(callbacks));
}

void Inviting::on_message(Attempts::iterator attempt, std::string_view bytes) {
  act(attempt, attempt->pairing->on_message(bytes, loop_.now_ms()));
}

void Inviting::confirm(bool same) {
  for (auto attempt = attempts_.begin(); attempt != attempts_.end(); ++attempt) {
    if (!attempt->pairing->asked()) continue;
    return act(attempt, attempt->pairing->agree(same, loop_.now_ms()));
  }
}

void Inviting::act(Attempts::iterator attempt, PairingStep step) {
  for (const std::string& message : step.send) {
    attempt->channel->send(FrameKind::pairing, message);
  }
  const std::weak_ptr<int> alive = alive_;
  const Member who{attempt->channel->remote(), attempt->pairing->other_name(), {}};
  if (step.ask) {
    attempt->channel->trust();
    attempt->timer = loop_.call_at(loop_.now_ms() + confirm_ms_max, [this, attempt] {
      attempt->timer = 0;
      end(attempt, PairingEnd::too_slow);
    });
    const auto ask = offer_.on_ask;
    if (ask) ask(attempt->pairing->phrase(), who);
    return;
  }
  if (attempt->pairing->granted() && !std::exchange(attempt->told, true)) {
    const auto paired = offer_.on_paired;
    if (paired) paired(who);
    if (alive.expired()) return;
  }
  if (step.end) end(attempt, *step.end);
}

void Inviting::end(Attempts::iterator attempt, PairingEnd why) {
  if (attempt->timer != 0) loop_.cancel(attempt->timer);
  // What was said last goes out before; the other side ends by itself.
  attempt->channel->close({Status::cancelled, std::string(name_of(why)), "pairing"});
  attempts_.erase(attempt);
  const auto ended = offer_.on_end;
  if (ended) ended(why);
}

}  // namespace deskmate::peer
