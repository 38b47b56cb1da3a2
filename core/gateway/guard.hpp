// Which requests are from a page of ours: the checks against DNS rebinding (a foreign name that
// points here) and against other sites' pages that ask in the owner's name, and what every answer
// says against being framed, sniffed or scripted.
//
// Sources: RFC 9110 (Host), RFC 6454 (Origin), Fetch Metadata (W3C), CSP Level 3 (W3C).
//
// Values only; any thread.
#pragma once

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
// owner has named, each with the port.
class Guard {
 public:
  Guard(std::uint16_t port, const std::vector<std::string>& hosts);

  // Denied where Host is none of ours (rebinding), where Origin or Sec-Fetch-Site say that another
  // site asks, or where something that changes comes without Origin or not as JSON.
  Result<void> check(const Request& request) const;

  // As check, for what opens a WebSocket: these always say their Origin.
  Result<void> check_upgrade(const Request& request) const;

 private:
  Result<void> check_host(const Request& request) const;
  bool ours(std::string_view origin) const;
  std::vector<std::string> hosts_;  // "127.0.0.1:7380"
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

}  // namespace deskmate::gateway
