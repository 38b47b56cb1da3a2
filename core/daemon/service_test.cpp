// The service over a fake store: what plugins may do, greetings, actions through a connector,
// attachments, configuration of members.
#include "core/daemon/service.hpp"

#include <deskmate/ext/file.h>
#include <deskmate/ext/kv.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/bus/memory_transport.hpp"
#include "core/bus/test_loop.hpp"
#include "core/daemon/access.hpp"
#include "core/daemon/fake_store.hpp"
#include "core/daemon/intake.hpp"
#include "core/daemon/long_work.hpp"
#include "core/daemon/notices.hpp"
#include "core/daemon/present.hpp"

namespace deskmate::daemon {
namespace {

using ::testing::Contains;

class InlinePool : public Pool {
 public:
  explicit InlinePool(bus::Loop& loop) : loop_(loop) {}
  void run(std::function<void()> work, std::function<void()> then) override {
    work();
    if (slow) return held.push_back(std::move(then));
    loop_.post(std::move(then));
  }
  bool slow = false;
  std::vector<std::function<void()>> held;  // what has been done while it was slow, not yet told

 private:
  bus::Loop& loop_;
};

class OneShop : public Plugins {
 public:
  bool performs(std::string_view instance, std::string_view kind) const override {
    return instance == "mail" && (kind == "reply" || kind == "notice");
  }
  std::vector<host::InstanceStatus> status() const override {
    host::InstanceStatus mail;
    mail.name = "mail";
    return {mail};
  }
  Result<void> command(std::string_view instance, std::string_view what) override {
    commands.push_back(std::string(instance) + " " + std::string(what));
    return {};
  }
  std::vector<std::string> commands;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    ServiceOptions options;
    options.name = "Test";
    options.policy.greetings["mail"] = "Hello {buyer}, I am {agent}.";
    options.wall_ms = [this] { return start_ms + loop.now_ms(); };
    options.random = [] { return 0u; };
    service = std::make_unique<Service>(loop, bus, store, pool, plugins, std::move(options),
                                        ServiceHooks());
    EXPECT_TRUE(service->open());
    loop.run();
  }
  ~ServiceTest() override {
    bus.end_all({Status::ok, "", {}});
    loop.run();
  }

  std::shared_ptr<bus::Session> connect(const std::string& name, bus::Rights rights) {
    auto pair = bus::make_memory_pair(loop);
    bus::AdmitHandlers desk_side;
    desk_side.on_hello = [name, rights](const bus::Hello&) -> Result<bus::Admission> {
      bus::Admission admission;
      admission.name = name;
      admission.rights = rights;
      return admission;
    };
    bus.admit(std::move(pair.desk), std::move(desk_side));
    bus::SessionHandlers guest_side;
    guest_side.on_request = [this](bus::Session&, const bus::Incoming& request,
                                   bus::Answer answer) {
      requests.emplace_back(request.method, decode(request.params).value());
      answers.push_back(std::move(answer));
    };
    bus::Hello hello;
    hello.role = "plugin";
    hello.name = name;
    auto session =
        bus::Session::connect(loop, std::move(pair.guest), std::move(hello), std::move(guest_side));
    loop.run();
    EXPECT_TRUE(session->open());
    return session;
  }
  std::shared_ptr<bus::Session> connector() {
    bus::Rights rights;
    rights.append = {"message.received", "order.seen"};
    rights.methods = {"log.append", "kv.*", "file.*"};
    rights.bodies = true;
    return connect("mail", rights);
  }
  std::shared_ptr<bus::Session> owner() { return connect("cli", bus::owner_rights()); }

  Result<Value> call(const std::shared_ptr<bus::Session>& session, std::string_view method,
                     const Value& params) {
    Result<Value> out = Error{Status::internal, "not answered", {}};
    const auto asked = session->request(method, params, 1'000, [&](Result<std::string> result) {
      out = result ? decode(*result) : Result<Value>(result.error());
    });
    EXPECT_TRUE(asked);
    loop.run();
    return out;
  }
  static Value events(Value event) {
    return Value::map({{"events", Value::array({std::move(event)})}});
  }
  Value message(const std::string& id) {
    return Value::map(
        {{"type", "message.received"},
         {"facts", Value::map({{"at", start_ms + loop.now_ms()}})},
         {"refs", Value::map({{"thread", "<t@x>"}, {"buyer", "eve@x"}, {"message", id}})},
         {"dedupe", "message"},
         {"body", Value::map({{"text", "hello"}, {"name", "Eve"}, {"subject", "Tea"}})}});
  }
  void add_member() {
    desk::MemberSpec member;
    member.number = 7;
    member.name = "Li";
    member.role = "presale";
    member.weight = 1;
    service->set_members({member});
    loop.run();
  }

  static constexpr std::uint64_t start_ms = 1'700'000'000'000;
  bus::TestLoop loop;
  FakeStore store;
  InlinePool pool{loop};
  OneShop plugins;
  bus::Bus bus{loop};
  std::unique_ptr<Service> service;
  std::vector<std::pair<std::string, Value>> requests;
  std::vector<bus::Answer> answers;
};

TEST_F(ServiceTest, AMessageIsGreetedWithAllThatTheConnectorNeeds) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].first, "action.perform");
  const Value& params = requests[0].second;
  EXPECT_EQ(params["kind"].as_str(), "reply");
  EXPECT_EQ(params["body"]["text"].as_str(), "Hello Eve, I am Li (7).");
  EXPECT_EQ(params["body"]["subject"].as_str(), "Tea");
  EXPECT_EQ(params["body"]["refs"]["thread"].as_str(), "<t@x>");
  EXPECT_EQ(params["body"]["refs"]["message"].as_str(), "m1");
  answers[0].ok(Value::map({{"outcome", "done"}, {"refs", Value::map({{"message", "m2"}})}}));
  loop.run();
  const auto chats = service->desk.chats_by_number(1);
  ASSERT_EQ(chats.size(), 1u);
  const auto chat = service->desk.chat(chats.front(), start_ms + loop.now_ms(), 10);
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->entries.back().outcome, desk::RequestState::done);
}

TEST_F(ServiceTest, APluginAppendsOnlyWhatItDeclaredAndOnlyForItself) {
  const auto mail = connector();
  Value reply = message("m1");
  reply["type"] = "reply.requested";
  EXPECT_EQ(call(mail, "log.append", events(reply)).error().code, Status::denied);
  Value other = message("m1");
  other["facts"]["shop"] = "vendure";
  EXPECT_EQ(call(mail, "log.append", events(other)).error().code, Status::denied);
  EXPECT_EQ(call(mail, "desk.status", Value::map()).error().code, Status::denied);
  EXPECT_EQ(store.last_arrival(), 0u);
}

TEST_F(ServiceTest, R19_APluginActsForItsMemberAndForNobodyElse) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  bus::Rights rights;
  rights.plugin = true;
  rights.member = 7;
  rights.methods = {"desk.chat", "desk.members", "desk.reply", "reader.*"};
  const auto phone = connect("phone", rights);
  EXPECT_EQ(call(phone, "desk.members", Value::map())->operator[]("self").as_uint(), 7u);
  const auto chat = call(phone, "desk.chat", Value::map({{"chat", 1}}));
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ((*chat)["entries"].as_array().front()["text"].as_str(), "hello");
  const Value reply = Value::map({{"chat", 1}, {"text", "It left."}, {"key", "notice-1"}});
  ASSERT_TRUE(call(phone, "desk.reply", reply));
  const auto again = call(phone, "desk.reply", reply);
  ASSERT_TRUE(again);
  std::size_t replies = 0;
  const auto now = call(phone, "desk.chat", Value::map({{"chat", 1}}));
  for (const Value& entry : (*now)["entries"].as_array()) {
    if (entry["kind"].as_str() != "reply" || entry["auto"].as_bool()) continue;
    EXPECT_EQ(entry["member"].as_uint(), 7u);
    ++replies;
  }
  EXPECT_EQ(replies, 1u);
  Value other = reply;
  other["member"] = 8;
  other["key"] = "notice-2";
  EXPECT_EQ(call(phone, "desk.reply", other).error().code, Status::denied);
  EXPECT_EQ(call(phone, "desk.close", Value::map({{"chat", 1}})).error().code, Status::denied);
  EXPECT_EQ(call(mail, "desk.chat", Value::map({{"chat", 1}})).error().code, Status::denied);
}

// What a notice says goes from plugin to plugin and is nowhere in the log; an answer to it is
// sealed under the key of the buyer that it is for.
TEST_F(ServiceTest, R19_NoticesGoThroughTheChannelAndAnswersFindTheirChat) {
  add_member();
  bus::Rights channel_rights;
  channel_rights.append = {"message.received", "notice.answered"};
  channel_rights.methods = {"log.append"};
  const auto mail = connect("mail", channel_rights);
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  bus::Rights rights;
  rights.append = {"notice.requested"};
  rights.methods = {"log.append", "notice.*"};
  const auto phone = connect("phone", rights);
  const auto chat = service->desk.chats_by_number(1).front();
  const auto appended =
      call(phone, "log.append",
           events(Value::map({{"type", "notice.requested"},
                              {"facts", Value::map({{"chats", Value::array({Value::bin(chat)})}})},
                              {"refs", Value::map({{"notice", "1"}})},
                              {"dedupe", "notice"}})));
  ASSERT_TRUE(appended) << appended.error().message;
  const Value request = (*appended)[0u]["id"];

  Value notice = Value::map({{"channel", "mail"},
                             {"request", request},
                             {"attempt", 1},
                             {"body", Value::map({{"to", "ann@phone.test"}, {"text", "hello"}})}});
  requests.clear();
  answers.clear();
  Result<Value> told = Error{Status::internal, "not answered", {}};
  ASSERT_TRUE(phone->request("notice.perform", notice, 1'000, [&](Result<std::string> result) {
    told = result ? decode(*result) : Result<Value>(result.error());
  }));
  loop.run();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].first, "action.perform");
  EXPECT_EQ(requests[0].second["kind"].as_str(), "notice");
  EXPECT_EQ(requests[0].second["request"], request);
  EXPECT_EQ(requests[0].second["body"]["to"].as_str(), "ann@phone.test");
  answers[0].ok(Value::map({{"outcome", "done"}}));
  loop.run();
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ((*told)["outcome"].as_str(), "done");

  // Only what the plugin asked for itself, only through what sends notices, and within limits.
  Value wrong = notice;
  wrong["request"] = Value::bin(std::string(16, 'x'));
  EXPECT_EQ(call(phone, "notice.perform", wrong).error().code, Status::not_found);
  EXPECT_EQ(call(mail, "notice.perform", notice).error().code, Status::denied);
  wrong = notice;
  wrong["channel"] = "box";
  EXPECT_EQ(call(phone, "notice.perform", wrong).error().where, "channel");
  wrong = notice;
  wrong["body"]["text"] = std::string(notice_text_bytes_max + 1, 'x');
  EXPECT_EQ(call(phone, "notice.perform", wrong).error().code, Status::limit);

  const auto answer = [&](const char* id, const Value& to, const char* text) {
    const auto done = call(
        mail, "log.append",
        events(Value::map({{"type", "notice.answered"},
                           {"facts", Value::map({{"request", to}, {"at", start_ms}})},
                           {"refs", Value::map({{"message", id}, {"sender", "ann@phone.test"}})},
                           {"dedupe", "message"},
                           {"body", Value::map({{"text", text}})}})));
    EXPECT_TRUE(done) << done.error().message;
    return store.given((*done)[0u]["arrival"].as_uint());
  };
  const auto good = answer("a1", request, "It left.");
  const auto facts = decode(good.facts);
  EXPECT_EQ((*facts)["chat"].as_bin(), Value::bin(chat).as_bin());
  ASSERT_TRUE(good.buyer);
  EXPECT_EQ(*good.buyer, *service->desk.chat_row(chat, start_ms)->buyer);
  // Of what cannot be told nothing is kept but that it came.
  const auto lost = answer("a2", Value::bin(std::string(16, 'x')), "It left.");
  EXPECT_TRUE((*decode(lost.facts))["chat"].is_nil());
  EXPECT_EQ(lost.body.find("It left."), std::string::npos);
}

TEST_F(ServiceTest, AllOrNothing) {
  const auto mail = connector();
  Value both = events(message("m1"));
  both["events"].push_back(Value::map({{"type", "message.received"}}));
  EXPECT_EQ(call(mail, "log.append", both).error().code, Status::invalid);
  EXPECT_EQ(store.last_arrival(), 0u);
  EXPECT_EQ(call(mail, "log.append", Value::map()).error().code, Status::invalid);
}

TEST_F(ServiceTest, ACursorMovesWithTheAppend) {
  const auto mail = connector();
  Value params = events(message("m1"));
  params["reader"] = "in";
  params["arrival"] = 4;
  ASSERT_TRUE(call(mail, "log.append", params));
  EXPECT_EQ(store.cursors.at(bus::cursor_name("mail", "in")), 4u);
}

TEST_F(ServiceTest, KeepsAPluginsOwnValues) {
  const auto mail = connector();
  const Value key = Value::bin("uid");
  EXPECT_TRUE(call(mail, "kv.get", Value::map({{"key", key}}))->is_nil());
  ASSERT_TRUE(call(mail, "kv.put", Value::map({{"key", key}, {"value", Value::bin("17")}})));
  EXPECT_EQ(call(mail, "kv.get", Value::map({{"key", key}}))->as_bin(), "17");
  EXPECT_EQ(call(mail, "kv.put", Value::map({{"key", key}, {"value", "text"}})).error().code,
            Status::invalid);
  EXPECT_EQ(call(mail, "kv.get", Value::map({{"key", Value::bin("")}})).error().code,
            Status::invalid);
  const Value long_key = Value::bin(std::string(DM_KV_KEY_MAX + 1, 'k'));
  EXPECT_EQ(call(mail, "kv.get", Value::map({{"key", long_key}})).error().code, Status::invalid);
  const auto put = [&](std::size_t key_bytes, std::size_t value_bytes) {
    return call(mail, "kv.put",
                Value::map({{"key", Value::bin(std::string(key_bytes, 'k'))},
                            {"value", Value::bin(std::string(value_bytes, 'v'))}}));
  };
  EXPECT_TRUE(put(DM_KV_KEY_MAX, DM_KV_VALUE_MAX));
  EXPECT_EQ(put(DM_KV_KEY_MAX + 1, 1).error().code, Status::invalid);
  EXPECT_EQ(put(1, DM_KV_VALUE_MAX + 1).error().code, Status::limit);
}

TEST_F(ServiceTest, AppendsSoManyEventsAtOnceAndNoMore) {
  const auto mail = connector();
  Array many;
  for (std::size_t i = 0; i <= events_per_append_max; ++i) {
    many.push_back(Value::map({{"type", "order.seen"}, {"facts", Value::map()}}));
  }
  const Array fewer(many.begin(), many.end() - 1);
  EXPECT_EQ(call(mail, "log.append", Value::map({{"events", many}})).error().code, Status::limit);
  EXPECT_EQ(store.last_arrival(), 0u);
  EXPECT_TRUE(call(mail, "log.append", Value::map({{"events", fewer}})));
}

TEST_F(ServiceTest, AnInstanceHasSoManyKeysAndNoMore) {
  const auto mail = connector();
  const auto put = [&](const std::string& key, std::string_view value) {
    const auto result =
        call(mail, "kv.put", Value::map({{"key", Value::bin(key)}, {"value", Value::bin(value)}}));
    return result ? Status::ok : result.error().code;
  };
  for (std::uint32_t i = 0; i + 2 < DM_KV_KEYS_MAX; ++i) {
    store.kv_put("mail", "key " + std::to_string(i), "x", [](const storage::Result<void>&) {});
  }
  EXPECT_EQ(put("key 7", "y"), Status::ok);
  EXPECT_EQ(put("last but one", "x"), Status::ok);
  EXPECT_EQ(put("last", "x"), Status::ok);
  const std::size_t before = store.kv_counts;
  EXPECT_EQ(before, 1u);
  EXPECT_EQ(put("one more", "x"), Status::limit);
  EXPECT_EQ(put("key 7", "z"), Status::ok) << "what is there may be changed";
  EXPECT_EQ(store.kv_counts, before + 1);
  EXPECT_EQ(put("one more", ""), Status::ok) << "erasing is always possible";
  EXPECT_EQ(put("key 7", ""), Status::ok);
  EXPECT_EQ(put("one more", "x"), Status::ok);
  EXPECT_EQ(put("key 7", "x"), Status::limit);
}

TEST_F(ServiceTest, KeysOnTheirWayToTheDiskCountToo) {
  const auto mail = connector();
  for (std::uint32_t i = 0; i + 2 < DM_KV_KEYS_MAX; ++i) {
    store.kv_put("mail", "key " + std::to_string(i), "x", [](const storage::Result<void>&) {});
  }
  store.commit_at_once = false;
  std::vector<std::string> told;
  const auto ask = [&](const std::string& key, std::string_view value) {
    const auto asked = mail->request(
        "kv.put", Value::map({{"key", Value::bin(key)}, {"value", Value::bin(value)}}), 1'000,
        [&told, key](const Result<std::string>& result) {
          told.push_back(key + (result ? " ok" : " refused"));
        });
    EXPECT_TRUE(asked);
    loop.run();
  };
  ask("a", "x");
  ask("a", "y");
  ask("b", "x");
  ask("c", "x");  // refused at once
  ask("b", "");
  ask("d", "x");
  ask("e", "x");  // refused at once
  EXPECT_THAT(told, ::testing::ElementsAre("c refused", "e refused"));
  store.commit();
  loop.run();
  EXPECT_THAT(told, ::testing::ElementsAre("c refused", "e refused", "a ok", "a ok", "b ok", "b ok",
                                           "d ok"));
  EXPECT_EQ(store.kv_count("mail").value(), std::size_t{DM_KV_KEYS_MAX});
}

TEST_F(ServiceTest, TakesAttachmentsInPieces) {
  const auto mail = connector();
  const auto made = call(mail, "file.create", Value::map({{"buyer", "eve@x"}}));
  ASSERT_TRUE(made);
  const Value& file = (*made)["file"];
  for (const char* piece : {"first ", "second"}) {
    ASSERT_TRUE(
        call(mail, "file.write", Value::map({{"file", file}, {"piece", Value::bin(piece)}})));
  }
  const auto finished = call(mail, "file.finish", Value::map({{"file", file}}));
  ASSERT_TRUE(finished);
  EXPECT_EQ((*finished)["size"].as_int(), 12);
  const auto read = call(mail, "file.read",
                         Value::map({{"hash", (*finished)["hash"]}, {"offset", 6}, {"size", 100}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->as_bin(), "second");
  EXPECT_EQ(call(mail, "file.finish", Value::map({{"file", file}})).error().code,
            Status::not_found);
}

TEST_F(ServiceTest, AMemberSendsFilesWithAReply) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  const auto ann = connect("console-7", rights_of(Access::agent, 7));
  const auto chat = (*call(ann, "desk.chats", Value::map()))["chats"].as_array().at(0)["id"];
  EXPECT_EQ(call(ann, "file.create", Value::map({{"buyer", "eve@x"}})).error().code,
            Status::invalid);
  EXPECT_EQ(call(ann, "file.create", Value::map({{"chat", std::string(32, '0')}})).error().code,
            Status::not_found);
  const auto made = call(ann, "file.create", Value::map({{"chat", chat}}));
  ASSERT_TRUE(made);
  const Value& file = (*made)["file"];
  ASSERT_TRUE(call(ann, "file.write", Value::map({{"file", file}, {"piece", Value::bin("%PDF")}})));
  const auto finished = call(ann, "file.finish", Value::map({{"file", file}}));
  ASSERT_TRUE(finished);
  storage::Hash32 hash{};
  const auto bytes = (*finished)["hash"].as_bin();
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  const auto reply = [&](const std::string& of, const std::string& name) {
    const Value one = Value::map({{"hash", of}, {"name", name}, {"type", "application/pdf"}});
    return call(ann, "desk.reply", Value::map({{"chat", chat}, {"files", Value::array({one})}}));
  };
  EXPECT_EQ(reply(std::string(64, '0'), "a.pdf").error().code, Status::not_found);
  EXPECT_EQ(reply("x", "a.pdf").error().code, Status::not_found);
  EXPECT_FALSE(reply(storage::hex(hash), ""));
  // Another buyer's, whose hash somebody has seen.
  const auto others = store.put_file(storage::Id16{9}, "their invoice");
  EXPECT_EQ(reply(storage::hex(others.value()), "b.pdf").error().code, Status::not_found);
  ASSERT_TRUE(reply(storage::hex(hash), "a.pdf"));
  const auto shown = call(ann, "desk.chat", Value::map({{"chat", chat}}));
  const Value& last = (*shown)["entries"].as_array().back();
  EXPECT_EQ(last["attachments"].as_array().at(0)["name"].as_str(), "a.pdf");
  EXPECT_EQ(last["attachments"].as_array().at(0)["hash"].as_str(), storage::hex(hash));
  const auto viewer = connect("console-7", rights_of(Access::viewer, 7));
  EXPECT_EQ(call(viewer, "file.create", Value::map({{"chat", chat}})).error().code, Status::denied);
}

TEST_F(ServiceTest, R90_evidence_is_this_buyers_and_stands_with_the_case) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  const auto ann = connect("console-7", rights_of(Access::agent, 7));
  const auto viewer = connect("console-7", rights_of(Access::viewer, 7));
  const auto chat = (*call(ann, "desk.chats", Value::map()))["chats"].as_array().at(0);
  const auto opened =
      call(ann, "desk.case_open", Value::map({{"chat", chat["id"]}, {"kind", "damaged"}}));
  ASSERT_TRUE(opened);
  const auto theirs = store.put_file(*id_from_hex(chat["buyer"].as_str()), "a photo");
  const auto others = store.put_file(storage::Id16{9}, "another's photo");
  const auto said = [&](const storage::Hash32& hash) {
    const Value photo =
        Value::map({{"hash", storage::hex(hash)}, {"name", "mug.jpg"}, {"type", "image/jpeg"}});
    return call(ann, "desk.case_say",
                Value::map({{"case", 1},
                            {"party", "buyer"},
                            {"evidence", "item"},
                            {"files", Value::array({photo})}}));
  };
  EXPECT_EQ(said(others.value()).error().code, Status::not_found);
  ASSERT_TRUE(said(theirs.value()));
  const auto shown = call(viewer, "desk.case", Value::map({{"case", (*opened)["event"]}}));
  ASSERT_TRUE(shown);
  EXPECT_EQ((*shown)["evidence"][0].as_str(), "item");
  const Value& photo = (*shown)["lines"].as_array().back()["attachments"][0];
  EXPECT_EQ(photo["hash"].as_str(), storage::hex(theirs.value()));
  const auto page = call(viewer, "desk.case_file", Value::map({{"case", 1}}));
  ASSERT_TRUE(page);
  EXPECT_EQ((*page)["files"].size(), 1u);
  const std::string path((*page)["files"][0]["path"].as_str());
  EXPECT_TRUE(path.starts_with("files/") && path.ends_with("-mug.jpg")) << path;
  EXPECT_NE((*page)["html"].as_str().find("<img src=\"" + path), std::string::npos);
  const Value change = Value::map({{"case", 1}, {"severity", "high"}});
  EXPECT_EQ(call(viewer, "desk.case_change", change).error().code, Status::denied);
  EXPECT_TRUE(call(ann, "desk.case_change", change));
}

TEST_F(ServiceTest, R22_R26_whoever_only_looks_promises_nothing_and_only_supervisors_listen) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  const auto viewer = connect("console-7", rights_of(Access::viewer, 7));
  const auto agent = connect("console-7", rights_of(Access::agent, 7));
  const auto supervisor = connect("console-7", rights_of(Access::owner, 7));
  const Value promise = Value::map({{"chat", 1}, {"in_minutes", 20}, {"text", "I will ask."}});
  EXPECT_EQ(call(viewer, "desk.promise", promise).error().code, Status::denied);
  ASSERT_TRUE(call(agent, "desk.promise", promise));
  const auto seen = call(viewer, "desk.promises", Value::map());
  ASSERT_TRUE(seen);
  EXPECT_EQ((*seen)["promises"][0]["text"].as_str(), "I will ask.");
  EXPECT_EQ((*seen)["promises"][0]["due_ms"].as_uint(), start_ms + loop.now_ms() + 20 * 60'000);
  const auto wrong = call(agent, "desk.promises", Value::map({{"after", Value::bin("x")}}));
  EXPECT_EQ(wrong.error().where, "after");

  const Value listen = Value::map({{"chat", 1}});
  EXPECT_EQ(call(viewer, "desk.listen", listen).error().code, Status::denied);
  const auto refused = call(agent, "desk.listen", listen);
  EXPECT_EQ(refused.error().code, Status::denied) << "a pre-sale agent";
  EXPECT_EQ(refused.error().where, "member");
  EXPECT_TRUE(call(supervisor, "desk.listen", listen)) << "an owner";
}

TEST_F(ServiceTest, ANumberOfSeveralChatsIsRefusedAndTheOthersAreNamed) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  Value other = message("m2");
  other["refs"]["buyer"] = "bob@x";
  other["refs"]["thread"] = "<u@x>";
  ASSERT_TRUE(call(mail, "log.append", events(other)));
  const auto first = service->desk.chats_by_number(1);
  const auto second = service->desk.chats_by_number(2);
  ASSERT_EQ(second.size(), 1u);
  // As a peer gave it that could not see this one.
  desk::Proposal queued;
  queued.type = "chat.queued";
  queued.facts = Value::map({{"chat", Value::bin(first.front())}, {"number", 2}});
  service->append(queued, [](const Result<std::vector<Outcome>>&) {});
  desk::Proposal again = queued;
  again.facts = Value::map({{"chat", Value::bin(second.front())}, {"number", 1}});
  service->append(again, [](const Result<std::vector<Outcome>>&) {});
  loop.run();
  const auto refused =
      call(owner(), "desk.reply", Value::map({{"chat", 2}, {"member", 7}, {"text", "Hi"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Status::invalid);
  std::vector<std::uint64_t> shown;
  for (const auto& id : {first.front(), second.front()}) {
    shown.push_back(service->desk.chat_row(id, start_ms + loop.now_ms())->number);
    EXPECT_NE(refused.error().message.find(std::to_string(shown.back())), std::string::npos)
        << refused.error().message;
  }
  EXPECT_NE(shown[0], shown[1]);
  EXPECT_TRUE(
      call(owner(), "desk.reply", Value::map({{"chat", shown[1]}, {"member", 7}, {"text", "Hi"}})));
}

TEST_F(ServiceTest, ASpanWithoutABeginningIsAWeek) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  constexpr std::uint64_t day_ms = 86'400'000;
  const auto days_to = [&](std::uint64_t to_ms) {
    const auto split = call(owner(), "desk.split", Value::map({{"to_ms", to_ms}}));
    EXPECT_TRUE(split);
    return (*split)["days"].size();
  };
  EXPECT_EQ(days_to(start_ms + loop.now_ms() + day_ms), 1u);
  EXPECT_EQ(days_to(start_ms + loop.now_ms() + 8 * day_ms), 0u);
}

TEST_F(ServiceTest, AttachmentsAreLimited) {
  const auto mail = connector();
  const Value buyer = Value::map({{"buyer", "eve@x"}});
  for (std::uint32_t i = 0; i < DM_FILE_OPEN_MAX; ++i) {
    ASSERT_TRUE(call(mail, "file.create", buyer));
  }
  EXPECT_EQ(call(mail, "file.create", buyer).error().code, Status::limit);
  mail->end({Status::ok, "", {}});
  loop.run();
  EXPECT_TRUE(call(connector(), "file.create", buyer));  // those of the ended session are gone
}

TEST_F(ServiceTest, AnAttachmentAndItsPiecesAreLimited) {
  const auto mail = connector();
  const auto create = [&] {
    return (*call(mail, "file.create", Value::map({{"buyer", "eve@x"}})))["file"];
  };
  const auto write = [&](const Value& file, std::size_t bytes) {
    const Value piece = Value::bin(std::string(bytes, 'x'));
    const auto done = call(mail, "file.write", Value::map({{"file", file}, {"piece", piece}}));
    return done ? Status::ok : done.error().code;
  };
  EXPECT_EQ(write(create(), DM_FILE_PIECE_MAX + 1), Status::limit);
  const Value file = create();
  for (std::uint32_t at = 0; at < DM_FILE_MAX; at += DM_FILE_PIECE_MAX) {
    ASSERT_EQ(write(file, DM_FILE_PIECE_MAX), Status::ok);
  }
  EXPECT_EQ(write(file, 1), Status::limit);
  EXPECT_EQ(write(file, 1), Status::not_found) << "what grew too large is dropped";
}

TEST_F(ServiceTest, MembersFollowTheConfiguration) {
  add_member();
  const auto before = store.last_arrival();
  add_member();  // the same: nothing new
  EXPECT_EQ(store.last_arrival(), before);
  desk::MemberSpec other;
  other.number = 8;
  other.name = "Wu";
  other.role = "presale";
  other.weight = 1;
  service->set_members({other});
  loop.run();
  const auto members = service->desk.members(start_ms);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].number, 8u);
  service->set_members({});  // none in the configuration: set by hand
  loop.run();
  EXPECT_EQ(service->desk.members(start_ms).size(), 1u);
}

TEST_F(ServiceTest, WhatFailedForNowIsTriedAgainLaterNotAtOnce) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  ASSERT_EQ(requests.size(), 1u);
  answers[0].ok(Value::map({{"outcome", "failed"}, {"code", "offline"}, {"again", true}}));
  loop.run();
  loop.advance(retry_first_ms - 1);
  EXPECT_EQ(requests.size(), 1u);
  loop.advance(1 + retry_first_ms * retry_jitter_percent / 100);
  ASSERT_EQ(requests.size(), 2u);
  answers[1].ok(Value::map(
      {{"outcome", "failed"}, {"code", "offline"}, {"again", true}, {"after_ms", 60'000}}));
  loop.run();
  loop.advance(59'999);
  EXPECT_EQ(requests.size(), 2u);
  loop.advance(1);
  EXPECT_EQ(requests.size(), 3u);
}

TEST_F(ServiceTest, AnUnknownOutcomeIsResolvedByAPerson) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  answers[0].ok(Value::map({{"outcome", "unknown"}, {"message", "the line broke"}}));
  loop.advance(retry_first_ms);
  ASSERT_EQ(requests.back().first, "action.look_up");
  answers.back().fail({Status::not_found, "no such method", {}});
  loop.run();
  const auto cli = owner();
  const auto open = call(cli, "desk.requests", Value::map());
  ASSERT_TRUE(open);
  ASSERT_EQ((*open)["unknown"].size(), 1u);
  const Value id = (*open)["unknown"][std::size_t{0}]["request"];
  EXPECT_EQ(
      call(cli, "desk.resolve", Value::map({{"request", id}, {"as", "nonsense"}})).error().code,
      Status::invalid);
  const Value beginning = id.as_str().substr(0, 6);  // enough where no other begins so
  ASSERT_TRUE(call(cli, "desk.resolve", Value::map({{"request", beginning}, {"as", "again"}})));
  EXPECT_EQ(requests.back().first, "action.perform");
  answers.back().ok(Value::map({{"outcome", "done"}}));
  loop.run();
  EXPECT_EQ((*call(cli, "desk.request", Value::map({{"request", id}})))["state"].as_str(), "done");
}

TEST_F(ServiceTest, VerifiesWhileItWorks) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  const auto report = call(owner(), "desk.verify", Value::map());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE((*report)["ok"].as_bool());
  EXPECT_GT((*report)["table_entries"].as_int(), 5);
  for (const char* what : {"missing_keys", "unknown", "forks"}) {
    EXPECT_FALSE((*report)[what].is_nil()) << what;
  }
}

TEST_F(ServiceTest, WhatTakesLongerThanARequestIsAskedAboutAgain) {
  const auto cli = owner();
  const auto file = Value::map({{"file", "/backup"}, {"within_ms", 60'000}});
  pool.slow = true;
  std::vector<Result<Value>> told;
  const auto ask = [&](const char* method, const Value& params) {
    ASSERT_TRUE(cli->request(method, params, 1'000, [&](Result<std::string> result) {
      told.push_back(result ? decode(*result) : Result<Value>(result.error()));
    }));
    loop.run();
  };
  for (const char* method : {"desk.verify", "desk.backup"}) {
    told.clear();
    ask(method, file);
    EXPECT_TRUE(told.empty());
    loop.advance(500);  // half of what the caller waits
    ASSERT_EQ(told.size(), 1u);
    ASSERT_TRUE(told[0]) << told[0].error().message;
    EXPECT_TRUE((*told[0])["running"].as_bool());
    EXPECT_EQ((*told[0])["for_ms"].as_uint(), 500u);
    const auto run = Value::map({{"run", (*told[0])["run"]}});
    ask(method, run);
    ask(method, run);   // two may wait for one
    loop.advance(900);  // and who did not ask for less waits as long as it takes
    EXPECT_EQ(told.size(), 1u);
    ASSERT_EQ(pool.held.size(), 1u);
    pool.held.front()();
    pool.held.clear();
    loop.run();
    ask(method, run);  // or come late
    ASSERT_EQ(told.size(), 4u);
    for (std::size_t i = 1; i < told.size(); ++i) {
      ASSERT_TRUE(told[i]) << told[i].error().message;
      EXPECT_FALSE((*told[i])["running"].as_bool());
    }
    loop.advance(60'000);
    EXPECT_EQ(told.size(), 4u);
    EXPECT_EQ(call(cli, method, Value::map({{"run", 99}})).error().code, Status::not_found);
  }
  // Results are not kept for ever.
  pool.slow = false;
  for (std::size_t i = 0; i < runs_kept_max + 1; ++i) ASSERT_TRUE(call(cli, "desk.backup", file));
  EXPECT_EQ(call(cli, "desk.backup", Value::map({{"run", 1}})).error().code, Status::not_found);
}

TEST_F(ServiceTest, PluginsAreCommanded) {
  ASSERT_TRUE(call(owner(), "desk.plugin", Value::map({{"name", "mail"}, {"do", "restart"}})));
  EXPECT_THAT(plugins.commands, Contains("mail restart"));
}

TEST_F(ServiceTest, TellsWhatIsWrongWithAQuestion) {
  const auto cli = owner();
  EXPECT_EQ(call(cli, "desk.chats", Value::map({{"view", "x"}})).error().code, Status::invalid);
  EXPECT_EQ(call(cli, "desk.orders", Value::map({{"after", "x"}})).error().where, "after");
  EXPECT_EQ(call(cli, "desk.chats", Value::map({{"after", Value::bin(std::string_view("x"))}}))
                .error()
                .code,
            Status::invalid);
  EXPECT_EQ(call(cli, "desk.chat", Value::map({{"chat", 5}})).error().code, Status::not_found);
  EXPECT_EQ(call(cli, "desk.presence", Value::map({{"member", 1}, {"state", "x"}})).error().code,
            Status::invalid);
  EXPECT_EQ(call(cli, "desk.backup", Value::map({{"file", "relative"}})).error().code,
            Status::invalid);
  EXPECT_EQ(call(cli, "desk.erase", Value::map({{"buyer", "x"}})).error().code, Status::invalid);
  EXPECT_EQ(call(cli, "desk.block", Value::map({{"buyer", "x"}, {"member", 1}})).error().code,
            Status::invalid);
}

}  // namespace
}  // namespace deskmate::daemon
