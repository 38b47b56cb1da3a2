#include "core/gateway/guard.hpp"

#include <algorithm>

namespace deskmate::gateway {
namespace {

constexpr std::string_view own_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// An origin of its own, without this one's cookies.
constexpr std::string_view foreign_policy =
    "sandbox allow-scripts allow-forms; default-src 'self' 'unsafe-inline' data:; "
    "connect-src 'none'; base-uri 'none'; frame-ancestors 'none'";

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t more = byte < 0x80 ? 0 : byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte >= 0xf5 || (byte >= 0x80 && byte < 0xc2)) return false;
    if (i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

Error denied(const char* what, const char* where) { return {Status::denied, what, where}; }

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), small);
  return out;
}

Guard::Guard(std::uint16_t port, const std::vector<std::string>& hosts) {
  const std::string suffix = ":" + std::to_string(port);
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) hosts_.push_back(name + suffix);
  for (const std::string& name : hosts) hosts_.push_back(lower(name));
}

Result<void> Guard::check_host(const Request& request) const {
  const std::string host = lower(find(request.headers, "host"));
  if (std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end()) return {};
  return denied(
      "this is not the desk's address; add it to console.hosts / 地址不在 console.hosts 中",
      "host");
}

bool Guard::ours(std::string_view origin) const {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string host = lower(origin.substr(scheme.size()));
    return std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end();
  }
  return false;
}

Result<void> Guard::check(const Request& request) const {
  if (auto host = check_host(request); !host) return host;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string_view origin = find(request.headers, "origin");
  if (!origin.empty() && !ours(origin)) return denied("asked by another site", "origin");
  if (reads) return {};
  if (origin.empty()) return denied("a change needs an Origin", "origin");
  const std::string_view site = find(request.headers, "sec-fetch-site");
  if (!site.empty() && site != "same-origin") return denied("asked by another site", "origin");
  const std::string type = lower(find(request.headers, "content-type"));
  if (type != "application/json" && !type.starts_with("application/json;")) {
    return denied("the body has to be application/json", "content-type");
  }
  return {};
}

Result<void> Guard::check_upgrade(const Request& request) const {
  if (auto host = check_host(request); !host) return host;
  if (!ours(find(request.headers, "origin"))) return denied("asked by another site", "origin");
  return {};
}

std::optional<std::string> clean_path(std::string_view target) {
  if (target.empty() || target.size() > target_bytes_max || target[0] != '/') return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    char c = target[i];
    if (c == '%') {
      if (i + 2 >= target.size()) return std::nullopt;
      const int high = digit_of(target[i + 1]);
      const int low = digit_of(target[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  // After decoding, so that "%2e%2e" is no way out either.
  for (std::size_t at = 0; at != std::string::npos; at = out.find('/', at + 1)) {
    const std::string_view rest = std::string_view(out).substr(at + 1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "." || part == "..") return std::nullopt;
  }
  return out;
}

void add_security(Headers& headers, Trust trust) {
  headers.emplace_back("content-security-policy",
                       trust == Trust::own ? own_policy : foreign_policy);
  headers.emplace_back("x-content-type-options", "nosniff");
  headers.emplace_back("referrer-policy", "no-referrer");
  headers.emplace_back("cross-origin-opener-policy", "same-origin");
  headers.emplace_back("cross-origin-resource-policy", "same-origin");
  headers.emplace_back("permissions-policy", "camera=(), microphone=(), geolocation=()");
}

}  // namespace deskmate::gateway
