// libcurl on a thread of its own: does single attempts, decides nothing. For http_service.cpp only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace deskmate::host {

struct HttpAttempt {
  std::uint64_t id = 0;
  std::string method;
  std::string url;
  std::vector<std::string> headers;  // "name: value"
  std::string body;
  std::uint32_t timeout_ms = 0;
  bool public_only = true;  // refuse private addresses
  std::string user_agent;
  std::string ca_file;
};

struct HttpOutcome {
  enum class Kind { answer, too_big, private_address, overdue, failed };
  std::uint64_t id = 0;
  Kind kind = Kind::failed;
  std::string message;  // of failed: libcurl's word for it
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string redirect;  // where a 3xx answer leads to, absolute
};

class HttpEngine {
 public:
  // done is called on the engine's thread, once for every attempt that was not cancelled.
  explicit HttpEngine(std::function<void(HttpOutcome)> done);
  ~HttpEngine();  // drops what is under way and joins
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  void submit(HttpAttempt attempt);  // [any thread]
  void cancel(std::uint64_t id);     // done may still be on its way [any thread]

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskmate::host
