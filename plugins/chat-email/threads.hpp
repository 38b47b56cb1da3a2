// What a shop's mailbox shows of a thread to every peer of the desk that looks at it: whether a
// buyer's mail was answered, and whose it is to answer. A claim is a keyword on the buyer's mail,
// set on the condition that nobody has touched the mail since it was looked at. All pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/chat-email/incoming.hpp"

namespace deskmate::chat_email {

inline constexpr std::size_t kTailMailsMax = 200;  // of a thread that are looked at; the last ones
inline constexpr int kClaimTriesMax = 8;           // while others change the mail in between

// A mail in the thread, in the inbox or among the sent ones.
struct ThreadMail {
  Mail header;  // read from the header alone
  std::uint64_t received_ms = 0;
  bool sent = false;  // lies in the folder for sent mails
};

// The mail that may have been answered.
struct Asked {
  std::string message_id;
  std::string buyer;          // the address
  std::int64_t since_ms = 0;  // when it came
  std::string shop_address;
};

// Is the mail ours, to the buyer, written by a person, and an answer: it names the buyer's mail, or
// was sent in the thread after that came?
bool is_answer(const ThreadMail& mail, const Asked& asked);

// The keyword of a claim. claimer: any bytes. Greetings have keywords of their own.
std::string claim_keyword(std::string_view claimer, bool automatic);

enum class Holder { nobody, self, other };

// Who has claimed a mail with these keywords; own: as of claim_keyword. Two at once cannot be, but
// if they are, it is nobody's but a person's: other.
Holder holder_of(const std::vector<std::string>& keywords, std::string_view own);

}  // namespace deskmate::chat_email
