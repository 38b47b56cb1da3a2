#include "plugins/chat-email/threads.hpp"

#include <algorithm>

#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::string_view kClaimPrefix = "$deskmate-claim-";
constexpr std::string_view kGreetingPrefix = "$deskmate-greet-";
static_assert(kClaimPrefix.size() == kGreetingPrefix.size());
constexpr std::size_t kClaimDigits = 32;

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool is_answer(const ThreadMail& mail, const Asked& asked) {
  const Mail& header = mail.header;
  if (!mail.sent && header.from != asked.shop_address) return false;
  if (!header.auto_submitted.empty() && header.auto_submitted != "no") return false;
  if (!has(header.to, asked.buyer)) return false;  // handed on to somebody else
  if (!asked.message_id.empty() &&
      (header.in_reply_to == asked.message_id || has(header.references, asked.message_id))) {
    return true;
  }
  return static_cast<std::int64_t>(mail.received_ms) > asked.since_ms;
}

std::string claim_keyword(std::string_view claimer, bool automatic) {
  std::string keyword(automatic ? kGreetingPrefix : kClaimPrefix);
  return keyword += hash_of(claimer).substr(0, kClaimDigits);
}

Holder holder_of(const std::vector<std::string>& keywords, std::string_view own) {
  const std::string_view prefix = own.substr(0, kClaimPrefix.size());
  Holder holder = Holder::nobody;
  for (const std::string& keyword : keywords) {
    if (!same_ascii(std::string_view(keyword).substr(0, prefix.size()), prefix)) continue;
    if (!same_ascii(keyword, own)) return Holder::other;
    holder = Holder::self;
  }
  return holder;
}

}  // namespace deskmate::chat_email
