// What the console gives out, and what it refuses.
#include <deskmate/plugin.hpp>
#include <deskmate/testing/fake_host.hpp>

#include "gmock/gmock.h"
#include "plugins/console/site.hpp"

extern "C" const dm_descriptor* deskmate_plugin_entry(std::uint32_t host_abi);

namespace deskmate::console {
namespace {

constexpr std::string_view script_text = "console.log('a rather long script of the console')";

// A console of three files.
std::span<const File> small() {
  static const File list[] = {
      {"/assets/a-1.js", "text/javascript", "aa", script_text, "GZ", "BR", true},
      {"/icon.svg", "image/svg+xml", "bb", "<svg/>", {}, {}, false},
      {"/index.html", "text/html; charset=utf-8", "cc", "<html>", "gz", {}, false},
  };
  return list;
}

Value ask(std::string_view path, Map headers = {}, std::string_view method = "GET") {
  return answer(small(), Value::map({{"method", method},
                                     {"path", path},
                                     {"query", ""},
                                     {"headers", std::move(headers)},
                                     {"body", Value::bin(std::string_view())}}));
}

TEST(Site, PageAndScreensAreTheIndex) {
  for (const char* path : {"/", "/index.html", "/inbox", "/inbox/12", "/settings/plugins", "/login",
                           "/orders/T.1001", "/orders/a b"}) {
    const Value got = ask(path);
    EXPECT_EQ(got["status"].as_int(), 200) << path;
    EXPECT_EQ(got["body"].as_bin(), "<html>") << path;
    EXPECT_EQ(got["headers"]["Cache-Control"].as_str(), "no-cache") << path;
  }
}

TEST(Site, AssetsAreKeptForGood) {
  const Value got = ask("/assets/a-1.js");
  EXPECT_EQ(got["status"].as_int(), 200);
  EXPECT_EQ(got["body"].as_bin(), script_text);
  EXPECT_EQ(got["headers"]["Content-Type"].as_str(), "text/javascript");
  EXPECT_THAT(std::string(got["headers"]["Cache-Control"].as_str()),
              ::testing::HasSubstr("immutable"));
  EXPECT_FALSE(got["headers"].as_map().contains("Content-Encoding"));
}

TEST(Site, CompressedWhereTheBrowserTakesIt) {
  const Value brotli = ask("/assets/a-1.js", {{"Accept-Encoding", "gzip, deflate, br"}});
  EXPECT_EQ(brotli["body"].as_bin(), "BR");
  EXPECT_EQ(brotli["headers"]["Content-Encoding"].as_str(), "br");
  EXPECT_EQ(brotli["headers"]["Vary"].as_str(), "Accept-Encoding");
  const Value gzip = ask("/assets/a-1.js", {{"accept-encoding", "br;q=0, gzip;q=0.5"}});
  EXPECT_EQ(gzip["body"].as_bin(), "GZ");
  const Value none = ask("/icon.svg", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(none["body"].as_bin(), "<svg/>");
}

TEST(Site, WhatIsKnownIsNotSentAgain) {
  const Value first = ask("/index.html", {{"accept-encoding", "gzip"}});
  const std::string etag(first["headers"]["ETag"].as_str());
  EXPECT_EQ(etag, "\"cc-gz\"");
  const Value second =
      ask("/inbox", {{"accept-encoding", "gzip"}, {"If-None-Match", "\"x\", W/" + etag}});
  EXPECT_EQ(second["status"].as_int(), 304);
  EXPECT_TRUE(second["body"].as_bin().empty());
  EXPECT_EQ(second["headers"]["ETag"].as_str(), etag);
  // What is known compressed is not known plain.
  EXPECT_EQ(ask("/inbox", {{"If-None-Match", etag}})["status"].as_int(), 200);
}

TEST(Site, UnknownFilesAndPathsUpwardsAreRefused) {
  for (const char* path :
       {"/assets/b-2.js", "/favicon.ico", "/inbox.map", "/%2e%2e/etc/passwd", "/inboxes.txt"}) {
    EXPECT_EQ(ask(path)["status"].as_int(), 404) << path;
  }
  for (const char* path : {"/../index.html", "/inbox/../../etc/passwd", "/assets/./a-1.js",
                           "index.html", "", "/a\\b", "/settings/.."}) {
    EXPECT_EQ(ask(path)["status"].as_int(), 400) << path;
  }
}

TEST(Site, OnlyReading) {
  EXPECT_EQ(ask("/index.html", {}, "POST")["status"].as_int(), 405);
  const Value head = ask("/index.html", {}, "HEAD");
  EXPECT_EQ(head["status"].as_int(), 200);
  EXPECT_TRUE(head["body"].as_bin().empty());
}

TEST(Site, OddRequestsAreAnswered) {
  EXPECT_EQ(answer(small(), Value())["status"].as_int(), 400);
  EXPECT_EQ(answer({}, Value::map({{"path", "/inbox"}}))["status"].as_int(), 404);
  EXPECT_EQ(
      ask("/inbox", {{"accept-encoding", ",,;;,br"}, {"if-none-match", ",,"}})["status"].as_int(),
      200);
}

// What was really built.
TEST(Console, ServesItsPageThroughTheAbi) {
  deskmate::testing::FakeHost host("console");
  ASSERT_TRUE(host.start(deskmate_plugin_entry));
  const auto get = [&](const std::string& path) {
    return host.request("web.request", Value::map({{"method", "GET"}, {"path", path}}));
  };
  const auto page = get("/inbox");
  ASSERT_TRUE(page);
  EXPECT_EQ((*page)["status"].as_int(), 200);
  const std::string html((*page)["body"].as_bin());
  // The security policy of the gateway runs no inline code.
  EXPECT_EQ(html.find("<style"), std::string::npos);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  std::size_t assets = 0;
  for (std::size_t at = html.find("/assets/"); at != std::string::npos;
       at = html.find("/assets/", at + 1)) {
    const auto asset = get(html.substr(at, html.find('"', at) - at));
    ASSERT_TRUE(asset);
    EXPECT_EQ((*asset)["status"].as_int(), 200);
    EXPECT_GT((*asset)["body"].as_bin().size(), 1'000u);
    ++assets;
  }
  EXPECT_EQ(assets, 2u);  // a script and a style
  for (const char* path : {"/sw.js", "/icon.svg", "/manifest.webmanifest"}) {
    const auto file = get(path);
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)["status"].as_int(), 200) << path;
  }
  EXPECT_FALSE(host.request("web.other", Value::map()));
  host.stop();
}

// All that is loaded before the first chat is shown.
TEST(Console, FirstLoadIsSmall) {
  constexpr std::size_t first_load_max = std::size_t{150} * 1024;
  std::size_t bytes = 0;
  const File* page = nullptr;
  for (const File& file : files()) {
    EXPECT_LT(file.plain.size(), std::size_t{900} * 1024) << file.path;
    if (file.path == "/index.html") page = &file;
  }
  ASSERT_NE(page, nullptr);
  for (const File& file : files()) {
    if (page->plain.find(file.path) == std::string_view::npos && &file != page) continue;
    bytes += file.gzip.empty() ? file.plain.size() : file.gzip.size();
  }
  EXPECT_GT(bytes, std::size_t{20} * 1024);
  EXPECT_LT(bytes, first_load_max);
}

}  // namespace
}  // namespace deskmate::console
