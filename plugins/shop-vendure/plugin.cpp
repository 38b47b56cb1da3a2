#include "deskmate/plugin.hpp"

#include "plugins/shop-vendure/connector.hpp"

DESKMATE_PLUGIN(deskmate::shop_vendure::ShopVendure, "shop-vendure", "1.0.0")
