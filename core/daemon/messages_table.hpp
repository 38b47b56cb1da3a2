// The table of messages, in parts; see messages.hpp.
#pragma once

#include <span>

#include "core/daemon/messages.hpp"

namespace deskmate::daemon {

extern const std::span<const Message> answer_messages;
extern const std::span<const Message> help_messages;
extern const std::span<const Message> case_messages;
extern const std::span<const Message> problem_messages;
extern const std::span<const Message> money_messages;
extern const std::span<const Message> parcel_messages;

}  // namespace deskmate::daemon
