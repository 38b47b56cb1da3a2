// The connector to a Vendure shop: orders, parcels, buyers and stock in; ship, refund, cancel,
// order_note, coupon and resend out.
#pragma once

#include <cstdint>

#include "deskmate/connector.hpp"
#include "plugins/shop-vendure/actions.hpp"
#include "plugins/shop-vendure/api.hpp"
#include "plugins/shop-vendure/sync.hpp"

namespace deskmate::shop_vendure {

inline constexpr std::uint32_t behind_poll_ms = 10;  // between polls while there is more

class ShopVendure : public Connector {
 public:
  Result<void> begin(Session& desk) override;
  Result<void> poll(Session& desk) override;
  Outcome perform(Session& desk, const Action& action) override;
  Found look_up(Session& desk, const Action& action) override;
  std::uint32_t poll_every_ms(Session& desk) override;

 private:
  Api api_;
  Sync sync_{api_};
  Actions actions_{api_};
};

}  // namespace deskmate::shop_vendure
