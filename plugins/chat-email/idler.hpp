// A connection of its own that waits for the mailbox to change (IMAP IDLE), on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "plugins/chat-email/imap.hpp"
#include "plugins/chat-email/wire.hpp"

namespace deskmate::chat_email {

// Servers may end an IDLE after 30 minutes; routers forget quiet connections long before.
inline constexpr std::uint32_t kIdleRenewMs = 9 * 60'000;
inline constexpr std::uint32_t kReconnectFirstMs = 1'000;  // doubled, with jitter
inline constexpr std::uint32_t kReconnectMaxMs = 60'000;
inline constexpr std::uint32_t kRefusedMs =
    300'000;  // where the password is refused: not to be locked out

class Idler {
 public:
  struct Calls {
    std::function<void()> changed;                // look into the mailbox
    std::function<void(const std::string&)> log;  // without personal data
  };

  Idler(Endpoint endpoint, Login login, std::string folder, const Interrupt& interrupt,
        Calls calls);
  // Joins: the interrupt has to be tripped before.
  ~Idler();
  Idler(const Idler&) = delete;
  Idler& operator=(const Idler&) = delete;

 private:
  void run();
  Result<void> watch();
  bool pause(std::uint32_t delay_ms) const;

  const Endpoint endpoint_;
  const Login login_;
  const std::string folder_;
  const Interrupt& interrupt_;
  const Calls calls_;
  bool works_ = false;    // since the last failure
  bool no_idle_ = false;  // the server cannot
  std::thread thread_;    // last: uses the others
};

}  // namespace deskmate::chat_email
