#include "core/gateway/guard.hpp"

#include <algorithm>

#include "core/gateway/addresses.hpp"

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

Guard::Guard(std::uint16_t port, std::uint16_t tls_port, const std::vector<std::string>& hosts) {
  for (const char* name : {"127.0.0.1", "localhost", "::1"}) {
    if (port != 0) hosts_.push_back(with_port(name, port));
    if (tls_port != 0) tls_hosts_.push_back(with_port(name, tls_port));
  }
  for (const std::string& name : hosts) {
    hosts_.push_back(lower(name));
    tls_hosts_.push_back(lower(name));
  }
}

bool Guard::ours(const Request& request, std::string_view host) const {
  const std::string name = lower(host);
  // An address cannot be pointed elsewhere, as a name can.
  if (request.secure && !request.local.empty() && name == request.local) return true;
  const auto& names = request.secure ? tls_hosts_ : hosts_;
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> Guard::check_host(const Request& request) const {
  if (ours(request, find(request.headers, "host"))) return {};
  return denied(
      "this is not the desk's address; add it to console.hosts / 地址不在 console.hosts 中",
      "host");
}

// A page that came without TLS is nobody's in particular: it has no say over what goes through it.
// The other way round, a proxy may have taken TLS off.
bool Guard::from_ours(const Request& request) const {
  const std::string_view origin = find(request.headers, "origin");
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!origin.starts_with(scheme)) continue;
    return (scheme == "https://" || !request.secure) && ours(request, origin.substr(scheme.size()));
  }
  return false;
}

Result<void> Guard::check(const Request& request) const {
  if (auto host = check_host(request); !host) return host;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string_view origin = find(request.headers, "origin");
  if (!origin.empty() && !from_ours(request)) return denied("asked by another site", "origin");
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
  if (!from_ours(request)) return denied("asked by another site", "origin");
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

void add_only_tls(Headers& headers, const Request& request) {
  const std::string host = lower(find(request.headers, "host"));
  const std::string name = host.substr(0, host.rfind(':'));
  // Only a name's last part begins with a letter.
  const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
  const bool named = !last.empty() && last.front() >= 'a' && last.front() <= 'z';
  if (!request.secure || !named || name == "localhost") return;
  headers.emplace_back("strict-transport-security", "max-age=" + std::to_string(only_tls_s));
}

}  // namespace deskmate::gateway
