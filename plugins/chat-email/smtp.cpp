#include "plugins/chat-email/smtp.hpp"

#include <libetpan/libetpan.h>

#include <cstdlib>
#include <memory>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

using Kind = SendResult::Kind;

class Smtp {
 public:
  explicit Smtp(Wire& wire) : wire_(wire), smtp_(mailsmtp_new(0, nullptr)) {
    if (smtp_ == nullptr) std::abort();
  }
  ~Smtp() {
    // mailsmtp_free says QUIT where the stream is still there.
    mailsmtp_free(smtp_);
  }
  Smtp(const Smtp&) = delete;
  Smtp& operator=(const Smtp&) = delete;

  mailsmtp* get() { return smtp_; }

  // What a step that failed before the mail was handed over came to.
  SendResult failed(const std::string& step) const {
    const std::string words = step + ": " + answer();
    if (wire_.broken()) return {Kind::not_now, "connect", step + ": " + wire_.why()};
    const int code = smtp_->response_code;
    if (code >= 400 && code < 500) return {Kind::not_now, std::to_string(code), words};
    if (code >= 500 && code < 600) return {Kind::refused, std::to_string(code), words};
    return {Kind::not_now, "protocol", words};
  }

  std::string answer() const {
    return smtp_->response == nullptr ? "" : clean_line(smtp_->response, 300);
  }

 private:
  Wire& wire_;
  mailsmtp* smtp_;
};

SendResult from_error(const Error& error) {
  const bool hopeless = error.code == Status::denied || error.code == Status::invalid;
  return {hopeless ? Kind::refused : Kind::not_now, "connect", error.message};
}

bool introduce(Smtp& smtp, const Wire& wire) {
  // The name of this machine is nobody's business; but not every server likes an address there.
  if (mailesmtp_ehlo_with_ip(smtp.get(), 1) == MAILSMTP_NO_ERROR) return true;
  return !wire.broken() && mailesmtp_ehlo(smtp.get()) == MAILSMTP_NO_ERROR;
}

// Introduces us and logs in. Returns accepted when ready to send.
SendResult prepare(Smtp& smtp, Wire& wire, const SmtpSettings& settings) {
  if (mailsmtp_connect(smtp.get(), wire.stream()) != MAILSMTP_NO_ERROR) {
    return smtp.failed("greeting");
  }
  if (!introduce(smtp, wire)) return smtp.failed("EHLO");
  if (settings.endpoint.security == Security::starttls) {
    if (mailesmtp_starttls(smtp.get()) != MAILSMTP_NO_ERROR) {
      if (wire.broken()) return smtp.failed("STARTTLS");
      return {Kind::refused, "tls",
              settings.endpoint.host + ": the server offers no STARTTLS / 服务器不支持 STARTTLS"};
    }
    if (auto secured = wire.start_tls(); !secured) return from_error(secured.error());
    if (!introduce(smtp, wire)) return smtp.failed("EHLO");
  }
  if (settings.login.user.empty()) return {Kind::accepted, "", ""};
  const int code =
      mailsmtp_auth(smtp.get(), settings.login.user.c_str(), settings.login.password.c_str());
  if (code == MAILSMTP_NO_ERROR) return {Kind::accepted, "", ""};
  if (wire.broken()) return smtp.failed("log-in");
  const int answered = smtp.get()->response_code;
  const bool later = answered >= 400 && answered < 500;
  return {later ? Kind::not_now : Kind::refused, "login",
          settings.endpoint.host + ": user name or password refused / 用户名或密码被拒绝"};
}

}  // namespace

SendResult send_mail(const SmtpSettings& settings, const std::vector<std::string>& recipients,
                     std::string_view mail, const Interrupt& interrupt) {
  const auto usable = [](const std::string& address) {
    // libetpan writes addresses as they are; without SMTPUTF8 they have to be ASCII.
    for (const char c : address) {
      if (static_cast<unsigned char>(c) >= 0x80) return false;
    }
    return !address.empty() && parse_address(address) == address;
  };
  if (!usable(settings.from)) {
    return {Kind::refused, "address", "the shop's address is not usable / 店铺邮箱地址不可用"};
  }
  for (const std::string& recipient : recipients) {
    if (!usable(recipient)) {
      return {Kind::refused, "address", "the buyer's address is not usable / 买家邮箱地址不可用"};
    }
  }
  auto opened = Wire::open(settings.endpoint, interrupt);
  if (!opened) return from_error(opened.error());
  Wire& wire = **opened;
  Smtp smtp(wire);
  if (SendResult ready = prepare(smtp, wire, settings); ready.kind != Kind::accepted) return ready;

  const std::size_t size_max = smtp.get()->smtp_max_msg_size;
  if (size_max > 0 && mail.size() > size_max) {
    return {Kind::refused, "too-large",
            "the server takes mails of at most " + std::to_string(size_max) +
                " bytes / 邮件超过服务器允许的大小"};
  }
  if (mailsmtp_mail(smtp.get(), settings.from.c_str()) != MAILSMTP_NO_ERROR) {
    return smtp.failed("MAIL FROM");
  }
  for (const std::string& recipient : recipients) {
    if (mailsmtp_rcpt(smtp.get(), recipient.c_str()) != MAILSMTP_NO_ERROR) {
      return smtp.failed(recipient == settings.from ? "copy to the shop's own mailbox" : "RCPT TO");
    }
  }
  if (mailsmtp_data(smtp.get()) != MAILSMTP_NO_ERROR) return smtp.failed("DATA");
  smtp.get()->response_code = 0;
  const int code = mailsmtp_data_message(smtp.get(), mail.data(), mail.size());
  if (code == MAILSMTP_NO_ERROR) return {Kind::accepted, "250", smtp.answer()};
  // From here on only an answer is certain.
  const int answered = smtp.get()->response_code;
  if (!wire.broken() && answered >= 400 && answered < 600) return smtp.failed("DATA");
  return {Kind::uncertain, "lost",
          "the connection was lost while the mail was handed over: " + wire.why()};
}

}  // namespace deskmate::chat_email
