#include "core/daemon/intake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

const Pseudonyms pseudonyms(storage::Id32{7}, "+86");

Value message() {
  return Value::map(
      {{"type", "message.received"},
       {"facts", Value::map({{"shop", "mail"}, {"at", 5}})},
       {"refs", Value::map({{"thread", "t"}, {"buyer", "ann@b.org"}, {"message", "m1"}})},
       {"dedupe", "message"},
       {"contacts", Value::array({"email:Ann@b.org"})},
       {"body", Value::map({{"text", "Where is T_1001?"}})}});
}

Result<Prepared> take(const Value& event, std::string_view instance = "mail") {
  const std::string bytes = encode(event);
  Document document;
  if (auto parsed = document.parse(bytes); !parsed) return parsed.error();
  return prepare(document.root(), instance, pseudonyms);
}

Value facts_of(const Prepared& prepared) { return decode(prepared.event.facts).value(); }

TEST(Intake, PutsPseudonymsInPlaceOfIds) {
  const auto prepared = take(message());
  ASSERT_TRUE(prepared) << prepared.error().message;
  const Value facts = facts_of(*prepared);
  EXPECT_EQ(facts["thread"], Value::bin(pseudonyms.of_shop("thread", "mail", "t")));
  EXPECT_EQ(facts["contacts"],
            Value::array({Value::bin(pseudonyms.of_contact("email:ann@b.org"))}));
  EXPECT_EQ(facts["mentions"], Value::array({Value::bin(pseudonyms.of_desk("number", "t_1001"))}));
  EXPECT_EQ(prepared->event.buyer, pseudonyms.of_shop("buyer", "mail", "ann@b.org"));
  EXPECT_FALSE(prepared->event.request);
  const Value body = decode(prepared->event.body).value();
  EXPECT_EQ(body["refs"]["buyer"].as_str(), "ann@b.org");
  EXPECT_EQ(body["text"].as_str(), "Where is T_1001?");
}

TEST(Intake, OpenFactsHoldNoExternalId) {
  const auto prepared = take(message());
  ASSERT_TRUE(prepared);
  for (const char* secret : {"ann", "m1", "T_1001", "Where"}) {
    EXPECT_EQ(prepared->event.facts.find(secret), std::string::npos) << secret;
  }
}

TEST(Intake, RecognisesTheSameItem) {
  const auto first = take(message());
  const auto second = take(message());
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->seen_key.empty());
  EXPECT_EQ(first->seen_key, second->seen_key);
  Document document;
  ASSERT_TRUE(document.parse(first->event.facts));
  EXPECT_EQ(seen_key_of(first->event.type, document.root()), first->seen_key);
  Value other = message();
  other["refs"]["message"] = "m2";
  EXPECT_NE(take(other)->seen_key, first->seen_key);
}

TEST(Intake, FillsInAndChecksTheShop) {
  Value event = message();
  event["facts"].make_map().erase("shop");
  EXPECT_EQ(facts_of(*take(event))["shop"].as_str(), "mail");
  EXPECT_EQ(take(message(), "other").error().code, Status::denied);
  EXPECT_EQ(take(event, "").error().code, Status::invalid);  // refs without a shop
  EXPECT_TRUE(take(message(), ""));
}

TEST(Intake, NumbersMeanTheSameInEveryShop) {
  const auto order = [](const char* shop, const char* number) {
    return Value::map({{"type", "order.seen"},
                       {"facts", Value::map({{"shop", shop}})},
                       {"refs", Value::map({{"order", "1"}})},
                       {"desk_refs", Value::map({{"number", number}})}});
  };
  const Value a = facts_of(*take(order("a", "T_1001"), "a"));
  const Value b = facts_of(*take(order("b", " t_1001"), "b"));
  EXPECT_EQ(a["number"], b["number"]);
  EXPECT_NE(a["order"], b["order"]);
}

struct BadEvent {
  const char* what;
  void (*spoil)(Value& event);
  Status code;
  const char* where;
};

class IntakeRefuses : public ::testing::TestWithParam<BadEvent> {};

TEST_P(IntakeRefuses, WithThePlace) {
  Value event = message();
  GetParam().spoil(event);
  const auto prepared = take(event);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, GetParam().code);
  EXPECT_EQ(prepared.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Events, IntakeRefuses,
    ::testing::Values(
        BadEvent{"no type", [](Value& e) { e["type"] = ""; }, Status::invalid, "type"},
        BadEvent{"type", [](Value& e) { e["type"] = "Message Received"; }, Status::invalid, "type"},
        BadEvent{"long type", [](Value& e) { e["type"] = "a." + std::string(64, 'a'); },
                 Status::invalid, "type"},
        BadEvent{"schema", [](Value& e) { e["schema"] = 0; }, Status::invalid, "schema"},
        BadEvent{"facts", [](Value& e) { e["facts"] = 1; }, Status::invalid, "facts"},
        BadEvent{"body", [](Value& e) { e["body"] = "text"; }, Status::invalid, "body"},
        BadEvent{"shop", [](Value& e) { e["facts"]["shop"] = 3; }, Status::invalid, "facts.shop"},
        BadEvent{"ref name", [](Value& e) { e["refs"]["A b"] = "x"; }, Status::invalid, "refs.A b"},
        BadEvent{"ref", [](Value& e) { e["refs"]["thread"] = 3; }, Status::invalid, "refs.thread"},
        BadEvent{"empty ref", [](Value& e) { e["refs"]["thread"] = ""; }, Status::invalid,
                 "refs.thread"},
        BadEvent{"long ref", [](Value& e) { e["refs"]["thread"] = std::string(2000, 'x'); },
                 Status::limit, "refs.thread"},
        BadEvent{"many refs",
                 [](Value& e) {
                   for (std::size_t i = 0; i < refs_max; ++i) {
                     e["refs"]["ref_" + std::string(i + 1, 'a')] = "x";
                   }
                 },
                 Status::limit, "refs"},
        BadEvent{"long ref name",
                 [](Value& e) { e["refs"][std::string(ref_name_max + 1, 'a')] = "x"; },
                 Status::invalid, "refs.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        BadEvent{"many contacts",
                 [](Value& e) {
                   e["contacts"] = Array(contacts_max + 1, Value("email:ann@example.org"));
                 },
                 Status::limit, "contacts"},
        BadEvent{"long contact",
                 [](Value& e) {
                   e["contacts"] = Value::array({"email:" + std::string(ref_bytes_max, 'x')});
                 },
                 Status::limit, "contacts"},
        BadEvent{"twice", [](Value& e) { e["facts"]["thread"] = 1; }, Status::invalid,
                 "refs.thread"},
        BadEvent{"contacts", [](Value& e) { e["contacts"] = Value::array({"ann"}); },
                 Status::invalid, "contacts"},
        BadEvent{"dedupe", [](Value& e) { e["dedupe"] = "order"; }, Status::invalid, "dedupe"},
        BadEvent{"buyer", [](Value& e) { e["buyer"] = "payer"; }, Status::invalid, "buyer"},
        BadEvent{"large facts", [](Value& e) { e["facts"]["x"] = std::string(70'000, 'x'); },
                 Status::limit, "facts"},
        BadEvent{"large body", [](Value& e) { e["body"]["x"] = std::string(600'000, 'x'); },
                 Status::limit, "body"}),
    [](const ::testing::TestParamInfo<BadEvent>& bad) {
      std::string name = bad.param.what;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(Intake, KnowsRequests) {
  EXPECT_TRUE(is_request("reply.requested"));
  EXPECT_FALSE(is_request("reply.done"));
  EXPECT_FALSE(is_request(".requested"));
}

}  // namespace
}  // namespace deskmate::daemon
