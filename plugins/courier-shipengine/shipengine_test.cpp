#include "plugins/courier-shipengine/shipengine.hpp"

#include <gtest/gtest.h>

namespace deskmate::shipengine {
namespace {

TEST(ShipEngine, R65_status_codes_in_our_words) {
  EXPECT_EQ(status_of("AC"), "info_received");
  EXPECT_EQ(status_of("IT"), "in_transit");
  EXPECT_EQ(status_of("DE"), "delivered");
  EXPECT_EQ(status_of("EX"), "exception");
  EXPECT_EQ(status_of("AT"), "attempt_failed");
  EXPECT_EQ(status_of("SP"), "available_for_pickup");
  EXPECT_EQ(status_of("ZZ"), "unknown");
}

TEST(ShipEngine, R60_tracking_with_its_events) {
  const auto answer = courier::parse_json(R"({"tracking_number":"9405","status_code":"IT",
    "carrier_status_description":"On its way","estimated_delivery_date":"2027-01-18T00:00:00Z",
    "events":[{"occurred_at":"2027-01-15T08:00:00Z","description":"Arrived","city_locality":"AUSTIN",
      "state_province":"TX","country_code":"US","event_code":"U1","status_code":"IT"},
      {"occurred_at":"2027-01-14T08:00:00Z","description":"Label","city_locality":"",
       "event_code":"MA"}]})");
  ASSERT_TRUE(answer);
  const courier::Trace trace = read_tracking(*answer);
  EXPECT_EQ(trace.status, "in_transit");
  EXPECT_EQ(trace.eta_ms, 1'800'230'400'000);
  ASSERT_EQ(trace.stations.size(), 2u);
  EXPECT_EQ(trace.stations[0].place, "AUSTIN, TX, US");
  EXPECT_EQ(trace.stations[0].status, "in_transit");
  EXPECT_EQ(trace.stations[1].status, "");
}

TEST(ShipEngine, not_known_yet_is_no_status) {
  EXPECT_EQ(read_tracking(*courier::parse_json(R"({"status_code":"NY"})")).status, "");
  EXPECT_EQ(read_tracking(*courier::parse_json("{}")).status, "");
}

}  // namespace
}  // namespace deskmate::shipengine
