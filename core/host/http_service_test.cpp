#include "core/host/http_service.hpp"

#include <deskmate/ext/http.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/host/test_desk.hpp"
#include "core/host/test_server.hpp"

namespace deskmate::host {
namespace {

class HttpTest : public testing::Test {
 protected:
  void SetUp() override { allow(); }

  void allow(const std::string& host = "127.0.0.1") {
    http_.allow("shop", {{host, server_.port(), true, true}});
  }

  std::uint64_t begin(const std::string& path, HttpRequest request = {}) {
    request.url = server_.url(path);
    return http_.fetch("shop", std::move(request), [this](Result<HttpAnswer> answer) {
      answers_.push_back(std::move(answer));
    });
  }
  Result<HttpAnswer> wait() {
    if (!desk_.run_until([this] { return !answers_.empty(); })) {
      return Error{Status::internal, "no answer came to the test", ""};
    }
    auto answer = std::move(answers_.front());
    answers_.erase(answers_.begin());
    return answer;
  }
  Result<HttpAnswer> fetch(const std::string& path, HttpRequest request = {}) {
    begin(path, std::move(request));
    return wait();
  }

  TestDesk desk_;
  TestServer server_{desk_.context};
  HttpService& http_ = desk_.http;
  std::vector<Result<HttpAnswer>> answers_;
};

TEST_F(HttpTest, CarriesMethodHeadersBodyAndAnswer) {
  server_.on("/", [](const TestRequest& request) {
    return TestServer::answer(201, "X-One: a\r\nX-One: b\r\nSet-Cookie: c=1\r\nSet-Cookie: d=2\r\n",
                              request.method + request.body);
  });
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"Authorization", "Bearer t"}, {"X-Empty", ""}};
  request.body = std::string("a\0b", 3);
  const auto answer = fetch("/?token=x", std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, std::string("POSTa\0b", 7));
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"x-one", "a, b"}, {"set-cookie", "c=1\nd=2"}, {"content-length", "7"}};
  EXPECT_EQ(answer->headers, headers);
  const std::string& head = server_.requests.at(0).head;
  EXPECT_NE(head.find("\r\nauthorization: bearer t\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nx-empty:\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nuser-agent: deskmate-test\r\n"), std::string::npos);
}

TEST_F(HttpTest, ReusesConnections) {
  server_.on("/", TestServer::answer(200, "", "x"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(fetch("/"));
  EXPECT_EQ(server_.connections, 1);
  EXPECT_EQ(server_.requests.size(), 5U);
}

TEST_F(HttpTest, RefusesHostsThatWereNotNamed) {
  http_.allow("shop", {{"api.example.com", 0, false, false}});
  EXPECT_EQ(fetch("/").error().code, Status::denied);
  http_.fetch("nobody", {"GET", server_.url("/"), {}, "", 1'000, 0},
              [this](Result<HttpAnswer> answer) { answers_.push_back(std::move(answer)); });
  EXPECT_EQ(wait().error().code, Status::denied);
  EXPECT_EQ(server_.connections, 0);
}

TEST_F(HttpTest, RefusesAPrivateAddressBehindAPublicName) {
  // As the manifest, not the owner, names it. "localhost" itself would be let through by its name.
  http_.allow("shop", {{"*.localhost", server_.port(), true, false}});
  http_.fetch(
      "shop",
      {"GET", "http://shop.localhost:" + std::to_string(server_.port()) + "/", {}, "", 2'000, 0},
      [this](Result<HttpAnswer> answer) { answers_.push_back(std::move(answer)); });
  const auto answer = wait();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Status::denied);
  EXPECT_EQ(server_.connections, 0);
}

TEST_F(HttpTest, FollowsRedirectsWithinTheNamedHostsOnly) {
  server_.on("/in", TestServer::answer(302, "Location: /ok\r\n", ""));
  server_.on("/ok", TestServer::answer(200, "", "here"));
  server_.on(
      "/out",
      TestServer::answer(
          302, "Location: http://localhost:" + std::to_string(server_.port()) + "/ok\r\n", ""));
  server_.on("/file", TestServer::answer(302, "Location: file:///etc/passwd\r\n", ""));
  server_.on("/round", TestServer::answer(302, "Location: /round\r\n", ""));
  EXPECT_EQ(fetch("/in")->body, "here");
  EXPECT_EQ(fetch("/out").error().code, Status::denied);
  EXPECT_EQ(server_.count("/ok"), 1U);
  EXPECT_FALSE(fetch("/file"));
  EXPECT_EQ(fetch("/round").error().code, Status::unavailable);
  EXPECT_EQ(server_.count("/round"), http_redirects_max + 1);
}

TEST_F(HttpTest, RepeatsAfterPassingErrorsAsOftenAsWished) {
  int failures = 2;
  server_.on("/", [&](const TestRequest&) {
    return failures-- > 0 ? TestServer::answer(503, "Retry-After: 0\r\n", "")
                          : TestServer::answer(200, "", "at last");
  });
  HttpRequest request;
  request.retries = 3;
  EXPECT_EQ(fetch("/", request)->body, "at last");
  EXPECT_EQ(server_.count("/"), 3U);
  failures = 5;
  request.retries = 1;
  EXPECT_EQ(fetch("/", request)->status, 503);
  EXPECT_EQ(server_.count("/"), 5U);
  failures = 1;
  request.retries = 0;
  EXPECT_EQ(fetch("/", request)->status, 503);
  EXPECT_EQ(server_.count("/"), 6U);
}

TEST_F(HttpTest, WaitsAsLongAsTheServerAsksFor) {
  bool first = true;
  server_.on("/", [&](const TestRequest&) {
    return std::exchange(first, false) ? TestServer::answer(429, "Retry-After: 1\r\n", "")
                                       : TestServer::answer(200, "", "");
  });
  HttpRequest request;
  request.retries = 1;
  const std::uint64_t began = desk_.loop.now_ms();
  EXPECT_EQ(fetch("/", request)->status, 200);
  EXPECT_GE(desk_.loop.now_ms() - began, 1'000U);
}

TEST_F(HttpTest, DoesNotRepeatWhatAnotherAttemptWouldNotChange) {
  server_.on("/", TestServer::answer(404, "", ""));
  HttpRequest request;
  request.retries = 3;
  EXPECT_EQ(fetch("/", request)->status, 404);
  EXPECT_EQ(server_.count("/"), 1U);
}

TEST_F(HttpTest, EndsAtTheDeadlineAndWhenNobodyListens) {
  server_.on("/", std::string());
  HttpRequest request;
  request.timeout_ms = 50;
  EXPECT_EQ(fetch("/", request).error().code, Status::deadline);
  http_.allow("shop", {{"127.0.0.1", 1, true, true}});
  http_.fetch("shop", {"GET", "http://127.0.0.1:1/", {}, "", 1'000, 0},
              [this](Result<HttpAnswer> answer) { answers_.push_back(std::move(answer)); });
  EXPECT_EQ(wait().error().code, Status::unavailable);
}

TEST_F(HttpTest, LimitsWhatComesBack) {
  server_.on("/most", TestServer::answer(200, "", std::string(DM_HTTP_BODY_MAX, 'x')));
  server_.on("/more", TestServer::answer(200, "", std::string(DM_HTTP_BODY_MAX + 1, 'x')));
  server_.on("/head", TestServer::answer(200, "X: " + std::string(70'000, 'x') + "\r\n", ""));
  EXPECT_EQ(fetch("/most")->body.size(), DM_HTTP_BODY_MAX);
  EXPECT_EQ(fetch("/more").error().code, Status::limit);
  EXPECT_EQ(fetch("/head").error().code, Status::limit);
}

TEST_F(HttpTest, CancelsWhatIsUnderWay) {
  server_.on("/", std::string());
  const std::uint64_t id = begin("/");
  ASSERT_TRUE(desk_.run_until([this] { return server_.count("/") == 1; }));
  http_.cancel(id);
  http_.cancel(id);
  EXPECT_EQ(wait().error().code, Status::cancelled);
  begin("/");
  http_.forget("shop");
  EXPECT_EQ(wait().error().code, Status::cancelled);
  EXPECT_EQ(fetch("/").error().code, Status::denied);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(HttpTest, LimitsHowManyAreUnderWay) {
  server_.on("/", std::string());
  for (std::uint32_t i = 0; i < DM_HTTP_OPEN_MAX; ++i) begin("/");
  EXPECT_EQ(fetch("/").error().code, Status::limit);
  http_.forget("shop");
  for (std::uint32_t i = 0; i < DM_HTTP_OPEN_MAX; ++i) {
    EXPECT_EQ(wait().error().code, Status::cancelled);
  }
}

TEST_F(HttpTest, RefusesRequestsThatWouldLeadPastTheRules) {
  server_.on("/", TestServer::answer(200, "", ""));
  const auto status = [&](HttpRequest request) {
    return fetch("/", std::move(request)).error().code;
  };
  EXPECT_EQ(status({"CONNECT", "", {}, "", 1, 0}), Status::invalid);
  EXPECT_EQ(status({"GET", "", {{"Host", "other"}}, "", 1, 0}), Status::invalid);
  EXPECT_EQ(status({"GET", "", {{"X", "a\r\nHost: other"}}, "", 1, 0}), Status::invalid);
  EXPECT_EQ(status({"GET", "", {{"X: a", "b"}}, "", 1, 0}), Status::invalid);
  EXPECT_EQ(status({"POST", "", {}, std::string(DM_HTTP_BODY_MAX + 1, 'x'), 1, 0}), Status::limit);
  const std::string long_url = "/" + std::string(http_url_bytes_max, 'x');
  EXPECT_EQ(fetch(long_url).error().code, Status::limit);
  const std::vector<std::pair<std::string, std::string>> headers(http_headers_max + 1, {"X", "y"});
  EXPECT_EQ(status({"GET", "", headers, "", 1, 0}), Status::limit);
  const std::string long_value(http_header_bytes_max, 'x');
  EXPECT_EQ(status({"GET", "", {{"X", long_value}}, "", 1, 0}), Status::limit);
  EXPECT_TRUE(server_.requests.empty());
}

TEST_F(HttpTest, ReadsRequestsFromParams) {
  const std::string bytes = encode(Value::map({{"method", "PUT"},
                                               {"url", "https://a.example/"},
                                               {"headers", Value::map({{"A", "b"}})},
                                               {"body", Value::bin("x")},
                                               {"timeout_ms", 1'000'000},
                                               {"retries", 99}}));
  Document document;
  ASSERT_TRUE(document.parse(bytes));
  const auto request = parse_http_request(document.root());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "PUT");
  EXPECT_EQ(request->body, "x");
  EXPECT_EQ(request->headers.at(0), (std::pair<std::string, std::string>("A", "b")));
  EXPECT_EQ(request->timeout_ms, http_timeout_ms_max);
  EXPECT_EQ(request->retries, http_retries_max);
  EXPECT_FALSE(parse_http_request(View()));
}

TEST(HttpParams, WhatCannotBeSentIsRefused) {
  const auto refused = [](const Value& params) {
    const std::string bytes = encode(params);
    Document document;
    EXPECT_TRUE(document.parse(bytes));
    const auto request = parse_http_request(document.root());
    return request ? std::string() : request.error().where;
  };
  EXPECT_EQ(refused(Value::map({{"method", std::string("\0aT", 3)}, {"url", "https://a.test/"}})),
            "method");
  EXPECT_EQ(refused(Value::map(
                {{"url", "https://a.test/"}, {"headers", Value::map({{"a", "b\r\nc: d"}})}})),
            "headers");
}

}  // namespace
}  // namespace deskmate::host
