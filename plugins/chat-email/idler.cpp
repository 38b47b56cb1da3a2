#include "plugins/chat-email/idler.hpp"

#include <poll.h>

#include <algorithm>
#include <random>

namespace deskmate::chat_email {

Idler::Idler(Endpoint endpoint, Login login, std::string folder, const Interrupt& interrupt,
             Calls calls)
    : endpoint_(std::move(endpoint)),
      login_(std::move(login)),
      folder_(std::move(folder)),
      interrupt_(interrupt),
      calls_(std::move(calls)),
      thread_([this] { run(); }) {}

Idler::~Idler() { thread_.join(); }

void Idler::run() {
  std::minstd_rand random(std::random_device{}());
  std::uint32_t delay_ms = kReconnectFirstMs;
  while (!interrupt_.tripped()) {
    works_ = false;
    const auto watched = watch();
    if (interrupt_.tripped()) return;
    if (no_idle_) {
      calls_.log("the mail server has no IDLE: new mail is seen at the next poll");
      return;
    }
    if (works_) delay_ms = kReconnectFirstMs;
    if (!watched && watched.error().code == Status::denied) delay_ms = kRefusedMs;
    const std::uint32_t jittered =
        delay_ms / 2 + std::uniform_int_distribution<std::uint32_t>(0, delay_ms / 2)(random);
    if (!pause(jittered)) return;
    delay_ms = std::min(delay_ms * 2, std::max(kReconnectMaxMs, delay_ms));
  }
}

Result<void> Idler::watch() {
  auto imap = Imap::open(endpoint_, login_, interrupt_);
  if (!imap) return imap.error();
  if (!(*imap)->has_idle()) {
    no_idle_ = true;
    return {};
  }
  if (auto selected = (*imap)->select(folder_); !selected) return selected.error();
  // Whatever came while nobody watched.
  calls_.changed();
  while (true) {
    auto changed = (*imap)->idle(kIdleRenewMs);
    if (!changed) return changed.error();
    works_ = true;
    if (*changed) calls_.changed();
  }
}

bool Idler::pause(std::uint32_t delay_ms) const {
  pollfd stop{interrupt_.fd(), POLLIN, 0};
  return ::poll(&stop, 1, static_cast<int>(delay_ms)) == 0;
}

}  // namespace deskmate::chat_email
