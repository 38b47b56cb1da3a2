#include "deskmate/plugin.hpp"

#include "plugins/courier-sf/sf.hpp"

DESKMATE_PLUGIN(deskmate::sf::Sf, "courier-sf", "1.0.0")
