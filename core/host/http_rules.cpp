#include "core/host/http_rules.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

namespace deskmate::host {
namespace {

struct CurlFree {
  void operator()(char* text) const { curl_free(text); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, CurlFree> owned(text);
  return text;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool matches(const AllowedHost& rule, std::string_view host) {
  if (rule.host.size() > 2 && rule.host.compare(0, 2, "*.") == 0) {
    const std::string_view tail = std::string_view(rule.host).substr(1);
    return host.size() > tail.size() && host.substr(host.size() - tail.size()) == tail;
  }
  return host == rule.host;
}

bool is_private_v4(std::uint32_t a) {
  const auto within = [a](std::uint32_t net, unsigned bits) {
    return (a >> (32 - bits)) == (net >> (32 - bits));
  };
  return within(0x00000000, 8) || within(0x0a000000, 8) || within(0x64400000, 10) ||
         within(0x7f000000, 8) || within(0xa9fe0000, 16) || within(0xac100000, 12) ||
         within(0xc0000000, 24) || within(0xc0a80000, 16) || within(0xc6120000, 15) ||
         within(0xe0000000, 3);
}

bool is_private_v6(const in6_addr& address) {
  const auto* b = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, b + 12, sizeof v4);
    return is_private_v4(ntohl(v4));
  }
  if (b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b) return true;  // NAT64
  return IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LOOPBACK(&address) ||
         IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_SITELOCAL(&address) ||
         IN6_IS_ADDR_MULTICAST(&address) || (b[0] & 0xfe) == 0xfc;
}

}  // namespace

Result<UrlParts> split_url(const std::string& url) {
  const auto wrong = [](const char* message) { return Error{Status::invalid, message, "url"}; };
  const std::unique_ptr<CURLU, CurlFree> parsed(curl_url());
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return wrong("not an address that can be fetched");
  }
  UrlParts parts;
  parts.scheme = lower(part(parsed.get(), CURLUPART_SCHEME));
  if (parts.scheme != "https" && parts.scheme != "http") {
    return wrong("only https and http can be fetched");
  }
  if (!part(parsed.get(), CURLUPART_USER).empty() ||
      !part(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return wrong("no user name or password in an address: use a header");
  }
  parts.host = lower(part(parsed.get(), CURLUPART_HOST));
  if (parts.host.size() > 2 && parts.host.front() == '[') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  const std::string port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), parts.port);
  if (parts.host.empty() || parts.port == 0) return wrong("no host in the address");
  return parts;
}

bool is_loopback_name(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.substr(0, 4) == "127." && is_address(host));
}

bool is_address(std::string_view host) {
  const std::string text(host);
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(AF_INET, text.c_str(), out.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), out.data()) == 1;
}

const AllowedHost* find_rule(const std::vector<AllowedHost>& rules, const UrlParts& parts) {
  const bool plain = parts.scheme == "http";
  for (const AllowedHost& rule : rules) {
    if (!matches(rule, parts.host)) continue;
    if (plain && !rule.plain_http && !is_loopback_name(parts.host)) continue;
    const std::uint16_t usual = plain ? 80 : 443;
    if (parts.port == (rule.port == 0 ? usual : rule.port)) return &rule;
  }
  return nullptr;
}

bool is_private(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_private_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return is_private_v6(v6.sin6_addr);
  }
  return true;
}

HttpRequest redirected(HttpRequest request, std::uint16_t status, std::string url,
                       bool same_place) {
  request.url = std::move(url);
  const bool drops_body = (status == 303 && request.method != "HEAD") ||
                          ((status == 301 || status == 302) && request.method == "POST");
  const auto drop = [&](std::initializer_list<std::string_view> names) {
    std::erase_if(request.headers, [&](const auto& header) {
      const std::string name = lower(header.first);
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  };
  if (drops_body) {
    request.method = "GET";
    request.body.clear();
    drop({"content-type", "content-encoding"});
  }
  if (!same_place) drop({"authorization", "cookie", "proxy-authorization"});
  return request;
}

std::optional<std::uint32_t> retry_after_ms(std::string_view value, std::int64_t now_s) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{} || end != value.data() + value.size()) {
    const std::string text(value);
    const auto date = static_cast<std::int64_t>(curl_getdate(text.c_str(), nullptr));
    if (date < 0) return std::nullopt;
    seconds = date - now_s;
  }
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max() / 1000;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, most) * 1000);
}

bool is_passing(std::uint16_t status) { return status == 429 || (status >= 500 && status <= 599); }

std::uint32_t retry_wait_ms(std::uint32_t attempt, std::uint32_t first_ms, std::uint64_t random) {
  std::uint64_t most = first_ms;
  for (std::uint32_t i = 0; i < attempt && most < http_retry_longest_ms; ++i) most *= 2;
  most = std::min<std::uint64_t>(most, http_retry_longest_ms);
  return static_cast<std::uint32_t>(random % (most + 1));
}

std::uint32_t RateLimit::take(std::uint64_t now_ms) {
  const std::uint64_t passed = now_ms > at_ms_ ? now_ms - at_ms_ : 0;
  at_ms_ = std::max(at_ms_, now_ms);
  tokens_ = std::min(burst_, tokens_ + static_cast<double>(passed) * per_s_ / 1000.0) - 1.0;
  if (tokens_ >= 0) return 0;
  return static_cast<std::uint32_t>(std::ceil(-tokens_ / per_s_ * 1000.0));
}

}  // namespace deskmate::host
