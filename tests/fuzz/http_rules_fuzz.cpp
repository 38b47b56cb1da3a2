// Any texts as addresses, hosts, Retry-After and requests of plugins: a rule lets through only the
// host that it names, and plain HTTP and private addresses only where that was said.
#include "core/host/http_rules.hpp"

#include <arpa/inet.h>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::host;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string rule_text = input.ConsumeRandomLengthString(64);
  const std::string url = input.ConsumeRandomLengthString(200);
  const auto now_s = input.ConsumeIntegralInRange<std::int64_t>(0, std::int64_t{1} << 40);

  std::vector<AllowedHost> rules;
  if (const auto rule = parse_host(rule_text)) {
    check(!rule->host.empty() && rule->host.find_first_of("/@?# \t\r\n") == std::string::npos);
    rules.push_back(*rule);
  }
  const auto parts = split_url(url);
  if (parts) {
    check(parts->scheme == "http" || parts->scheme == "https");
    check(!parts->host.empty() && parts->port != 0);
    if (const AllowedHost* rule = find_rule(rules, *parts)) {
      if (rule->host[0] == '*') {
        const std::string tail = rule->host.substr(1);
        check(parts->host.size() > tail.size() &&
              parts->host.substr(parts->host.size() - tail.size()) == tail);
      } else {
        check(parts->host == rule->host);
      }
      check(parts->scheme == "https" || rule->plain_http || is_loopback_name(parts->host));
    }
  }
  if (const auto wait = retry_after_ms(url, now_s)) check(*wait % 1000 == 0);

  std::array<std::uint8_t, 16> address{};
  const auto bytes = input.ConsumeBytes<std::uint8_t>(16);
  std::copy(bytes.begin(), bytes.end(), address.begin());
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::copy(address.begin(), address.end(), v6.sin6_addr.s6_addr);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  std::copy_n(address.begin() + 12, 4, reinterpret_cast<std::uint8_t*>(&v4.sin_addr));
  const bool private_v4 = is_private(reinterpret_cast<const sockaddr&>(v4));
  const bool private_v6 = is_private(reinterpret_cast<const sockaddr&>(v6));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) check(private_v4 == private_v6);
  check(private_v6 ||
        !(IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)));

  const std::string params = fuzz::rest_of(input);
  Document document;
  if (!document.parse(params)) return 0;
  const auto request = parse_http_request(document.root());
  if (!request) return 0;
  check(request->url.size() <= http_url_bytes_max && request->headers.size() <= http_headers_max);
  check(request->retries <= http_retries_max && request->timeout_ms <= http_timeout_ms_max);
  for (const auto& [name, value] : request->headers) {
    check((name + value).find_first_of("\r\n") == std::string::npos);
    check((name + value + request->method).find('\0') == std::string::npos);
  }
  const HttpRequest next = redirected(*request, 303, "https://other.test/", false);
  for (const auto& [name, value] : next.headers) check(name != "authorization" && name != "cookie");
  return 0;
}
