// A small HTTP server on the test's own loop, on loopback.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace deskmate::host {

struct TestRequest {
  std::string method;
  std::string path;
  std::string head;  // the whole of it, in lower case
  std::string body;
};

class TestServer {
 public:
  // Answers with the bytes of a whole answer; empty: never.
  using Handler = std::function<std::string(const TestRequest&)>;

  explicit TestServer(boost::asio::io_context& context);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  void on(const std::string& path, Handler handler) { handlers_[path] = std::move(handler); }
  void on(const std::string& path, std::string answer) {
    on(path, [answer = std::move(answer)](const TestRequest&) { return answer; });
  }
  static std::string answer(int status, const std::string& headers, const std::string& body);

  std::string url(const std::string& path = "") const;
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t count(const std::string& path) const;

  std::vector<TestRequest> requests;
  int connections = 0;

 private:
  struct Connection;
  void accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  std::map<std::string, Handler> handlers_;
  std::vector<std::weak_ptr<Connection>> open_;
  std::vector<std::shared_ptr<Connection>> silent_;  // that never get an answer
};

}  // namespace deskmate::host
