// A desk of two members, and a gateway on a loop of its own that tests ask over real sockets.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/gateway/gateway.hpp"
#include "core/gateway/server.hpp"
#include "storage/test_support.hpp"

namespace deskmate::gateway {

class TestWorld : public World {
 public:
  std::uint64_t wall_ms() const override { return now_ms; }
  std::string desk() const override { return "Tea"; }
  std::string language() const override { return "en"; }
  std::string version() const override { return "1"; }
  std::vector<Person> people() const override { return all; }
  bus::Rights rights(const Person& person) const override {
    bus::Rights rights;
    rights.member = person.number;
    rights.methods = {"desk.see"};
    if (person.access == "owner") rights.methods.push_back("desk.pair");
    return rights;
  }
  bool serves_web(std::string_view instance) const override { return instance == "wheel"; }
  std::string metrics() const override { return "deskmate_events 3\n"; }
  void file(std::string hash, std::function<void(Result<File>)> done) override {
    if (hash != std::string(64, 'a')) return done(Error{Status::not_found, "no such file", ""});
    done(File{content});
  }
  void blocking(std::function<void()> work, std::function<void()> then) override {
    work();
    then();
  }
  void log(std::string_view,
           const std::vector<std::pair<std::string, std::string>>& fields) override {
    for (const auto& [key, value] : fields) logged += key + "=" + value + " ";
  }

  std::uint64_t now_ms = 1'800'000'000'000;
  std::vector<Person> all{{1, "Ann", "owner"}, {2, "Li", "viewer"}};
  std::string content = "<script>alert(1)</script>";
  std::string logged;
};

// The desk's loop runs on a thread of its own; whoever touches it goes through on_loop.
class TestGateway : public testing::Test {
 protected:
  using tcp = boost::asio::ip::tcp;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Answer = boost::beast::http::response<boost::beast::http::string_body>;
  using Verb = boost::beast::http::verb;

  template <class Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }

  TestGateway() : loop(context), bus(loop) {}
  ~TestGateway() override {
    if (!thread.joinable()) return;
    on_loop([this] { gateway.reset(); });
    context.stop();
    thread.join();
  }

  // Called once, by the constructor of the tests: with one address, plain or TLS.
  void serve(Options options) {
    const bool tls = !options.tls.empty();
    gateway = std::make_unique<Gateway>(loop, bus, world, std::move(options));
    const auto opened = gateway->open();
    EXPECT_TRUE(opened) << opened.error().message;
    origin = tls ? gateway->tls_addresses().front() : gateway->address();
    host = origin.substr(origin.find("//") + 2);
    port = static_cast<std::uint16_t>(std::stoul(host.substr(host.rfind(':') + 1)));
    thread = std::thread([this] {
      const auto work = boost::asio::make_work_guard(context);
      context.run();
    });
  }

  tcp::socket connect() {
    tcp::socket socket(mine);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    return socket;
  }
  // As the console's page would ask, but for what the headers say.
  template <class Stream>
  Answer exchange(Stream& stream, Verb method, const std::string& target, const Headers& headers,
                  const std::string& body) {
    namespace http = boost::beast::http;
    Request request(method, target, 11);
    request.set(http::field::host, host);
    if (method == Verb::post) {
      request.set(http::field::origin, origin);
      request.set(http::field::content_type, "application/json");
    }
    for (const auto& [name, value] : headers) request.set(name, value);
    if (!cookie.empty()) request.set(http::field::cookie, cookie);
    request.body() = body;
    request.prepare_payload();
    http::write(stream, request);
    boost::beast::flat_buffer in;
    http::response_parser<http::string_body> parser;
    // An answer to HEAD says how long its body would be, and has none.
    parser.skip(method == Verb::head);
    http::read(stream, in, parser);
    return parser.release();
  }
  // What a raw connection is answered, whatever it is.
  std::string raw(const std::string& bytes) {
    tcp::socket socket = connect();
    boost::beast::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    socket.shutdown(tcp::socket::shutdown_send, error);
    std::string out;
    boost::asio::read(socket, boost::asio::dynamic_buffer(out), error);
    return out;
  }
  static unsigned status(const Answer& answer) { return answer.result_int(); }
  void take_cookie(const Answer& answer) {
    const std::string set(answer["set-cookie"]);
    cookie = set.substr(0, set.find(';'));
  }
  static std::string token_of(const std::string& link) {
    return link.substr(link.find("#setup=") + 7);
  }
  // The body of /api/setup.
  static std::string set_up(const std::string& token) {
    return R"({"token":")" + token + R"(","password":"correct horse"})";
  }
  template <class Stream>
  void prepare(boost::beast::websocket::stream<Stream>& socket, const std::string& from,
               const std::string& protocol = std::string(websocket_protocol)) {
    namespace websocket = boost::beast::websocket;
    socket.binary(true);
    socket.set_option(
        websocket::stream_base::decorator([=, this](websocket::request_type& request) {
          namespace http = boost::beast::http;
          if (!from.empty()) request.set(http::field::origin, from);
          if (!cookie.empty()) request.set(http::field::cookie, cookie);
          request.set(http::field::sec_websocket_protocol, protocol);
        }));
  }

  storage::testing::TempFolder folder;
  boost::asio::io_context context;
  bus::AsioLoop loop;
  bus::Bus bus;
  TestWorld world;
  std::unique_ptr<Gateway> gateway;
  std::thread thread;
  boost::asio::io_context mine;  // of those who ask
  std::string origin;
  std::string host;
  std::uint16_t port = 0;
  std::string cookie;
};

}  // namespace deskmate::gateway
