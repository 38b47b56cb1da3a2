#include "deskmate/plugin.hpp"

#include "plugins/courier-17track/seventeen_track.hpp"

DESKMATE_PLUGIN(deskmate::seventeen_track::SeventeenTrack, "courier-17track", "1.0.0")
