#include "plugins/courier/follow.hpp"

#include <gtest/gtest.h>

#include "deskmate/testing/fake_host.hpp"

namespace deskmate::courier {
namespace {

constexpr std::int64_t now = 1'800'000'000'000;
constexpr std::int64_t hour = 3'600'000;

Id id(const std::string& name) { return testing::FakeHost::pseudonym("shop", "x", name); }

struct Log {
  std::uint64_t arrival = 0;
  Follower follower{"sf",
                    [](std::string_view carrier) -> std::optional<std::string> {
                      if (carrier == "SF") return "sf";
                      return std::nullopt;
                    },
                    Times{}};

  Parcel* say(std::string type, Map facts, Map body = {}) {
    Seen seen{++arrival, now, std::move(type), Value(std::move(facts)), Value(std::move(body))};
    return follower.take(seen);
  }
  void order(const std::string& name, const char* address) {
    say("order.seen", {{"shop", "shop"}, {"order", id(name).to_value()}}, {{"address", address}});
  }
  Parcel* parcel(const std::string& name, const std::string& number, Map more = {}) {
    Map facts{{"shop", "shop"},
              {"parcel", id(name).to_value()},
              {"order", id("order of " + name).to_value()},
              {"buyer", id("buyer").to_value()},
              {"status", "in_transit"},
              {"carrier", "SF"},
              {"at", now}};
    for (const auto& [key, value] : more) facts.set(key, value);
    Map body;
    if (!number.empty()) body.set("tracking", number);
    return say("parcel.seen", std::move(facts), std::move(body));
  }
  // What the desk would have stored of a word of our own.
  void stored(const std::vector<NewEvent>& events) {
    for (const NewEvent& event : events) say(event.type, event.facts, event.body);
  }
};

Trace trace(std::string status, std::vector<Station> stations) {
  Trace out;
  out.status = std::move(status);
  out.stations = std::move(stations);
  return out;
}
Station station(std::int64_t at_ms, std::string code, std::string place = "",
                std::int64_t grams = 0) {
  return {at_ms, "in_transit", std::move(code), std::move(place), "text " + std::to_string(at_ms),
          grams};
}

TEST(Follow, R65_the_parcels_of_carriers_that_it_serves) {
  Log log;
  EXPECT_NE(log.parcel("a", "SF1"), nullptr);
  EXPECT_EQ(log.parcel("a", "SF1"), nullptr);  // known
  EXPECT_EQ(log.parcel("b", ""), nullptr);     // no number yet
  EXPECT_EQ(log.parcel("c", "Y1", {{"carrier", "YTO"}}), nullptr);
  EXPECT_EQ(log.parcel("d", "SF2", {{"status", "delivered"}}), nullptr);
  EXPECT_NE(log.parcel("b", "SF3"), nullptr);
  EXPECT_EQ(log.follower.size(), 2u);
  log.parcel("b", "Y2", {{"carrier", "YTO"}});  // another's now
  log.parcel("a", "");                          // erased
  EXPECT_EQ(log.follower.size(), 0u);
}

TEST(Follow, R126_an_erased_buyers_parcels_are_followed_no_more) {
  Log log;
  log.parcel("a", "SF1");
  log.parcel("b", "SF2", {{"buyer", id("other").to_value()}});
  log.say("buyer.erased", {{"buyer", id("buyer").to_value()}});
  EXPECT_EQ(log.follower.size(), 1u);
  EXPECT_TRUE(log.follower.by_number("SF1").empty());
  EXPECT_EQ(log.follower.by_number("SF2").size(), 1u);
}

TEST(Follow, R65_tells_each_station_once_and_only_what_is_new) {
  Log log;
  Parcel& parcel = *log.parcel("a", "SF1");
  auto first = log.follower.news(parcel, trace("picked_up", {station(now, "50", "", 1250)}), now);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].facts["of"].as_str(), "shop");
  EXPECT_EQ(first[0].facts["stations"][0]["grams"].as_int(), 1250);
  EXPECT_EQ(first[0].body["stations"][0]["text"].as_str(), "text " + std::to_string(now));
  EXPECT_EQ(first[0].desk_refs["tracking"].as_str(), "SF1");
  EXPECT_EQ(first[0].dedupe, "word");
  log.follower.told(parcel, first);
  EXPECT_TRUE(
      log.follower.news(parcel, trace("picked_up", {station(now, "50", "", 1250)}), now).empty());
  const auto more = log.follower.news(
      parcel, trace("in_transit", {station(now + 1, "30"), station(now, "50", "", 1250)}), now + 9);
  ASSERT_EQ(more.size(), 1u);
  EXPECT_EQ(more[0].facts["stations"].size(), 1u);
  EXPECT_EQ(more[0].facts["at"].as_int(), now + 1);
  EXPECT_NE(more[0].refs["word"], first[0].refs["word"]);
}

TEST(Follow, R65_knows_after_a_restart_what_it_had_told) {
  Log log;
  Parcel& parcel = *log.parcel("a", "SF1");
  const Trace all =
      trace("in_transit", {station(now, "50"), station(now, "50"), station(now + 1, "30")});
  const auto told = log.follower.news(parcel, all, now);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].facts["stations"].size(), 2u);  // the same one twice is one

  Log again;
  Parcel& known = *again.parcel("a", "SF1");
  again.stored(told);
  EXPECT_EQ(known.status, "in_transit");
  EXPECT_TRUE(again.follower.news(known, all, now + 5).empty());
}

TEST(Follow, R18_the_log_is_read_again_from_the_first_event_that_is_needed) {
  Log log;
  EXPECT_EQ(log.follower.done_upto(), 0u);
  log.order("x", "Leeds");
  EXPECT_EQ(log.follower.done_upto(), 1u);
  log.order("order of a", "浙江省杭州市");  // 2
  Parcel& a = *log.parcel("a", "SF1");      // 3
  EXPECT_EQ(a.destination.city, "杭州");
  log.order("y", "Leeds");
  Parcel& b = *log.parcel("b", "SF2");  // 5
  EXPECT_EQ(log.follower.done_upto(), 1u);
  const auto end = [&](Parcel& parcel) {
    log.follower.told(parcel,
                      log.follower.news(parcel, trace("delivered", {station(now, "80")}), now));
    return log.follower.finish(parcel, now + 24 * hour);
  };
  EXPECT_TRUE(end(a));
  EXPECT_EQ(log.follower.done_upto(), 4u);
  EXPECT_TRUE(end(b));
  EXPECT_EQ(log.follower.done_upto(), 5u);
  EXPECT_EQ(log.parcel("a", "SF1"), nullptr);  // the shop repeats itself: not followed again
}

TEST(Follow, R66_says_where_it_goes_only_as_far_as_may_be_told_for_good) {
  Log log;
  log.order("order of a", "浙江省杭州市西湖区");
  Parcel& parcel = *log.parcel("a", "SF1");
  const auto news = log.follower.news(
      parcel, trace("in_transit", {station(now, "30", "上海市"), station(now + 1, "31", "杭州市")}),
      now);
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].facts["origin"].as_str(), "上海市");
  EXPECT_EQ(news[0].facts["destination"].as_str(), "浙江");
  EXPECT_FALSE(news[0].facts["stations"][0]["here"].as_bool());
  EXPECT_TRUE(news[0].facts["stations"][1]["here"].as_bool());
  EXPECT_EQ(encode(Value(news[0].facts)).find("text"), std::string::npos);
}

TEST(Follow, R65_asks_in_turn_and_waits_longer_where_nothing_is_known) {
  Log log;
  Parcel& a = *log.parcel("a", "SF1");
  log.parcel("b", "SF2");
  EXPECT_EQ(log.follower.due(now, 1).size(), 1u);
  EXPECT_EQ(log.follower.due(now, 10).size(), 2u);
  log.follower.looked(a, true, now);
  EXPECT_EQ(log.follower.due(now, 10).size(), 1u);
  EXPECT_EQ(a.due_ms, now + 2 * hour);
  log.follower.looked(a, false, now);
  EXPECT_EQ(a.due_ms, now + 2 * hour);
  log.follower.looked(a, false, now);
  EXPECT_EQ(a.due_ms, now + 4 * hour);
  for (int i = 0; i < 20; ++i) log.follower.looked(a, false, now);
  EXPECT_EQ(a.due_ms, now + wait_max_ms);
}

TEST(Follow, R65_stops_after_the_end_has_settled_or_after_too_long) {
  Log log;
  Parcel& a = *log.parcel("a", "SF1");
  EXPECT_FALSE(log.follower.finish(a, now + 1'000 * hour));
  log.follower.told(a, log.follower.news(a, trace("delivered", {station(now, "80")}), now));
  log.follower.looked(a, true, now);
  EXPECT_EQ(a.due_ms, now + 24 * hour);
  EXPECT_FALSE(log.follower.finish(a, now + 24 * hour - 1));
  EXPECT_TRUE(log.follower.finish(a, now + 24 * hour));

  Parcel& b = *log.parcel("b", "SF2");
  EXPECT_FALSE(log.follower.given_up(b, now + 60 * 24 * hour - 1));
  const auto end = log.follower.given_up(b, now + 60 * 24 * hour);
  ASSERT_TRUE(end);
  log.follower.told(b, log.follower.news(b, *end, now + 60 * 24 * hour));
  EXPECT_EQ(b.status, "expired");
  EXPECT_TRUE(log.follower.finish(b, now + 60 * 24 * hour));
}

TEST(Follow, a_long_trace_comes_in_pieces_and_an_earlier_word_changes_nothing) {
  Log log;
  Parcel& parcel = *log.parcel("a", "SF1");
  std::vector<Station> stations;
  for (int i = 0; i < 250; ++i) stations.push_back(station(now + i, "30"));
  const auto news = log.follower.news(parcel, trace("in_transit", stations), now);
  ASSERT_EQ(news.size(), 3u);
  EXPECT_EQ(news[2].facts["stations"].size(), 50u);
  log.follower.told(parcel, news);
  Trace earlier = trace("picked_up", {});
  earlier.at_ms = now;
  EXPECT_TRUE(log.follower.news(parcel, earlier, now + 300).empty());
}

}  // namespace
}  // namespace deskmate::courier
