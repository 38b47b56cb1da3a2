// Which mails are no buyer's words: automatic answers, lists, bounces, our own copies, and loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "plugins/chat-email/incoming.hpp"

namespace deskmate::chat_email {

enum class Skip {
  none,       // somebody wrote
  own_copy,   // the copy of what we sent
  own,        // from the shop's own address, but not through us
  no_sender,  // no address to answer to
  automatic,  // says so: Auto-Submitted, Precedence, X-Auto-Response-Suppress, …
  list,       // a mailing list
  bounce,     // from a mail server
};

// Pure; any thread. shop_address: lower case.
Skip reason_to_skip(const Mail& mail, std::string_view shop_address);

// "automatic", for the log. Static storage.
const char* to_string(Skip skip);

// Counts how often each address writes, so that two machines that answer each other are noticed:
// what exceeds kLoopMailsMax within kLoopWindowMs is recorded as automatic, which neither opens a
// chat nor gets a greeting. Of one thread; forgets on restart.
class LoopGuard {
 public:
  static constexpr std::size_t kLoopMailsMax = 20;
  static constexpr std::uint64_t kLoopWindowMs = 600'000;
  static constexpr std::size_t kAddressesMax = 4096;

  // A mail of that address came at now_ms. Returns whether it is one too many.
  bool is_loop(const std::string& address, std::uint64_t now_ms);

 private:
  std::unordered_map<std::string, std::deque<std::uint64_t>> seen_;
};

}  // namespace deskmate::chat_email
