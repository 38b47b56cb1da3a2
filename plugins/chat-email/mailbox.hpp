// The shop's mailbox: one IMAP session that is opened when needed, and what is done with it.
//
// Of the connector's worker thread. Every function opens the connection where there is none, and
// once more where an old one turns out to be dead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/chat-email/imap.hpp"
#include "plugins/chat-email/settings.hpp"

namespace deskmate::chat_email {

class Mailbox {
 public:
  // Both outlive it.
  Mailbox(const Settings& settings, const Interrupt& interrupt)
      : settings_(settings), interrupt_(interrupt) {}

  // Opens the folder where buyers' mails arrive.
  Result<Selected> open_inbox();

  // The session, with the inbox open. Only after open_inbox succeeded and before another call.
  Imap& imap() { return *imap_; }

  // The header of the copy of a mail of ours, from the inbox or the sent folder; nothing where
  // there is none. by: "Message-ID" or "X-Deskmate-Request".
  Result<std::optional<std::string>> find_copy(const std::string& message_id,
                                               const std::string& request_hex);

  struct Found {
    std::string header;
    std::uint64_t received_ms = 0;
    bool sent = false;  // in the folder for sent mails
    std::uint32_t uid = 0;
    std::uint64_t size = 0;  // bytes of the whole mail
  };
  // What names one of these Message-IDs in References or In-Reply-To, in the inbox and the sent
  // folder; at most the last kTailMailsMax of each.
  Result<std::vector<Found>> find_thread(const std::vector<std::string>& message_ids);
  // The whole of one that was found; nothing if it is gone meanwhile.
  Result<std::optional<std::string>> whole(const Found& found);

  // The header of a buyer's mail in the inbox.
  Result<std::optional<std::string>> find_mail(const std::string& message_id);

  // Marks as read and moves to the sent folder, where there is one. The inbox is open before and
  // after.
  Result<void> move_to_sent(const std::vector<std::uint32_t>& uids);

  void close() { imap_.reset(); }

 private:
  Result<Selected> select(const std::string& folder);
  Result<std::optional<std::string>> find_here(const std::string& field, const std::string& value);
  Result<std::string> sent_folder();
  Result<void> find_thread_here(const std::vector<std::string>& message_ids, bool sent,
                                std::vector<Found>& found);

  const Settings& settings_;
  const Interrupt& interrupt_;
  std::unique_ptr<Imap> imap_;
  std::optional<std::string> sent_;  // empty text: there is none
};

}  // namespace deskmate::chat_email
