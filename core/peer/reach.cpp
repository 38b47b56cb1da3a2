#include "core/peer/reach.hpp"

#include <utility>

namespace deskmate::peer {

namespace {
constexpr std::uint64_t relay_again_ms = 2'000;  // after a relay refused or was lost
}

Reach::Reach(bus::AsioLoop& loop, Places places, OnStream on_stream)
    : loop_(loop),
      places_(std::move(places)),
      on_stream_(std::move(on_stream)),
      dials_(places_.addresses.size()),
      waits_(places_.relays.size()),
      open_(places_.addresses.size()) {
  for (const Address& address : places_.addresses) tried_.push_back({address, false, {}});
  for (const Address& relay : places_.relays) tried_.push_back({relay, true, {}});
  for (std::size_t i = 0; i < dials_.size(); ++i) after(i * stagger_ms, [this, i] { dial(i); });
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    after(places_.relay_after_ms, [this, i] { wait(i); });
  }
  if (open_ == 0) {
    after(0, [this] {
      const auto call = on_dialled;
      if (call) call();
    });
  }
}

Reach::~Reach() {
  for (const auto timer : timers_) loop_.cancel(timer);
}

void Reach::after(std::uint64_t ms, std::function<void()> work) {
  timers_.push_back(loop_.call_at(loop_.now_ms() + ms, std::move(work)));
}

void Reach::dial(std::size_t index) {
  dials_[index] = Dial::start(loop_, places_.addresses[index], places_.dial_ms,
                              [this, index](Result<std::unique_ptr<Stream>> stream) {
                                const std::weak_ptr<int> alive = alive_;
                                --open_;
                                if (!stream) {
                                  tried_[index].why = stream.error().message;
                                } else {
                                  const Tried place = tried_[index];
                                  const OnStream on_stream = on_stream_;  // which may destroy this
                                  on_stream(std::move(*stream), {}, place);
                                }
                                if (alive.expired() || open_ != 0 || !on_dialled) return;
                                const auto call = on_dialled;
                                call();
                              });
}

void Reach::wait(std::size_t index) {
  const std::size_t place = places_.addresses.size() + index;
  waits_[index] =
      RelayWait::start(loop_, places_.relays[index], places_.registration, places_.dial_ms,
                       [this, index, place](Result<RelayWait::Joined> joined) {
                         const std::weak_ptr<int> alive = alive_;
                         if (joined) {
                           const Tried where = tried_[place];
                           const OnStream on_stream = on_stream_;  // which may destroy this
                           on_stream(std::move(joined->stream), std::move(joined->already), where);
                         } else {
                           tried_[place].why = joined.error().message;
                         }
                         if (!alive.expired())
                           after(relay_again_ms, [this, index] { wait(index); });
                       });
  if (tried_[place].why.empty()) tried_[place].why = "the other side is not there";
}

}  // namespace deskmate::peer
