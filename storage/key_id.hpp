// Which key belongs to an id. A key's id follows from the key and the buyer, so nobody can plant
// another key under it: "dmk2" ‖ the first 12 bytes of BLAKE2b("deskmate.key/2" ‖ buyer ‖ key).
// Keys of older versions have ids drawn at random.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "storage/stretch.hpp"

namespace deskmate::storage {

Id16 key_id_of(const Id16& buyer, const std::array<std::uint8_t, 32>& key);

// Leaves out the keys that are not the ones their ids name; of an id drawn at random those that
// open nothing that came with them.
void keep_fitting(std::vector<CarriedKey>& keys, const Stretch& came_with);

}  // namespace deskmate::storage
