#include "shop_sample.hpp"

DESKMATE_PLUGIN(deskmate::sample::ShopSample, "shop-sample", "1.0.0")
