#include "plugins/chat-email/received.hpp"

#include "plugins/chat-email/ids.hpp"

namespace deskmate::chat_email {

NewEvent received_event(const Mail& mail, const Received& received) {
  events::MessageReceived message;
  message.shop = received.shop;
  message.at = static_cast<std::int64_t>(received.received_ms);
  message.files = static_cast<std::uint32_t>(received.files.size());
  message.automatic = received.automatic;
  message.text = mail.text;
  for (const std::string& line : {describe(mail), received.extra}) {
    if (line.empty()) continue;
    if (!message.text.empty()) message.text += "\n\n";
    message.text += line;
  }
  message.subject = mail.subject;
  message.name = mail.from_name;
  message.attached = received.files;
  if (!mail.quoted.empty()) message.other_body.set("quoted", mail.quoted);
  NewEvent event = events::to_event(message);
  event.refs = {{"thread", thread_name(received.root_id, mail.from)},
                {"buyer", mail.from},
                {"message", received.message_id}};
  event.dedupe = "message";
  event.contacts = {"email:" + mail.from};
  return event;
}

}  // namespace deskmate::chat_email
