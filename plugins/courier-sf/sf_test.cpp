#include "plugins/courier-sf/sf.hpp"

#include <gtest/gtest.h>

namespace deskmate::sf {
namespace {

TEST(Sf, signs_as_the_vendors_example) {
  EXPECT_EQ(digest(R"({"language":"zh-CN","orderId":"QIAO-20200618-004"})", "12312334453453",
                   std::string("fjcg5PGKaNpPSHFA") + "Z4QsCOkV71R3zVci"),
            "IIKJtuLVzoFTu4kHI8M8vA==");
  EXPECT_EQ(digest(R"({"orderId":"测试 a*b-c_d.e~f+g/h"})", "1700000000000", "checkword"),
            "l1AwnigaHeyRETjYMEIo2A==");
}

TEST(Sf, R65_operation_codes_in_our_words) {
  EXPECT_EQ(status_of("50"), "picked_up");
  EXPECT_EQ(status_of("44"), "out_for_delivery");
  EXPECT_EQ(status_of("33"), "attempt_failed");
  EXPECT_EQ(status_of("80"), "delivered");
  EXPECT_EQ(status_of("607"), "");
}

Result<std::vector<Route>> read(const std::string& data, const char* code = "A1000") {
  return read_routes(
      Value::map({{"apiResultCode", code}, {"apiErrorMsg", "x"}, {"apiResultData", data}}));
}

TEST(Sf, R60_routes_are_a_text_within_the_answer) {
  const auto routes = read(R"({"success":true,"errorCode":"S0000","msgData":{"routeResps":[
    {"mailNo":"SF1","routes":[
      {"acceptAddress":"杭州市","acceptTime":"2027-01-15 16:00:00","remark":"已收取","opCode":"50"},
      {"acceptAddress":"北京市","acceptTime":"2027-01-16 16:00:00","remark":"说明","opCode":"607"}]}]}})");
  ASSERT_TRUE(routes);
  ASSERT_EQ(routes->size(), 1u);
  const courier::Trace& trace = routes->at(0).trace;
  EXPECT_EQ(routes->at(0).number, "SF1");
  EXPECT_EQ(trace.status, "picked_up");  // the later route says nothing about it
  EXPECT_EQ(trace.at_ms, 1'800'000'000'000);
  ASSERT_EQ(trace.stations.size(), 2u);
  EXPECT_EQ(trace.stations[1].place, "北京市");
}

TEST(Sf, what_it_refuses_says_why) {
  EXPECT_EQ(read("", "A1006").error().code, Status::denied);
  EXPECT_EQ(read("", "A1005").error().code, Status::limit);
  EXPECT_EQ(read("", "A1099").error().code, Status::unavailable);
  EXPECT_EQ(read("", "A1001").error().code, Status::invalid);
  EXPECT_EQ(read("no json").error().code, Status::internal);
  // A1000 says only that the message came through.
  EXPECT_EQ(read(R"({"success":false,"errorCode":"S0001","errorMsg":"x"})").error().code,
            Status::invalid);
  EXPECT_TRUE(read(R"({"success":true,"errorCode":"S0000","msgData":{}})")->empty());
}

}  // namespace
}  // namespace deskmate::sf
