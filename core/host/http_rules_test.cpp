#include "core/host/http_rules.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>

namespace deskmate::host {
namespace {

bool lets_through(const AllowedHost& rule, const std::string& url) {
  const auto parts = split_url(url);
  return parts && find_rule({rule}, *parts) != nullptr;
}

TEST(HttpRules, LetOnlyTheNamedHostThrough) {
  const AllowedHost rule{"api.example.com", 0, false, false};
  EXPECT_TRUE(lets_through(rule, "https://api.example.com/v1?x=1"));
  EXPECT_TRUE(lets_through(rule, "https://API.EXAMPLE.COM:443/"));
  for (const char* other : {"https://example.com/", "https://api.example.com.evil.test/",
                            "https://xapi.example.com/", "https://api.example.com:8443/",
                            "http://api.example.com/", "https://evil.test/?api.example.com",
                            "https://evil.test/#@api.example.com", "https://api.example.com./"}) {
    EXPECT_FALSE(lets_through(rule, other)) << other;
  }
}

TEST(HttpRules, LetFamiliesAndPortsThrough) {
  const AllowedHost family{"*.example.com", 0, false, false};
  EXPECT_TRUE(lets_through(family, "https://a.example.com/"));
  EXPECT_TRUE(lets_through(family, "https://a.b.example.com/"));
  EXPECT_FALSE(lets_through(family, "https://example.com/"));
  EXPECT_FALSE(lets_through(family, "https://badexample.com/"));
  const AllowedHost port{"host", 8443, false, false};
  EXPECT_TRUE(lets_through(port, "https://host:8443/"));
  EXPECT_FALSE(lets_through(port, "https://host/"));
}

TEST(HttpRules, LetPlainHttpThroughOnlyWhereItIsNamedOrToThisMachine) {
  EXPECT_TRUE(lets_through({"shop", 80, true, true}, "http://shop/"));
  EXPECT_FALSE(lets_through({"shop", 80, false, true}, "http://shop/"));
  EXPECT_TRUE(lets_through({"localhost", 3000, false, true}, "http://localhost:3000/"));
  EXPECT_TRUE(lets_through({"127.0.0.1", 3000, false, true}, "http://127.0.0.1:3000/"));
  EXPECT_TRUE(lets_through({"::1", 3000, false, true}, "http://[::1]:3000/"));
  EXPECT_FALSE(
      lets_through({"127.0.0.1.evil.test", 80, false, true}, "http://127.0.0.1.evil.test/"));
}

TEST(HttpRules, RefuseWhatIsNoPlainAddress) {
  for (const char* wrong : {"", "x", "ftp://a.example/", "file:///etc/passwd", "https://",
                            "https://user:pass@a.example/", "https://a b/", "gopher://a.example"}) {
    EXPECT_FALSE(split_url(wrong)) << wrong;
  }
}

bool is_private_text(const char* text) {
  sockaddr_storage storage{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  }
  // A sockaddr is shorter than what it heads; hand over the whole.
  return is_private(*reinterpret_cast<const sockaddr*>(&storage));
}

TEST(HttpRules, KnowPrivateAddresses) {
  for (const char* address :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
        "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"}) {
    EXPECT_TRUE(is_private_text(address)) << address;
  }
  for (const char* address : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "192.169.0.1",
                              "2606:4700::1111", "::ffff:1.1.1.1"}) {
    EXPECT_FALSE(is_private_text(address)) << address;
  }
}

TEST(HttpRules, RedirectsKeepOrDropBodyAndCredentials) {
  const HttpRequest post{
      "POST", "https://a/", {{"Authorization", "x"}, {"Content-Type", "y"}, {"Z", "z"}}, "body", 1,
      0};
  const HttpRequest see_other = redirected(post, 303, "https://a/b", true);
  EXPECT_EQ(see_other.method, "GET");
  EXPECT_EQ(see_other.url, "https://a/b");
  EXPECT_TRUE(see_other.body.empty());
  EXPECT_EQ(see_other.headers.size(), 2U);
  const HttpRequest kept = redirected(post, 307, "https://b/", false);
  EXPECT_EQ(kept.method, "POST");
  EXPECT_EQ(kept.body, "body");
  EXPECT_EQ(kept.headers, (decltype(kept.headers){{"Content-Type", "y"}, {"Z", "z"}}));
  EXPECT_EQ(redirected(post, 302, "https://a/b", true).method, "GET");
  EXPECT_EQ(redirected({"PUT", "https://a/", {}, "b", 1, 0}, 302, "https://a/b", true).method,
            "PUT");
}

TEST(HttpRules, UnderstandRetryAfter) {
  EXPECT_EQ(retry_after_ms("7", 0), 7'000U);
  EXPECT_EQ(retry_after_ms("Fri, 31 Dec 1999 23:59:59 GMT", 946'684'789), 10'000U);
  EXPECT_EQ(retry_after_ms("Fri, 31 Dec 1999 23:59:59 GMT", 946'684'899), 0U);
  EXPECT_EQ(retry_after_ms("-5", 0), 0U);
  EXPECT_FALSE(retry_after_ms("soon", 0));
  EXPECT_EQ(retry_after_ms("99999999999", 0), 4'294'967'000U);
}

TEST(HttpRules, BackOffExponentiallyWithFullJitter) {
  EXPECT_EQ(retry_wait_ms(0, 500, 500), 500U);
  EXPECT_EQ(retry_wait_ms(0, 500, 501), 0U);
  EXPECT_EQ(retry_wait_ms(3, 500, 4'000), 4'000U);
  EXPECT_EQ(retry_wait_ms(30, 500, http_retry_longest_ms), http_retry_longest_ms);
}

TEST(HttpRules, SpreadRequestsOverTime) {
  RateLimit limit(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take(1'000), 0U);
  EXPECT_EQ(limit.take(1'000), 100U);
  EXPECT_EQ(limit.take(1'000), 200U);
  EXPECT_EQ(limit.take(1'200), 100U);
  EXPECT_EQ(limit.take(9'000), 0U);
}

}  // namespace
}  // namespace deskmate::host
