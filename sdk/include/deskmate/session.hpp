// The desk as a connector sees it: plain calls that wait for their answer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "deskmate/event.hpp"
#include "deskmate/host.hpp"
#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate {

// One HTTP exchange through the host: only to hosts that the manifest names.
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Map headers;
  std::string body;
  std::uint32_t timeout_ms = 30'000;  // of one try
  std::uint32_t retries = 0;  // after 429, 5xx, failed connections; 0 where a repeat does it twice
};

struct HttpResponse {
  int status = 0;
  Map headers;  // names in lower case
  std::string body;
};

// A stored attachment.
struct StoredFile {
  std::string hash;  // 32 bytes
  std::uint64_t size = 0;
};

inline constexpr std::uint32_t call_deadline_ms = 30'000;    // of every call but http and request
inline constexpr std::size_t append_batch_events_max = 256;  // of one append on the wire
inline constexpr std::size_t append_batch_bytes_max = 524'288;

namespace detail {
// Carries a call to the plugin thread and waits for its answer. Implemented by Connector's worker
// and, without threads, by the test kit.
class Port {
 public:
  virtual ~Port() = default;
  virtual Result<Value> call(std::function<void(Host&, Reply)> start,
                             std::uint64_t deadline_ms) = 0;
  virtual bool sleep_ms(std::uint64_t delay_ms) = 0;
  virtual bool stopping() const = 0;
  virtual Host& host() = 0;
};
}  // namespace detail

// Every call may be made on any thread of the connector but the plugin thread, waits at most its
// deadline (Status::deadline then), and returns Status::cancelled once the connector is stopping.
class Session {
 public:
  explicit Session(detail::Port& port) : port_(port) {}

  // Appends in order, in batches; returns once all are on disk. After an error the first batches
  // may be there: append the same again, dedupe recognises them.
  Result<std::vector<Appended>> append(std::span<const NewEvent> events);
  Result<std::vector<Appended>> append(const std::vector<NewEvent>& events) {
    return append(std::span<const NewEvent>(events));
  }
  Result<Appended> append(const NewEvent& event);

  // An answer of any status is a result, not an error.
  Result<HttpResponse> http(const HttpRequest& request);

  // The instance's own small store. Not for buyer data or secrets.
  Result<std::optional<std::string>> kv_get(std::string_view key);
  Result<void> kv_put(std::string_view key, std::string_view value);  // returns once on disk
  Result<void> kv_erase(std::string_view key);

  // A password or token that the manifest names. Do not keep or log it.
  Result<std::string> secret(const std::string& name);

  // The instance's name in the configuration, which is its shop's or channel's.
  std::string instance() const;
  // A setting: std::string, bool, double, a whole number, std::vector<std::string>.
  template <class T>
  T setting(const std::string& name, T otherwise = {}) const;
  Value setting_value(const std::string& name) const;

  std::int64_t now_ms() const;  // UTC
  // A line for the owner's log. No buyer data, no secrets.
  void log(Level level, const std::string& line) const;

  // Attachments. buyer: the external id. get_file: at most DM_FILE_MAX bytes.
  Result<StoredFile> put_file(const std::string& buyer, std::string_view bytes);
  Result<std::string> get_file(std::string_view hash);

  // Any method of the desk (frames.md) or of another plugin.
  Result<Value> request(const std::string& method, const Value& params,
                        std::uint32_t deadline_ms = call_deadline_ms);

  // Waits; false: the connector is stopping.
  bool sleep_ms(std::uint64_t delay_ms) { return port_.sleep_ms(delay_ms); }
  bool stopping() const { return port_.stopping(); }

 private:
  detail::Port& port_;
};

template <>
std::string Session::setting(const std::string& name, std::string otherwise) const;
template <>
bool Session::setting(const std::string& name, bool otherwise) const;
template <>
double Session::setting(const std::string& name, double otherwise) const;
template <>
std::int64_t Session::setting(const std::string& name, std::int64_t otherwise) const;
template <>
std::vector<std::string> Session::setting(const std::string& name,
                                          std::vector<std::string> otherwise) const;

template <class T>
T Session::setting(const std::string& name, T otherwise) const {
  static_assert(std::is_integral_v<T>, "see above for what a setting can be");
  const auto found = setting<std::int64_t>(name, static_cast<std::int64_t>(otherwise));
  return std::in_range<T>(found) ? static_cast<T>(found) : otherwise;
}

}  // namespace deskmate
