// A mail as it goes out: plain text in UTF-8, in the buyer's thread, with a Message-ID made from
// the request, so that its copy in the shop's mailbox proves that it was sent.
//
// Header injection is impossible: whatever is put into a header has its line breaks taken out
// first, and addresses and ids are checked for their form. Pure but for the date; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/chat-email/incoming.hpp"

namespace deskmate::chat_email {

struct OutgoingMail {
  std::string request_hex;   // 32 hex digits
  std::string from_address;  // the shop's
  std::string from_name;     // may be empty
  std::string to;            // the buyer's
  std::string subject;       // of the mail that is answered; "" where unknown
  std::string root_id;       // first of the thread, "" where unknown
  std::string reply_to_id;   // the mail that is answered, "" where unknown
  std::string text;
  std::vector<Attachment> files;
  bool automatic = false;  // a greeting: marked so that machines do not answer it
  bool notice = false;     // to a member, not to a buyer: marked, and begins with kNoticeMark
  std::uint64_t now_ms = 0;
};

// The mail's bytes, lines ending in CR LF, only ASCII.
std::string build_mail(const OutgoingMail& mail);

// "Re: …", without piling up; what other mail programs write for "Re:" counts as well.
std::string reply_subject(std::string_view subject);

}  // namespace deskmate::chat_email
