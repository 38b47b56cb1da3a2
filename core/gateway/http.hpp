// A request and its answer, apart from the sockets that carry them (server.hpp) and from what is
// done with them (gateway.hpp). Values only; any thread.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deskmate::gateway {

// Names in small letters, each once.
using Headers = std::vector<std::pair<std::string, std::string>>;

inline std::string_view find(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

struct Request {
  std::string method;  // "GET"
  std::string path;    // percent-decoded UTF-8, begins with '/', without "." and ".." parts
  std::string query;   // as it came, without '?'
  Headers headers;     // of a header that came several times, the first
  std::string body;
  std::string address;  // whose request: an IP address
  bool secure = false;  // it came through TLS
  std::string local;    // where it arrived, as in an address bar: "192.168.1.5:7443"
};

struct Response {
  int status = 200;
  Headers headers;  // besides those that every answer gets
  std::string body;
};

// Answers one request, once. [loop thread]
using Respond = std::function<void(Response)>;

}  // namespace deskmate::gateway
