// The connector of an e-mail mailbox: brings buyers' mails, sends replies, finds out what became of
// those whose sending was cut off. See README.md.
#pragma once

#include <cstdint>
#include <deskmate/plugin.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/chat-email/cursor.hpp"
#include "plugins/chat-email/filter.hpp"
#include "plugins/chat-email/idler.hpp"
#include "plugins/chat-email/mailbox.hpp"
#include "plugins/chat-email/outgoing.hpp"
#include "plugins/chat-email/settings.hpp"

namespace deskmate::chat_email {

inline constexpr std::size_t kPageMailsMax = 50;            // fetched and appended at a time
inline constexpr std::size_t kPageBytesMax = 8'388'608;     // likewise
inline constexpr std::uint64_t kResyncSlackMs = 3'600'000;  // looked back when UIDs changed
inline constexpr std::size_t kResyncMailsMax = 1000;        // likewise
inline constexpr int kFetchTriesMax = 3;                    // of one mail that cannot be fetched
inline constexpr std::uint64_t kProbeWaitMs = 20'000;       // in one look-up; the desk asks again
inline constexpr std::uint64_t kLookUpEveryMs = 500;        // while a copy may still be on its way
// A day: after it a copy may have been deleted.
inline constexpr std::uint64_t kCopyTrustMs = 86'400'000;
inline constexpr std::uint64_t kBusyMs =
    30'000;  // before the next try when a server says "not now"

class ChatEmail : public Connector {
 public:
  ChatEmail() = default;
  ~ChatEmail() override;

  Result<void> begin(Session& desk) override;
  Result<void> poll(Session& desk) override;
  Outcome perform(Session& desk, const Action& action) override;
  Found look_up(Session& desk, const Action& action) override;
  Tail tail(Session& desk, const Thread& thread) override;
  Claim claim(Session& desk, const Thread& thread) override;
  std::uint32_t poll_every_ms(Session& desk) override;
  void interrupt() override { interrupt_.trip(); }
  void end(Session& desk) override;

 private:
  Result<void> start_at_now(Session& desk, const Selected& selected);
  Result<void> resync(Session& desk, const Selected& selected);
  Result<void> import(Session& desk, const std::vector<MailInfo>& infos,
                      std::uint64_t not_before_ms);
  Result<void> import_page(Session& desk, const std::vector<MailInfo>& page,
                           std::uint64_t not_before_ms);
  Result<std::map<std::uint32_t, std::string>> fetch(Session& desk,
                                                     const std::vector<MailInfo>& page);
  Result<std::optional<NewEvent>> read(Session& desk, const MailInfo& info,
                                       const std::string& bytes, std::vector<std::uint32_t>& copies,
                                       std::uint64_t not_before_ms);
  struct Root {
    std::string id;
    std::string notice_hex;  // of the notice that the mail answers; empty: none
  };
  Result<Root> root_of_mail(Session& desk, const Mail& mail, const std::string& message_id);
  Result<std::string> known_notices(Session& desk);
  static Result<void> append(Session& desk, const std::vector<NewEvent>& events);
  void tell_answer(Session& desk, const Thread& thread, const Mailbox::Found& found);
  Result<void> save(Session& desk, const Cursor& cursor);
  Result<bool> mail_gets_through(Session& desk);
  Result<std::vector<Attachment>> files_of(Session& desk, const Action& action);
  std::string subject_of(const Action& action);
  Outcome reply(Session& desk, const Action& action);
  Outcome notify(Session& desk, const Action& action);
  Outcome send(Session& desk, const OutgoingMail& mail);

  Interrupt interrupt_;
  std::optional<Settings> settings_;
  std::optional<Mailbox> mailbox_;
  std::unique_ptr<Idler> idler_;
  std::optional<Cursor> cursor_;
  std::optional<std::string> notices_;  // as add_notice keeps them
  LoopGuard loops_;
  std::uint32_t stuck_uid_ = 0;  // the mail at which fetching failed
  int stuck_tries_ = 0;
  // A mail to ourselves. When it has arrived, so has what the server had accepted before.
  struct Probe {
    std::string request_hex;
    std::uint64_t sent_ms = 0;
    bool certain = true;  // the server has said that it took it
    bool arrived = false;
  };
  std::optional<Probe> probe_;
  std::uint64_t uncertain_ms_ = 0;  // UTC; since when no sending is under way that was cut off
};

}  // namespace deskmate::chat_email
