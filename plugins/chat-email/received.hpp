// A mail as the event that the desk stores.
#pragma once

#include <cstdint>
#include <deskmate/event.hpp>
#include <deskmate/events.hpp>
#include <string>
#include <vector>

#include "plugins/chat-email/incoming.hpp"

namespace deskmate::chat_email {

struct Received {
  std::string shop;        // the instance
  std::string message_id;  // or the hash that stands for it
  std::string root_id;     // first Message-ID of the thread
  std::uint64_t received_ms = 0;
  std::vector<events::File> files;  // stored
  bool automatic = false;           // a loop
  std::string extra;                // a line of ours below the text; may be empty
};

// message.received: buyer is the sender's address, thread that address and root_id. Pure.
NewEvent received_event(const Mail& mail, const Received& received);

}  // namespace deskmate::chat_email
