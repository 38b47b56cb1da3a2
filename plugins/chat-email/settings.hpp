// What the owner set for this mailbox (plugin.toml), read and checked once.
#pragma once

#include <cstdint>
#include <deskmate/session.hpp>
#include <string>

#include "plugins/chat-email/incoming.hpp"
#include "plugins/chat-email/smtp.hpp"
#include "plugins/chat-email/wire.hpp"

namespace deskmate::chat_email {

struct Settings {
  std::string address;  // the shop's, lower case
  std::string name;     // as buyers see it; may be empty

  Endpoint imap;
  Login imap_login;
  std::string folder;       // where buyers' mails arrive
  std::string sent_folder;  // empty: look for it
  bool idle = true;
  std::uint32_t poll_every_ms = 0;

  SmtpSettings smtp;
  bool copies = true;       // a copy of each sent mail to the shop's own mailbox
  bool move_copies = true;  // from there to sent_folder
  std::uint64_t copy_grace_ms = 0;

  std::uint32_t mail_bytes_max = 0;
  ParseLimits parse;
};

// Errors: invalid with the setting's name in `where`; what the desk says about the secret.
Result<Settings> load_settings(Session& desk);

}  // namespace deskmate::chat_email
