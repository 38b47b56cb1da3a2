#include "plugins/chat-email/filter.hpp"

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {

Skip reason_to_skip(const Mail& mail, std::string_view shop_address) {
  if (mail.from == shop_address && !shop_address.empty()) {
    // Both marks, so that one forged header moves nothing.
    const auto request = request_of(mail.message_id, shop_address);
    return request && *request == mail.deskmate_request ? Skip::own_copy : Skip::own;
  }
  const std::string local = mail.from.substr(0, mail.from.find('@'));
  if (mail.report || mail.return_path == "<>" || local == "mailer-daemon" ||
      local == "postmaster") {
    return Skip::bounce;
  }
  if (mail.from.empty()) return Skip::no_sender;
  const std::string submitted = mail.auto_submitted.substr(0, mail.auto_submitted.find(';'));
  const bool suppressed = mail.suppress.find("all") != std::string::npos ||
                          mail.suppress.find("oof") != std::string::npos ||
                          mail.suppress.find("autoreply") != std::string::npos;
  if ((!mail.auto_submitted.empty() && trim(submitted) != "no") || suppressed ||
      mail.auto_reply_header || mail.precedence == "auto_reply") {
    return Skip::automatic;
  }
  if (mail.list || mail.precedence == "bulk" || mail.precedence == "junk" ||
      mail.precedence == "list") {
    return Skip::list;
  }
  return Skip::none;
}

const char* to_string(Skip skip) {
  switch (skip) {
    case Skip::none:
      return "none";
    case Skip::own_copy:
      return "own copy";
    case Skip::own:
      return "from the shop itself";
    case Skip::no_sender:
      return "no sender";
    case Skip::automatic:
      return "automatic";
    case Skip::list:
      return "mailing list";
    case Skip::bounce:
      return "bounce";
  }
  return "";
}

bool LoopGuard::is_loop(const std::string& address, std::uint64_t now_ms) {
  if (seen_.size() >= kAddressesMax && !seen_.contains(address)) seen_.clear();
  auto& times = seen_[address];
  while (!times.empty() && times.front() + kLoopWindowMs <= now_ms) times.pop_front();
  if (times.size() < kLoopMailsMax) {
    times.push_back(now_ms);
    return false;
  }
  // Further ones extend the window: a loop ends when it has been quiet.
  times.pop_front();
  times.push_back(now_ms);
  return true;
}

}  // namespace deskmate::chat_email
