// Any bytes as what a browser, another site's page or a webhook's sender says: the gateway answers
// in HTTP or closes, lets nobody in without a session, and never repeats a header it was given.
#include "core/gateway/gateway.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;
namespace asio = boost::asio;

namespace {

constexpr int turns_max = 2'000;

class FuzzWorld : public gateway::World {
 public:
  std::uint64_t wall_ms() const override { return 1'800'000'000'000; }
  std::string desk() const override { return "Tea"; }
  std::string language() const override { return "en"; }
  std::string version() const override { return "1"; }
  std::vector<gateway::Person> people() const override { return {{1, "Ann", "owner"}}; }
  bus::Rights rights(const gateway::Person&) const override {
    check(false);  // nobody has a session here
    return {};
  }
  bool serves_web(std::string_view instance) const override { return instance == "wheel"; }
  std::string metrics() const override { return "deskmate_events 3\n"; }
  void file(std::string, std::function<void(Result<gateway::File>)>) override { check(false); }
  // argon2id is slow by design.
  void blocking(std::function<void()>, std::function<void()> then) override { then(); }
  void log(std::string_view, const std::vector<std::pair<std::string, std::string>>&) override {}
};

struct Desk {
  Desk()
      : loop(context), bus(loop), gateway(loop, bus, world, {{"127.0.0.1:0"}, {}, "/proc/none"}) {
    check(gateway.open().has_value());
    const std::string address = gateway.address();
    port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }
  asio::io_context context;
  bus::AsioLoop loop;
  bus::Bus bus;
  FuzzWorld world;
  gateway::Gateway gateway;
  std::uint16_t port = 0;
};

Desk& desk() {
  static Desk& made = *new Desk;
  return made;
}

// A request that gets past the first checks, with anything in it.
std::string some_request(FuzzedDataProvider& input, const std::string& host) {
  static const char* const methods[] = {"GET", "POST", "HEAD", "PUT", "OPTIONS"};
  static const char* const paths[] = {"/",           "/api/session",    "/api/login",
                                      "/api/setup",  "/api/logout",     "/api/bus",
                                      "/api/files/", "/plugins/wheel/", "/hooks/wheel/",
                                      "/metrics",    "/plugins/wheel",  "/assets/"};
  const std::string method = input.PickValueInArray(methods);
  std::string path = input.PickValueInArray(paths);
  path += input.ConsumeRandomLengthString(64);
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
  if (input.ConsumeBool()) text += "Origin: http://" + host + "\r\n";
  if (input.ConsumeBool()) text += "Content-Type: application/json\r\n";
  if (input.ConsumeBool()) {
    text +=
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: deskmate.1\r\n";
  }
  text += input.ConsumeRandomLengthString(200);
  const std::string body = input.ConsumeRandomLengthString(400);
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string host = "127.0.0.1:" + std::to_string(desk().port);
  std::string said;
  if (input.ConsumeBool()) said = some_request(input, host);
  if (said.empty() || input.ConsumeBool()) said += input.ConsumeRemainingBytesAsString();
  asio::ip::tcp::socket socket(desk().context);
  boost::system::error_code error;
  // From another address each time: ports are not free again for a minute.
  static std::uint32_t guests = 0;
  socket.open(asio::ip::tcp::v4());
  socket.bind({asio::ip::address_v4(0x7f010001u + guests++ % 0xffffu), 0}, error);
  check(!error);
  socket.connect({asio::ip::make_address("127.0.0.1"), desk().port}, error);
  // libFuzzer's own clock interrupts; a machine may be out of ports.
  if (error == std::errc::interrupted || error == std::errc::address_not_available) return 0;
  check(!error);
  asio::write(socket, asio::buffer(said), error);
  socket.shutdown(asio::socket_base::shutdown_send, error);
  socket.non_blocking(true);
  std::string heard;
  std::array<char, 4096> piece{};
  bool ended = false;
  for (int turn = 0; turn < turns_max && !ended; ++turn) {
    desk().context.run_one_for(std::chrono::milliseconds(5));
    const std::size_t got = socket.read_some(asio::buffer(piece), error);
    heard.append(piece.data(), got);
    ended = error && error != asio::error::would_block;
  }
  check(ended);
  check(heard.empty() || heard.starts_with("HTTP/1.1 "));
  check(heard.find("HTTP/1.1 101") == std::string::npos);
  check(heard.find("set-cookie: deskmate") == std::string::npos ||
        heard.find("Max-Age=0") != std::string::npos);
  return 0;
}
