// Any bytes as what an SMTP server says: sending ends with one of the four answers, and a mail that
// the server did not take is never called accepted.
#include "plugins/chat-email/smtp.hpp"

#include "tests/fuzz/server.hpp"

using namespace deskmate::chat_email;
using deskmate::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  SmtpSettings settings;
  settings.endpoint.host = "127.0.0.1";
  settings.endpoint.port = deskmate::fuzz::server().port();
  settings.endpoint.security = Security::none;
  settings.from = "shop@shop.test";
  if (input.ConsumeBool()) settings.login = {"shop", "secret"};
  const std::string words = deskmate::fuzz::rest_of(input);
  deskmate::fuzz::server().say(words);
  const Interrupt interrupt;
  const SendResult result =
      send_mail(settings, {"ann@example.org"}, "Subject: x\r\n\r\nHello\r\n", interrupt);
  if (result.kind == SendResult::Kind::accepted) check(words.find('2') != std::string::npos);
  check(result.kind == SendResult::Kind::accepted || !result.code.empty());
  check(settings.login.password.empty() || result.message.find("secret") == std::string::npos);
  return 0;
}
