// Starting, stopping, sending and looking up; poll.cpp has the rest.
#include "plugins/chat-email/connector.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/notice.hpp"
#include "plugins/chat-email/outgoing.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::string_view kNoticesKey = "notices";

}  // namespace

Result<std::string> ChatEmail::known_notices(Session& desk) {
  if (!notices_) {
    auto stored = desk.kv_get(kNoticesKey);
    if (!stored) return stored.error();
    notices_ = stored->value_or("");
  }
  return *notices_;
}

ChatEmail::~ChatEmail() {
  interrupt_.trip();
  idler_.reset();
}

Result<void> ChatEmail::begin(Session& desk) {
  auto settings = load_settings(desk);
  if (!settings) return settings.error();
  settings_ = std::move(*settings);
  mailbox_.emplace(*settings_, interrupt_);
  uncertain_ms_ = static_cast<std::uint64_t>(desk.now_ms());
  if (settings_->idle) {
    Idler::Calls calls;
    calls.changed = [this] { poll_soon(); };
    calls.log = [this](const std::string& line) { session().log(Level::info, line); };
    idler_ = std::make_unique<Idler>(settings_->imap, settings_->imap_login, settings_->folder,
                                     interrupt_, std::move(calls));
  }
  return {};
}

void ChatEmail::end(Session&) {
  interrupt_.trip();
  idler_.reset();
  if (mailbox_) mailbox_->close();
}

std::uint32_t ChatEmail::poll_every_ms(Session&) {
  return settings_ ? settings_->poll_every_ms : poll_every_default_ms;
}

Result<std::vector<Attachment>> ChatEmail::files_of(Session& desk, const Action& action) {
  std::vector<Attachment> files;
  for (const Value& entry : action.body["files"].as_array()) {
    auto bytes = desk.get_file(entry["hash"].as_bin());
    if (!bytes) return bytes.error();
    files.push_back(
        {std::string(entry["name"].as_str()), std::string(entry["type"].as_str()), *bytes});
  }
  return files;
}

// The subject of the mail that is answered: as the desk gives it, else out of the mailbox.
std::string ChatEmail::subject_of(const Action& action) {
  const auto subject = action.body["subject"].as_str();
  const std::string answered(action.ref("message"));
  if (!subject.empty() || answered.find('@') == std::string::npos) return std::string(subject);
  auto header = mailbox_->find_mail(answered);
  if (!header || !*header) return "";
  return parse_mail(**header, settings_->parse).subject;
}

Outcome ChatEmail::perform(Session& desk, const Action& action) {
  if (action.kind == "reply") return reply(desk, action);
  if (action.kind == "notice") return notify(desk, action);
  return Outcome::failed("unsupported", "e-mail can only reply and notify / 邮件只能回复和通知");
}

Outcome ChatEmail::reply(Session& desk, const Action& action) {
  auto files = files_of(desk, action);
  if (!files) {
    // Nothing has been sent yet, whatever it was.
    const bool again = files.error().code != Status::not_found;
    return Outcome::failed("file", files.error().message, again, kBusyMs);
  }
  OutgoingMail mail;
  mail.request_hex = action.request.hex();
  mail.to = parse_address(action.ref("buyer"));
  mail.subject = subject_of(action);
  mail.root_id = root_of(action.ref("thread"));
  mail.reply_to_id = action.ref("message");
  mail.text = action.text();
  mail.files = std::move(*files);
  const Value& automatic = action.facts["auto"];
  mail.automatic = automatic.is_str() || automatic.as_bool();
  return send(desk, mail);
}

// To a member's own address. That it was a notice is remembered before it is sent: its answer is
// then recognised even where the copy was deleted; other peers look at the copy.
Outcome ChatEmail::notify(Session& desk, const Action& action) {
  OutgoingMail mail;
  mail.request_hex = action.request.hex();
  mail.to = parse_address(action.body["to"].as_str());
  if (mail.to.empty() || mail.to == settings_->address) {
    return Outcome::failed("address",
                           "a notice needs an address, and not the shop's own / "
                           "通知需要一个地址，且不能是店铺自己的邮箱");
  }
  mail.subject = action.body["subject"].as_str();
  mail.text = action.text();
  mail.notice = true;
  const auto known = known_notices(desk);
  if (!known) return Outcome::failed("unavailable", known.error().message, true);
  const std::string with = add_notice(*known, mail.request_hex);
  if (with != *known) {
    if (auto put = desk.kv_put(kNoticesKey, with); !put) {
      return Outcome::failed("unavailable", put.error().message, true);
    }
    notices_ = with;
  }
  return send(desk, mail);
}

Outcome ChatEmail::send(Session& desk, const OutgoingMail& given) {
  OutgoingMail mail = given;
  mail.from_address = settings_->address;
  mail.from_name = settings_->name;
  mail.now_ms = static_cast<std::uint64_t>(desk.now_ms());
  if (mail.text.empty() && mail.files.empty()) {
    return Outcome::failed("empty", "there is nothing to send / 没有要发送的内容");
  }
  std::vector<std::string> recipients{mail.to};
  if (settings_->copies && mail.to != settings_->address) {
    recipients.push_back(settings_->address);
  }
  const std::string bytes = build_mail(mail);
  const SendResult sent = send_mail(settings_->smtp, recipients, bytes, interrupt_);
  switch (sent.kind) {
    case SendResult::Kind::accepted:
      return Outcome::done().ref("message", own_message_id(mail.request_hex, settings_->address));
    case SendResult::Kind::not_now:
      return Outcome::failed(sent.code, sent.message, true, kBusyMs);
    case SendResult::Kind::refused:
      return Outcome::failed(sent.code, sent.message, false);
    case SendResult::Kind::uncertain:
      break;
  }
  uncertain_ms_ = static_cast<std::uint64_t>(desk.now_ms());
  return Outcome::unknown(sent.message);
}

// A queue may be long: time alone does not prove that a copy will not come any more. So a mail is
// sent to ourselves, behind whatever was accepted before, and waited for.
Result<bool> ChatEmail::mail_gets_through(Session& desk) {
  if (!probe_ || probe_->sent_ms < uncertain_ms_) {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), random.size()) != 1) {
      return Error{Status::internal, "no random numbers", ""};
    }
    OutgoingMail mail;
    mail.request_hex =
        to_hex(std::string_view(reinterpret_cast<const char*>(random.data()), random.size()));
    mail.from_address = settings_->address;
    mail.to = settings_->address;
    mail.subject = "Deskmate: is mail getting through? / 邮件是否畅通？";
    mail.text = "Deskmate sent this to itself and needs it no more. / 自动发送，可以删除。";
    mail.automatic = true;
    mail.now_ms = static_cast<std::uint64_t>(desk.now_ms());
    const SendResult sent =
        send_mail(settings_->smtp, {settings_->address}, build_mail(mail), interrupt_);
    // One that may have been accepted proves as much, should it arrive.
    const bool handed_over =
        sent.kind == SendResult::Kind::accepted || sent.kind == SendResult::Kind::uncertain;
    if (!handed_over) {
      return Error{Status::unavailable,
                   "the mail server cannot be asked / 无法连接邮件服务器: " + sent.message, ""};
    }
    probe_ = Probe{mail.request_hex, mail.now_ms, sent.kind == SendResult::Kind::accepted, false};
  }
  if (!probe_->arrived) {
    auto found = mailbox_->find_copy(own_message_id(probe_->request_hex, settings_->address),
                                     probe_->request_hex);
    if (!found) return found.error();
    probe_->arrived = found->has_value();
  }
  return probe_->arrived;
}

Found ChatEmail::look_up(Session& desk, const Action& action) {
  if (!settings_->copies) {
    return Found::cannot_tell(
        "copies to the shop's own mailbox are off (setting copies) / "
        "没有开启发送副本（设置 copies）");
  }
  const std::string request_hex = action.request.hex();
  const std::string id = own_message_id(request_hex, settings_->address);
  const auto since_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(action.since_ms, 0));
  const auto now = [&desk] { return static_cast<std::uint64_t>(desk.now_ms()); };
  // Not from the attempt's beginning: the server may have been given the mail right before this
  // plugin started or the connection was lost, and delivers the copy some time after that.
  const std::uint64_t settled_ms = std::max(since_ms, uncertain_ms_) + settings_->copy_grace_ms;
  const std::uint64_t patient_ms = std::max(now(), settled_ms) + kProbeWaitMs;
  for (bool settled = false;;) {
    auto copy = mailbox_->find_copy(id, request_hex);
    if (!copy) {
      return Found::ask_later("the shop's mailbox cannot be searched / 无法查询店铺邮箱: " +
                              copy.error().message);
    }
    if (*copy) return Found::yes().ref("message", id);
    if (settled) break;
    if (now() >= settled_ms) {
      const auto through = mail_gets_through(desk);
      if (!through) return Found::ask_later(through.error().message);
      // Once more after that, for what arrived in between.
      settled = *through;
      if (settled) continue;
    }
    if (now() >= patient_ms) {
      if (probe_ && !probe_->certain) probe_.reset();  // with the next look-up another
      return Found::ask_later("the mail server is slow to deliver / 邮件服务器投递缓慢");
    }
    if (!desk.sleep_ms(kLookUpEveryMs)) return Found::ask_later("stopping");
  }
  if (since_ms + kCopyTrustMs < now()) {
    return Found::cannot_tell(
        "no copy in the shop's mailbox, but after a day it may have been deleted / "
        "店铺邮箱中没有副本，但时间已久，可能已被删除");
  }
  return Found::no();
}

}  // namespace deskmate::chat_email
