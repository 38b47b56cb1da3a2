// Actions that give something away, as desk.action takes them. Loop thread.
#pragma once

#include "core/daemon/owner_params.hpp"

namespace deskmate::daemon {

// The parameter `purpose`: settlement (where nothing is said), discount, gift.
Result<desk::Purpose> purpose_in(Service& service, const bus::Call& call);

// Answers {event, arrival}; where it waits for approval also `offer` and `needs`.
void give(Service& service, const bus::Call& call, desk::ActionSpec spec, bus::Answer answer);

}  // namespace deskmate::daemon
