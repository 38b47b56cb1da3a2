// What other peers of the desk do in the same mailbox: reading a thread's tail, claiming a mail.
#include <algorithm>
#include <deskmate/events.hpp>

#include "plugins/chat-email/connector.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/threads.hpp"

namespace deskmate::chat_email {
namespace {

bool is_message_id(std::string_view id) { return id.find('@') != std::string_view::npos; }

}  // namespace

// The desk is to show what the buyer was told, and by whom it was not told: an answer of a peer
// that is away, or by hand. Its own copy of a reply is recognised by the desk by the Message-ID.
void ChatEmail::tell_answer(Session& desk, const Thread& thread, const Mailbox::Found& found) {
  events::MessageSent sent;
  sent.shop = desk.instance();
  sent.at = static_cast<std::int64_t>(found.received_ms);
  std::string bytes = found.header;
  if (found.size <= settings_->mail_bytes_max) {
    auto whole = mailbox_->whole(found);
    if (whole && *whole) bytes = std::move(**whole);
  }
  const Mail mail = parse_mail(bytes, settings_->parse);
  if (mail.message_id.empty()) return;  // it could not be told from another
  sent.text = mail.text;
  NewEvent event = events::to_event(sent);
  event.refs = {{"thread", std::string(thread.ref("thread"))},
                {"buyer", std::string(thread.ref("buyer"))},
                {"message", mail.message_id}};
  event.dedupe = "message";
  if (const auto told = desk.append(event); !told) {
    desk.log(Level::warn, "an answer in the mailbox is not shown: " + told.error().message);
  }
}

Tail ChatEmail::tail(Session& desk, const Thread& thread) {
  Asked asked;
  asked.message_id = thread.ref("message");
  asked.buyer = parse_address(thread.ref("buyer"));
  asked.since_ms = thread.since_ms;
  asked.shop_address = settings_->address;
  std::vector<std::string> ids;
  for (const std::string_view id : {thread.ref("message"), root_of(thread.ref("thread"))}) {
    if (is_message_id(id) && std::find(ids.begin(), ids.end(), id) == ids.end()) {
      ids.emplace_back(id);
    }
  }
  if (ids.empty() || asked.buyer.empty()) {
    return Tail::cannot_tell("a thread without Message-ID / 会话没有 Message-ID");
  }
  auto mails = mailbox_->find_thread(ids);
  if (!mails) return mails.error();
  for (const auto& found : *mails) {
    ThreadMail mail;
    mail.header = parse_mail(found.header, settings_->parse);
    mail.received_ms = found.received_ms;
    mail.sent = found.sent;
    if (!is_answer(mail, asked)) continue;
    tell_answer(desk, thread, found);
    return Tail::answered();
  }
  if (!settings_->copies) {
    return Tail::cannot_tell(
        "copies to the shop's own mailbox are off (setting copies) / "
        "没有开启发送副本（设置 copies）");
  }
  return Tail::unanswered();
}

Claim ChatEmail::claim(Session&, const Thread& thread) {
  const std::string message_id(thread.ref("message"));
  if (!is_message_id(message_id)) {
    return Claim::cannot_tell("a mail without Message-ID / 邮件没有 Message-ID");
  }
  auto inbox = mailbox_->open_inbox();
  if (!inbox) return inbox.error();
  Imap& imap = mailbox_->imap();
  const auto failed = [this](const Error& error) {
    const bool gone = error.code == Status::unavailable || error.code == Status::cancelled;
    if (!gone) return Claim::cannot_tell(error.message);  // the server will not
    mailbox_->close();
    return Claim::ask_later(error.message);
  };
  if (!imap.keeps_marks()) {
    return Claim::cannot_tell(
        "the mail server has no conditional marks (CONDSTORE) / 邮件服务器不支持 CONDSTORE");
  }
  const auto uids = imap.find("Message-ID", message_id);
  if (!uids) return failed(uids.error());
  if (uids->empty()) {
    return Claim::cannot_tell("the mail is not in the inbox any more / 邮件已不在收件箱中");
  }
  // Of several with one name every peer takes the same.
  const std::uint32_t uid = *std::min_element(uids->begin(), uids->end());
  const std::string own = claim_keyword(thread.claimer, thread.automatic);
  for (int tries = 0; tries < kClaimTriesMax; ++tries) {
    const auto marks = imap.marks(uid);
    if (!marks) return failed(marks.error());
    if (!*marks) {
      return Claim::cannot_tell("the mail is not in the inbox any more / 邮件已不在收件箱中");
    }
    switch (holder_of((*marks)->keywords, own)) {
      case Holder::self:
        return Claim::mine();
      case Holder::other:
        return Claim::taken();
      case Holder::nobody:
        break;
    }
    // Whether it took effect is seen by looking again, not by what the server answers.
    if (auto marked = imap.mark(uid, own, (*marks)->modseq); !marked) {
      return failed(marked.error());
    }
  }
  return Claim::cannot_tell("the mail server does not keep marks / 邮件服务器不保存标记");
}

}  // namespace deskmate::chat_email
