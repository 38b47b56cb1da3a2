// The connector of the sample shop: keeps a World in the instance's store and tells the desk.
#pragma once

#include <optional>

#include "deskmate/plugin.hpp"
#include "world.hpp"

namespace deskmate::sample {

class ShopSample : public Connector {
 public:
  Result<void> begin(Session& desk) override;
  Result<void> poll(Session& desk) override;
  Outcome perform(Session& desk, const Action& action) override;
  Found look_up(Session& desk, const Action& action) override;
  Tail tail(Session& desk, const Thread& thread) override;
  Claim claim(Session& desk, const Thread& thread) override;
  std::uint32_t poll_every_ms(Session& desk) override;

 private:
  // Stores what changed; after an error memory is behind or ahead of the store, so that the next
  // call loads again.
  Result<void> keep(Session& desk);

  std::optional<World> world_;
};

}  // namespace deskmate::sample
