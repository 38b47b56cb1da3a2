// The gateway over real sockets, with a desk of a few methods behind it.
#include "core/gateway/gateway.hpp"

#include <set>

#include "core/bus/memory_transport.hpp"
#include "core/gateway/test_gateway.hpp"

namespace deskmate::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::uint64_t patience_ms = 20'000;

class GatewayTest : public TestGateway {
 protected:
  GatewayTest() {
    bus.method("desk.see", [](const bus::Call& call, bus::Answer answer) {
      answer.ok(Value::map({{"member", call.session->rights().member}}));
    });
    bus.method("desk.pair", [](const bus::Call&, bus::Answer answer) { answer.ok(Value::map()); });
    serve({{"127.0.0.1:0"}, {}, folder / "console"});
  }
  ~GatewayTest() override {
    on_loop([this] { guests.clear(); });
  }

  Answer ask(Verb method, const std::string& target, const Headers& headers = {},
             const std::string& body = {}) {
    tcp::socket socket = connect();
    return exchange(socket, method, target, headers, body);
  }
  Answer get(const std::string& target, const Headers& headers = {}) {
    return ask(http::verb::get, target, headers);
  }
  Answer post(const std::string& target, const std::string& body, const Headers& headers = {}) {
    return ask(http::verb::post, target, headers, body);
  }
  static std::string header(const Answer& answer, const std::string& name) {
    return std::string(answer[name]);
  }
  std::string link_token(Member member) {
    return token_of(on_loop([&] { return gateway->link(member); }));
  }
  // Member 1 or 2 with a password, logged in.
  void come_in(Member member = 1) {
    const Answer answer = post("/api/setup", set_up(link_token(member)));
    ASSERT_EQ(status(answer), 204u) << answer.body();
    take_cookie(answer);
  }

  // A plugin that answers web.request.
  void add_plugin(const std::string& name, std::function<Value(View)> reply) {
    on_loop([&] {
      bus::MemoryPair pair = bus::make_memory_pair(loop);
      bus::AdmitHandlers desk;
      desk.on_hello = [](const bus::Hello& hello) -> Result<bus::Admission> {
        bus::Admission admission;
        admission.name = hello.name;
        return admission;
      };
      bus.admit(std::move(pair.desk), std::move(desk));
      bus::SessionHandlers handlers;
      handlers.on_request = [reply = std::move(reply)](bus::Session&, bus::Incoming request,
                                                       bus::Answer answer) {
        Document params;
        EXPECT_TRUE(params.parse(request.params));
        EXPECT_EQ(request.method, "web.request");
        answer.ok(reply(params.root()));
      };
      guests.push_back(bus::Session::connect(
          loop, std::move(pair.guest), bus::Hello{1, "plugin", name, "", ""}, std::move(handlers)));
    });
    wait_for([&] { return on_loop([&] { return bus.find(name) != nullptr; }); });
  }
  void wait_for(const std::function<bool()>& true_soon) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
    while (!true_soon()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      std::this_thread::yield();
    }
  }

  using Socket = beast::websocket::stream<tcp::socket>;
  // Opens the WebSocket; the status where it is refused.
  unsigned open_socket(Socket& socket, const std::string& from,
                       const std::string& path = "/api/bus",
                       const std::string& protocol = std::string(websocket_protocol)) {
    prepare(socket, from, protocol);
    beast::websocket::response_type answer;
    beast::error_code error;
    socket.handshake(answer, host, path, error);
    return error ? static_cast<unsigned>(answer.result_int()) : 101;
  }
  static void send(Socket& socket, const bus::Frame& frame) {
    socket.write(asio::buffer(bus::encode_frame(frame)));
  }
  static std::optional<bus::Frame> receive(Socket& socket) {
    beast::flat_buffer in;
    beast::error_code error;
    socket.read(in, error);
    if (error) return std::nullopt;
    auto frame = bus::decode_frame({static_cast<const char*>(in.data().data()), in.data().size()});
    EXPECT_TRUE(frame);
    return frame ? std::optional<bus::Frame>(std::move(*frame)) : std::nullopt;
  }

  std::vector<std::shared_ptr<bus::Session>> guests;
};

TEST_F(GatewayTest, TheFirstWayInIsALinkThatIsGoodOnce) {
  Answer answer = get("/api/session");
  EXPECT_EQ(status(answer), 401u);
  EXPECT_NE(answer.body().find(R"("setup":true)"), std::string::npos);
  const std::string token = link_token(1);
  EXPECT_EQ(status(post("/api/setup", R"({"token":")" + token + R"(","password":"short"})")), 400u);
  answer = post("/api/setup", set_up(token));
  ASSERT_EQ(status(answer), 204u);
  const std::string set = header(answer, "set-cookie");
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/"}) {
    EXPECT_NE(set.find(part), std::string::npos) << set;
  }
  take_cookie(answer);
  answer = get("/api/session");
  EXPECT_EQ(status(answer), 200u);
  EXPECT_NE(answer.body().find(R"("access":"owner")"), std::string::npos);
  EXPECT_EQ(status(post("/api/setup", set_up(token))), 401u);
  EXPECT_EQ(world.logged.find("correct"), std::string::npos);
  EXPECT_EQ(world.logged.find(token), std::string::npos);
}

TEST_F(GatewayTest, LogInAndOut) {
  come_in();
  const std::string before = cookie;
  EXPECT_EQ(status(post("/api/logout", "{}")), 204u);
  EXPECT_EQ(status(get("/api/session")), 401u);
  cookie.clear();
  Answer answer = post("/api/login", R"({"member":1,"password":"correct horse"})");
  ASSERT_EQ(status(answer), 204u);
  take_cookie(answer);
  EXPECT_NE(cookie, before);
  EXPECT_EQ(status(get("/api/session")), 200u);
  // Who is no member any more is out, whatever the cookie says.
  on_loop([&] { world.all.erase(world.all.begin()); });
  EXPECT_EQ(status(get("/api/session")), 401u);
}

TEST_F(GatewayTest, GuessingIsSlowedDownAndTellsNothing) {
  come_in();
  cookie.clear();
  const Answer wrong = post("/api/login", R"({"member":1,"password":"wrong horse"})");
  const Answer none = post("/api/login", R"({"member":7,"password":"wrong horse"})");
  EXPECT_EQ(status(wrong), 401u);
  EXPECT_EQ(wrong.body(), none.body());
  for (std::uint32_t i = 1; i < Attempts::attempts_free; ++i) {
    EXPECT_EQ(status(post("/api/login", R"({"member":1,"password":"wrong horse"})")), 401u);
  }
  const Answer slowed = post("/api/login", R"({"member":1,"password":"correct horse"})");
  EXPECT_EQ(status(slowed), 429u);
  EXPECT_FALSE(header(slowed, "retry-after").empty());
  on_loop([&] { world.now_ms += Attempts::wait_max_ms; });
  EXPECT_EQ(status(post("/api/login", R"({"member":1,"password":"correct horse"})")), 204u);
  for (const char* body : {"", "[]", "{", R"({"member":"1"})", R"({"member":-1})",
                           R"({"member":1e9})", "[[[[[[[[[[]]]]]]]]]]"}) {
    EXPECT_EQ(status(post("/api/login", body)), 400u) << body;
  }
}

TEST_F(GatewayTest, OtherSitesAreRefused) {
  come_in();
  const std::string body = R"({"member":1,"password":"correct horse"})";
  EXPECT_EQ(status(post("/api/logout", "{}", {{"origin", "http://evil.example"}})), 403u);
  EXPECT_EQ(status(post("/api/logout", "{}", {{"origin", "null"}})), 403u);
  EXPECT_EQ(status(post("/api/logout", "{}", {{"content-type", "text/plain"}})), 403u);
  EXPECT_EQ(status(post("/api/logout", "{}", {{"sec-fetch-site", "cross-site"}})), 403u);
  EXPECT_EQ(status(get("/api/session", {{"host", "evil.example:" + std::to_string(port)}})), 403u);
  EXPECT_EQ(status(get("/", {{"host", "evil.example"}})), 403u);
  EXPECT_EQ(status(get("/api/session")), 200u);  // still in
  EXPECT_NE(world.logged.find("refused=host"), std::string::npos);
}

TEST_F(GatewayTest, AWebSocketIsASessionWithTheMembersRights) {
  come_in(2);
  Socket socket(connect());
  ASSERT_EQ(open_socket(socket, origin), 101u);
  send(socket, bus::Hello{1, "member", "console", "", ""});
  auto frame = receive(socket);
  ASSERT_TRUE(frame && std::holds_alternative<bus::Welcome>(*frame));
  Document settings;
  ASSERT_TRUE(settings.parse(std::get<bus::Welcome>(*frame).settings));
  EXPECT_EQ(settings.root()["access"].as_str(), "viewer");
  send(socket, bus::Request{1, "desk.see", 5'000, encode(Value::map())});
  frame = receive(socket);
  ASSERT_TRUE(frame && std::holds_alternative<bus::Reply>(*frame));
  Document reply;
  ASSERT_TRUE(reply.parse(std::get<bus::Reply>(*frame).result));
  EXPECT_EQ(reply.root()["member"].as_uint(), 2u);
  send(socket, bus::Request{2, "desk.pair", 5'000, encode(Value::map())});
  frame = receive(socket);
  ASSERT_TRUE(frame && std::holds_alternative<bus::Refusal>(*frame));
  EXPECT_EQ(std::get<bus::Refusal>(*frame).error.code, Status::denied);
  // What the configuration says now.
  on_loop([&] {
    world.all[1].access = "owner";
    gateway->people_changed();
  });
  frame = receive(socket);
  EXPECT_TRUE(frame && std::holds_alternative<bus::Goodbye>(*frame));
  EXPECT_FALSE(receive(socket));
}

TEST_F(GatewayTest, AWebSocketNeedsSessionOriginAndProtocol) {
  {
    Socket socket(connect());
    EXPECT_EQ(open_socket(socket, origin), 401u);
  }
  come_in();
  for (const auto& [from, path, protocol, expected] :
       {std::tuple<std::string, std::string, std::string, unsigned>{"", "/api/bus", "deskmate.1",
                                                                    403},
        {"http://evil.example", "/api/bus", "deskmate.1", 403},
        {origin, "/other", "deskmate.1", 404},
        {origin, "/api/bus", "chat", 400}}) {
    Socket socket(connect());
    EXPECT_EQ(open_socket(socket, from, path, protocol), expected) << from << path << protocol;
  }
  Socket socket(connect());
  ASSERT_EQ(open_socket(socket, origin), 101u);
  send(socket, bus::Hello{1, "owner", "cli", "", ""});
  const auto frame = receive(socket);
  EXPECT_TRUE(frame && std::holds_alternative<bus::Goodbye>(*frame));
}

TEST_F(GatewayTest, LoggingOutEndsTheSocket) {
  come_in();
  Socket socket(connect());
  ASSERT_EQ(open_socket(socket, origin), 101u);
  send(socket, bus::Hello{1, "member", "console", "", ""});
  ASSERT_TRUE(receive(socket));
  EXPECT_EQ(status(post("/api/logout", "{}")), 204u);
  const auto frame = receive(socket);
  EXPECT_TRUE(frame && std::holds_alternative<bus::Goodbye>(*frame));
}

TEST_F(GatewayTest, MalformedFramesEndTheSessionOnly) {
  come_in();
  std::string deep(100'000, '\x91');
  for (const std::string& bytes : {std::string("\xc1"), std::string("hello"), deep,
                                   std::string(bus::frame_bytes_max + 1, 'x')}) {
    Socket socket(connect());
    ASSERT_EQ(open_socket(socket, origin), 101u);
    beast::error_code error;
    socket.write(asio::buffer(bytes), error);
    while (receive(socket)) {
    }
  }
  Socket text(connect());
  ASSERT_EQ(open_socket(text, origin), 101u);
  text.text(true);
  text.write(asio::buffer(bus::encode_frame(bus::Hello{1, "member", "console", "", ""})));
  while (receive(text)) {
  }
  EXPECT_EQ(status(get("/api/session")), 200u);
}

TEST_F(GatewayTest, TheConsolesFilesComeFromItsPlugin) {
  EXPECT_EQ(status(get("/")), 503u);
  add_plugin("console", [](View params) {
    EXPECT_EQ(params["headers"]["cookie"].as_str(), "");
    EXPECT_EQ(params["headers"]["accept-encoding"].as_str(), "br");
    return Value::map({{"status", 200},
                       {"headers", Value::map({{"Content-Type", "text/html"},
                                               {"set-cookie", "a=b"},
                                               {"content-security-policy", "default-src *"},
                                               {"ETag", "\"1\""},
                                               {"vary", "a\r\nset-cookie: x=y"}})},
                       {"body", Value::bin(std::string(params["path"].as_str()))}});
  });
  cookie = "deskmate=secret";
  const Answer answer = get("/chats/%E8%8C%B6?x=1", {{"accept-encoding", "br"}});
  EXPECT_EQ(status(answer), 200u);
  EXPECT_EQ(answer.body(), "/chats/茶");
  EXPECT_EQ(header(answer, "etag"), "\"1\"");
  EXPECT_EQ(header(answer, "content-type"), "text/html");
  EXPECT_EQ(header(answer, "set-cookie"), "");
  EXPECT_EQ(header(answer, "vary"), "");
  EXPECT_EQ(answer.count("content-security-policy"), 1u);
  EXPECT_TRUE(header(answer, "content-security-policy").starts_with("default-src 'none'"));
  const Answer head = ask(http::verb::head, "/x", {{"accept-encoding", "br"}});
  EXPECT_EQ(header(head, "content-length"), "2");
  EXPECT_EQ(
      status(ask(http::verb::put, "/", {{"origin", origin}, {"content-type", "application/json"}})),
      405u);
}

TEST_F(GatewayTest, PluginsPagesRunWithAnOriginOfTheirOwn) {
  add_plugin("wheel", [](View params) {
    return Value::map({{"status", params["hook"].as_bool() ? 202 : 200},
                       {"body", std::string(params["path"].as_str()) + "|" +
                                    std::string(params["headers"]["x-signature"].as_str()) + "|" +
                                    std::string(params["headers"]["cookie"].as_str()) + "|" +
                                    std::string(params["body"].as_bin())}});
  });
  EXPECT_EQ(status(get("/plugins/wheel/")), 401u);
  const Answer hook = post("/hooks/wheel/paid", "raw",
                           {{"x-signature", "s"}, {"origin", ""}, {"content-type", "text/xml"}});
  EXPECT_EQ(status(hook), 202u);
  EXPECT_EQ(hook.body(), "/paid|s||raw");
  come_in();
  const Answer page = get("/plugins/wheel");
  EXPECT_EQ(status(page), 200u);
  EXPECT_EQ(page.body(), "/|||");
  EXPECT_TRUE(header(page, "content-security-policy").starts_with("sandbox "));
  EXPECT_EQ(status(get("/plugins/mail/")), 404u);
  EXPECT_EQ(status(get("/plugins/console/")), 404u);
  EXPECT_EQ(status(post("/hooks/mail/", "x")), 404u);
}

TEST_F(GatewayTest, APluginsNonsenseIsNoAnswer) {
  add_plugin("console", [](View params) {
    const auto path = params["path"].as_str();
    if (path == "/a") return Value::map({{"status", "200"}});
    if (path == "/b") return Value::map({{"status", 99'999}});
    return Value("text");
  });
  for (const char* path : {"/a", "/b", "/c"}) EXPECT_EQ(status(get(path)), 502u) << path;
}

TEST_F(GatewayTest, AttachmentsAreShownOnlyWhenTheirBytesAreAnImage) {
  const std::string path = "/api/files/" + std::string(64, 'a');
  EXPECT_EQ(status(get(path)), 401u);
  come_in();
  Answer answer = get(path);
  EXPECT_EQ(status(answer), 200u);
  EXPECT_EQ(header(answer, "content-type"), "application/octet-stream");
  EXPECT_EQ(header(answer, "content-disposition"), "attachment");
  EXPECT_TRUE(header(answer, "content-security-policy").starts_with("sandbox "));
  on_loop([&] { world.content = "\x89PNG\r\n\x1a\n<script>"; });
  answer = get(path);
  EXPECT_EQ(header(answer, "content-type"), "image/png");
  EXPECT_EQ(header(answer, "x-content-type-options"), "nosniff");
  EXPECT_EQ(status(get("/api/files/" + std::string(64, 'b'))), 404u);
  EXPECT_EQ(status(get("/api/files/../../etc")), 400u);
  EXPECT_EQ(status(get("/api/files/A")), 400u);
}

TEST_F(GatewayTest, HealthAndFigures) {
  EXPECT_EQ(get("/healthz").body(), "ok\n");
  EXPECT_EQ(get("/metrics").body(), "deskmate_events 3\n");
}

TEST_F(GatewayTest, WhatIsNoHttpIsRefused) {
  EXPECT_NE(raw("nonsense\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(raw("GET / HTTP/1.1\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(raw("GET /../x HTTP/1.1\r\nHost: " + host + "\r\n\r\n").find(" 400 "),
            std::string::npos);
  EXPECT_NE(
      raw("GET / HTTP/1.1\r\nX: " + std::string(header_bytes_max, 'a') + "\r\n\r\n").find(" 431 "),
      std::string::npos);
  EXPECT_NE(
      raw("POST /api/login HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 99999999\r\n\r\n")
          .find(" 413 "),
      std::string::npos);
  EXPECT_EQ(raw(""), "");
  EXPECT_EQ(get("/healthz").body(), "ok\n");
}

TEST_F(GatewayTest, OneAddressCannotTakeAllConnections) {
  std::vector<tcp::socket> held;
  for (std::size_t i = 0; i < connections_of_address_max; ++i) held.push_back(connect());
  beast::error_code error;
  char byte = 0;
  tcp::socket further = connect();
  further.read_some(asio::buffer(&byte, 1), error);
  EXPECT_TRUE(error);
  held.clear();
  wait_for([&] {
    tcp::socket socket = connect();
    beast::error_code failed;
    const std::string text = "GET /healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    asio::write(socket, asio::buffer(text), failed);
    return socket.read_some(asio::buffer(&byte, 1), failed) == 1 && !failed;
  });
}

TEST(GatewayOpen, AnAddressThatIsTakenOrNoneIsSaid) {
  asio::io_context context;
  bus::AsioLoop loop(context);
  bus::Bus bus(loop);
  TestWorld world;
  const storage::testing::TempFolder folder;
  const std::string file = folder / "console";
  Gateway first(loop, bus, world, {{"127.0.0.1:0"}, {}, file});
  ASSERT_TRUE(first.open());
  Gateway second(loop, bus, world, {{first.address().substr(7)}, {}, file});
  const auto taken = second.open();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Status::unavailable);
  for (const char* address : {"", "localhost", "127.0.0.1", "127.0.0.1:99999", "1.2.3:80", "a:b"}) {
    Gateway wrong(loop, bus, world, {{address}, {}, file});
    const auto refused = wrong.open();
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, Status::invalid) << address;
  }
}

}  // namespace
}  // namespace deskmate::gateway
