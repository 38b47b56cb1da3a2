// The connector against a real OpenSMTPD and a real Dovecot, through the SDK's fake host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <barrier>
#include <cctype>
#include <chrono>
#include <deskmate/testing/bench.hpp>
#include <deskmate/testing/fake_host.hpp>
#include <set>
#include <thread>

#include "plugins/chat-email/connector.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/mail_servers.hpp"

namespace deskmate::chat_email {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kPatienceMs = 30'000;

std::int64_t ms_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

std::string mail_text(const std::string& from, const std::string& id, const std::string& headers,
                      const std::string& text) {
  return "From: Bo <" + from + ">\nTo: shop@shop.test\nMessage-ID: <" + id +
         ">\nSubject: Order 1001\n" + headers + "\n" + text + "\n";
}

class ServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { servers_ = std::make_unique<MailServers>(); }
  static void TearDownTestSuite() { servers_.reset(); }

  // Each test has its own shop, so that none finds another's mails.
  void SetUp() override {
    shop_ = lower(std::string("shop-") +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name() + "@buyers.test");
    buyer_ = "bo-" + shop_.substr(5);
    host_ = std::make_unique<testing::FakeHost>("mail");
    set(*host_, "smtp");
  }

  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }

  void set(testing::FakeHost& host, const std::string& smtp_port) const {
    host.set_setting("address", shop_);
    host.set_setting("imap_host", "127.0.0.1");
    host.set_setting("imap_port", servers_->port("imap"));
    host.set_setting("smtp_port", servers_->port(smtp_port));
    host.set_setting("tls", "none");
    host.set_setting("smtp_login", false);
    host.set_setting("idle", true);
    host.set_setting("poll_every_s", 3600);  // what comes, comes by IDLE
    host.set_setting("copies", true);
    host.set_setting("move_copies", true);
    host.set_setting("copy_grace_s", 1);
    host.set_secret("password", servers_->password());
  }

  void start(testing::FakeHost& host) {
    ASSERT_TRUE(host.start(testing::entry_of<ChatEmail>));
    ASSERT_TRUE(host.run_until([&] { return host.kv().contains("cursor"); }, kPatienceMs));
  }

  bool wait_events(std::size_t count) {
    return host_->run_until([&] { return host_->events().size() >= count; }, kPatienceMs);
  }

  // Asks while the fake clock runs along.
  Result<Value> ask(testing::FakeHost& host, const std::string& method, const Value& params) {
    std::optional<Result<Value>> answer;
    host.ask(
        method, params, [&](Result<Value> result) { answer = std::move(result); }, 60'000);
    const auto begin = Clock::now();
    while (!answer && ms_since(begin) < kPatienceMs) {
      host.run_until([&] { return answer.has_value(); }, 20);
      if (!answer) host.advance(100);
    }
    if (!answer) return Error{Status::deadline, "no answer", ""};
    return *answer;
  }

  static Action reply_to(const testing::StoredEvent& event, const std::string& text,
                         std::uint8_t number) {
    Action action = testing::action("reply", {{"shop", "mail"}}, {}, number);
    action.body = Value::map(
        {{"text", text}, {"subject", event.body["subject"]}, {"refs", event.body["refs"]}});
    action.since_ms = testing::start_ms;
    return action;
  }

  // A buyer's mail that has been received.
  testing::StoredEvent receive() {
    servers_->deliver(buyer_, shop_, mail_text(buyer_, "m1." + shop_, "", "Where is it?"));
    EXPECT_TRUE(wait_events(1));
    return host_->events().at(0);
  }

  static std::unique_ptr<MailServers> servers_;
  std::string shop_;
  std::string buyer_;
  std::unique_ptr<testing::FakeHost> host_;
};

std::unique_ptr<MailServers> ServerTest::servers_;

TEST_F(ServerTest, LeavesOldMailsAlone) {
  servers_->seed(shop_, 5000);
  const auto begin = Clock::now();
  start(*host_);
  RecordProperty("first_connection_ms", static_cast<int>(ms_since(begin)));
  EXPECT_LT(ms_since(begin), 10'000);
  receive();
  EXPECT_EQ(host_->events().size(), 1u);
}

TEST_F(ServerTest, ReceivesAtOnceAndAnswersOnceInTheThread) {
  start(*host_);
  // The second mail is seen by IDLE alone: the first poll has been, and the next is an hour away.
  receive();
  const auto begin = Clock::now();
  servers_->deliver(
      buyer_, shop_,
      mail_text(buyer_, "m2." + shop_,
                "In-Reply-To: <m1." + shop_ + ">\nReferences: <m1." + shop_ + ">\n", "Hello?"));
  ASSERT_TRUE(wait_events(2));
  RecordProperty("idle_ms", static_cast<int>(ms_since(begin)));
  const auto events = host_->events();
  EXPECT_EQ(events[1].type, "message.received");
  EXPECT_EQ(events[1].body["text"].as_str(), "Hello?");
  EXPECT_EQ(events[1].body["name"].as_str(), "Bo");
  EXPECT_EQ(events[1].body["refs"]["buyer"].as_str(), buyer_);
  EXPECT_EQ(events[1].facts["thread"], events[0].facts["thread"]);
  EXPECT_EQ(events[1].appended["contacts"][0].as_str(), "email:" + buyer_);

  const Action action = reply_to(events[1], "在路上了", 7);
  auto outcome = ask(*host_, "action.perform", testing::action_params(action));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "done") << (*outcome)["message"].as_str();
  const auto mails = servers_->wait_for(buyer_, 1);
  ASSERT_EQ(mails.size(), 1u);
  const Mail mail = parse_mail(mails[0], ParseLimits{});
  EXPECT_EQ(mail.text, "在路上了");
  EXPECT_EQ(mail.subject, "Re: Order 1001");
  EXPECT_EQ(mail.in_reply_to, "m2." + shop_);
  EXPECT_THAT(mail.references, ElementsAre("m1." + shop_, "m2." + shop_));

  // The copy is no message and goes to the folder for sent mails.
  EXPECT_TRUE(host_->run_until(
      [&] {
        return servers_->read(shop_, "Sent").size() == 1 && servers_->read(shop_).size() == 2;
      },
      kPatienceMs));
  EXPECT_EQ(host_->events().size(), 2u);
  auto found = ask(*host_, "action.look_up", testing::action_params(action));
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)["found"].as_str(), "yes");
}

TEST_F(ServerTest, FollowsAThreadThatNamesOnlyOurAnswer) {
  start(*host_);
  const auto first = receive();
  const Action action = reply_to(first, "Soon.", 8);
  ASSERT_TRUE(ask(*host_, "action.perform", testing::action_params(action)));
  ASSERT_EQ(servers_->wait_for(buyer_, 1).size(), 1u);
  ASSERT_TRUE(
      host_->run_until([&] { return servers_->read(shop_, "Sent").size() == 1; }, kPatienceMs));
  servers_->deliver(
      buyer_, shop_,
      mail_text(buyer_, "m2." + shop_,
                "In-Reply-To: <" + own_message_id(action.request.hex(), shop_) + ">\n", "Thanks"));
  ASSERT_TRUE(wait_events(2));
  EXPECT_EQ(host_->events()[1].facts["thread"], first.facts["thread"]);
}

// A notice to a member: sent once, looked up like a reply, and its answer is no buyer's mail, not
// for another peer's connector either, which has only the copy in the mailbox to go by.
TEST_F(ServerTest, R19_AnAnswerToANoticeIsNoBuyersMailForAnyPeer) {
  start(*host_);
  testing::FakeHost other("mail");
  set(other, "smtp");
  start(other);
  Action notice = testing::action("notice", {}, {}, 77);
  notice.since_ms = testing::start_ms;
  notice.body = Value::map({{"to", "ann-" + buyer_}, {"subject", "1 waits"}, {"text", "#1 Hi?"}});
  const auto sent = ask(*host_, "action.perform", testing::action_params(notice));
  ASSERT_TRUE(sent) << sent.error().message;
  ASSERT_EQ((*sent)["outcome"].as_str(), "done") << (*sent)["message"].as_str();
  const auto found = ask(other, "action.look_up", testing::action_params(notice));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)["found"].as_str(), "yes");

  const std::string named = own_message_id(notice.request.hex(), shop_);
  servers_->deliver("ann-" + buyer_, shop_,
                    mail_text("ann-" + buyer_, "a1." + shop_, "References: <" + named + ">\n",
                              "It left.\n\nOn Monday the shop wrote:\n> #1 Hi?"));
  for (testing::FakeHost* host : {host_.get(), &other}) {
    ASSERT_TRUE(host->run_until([&] { return !host->events().empty(); }, kPatienceMs));
    ASSERT_EQ(host->events().size(), 1u);
    EXPECT_EQ(host->events()[0].type, "notice.answered");
    EXPECT_EQ(host->events()[0].facts["request"].as_bin(), notice.request.view());
    EXPECT_EQ(host->events()[0].body["text"].as_str(), "It left.");
    EXPECT_EQ(host->events()[0].body["refs"]["sender"].as_str(), "ann-" + buyer_);
  }
  // To the shop's own address it would be answered by itself.
  notice.request.bytes.back() = 78;
  notice.body["to"] = shop_;
  const auto own = ask(*host_, "action.perform", testing::action_params(notice));
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ((*own)["code"].as_str(), "address");
}

TEST_F(ServerTest, KnowsWhatBecameOfAMailWhoseAnswerWasLost) {
  set(*host_, "smtp_lost_after");
  start(*host_);
  const Action action = reply_to(receive(), "Soon.", 9);
  auto outcome = ask(*host_, "action.perform", testing::action_params(action));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "unknown");
  auto found = ask(*host_, "action.look_up", testing::action_params(action));
  for (int i = 0; i < 3 && !found && found.error().code == Status::unavailable; ++i) {
    found = ask(*host_, "action.look_up", testing::action_params(action));  // a slow machine
  }
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)["found"].as_str(), "yes");
  EXPECT_EQ(servers_->wait_for(buyer_, 1).size(), 1u);
}

TEST_F(ServerTest, KnowsThatAMailWasNeverHandedOver) {
  set(*host_, "smtp_lost_before");
  start(*host_);
  const auto event = receive();
  const Action action = reply_to(event, "Soon.", 10);
  auto outcome = ask(*host_, "action.perform", testing::action_params(action));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "unknown");
  // While no mail gets through at all it is too early to say no.
  auto found = ask(*host_, "action.look_up", testing::action_params(action));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Status::unavailable);
  host_->stop();
  testing::FakeHost again("mail");
  set(again, "smtp");
  again.kv() = host_->kv();
  start(again);
  const auto before_ms = again.now_ms();
  found = ask(again, "action.look_up", testing::action_params(action));
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)["found"].as_str(), "no");
  EXPECT_GE(again.now_ms() - before_ms, 900);  // the grace time
  // Tried again, with the same Message-ID, on a connection that holds.
  outcome = ask(again, "action.perform", testing::action_params(action));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "done");
  EXPECT_EQ(servers_->wait_for(buyer_, 1).size(), 1u);
}

TEST_F(ServerTest, GoesOnWhereItStopped) {
  constexpr std::size_t kMails = kPageMailsMax + 5;
  start(*host_);
  receive();
  host_->stop();
  std::set<std::string> sent;
  for (std::size_t i = 0; i < kMails; ++i) {
    sent.insert(std::to_string(i));
    servers_->deliver(buyer_, shop_,
                      mail_text(buyer_, std::to_string(i) + "." + shop_, "", std::to_string(i)));
  }
  servers_->wait_for(shop_, kMails + 1);
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  ASSERT_TRUE(wait_events(kMails + 1));
  std::set<std::string> received;
  for (std::size_t i = 1; i <= kMails; ++i) {
    received.emplace(host_->events()[i].body["text"].as_str());
  }
  EXPECT_EQ(received, sent);
  // More than twenty at once from one address: recorded, but as a machine's.
  EXPECT_TRUE(host_->events().back().facts["auto"].as_bool());
  EXPECT_FALSE(host_->events()[5].facts["auto"].as_bool());
}

TEST_F(ServerTest, TakesNothingTwiceWhenTheUidsChange) {
  servers_->seed(shop_, 300);
  start(*host_);
  receive();
  host_->stop();
  servers_->change_uid_validity(shop_);
  servers_->deliver(buyer_, shop_, mail_text(buyer_, "m2." + shop_, "", "And now?"));
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  ASSERT_TRUE(wait_events(2));
  EXPECT_EQ(host_->events()[1].body["text"].as_str(), "And now?");
  EXPECT_THAT(host_->log(), Contains(HasSubstr("UIDVALIDITY")));
  servers_->deliver(buyer_, shop_, mail_text(buyer_, "m3." + shop_, "", "Third"));
  ASSERT_TRUE(wait_events(3));
  EXPECT_EQ(host_->events().size(), 3u);
}

TEST_F(ServerTest, StoresAttachmentsAndDropsMachines) {
  start(*host_);
  servers_->deliver(buyer_, shop_,
                    mail_text(buyer_, "a." + shop_, "Auto-Submitted: auto-replied\n", "x"));
  servers_->deliver(buyer_, shop_, mail_text(buyer_, "b." + shop_, "List-Id: <l.test>\n", "x"));
  servers_->deliver(buyer_, shop_,
                    mail_text(buyer_, "c." + shop_,
                              "MIME-Version: 1.0\nContent-Type: multipart/mixed; "
                              "boundary=XX\n",
                              "--XX\nContent-Type: text/plain\n\nphoto\n--XX\n"
                              "Content-Type: image/png; name=cup.png\n\nPNG\n--XX--"));
  ASSERT_TRUE(wait_events(1));
  const auto event = host_->events()[0];
  EXPECT_EQ(host_->events().size(), 1u);
  EXPECT_EQ(event.body["text"].as_str(), "photo");
  EXPECT_EQ(event.facts["files"].as_int(), 1);
  const Value& file = event.body["files"][std::size_t{0}];
  EXPECT_EQ(file["name"].as_str(), "cup.png");
  EXPECT_EQ(host_->file(file["hash"].as_bin()), "PNG");
}

TEST_F(ServerTest, AnnouncesMailsThatAreTooLarge) {
  host_->set_setting("mail_mb_max", 1);
  start(*host_);
  std::string large;
  for (int i = 0; i < 30'000; ++i)
    large += "this is a line of some length, of which there are many\n";
  servers_->deliver(buyer_, shop_, mail_text(buyer_, "big." + shop_, "", large));
  ASSERT_TRUE(wait_events(1));
  EXPECT_THAT(std::string(host_->events()[0].body["text"].as_str()), HasSubstr("Too large"));
  EXPECT_EQ(host_->events()[0].body["subject"].as_str(), "Order 1001");
}

TEST_F(ServerTest, SpeaksTls) {
  for (const auto& [tls, imap, smtp] : std::vector<std::array<std::string, 3>>{
           {"tls", "imaps", "smtps"}, {"starttls", "imap", "submission"}}) {
    testing::FakeHost host("mail");
    set(host, smtp);
    host.set_setting("tls", tls);
    host.set_setting("imap_host", "localhost");
    host.set_setting("imap_port", servers_->port(imap));
    host.set_setting("smtp_login", true);
    host.set_setting("address", "shop@shop.test");
    host.set_setting("ca_file", servers_->ca());
    start(host);
    Action action = testing::action("reply", {{"shop", "mail"}}, {}, tls == "tls" ? 11 : 12);
    action.body =
        Value::map({{"text", "over " + tls},
                    {"refs", Value::map({{"thread", "x@y " + buyer_}, {"buyer", buyer_}})}});
    auto outcome = ask(host, "action.perform", testing::action_params(action));
    ASSERT_TRUE(outcome);
    EXPECT_EQ((*outcome)["outcome"].as_str(), "done") << (*outcome)["message"].as_str();
    host.stop();
  }
  EXPECT_EQ(servers_->wait_for(buyer_, 2).size(), 2u);
}

TEST_F(ServerTest, RefusesCertificatesThatNobodyVouchesFor) {
  host_->set_setting("tls", "tls");
  host_->set_setting("imap_host", "localhost");
  host_->set_setting("imap_port", servers_->port("imaps"));
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  EXPECT_TRUE(host_->run_until(
      [&] {
        for (const auto& line : host_->log()) {
          if (line.find("certificate is not trusted") != std::string::npos) return true;
        }
        return false;
      },
      kPatienceMs));
  EXPECT_THAT(host_->kv(), IsEmpty());
}

TEST_F(ServerTest, SaysThatThePasswordIsWrong) {
  host_->set_secret("password", "wrong");
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  EXPECT_TRUE(host_->run_until(
      [&] {
        for (const auto& line : host_->log()) {
          if (line.find("refused") != std::string::npos) return true;
        }
        return false;
      },
      kPatienceMs));
  for (const auto& line : host_->log()) EXPECT_THAT(line, Not(HasSubstr("wrong")));
}

TEST_F(ServerTest, StopsAtOnce) {
  start(*host_);
  receive();  // IDLE has begun
  const auto begin = Clock::now();
  host_->stop();
  RecordProperty("stop_ms", static_cast<int>(ms_since(begin)));
  EXPECT_LT(ms_since(begin), 1'000);
}

// A server that takes connections and never says a word.
TEST_F(ServerTest, StopsAtOnceWhileTheServerIsSilent) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  host_->set_setting("imap_port", ntohs(address.sin_port));
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  int accepted = -1;
  ASSERT_TRUE(host_->run_until(
      [&] {
        pollfd ready{listener, POLLIN, 0};
        if (::poll(&ready, 1, 0) == 1) accepted = ::accept(listener, nullptr, nullptr);
        return accepted >= 0;
      },
      kPatienceMs));
  const auto begin = Clock::now();
  host_->stop();
  EXPECT_LT(ms_since(begin), 1'000);
  ::close(accepted);
  ::close(listener);
}

TEST_F(ServerTest, AsksForPatienceWhileTheMailboxIsAway) {
  start(*host_);
  const Action action = reply_to(receive(), "Soon.", 13);
  host_->stop();
  host_->set_setting("imap_port", 1);  // nobody there
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  host_->run_until([&] { return !host_->log().empty(); }, kPatienceMs);
  auto found = ask(*host_, "action.look_up", testing::action_params(action));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Status::unavailable);
}

TEST_F(ServerTest, ReportsWhatTheServerRefuses) {
  start(*host_);
  Action action = reply_to(receive(), "Soon.", 14);
  action.body["refs"]["buyer"] = "bo@elsewhere.invalid";
  auto outcome = ask(*host_, "action.perform", testing::action_params(action));
  ASSERT_TRUE(outcome);
  EXPECT_EQ((*outcome)["outcome"].as_str(), "failed");
  EXPECT_EQ((*outcome)["code"].as_str(), "550");
  EXPECT_FALSE((*outcome)["again"].as_bool());
}

// --- several peers of a desk at one mailbox ---

Thread thread_of(const testing::StoredEvent& event) {
  Thread thread;
  thread.chat.bytes.back() = 1;
  thread.refs = event.body["refs"];
  thread.since_ms = event.facts["at"].as_int();
  return thread;
}

TEST_F(ServerTest, SeesWhatAnotherPeerHasAnswered) {
  start(*host_);
  const auto event = receive();
  testing::FakeHost other("mail");
  set(other, "smtp");
  start(other);
  const Value tail = thread_of(event).to_params();
  const auto answered = [&](testing::FakeHost& host) {
    const auto told = ask(host, "thread.tail", tail);
    EXPECT_TRUE(told) << told.error().message;
    return told && (*told)["answered"].as_bool();
  };
  EXPECT_FALSE(answered(*host_));

  // A greeting is no answer.
  Action greeting = reply_to(event, "We will be with you soon.", 20);
  greeting.facts["auto"] = "greeting";
  ASSERT_TRUE(ask(other, "action.perform", testing::action_params(greeting)));
  ASSERT_EQ(servers_->wait_for(buyer_, 1).size(), 1u);
  ASSERT_TRUE(
      host_->run_until([&] { return servers_->read(shop_, "Sent").size() == 1; }, kPatienceMs));
  EXPECT_FALSE(answered(*host_));

  const auto done =
      ask(other, "action.perform", testing::action_params(reply_to(event, "Soon.", 21)));
  ASSERT_TRUE(done);
  ASSERT_TRUE(
      host_->run_until([&] { return servers_->read(shop_, "Sent").size() == 2; }, kPatienceMs));
  EXPECT_TRUE(answered(*host_));
  EXPECT_TRUE(answered(other));
  // Each desk is told what the buyer has read, once, by the name that the reply has.
  EXPECT_TRUE(answered(*host_));
  ASSERT_EQ(host_->events().size(), 2u);
  const auto& told = host_->events()[1];
  EXPECT_EQ(told.type, "message.sent");
  EXPECT_EQ(told.body["text"].as_str(), "Soon.");
  EXPECT_EQ(told.body["refs"]["buyer"].as_str(), buyer_);
  EXPECT_EQ(told.body["refs"]["thread"].as_str(), event.body["refs"]["thread"].as_str());
  EXPECT_EQ(told.body["refs"]["message"].as_str(), (*done)["refs"]["message"].as_str());

  // What the buyer writes next is not answered yet.
  servers_->deliver(
      buyer_, shop_,
      mail_text(buyer_, "m2." + shop_,
                "In-Reply-To: <m1." + shop_ + ">\nReferences: <m1." + shop_ + ">\n", "Hello?"));
  ASSERT_TRUE(wait_events(3));
  Thread next = thread_of(host_->events()[2]);
  next.since_ms += 1'000;  // the server's clock has whole seconds
  const auto unanswered = ask(*host_, "thread.tail", next.to_params());
  ASSERT_TRUE(unanswered) << unanswered.error().message;
  EXPECT_FALSE((*unanswered)["answered"].as_bool(true));
}

TEST_F(ServerTest, SeesAnAnswerThatIsStillInTheInbox) {
  host_->set_setting("move_copies", false);
  start(*host_);
  const auto event = receive();
  ASSERT_TRUE(ask(*host_, "action.perform", testing::action_params(reply_to(event, "Soon.", 22))));
  ASSERT_EQ(servers_->wait_for(shop_, 2).size(), 2u);
  const auto told = ask(*host_, "thread.tail", thread_of(event).to_params());
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_TRUE((*told)["answered"].as_bool());
}

TEST_F(ServerTest, CannotTellWithoutCopiesOrMailbox) {
  host_->set_setting("copies", false);
  start(*host_);
  const auto event = receive();
  Thread thread = thread_of(event);
  thread.claimer = "peer a";
  EXPECT_EQ(ask(*host_, "thread.tail", thread.to_params()).error().code, Status::unavailable);
  host_->stop();
  host_->set_setting("imap_port", 1);  // nobody there
  ASSERT_TRUE(host_->start(testing::entry_of<ChatEmail>));
  EXPECT_EQ(ask(*host_, "thread.tail", thread.to_params()).error().code, Status::unavailable);
  EXPECT_EQ(ask(*host_, "thread.claim", thread.to_params()).error().code, Status::unavailable);
}

TEST_F(ServerTest, AMailThatIsNotThereCannotBeClaimed) {
  start(*host_);
  Thread thread;
  thread.chat.bytes.back() = 1;
  thread.claimer = "peer a";
  for (const char* message : {"nobody@buyers.test", "no id at all"}) {
    thread.refs = Value::map({{"message", message}, {"buyer", buyer_}});
    const auto told = ask(*host_, "thread.claim", thread.to_params());
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ((*told)["claim"].as_str(), "cannot tell");
  }
}

// Two peers, each with a connection of its own, after the same mails at the same moment: never
// both, never neither, and whoever has a mail keeps it.
TEST_F(ServerTest, OfTwoThatClaimAMailExactlyOneGetsIt) {
  constexpr std::size_t kRaces = 50;
  std::vector<Thread> threads(kRaces);
  for (std::size_t i = 0; i < kRaces; ++i) {
    const std::string id = std::to_string(i) + ".race." + shop_;
    servers_->deliver(buyer_, shop_, mail_text(buyer_, id, "", "Where is it?"));
    threads[i].chat.bytes.back() = 1;
    threads[i].refs = Value::map({{"message", id}, {"buyer", buyer_}});
  }
  ASSERT_EQ(servers_->wait_for(shop_, kRaces).size(), kRaces);
  constexpr std::array<const char*, 2> kPeers{"peer a", "peer b"};
  std::array<std::vector<std::string>, 2> told;
  std::array<std::vector<std::string>, 2> again;
  std::barrier line(2);
  const auto claim_all = [&](std::size_t me) {
    testing::FakeHost host("mail");
    set(host, "smtp");
    host.set_setting("idle", false);
    testing::Bench<ChatEmail> bench(host);
    const bool begun = bench.begin().has_value();
    const auto claim = [&](Thread thread, bool automatic) -> std::string {
      thread.claimer = kPeers.at(me);
      thread.automatic = automatic;
      const auto answer = begun ? bench.claim(thread).result() : Result<Value>(Error{});
      return answer ? std::string((*answer)["claim"].as_str()) : answer.error().message;
    };
    for (const Thread& thread : threads) {
      line.arrive_and_wait();
      told.at(me).push_back(claim(thread, false));
    }
    line.arrive_and_wait();
    for (const Thread& thread : threads) again.at(me).push_back(claim(thread, false));
    // Greetings are claimed apart: whoever greets need not be the one that answers.
    if (me == 0) again.at(me).push_back(claim(threads[0], true));
  };
  std::thread peer_b(claim_all, 1);
  claim_all(0);
  peer_b.join();
  std::size_t wins_of_a = 0;
  for (std::size_t i = 0; i < kRaces; ++i) {
    const bool a = told[0][i] == "mine";
    EXPECT_EQ(told[0][i], a ? "mine" : "taken") << i;
    EXPECT_EQ(told[1][i], a ? "taken" : "mine") << i;
    EXPECT_EQ(again[0][i], told[0][i]) << i;
    EXPECT_EQ(again[1][i], told[1][i]) << i;
    wins_of_a += a ? 1u : 0u;
  }
  EXPECT_EQ(again[0].back(), "mine");
  RecordProperty("wins_of_a", static_cast<int>(wins_of_a));
}

}  // namespace
}  // namespace deskmate::chat_email
