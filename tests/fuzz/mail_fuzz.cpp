// Any bytes as a mail: read, filtered, made an event, and answered; what comes of it is UTF-8 and a
// reply that no header was slipped into.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deskmate/value.hpp>
#include <string_view>

#include "plugins/chat-email/filter.hpp"
#include "plugins/chat-email/incoming.hpp"
#include "plugins/chat-email/outgoing.hpp"
#include "plugins/chat-email/received.hpp"

using namespace deskmate::chat_email;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Mail mail = parse_mail(bytes, ParseLimits{});
  check(deskmate::is_utf8(mail.text) && deskmate::is_utf8(mail.quoted) &&
        deskmate::is_utf8(mail.subject) && deskmate::is_utf8(mail.from_name) &&
        deskmate::is_utf8(mail.from) && deskmate::is_utf8(mail.message_id));
  check(mail.files.size() <= kFilesMax);
  for (const Attachment& file : mail.files) {
    check(!file.name.empty() && file.name.find('/') == std::string::npos);
    check(deskmate::is_utf8(file.name) && deskmate::is_utf8(file.type));
  }
  static_cast<void>(reason_to_skip(mail, "shop@shop.test"));

  Received received;
  received.shop = "mail";
  received.message_id = mail.message_id;
  received.root_id = mail.references.empty() ? mail.message_id : mail.references.front();
  check(deskmate::decode(deskmate::encode(received_event(mail, received).to_value())).has_value());

  OutgoingMail reply;
  reply.request_hex = "00112233445566778899aabbccddeeff";
  reply.from_address = "shop@shop.test";
  reply.from_name = mail.from_name;
  reply.to = mail.from;
  reply.subject = mail.subject;
  reply.root_id = received.root_id;
  reply.reply_to_id = mail.message_id;
  reply.text = "ok";
  const Mail sent = parse_mail(build_mail(reply), ParseLimits{});
  check(sent.from == "shop@shop.test" && sent.text == "ok" && sent.files.empty());
  check(sent.deskmate_request == reply.request_hex && !sent.list && sent.precedence.empty());
  return 0;
}
