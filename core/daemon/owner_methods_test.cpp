// Owners' methods: what members send, ask and say; notices to their telephones; what takes long.
#include "core/daemon/access.hpp"
#include "core/daemon/long_work.hpp"
#include "core/daemon/notices.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/test_service.hpp"

namespace deskmate::daemon {
namespace {

using ::testing::Contains;

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
