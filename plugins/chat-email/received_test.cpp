#include "plugins/chat-email/received.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deskmate/testing/bench.hpp>

#include "plugins/chat-email/connector.hpp"
#include "plugins/chat-email/cursor.hpp"
#include "plugins/chat-email/ids.hpp"

namespace deskmate::chat_email {
namespace {

using ::testing::HasSubstr;

TEST(Received, HasNoPersonalDataInItsFacts) {
  const Mail mail = parse_mail(
      "From: Bo <bo@buyers.test>\r\nMessage-ID: <m2@buyers.test>\r\nSubject: Order\r\n"
      "References: <m1@buyers.test>\r\n\r\nWhere?\r\n\r\nOn Monday Shop wrote:\r\n> Hello\r\n",
      ParseLimits{});
  Received received;
  received.shop = "mail";
  received.message_id = mail.message_id;
  received.root_id = "m1@buyers.test";
  received.received_ms = 1772416800000;
  received.extra = "[note]";
  const NewEvent event = received_event(mail, received);
  EXPECT_EQ(event.type, "message.received");
  EXPECT_EQ(event.refs["thread"].as_str(), "m1@buyers.test bo@buyers.test");
  EXPECT_EQ(event.refs["buyer"].as_str(), "bo@buyers.test");
  EXPECT_EQ(event.refs["message"].as_str(), "m2@buyers.test");
  EXPECT_EQ(event.dedupe, "message");
  EXPECT_EQ(event.contacts.at(0).as_str(), "email:bo@buyers.test");
  EXPECT_EQ(event.facts["at"].as_int(), 1772416800000);
  EXPECT_EQ(event.body["text"].as_str(), "Where?\n\n[note]");
  EXPECT_THAT(std::string(event.body["quoted"].as_str()), HasSubstr("> Hello"));
  const std::string facts = encode(Value(event.facts));
  EXPECT_EQ(facts.find("Bo"), std::string::npos);
  EXPECT_EQ(facts.find("buyers.test"), std::string::npos);
  EXPECT_EQ(facts.find("Order"), std::string::npos);
}

TEST(Cursor, IsReadBack) {
  const Cursor cursor{4'000'000'000, 17, 1772416800000};
  EXPECT_EQ(Cursor::from_text(cursor.to_text()), cursor);
  EXPECT_EQ(Cursor{}.to_text(), "1 0 1 0");
  // As stored by version 1; must stay readable.
  EXPECT_EQ(Cursor::from_text("1 7 42 1700000000000"), (Cursor{7, 42, 1700000000000}));
  for (const char* bad : {"", "1", "2 7 42 1", "1 7 42", "1 7 42 1 ", "1 7 -1 1", "x 7 42 1",
                          "1 4294967296 1 1", "1  7 42 1"}) {
    EXPECT_EQ(Cursor::from_text(bad), std::nullopt) << bad;
  }
}

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() : host_("mail"), bench_(host_) {
    host_.set_setting("address", "Shop@Shop.TEST");
    host_.set_setting("imap_host", "imap.shop.test");
    host_.set_secret("password", "secret");
  }
  testing::FakeHost host_;
  testing::Bench<ChatEmail> bench_;
};

TEST_F(SettingsTest, HasSafeDefaults) {
  const auto settings = load_settings(bench_.desk());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->address, "shop@shop.test");
  EXPECT_EQ(settings->imap.port, 993);
  EXPECT_EQ(settings->imap.security, Security::tls);
  EXPECT_FALSE(settings->imap.allow_plain);
  EXPECT_EQ(settings->imap_login.user, "shop@shop.test");
  EXPECT_EQ(settings->smtp.endpoint.host, "imap.shop.test");
  EXPECT_EQ(settings->smtp.endpoint.port, 465);
  EXPECT_EQ(settings->smtp.login.password, "secret");
  EXPECT_EQ(settings->copy_grace_ms, 10'000u);
  EXPECT_TRUE(settings->copies);
}

TEST_F(SettingsTest, TakesSmtpApart) {
  host_.set_setting("smtp_host", "smtp.shop.test");
  host_.set_setting("smtp_tls", "starttls");
  host_.set_secret("smtp_password", "other");
  const auto settings = load_settings(bench_.desk());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->imap.security, Security::tls);
  EXPECT_EQ(settings->smtp.endpoint.security, Security::starttls);
  EXPECT_EQ(settings->smtp.endpoint.port, 587);
  EXPECT_EQ(settings->smtp.login.password, "other");
}

TEST_F(SettingsTest, NamesTheSettingThatIsWrong) {
  host_.set_setting("tls", "maybe");
  EXPECT_EQ(load_settings(bench_.desk()).error().where, "tls");
  host_.set_setting("tls", "tls");
  host_.set_setting("smtp_tls", "ssl");
  EXPECT_EQ(load_settings(bench_.desk()).error().where, "smtp_tls");
  host_.set_setting("address", "nobody");
  EXPECT_EQ(load_settings(bench_.desk()).error().where, "address");
}

// No password without TLS to another machine, whatever answers there. 192.0.2.1 is nobody's.
TEST(Wire, RefusesToSpeakInTheClear) {
  Endpoint endpoint;
  endpoint.host = "192.0.2.1";
  endpoint.port = 143;
  endpoint.security = Security::none;
  const Interrupt interrupt;
  const auto wire = Wire::open(endpoint, interrupt);
  ASSERT_FALSE(wire);
  EXPECT_EQ(wire.error().code, Status::denied);
}

TEST(Smtp, RefusesAddressesThatWouldBreakTheCommand) {
  SmtpSettings settings;
  settings.from = "shop@shop.test";
  const Interrupt interrupt;
  for (const char* to : {"", "a@b>\r\nRCPT TO:<c@d", "a b@c", "李@buyers.test"}) {
    const SendResult sent = send_mail(settings, {to}, "x", interrupt);
    EXPECT_EQ(sent.kind, SendResult::Kind::refused) << to;
    EXPECT_EQ(sent.code, "address") << to;
  }
}

TEST(Smtp, IsCertainThatNothingWasSentWhereNobodyAnswers) {
  SmtpSettings settings;
  settings.endpoint.host = "127.0.0.1";
  settings.endpoint.port = 1;
  settings.from = "shop@shop.test";
  const Interrupt interrupt;
  const SendResult sent = send_mail(settings, {"bo@buyers.test"}, "x", interrupt);
  EXPECT_EQ(sent.kind, SendResult::Kind::not_now);
  EXPECT_EQ(sent.code, "connect");
}

}  // namespace
}  // namespace deskmate::chat_email
