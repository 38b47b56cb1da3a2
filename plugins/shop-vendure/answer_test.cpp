#include "plugins/shop-vendure/answer.hpp"

#include <gtest/gtest.h>

namespace deskmate::shop_vendure {
namespace {

TEST(Answer, times_are_read_and_written) {
  EXPECT_EQ(parse_time_ms("1970-01-01T00:00:00.000Z"), 0);
  EXPECT_EQ(parse_time_ms("2026-11-22T09:33:08.563Z"), 1'795'339'988'563);
  EXPECT_EQ(parse_time_ms("2024-02-29T23:59:59Z"), 1'709'251'199'000);
  EXPECT_EQ(format_time(1'795'339'988'563), "2026-11-22T09:33:08.563Z");
  EXPECT_EQ(format_time(-5), "1970-01-01T00:00:00.000Z");
}

TEST(Answer, what_is_no_time_is_none) {
  for (const char* text :
       {"", "soon", "2026-11-22", "2026-13-22T09:33:08.563Z", "2026-02-30T09:33:08.563Z",
        "2026-11-22T24:33:08.563Z", "2026-11-22T09:61:08.563Z", "2026-11-22T09:33:08.563",
        "2026-11-22T09:33:08.5Z", "2026-11-22T09:33:08.563+01:00", "2026-1a-22T09:33:08.563Z"}) {
    EXPECT_LT(parse_time_ms(text), 0) << text;
  }
}

TEST(Answer, text_that_is_not_json_is_refused) {
  for (const char* text :
       {"", "<html>oops</html>", "{\"data\":", "[1,2", "nul", "{}x", "\"\xff\""}) {
    const auto parsed = parse_answer(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Status::internal);
  }
}

TEST(Answer, ten_thousand_levels_deep_is_refused) {
  for (const char* open : {"[", "{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += open;
    EXPECT_FALSE(parse_answer(text));
  }
}

TEST(Answer, too_long_is_refused) {
  const auto parsed = parse_answer("\"" + std::string(answer_bytes_max, 'x') + "\"");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Status::limit);
}

TEST(Answer, the_first_fault_is_kept_with_its_path) {
  const json::value value = json::parse(R"({"order": {"lines": [{"id": 5}], "total": "12"}})");
  Fault fault;
  const Field order = Field(value, "", fault)["order"];
  order["lines"].each(10, [](const Field& line) { line["id"].id(); });
  order["total"].money();
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault.message(), "the shop's answer: order.lines[0].id is not text");
}

TEST(Answer, wrong_types_and_ranges_are_faults_and_give_harmless_values) {
  const json::value value = json::parse(
      R"({"n": 1.5, "big": 1e300, "text": [], "no": null, "list": {}, "long": "xxxxx", "neg": -1})");
  const auto faulty = [&value](auto read) {
    Fault fault;
    read(Field(value, "", fault));
    return static_cast<bool>(fault);
  };
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["n"].money(), 0); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["big"].money(), 0); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["text"].text(9), ""); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["no"].text(9), ""); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["missing"].id(), ""); }));
  EXPECT_TRUE(faulty([](const Field& v) { v["missing"]["deeper"].text(9); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["long"].text(4), ""); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_EQ(v["neg"].whole(0, 9), 0); }));
  EXPECT_TRUE(faulty([](const Field& v) { EXPECT_FALSE(v["n"].boolean()); }));
  EXPECT_TRUE(faulty([](const Field& v) { v["list"].each(9, [](const Field&) { FAIL(); }); }));
  EXPECT_FALSE(faulty([](const Field& v) { EXPECT_EQ(v["no"].text_or_empty(9), ""); }));
  EXPECT_FALSE(faulty([](const Field& v) { v["no"].each(9, [](const Field&) { FAIL(); }); }));
}

TEST(Answer, a_list_longer_than_its_limit_is_a_fault) {
  const json::value value = json::parse("[1,2,3]");
  Fault fault;
  Field(value, "list", fault).each(2, [](const Field&) { FAIL(); });
  EXPECT_EQ(fault.message(), "the shop's answer: list is too long");
}

}  // namespace
}  // namespace deskmate::shop_vendure
