// A desk in memory for tests of plugins: the real bus, readers, HTTP and supervisor, and a log, a
// key-value store and files that last as long as the test.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/bus/reader_hub.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::host {

inline constexpr int test_ms_max = 10'000;  // that anything in a test takes at most

// A folder that goes with its owner.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Writes a file, with this mode.
  std::filesystem::path write(const std::string& name, const std::string& text,
                              unsigned mode = 0600) const;

 private:
  std::filesystem::path path_;
};

struct TestEvent {
  std::string type;
  std::string facts;  // msgpack
  std::string body;   // msgpack, or empty
};

class TestLog : public bus::EventSource {
 public:
  Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                             const std::function<bool(const bus::SourceEvent&)>& each) override;
  Result<std::optional<std::string>> body(const bus::SourceEvent& event) override;
  std::uint64_t last_arrival() const override { return events.size(); }
  Result<std::optional<std::uint64_t>> cursor(std::string_view name) override;
  void set_cursor(std::string name, std::uint64_t arrival,
                  std::function<void(Result<void>)> done) override;
  void let_go();  // a slow disk is done with what it was given

  std::vector<TestEvent> events;  // arrival 1 is the first
  std::map<std::string, std::uint64_t, std::less<>> cursors;
  bool slow = false;              // cursors wait for let_go
  int refusals = 0;               // so many cursors are refused
  std::size_t cursors_moved = 0;  // and refused, calls of set_cursor in all

 private:
  std::vector<std::function<void()>> held_;
};

class TestDesk {
 public:
  // The heartbeat is slow enough for a busy machine, except where it is what is being tested.
  explicit TestDesk(std::uint32_t heartbeat_ms = 2'000);
  ~TestDesk();  // nothing that a sanitizer said in a plugin's process is overlooked

  // Runs the loop until done says so; false: it did not within ms.
  bool run_until(const std::function<bool()>& done, int ms = test_ms_max);

  // The folder of a plugin built for these tests.
  static std::filesystem::path plugin(const std::string& id);

  // Adds an instance and waits until it is no longer starting.
  void add(const std::string& name, const std::string& id, Value settings = nullptr,
           Isolation isolation = Isolation::process);

  // Asks a plugin and waits for its answer.
  Result<Value> ask(const std::string& instance, const std::string& method,
                    const Value& params = Value::map(), std::uint32_t deadline_ms = 5'000);

  void append(const std::string& type, const Map& facts = {}, const Map& body = {});
  std::size_t count(const std::string& type) const;  // events of that type in the log

  InstanceStatus status(const std::string& instance) const;
  State state(const std::string& instance) const { return status(instance).state; }
  bool logged(const std::string& part) const;  // a line of the log contains it
  std::size_t changes(const std::string& instance, const std::string& state) const;

  boost::asio::io_context context;
  bus::AsioLoop loop{context};
  bus::Bus bus{loop};
  TestLog log;
  bus::ReaderHub hub{loop, log};
  HttpService http;
  TestFolder secrets_folder;
  Secrets secrets{secrets_folder.path()};
  std::map<std::string, std::string> values;  // instance/key to value
  std::map<std::uint64_t, std::string> files;
  std::vector<std::string> lines;
  std::vector<std::string> told;  // "instance state reason"
  std::unique_ptr<Supervisor> plugins;

 private:
  void serve();
  void on_append(const bus::Call& call, bus::Answer answer);
};

}  // namespace deskmate::host
