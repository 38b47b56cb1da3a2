#include "core/gateway/guard.hpp"

#include <gtest/gtest.h>

namespace deskmate::gateway {
namespace {

Request asking(std::string method, Headers headers) {
  Request request;
  request.method = std::move(method);
  request.path = "/";
  request.headers = std::move(headers);
  return request;
}

TEST(Guard, KnowsItsOwnNames) {
  const Guard guard(7380, 7443, {"desk.example.org"});
  for (const char* host :
       {"127.0.0.1:7380", "localhost:7380", "LOCALHOST:7380", "[::1]:7380", "desk.example.org"}) {
    EXPECT_TRUE(guard.check(asking("GET", {{"host", host}}))) << host;
  }
  for (const char* host : {"", "127.0.0.1", "127.0.0.1:80", "evil.example:7380",
                           "localhost:7380.evil.example", "127.0.0.1:7380@evil.example"}) {
    const auto refused = guard.check(asking("GET", {{"host", host}}));
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().where, "host");
  }
}

TEST(Guard, AChangeComesFromItsOwnPageAndAsJson) {
  const Guard guard(7380, 7443, {});
  const std::pair<std::string, std::string> host{"host", "127.0.0.1:7380"};
  const std::pair<std::string, std::string> json{"content-type", "application/json"};
  const std::pair<std::string, std::string> origin{"origin", "http://127.0.0.1:7380"};
  EXPECT_TRUE(guard.check(asking("POST", {host, json, origin})));
  EXPECT_TRUE(guard.check(asking("POST", {host, json, origin, {"sec-fetch-site", "same-origin"}})));
  const std::vector<Headers> wrong = {
      {host, json},
      {host, origin},
      {host, origin, {"content-type", "text/plain"}},
      {host, origin, {"content-type", "application/jsonx"}},
      {host, json, {"origin", "http://evil.example"}},
      {host, json, {"origin", "null"}},
      {host, json, {"origin", "http://127.0.0.1:7381"}},
      {host, json, origin, {"sec-fetch-site", "cross-site"}},
      {host, json, origin, {"sec-fetch-site", "same-site"}},
  };
  for (const Headers& headers : wrong) {
    EXPECT_FALSE(guard.check(asking("POST", headers))) << testing::PrintToString(headers);
  }
  // Reading by another site's page is refused where it says so; without the cookie it sees nothing.
  EXPECT_FALSE(guard.check(asking("GET", {host, {"origin", "http://evil.example"}})));
}

TEST(Guard, AWebSocketNeedsOurOrigin) {
  const Guard guard(7380, 7443, {});
  EXPECT_TRUE(guard.check_upgrade(
      asking("GET", {{"host", "localhost:7380"}, {"origin", "http://localhost:7380"}})));
  EXPECT_FALSE(guard.check_upgrade(asking("GET", {{"host", "localhost:7380"}})));
  EXPECT_FALSE(guard.check_upgrade(
      asking("GET", {{"host", "localhost:7380"}, {"origin", "https://evil.example"}})));
}

Request through_tls(std::string method, Headers headers) {
  Request request = asking(std::move(method), std::move(headers));
  request.secure = true;
  request.local = "192.168.1.5:7443";
  return request;
}

TEST(Guard, ThroughTlsTheAddressConnectedToIsOurs) {
  const Guard guard(7380, 7443, {"desk.example.org:7443"});
  for (const char* host : {"192.168.1.5:7443", "127.0.0.1:7443", "desk.example.org:7443"}) {
    EXPECT_TRUE(guard.check(through_tls("GET", {{"host", host}}))) << host;
  }
  for (const char* host :
       {"192.168.1.5", "192.168.1.6:7443", "127.0.0.1:7380", "evil.example:7443"}) {
    EXPECT_FALSE(guard.check(through_tls("GET", {{"host", host}}))) << host;
  }
  // Without TLS it is not.
  Request plain = asking("GET", {{"host", "192.168.1.5:7443"}});
  plain.local = "192.168.1.5:7443";
  EXPECT_FALSE(guard.check(plain));
}

TEST(Guard, APageWithoutTlsHasNoSayThroughIt) {
  const Guard guard(7380, 7443, {});
  const std::pair<std::string, std::string> host{"host", "192.168.1.5:7443"};
  const std::pair<std::string, std::string> json{"content-type", "application/json"};
  EXPECT_TRUE(
      guard.check(through_tls("POST", {host, json, {"origin", "https://192.168.1.5:7443"}})));
  EXPECT_TRUE(
      guard.check_upgrade(through_tls("GET", {host, {"origin", "https://192.168.1.5:7443"}})));
  for (const char* origin : {"http://192.168.1.5:7443", "http://127.0.0.1:7380",
                             "https://127.0.0.1:7380", "https://evil.example", "null", ""}) {
    EXPECT_FALSE(guard.check(through_tls("POST", {host, json, {"origin", origin}}))) << origin;
    EXPECT_FALSE(guard.check_upgrade(through_tls("GET", {host, {"origin", origin}}))) << origin;
  }
}

TEST(Security, OnlyANameIsAskedForWithTlsAlone) {
  const auto said = [](Request request) {
    Headers headers;
    add_only_tls(headers, request);
    return std::string(find(headers, "strict-transport-security"));
  };
  EXPECT_EQ(said(through_tls("GET", {{"host", "desk.example.org:7443"}})), "max-age=604800");
  for (const char* host : {"192.168.1.5:7443", "[fd00::a]:7443", "localhost:7443", ""}) {
    EXPECT_EQ(said(through_tls("GET", {{"host", host}})), "") << host;
  }
  EXPECT_EQ(said(asking("GET", {{"host", "desk.example.org"}})), "");
}

TEST(CleanPath, StaysInside) {
  EXPECT_EQ(clean_path("/a%20b/%E8%8C%B6"), "/a b/茶");
  EXPECT_EQ(clean_path("/..a/b..c"), "/..a/b..c");
  for (const char* path :
       {"", "a", "/..", "/../a", "/a/../b", "/%2e%2e/a", "/a/%2E.", "/.", "/a/./b", "/%", "/%4",
        "/%zz", "/%00", "/a%0ab", "/%ff", "/%e8%8c", "/\\..", "/%5c"}) {
    EXPECT_FALSE(clean_path(path)) << path;
  }
  EXPECT_FALSE(clean_path("/" + std::string(target_bytes_max, 'a')));
}

TEST(Security, ForeignPagesHaveAnOriginOfTheirOwn) {
  Headers own;
  add_security(own, Trust::own);
  EXPECT_EQ(find(own, "content-security-policy").find("unsafe"), std::string_view::npos);
  EXPECT_EQ(find(own, "x-content-type-options"), "nosniff");
  Headers foreign;
  add_security(foreign, Trust::foreign);
  const auto policy = find(foreign, "content-security-policy");
  EXPECT_TRUE(policy.starts_with("sandbox "));
  EXPECT_EQ(policy.find("allow-same-origin"), std::string_view::npos);
}

}  // namespace
}  // namespace deskmate::gateway
