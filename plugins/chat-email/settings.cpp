#include "plugins/chat-email/settings.hpp"

#include <algorithm>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::uint16_t kImapsPort = 993;
constexpr std::uint16_t kImapPort = 143;
constexpr std::uint16_t kSmtpsPort = 465;
constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::int64_t kMegabyte = 1'048'576;
constexpr std::int64_t kPollEveryMinS = 5;

std::uint16_t port_or(std::uint16_t port, Security security, std::uint16_t tls,
                      std::uint16_t otherwise) {
  if (port != 0) return port;
  return security == Security::tls ? tls : otherwise;
}

std::string text_of(Session& desk, const std::string& name, const std::string& otherwise) {
  const auto text = desk.setting<std::string>(name);
  return text.empty() ? otherwise : text;
}

std::int64_t number_of(Session& desk, const std::string& name, std::int64_t otherwise,
                       std::int64_t least, std::int64_t most) {
  return std::clamp(desk.setting<std::int64_t>(name, otherwise), least, most);
}

}  // namespace

Result<Settings> load_settings(Session& desk) {
  Settings settings;
  settings.address = parse_address(desk.setting<std::string>("address"));
  if (settings.address.empty()) {
    return Error{Status::invalid, "not an e-mail address / 不是有效的邮箱地址", "address"};
  }
  settings.name = clean_line(desk.setting<std::string>("name"), kNameBytesMax);
  settings.folder = text_of(desk, "folder", "INBOX");
  settings.sent_folder = desk.setting<std::string>("sent_folder");
  settings.idle = desk.setting<bool>("idle", true);
  settings.copies = desk.setting<bool>("copies", true);
  settings.move_copies = desk.setting<bool>("move_copies", true);
  settings.poll_every_ms =
      static_cast<std::uint32_t>(number_of(desk, "poll_every_s", 60, kPollEveryMinS, 3600) * 1000);
  settings.copy_grace_ms =
      static_cast<std::uint64_t>(number_of(desk, "copy_grace_s", 10, 0, 600)) * 1000;
  settings.mail_bytes_max =
      static_cast<std::uint32_t>(number_of(desk, "mail_mb_max", 25, 1, 50) * kMegabyte);
  settings.parse.file_bytes_max = std::min<std::size_t>(
      static_cast<std::size_t>(number_of(desk, "file_mb_max", 10, 1, 25) * kMegabyte), DM_FILE_MAX);
  settings.parse.fallback_charset = text_of(desk, "charset", "gb18030");

  const auto security = parse_security(text_of(desk, "tls", "tls"));
  if (!security) return security.error();
  settings.imap.host = desk.setting<std::string>("imap_host");
  if (settings.imap.host.empty()) {
    return Error{Status::invalid, "the IMAP server is missing / 缺少 IMAP 服务器", "imap_host"};
  }
  settings.imap.security = *security;
  settings.imap.port =
      port_or(desk.setting<std::uint16_t>("imap_port"), *security, kImapsPort, kImapPort);
  settings.imap.allow_plain = desk.setting<bool>("allow_plain", false);
  settings.imap.ca_file = desk.setting<std::string>("ca_file");

  auto smtp_security = parse_security(text_of(desk, "smtp_tls", text_of(desk, "tls", "tls")));
  if (!smtp_security) {
    Error error = smtp_security.error();
    error.where = "smtp_tls";
    return error;
  }
  settings.smtp.endpoint = settings.imap;
  settings.smtp.endpoint.host = text_of(desk, "smtp_host", settings.imap.host);
  settings.smtp.endpoint.security = *smtp_security;
  settings.smtp.endpoint.port = port_or(desk.setting<std::uint16_t>("smtp_port"), *smtp_security,
                                        kSmtpsPort, kSubmissionPort);
  settings.smtp.from = settings.address;

  auto password = desk.secret("password");
  if (!password) return password.error();
  settings.imap_login = {text_of(desk, "user", settings.address), *password};
  if (desk.setting<bool>("smtp_login", true)) {
    auto own = desk.secret("smtp_password");
    settings.smtp.login = {text_of(desk, "smtp_user", settings.imap_login.user),
                           own && !own->empty() ? *own : *password};
  }
  return settings;
}

}  // namespace deskmate::chat_email
