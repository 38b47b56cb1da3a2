// Which requests are from a page of ours: the checks against DNS rebinding (a foreign name that
// points here) and against other sites' pages that ask in the owner's name, and what every answer
// says against being framed, sniffed or scripted.
//
// Sources: RFC 9110 (Host), RFC 6454 (Origin), Fetch Metadata (W3C), CSP Level 3 (W3C).
//
// Values only; any thread.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway/http.hpp"

namespace deskmate::gateway {

// Named limits.
inline constexpr std::size_t target_bytes_max = 4'096;

// The names under which the gateway may be asked for: those of this machine's loopback and what the
// owner has named, each with the port; through TLS, the very address that was connected to, too.
class Guard {
 public:
  // tls_port: 0 where there is none.
  Guard(std::uint16_t port, std::uint16_t tls_port, const std::vector<std::string>& hosts);

  // Denied where Host is none of ours (rebinding), where Origin or Sec-Fetch-Site say that another
  // site asks, or where something that changes comes without Origin or not as JSON.
  Result<void> check(const Request& request) const;

  // As check, for what opens a WebSocket: these always say their Origin.
  Result<void> check_upgrade(const Request& request) const;

 private:
  Result<void> check_host(const Request& request) const;
  bool ours(const Request& request, std::string_view host) const;
  bool from_ours(const Request& request) const;
  std::vector<std::string> hosts_;      // "127.0.0.1:7380"
  std::vector<std::string> tls_hosts_;  // "127.0.0.1:7443"
};

// "/a%20b/../c" as a path; empty where it is malformed, longer than target_bytes_max, not UTF-8,
// holds control characters, or leaves the root.
std::optional<std::string> clean_path(std::string_view target);

// Letters A to Z in small.
std::string lower(std::string_view text);

// What each answer carries: CSP, nosniff, no frames, no referrer. Sandboxed: for what a plugin or a
// buyer made, so that it runs, if at all, with an origin of its own.
enum class Trust { own, foreign };
void add_security(Headers& headers, Trust trust);

// Of what goes through TLS: that this name is to be asked for only so. Nothing for an address,
// which is another machine's in the next network, and for localhost.
inline constexpr std::uint64_t only_tls_s = 7 * 86'400;
void add_only_tls(Headers& headers, const Request& request);

}  // namespace deskmate::gateway
