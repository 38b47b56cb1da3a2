#include "plugins/shop-vendure/api.hpp"

#include <gtest/gtest.h>

#include "plugins/shop-vendure/fake_vendure.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr const char* ok = R"({"data":{"ping":{"n":1}}})";
constexpr const char* forbidden =
    R"({"errors":[{"message":"not allowed","extensions":{"code":"FORBIDDEN"}}],"data":null})";

class ApiTest : public ::testing::Test {
 protected:
  Result<json::object> ask(Api::Kind kind = Api::Kind::read) {
    return api_.ask(shop_.bench.desk(), "{ ping }", {}, kind);
  }
  Status status_of(const HttpResponse& response, Api::Kind kind = Api::Kind::read) {
    shop_.on("ping", response);
    const Result<json::object> data = ask(kind);
    return data ? Status::ok : data.error().code;
  }
  FakeVendure shop_;
  Api api_;
};

TEST_F(ApiTest, the_url_may_be_given_in_several_ways) {
  for (const char* url : {"http://s", "http://s/", "http://s/admin-api", "http://s/admin-api//"}) {
    EXPECT_EQ(admin_url(url), "http://s/admin-api");
  }
}

TEST_F(ApiTest, logs_in_once_and_sends_the_token) {
  shop_.on("ping", ok);
  ASSERT_TRUE(ask());
  ASSERT_TRUE(ask());
  EXPECT_EQ(shop_.asked("login(").size(), 1U);
  const auto& requests = shop_.host.http().requests();
  EXPECT_EQ(requests.back().headers["authorization"].as_str(), "Bearer t1");
  EXPECT_EQ(requests.back().url, "http://shop.test/admin-api");
}

TEST_F(ApiTest, an_expired_session_is_renewed_once) {
  shop_.on("ping", ok);
  ASSERT_TRUE(ask());
  shop_.once("ping", forbidden);
  ASSERT_TRUE(ask(Api::Kind::write));
  EXPECT_EQ(shop_.asked("login(").size(), 2U);
  shop_.on("ping", forbidden);
  const auto data = ask();
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Status::denied);
  EXPECT_EQ(shop_.asked("login(").size(), 3U);
}

TEST_F(ApiTest, a_wrong_password_is_denied) {
  shop_.on("login(", refused("login", "INVALID_CREDENTIALS_ERROR"));
  const auto data = ask();
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, Status::denied);
}

TEST_F(ApiTest, a_shop_without_bearer_tokens_is_explained) {
  shop_.on("login(", R"({"data":{"login":{"__typename":"CurrentUser"}}})");
  const auto data = ask();
  ASSERT_FALSE(data);
  EXPECT_NE(data.error().message.find("tokenMethod"), std::string::npos);
}

TEST_F(ApiTest, a_missing_password_is_an_error) {
  testing::FakeHost host("bare");
  host.set_setting("url", "http://shop.test");
  testing::Bench<ShopVendure> bench(host);
  EXPECT_FALSE(bench.begin());
}

TEST_F(ApiTest, each_way_of_failing_says_whether_it_may_have_happened) {
  EXPECT_EQ(status_of({200, {}, ok}), Status::ok);
  EXPECT_EQ(status_of({429, {}, "slow down"}), Status::limit);
  EXPECT_EQ(status_of({500, {}, "<html>"}), Status::unavailable);
  EXPECT_EQ(status_of({503, {}, ""}, Api::Kind::write), Status::unavailable);
  EXPECT_EQ(status_of({404, {}, "<html>"}), Status::invalid);
  EXPECT_EQ(status_of({302, {}, ""}), Status::invalid);
  EXPECT_EQ(status_of({401, {}, ""}), Status::denied);
  EXPECT_EQ(status_of({200, {}, "<html>a page</html>"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, R"({"data":{"ping")"}, Api::Kind::write), Status::internal);
  EXPECT_EQ(status_of({200, {}, "[]"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, "{}"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, R"({"data":null})"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, R"({"data":[]})"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, R"({"errors":"x"})"}), Status::internal);
  EXPECT_EQ(status_of({200, {}, R"({"errors":[{"message":5}]})"}), Status::internal);
  const std::string deep(10'000, '[');
  EXPECT_EQ(status_of({200, {}, deep}), Status::internal);
}

TEST_F(ApiTest, graphql_errors_by_their_code) {
  const auto error = [](const std::string& code) {
    return HttpResponse{
        200, {}, R"({"errors":[{"message":"m","extensions":{"code":")" + code + "\"}}]}"};
  };
  EXPECT_EQ(status_of(error("ENTITY_NOT_FOUND")), Status::not_found);
  EXPECT_EQ(status_of(error("GRAPHQL_VALIDATION_FAILED")), Status::invalid);
  EXPECT_EQ(status_of(error("INTERNAL_SERVER_ERROR")), Status::unavailable);
  EXPECT_EQ(status_of(error("INTERNAL_SERVER_ERROR"), Api::Kind::write), Status::internal);
}

TEST_F(ApiTest, reads_are_retried_by_the_host_and_writes_never) {
  shop_.on("ping", ok);
  ASSERT_TRUE(ask(Api::Kind::read));
  EXPECT_EQ(shop_.host.http().requests().back().retries, read_retries);
  ASSERT_TRUE(ask(Api::Kind::write));
  EXPECT_EQ(shop_.host.http().requests().back().retries, 0U);
}

TEST_F(ApiTest, secrets_are_not_in_messages) {
  shop_.on("login(", {500, {}, "owner secret"});
  const auto data = ask();
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace deskmate::shop_vendure
