#include "deskmate/plugin.hpp"

#include "plugins/courier-kuaidi100/kuaidi100.hpp"

DESKMATE_PLUGIN(deskmate::kuaidi100::Kuaidi100, "courier-kuaidi100", "1.0.0")
