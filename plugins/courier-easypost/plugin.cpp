#include "deskmate/plugin.hpp"

#include "plugins/courier-easypost/easypost.hpp"

DESKMATE_PLUGIN(deskmate::easypost::EasyPost, "courier-easypost", "1.0.0")
