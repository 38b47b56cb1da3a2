#include "core/peer/joining.hpp"

#include <utility>

namespace deskmate::peer {

Joining::Joining(bus::AsioLoop& loop, const Identity& identity, Invitation invitation,
                 std::string name, Callbacks callbacks, const JoinTimes& times)
    : loop_(loop),
      context_(std::make_shared<const TlsContext>(identity)),
      invitation_(std::move(invitation)),
      name_(std::move(name)),
      callbacks_(std::move(callbacks)),
      times_(times) {
  timer_ = loop_.call_at(loop_.now_ms() + times_.unreachable_ms, [this] {
    timer_ = 0;
    end(refused_ ? PairingEnd::no_invitation : PairingEnd::unreachable);
  });
  dial();
}

Joining::~Joining() {
  for (auto* timer : {&timer_, &again_}) {
    if (*timer != 0) loop_.cancel(*timer);
  }
  for (const auto& channel : trying_) channel->drop();
  if (channel_) channel_->close({Status::cancelled, "gave up", "pairing"});
}

void Joining::dial() {
  Reach::Places places;
  places.addresses = invitation_.addresses;
  places.relays = invitation_.relays;
  places.registration = {0, relay_token(invitation_.secret)};
  places.dial_ms = times_.dial_ms;
  reach_ = std::make_unique<Reach>(
      loop_, std::move(places),
      [this](std::unique_ptr<Stream> stream, std::string already, const Tried&) {
        connected(std::move(stream), std::move(already));
      });
  reach_->on_dialled = [this] {
    tried_ = reach_->tried();
    if (over_ || pairing_ || again_ != 0) return;
    again_ = loop_.call_at(loop_.now_ms() + times_.again_ms, [this] {
      again_ = 0;
      // Not while somebody is answering; a registration at a relay goes on meanwhile, too.
      if (!pairing_ && trying_.empty() && !invitation_.addresses.empty()) dial();
    });
  };
}

void Joining::connected(std::unique_ptr<Stream> stream, std::string already) {
  if (over_ || pairing_) return;
  auto channel = std::make_shared<Channel>(
      loop_, context_, std::move(stream), TlsSide::client, std::string(alpn_pair),
      [inviter = invitation_.inviter](const PeerId& remote, std::string_view alpn) {
        return remote == inviter && alpn == alpn_pair;
      },
      times_.channel);
  trying_.push_back(channel);
  Channel::Callbacks callbacks;
  callbacks.on_ready = [this, at = channel.get()] { ready(at->shared_from_this()); };
  callbacks.on_frame = [this](FrameKind kind, std::string_view bytes) {
    if (kind == FrameKind::pairing && pairing_) act(pairing_->on_message(bytes));
  };
  callbacks.on_closed = [this, at = channel.get()](const Error& why) { lost(at, why); };
  channel->start(std::move(callbacks), already);
}

void Joining::ready(const std::shared_ptr<Channel>& channel) {
  if (over_ || pairing_) return channel->drop();
  channel_ = channel;
  trying_.remove(channel);
  for (const auto& other : trying_) other->drop();
  trying_.clear();
  pairing_ = std::make_unique<JoinerPairing>(
      invitation_.secret,
      PairingBond{invitation_.inviter, context_->identity().id(), channel->exporter()}, name_);
  act(pairing_->start());
}

void Joining::lost(const Channel* channel, const Error& why) {
  if (over_) return;
  if (why.where == "refused") refused_ = true;
  if (channel != channel_.get()) {
    trying_.remove_if([&](const auto& candidate) { return candidate.get() == channel; });
    if (trying_.empty() && again_ == 0 && reach_->dialled()) reach_->on_dialled();
    return;
  }
  end(why.where == "refused"         ? PairingEnd::no_invitation
      : why.code == Status::deadline ? PairingEnd::too_slow
                                     : PairingEnd::lost);
}

void Joining::act(PairingStep step) {
  for (const std::string& message : step.send) channel_->send(FrameKind::pairing, message);
  if (step.ask) {
    channel_->trust();
    if (timer_ != 0) loop_.cancel(timer_);
    timer_ = loop_.call_at(loop_.now_ms() + confirm_ms_max, [this] {
      timer_ = 0;
      end(PairingEnd::too_slow);
    });
    const auto ask = callbacks_.on_ask;
    if (ask) ask(pairing_->phrase(), pairing_->other_name(), pairing_->desk_name());
    return;
  }
  if (step.end) end(*step.end);
}

void Joining::confirm(bool same) {
  if (pairing_ && !over_) act(pairing_->agree(same));
}

void Joining::end(PairingEnd why) {
  if (std::exchange(over_, true)) return;
  if (reach_ && tried_.empty()) tried_ = reach_->tried();
  host::Text text = text_of(why);
  if (why == PairingEnd::unreachable) {
    const auto more = unreachable_text(to_text(invitation_.inviter).substr(0, group_characters),
                                       times_.unreachable_ms / 1000, tried_, {});
    text.en += " " + more.en;
    text.zh += more.zh;
  }
  if (channel_) channel_->close({Status::cancelled, std::string(name_of(why)), "pairing"});
  for (const auto& channel : trying_) channel->drop();
  const auto grant = why == PairingEnd::paired ? std::optional(pairing_->grant()) : std::nullopt;
  const auto ended = callbacks_.on_end;
  if (ended) ended(why, text, grant ? &*grant : nullptr);
}

}  // namespace deskmate::peer
