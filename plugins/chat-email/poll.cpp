// Bringing new mails: from the cursor on, page by page, each page on disk before the next.
#include <algorithm>

#include "plugins/chat-email/connector.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/notice.hpp"
#include "plugins/chat-email/received.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::string_view kCursorKey = "cursor";

}  // namespace

Result<void> ChatEmail::save(Session& desk, const Cursor& cursor) {
  if (cursor_ == cursor) return {};
  auto saved = desk.kv_put(kCursorKey, cursor.to_text());
  if (saved) cursor_ = cursor;
  return saved;
}

Result<void> ChatEmail::poll(Session& desk) {
  if (!cursor_) {
    auto stored = desk.kv_get(kCursorKey);
    if (!stored) return stored.error();
    if (*stored) {
      cursor_ = Cursor::from_text(**stored);
      if (!cursor_) {
        return Error{Status::invalid,
                     "the stored position is of a newer version / 保存的位置来自更新的版本",
                     "cursor"};
      }
    }
  }
  auto selected = mailbox_->open_inbox();
  if (!selected) return selected.error();
  if (!cursor_) return start_at_now(desk, *selected);
  // UIDs only ever grow, unless they were given anew by a server that forgot to say so.
  if (cursor_->uid_validity != selected->uid_validity || selected->uid_next < cursor_->uid_next) {
    return resync(desk, *selected);
  }
  if (selected->uid_next == cursor_->uid_next) return {};
  auto infos = mailbox_->imap().list_from(cursor_->uid_next);
  if (!infos) {
    mailbox_->close();
    return infos.error();
  }
  return import(desk, *infos, 0);
}

// What is there before the first connection is history: nobody waits for an answer to it.
Result<void> ChatEmail::start_at_now(Session& desk, const Selected& selected) {
  desk.log(Level::info, "first connection to the mailbox: its " + std::to_string(selected.exists) +
                            " old mails are left as they are");
  return save(desk, Cursor{selected.uid_validity, selected.uid_next,
                           static_cast<std::uint64_t>(desk.now_ms())});
}

// The server says that its UIDs mean something else. Only what came lately is looked at again; what
// is known already is recognised by its Message-ID, and old mails that were copied to a new server
// by their own date.
Result<void> ChatEmail::resync(Session& desk, const Selected& selected) {
  desk.log(Level::warn, "the mailbox has new UIDs (UIDVALIDITY changed): looking at the last hour");
  const std::uint64_t from_ms =
      cursor_->seen_ms > kResyncSlackMs ? cursor_->seen_ms - kResyncSlackMs : 0;
  constexpr std::uint64_t kDayMs = 86'400'000;  // IMAP searches by day, in the server's time zone
  auto infos = mailbox_->imap().list_since(from_ms > kDayMs ? from_ms - kDayMs : 0);
  if (!infos) {
    mailbox_->close();
    return infos.error();
  }
  std::erase_if(*infos, [&](const MailInfo& info) { return info.received_ms < from_ms; });
  if (infos->size() > kResyncMailsMax) {
    infos->erase(infos->begin(), infos->end() - static_cast<std::ptrdiff_t>(kResyncMailsMax));
  }
  // The position is saved at the end only: if this is cut off, it begins again.
  if (auto imported = import(desk, *infos, std::max<std::uint64_t>(from_ms, 1)); !imported) {
    return imported;
  }
  Cursor after{selected.uid_validity, selected.uid_next, cursor_->seen_ms};
  for (const MailInfo& info : *infos) {
    after.uid_next = std::max(after.uid_next, info.uid + 1);
    after.seen_ms = std::max(after.seen_ms, info.received_ms);
  }
  return save(desk, after);
}

Result<void> ChatEmail::import(Session& desk, const std::vector<MailInfo>& infos,
                               std::uint64_t not_before_ms) {
  for (std::size_t begin = 0; begin < infos.size();) {
    if (desk.stopping()) return Error{Status::cancelled, "stopping", ""};
    // One by one where fetching failed before, to find the mail that is the reason.
    const std::size_t mails_max = stuck_uid_ == 0 ? kPageMailsMax : 1;
    std::size_t bytes = 0;
    std::size_t end = begin;
    while (end < infos.size() && end - begin < mails_max &&
           (end == begin || bytes + infos[end].size <= kPageBytesMax)) {
      bytes += infos[end].size;
      ++end;
    }
    const std::vector<MailInfo> page(infos.begin() + static_cast<std::ptrdiff_t>(begin),
                                     infos.begin() + static_cast<std::ptrdiff_t>(end));
    if (auto done = import_page(desk, page, not_before_ms); !done) return done;
    begin = end;
  }
  return {};
}

Result<std::map<std::uint32_t, std::string>> ChatEmail::fetch(Session& desk,
                                                              const std::vector<MailInfo>& page) {
  std::map<std::uint32_t, std::string> mails;
  std::vector<std::uint32_t> whole;
  std::vector<std::uint32_t> headers;
  for (const MailInfo& info : page) {
    (info.size > settings_->mail_bytes_max ? headers : whole).push_back(info.uid);
  }
  for (const bool header_only : {false, true}) {
    auto fetched = mailbox_->imap().fetch(header_only ? headers : whole, header_only);
    if (fetched) {
      mails.merge(*fetched);
      continue;
    }
    mailbox_->close();
    if (fetched.error().code == Status::cancelled) return fetched.error();
    const std::uint32_t first = page.front().uid;
    stuck_tries_ = stuck_uid_ == first ? stuck_tries_ + 1 : 1;
    stuck_uid_ = first;
    if (stuck_tries_ < kFetchTriesMax || page.size() > 1) return fetched.error();
    desk.log(Level::error, "a mail (UID " + std::to_string(first) +
                               ") cannot be fetched and is left in the mailbox");
    stuck_uid_ = 0;
    stuck_tries_ = 0;
    if (auto again = mailbox_->open_inbox(); !again) return again.error();
    return mails;
  }
  stuck_uid_ = 0;
  stuck_tries_ = 0;
  return mails;
}

Result<void> ChatEmail::import_page(Session& desk, const std::vector<MailInfo>& page,
                                    std::uint64_t not_before_ms) {
  auto mails = fetch(desk, page);
  if (!mails) return mails.error();
  Cursor cursor = *cursor_;
  std::vector<NewEvent> events;
  std::vector<std::uint32_t> copies;
  for (const MailInfo& info : page) {
    cursor.uid_next = info.uid + 1;
    cursor.seen_ms = std::max(cursor.seen_ms, info.received_ms);
    const auto bytes = mails->find(info.uid);
    if (bytes == mails->end()) continue;  // removed meanwhile
    auto event = read(desk, info, bytes->second, copies, not_before_ms);
    if (!event) return event.error();
    if (*event) events.push_back(std::move(**event));
    bytes->second = {};
  }
  if (auto appended = append(desk, events); !appended) return appended;
  if (not_before_ms == 0) {
    if (auto saved = save(desk, cursor); !saved) return saved;
  }
  if (settings_->move_copies && !copies.empty()) {
    // Tidiness only: a failure costs nothing but the copies staying where they are.
    if (auto moved = mailbox_->move_to_sent(copies); !moved) {
      desk.log(Level::warn, "copies stay in the inbox: " + moved.error().message);
      if (auto again = mailbox_->open_inbox(); !again) return again.error();
    }
  }
  return {};
}

// One that the desk refuses must not hold up all that come after it.
Result<void> ChatEmail::append(Session& desk, const std::vector<NewEvent>& events) {
  if (events.empty()) return {};
  const auto all = desk.append(events);
  if (all) return {};
  if (all.error().code != Status::invalid) return all.error();
  for (const NewEvent& event : events) {
    const auto one = desk.append(event);
    if (one) continue;
    if (one.error().code != Status::invalid) return one.error();
    desk.log(Level::error,
             "a mail is left in the mailbox, the desk refuses it: " + one.error().message);
  }
  return {};
}

// Nothing for a mail that is no buyer's.
Result<std::optional<NewEvent>> ChatEmail::read(Session& desk, const MailInfo& info,
                                                const std::string& bytes,
                                                std::vector<std::uint32_t>& copies,
                                                std::uint64_t not_before_ms) {
  Mail mail = parse_mail(bytes, settings_->parse);
  const Skip skip = reason_to_skip(mail, settings_->address);
  if (skip == Skip::own_copy) copies.push_back(info.uid);
  if (skip != Skip::none) {
    if (skip != Skip::own_copy) {
      desk.log(Level::info, std::string("a mail is no buyer's: ") + to_string(skip));
    }
    return std::optional<NewEvent>{};
  }
  if (mail.date_ms != 0 && mail.date_ms < not_before_ms) return std::optional<NewEvent>{};

  Received received;
  received.shop = desk.instance();
  received.message_id = mail.message_id.empty() ? hash_of(bytes) : mail.message_id;
  received.received_ms = info.received_ms;
  auto root = root_of_mail(desk, mail, received.message_id);
  if (!root) return root.error();
  if (!root->notice_hex.empty()) {
    return std::optional<NewEvent>(answer_event(mail, received.shop, root->notice_hex,
                                                received.message_id, received.received_ms));
  }
  received.automatic = loops_.is_loop(mail.from, static_cast<std::uint64_t>(desk.now_ms()));
  received.root_id = root->id;
  if (info.size > settings_->mail_bytes_max) {
    const std::string megabytes = std::to_string(info.size / 1'048'576);
    received.extra = "[Too large to fetch (" + megabytes +
                     " MB): read it in the mailbox. / 邮件过大（" + megabytes +
                     " MB），请在邮箱中查看。]";
  }
  for (const Attachment& file : mail.files) {
    auto stored = desk.put_file(mail.from, file.bytes);
    if (!stored) {
      const Status code = stored.error().code;
      if (code != Status::limit && code != Status::invalid) return stored.error();
      mail.notes.push_back(Note::file_too_large);
      mail.files_too_large.push_back(file.name);
      continue;
    }
    events::File entry;
    entry.hash = Bytes(stored->hash);
    entry.size = stored->size;
    entry.name = file.name;
    entry.media_type = file.type;
    received.files.push_back(std::move(entry));
  }
  return std::optional<NewEvent>(received_event(mail, received));
}

// The thread's first mail. Where only an answer of ours is named (mail programs that leave
// References out), its copy in the mailbox knows what it answered, or that it was a notice.
Result<ChatEmail::Root> ChatEmail::root_of_mail(Session& desk, const Mail& mail,
                                                const std::string& message_id) {
  const std::string root = root_id(mail.references, mail.in_reply_to, message_id);
  const auto request = request_of(root, settings_->address);
  if (!request) return Root{root, ""};
  const auto known = known_notices(desk);
  if (!known) return known.error();
  if (knows_notice(*known, *request)) return Root{root, *request};
  auto copy = mailbox_->find_copy(root, *request);
  // The search may have gone through other folders.
  auto inbox = mailbox_->open_inbox();
  if (!inbox) return inbox.error();
  if (!copy) return copy.error();
  if (!*copy) return Root{root, ""};
  const Mail ours = parse_mail(**copy, settings_->parse);
  if (ours.deskmate_notice) return Root{root, *request};
  return Root{root_id(ours.references, ours.in_reply_to, root), ""};
}

}  // namespace deskmate::chat_email
