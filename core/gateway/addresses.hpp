// This machine's addresses, as others in its network reach it. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deskmate::gateway {

// First the address that packets to elsewhere leave from, then the IPv4 addresses of its network
// cards that are up, without link-local ones. What changes by the day is left out, since the
// certificate that names it would have to change, too: IPv6, bridges, tunnels.
std::vector<std::string> own_addresses();

// "127.0.0.1:7380", "[::1]:7380": nobody else can reach it.
bool loopback_only(std::string_view listen);

// "192.168.1.5:7443" → "192.168.1.5", "[::1]:7443" → "::1", "desk.example.org" as it is.
std::string host_of(std::string_view address);

// For a browser's address bar: "[::1]" or "192.168.1.5", a colon and the port.
std::string with_port(const std::string& host, unsigned port);

// Whose limits count for an address: its own, or of IPv6 its network's (/64), of which each machine
// has as many addresses as it likes.
std::string limited_as(const std::string& address);

}  // namespace deskmate::gateway
