// What plugins may do, greetings, actions through a connector, attachments, configuration of
// members.
#include <deskmate/ext/file.h>
#include <deskmate/ext/kv.h>

#include "core/daemon/notices.hpp"
#include "core/daemon/test_service.hpp"

namespace deskmate::daemon {
namespace {

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

TEST_F(ServiceTest, R111_NothingIsPromisedToAnAccountThatIsClosed) {
  add_member();
  const auto mail = connector();
  ASSERT_TRUE(call(mail, "log.append", events(message("m1"))));
  desk::Proposal reply = desk::proposal("reply.requested", {{"shop", "mail"}});
  reply.request = true;
  EXPECT_TRUE(service->prepare_proposal(reply));
  reply.facts["shop"] = "closed";
  const auto refused = service->prepare_proposal(reply);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Status::unavailable);
  EXPECT_NE(refused.error().message.find("connects this desk with \"closed\""), std::string::npos)
      << refused.error().message;
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

}  // namespace
}  // namespace deskmate::daemon
