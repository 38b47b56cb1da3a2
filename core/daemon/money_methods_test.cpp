// What owners' methods give away, in turn and by whom.
#include "core/daemon/access.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/test_service.hpp"

namespace deskmate::daemon {
namespace {

class MoneyMethods : public ServiceTest {
 protected:
  MoneyMethods() {
    desk::Policy policy = service->options.policy;
    policy.self = store.log();
    service->set_policy(policy, service->options.outbox);
    desk::MemberSpec ann;
    ann.number = 7;
    ann.name = "Ann";
    ann.role = "aftersale";
    ann.weight = 1;
    desk::MemberSpec li = ann;
    li.number = 8;
    li.name = "Li";
    li.role = "supervisor";
    service->set_members({ann, li});
    loop.run();
    shop = connector();
    EXPECT_TRUE(call(shop, "log.append", events(message("m1"))));
    EXPECT_TRUE(call(shop, "log.append", events(order("shipped"))));
    limit("settlements_month", 1);
  }
  void limit(const char* name, std::int64_t value) {
    const auto set =
        call(owner(), "desk.authority_set", Value::map({{"name", name}, {"value", value}}));
    EXPECT_TRUE(set) << set.error().message;
  }
  static Value refund(std::int64_t amount) {
    return Value::map({{"kind", "refund"}, {"order", "T_1"}, {"amount", amount}, {"member", 7}});
  }
  std::shared_ptr<bus::Session> shop;
};

TEST_F(MoneyMethods, R123_what_is_asked_for_at_once_is_checked_one_after_the_other) {
  const auto session = owner();
  std::vector<Value> said;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(session->request("desk.action", refund(100), 1'000, [&](Result<std::string> made) {
      ASSERT_TRUE(made) << made.error().message;
      said.push_back(decode(*made).value());
    }));
  }
  loop.run();
  ASSERT_EQ(said.size(), 3u);
  EXPECT_TRUE(said[0]["offer"].is_nil());
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_EQ(said[i]["offer"], said[i]["event"]);
    EXPECT_EQ(said[i]["needs"][0].as_str(), "settlements_month");
  }
  EXPECT_EQ(service->desk.pending_requests("refund", "", 10).size(), 1u);
}

TEST_F(MoneyMethods, R123_who_may_ask_and_who_may_approve) {
  ASSERT_TRUE(call(owner(), "desk.action", refund(100)));
  const auto held = call(owner(), "desk.action", refund(200));
  ASSERT_TRUE(held) << held.error().message;
  const Value id = (*held)["offer"];
  const Value word = Value::map({{"offer", id}, {"reason", "A regular."}});

  const auto viewer = connect("console-8", rights_of(Access::viewer, 8));
  const auto seen = call(viewer, "desk.approvals", Value::map());
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ((*seen)["offers"].size(), 1u);
  EXPECT_EQ((*seen)["offers"][0u]["order"].as_str(), "T_1");
  EXPECT_EQ((*seen)["offers"][0u]["approvers"][0u].as_uint(), 8u);
  EXPECT_TRUE(call(viewer, "desk.authority", Value::map()));
  EXPECT_EQ(call(viewer, "desk.approve", word).error().code, Status::denied);

  // An agent acts as themselves, whomever they name.
  const auto ann = connect("console-7", rights_of(Access::agent, 7));
  Value as_li = word;
  as_li["member"] = 8;
  EXPECT_FALSE(call(ann, "desk.approve", as_li));
  EXPECT_EQ(
      call(ann, "desk.authority_set", Value::map({{"name", "settlements_month"}, {"value", 99}}))
          .error()
          .code,
      Status::denied);
  const auto li = connect("console-8", rights_of(Access::agent, 8));
  const auto no_reason = call(li, "desk.approve", Value::map({{"offer", id}}));
  EXPECT_EQ(no_reason.error().where, "reason");
  ASSERT_TRUE(call(li, "desk.approve", word));
  loop.run();
  EXPECT_EQ(service->desk.pending_requests("refund", "", 10).size(), 2u);
  const auto shown = call(viewer, "desk.offer", Value::map({{"offer", id}}));
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ((*shown)["state"].as_str(), "under_way");
  EXPECT_EQ((*shown)["answered_by"].as_uint(), 8u);
  EXPECT_EQ((*shown)["answered_text"].as_str(), "A regular.");
}

TEST_F(MoneyMethods, R80_R82_an_offer_from_the_proposal_to_its_requests) {
  limit("settlements_month", 20);
  const auto chat = hex(service->desk.chats_by_number(1).front());
  const auto ann = connect("console-7", rights_of(Access::agent, 7));
  const auto standard = call(ann, "desk.offer_standard", Value::map({{"order", "T_1"}}));
  ASSERT_TRUE(standard) << standard.error().message;
  EXPECT_EQ((*standard)["left"].as_int(), 10'000);
  ASSERT_EQ((*standard)["offers"].size(), 2u);
  Value wanted = Value::map({{"order", "T_1"},
                             {"chat", chat},
                             {"standard", (*standard)["offers"][0u]["standard"]},
                             {"liable", "courier"},
                             {"cause", "courier"}});
  EXPECT_EQ(call(ann, "desk.offer_propose", wanted).error().where, "reason");
  wanted["reason"] = "The parcel is lost.";
  const auto made = call(ann, "desk.offer_propose", wanted);
  ASSERT_TRUE(made) << made.error().message;
  const Value id = (*made)["offer"];
  const Value offer = Value::map({{"offer", id}});
  EXPECT_FALSE(call(ann, "desk.offer_confirm", offer));
  Value said = offer;
  said["text"] = "All back, and a coupon?";
  ASSERT_TRUE(call(ann, "desk.offer_read_back", said));
  EXPECT_EQ(call(ann, "desk.offer_confirm", offer).error().where, "text");
  loop.advance(1'000);
  ASSERT_TRUE(call(shop, "log.append", events(message("m2"))));
  ASSERT_TRUE(call(ann, "desk.offer_confirm", offer));
  loop.run();
  const auto shown = call(ann, "desk.offer", offer);
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ((*shown)["state"].as_str(), "under_way");
  EXPECT_EQ((*shown)["chat"].as_uint(), 1u);
  EXPECT_EQ((*shown)["text"].as_str(), "The parcel is lost.");
  ASSERT_EQ((*shown)["steps"].size(), 2u);
  EXPECT_EQ((*shown)["steps"][0u]["request"]["state"].as_str(), "pending");
  const auto pending = service->desk.pending_requests("refund", "", 10);
  ASSERT_EQ(pending.size(), 1u);
  const auto whole = service->bodies.whole(pending[0].ref);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body["refs"]["order"].as_str(), "o1") << "whoever acts needs it";
  EXPECT_EQ(whole->body["text"].as_str(), "The parcel is lost.");
}

}  // namespace
}  // namespace deskmate::daemon
