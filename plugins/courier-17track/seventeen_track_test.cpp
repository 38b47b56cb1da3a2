#include "plugins/courier-17track/seventeen_track.hpp"

#include <gtest/gtest.h>

namespace deskmate::seventeen_track {
namespace {

TEST(SeventeenTrack, signs_body_and_key) {
  EXPECT_EQ(push_sign(R"({"event":"TRACKING_STOPPED","data":{"number":"RR123456789CN",)"
                      R"("carrier":3011,"tag":null}})",
                      "ABCDEF0123456789"),
            "e12ad979bc504a2f02e2881f7c509df442a3abc8c0989886b6e2c21bd4ba6a89");
}

TEST(SeventeenTrack, R65_statuses_in_our_words) {
  EXPECT_EQ(status_of("InTransit", "InTransit_PickedUp"), "picked_up");
  EXPECT_EQ(status_of("InTransit", "InTransit_Other"), "in_transit");
  EXPECT_EQ(status_of("Exception", "Exception_Returning"), "returning");
  EXPECT_EQ(status_of("Exception", "Exception_Returned"), "returned");
  EXPECT_EQ(status_of("Exception", "Exception_Other"), "exception");
  EXPECT_EQ(status_of("DeliveryFailure", ""), "attempt_failed");
  EXPECT_EQ(status_of("Expired", ""), "expired");
  EXPECT_EQ(status_of("Fresh", ""), "unknown");
}

TEST(SeventeenTrack, R60_a_trace_of_several_providers) {
  const auto data = courier::parse_json(R"({"number":"RR1","track_info":{
    "latest_status":{"status":"InTransit","sub_status":"InTransit_Arrival"},
    "time_metrics":{"estimated_delivery_date":{"from":"2027-01-18T00:00:00Z","to":"2027-01-20T00:00:00Z"}},
    "tracking":{"providers":[
      {"provider":{"key":3011,"name":"China Post"},"events":[
        {"time_iso":"2027-01-15T16:00:00+08:00","description":"Accepted","location":"Hangzhou",
         "sub_status":"InTransit_PickedUp"}]},
      {"provider":{"name":"USPS"},"events":[
        {"time_utc":"2027-01-16T08:00:00Z","description":"Arrived","location":"Chicago",
         "stage":"Arrival"}]}]}}})");
  ASSERT_TRUE(data);
  const courier::Trace trace = read_trace(*data);
  EXPECT_EQ(trace.status, "in_transit");
  EXPECT_EQ(trace.code, "InTransit_Arrival");
  EXPECT_EQ(trace.carrier, "China Post");
  EXPECT_EQ(trace.eta_ms, 1'800'403'200'000);
  ASSERT_EQ(trace.stations.size(), 2u);
  EXPECT_EQ(trace.stations[0].at_ms, 1'800'000'000'000);
  EXPECT_EQ(trace.stations[0].status, "picked_up");
  EXPECT_EQ(trace.stations[1].status, "");
  EXPECT_EQ(trace.stations[1].code, "Arrival");
}

TEST(SeventeenTrack, nothing_known_is_no_status) {
  const auto data = courier::parse_json(
      R"({"number":"RR1","track_info":{"latest_status":{"status":"NotFound"}}})");
  EXPECT_EQ(read_trace(*data).status, "");
  EXPECT_EQ(read_trace(Value()).status, "");
}

}  // namespace
}  // namespace deskmate::seventeen_track
