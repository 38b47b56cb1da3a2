// The table of messages; see messages.hpp.
#pragma once

#include <span>

#include "core/daemon/messages.hpp"

namespace deskmate::daemon {

extern const std::span<const Message> message_table;

}  // namespace deskmate::daemon
