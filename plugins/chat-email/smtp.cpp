#include "plugins/chat-email/smtp.hpp"

#include <arpa/inet.h>
#include <libetpan/libetpan.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

using Kind = SendResult::Kind;

constexpr int kEhloLinesMax = 64;  // of a server's answer

class Smtp {
 public:
  Smtp(Wire& wire, std::string password)
      : wire_(wire), password_(std::move(password)), smtp_(mailsmtp_new(0, nullptr)) {
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
    return smtp_->response == nullptr ? "" : quote_server(smtp_->response, password_, 300);
  }

 private:
  Wire& wire_;
  std::string password_;
  mailsmtp* smtp_;
};

SendResult from_error(const Error& error) {
  const bool hopeless = error.code == Status::denied || error.code == Status::invalid;
  return {hopeless ? Kind::refused : Kind::not_now, "connect", error.message};
}

// Takes down what one line of the answer to EHLO offers.
void note_offer(mailsmtp& smtp, std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(" \t=", at), line.size());
    if (end > at) words.push_back(lower_ascii(line.substr(at, end - at)));
    at = end + 1;
  }
  if (words.empty()) return;
  if (words[0] == "starttls") smtp.esmtp |= MAILSMTP_ESMTP_STARTTLS;
  if (words[0] == "8bitmime") smtp.esmtp |= MAILSMTP_ESMTP_8BITMIME;
  if (words[0] == "size" && words.size() > 1) {
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), smtp.smtp_max_msg_size);
  }
  if (words[0] != "auth") return;
  smtp.auth |= MAILSMTP_AUTH_CHECKED;
  for (const std::string& word : words) {
    if (word == "plain") smtp.auth |= MAILSMTP_AUTH_PLAIN;
    if (word == "login") smtp.auth |= MAILSMTP_AUTH_LOGIN;
    if (word == "cram-md5") smtp.auth |= MAILSMTP_AUTH_CRAM_MD5;
    if (word == "digest-md5") smtp.auth |= MAILSMTP_AUTH_DIGEST_MD5;
  }
}

// EHLO (RFC 5321, 4.1.1.1). libetpan's own does not end where a server offers AUTH with a tab in
// it.
bool say_ehlo(Smtp& smtp, const std::string& name) {
  mailsmtp& session = *smtp.get();
  session.esmtp = MAILSMTP_ESMTP;
  session.auth = MAILSMTP_AUTH_NOT_CHECKED;
  session.smtp_max_msg_size = 0;
  const std::string command = "EHLO " + name + "\r\n";
  if (mailstream_write(session.stream, command.data(), command.size()) < 0 ||
      mailstream_flush(session.stream) < 0) {
    return false;
  }
  for (int lines = 0; lines < kEhloLinesMax; ++lines) {
    const char* read = mailstream_read_line_remove_eol(session.stream, session.line_buffer);
    if (read == nullptr) return false;
    const std::string_view line = read;
    int code = 0;
    if (line.size() < 3 || std::from_chars(line.data(), line.data() + 3, code).ec != std::errc()) {
      return false;
    }
    session.response_code = code;
    mmap_string_assign(session.response_buffer, line.size() > 4 ? read + 4 : "");
    session.response = session.response_buffer->str;
    // The first line is the server's name.
    if (lines > 0 && line.size() > 4) note_offer(session, line.substr(4));
    if (line.size() == 3 || line[3] != '-') return code == 250;
  }
  return false;
}

// The address that the connection comes from here: "[127.0.0.1]".
std::string literal_of(int fd) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&from), &size) != 0) return {};
  const bool six = from.ss_family == AF_INET6;
  const void* address =
      six ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(from).sin6_addr)
          : &reinterpret_cast<const sockaddr_in&>(from).sin_addr;
  if (::inet_ntop(from.ss_family, address, text.data(), text.size()) == nullptr) return {};
  return (six ? "[IPv6:" : "[") + std::string(text.data()) + "]";
}

bool introduce(Smtp& smtp, const Wire& wire) {
  // The name of this machine is nobody's business; but not every server likes an address there.
  const std::string literal = literal_of(wire.fd());
  if (!literal.empty() && say_ehlo(smtp, literal)) return true;
  std::array<char, 256> name{};
  if (wire.broken() || ::gethostname(name.data(), name.size() - 1) != 0) return false;
  return say_ehlo(smtp, name.data());
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
  Smtp smtp(wire, settings.login.password);
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
