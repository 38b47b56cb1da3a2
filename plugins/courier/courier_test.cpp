#include "plugins/courier/courier.hpp"

#include <gtest/gtest.h>

#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::courier {
namespace {

TEST(Digest, java_encodes_as_the_couriers_expect) {
  EXPECT_EQ(java_url_encode("{\"orderId\":\"测试 a*b-c_d.e~f+g/h\"}1700000000000checkword"),
            "%7B%22orderId%22%3A%22%E6%B5%8B%E8%AF%95+a*b-c_d.e%7Ef%2Bg%2Fh%22%7D"
            "1700000000000checkword");
}

TEST(Digest, known_values) {
  EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(hmac_sha256("It's a Secret to Everybody", "Hello, World!")),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  EXPECT_EQ(base64("Man"), "TWFu");
  EXPECT_EQ(base64("M"), "TQ==");
  EXPECT_EQ(base64(""), "");
  EXPECT_TRUE(same("abc", "abc"));
  EXPECT_FALSE(same("abc", "abd"));
  EXPECT_FALSE(same("abc", "ab"));
}

TEST(Forms, come_back_as_they_were) {
  const Form form = {{"param", "{\"a\":\"测 试&=+%\"}"}, {"sign", "AB"}};
  EXPECT_EQ(read_form(write_form(form)).value(), form);
  EXPECT_EQ(field(form, "sign"), "AB");
  EXPECT_EQ(field(form, "none"), "");
  EXPECT_FALSE(read_form("a=%4"));
  EXPECT_FALSE(read_form("a=%zz"));
  std::string many;
  for (std::size_t i = 0; i < form_fields_max; ++i) many += "a=b&";
  EXPECT_TRUE(read_form(many));
  EXPECT_FALSE(read_form(many + "a=b"));
}

TEST(Times, as_couriers_write_them) {
  EXPECT_EQ(time_ms("2027-01-15T08:00:00Z"), 1'800'000'000'000);
  EXPECT_EQ(time_ms("2027-01-15 16:00:00", china_minutes), 1'800'000'000'000);
  EXPECT_EQ(time_ms("2027-01-15T16:00:00.250+08:00"), 1'800'000'000'250);
  EXPECT_EQ(time_ms("2027-01-15T03:00:00-0500"), 1'800'000'000'000);
  EXPECT_EQ(time_ms("2027/01/15 08:00"), 1'800'000'000'000);
  EXPECT_EQ(time_ms("2027-01-15"), 1'799'971'200'000);
  for (const char* wrong :
       {"", "tomorrow", "2027-02-30", "2027-13-01", "2027-01-15 24:00:00", "2027-01-15T08:00:00Q",
        "2027-01-15T08:00:00Z1", "1887-01-15", "2027-01-15T08:00:00+8"}) {
    EXPECT_EQ(time_ms(wrong), 0) << wrong;
  }
}

TEST(Places, R66_the_city_of_an_address_and_of_a_station) {
  const Destination hangzhou = destination_of("浙江省杭州市西湖区文三路 1 号");
  EXPECT_EQ(hangzhou.city, "杭州");
  EXPECT_EQ(hangzhou.region, "浙江");
  EXPECT_TRUE(is_in(hangzhou, "浙江,杭州市,萧山区", ""));
  EXPECT_TRUE(is_in(hangzhou, "", "【杭州市】快件已到达"));
  EXPECT_FALSE(is_in(hangzhou, "浙江,宁波市", "发往杭州"));
  EXPECT_EQ(destination_of("北京市朝阳区").city, "北京");
  EXPECT_EQ(destination_of("内蒙古自治区呼和浩特市").city, "呼和浩特");
  EXPECT_EQ(destination_of("somewhere").city, "");
  const Destination leeds = destination_of(
      Value::map({{"city", "Leeds"}, {"country_code", "GB"}, {"phone", "+44 113 496 0123"}}));
  EXPECT_EQ(leeds.region, "GB");
  EXPECT_EQ(leeds.phone_end, "0123");
  EXPECT_TRUE(is_in(leeds, "LEEDS MAIL CENTRE", ""));
  EXPECT_FALSE(is_in(Destination{}, "Leeds", ""));
  EXPECT_EQ(destination_of(Value::map({{"city", "杭州市"}, {"province", "浙江省"}})).region,
            "浙江");
}

constexpr std::array names_for_test = {CarrierName{"顺丰", "shunfeng"}, CarrierName{"ups", "UPS"}};

TEST(Carriers, by_what_shops_write) {
  const auto carriers =
      Carriers::from(names_for_test, {"Our Van=yunda", "UPS Freight = -"}).value();
  EXPECT_EQ(carriers.code_of("顺丰速运"), "shunfeng");
  EXPECT_EQ(carriers.code_of("UPS Ground"), "UPS");
  EXPECT_EQ(carriers.code_of(" our van "), "yunda");
  EXPECT_FALSE(carriers.code_of("UPS Freight"));
  EXPECT_FALSE(carriers.code_of("UPSILON"));
  EXPECT_FALSE(carriers.code_of("Groups"));
  EXPECT_FALSE(carriers.code_of(""));
  const auto all = Carriers::from(names_for_test, {"*", "ups = -"}).value();
  EXPECT_EQ(all.code_of("whoever"), "");
  EXPECT_EQ(all.code_of(""), "");
  EXPECT_FALSE(all.code_of("UPS"));
  EXPECT_EQ(Carriers::from(names_for_test, {"yunda"}).error().where, "carriers");
  EXPECT_FALSE(Carriers::from(names_for_test, {"= yunda"}));
}

TEST(Json, limits_and_what_is_missing) {
  const Value value = parse_json(R"({"a":{"b":[1,-2,1.5,true,null,"x"]},"n":42})").value();
  EXPECT_EQ(value["a"]["b"][1].as_int(), -2);
  EXPECT_EQ(to_json(value), R"({"a":{"b":[1,-2,1.5E0,true,null,"x"]},"n":42})");
  EXPECT_EQ(text_in(value["n"], 10), "42");
  EXPECT_EQ(text_in(value["none"], 10), "");
  EXPECT_EQ(text_in("测试", 4), "测");
  EXPECT_FALSE(parse_json("{"));
  EXPECT_FALSE(parse_json(std::string(40, '[')));
  EXPECT_EQ(parse_json(std::string(answer_bytes_max + 1, ' ')).error().code, Status::limit);
}

}  // namespace
}  // namespace deskmate::courier
