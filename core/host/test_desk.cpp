#include "core/host/test_desk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

namespace deskmate::host {

TestFolder::TestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "deskmate-host-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TestFolder::write(const std::string& name, const std::string& text,
                                        unsigned mode) const {
  std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
  chmod(file.c_str(), static_cast<mode_t>(mode));
  return file;
}

Result<std::uint64_t> TestLog::read(std::uint64_t after, std::size_t limit, bool,
                                    const std::function<bool(const bus::SourceEvent&)>& each) {
  std::uint64_t seen = after;
  while (limit-- > 0 && seen < events.size()) {
    const TestEvent& from = events[seen];
    bus::SourceEvent event;
    event.arrival = seen + 1;
    event.type = from.type;
    event.facts = from.facts;
    event.has_body = !from.body.empty();
    event.handle = &from;
    ++seen;
    if (!each(event)) break;
  }
  return seen;
}

Result<std::optional<std::string>> TestLog::body(const bus::SourceEvent& event) {
  return std::optional(static_cast<const TestEvent*>(event.handle)->body);
}

Result<std::optional<std::uint64_t>> TestLog::cursor(std::string_view name) {
  const auto found = cursors.find(name);
  if (found == cursors.end()) return std::optional<std::uint64_t>();
  return std::optional(found->second);
}

void TestLog::set_cursor(std::string name, std::uint64_t arrival,
                         std::function<void(Result<void>)> done) {
  ++cursors_moved;
  auto move = [this, name = std::move(name), arrival, done = std::move(done)] {
    const bool refused = refusals > 0;
    if (refused) {
      --refusals;
    } else {
      cursors[name] = arrival;
    }
    if (!done) return;
    done(refused ? Result<void>(Error{Status::unavailable, "the disk is full", "log"})
                 : Result<void>());
  };
  if (slow) {
    held_.push_back(std::move(move));
  } else {
    move();
  }
}

void TestLog::let_go() {
  for (const auto& move : std::exchange(held_, {})) move();
}

TestDesk::TestDesk(std::uint32_t heartbeat_ms)
    : http(loop, {.user_agent = "Deskmate-Test", .ca_file = "", .retry_first_ms = 5}) {
  serve();
  SupervisorOptions options;
  options.plugin_host = HOST_TEST_PLUGIN_HOST;
  options.restart = {.first_ms = 10, .longest_ms = 40, .crashes = 5, .window_ms = 600'000};
  options.heartbeat_ms = heartbeat_ms;
  options.stop_ms = 300;
  SupervisorHooks hooks;
  hooks.on_change = [this](const Change& change) {
    told.push_back(change.instance + " " + std::string(change.state) + " " + change.reason.en);
  };
  hooks.on_log = [this](const LogLine& line) {
    lines.push_back(std::string(line.instance) + ": " + std::string(line.text));
  };
  plugins =
      std::make_unique<Supervisor>(loop, bus, http, secrets, std::move(options), std::move(hooks));
}

TestDesk::~TestDesk() { EXPECT_FALSE(logged("Sanitizer")); }

void TestDesk::serve() {
  hub.serve(bus);
  bus.method("log.append", [this](const bus::Call& call, bus::Answer answer) {
    on_append(call, std::move(answer));
  });
  const auto key = [](const bus::Call& call) {
    return call.session->name() + "/" + std::string(call.params["key"].as_bin());
  };
  bus.method("kv.get", [this, key](const bus::Call& call, bus::Answer answer) {
    const auto found = values.find(key(call));
    answer.ok(found == values.end() ? Value() : Value::bin(found->second));
  });
  bus.method("kv.put", [this, key](const bus::Call& call, bus::Answer answer) {
    values[key(call)] = call.params["value"].as_bin();
    answer.ok(nullptr);
  });
  bus.method("file.create", [this](const bus::Call&, bus::Answer answer) {
    const std::uint64_t number = files.size() + 1;
    files[number] = "";
    answer.ok(Value::map({{"file", number}}));
  });
  bus.method("file.write", [this](const bus::Call& call, bus::Answer answer) {
    files.at(call.params["file"].as_uint()) += call.params["piece"].as_bin();
    answer.ok(nullptr);
  });
  bus.method("file.finish", [](const bus::Call& call, bus::Answer answer) {
    std::string hash(32, '\0');
    hash[0] = static_cast<char>(call.params["file"].as_uint());
    answer.ok(Value::map({{"hash", Value::bin(hash)}}));
  });
  bus.method("file.read", [this](const bus::Call& call, bus::Answer answer) {
    const auto number = static_cast<std::uint64_t>(call.params["hash"].as_bin()[0]);
    answer.ok(Value::bin(
        files.at(number).substr(call.params["offset"].as_uint(), call.params["size"].as_uint())));
  });
}

void TestDesk::on_append(const bus::Call& call, bus::Answer answer) {
  for (const View event : call.params["events"]) {
    const std::string_view type = event["type"].as_str();
    if (!call.session->rights().may_append(type)) {
      return answer.fail({Status::denied, "no right to append " + std::string(type), "type"});
    }
  }
  if (auto charged = call.session->charge_appends(call.params["events"].size()); !charged) {
    return answer.fail(charged.error());
  }
  Array done;
  for (const View event : call.params["events"]) {
    const View body = event["body"];
    log.events.push_back({std::string(event["type"].as_str()), encode(event["facts"]),
                          body.is_map() ? encode(body) : std::string()});
    done.push_back(Value::map({{"arrival", log.events.size()}}));
  }
  if (const View reader = call.params["reader"]; reader.is_str()) {
    const std::uint64_t arrival = call.params["arrival"].as_uint();
    log.cursors[bus::cursor_name(call.session->name(), reader.as_str())] = arrival;
    hub.committed(*call.session, reader.as_str(), arrival);
  }
  hub.notify();
  answer.ok(Value(std::move(done)));
}

bool TestDesk::run_until(const std::function<bool()>& done, int ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  while (!done()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::filesystem::path TestDesk::plugin(const std::string& id) {
  return std::filesystem::path(HOST_TEST_PLUGINS) / id;
}

void TestDesk::add(const std::string& name, const std::string& id, Value settings,
                   Isolation isolation) {
  const auto added = plugins->add({name, plugin(id), isolation, std::move(settings)});
  ASSERT_TRUE(added) << added.error().message;
  ASSERT_TRUE(run_until([&] { return state(name) != State::starting; }));
}

Result<Value> TestDesk::ask(const std::string& instance, const std::string& method,
                            const Value& params, std::uint32_t deadline_ms) {
  auto got = std::make_shared<std::optional<Result<std::string>>>();
  const auto sent =
      bus.call(instance, method, params, deadline_ms,
               [got](Result<std::string> result) { got->emplace(std::move(result)); });
  if (!sent) return sent.error();
  if (!run_until([&] { return got->has_value(); })) {
    return Error{Status::internal, "no answer came to the test", method};
  }
  const Result<std::string>& result = **got;
  if (!result) return result.error();
  return decode(*result);
}

void TestDesk::append(const std::string& type, const Map& facts, const Map& body) {
  log.events.push_back({type, encode(Value(facts)), body.empty() ? "" : encode(Value(body))});
  hub.notify();
}

std::size_t TestDesk::count(const std::string& type) const {
  return static_cast<std::size_t>(
      std::count_if(log.events.begin(), log.events.end(),
                    [&](const TestEvent& event) { return event.type == type; }));
}

InstanceStatus TestDesk::status(const std::string& instance) const {
  for (const InstanceStatus& one : plugins->status()) {
    if (one.name == instance) return one;
  }
  return {};
}

bool TestDesk::logged(const std::string& part) const {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

std::size_t TestDesk::changes(const std::string& instance, const std::string& state) const {
  const std::string begin = instance + " " + state + " ";
  return static_cast<std::size_t>(
      std::count_if(told.begin(), told.end(),
                    [&](const std::string& one) { return one.substr(0, begin.size()) == begin; }));
}

}  // namespace deskmate::host
