// The calls of a connector's session, on the test's own thread.
#include "deskmate/session.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "deskmate/testing/bench.hpp"

namespace deskmate {
namespace {

using testing::Bench;
using testing::FakeHost;
using testing::HttpTape;

class Idle : public Connector {
  Result<void> poll(Session&) override { return {}; }
};

// Answers every call with the same value.
class OddPort : public detail::Port {
 public:
  OddPort(Host& host, Value answer) : host_(host), answer_(std::move(answer)) {}
  Result<Value> call(std::function<void(Host&, Reply)>, std::uint64_t) override { return answer_; }
  bool sleep_ms(std::uint64_t) override { return false; }
  bool stopping() const override { return false; }
  Host& host() override { return host_; }

 private:
  Host& host_;
  Value answer_;
};

// A host whose store refuses every get, with these bytes as the details.
class Refusing {
 public:
  explicit Refusing(std::string details) : details_(std::move(details)) {}
  const dm_host* raw() const { return &host_; }
  void refuse() {
    reply_(user_, DM_LIMIT,
           {reinterpret_cast<const std::uint8_t*>(details_.data()), details_.size()});
  }

 private:
  static dm_status get(const dm_host* host, dm_bytes, dm_reply_fn reply, void* user) {
    auto& self = *static_cast<Refusing*>(host->impl);
    self.reply_ = reply;
    self.user_ = user;
    return DM_OK;
  }
  static const void* extension(const dm_host*, const char* name) {
    static constexpr dm_ext_kv kv{get, nullptr};
    return std::string_view(name) == DM_EXT_KV ? &kv : nullptr;
  }

  std::string details_;
  dm_host host_{DM_ABI, 0, this, extension, nullptr};
  dm_reply_fn reply_ = nullptr;
  void* user_ = nullptr;
};

class SessionTest : public ::testing::Test {
 protected:
  FakeHost host_{"box"};
  Bench<Idle> bench_{host_};
  Session& desk_ = bench_.desk();
};

TEST_F(SessionTest, ReadsSettingsOfEveryKind) {
  host_.set_setting("url", "https://shop.example");
  host_.set_setting("pages", 50);
  host_.set_setting("strict", true);
  host_.set_setting("share", 0.25);
  host_.set_setting("shops", Value::array({"a", "b"}));
  EXPECT_EQ(desk_.setting<std::string>("url"), "https://shop.example");
  EXPECT_EQ(desk_.setting<int>("pages"), 50);
  EXPECT_EQ(desk_.setting<std::uint16_t>("pages"), 50);
  EXPECT_EQ(desk_.setting<std::int8_t>("pages", std::int8_t{1}), 50);
  EXPECT_TRUE(desk_.setting<bool>("strict"));
  EXPECT_DOUBLE_EQ(desk_.setting<double>("share"), 0.25);
  EXPECT_EQ(desk_.setting<std::vector<std::string>>("shops"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(desk_.setting<std::string>("missing", "else"), "else");
  EXPECT_EQ(desk_.setting<int>("url", 7), 7);
  EXPECT_EQ(desk_.instance(), "box");
}

TEST_F(SessionTest, AnswersOfTheWrongKindAreErrors) {
  const std::vector<Value> odd{Value(), 5, "text", Value::map({{"a", 1}}), Value::array({1})};
  for (const Value& answer : odd) {
    SCOPED_TRACE(encode(answer));
    OddPort port(bench_.connector().host(), answer);
    Session desk(port);
    NewEvent event("order.seen");
    event.facts = {{"shop", "box"}};
    EXPECT_EQ(desk.append(event).has_value(), answer.is_array());
    HttpRequest request;
    request.url = "https://shop.example";
    EXPECT_EQ(desk.http(request).has_value(), answer.is_map());
    EXPECT_EQ(desk.put_file("ann", "bytes").has_value(), answer.is_map());
    EXPECT_TRUE(desk.request("desk.status", Value::map()).has_value());
    EXPECT_TRUE(desk.kv_get("key").has_value());
  }
}

TEST_F(SessionTest, ARefusalWithOddDetailsIsARefusalAllTheSame) {
  for (const std::string& details : {encode(Value(5)), encode(Value("why")), std::string("\xc1"),
                                     encode(Value::map({{"message", 7}})), std::string()}) {
    Refusing refusing(details);
    Host host(refusing.raw());
    Status status = Status::ok;
    host.kv_get("key", [&](const Result<Value>& answer) { status = answer.error().code; });
    refusing.refuse();
    EXPECT_EQ(status, Status::limit);
  }
}

TEST_F(SessionTest, KeepsItsOwnStore) {
  EXPECT_FALSE((*desk_.kv_get("at")).has_value());
  ASSERT_TRUE(desk_.kv_put("at", std::string("7\0x", 3)));
  EXPECT_EQ(**desk_.kv_get("at"), std::string("7\0x", 3));
  ASSERT_TRUE(desk_.kv_erase("at"));
  EXPECT_FALSE((*desk_.kv_get("at")).has_value());
  EXPECT_EQ(desk_.kv_put(std::string(DM_KV_KEY_MAX + 1, 'k'), "v").error().code, Status::limit);
  host_.fail_next("kv.put", Error{Status::unavailable, "the disk is full", {}});
  EXPECT_EQ(desk_.kv_put("at", "8").error().message, "the disk is full");
}

TEST_F(SessionTest, AppendsInBatchesAndToldOfDuplicates) {
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < append_batch_events_max * 2 + 1; ++i) {
    NewEvent event("order.seen");
    event.facts = {{"shop", "box"}};
    event.refs = {{"order", "o" + std::to_string(i)}};
    event.dedupe = "order";
    events.push_back(std::move(event));
  }
  const auto first = desk_.append(events);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), events.size());
  EXPECT_EQ(first->back().arrival, events.size());
  EXPECT_FALSE(first->back().id.empty());
  const auto again = desk_.append(events.front());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(host_.events().size(), events.size());
}

TEST_F(SessionTest, AppendsLargeEventsBySize) {
  std::vector<NewEvent> events(3, NewEvent("chat.noted"));
  for (auto& event : events) event.body = {{"text", std::string(400'000, 'x')}};
  EXPECT_TRUE(desk_.append(events));  // together they would not fit into a frame
  EXPECT_EQ(host_.events().size(), 3u);
}

TEST_F(SessionTest, IsRefusedWhatTheManifestDoesNotName) {
  host_.allow_append({"order.*"});
  EXPECT_TRUE(desk_.append(NewEvent("order.seen")));
  EXPECT_EQ(desk_.append(NewEvent("member.set")).error().code, Status::denied);
  NewEvent event("order.seen");
  event.dedupe = "order";
  EXPECT_EQ(desk_.append(event).error().code, Status::invalid);
  NewEvent text("order.seen");
  text.body = {{"text", "\xd6\xd0"}};
  EXPECT_EQ(desk_.append(text).error().code, Status::invalid);
}

TEST_F(SessionTest, StoresFilesInPieces) {
  std::string bytes(DM_FILE_PIECE_MAX * 2 + 5, 'f');
  bytes.back() = '!';
  const auto stored = desk_.put_file("ann", bytes);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->size, bytes.size());
  EXPECT_EQ(stored->hash.size(), 32u);
  EXPECT_EQ(*desk_.get_file(stored->hash), bytes);
  EXPECT_EQ(desk_.get_file("nothing").error().code, Status::not_found);
  EXPECT_EQ(desk_.put_file("ann", std::string(DM_FILE_MAX + 1, 'x')).error().code, Status::limit);
  EXPECT_EQ(desk_.put_file("ann", "")->size, 0u);
}

TEST_F(SessionTest, SleepingMovesTheFakeClock) {
  const auto before_ms = desk_.now_ms();
  EXPECT_TRUE(desk_.sleep_ms(86'400'000));
  EXPECT_EQ(desk_.now_ms() - before_ms, 86'400'000);
  bench_.stop();
  EXPECT_FALSE(desk_.sleep_ms(1));
  EXPECT_EQ(desk_.secret("x").error().code, Status::cancelled);
}

constexpr const char* tape_text = R"(# Logging in, and a list of orders.
> POST https://shop.example/login
> content-type: application/json

{"user":"ann"}
< 200
< Content-Type: application/json

{"token":"t1",
 "days":7}
---
> GET https://shop.example/orders
< 503
---
> GET https://shop.example/orders
< 200

[]
---
)";

TEST_F(SessionTest, HttpIsReplayedInOrder) {
  ASSERT_TRUE(host_.http().parse(tape_text));
  HttpRequest login;
  login.method = "POST";
  login.url = "https://shop.example/login";
  login.body = R"({"user":"ann"})";
  const auto token = desk_.http(login);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->status, 200);
  EXPECT_EQ(token->headers["content-type"].as_str(), "application/json");
  EXPECT_EQ(token->body, "{\"token\":\"t1\",\n \"days\":7}");
  HttpRequest orders;
  orders.url = "https://shop.example/orders";
  EXPECT_EQ(desk_.http(orders)->status, 503);
  EXPECT_EQ(desk_.http(orders)->body, "[]");
  EXPECT_EQ(desk_.http(orders).error().code, Status::unavailable);
  EXPECT_EQ(host_.http().unused(), 0u);
  EXPECT_EQ(host_.http().requests().size(), 4u);
  orders.body = std::string(DM_HTTP_BODY_MAX + 1, 'x');
  EXPECT_EQ(desk_.http(orders).error().code, Status::limit);
}

TEST_F(SessionTest, ABodyTellsExchangesApart) {
  host_.http().add("POST", "https://a/", {200, {}, "one"}, "1");
  host_.http().add("POST", "https://a/", {200, {}, "two"}, "2");
  HttpRequest request;
  request.method = "POST";
  request.url = "https://a/";
  request.body = "2";
  EXPECT_EQ(desk_.http(request)->body, "two");
  EXPECT_EQ(desk_.http(request).error().code, Status::unavailable);
}

TEST(HttpTape, RecordsWithoutSecretsAndReplays) {
  HttpTape recorder;
  recorder.otherwise([](const HttpRequest& request) {
    return HttpResponse{201, Map{{"set-cookie", "s=1"}, {"etag", "x"}}, "to " + request.body};
  });
  HttpRequest request;
  request.method = "PUT";
  request.url = "https://shop.example/a";
  request.headers = {{"authorization", "Bearer s3cret"}, {"accept", "*/*"}};
  request.body = "line 1\nline 2";
  ASSERT_TRUE(recorder.answer(request));
  const std::string text = recorder.text();
  EXPECT_EQ(text.find("s3cret"), std::string::npos);
  EXPECT_EQ(text.find("cookie"), std::string::npos);
  HttpTape player;
  ASSERT_TRUE(player.parse(text)) << text;
  EXPECT_EQ(player.answer(request)->body, "to line 1\nline 2");
  EXPECT_EQ(player.text(), text);
  const std::string path = ::testing::TempDir() + "/tape_test.http";
  ASSERT_TRUE(recorder.save(path));
  HttpTape loaded;
  ASSERT_TRUE(loaded.load(path));
  EXPECT_EQ(loaded.unused(), 1u);
  EXPECT_FALSE(loaded.load(path + ".nowhere"));
}

TEST(HttpTape, SaysInWhichLineItIsWrong) {
  HttpTape tape;
  EXPECT_EQ(tape.parse("hello\n").error().where, "line 1");
  EXPECT_EQ(tape.parse("> GET\n").error().where, "line 1");
  EXPECT_EQ(tape.parse("> GET /\n\nbody\n").error().message, "expected \"< STATUS\"");
  EXPECT_EQ(tape.parse("> GET /\n< x\n---\n").error().message, "expected \"< STATUS\"");
  EXPECT_EQ(tape.parse("> GET /\n< 200\n").error().message, "expected \"---\"");
}

}  // namespace
}  // namespace deskmate
