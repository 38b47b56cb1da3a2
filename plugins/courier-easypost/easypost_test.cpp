#include "plugins/courier-easypost/easypost.hpp"

#include <gtest/gtest.h>

#include "plugins/courier-easypost/nfkd.hpp"

namespace deskmate::easypost {
namespace {

TEST(EasyPost, signs_with_the_decomposed_secret) {
  const char* body =
      R"({"result":{"id":"batch_123...","object":"Batch","mode":"test","state":"created",)"
      R"("num_shipments":0,"reference":null,"created_at":"2022-07-26T17:22:32Z",)"
      R"("updated_at":"2022-07-26T17:22:32Z","scan_form":null,"shipments":[],)"
      R"("status":{"created":0,"queued_for_purchase":0,"creation_failed":0,)"
      R"("postage_purchased":0,"postage_purchase_failed":0},"pickup":null,"label_url":null},)"
      R"("description":"batch.created","mode":"test","previous_attributes":null,)"
      R"("completed_urls":null,"user_id":"user_123...","status":"pending","object":"Event",)"
      R"("id":"evt_123..."})";
  EXPECT_EQ(nfkd("s\xc3\xa9"
                 "cret"),
            "se\xcc\x81"
            "cret");
  EXPECT_EQ(webhook_sign(body,
                         "s\xc3\xa9"
                         "cret"),
            "hmac-sha256-hex=e93977c8ccb20363d51a62b3fe1fc402b7829be1152da9e88cf9e8d07115a46b");
  EXPECT_EQ(webhook_sign(body, "\xff"), "");
}

TEST(EasyPost, R65_statuses_in_our_words) {
  EXPECT_EQ(status_of("pre_transit", "unknown"), "info_received");
  EXPECT_EQ(status_of("in_transit", "arrived_at_facility"), "in_transit");
  EXPECT_EQ(status_of("out_for_delivery", ""), "out_for_delivery");
  EXPECT_EQ(status_of("return_to_sender", "return"), "returning");
  EXPECT_EQ(status_of("failure", ""), "exception");
  EXPECT_EQ(status_of("error", "lost"), "lost");
  EXPECT_EQ(status_of("new_word", ""), "unknown");
}

TEST(EasyPost, R60_R95_a_tracker_with_its_weight) {
  const auto tracker = courier::parse_json(R"({"object":"Tracker","tracking_code":"EZ1",
    "status":"in_transit","status_detail":"arrived_at_facility","carrier":"USPS","weight":17.6,
    "est_delivery_date":"2027-01-18T00:00:00Z","tracking_details":[
      {"datetime":"2027-01-15T08:00:00Z","status":"pre_transit","message":"Label made",
       "status_detail":"status_update","tracking_location":{"city":null}},
      {"datetime":"2027-01-16T08:00:00Z","status":"in_transit","message":"Arrived",
       "status_detail":"arrived_at_facility",
       "tracking_location":{"city":"CHICAGO","state":"IL","country":"US","zip":"60018"}}]})");
  ASSERT_TRUE(tracker);
  const courier::Trace trace = read_tracker(*tracker);
  EXPECT_EQ(trace.status, "in_transit");
  EXPECT_EQ(trace.code, "in_transit/arrived_at_facility");
  ASSERT_EQ(trace.stations.size(), 2u);
  EXPECT_EQ(trace.stations[0].grams, 0);
  EXPECT_EQ(trace.stations[1].grams, 499);
  EXPECT_EQ(trace.stations[1].place, "CHICAGO, IL, US");
  EXPECT_EQ(trace.eta_ms, 1'800'230'400'000);
  EXPECT_EQ(read_tracker(*courier::parse_json(R"({"status":"unknown"})")).status, "");
}

}  // namespace
}  // namespace deskmate::easypost
