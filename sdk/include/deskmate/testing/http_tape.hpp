// HTTP without a network: answers from a file that people can read, or from the test itself.
//
// A file holds one exchange after another, and ends each with a line "---":
//
//   > POST https://shop.example/api/login
//   > content-type: application/json
//
//   {"user":"ann"}
//   < 200
//   < content-type: application/json
//
//   {"token":"t1"}
//   ---
//
// A request is answered by the first exchange not used yet with its method, its URL and, where the
// exchange has a body, its body. Lines that begin with "#" before an exchange are remarks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "deskmate/session.hpp"

namespace deskmate::testing {

class HttpTape {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  struct Exchange {
    HttpRequest request;
    HttpResponse response;
    bool used = false;
  };

  // Adds the exchanges of a file.
  Result<void> load(const std::string& path);
  Result<void> parse(const std::string& text);

  // Adds one. A body restricts it to requests with that body.
  void add(const std::string& method, const std::string& url, HttpResponse response,
           const std::string& body = {});

  // Asks handler about what no exchange answers: a small server inside the test. What it says is
  // kept as an exchange, so that with a handler that goes to the real server save() records.
  void otherwise(Handler handler) { handler_ = std::move(handler); }

  // Writes all exchanges, without the headers that carry secrets (authorization, cookie,
  // set-cookie, and any with "token" or "key" in its name).
  Result<void> save(const std::string& path) const;
  std::string text() const;

  // The answer to a request; Status::unavailable where there is none.
  Result<HttpResponse> answer(const HttpRequest& request);

  // Every request so far, in order.
  const std::vector<HttpRequest>& requests() const { return requests_; }
  // Exchanges that no request has used.
  std::size_t unused() const;

 private:
  std::vector<Exchange> exchanges_;
  std::vector<HttpRequest> requests_;
  Handler handler_;
};

}  // namespace deskmate::testing
