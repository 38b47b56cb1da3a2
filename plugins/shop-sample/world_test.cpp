#include "world.hpp"

#include <gtest/gtest.h>

namespace deskmate::sample {
namespace {

constexpr std::int64_t now = 1'767'600'000'000;
constexpr std::int64_t hour = 3'600'000;

// An action on the shop as the desk asks for it.
Action act(const std::string& kind, const std::string& order, std::uint8_t number = 1,
           Map facts = {}, Map body = {}) {
  Action action;
  action.request.bytes[0] = number;
  action.kind = kind;
  action.facts = facts;
  body["refs"][kind == "reply" ? "thread" : "order"] = order;
  action.body = body;
  return action;
}

std::string order_in(const World& world, const std::string& state) {
  for (const auto& [number, order] : world.orders()) {
    if (order.state == state) return number;
  }
  ADD_FAILURE() << "no order is " << state;
  return {};
}

std::string texts(const std::vector<NewEvent>& events, std::string_view type) {
  std::string all;
  for (const NewEvent& event : events) {
    if (event.type == type) all += std::string(event.body["text"].as_str()) + "\n";
  }
  return all;
}

TEST(World, R61_begins_with_a_problem_order_of_each_kind_where_that_is_wanted) {
  Options options;
  options.buyers = 60;
  options.quick = false;
  const std::size_t usual = World::fresh(options, now).orders().size();
  options.odd_orders = true;
  const World world = World::fresh(options, now);
  EXPECT_EQ(world.orders().size(), usual + 10) << "two of them come in pairs";
  int vague = 0, notes = 0, twice = 0, custom = 0, free = 0, promised = 0;
  for (const auto& [number, order] : world.orders()) {
    vague += order.street == "老地方" || order.street == "same as before" ? 1 : 0;
    notes += order.note.empty() ? 0 : 1;
    twice += order.paid == 2 * order.total ? 1 : 0;
    for (const auto& line : order.lines) custom += line.custom ? 1 : 0;
    free += order.shipping ? 1 : 0;
    promised += order.promised_at != 0 ? 1 : 0;
  }
  EXPECT_EQ(vague, 1);
  EXPECT_EQ(notes, 1);
  EXPECT_EQ(twice, 1);
  EXPECT_EQ(custom, 1);
  EXPECT_EQ(free, 1);
  EXPECT_EQ(promised, 1);
  for (const NewEvent& event : world.news("box")) {
    if (event.type == "order.seen" && !event.body["note"].is_nil()) --notes;
  }
  EXPECT_EQ(notes, 0) << "and the desk is told";
}

TEST(Lines, ThereAreFortyOfEachLanguageAndNoneTwice) {
  for (const char* language : {"en", "zh"}) {
    std::set<std::string> seen;
    std::size_t count = 0;
    for (int i = 0; i < mood_count; ++i) {
      const Mood mood = static_cast<Mood>(i);
      EXPECT_EQ(mood_of(to_string(mood)), mood);
      for (const char* line : lines(mood, language)) {
        EXPECT_TRUE(is_utf8(line));
        seen.insert(line);
        ++count;
      }
    }
    EXPECT_GE(count, 40u) << language;
    EXPECT_EQ(seen.size(), count) << language;
  }
}

TEST(World, SameSeedSameShop) {
  const auto played = [](std::uint64_t seed) {
    World world = World::fresh({.seed = seed}, now);
    for (int i = 1; i <= 48; ++i) world.advance(now + i * hour / 2);
    std::string all;
    for (const NewEvent& event : world.news("box")) all += encode(event.to_value());
    return all;
  };
  EXPECT_EQ(played(7), played(7));
  EXPECT_NE(played(7), played(8));
}

TEST(World, BeginsWithAPastAndAFewChats) {
  const World world = World::fresh({}, now);
  std::set<std::string> states;
  std::set<std::string> troubles;
  for (const auto& [number, order] : world.orders()) {
    states.insert(order.state);
    EXPECT_EQ(order.payment, "paid");
    if (!order.parcels.empty()) troubles.insert(order.parcels[0].trouble);
  }
  EXPECT_TRUE(states.contains("shipped"));
  EXPECT_TRUE(states.contains("delivered"));
  EXPECT_GE(troubles.size(), 2u) << "some parcels are stuck";
  const auto news = world.news("box");
  const auto count = [&](std::string_view type) {
    return std::count_if(news.begin(), news.end(), [&](const auto& e) { return e.type == type; });
  };
  EXPECT_EQ(count("product.seen"), 16);
  EXPECT_EQ(count("buyer.seen"), 40);
  EXPECT_EQ(count("message.received"), static_cast<std::ptrdiff_t>(chats_at_once));
  EXPECT_EQ(static_cast<std::size_t>(count("order.seen")), world.orders().size());
}

TEST(World, ATourBeginsWithAQuestionAndAStuckParcel) {
  for (const char* language : {"en", "zh"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      World world = World::fresh({.seed = seed, .quick = true, .tour = language}, now);
      std::vector<NewEvent> chats;
      std::string stuck;
      for (const NewEvent& event : world.news("box")) {
        if (event.type == "message.received") chats.push_back(event);
      }
      ASSERT_GE(chats.size(), 2 + chats_at_once);
      const std::string asker(chats[0].refs["buyer"].as_str());
      EXPECT_EQ(world.buyers().at(asker).language, language);
      EXPECT_TRUE(world.buyers().at(asker).order.empty());
      const Buyer& second = world.buyers().at(std::string(chats[1].refs["buyer"].as_str()));
      EXPECT_EQ(second.language, language);
      const Order& order = world.orders().at(second.order);
      EXPECT_EQ(order.buyer, second.id);
      ASSERT_EQ(order.parcels.size(), 1u);
      EXPECT_EQ(order.parcels[0].trouble, "exception");
      world.advance(now + 4 * 24 * hour);  // and it stays so while the tour lasts
      EXPECT_EQ(world.orders().at(second.order).parcels[0].trouble, "exception");
      EXPECT_TRUE(world.perform(act("resend", order.number), now).is_done());
    }
  }
  // Too few people for it: what there is.
  EXPECT_NO_FATAL_FAILURE(World::fresh({.buyers = 1, .tour = "en"}, now));
}

TEST(World, AHurriedShopIsAsBusyByNight) {
  for (const std::int64_t china_hour : {3, 21}) {
    const std::int64_t day = 24 * hour;
    const std::int64_t start = now - (now + 8 * hour) % day + china_hour * hour;
    World world = World::fresh({.messages_per_hour = 600, .quick = false}, start);
    world.told();
    world.advance(start + hour / 10);
    const auto news = world.news("box");
    const auto chats = std::count_if(news.begin(), news.end(), [](const NewEvent& event) {
      return event.type == "message.received";
    });
    EXPECT_GT(chats, 25) << china_hour;
  }
}

TEST(World, ADaySoundsLikeADay) {
  World world = World::fresh({.quick = false}, now);
  world.told();
  std::size_t chats = 0;
  std::string said;
  std::size_t by_hour[24] = {};
  for (int i = 1; i <= 24 * 30; ++i) {  // 30 days
    world.advance(now + i * hour);
    const auto news = world.news("box");
    for (const NewEvent& event : news) {
      if (event.type != "message.received") continue;
      ++chats;
      ++by_hour[(event.facts["at"].as_int() + 8 * hour) / hour % 24];
      EXPECT_LE(event.facts["at"].as_int(), now + i * hour);
    }
    said += texts(news, "message.received");
    world.told();
  }
  EXPECT_GT(chats, 1'000u);
  EXPECT_GT(by_hour[21], 3 * by_hour[3]) << "evenings are busy, nights are not";
  EXPECT_EQ(said.find('{'), std::string::npos);
  EXPECT_NE(said.find("快递"), std::string::npos);
  EXPECT_NE(said.find("tracking"), std::string::npos);
  EXPECT_LE(world.orders().size(), orders_max);
  for (const Product& product : catalogue()) {
    EXPECT_GE(world.stock(product.sku).on_hand, 0);
    EXPECT_GE(world.stock(product.sku).allocated, 0);
  }
}

TEST(World, DoesNotMakeUpForALongPause) {
  World world = World::fresh({.messages_per_hour = 60, .quick = false}, now);
  world.told();
  world.advance(now + 24 * 7 * hour);
  EXPECT_LE(world.news("box").size(), 600u);
  const std::string said = texts(world.news("box"), "message.received");
  EXPECT_LE(std::count(said.begin(), said.end(), '\n'), 40);
}

TEST(World, EveryActionWorksOnIt) {
  World world = World::fresh({}, now);
  const std::string paid = order_in(world, "paid");
  const std::string shipped = order_in(world, "shipped");
  const Order& order = world.orders().at(paid);
  const std::int64_t total = order.total;
  world.told();

  EXPECT_TRUE(
      world.perform(act("order_note", paid, 1, {}, {{"text", "as a gift"}}), now).is_done());
  EXPECT_EQ(order.notes.back(), "as a gift");

  const Outcome coupon = world.perform(act("coupon", paid, 2, {{"amount", 800}}), now);
  EXPECT_EQ(coupon.to_map()["body"]["code"].as_str(), order.coupons.back());

  EXPECT_TRUE(
      world.perform(act("refund", paid, 3, {{"amount", 100}, {"currency", "CNY"}}), now).is_done());
  EXPECT_EQ(order.payment, "partly_refunded");
  EXPECT_EQ(order.left(), total - 100);
  EXPECT_TRUE(world.perform(act("refund", paid, 4, {{"amount", total}}), now).is_failed());
  EXPECT_TRUE(world.perform(act("refund", paid, 4, {{"currency", "EUR"}}), now).is_failed());

  EXPECT_TRUE(
      world.perform(act("ship", paid, 5, {{"carrier", "DHL"}}, {{"tracking", "DHL42"}}), now)
          .is_done());
  EXPECT_EQ(order.state, "shipped");
  EXPECT_EQ(order.parcels[0].tracking, "DHL42");
  EXPECT_TRUE(world.perform(act("ship", paid, 6), now).is_failed());
  EXPECT_TRUE(world.perform(act("cancel", paid, 7), now).is_failed()) << "it has left";

  const Outcome again = world.perform(act("resend", shipped, 8), now);
  const std::string replacement(again.to_map()["refs"]["result"].as_str());
  EXPECT_EQ(world.orders().at(replacement).state, "paid");
  EXPECT_TRUE(world.perform(act("cancel", replacement, 9), now).is_done());
  EXPECT_EQ(world.orders().at(replacement).state, "cancelled");
  EXPECT_TRUE(world.perform(act("refund", paid, 10), now).is_done()) << "all that is left";
  EXPECT_EQ(order.payment, "refunded");

  EXPECT_TRUE(world.perform(act("refund", "SB-1", 11), now).is_failed());
  EXPECT_TRUE(world.perform(act("dance", paid, 12), now).is_failed());
  EXPECT_TRUE(world.perform(act("order_note", paid, 13), now).is_failed());
  EXPECT_TRUE(world.perform(act("reply", "b999", 14), now).is_failed());

  std::size_t told = 0;
  for (const NewEvent& event : world.news("box")) told += event.type == "order.seen";
  EXPECT_EQ(told, 3u) << "the paid, the shipped and the new one";
}

TEST(World, R81_a_refund_in_the_shops_admin_is_told_and_made_once) {
  World world = World::fresh({}, now);
  const std::string paid = order_in(world, "paid");
  const Order& order = world.orders().at(paid);
  const std::int64_t total = order.total;
  EXPECT_TRUE(world.perform(act("refund", paid, 1, {{"amount", 100}}), now).is_done());
  world.told();
  for (int i = 0; i < 2; ++i) {
    world.refund_in_admin("nobody's 1, " + paid + " 300, " + paid + " x, " + paid, now);
  }
  EXPECT_EQ(order.left(), total - 400);
  world.refund_in_admin(paid + " " + std::to_string(total), now);
  EXPECT_EQ(order.left(), total - 400) << "more than is left";
  std::vector<NewEvent> refunds;
  for (const NewEvent& event : world.news("box")) {
    if (event.type == "refund.seen") refunds.push_back(event);
  }
  ASSERT_EQ(refunds.size(), 2u);
  EXPECT_EQ(refunds[0].facts["request"].as_bin().size(), 16u) << "the desk's own";
  EXPECT_TRUE(refunds[1].facts["request"].is_nil());
  EXPECT_EQ(refunds[1].facts["amount"].as_int(), 300);
  EXPECT_EQ(refunds[1].refs["order"].as_str(), paid);
}

TEST(World, ARequestIsDoneOnce) {
  World world = World::fresh({}, now);
  const std::string paid = order_in(world, "paid");
  const Action refund = act("refund", paid, 1, {{"amount", 100}});
  EXPECT_TRUE(world.look_up(refund).is_no());
  EXPECT_TRUE(world.perform(refund, now).is_done());
  const std::int64_t left = world.orders().at(paid).left();
  EXPECT_TRUE(world.look_up(refund).is_yes());
  EXPECT_TRUE(world.perform(refund, now).is_done());
  EXPECT_EQ(world.orders().at(paid).left(), left);

  const Action reply = act("reply", "b1", 2, {}, {{"text", "Hello!"}});
  EXPECT_TRUE(world.look_up(reply).is_no());
  const Outcome first = world.perform(reply, now);
  EXPECT_EQ(world.perform(reply, now).to_map()["refs"], first.to_map()["refs"]);
  EXPECT_TRUE(world.look_up(reply).is_yes());
  EXPECT_TRUE(world.look_up(act("reply", "b2", 2)).is_no());
}

TEST(World, NobodyThanksForAGreeting) {
  World world = World::fresh({.quick = false, .tour = "en"}, now);
  std::string buyer;
  for (const auto& [id, each] : world.buyers()) {
    if (each.wrote_at == now) buyer = id;
  }
  ASSERT_FALSE(buyer.empty());
  EXPECT_TRUE(world.perform(act("reply", buyer, 1, {{"auto", "greeting"}}), now).is_done());
  EXPECT_EQ(world.buyers().at(buyer).speak_at, 0);
  EXPECT_EQ(world.buyers().at(buyer).answered_at, 0);
  EXPECT_TRUE(world.perform(act("reply", buyer, 2), now).is_done());
  EXPECT_EQ(world.buyers().at(buyer).answered_at, now);
}

TEST(World, BuyersAnswerAndAskAgain) {
  int reacted = 0;
  int nudged = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world = World::fresh({.seed = seed, .messages_per_hour = 0}, now);
    std::vector<std::string> writers;
    for (const NewEvent& event : world.news("box")) {
      if (event.type == "message.received") writers.emplace_back(event.refs["buyer"].as_str());
    }
    ASSERT_EQ(writers.size(), chats_at_once);
    world.told();
    world.perform(act("reply", writers[0], 1, {}, {{"text", "On its way!"}}), now);
    world.advance(now + 3 * 60'000);
    for (const NewEvent& event : world.news("box")) {
      reacted += event.type == "message.received" && event.refs["buyer"].as_str() == writers[0];
    }
    world.told();
    world.advance(now + 30 * 60'000);
    for (const NewEvent& event : world.news("box")) {
      nudged += event.type == "message.received" && event.refs["buyer"].as_str() == writers[1];
    }
  }
  EXPECT_GT(reacted, 8);
  EXPECT_LT(reacted, 20) << "some are content and say nothing";
  EXPECT_GT(nudged, 10);
}

TEST(World, GoesOnFromItsRecords) {
  World world = World::fresh({}, now);
  std::map<std::string, std::string> store;
  const auto keep = [&](World& from) {
    for (auto& [key, bytes] : from.records()) {
      if (bytes.empty()) {
        store.erase(key);
      } else {
        EXPECT_LE(bytes.size(), DM_KV_VALUE_MAX);
        store[key] = bytes;
      }
    }
  };
  const auto load = [&](const std::string& key) -> Result<std::optional<std::string>> {
    const auto found = store.find(key);
    if (found == store.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  };
  EXPECT_FALSE((*World::load({}, load)).has_value());
  keep(world);
  auto second = World::load({}, load);
  ASSERT_TRUE(second) << second.error().message << " " << second.error().where;
  ASSERT_TRUE(second->has_value());
  for (World* each : {&world, &**second}) {
    each->advance(now + 10 * hour);
    each->told();
    each->advance(now + 30 * hour);
  }
  ASSERT_EQ(world.news("box").size(), (*second)->news("box").size());
  EXPECT_EQ(texts(world.news("box"), "message.received"),
            texts((*second)->news("box"), "message.received"));
  auto damaged = store;
  store["meta"] = "\xc1";
  EXPECT_FALSE(World::load({}, load));
  store = std::move(damaged);
  store.erase("order/" + world.orders().begin()->first);
  EXPECT_FALSE(World::load({}, load)) << "an order is missing";
}

TEST(World, CanBeKilledBetweenAnyTwoRecords) {
  std::map<std::string, std::string> store;
  const auto load = [&](const std::string& key) -> Result<std::optional<std::string>> {
    const auto found = store.find(key);
    if (found == store.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  };
  World world = World::fresh({}, now);
  bool kept = false;
  for (int i = 0; i < 30; ++i) {
    for (const auto& [key, bytes] : world.records()) {
      ASSERT_NE(key == "meta" && bytes.empty(), true) << "round " << i;
      if (bytes.empty()) {
        store.erase(key);
      } else {
        store[key] = bytes;
      }
      kept = kept || key == "meta";
      const auto loaded = World::load({}, load);
      ASSERT_TRUE(loaded) << "round " << i << " after " << key << ": " << loaded.error().message;
      ASSERT_EQ(loaded->has_value(), kept);
    }
    if (i % 2 == 0) world.told();
    world.advance(now + i * 6 * hour);
  }
}

Thread thread_of(const std::string& buyer, const std::string& message,
                 const std::string& claimer = "") {
  Thread thread;
  thread.refs = Value::map({{"thread", buyer}, {"buyer", buyer}, {"message", message}});
  thread.since_ms = now;
  thread.claimer = claimer;
  return thread;
}

TEST(World, KnowsWhetherAChatWasAnswered) {
  World world = World::fresh({}, now);
  EXPECT_TRUE(world.tail(thread_of("b1", "m")).is_unanswered());
  world.perform(act("reply", "b1", 1, {{"auto", "greeting"}}, {{"text", "Hello!"}}), now + 1);
  EXPECT_TRUE(world.tail(thread_of("b1", "m")).is_unanswered());
  world.perform(act("reply", "b1", 2, {}, {{"text", "On its way!"}}), now + 2);
  EXPECT_TRUE(world.tail(thread_of("b1", "m")).is_answered());
  EXPECT_TRUE(world.tail(thread_of("b2", "m")).is_unanswered());
  Thread later = thread_of("b1", "m2");
  later.since_ms = now + 3;
  EXPECT_TRUE(world.tail(later).is_unanswered());
  EXPECT_TRUE(world.tail(thread_of("b999", "m")).result().has_error());
}

TEST(World, AMessageIsClaimedOnce) {
  World world = World::fresh({}, now);
  EXPECT_TRUE(world.claim(thread_of("b1", "m", "peer a")).is_mine());
  EXPECT_TRUE(world.claim(thread_of("b1", "m", "peer b")).is_taken());
  EXPECT_TRUE(world.claim(thread_of("b1", "m", "peer a")).is_mine());
  EXPECT_TRUE(world.claim(thread_of("b1", "m2", "peer b")).is_mine());
  Thread greeting = thread_of("b1", "m", "peer b");
  greeting.automatic = true;
  EXPECT_TRUE(world.claim(greeting).is_mine());
  EXPECT_TRUE(world.claim(thread_of("b999", "m", "peer a")).is_cannot_tell());
  EXPECT_TRUE(world.claim(thread_of("b1", "", "peer a")).is_cannot_tell());
  std::map<std::string, std::string> kept;  // and after a restart
  for (const auto& [key, bytes] : world.records()) kept[key] = bytes;
  auto loaded = World::load({}, [&](const std::string& key) -> Result<std::optional<std::string>> {
    const auto found = kept.find(key);
    if (found == kept.end()) return std::optional<std::string>{};
    return std::optional<std::string>(found->second);
  });
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_TRUE((*loaded)->claim(thread_of("b1", "m", "peer b")).is_taken());
}

}  // namespace
}  // namespace deskmate::sample
