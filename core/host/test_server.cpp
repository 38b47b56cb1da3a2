#include "core/host/test_server.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <istream>

namespace deskmate::host {

namespace asio = boost::asio;
using asio::ip::tcp;

struct TestServer::Connection : std::enable_shared_from_this<TestServer::Connection> {
  Connection(TestServer* of, tcp::socket with) : server(of), socket(std::move(with)) {}

  void read_head() {
    asio::async_read_until(socket, buffer, "\r\n\r\n",
                           [self = shared_from_this()](const auto& error, std::size_t size) {
                             if (!error && self->server != nullptr) self->on_head(size);
                           });
  }

  void on_head(std::size_t size) {
    request = {};
    request.head.resize(size);
    std::istream in(&buffer);
    in.read(request.head.data(), static_cast<std::streamsize>(size));
    request.method = request.head.substr(0, request.head.find(' '));
    const std::size_t path = request.method.size() + 1;
    request.path = request.head.substr(path, request.head.find_first_of(" ?", path) - path);
    for (char& c : request.head) c = static_cast<char>(std::tolower(c));
    const std::size_t at = request.head.find("\r\ncontent-length: ");
    const std::size_t length =
        at == std::string::npos ? 0 : std::stoul(request.head.substr(at + 18));
    const std::size_t missing = length > buffer.size() ? length - buffer.size() : 0;
    asio::async_read(socket, buffer, asio::transfer_exactly(missing),
                     [self = shared_from_this(), length](const auto& error, std::size_t) {
                       if (!error && self->server != nullptr) self->on_body(length);
                     });
  }

  void on_body(std::size_t length) {
    request.body.resize(length);
    std::istream in(&buffer);
    in.read(request.body.data(), static_cast<std::streamsize>(length));
    server->requests.push_back(request);
    const auto handler = server->handlers_.find(request.path);
    reply = handler == server->handlers_.end() ? answer(404, "", "") : handler->second(request);
    if (reply.empty()) return server->silent_.push_back(shared_from_this());
    asio::async_write(socket, asio::buffer(reply),
                      [self = shared_from_this()](const auto& error, std::size_t) {
                        if (!error && self->server != nullptr) self->read_head();
                      });
  }

  TestServer* server;
  tcp::socket socket;
  asio::streambuf buffer;
  TestRequest request;
  std::string reply;
};

TestServer::TestServer(asio::io_context& context)
    : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  accept();
}

TestServer::~TestServer() {
  for (const auto& weak : open_) {
    if (const auto connection = weak.lock()) connection->server = nullptr;
  }
}

void TestServer::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (error) return;
    ++connections;
    const auto connection = std::make_shared<Connection>(this, std::move(socket));
    open_.push_back(connection);
    connection->read_head();
    accept();
  });
}

std::string TestServer::answer(int status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " So\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string TestServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

std::size_t TestServer::count(const std::string& path) const {
  return static_cast<std::size_t>(
      std::count_if(requests.begin(), requests.end(),
                    [&](const TestRequest& request) { return request.path == path; }));
}

}  // namespace deskmate::host
