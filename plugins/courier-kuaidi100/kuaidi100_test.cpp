#include "plugins/courier-kuaidi100/kuaidi100.hpp"

#include <gtest/gtest.h>

#include "deskmate/testing/bench.hpp"
#include "plugins/courier/digest.hpp"

namespace deskmate::kuaidi100 {
namespace {

TEST(Kuaidi100, signs_queries_and_pushes_over_the_exact_text) {
  EXPECT_EQ(query_sign(R"({"com":"yunda","num":"3950055201640","phone":"","from":"","to":"",)"
                       R"("resultv2":"4","show":"0","order":"desc"})",
                       "testkey", "TESTCUSTOMER"),
            "591E89082A4B99AD022E3504EE2D0CA0");
  EXPECT_EQ(push_sign(R"({"status":"polling","message":"","lastResult":{"state":"0",)"
                      R"("nu":"3950055201640","com":"yunda","ischeck":"0","data":[]}})",
                      "XXXXXXXX"),
            "ECB04C8E023D01887DA986F0EB8588C4");
}

TEST(Kuaidi100, R65_states_in_our_words) {
  for (const auto& [state, status] : {std::pair("0", "in_transit"),
                                      {"1", "picked_up"},
                                      {"101", "info_received"},
                                      {"5", "out_for_delivery"},
                                      {"501", "available_for_pickup"},
                                      {"204", "attempt_failed"},
                                      {"206", "attempt_failed"},
                                      {"3", "delivered"},
                                      {"6", "returning"},
                                      {"4", "returned"},
                                      {"10", "customs_hold"},
                                      {"2", "exception"},
                                      {"202", "exception"},
                                      {"209", "damaged"},
                                      {"14", "exception"},
                                      {"99", "unknown"}}) {
    EXPECT_EQ(status_of(state), status) << state;
  }
}

Result<courier::Trace> read(std::string_view text) {
  return read_trace(courier::parse_json(text).value());
}

TEST(Kuaidi100, R60_a_trace_with_its_places) {
  const auto trace = read(R"({"message":"ok","nu":"1","com":"yunda","status":"200","state":"5",
    "data":[{"time":"2027-01-15 18:30:00","ftime":"2027-01-15 18:30:00","context":"派件中",
             "areaName":"北京,北京市","statusCode":"5"},
            {"time":"2027-01-14 08:00:00","context":"已揽收","areaName":"浙江,杭州市",
             "statusCode":"103"}]})");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->status, "out_for_delivery");
  EXPECT_EQ(trace->code, "5");
  ASSERT_EQ(trace->stations.size(), 2u);
  EXPECT_EQ(trace->stations[0].at_ms, 1'800'009'000'000);  // 10:30 UTC
  EXPECT_EQ(trace->stations[1].status, "picked_up");
  EXPECT_EQ(trace->stations[1].place, "浙江,杭州市");
}

TEST(Kuaidi100, what_it_refuses_says_why) {
  const auto code = [](std::string_view text) { return read(text).error().code; };
  EXPECT_EQ(code(R"({"result":false,"returnCode":"503","message":"验证签名失败"})"),
            Status::denied);
  EXPECT_EQ(code(R"({"result":false,"returnCode":"601","message":"key已过期"})"), Status::denied);
  EXPECT_EQ(code(R"({"result":false,"returnCode":"500","message":"查询无结果"})"),
            Status::not_found);
  EXPECT_EQ(code(R"({"result":false,"returnCode":"400","message":"x"})"), Status::invalid);
  EXPECT_EQ(code(R"({"result":false,"returnCode":"502","message":"x"})"), Status::unavailable);
  EXPECT_EQ(code(R"({"state":"0","data":[]})"), Status::not_found);
  EXPECT_EQ(code(R"({"state":"0"})"), Status::internal);
  EXPECT_EQ(code("7"), Status::internal);
  EXPECT_EQ(read(R"({"state":"101","data":[]})")->status, "info_received");
}

TEST(Kuaidi100, R65_a_push_that_was_given_up_is_the_end) {
  const auto push = read_push(
      R"({"status":"abort","message":"3天查询无记录","lastResult":{"nu":"77","com":"yunda"}})");
  ASSERT_TRUE(push);
  EXPECT_EQ(push->number, "77");
  EXPECT_EQ(push->trace.status, "expired");
  EXPECT_EQ(push->trace.code, "abort");
  EXPECT_FALSE(read_push(R"({"status":"polling","lastResult":{"nu":"77"}})"));
  EXPECT_FALSE(read_push(R"({"status":"polling"})"));
  EXPECT_FALSE(read_push("param"));
}

}  // namespace
}  // namespace deskmate::kuaidi100
