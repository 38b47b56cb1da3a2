#include "plugins/chat-email/connector.hpp"

using deskmate::chat_email::ChatEmail;

DESKMATE_PLUGIN(ChatEmail, "chat-email", "1.0.0")
