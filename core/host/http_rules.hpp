// What HTTP requests of plugins keep to: hosts, addresses, redirects, waits. Pure; any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <deskmate/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/http_service.hpp"

namespace deskmate::host {

// The parts of an URL that rules look at, as libcurl reads it.
struct UrlParts {
  std::string scheme;  // "https" or "http"
  std::string host;    // lower case, an IPv6 address without brackets
  std::uint16_t port = 0;
};

// Error invalid: no URL, another scheme, a user name or password in it.
Result<UrlParts> split_url(const std::string& url);

// The rule that lets these parts through; null: none does. Plain http is let through only where the
// rule says so, and to this machine itself.
const AllowedHost* find_rule(const std::vector<AllowedHost>& rules, const UrlParts& parts);

// Whether a name from the manifest may not lead to this address: private, loopback, link-local,
// multicast, unspecified. Guards the owner's network against names that change their address.
bool is_private(const sockaddr& address);

// Whether the host is this machine or an address instead of a name.
bool is_loopback_name(std::string_view host);
bool is_address(std::string_view host);

// The next request after a redirect: other method and no body after 301, 302 (of POST) and 303; no
// credentials where scheme, host or port change.
HttpRequest redirected(HttpRequest request, std::uint16_t status, std::string url, bool same_place);

// Retry-After in milliseconds: seconds or a date. now_s: UTC.
std::optional<std::uint32_t> retry_after_ms(std::string_view value, std::int64_t now_s);

// Whether it is worth asking again.
bool is_passing(std::uint16_t status);

// Milliseconds before repeat number attempt (0: the first): exponential, with full jitter.
std::uint32_t retry_wait_ms(std::uint32_t attempt, std::uint32_t first_ms, std::uint64_t random);

// Tokens that come at a rate, up to a burst.
class RateLimit {
 public:
  RateLimit(double per_s, double burst) : per_s_(per_s), burst_(burst), tokens_(burst) {}
  // Takes a token, if need be one to come; the milliseconds until it is there.
  std::uint32_t take(std::uint64_t now_ms);

 private:
  double per_s_;
  double burst_;
  double tokens_;
  std::uint64_t at_ms_ = 0;
};

}  // namespace deskmate::host
