// Sending one mail by SMTP, on libetpan, with an answer that says what is certain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/chat-email/imap.hpp"
#include "plugins/chat-email/wire.hpp"

namespace deskmate::chat_email {

struct SmtpSettings {
  Endpoint endpoint;
  Login login;  // an empty user: without
  std::string from;
};

struct SendResult {
  enum class Kind {
    accepted,   // by the server, for all recipients
    not_now,    // certainly not sent; may be tried again (4xx, no connection)
    refused,    // certainly not sent, and trying again is no use (5xx, log-in, certificate)
    uncertain,  // the connection was lost when it may have been accepted
  };
  Kind kind = Kind::not_now;
  std::string code;     // "550", "connect", "login", "too-large": for programs
  std::string message;  // for people, in both languages where it is ours
};

// Sends mail (as build_mail makes it) to the recipients, all or none, in one transaction. Blocking;
// any thread; ends early when the interrupt is tripped. Addresses are checked (parse_address).
SendResult send_mail(const SmtpSettings& settings, const std::vector<std::string>& recipients,
                     std::string_view mail, const Interrupt& interrupt);

}  // namespace deskmate::chat_email
