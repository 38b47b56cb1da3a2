#include "plugins/chat-email/smtp.hpp"

#include <gtest/gtest.h>

#include "plugins/chat-email/talker.hpp"

namespace deskmate::chat_email {
namespace {

using Kind = SendResult::Kind;

SendResult send(const Talker& server, const Login& login = {}) {
  SmtpSettings settings;
  settings.endpoint = server.endpoint();
  settings.login = login;
  settings.from = "shop@shop.test";
  const Interrupt interrupt;
  return send_mail(settings, {"ann@example.org"}, "Subject: x\r\n\r\nHello\r\n", interrupt);
}

TEST(Smtp, ReadsWhatIsOffered) {
  const Talker server(
      "220 mx.test\r\n250-mx.test\r\n250-SIZE 10\r\n250 AUTH LOGIN PLAIN\r\n235 in\r\n");
  const SendResult result = send(server, {"shop", "secret"});
  EXPECT_EQ(result.kind, Kind::refused) << result.message;
  EXPECT_EQ(result.code, "too-large");
}

// libetpan's reading of the answer never ended here.
TEST(Smtp, AnOfferThatIsNoneIsPassedOver) {
  const Talker server(
      "220 mx.test\r\n250-mx.test\r\n250-AUTH PLA\tN LOGIN\r\n250-AUTH\r\n250-AUTH=\r\n"
      "250-SIZE\r\n250-SIZE 99999999999999999999999\r\n250 \t\r\n"
      "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n");
  const SendResult result = send(server);
  EXPECT_EQ(result.kind, Kind::accepted) << result.message;
}

TEST(Smtp, AnAnswerWithoutAnEndIsGivenUp) {
  std::string words = "220 mx.test\r\n";
  for (int i = 0; i < 1'000; ++i) words += "250-X\r\n";
  const Talker server(words);
  EXPECT_EQ(send(server).kind, Kind::not_now);
}

TEST(Smtp, WhatIsNoAnswerIsNotSent) {
  for (const char* words : {"", "220 mx.test\r\n", "220 mx.test\r\n25\r\n25\r\n",
                            "220 mx.test\r\nabc\r\n\r\n", "220 mx.test\r\n550 no\r\n550 no\r\n"}) {
    const Talker server(words);
    const SendResult result = send(server);
    EXPECT_NE(result.kind, Kind::accepted) << words;
    EXPECT_NE(result.kind, Kind::uncertain) << words;
  }
}

TEST(Smtp, AServerThatRepeatsThePasswordIsNotQuoted) {
  const Talker server(
      "220 mx.test\r\n250-mx.test\r\n250 AUTH PLAIN\r\n235 in\r\n550 secret is no good\r\n");
  const SendResult result = send(server, {"shop", "secret"});
  EXPECT_EQ(result.kind, Kind::refused);
  EXPECT_NE(result.message.find("*** is no good"), std::string::npos) << result.message;
}

}  // namespace
}  // namespace deskmate::chat_email
