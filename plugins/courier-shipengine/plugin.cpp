#include "deskmate/plugin.hpp"

#include "plugins/courier-shipengine/shipengine.hpp"

DESKMATE_PLUGIN(deskmate::shipengine::ShipEngine, "courier-shipengine", "1.0.0")
