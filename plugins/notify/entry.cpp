#include "notify.hpp"

using deskmate::notify::Notify;

DESKMATE_PLUGIN(Notify, "notify", "1.0.0")
