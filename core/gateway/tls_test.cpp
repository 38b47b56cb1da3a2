// The gateway through TLS, over real sockets, as a phone and as strangers come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/beast/ssl.hpp>

#include "core/gateway/test_gateway.hpp"

namespace deskmate::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Tls = beast::ssl_stream<tcp::socket>;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class GatewayTlsTest : public TestGateway {
 protected:
  explicit GatewayTlsTest(std::uint64_t tls_ms = tls_ms_max) {
    Options options{{}, {"desk.example.org:7443"}, folder / "console", {"127.0.0.1:0"}};
    options.certificate_file = folder / "certificate";
    options.tls_ms = tls_ms;
    serve(std::move(options));
  }
  std::unique_ptr<Tls> agree() {
    auto tls = std::make_unique<Tls>(connect(), browser);
    tls->handshake(Tls::client);
    return tls;
  }
  Answer ask(Verb method, const std::string& target, const Headers& headers = {},
             const std::string& body = {}) {
    return exchange(*agree(), method, target, headers, body);
  }
  std::string come_in() {
    const std::string link = on_loop([&] { return gateway->link(1, origin, phone_link_ms); });
    EXPECT_THAT(link, StartsWith(origin + "/#setup="));
    const Answer answer = ask(http::verb::post, "/api/setup", {}, set_up(token_of(link)));
    EXPECT_EQ(status(answer), 204u) << answer.body();
    take_cookie(answer);
    return std::string(answer["set-cookie"]);
  }

  asio::ssl::context browser{asio::ssl::context::tls_client};
};

TEST_F(GatewayTlsTest, TheCookieIsForThisHostAndTlsOnly) {
  const std::string set = come_in();
  EXPECT_THAT(set, StartsWith("__Host-deskmate-" + std::to_string(port) + "="));
  for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"}) {
    EXPECT_THAT(set, HasSubstr(part));
  }
  EXPECT_THAT(set, testing::Not(HasSubstr("Domain")));
  EXPECT_EQ(ask(http::verb::get, "/api/session").result_int(), 200u);
  EXPECT_EQ(ask(http::verb::post, "/api/logout", {}, "{}").result_int(), 204u);
  EXPECT_EQ(ask(http::verb::get, "/api/session").result_int(), 401u);
}

TEST_F(GatewayTlsTest, APhonesLinkIsGoodForTenMinutes) {
  const std::string link = on_loop([&] { return gateway->link(1, origin, phone_link_ms); });
  on_loop([&] { world.now_ms += phone_link_ms; });
  EXPECT_EQ(status(ask(http::verb::post, "/api/setup", {}, set_up(token_of(link)))), 401u);
}

TEST_F(GatewayTlsTest, OtherNamesAndSitesAreRefused) {
  come_in();
  EXPECT_EQ(ask(http::verb::get, "/api/session", {{"host", "evil.example"}}).result_int(), 403u);
  for (const std::string& from : {"http://" + host, std::string("https://evil.example")}) {
    EXPECT_EQ(ask(http::verb::post, "/api/logout", {{"origin", from}}, "{}").result_int(), 403u)
        << from;
  }
  const Answer named = ask(http::verb::get, "/api/session", {{"host", "desk.example.org:7443"}});
  EXPECT_EQ(named.result_int(), 200u);
  EXPECT_EQ(named["strict-transport-security"], "max-age=604800");
  EXPECT_EQ(ask(http::verb::get, "/api/session")["strict-transport-security"], "");
}

TEST_F(GatewayTlsTest, AWebSocketGoesThroughIt) {
  come_in();
  beast::websocket::stream<Tls> socket(std::move(*agree()));
  prepare(socket, origin);
  socket.handshake(host, "/api/bus");
  socket.write(asio::buffer(bus::encode_frame(bus::Hello{1, "member", "console", "", ""})));
  beast::flat_buffer in;
  socket.read(in);
  const auto frame =
      bus::decode_frame({static_cast<const char*>(in.data().data()), in.data().size()});
  ASSERT_TRUE(frame && std::holds_alternative<bus::Welcome>(*frame));
  EXPECT_EQ(ask(http::verb::post, "/api/logout", {}, "{}").result_int(), 204u);
  beast::error_code error;
  while (!error) {
    in.consume(in.size());
    socket.read(in, error);
  }
  EXPECT_EQ(error, beast::websocket::error::closed);
}

TEST_F(GatewayTlsTest, TheCertificateIsTheOneThatIsShown) {
  const auto tls = agree();
  EXPECT_EQ(SSL_version(tls->native_handle()), TLS1_3_VERSION);
  const std::unique_ptr<X509, void (*)(X509*)> shown(
      SSL_get1_peer_certificate(tls->native_handle()), X509_free);
  ASSERT_TRUE(shown);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  ASSERT_EQ(X509_digest(shown.get(), EVP_sha256(), hash.data(), &size), 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    char byte[4];
    std::snprintf(byte, sizeof byte, "%02X:", hash[i]);
    text += byte;
  }
  text.pop_back();
  EXPECT_EQ(on_loop([&] { return gateway->fingerprint(); }), text);
  EXPECT_THAT(world.logged, HasSubstr(text));
}

TEST_F(GatewayTlsTest, OlderTlsAndOtherProtocolsAreRefused) {
  asio::ssl::context old(asio::ssl::context::tls_client);
  SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_2_VERSION);
  beast::error_code error;
  Tls outdated(connect(), old);
  outdated.handshake(Tls::client, error);
  EXPECT_TRUE(error);
  asio::ssl::context other(asio::ssl::context::tls_client);
  const unsigned char h2[] = {2, 'h', '2'};
  ASSERT_EQ(SSL_CTX_set_alpn_protos(other.native_handle(), h2, sizeof h2), 0);
  Tls foreign(connect(), other);
  foreign.handshake(Tls::client, error);
  EXPECT_TRUE(error);
  EXPECT_EQ(ask(http::verb::get, "/healthz").body(), "ok\n");
}

TEST_F(GatewayTlsTest, WhoLeavesOutTheSIsToldSo) {
  const std::string answer = raw("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("https://"));
  EXPECT_EQ(raw(std::string("\0\1\2", 3)), "");
  EXPECT_THAT(raw(std::string("\x16\x03\x01\0\5hello", 10)), testing::Not(HasSubstr("HTTP")));
  EXPECT_EQ(ask(http::verb::get, "/healthz").body(), "ok\n");
}

// Silent ones are closed in time, and until then there are only so many.
class GatewayTlsHurriedTest : public GatewayTlsTest {
 protected:
  GatewayTlsHurriedTest() : GatewayTlsTest(2'000) {}
};

TEST_F(GatewayTlsHurriedTest, WhoDoesNotAgreeOnTlsIsClosed) {
  beast::error_code error;
  std::vector<tcp::socket> held;
  for (std::size_t i = 0; i < tls_begun_of_address_max; ++i) held.push_back(connect());
  char byte = 0;
  tcp::socket further = connect();
  further.read_some(asio::buffer(&byte, 1), error);
  EXPECT_TRUE(error);
  // Half a handshake is none.
  asio::write(held.front(), asio::buffer(std::string("\x16\x03\x01\x02", 4)), error);
  for (tcp::socket& one : held) {
    error.clear();
    one.read_some(asio::buffer(&byte, 1), error);  // until tls_ms
    EXPECT_TRUE(error);
  }
  EXPECT_EQ(ask(http::verb::get, "/healthz").body(), "ok\n");
}

TEST_F(GatewayTlsTest, OneAddressBeginsOnlySoOften) {
  // A minute that ends meanwhile gives as many again.
  const std::string plain = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  std::size_t answered = 0;
  while (answered < 10 * tls_of_address_per_minute_max && !raw(plain).empty()) ++answered;
  EXPECT_GE(answered, tls_of_address_per_minute_max);
  EXPECT_LT(answered, 10 * tls_of_address_per_minute_max);
}

TEST(GatewayTls, TheCertificateIsRenewedWhileTheDeskRuns) {
  const storage::testing::TempFolder folder;
  asio::io_context context;
  bus::AsioLoop loop(context);
  bus::Bus bus(loop);
  TestWorld world;
  Options options{{}, {}, folder / "console", {"127.0.0.1:0"}};
  options.certificate_file = folder / "certificate";
  std::string first;
  {
    Gateway gateway(loop, bus, world, options);
    ASSERT_TRUE(gateway.open());
    first = gateway.fingerprint();
  }
  Gateway again(loop, bus, world, options);
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.fingerprint(), first);
  world.now_ms += certificate_ms - certificate_renewed_ms;
  again.renew();
  EXPECT_NE(again.fingerprint(), first);
}

TEST(GatewayTls, PlainHttpIsForThisMachineOnly) {
  asio::io_context context;
  bus::AsioLoop loop(context);
  for (const char* at : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto refused = Server::open(loop, {at}, {}, tls_ms_max, {});
    ASSERT_FALSE(refused) << at;
    EXPECT_EQ(refused.error().code, Status::invalid);
    EXPECT_EQ(refused.error().where, "console.listen");
    EXPECT_THAT(refused.error().message, HasSubstr("console.tls"));
  }
}

}  // namespace
}  // namespace deskmate::gateway
