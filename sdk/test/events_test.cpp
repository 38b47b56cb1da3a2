#include "deskmate/events.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "deskmate/money_events.hpp"

namespace deskmate::events {
namespace {

Id id(std::uint8_t last) {
  Id made;
  made.bytes.back() = last;
  return made;
}

// Items of a list have their places: an empty one was written as nothing, which is no id.
TEST(Events, EmptyItemsOfAListAreItems) {
  events::MessageReceived event;
  event.contacts = {Id{}, Id::from(std::string(16, 'c'))};
  const NewEvent made = events::to_event(event);
  const auto again = events::read<events::MessageReceived>(Value(made.facts), Value(made.body));
  ASSERT_TRUE(again) << again.error().where;
  EXPECT_EQ(again->contacts, event.contacts);
  EXPECT_FALSE(made.facts.contains("buyer"));
}

TEST(Events, KeepFieldsThatAreNotKnownYet) {
  const Value facts = Value::map(
      {{"shop", "box"},
       {"order", id(1).to_value()},
       {"total", 2598},
       {"gift", true},
       {"lines",
        Value::array({Value::map({{"sku", "A"}, {"quantity", 2}, {"engraving", "Li"}})})}});
  const Value body = Value::map({{"number", "T_1001"}, {"wish", Value::map({{"hour", 18}})}});
  const auto order = read<OrderSeen>(facts, body);
  ASSERT_TRUE(order) << order.error().where;
  EXPECT_EQ(order->total, 2598);
  EXPECT_EQ(order->lines.at(0).sku, "A");
  EXPECT_EQ(order->number, "T_1001");
  const NewEvent again = to_event(*order);
  EXPECT_EQ(again.type, "order.seen");
  EXPECT_TRUE(again.facts["gift"].as_bool());
  EXPECT_EQ(again.facts["lines"][0]["engraving"].as_str(), "Li");
  EXPECT_EQ(again.body["wish"]["hour"].as_int(), 18);
  EXPECT_EQ(again.facts["order"].as_bin(), id(1).view());
}

TEST(Events, NameTheFieldOfAWrongKind) {
  const auto wrong = read<MessageReceived>(Value::map({{"shop", "mail"}, {"at", "yesterday"}}));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().where, "facts.at");
  EXPECT_FALSE(read<MessageReceived>(Value::map({{"thread", Value::bin("short")}})));
  EXPECT_FALSE(read<ChatAssigned>(Value::map({{"member", -1}})));
  const auto part =
      read<OrderSeen>(Value::map({{"lines", Value::array({Value::map({{"quantity", "two"}})})}}));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().where, "facts.lines");
}

TEST(Events, NumbersKeepTheirRange) {
  ChatQueued queued;
  queued.number = std::numeric_limits<std::uint64_t>::max();
  const auto back = read<ChatQueued>(Value(facts_of(queued)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number, queued.number);
  EXPECT_FALSE(read<ChatQueued>(Value::map({{"number", -1}})));
  EXPECT_FALSE(read<MemberSet>(Value::map({{"member", std::int64_t{1} << 32}})));
}

TEST(Events, TypesAreChecked) {
  EXPECT_TRUE(read<ChatClosed>(Value::map(), {}, "chat.closed"));
  EXPECT_FALSE(read<ChatClosed>(Value::map(), {}, "chat.noted"));
  const auto refund = read<ActionRequested>(Value::map({{"amount", 500}}), {}, "refund.requested");
  ASSERT_TRUE(refund);
  EXPECT_EQ(refund->kind, "refund");
  EXPECT_EQ(to_event(*refund).type, "refund.requested");
  EXPECT_FALSE(read<ActionRequested>(Value::map(), {}, "refund.done"));
  const auto done = read<ActionState>(Value::map({{"attempt", 2}}), {}, "order_note.done");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->kind, "order_note");
  EXPECT_EQ(done->state, "done");
  EXPECT_FALSE(read<ActionState>(Value::map(), {}, "refund.requested"));
}

TEST(Events, R22_R41_R47_promises_questions_cases_and_calls_are_read_as_written) {
  PromiseMade promise;
  promise.chat = id(1);
  promise.member = 2;
  promise.due = 1'800'000'000'000;
  promise.kind = "gift";
  promise.text = "A card.";
  const auto made = read<PromiseMade>(Value(facts_of(promise)), Value(body_of(promise)));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->due, promise.due);
  EXPECT_EQ(made->text, "A card.");
  EXPECT_EQ(to_event(PromiseDropped()).type, "promise.dropped");
  EXPECT_EQ(to_event(PromiseKept()).type, "promise.kept");

  const auto asked = read<ColleagueAsked>(Value::map({{"from", 1}, {"to", "supervisor"}}));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->to.as_str(), "supervisor");

  CaseChanged change;
  change.of = id(3);
  change.state = "settled";
  change.assignee = 0;
  change.wants = std::vector<std::string>{"item"};
  change.text = "They pay.";
  const Value facts = Value(facts_of(change));
  EXPECT_EQ(facts["case"].as_bin(), id(3).view());
  EXPECT_TRUE(facts["cause"].is_nil()) << "what is not said is not changed";
  EXPECT_EQ(facts["assignee"].as_int(7), 0);
  const auto changed = read<CaseChanged>(facts, Value(body_of(change)));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->state, "settled");
  EXPECT_EQ(changed->wants->at(0), "item");
  EXPECT_FALSE(changed->deadline);

  CaseSaid said;
  said.party = "courier";
  said.attached.push_back({Bytes(std::string_view("x")), 1, "door.jpg", "image/jpeg"});
  const auto heard = read<CaseSaid>(Value(facts_of(said)), Value(body_of(said)));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->attached.at(0).name, "door.jpg");

  CallLogged call;
  call.about = id(3);
  call.direction = "out";
  EXPECT_EQ(Value(facts_of(call))["case"].as_bin(), id(3).view());
  EXPECT_EQ(to_event(CaseOpened()).type, "case.opened");
  EXPECT_EQ(to_event(CaseLinked()).type, "case.linked");
  EXPECT_EQ(to_event(MemberListening()).type, "member.listening");
  EXPECT_EQ(to_event(ColleagueAnswered()).type, "colleague.answered");
}

TEST(Events, R81_R82_offers_money_and_limits_are_read_as_written) {
  OfferProposed offer;
  offer.order = id(1);
  offer.about = id(2);
  offer.member = 1;
  offer.purpose = "settlement";
  offer.currency = "CNY";
  offer.steps = {Value::map({{"kind", "refund"}, {"amount", 2598}})};
  offer.needs = {"settlements_month"};
  offer.text = "The parcel is lost.";
  const Value facts = Value(facts_of(offer));
  EXPECT_EQ(facts["case"].as_bin(), id(2).view());
  EXPECT_TRUE(facts["text"].is_nil()) << "what can be erased is no fact";
  const auto proposed = read<OfferProposed>(facts, Value(body_of(offer)));
  ASSERT_TRUE(proposed);
  EXPECT_EQ(proposed->steps.at(0)["amount"].as_int(), 2598);
  EXPECT_EQ(proposed->needs, offer.needs);
  EXPECT_EQ(proposed->text, offer.text);

  OfferConfirmed yes;
  yes.offer = id(3);
  yes.message = id(4);
  const auto confirmed = read<OfferConfirmed>(Value(facts_of(yes)), Value(body_of(yes)));
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->offer, id(3));
  EXPECT_EQ(confirmed->message, id(4));

  PaymentRecorded paid;
  paid.amount = -1;
  paid.currency = "EUR";
  paid.proof = {Value::bin(std::string_view("hash"))};
  paid.charge = Map{{"period", 684}, {"count", 1}};
  paid.attached.push_back({Bytes(std::string_view("hash")), 1, "slip.png", "image/png"});
  const auto recorded = read<PaymentRecorded>(Value(facts_of(paid)), Value(body_of(paid)));
  ASSERT_TRUE(recorded);
  EXPECT_EQ(recorded->amount, -1) << "the desk refuses it; the reader keeps it";
  EXPECT_EQ(Value(recorded->charge)["period"].as_int(), 684);
  EXPECT_EQ(recorded->attached.at(0).name, "slip.png");

  AllowanceMoved moved;
  moved.to = Value::bin(std::string(32, 'p'));
  moved.count = 5;
  moved.shared = 2;
  const auto allowance = read<AllowanceMoved>(Value(facts_of(moved)));
  ASSERT_TRUE(allowance);
  EXPECT_EQ(allowance->to.as_bin().size(), 32u);
  EXPECT_EQ(allowance->shared, 2u);

  EXPECT_FALSE(read<LimitSet>(Value::map({{"name", 3}}))) << "a name is a text";
  EXPECT_FALSE(read<RefundSeen>(Value::map({{"amount", "5.00"}}))) << "money is a number";
  EXPECT_EQ(to_event(RefundSeen()).type, "refund.seen");
  EXPECT_EQ(to_event(RefundBooked()).type, "refund.booked");
  EXPECT_EQ(to_event(OfferReadBack()).type, "offer.read_back");
  EXPECT_EQ(to_event(OfferApproved()).type, "offer.approved");
  EXPECT_EQ(to_event(OfferRefused()).type, "offer.refused");
  EXPECT_EQ(to_event(OfferHeld()).type, "offer.held");
  EXPECT_EQ(to_event(OfferEnded()).type, "offer.ended");
}

TEST(Events, LeaveOutWhatIsEmpty) {
  MessageReceived message;
  message.shop = "mail";
  message.text = "hi";
  const NewEvent event = to_event(message);
  EXPECT_FALSE(event.facts.contains("thread"));
  EXPECT_FALSE(event.facts.contains("contacts"));
  EXPECT_TRUE(event.facts.contains("at"));
  EXPECT_EQ(event.body.size(), 1u);
  BuyerBlocked blocked;
  EXPECT_FALSE(facts_of(blocked).contains("until"));
  blocked.until = 0;
  EXPECT_TRUE(facts_of(blocked).contains("until"));
}

TEST(Events, CarryPairsListsAndFiles) {
  ChatAssigned assigned;
  assigned.chat = id(3);
  assigned.why = Map{{"rule", "weight"}};
  assigned.shares = {{1, 3}, {2, 1}};
  const auto back = read<ChatAssigned>(Value(facts_of(assigned)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->shares, assigned.shares);
  EXPECT_EQ(back->why["rule"].as_str(), "weight");
  MessageReceived message;
  message.contacts = {id(1), id(2)};
  message.attached.emplace_back().name = "box.jpg";
  message.attached.back().hash = Bytes(std::string(32, 'h'));
  const auto again = read<MessageReceived>(Value(facts_of(message)), Value(body_of(message)));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->contacts.size(), 2u);
  EXPECT_EQ(again->attached.at(0).name, "box.jpg");
  EXPECT_EQ(again->attached.at(0).hash.size(), 32u);
}

TEST(Events, AreReadAsDelivered) {
  const std::string facts = encode(Value::map({{"shop", "mail"}, {"member", 2}}));
  const std::string body = encode(Value::map({{"text", "It left today."}}));
  Event event;
  event.type = "reply.requested";
  event.facts = facts;
  event.body = body;
  const auto reply = read<ReplyRequested>(event);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->member, 2u);
  EXPECT_EQ(reply->text, "It left today.");
  event.body = {};
  EXPECT_TRUE(read<ReplyRequested>(event));
  event.facts = "\xc1";
  EXPECT_FALSE(read<ReplyRequested>(event));
}

TEST(NewEvent, IsWrittenAsTheBusTakesIt) {
  NewEvent event("buyer.seen");
  event.facts = {{"shop", "box"}};
  event.refs = {{"buyer", "c-17"}};
  event.contacts = {"email:ann@example.org"};
  event.dedupe = "buyer";
  EXPECT_EQ(event.to_value(), Value::map({{"type", "buyer.seen"},
                                          {"facts", Value::map({{"shop", "box"}})},
                                          {"refs", Value::map({{"buyer", "c-17"}})},
                                          {"dedupe", "buyer"},
                                          {"contacts", Value::array({"email:ann@example.org"})}}));
}

TEST(Id, KnowsNoneFromSome) {
  EXPECT_TRUE(Id().empty());
  EXPECT_TRUE(Id::from("short").empty());
  EXPECT_EQ(id(0xab).hex(), "000000000000000000000000000000ab");
}

}  // namespace
}  // namespace deskmate::events
