#include "plugins/shop-vendure/connector.hpp"

namespace deskmate::shop_vendure {

Result<void> ShopVendure::begin(Session& desk) { return api_.login(desk); }

Result<void> ShopVendure::poll(Session& desk) { return sync_.poll(desk); }

Outcome ShopVendure::perform(Session& desk, const Action& action) {
  Outcome outcome = actions_.perform(desk, action);
  if (!outcome.is_failed()) {
    sync_.touch(action.ref("order"));
    poll_soon();
  }
  return outcome;
}

Found ShopVendure::look_up(Session& desk, const Action& action) {
  Found found = actions_.look_up(desk, action);
  if (found.is_yes()) {
    sync_.touch(action.ref("order"));
    poll_soon();
  }
  return found;
}

std::uint32_t ShopVendure::poll_every_ms(Session& desk) {
  if (sync_.behind()) return behind_poll_ms;
  return desk.setting<std::uint32_t>("poll_seconds", 15) * 1000;
}

}  // namespace deskmate::shop_vendure
