#include "core/gateway/addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/ip/udp.hpp>
#include <filesystem>
#include <memory>

namespace deskmate::gateway {
namespace {

namespace ip = boost::asio::ip;

// Set aside for examples (RFC 5737): nothing is sent there, the system only says from where it
// would be.
constexpr const char* elsewhere = "192.0.2.1";
constexpr unsigned short any_port = 9;

std::string usual_address() {
  boost::asio::io_context context;
  ip::udp::socket socket(context);
  boost::system::error_code error;
  socket.connect({ip::make_address(elsewhere), any_port}, error);
  if (error) return {};
  const auto from = socket.local_endpoint(error);
  return error || from.address().is_loopback() ? std::string() : from.address().to_string();
}

// Empty where it is no address that others can use.
std::string text_of(const sockaddr* given) {
  if (given->sa_family != AF_INET) return {};
  const auto* four = reinterpret_cast<const sockaddr_in*>(given);
  const ip::address_v4 address(ntohl(four->sin_addr.s_addr));
  constexpr unsigned link_local = 0xa9fe;  // 169.254.0.0/16
  const bool usable = !address.is_loopback() && address.to_uint() >> 16 != link_local;
  return usable ? address.to_string() : std::string();
}

}  // namespace

std::vector<std::string> own_addresses() {
  std::vector<std::string> out;
  if (std::string usual = usual_address(); !usual.empty()) out.push_back(std::move(usual));
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return out;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owned(all, ::freeifaddrs);
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    // Bridges and tunnels have none; containers make and remove them all day.
    std::error_code error;
    const std::string device = std::string("/sys/class/net/") + one->ifa_name + "/device";
    if (!std::filesystem::exists(device, error)) continue;
    std::string address = text_of(one->ifa_addr);
    if (!address.empty() && std::find(out.begin(), out.end(), address) == out.end()) {
      out.push_back(std::move(address));
    }
  }
  return out;
}

bool loopback_only(std::string_view listen) {
  boost::system::error_code error;
  const auto address = ip::make_address(host_of(listen), error);
  return !error && address.is_loopback();
}

std::string host_of(std::string_view address) {
  if (address.starts_with('[')) return std::string(address.substr(1, address.find(']') - 1));
  return std::string(address.substr(0, address.rfind(':')));
}

std::string with_port(const std::string& host, unsigned port) {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string limited_as(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = ip::make_address(address, error);
  if (error || !parsed.is_v6()) return address;
  return ip::make_network_v6(parsed.to_v6(), 64).canonical().to_string();
}

}  // namespace deskmate::gateway
