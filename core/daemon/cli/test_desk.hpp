// A running desk for tests of the command line: the desk on a thread of its own, the commands on
// the test's.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/daemon.hpp"
#include "storage/test_support.hpp"

namespace deskmate::daemon::cli {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

inline Ran command(std::vector<std::string> words, const std::string& input = {}) {
  words.insert(words.begin(), "deskmate");
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(static_cast<int>(argv.size()), argv.data(), {in, out, err});
  return {code, out.str(), err.str()};
}

class RunningDesk : public ::testing::Test {
 protected:
  RunningDesk() {
    std::ofstream(folder / "deskmate.toml")
        << "[desk]\nname = \"Test\"\nfolder = \"data\"\n[log]\nfile = \"log\"\n"
           "[console]\nlisten = [\"127.0.0.1:0\"]\n"
           "[[plugin]]\nname = \"console\"\nid = \"console\"\nenabled = false\n"
           "[[plugin]]\nname = \"mail\"\nid = \"chat-email\"\nenabled = false\n"
           "[[member]]\nnumber = 1\nname = \"Ann\"\nweight = 3\n"
           "[[member]]\nnumber = 2\nname = \"Li\"\nweight = 1\n";
    start();
  }
  ~RunningDesk() override { stop(); }

  void start() {
    auto config = load_config(folder / "deskmate.toml");
    ASSERT_TRUE(config.has_value()) << config.error().in("en");
    auto started = Daemon::start(std::move(config).value(), Language::en, {.signals = false});
    ASSERT_TRUE(started) << started.error().message;
    daemon = std::move(*started);
    thread = std::thread([this] { clean = daemon->run(); });
  }
  void stop() {
    if (!daemon) return;
    daemon->stop();
    thread.join();
    daemon.reset();
    EXPECT_TRUE(clean);
  }
  Ran desk(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"--language", "en", "--config", folder / "deskmate.toml"});
    return command(std::move(words), input);
  }
  // A buyer's message, as an owner may append it.
  void receive(const std::string& id, const std::string& text) {
    auto client = bus::Client::connect(folder / "data/deskmate.sock");
    ASSERT_TRUE(client) << client.error().message;
    const Value event = Value::map(
        {{"type", "message.received"},
         {"facts", Value::map({{"shop", "mail"}, {"at", 1'700'000'000'000}})},
         {"refs", Value::map({{"thread", "t" + id}, {"buyer", "b" + id}, {"message", "m" + id}})},
         {"dedupe", "message"},
         {"body", Value::map({{"text", text}, {"name", "Eve"}, {"subject", "A question"}})}});
    const auto answer = client->call("log.append", Value::map({{"events", Value::array({event})}}));
    ASSERT_TRUE(answer) << answer.error().message;
  }
  // A method, as an owner asks it.
  Result<Value> ask(std::string_view method, const Value& params) {
    auto client = bus::Client::connect(folder / "data/deskmate.sock");
    if (!client) return client.error();
    return client->call(method, params);
  }
  // As a connector, and the rules, would append them.
  Value append(Value event) {
    const auto done = ask("log.append", Value::map({{"events", Value::array({std::move(event)})}}));
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : Value();
  }
  // A paid order, T-1, of 10 euros.
  Value see_order() {
    append(Value::map(
        {{"type", "order.seen"},
         {"facts", Value::map({{"shop", "box"},
                               {"state", "paid"},
                               {"payment", "paid"},
                               {"currency", "EUR"},
                               {"total", 1000},
                               {"paid", 1000},
                               {"placed_at", 1'700'000'000'000},
                               {"promised_at", 1'800'000'000'000}})},
         {"refs", Value::map({{"order", "o1"}, {"buyer", "eve"}})},
         {"desk_refs", Value::map({{"number", "T-1"}})},
         {"body", Value::map({{"number", "T-1"}, {"name", "Eve"}, {"address", "Park Lane"}})}}));
    const auto found = ask("desk.order", Value::map({{"order", "T-1"}}));
    EXPECT_TRUE(found) << found.error().message;
    return (*found)["orders"][0];
  }
  // The command again until its output has the text; the desk works on its own thread.
  Ran until(const std::vector<std::string>& words, const std::string& text) {
    Ran ran;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      ran = desk(words);
      if (ran.out.find(text) != std::string::npos) break;
    }
    EXPECT_THAT(ran.out, ::testing::HasSubstr(text));
    return ran;
  }

  storage::testing::TempFolder folder;
  std::unique_ptr<Daemon> daemon;
  std::thread thread;
  bool clean = false;
};

}  // namespace deskmate::daemon::cli
