// HTTP for plugins (deskmate.http/1): only to the hosts that the instance may reach, with
// time-outs, a rate limit, retries with backoff and Retry-After, limits on what comes back.
//
//   HttpService http(loop);
//   http.allow("vendure", hosts);
//   auto id = http.fetch("vendure", request, [](Result<HttpAnswer> answer) { ... });
//
// Each instance has a thread of its own that runs libcurl, so its connections are kept and reused,
// by nobody else, and neither names nor TLS handshakes hold up the loop. Public functions and
// callbacks: the loop thread. Nothing of an URL but its host, and nothing of headers or bodies, is
// ever logged or put into an error.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <deskmate/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/host/settings.hpp"

namespace deskmate::host {

// Named limits and defaults; DM_HTTP_... of ext/http.h are the others.
inline constexpr std::uint32_t http_timeout_ms_default = 30'000;  // of one attempt
inline constexpr std::uint32_t http_timeout_ms_max = 120'000;
inline constexpr std::uint32_t http_connect_ms_max = 15'000;
inline constexpr std::uint32_t http_total_ms_max = 300'000;  // with waits and repeats
inline constexpr std::uint32_t http_retries_max = 5;
inline constexpr std::uint32_t http_retry_first_ms = 500;  // doubled each time, full jitter
inline constexpr std::uint32_t http_retry_longest_ms = 30'000;
inline constexpr std::uint32_t http_redirects_max = 5;
inline constexpr std::size_t http_headers_max = 64;           // of a request
inline constexpr std::size_t http_header_bytes_max = 65'536;  // of an answer, together
inline constexpr std::size_t http_url_bytes_max = 8'192;
inline constexpr double http_rate_per_s = 20;  // requests of one instance, repeats included
inline constexpr double http_burst = 40;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::uint32_t timeout_ms = http_timeout_ms_default;
  std::uint32_t retries = 0;
};

struct HttpAnswer {
  std::uint16_t status = 0;
  // Names in lower case; one that came several times is joined by ", ", set-cookie by newlines.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Of http.fetch's params, and of its result; see frames.md. What cannot be sent is refused here.
Result<HttpRequest> parse_http_request(const View& params);
Value to_value(HttpAnswer answer);

struct HttpOptions {
  std::string user_agent = "Deskmate/0.1";
  std::string ca_file;  // PEM; empty: the system's
  std::uint32_t retry_first_ms = http_retry_first_ms;
  double rate_per_s = http_rate_per_s;
  double burst = http_burst;
};

class HttpService {
 public:
  explicit HttpService(bus::Loop& loop, HttpOptions options = {});  // the loop outlives it
  ~HttpService();  // cancels what is under way without calling back; joins its thread
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  // What the instance may reach from now on. An instance never allowed reaches nothing.
  void allow(std::string instance, std::vector<AllowedHost> hosts);
  // Cancels what is under way for the instance, each with Status::cancelled, and forgets it.
  void forget(std::string_view instance);

  // done is called exactly once, never from inside. Errors: denied (host, scheme, a redirect out of
  // the allowed hosts, a private address behind a public name), limit (DM_HTTP_OPEN_MAX, bodies),
  // invalid, deadline, cancelled, unavailable. The number is for cancel.
  using Done = std::function<void(Result<HttpAnswer>)>;
  std::uint64_t fetch(std::string_view instance, HttpRequest request, Done done);

  // Its done comes with Status::cancelled; unknown numbers are ignored.
  void cancel(std::uint64_t id);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace deskmate::host
