#include "plugins/chat-email/mailbox.hpp"

#include "plugins/chat-email/threads.hpp"

namespace deskmate::chat_email {
namespace {

bool is_dead(const Error& error) {
  return error.code == Status::unavailable || error.code == Status::cancelled;
}

}  // namespace

Result<Selected> Mailbox::select(const std::string& folder) {
  const bool was_open = imap_ != nullptr;
  for (int tries = was_open ? 2 : 1; tries > 0; --tries) {
    if (!imap_) {
      auto opened = Imap::open(settings_.imap, settings_.imap_login, interrupt_);
      if (!opened) return opened.error();
      imap_ = std::move(*opened);
    }
    auto selected = imap_->select(folder);
    if (selected || !is_dead(selected.error())) return selected;
    imap_.reset();
    if (tries == 1 || selected.error().code == Status::cancelled) return selected;
  }
  return Error{Status::internal, "not reached", ""};
}

Result<Selected> Mailbox::open_inbox() { return select(settings_.folder); }

Result<std::string> Mailbox::sent_folder() {
  if (!settings_.sent_folder.empty()) return settings_.sent_folder;
  if (!sent_) {
    auto found = imap_->sent_folder();
    if (!found && found.error().code != Status::not_found) return found;
    sent_ = found ? *found : "";
  }
  if (sent_->empty()) return Error{Status::not_found, "no folder for sent mails", ""};
  return *sent_;
}

Result<std::optional<std::string>> Mailbox::find_here(const std::string& field,
                                                      const std::string& value) {
  auto uids = imap_->find(field, value);
  if (!uids) {
    if (is_dead(uids.error())) close();
    return uids.error();
  }
  if (uids->empty()) return std::optional<std::string>{};
  auto headers = imap_->fetch({uids->back()}, true);
  if (!headers) {
    if (is_dead(headers.error())) close();
    return headers.error();
  }
  // Found is found, even if it was removed just now.
  return std::optional<std::string>(headers->empty() ? "" : headers->begin()->second);
}

Result<std::optional<std::string>> Mailbox::find_copy(const std::string& message_id,
                                                      const std::string& request_hex) {
  // The inbox first: what is moved meanwhile is in the sent folder by the time that is searched.
  auto inbox = open_inbox();
  if (!inbox) return inbox.error();
  auto found = find_here("Message-ID", message_id);
  if (!found || *found) return found;
  auto sent = sent_folder();
  if (!sent && sent.error().code != Status::not_found) return sent.error();
  if (sent) {
    if (auto opened = select(*sent); opened) {
      found = find_here("Message-ID", message_id);
      // Some servers put a Message-ID of their own into what they keep.
      if (found && !*found) found = find_here("X-Deskmate-Request", request_hex);
    } else if (opened.error().code != Status::not_found) {
      return opened.error();
    }
  }
  if (!found || *found) return found;
  inbox = open_inbox();
  if (!inbox) return inbox.error();
  return find_here("X-Deskmate-Request", request_hex);
}

Result<void> Mailbox::find_thread_here(const std::vector<std::string>& message_ids, bool sent,
                                       std::vector<Found>& found) {
  const auto failed = [this](const Error& error) {
    if (is_dead(error)) close();
    return error;
  };
  auto uids = imap_->find_any({"In-Reply-To", "References"}, message_ids);
  if (!uids) return failed(uids.error());
  if (uids->size() > kTailMailsMax) {
    uids->erase(uids->begin(), uids->end() - static_cast<std::ptrdiff_t>(kTailMailsMax));
  }
  if (uids->empty()) return {};
  const auto infos = imap_->list(*uids);
  if (!infos) return failed(infos.error());
  const auto headers = imap_->fetch(*uids, true);
  if (!headers) return failed(headers.error());
  for (const MailInfo& info : *infos) {
    const auto header = headers->find(info.uid);
    if (header != headers->end()) {
      found.push_back({header->second, info.received_ms, sent, info.uid, info.size});
    }
  }
  return {};
}

Result<std::vector<Mailbox::Found>> Mailbox::find_thread(
    const std::vector<std::string>& message_ids) {
  // The inbox first: what is moved meanwhile is in the sent folder by the time that is searched.
  std::vector<Found> found;
  auto inbox = open_inbox();
  if (!inbox) return inbox.error();
  if (auto here = find_thread_here(message_ids, false, found); !here) return here.error();
  auto sent = sent_folder();
  if (!sent && sent.error().code != Status::not_found) return sent.error();
  if (!sent) return found;
  auto opened = select(*sent);
  if (!opened && opened.error().code != Status::not_found) return opened.error();
  if (!opened) return found;
  if (auto there = find_thread_here(message_ids, true, found); !there) return there.error();
  return found;
}

Result<std::optional<std::string>> Mailbox::whole(const Found& found) {
  auto inbox = open_inbox();
  if (!inbox) return inbox.error();
  if (found.sent) {
    auto sent = sent_folder();
    if (!sent) return sent.error();
    auto opened = select(*sent);
    if (!opened) return opened.error();
  }
  auto mails = imap_->fetch({found.uid}, false);
  if (!mails) {
    if (is_dead(mails.error())) close();
    return mails.error();
  }
  const auto mail = mails->find(found.uid);
  if (mail == mails->end()) return std::optional<std::string>{};
  return std::optional(std::move(mail->second));
}

Result<std::optional<std::string>> Mailbox::find_mail(const std::string& message_id) {
  auto inbox = open_inbox();
  if (!inbox) return inbox.error();
  return find_here("Message-ID", message_id);
}

Result<void> Mailbox::move_to_sent(const std::vector<std::uint32_t>& uids) {
  if (uids.empty()) return {};
  auto sent = sent_folder();
  if (!sent) {
    if (sent.error().code == Status::not_found) return {};
    return sent.error();
  }
  auto moved = imap_->move(uids, *sent);
  if (!moved && is_dead(moved.error())) close();
  return moved;
}

}  // namespace deskmate::chat_email
