// Any bytes as what an IMAP server says: each of our calls ends with a result or an error.
#include "plugins/chat-email/imap.hpp"

#include "tests/fuzz/server.hpp"

using namespace deskmate::chat_email;
using deskmate::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  deskmate::fuzz::server().say(std::string(deskmate::fuzz::view_of(data, size)));
  const Interrupt interrupt;
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = deskmate::fuzz::server().port();
  endpoint.security = Security::none;
  auto imap = Imap::open(endpoint, {"shop", "secret"}, interrupt);
  if (!imap) {
    check(!imap.error().message.empty());
    check(imap.error().message.find("secret") == std::string::npos);
    return 0;
  }
  if (!(*imap)->select("INBOX")) return 0;
  if (const auto list = (*imap)->list_from(1)) {
    for (const MailInfo& info : *list) check(info.uid != 0);
  }
  if (const auto mails = (*imap)->fetch({1, 2, 7}, false)) check(mails->size() <= size);
  (void)(*imap)->find("Message-ID", "a@shop.test");
  (void)(*imap)->list_since(1'767'600'000'000);
  (void)(*imap)->sent_folder();
  (void)(*imap)->move({1}, "Sent");
  (void)(*imap)->idle(1);
  return 0;
}
