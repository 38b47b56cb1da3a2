// The bus: asking a plugin, and one event for many plugins, against bare sockets, nats-server and
// mosquitto.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/host/http_service.hpp"
#include "core/host/secrets.hpp"
#include "core/host/supervisor.hpp"
#include "tests/bench/desk.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {
namespace {

constexpr int readers = 8;
constexpr int publish_at_once = 64;  // events gathered into one write, with all
// The desk lets one session append 5,000 events a second; a publisher of more has several.
constexpr std::size_t publishing_sessions = 16;
constexpr int publishing_window =
    8;  // appends on their way: the peers' publishers do not wait either

// The folder of the plugins that are built for the measurements.
std::filesystem::path plugin_folder() { return beside_this_program("../bench-plugins"); }

// The daemon's bus and its plugins, without the rest of it, in this process.
class PluginDesk {
 public:
  PluginDesk() {
    host::SupervisorOptions options;
    options.plugin_host = beside_this_program("deskmate-plugin-host");
    host::SupervisorHooks hooks;
    hooks.on_log = [](const host::LogLine& line) {
      std::fprintf(stderr, "%s\n", std::string(line.text).c_str());
    };
    plugins_ = std::make_unique<host::Supervisor>(loop_, bus_, http_, secrets_, std::move(options),
                                                  std::move(hooks));
    // The process of its own is a client; in this process it is where the desk is.
    add("own", host::Isolation::process, cpu_of(Role::client));
    add("inside", host::Isolation::daemon, -1);
  }

  // The median time of a request, in seconds, one after the other. The desk runs as a server.
  double ask(const std::string& instance, double seconds) {
    pin(Role::server);
    const double median = median_time(seconds, [&] { ask_once(instance); });
    pin(Role::client);
    return median;
  }

 private:
  void add(const std::string& name, host::Isolation isolation, int cpu) {
    const auto folder = plugin_folder() / "bench-probe";
    const auto added = plugins_->add({name, folder, isolation, Value::map({{"cpu", cpu}})});
    if (!added) throw std::runtime_error(added.error().message);
    run_until([&] { return bus_.find(name) != nullptr; });
  }

  void ask_once(const std::string& instance) {
    bool answered = false;
    const auto asked = bus_.call(instance, "bench.echo", params_, 60'000,
                                 [&answered](const Result<std::string>& result) {
                                   if (!result) throw std::runtime_error(result.error().message);
                                   answered = true;
                                 });
    if (!asked) throw std::runtime_error(asked.error().message);
    run_until([&] { return answered; });
  }

  void run_until(const std::function<bool()>& done) {
    const double until = now_s() + wait_s_max;
    context_.restart();
    while (!done()) {
      context_.run_one_for(std::chrono::milliseconds(100));
      if (now_s() > until) throw std::runtime_error("a plugin does not answer");
    }
  }

  const Value params_ = new_event()["facts"];
  Folder folder_;
  boost::asio::io_context context_;
  bus::AsioLoop loop_{context_};
  bus::Bus bus_{loop_};
  host::HttpService http_{loop_};
  host::Secrets secrets_{folder_.path()};
  std::unique_ptr<host::Supervisor> plugins_;
};

// A process that answers NATS requests with what it was asked.
class NatsEcho {
 public:
  explicit NatsEcho(std::uint16_t port) : asker_(port) {
    asker_.subscribe("_INBOX.bench");
    auto ready = socket_pair();
    echo_ = Process::run(Role::client, [port, &ready] {
      NatsClient client(port);
      client.subscribe("bench.echo");
      write_all(ready.second.get(), "x");
      while (true) {
        client.message();
        client.publish(client.reply(), client.payload());
        client.flush();
      }
    });
    char byte = 0;
    read_exactly(ready.first.get(), &byte, 1);
  }

  void ask() {
    asker_.publish("bench.echo", payload_, "_INBOX.bench");
    asker_.flush();
    asker_.message();
  }

 private:
  const std::string payload_ = std::string(payload_bytes, 'x');
  NatsClient asker_;
  Process echo_;
};

void requests() {
  Figures figures;
  const int rounds = sizes(11, 31);
  const double slice = sizes(0.1, 0.5);  // seconds of one side of a round
  PingPong ping_pong(payload_bytes, payload_bytes);
  NatsServer server;
  NatsEcho nats(server.port());
  PluginDesk desk;
  const auto times = in_turns(
      rounds, {{"own", [&] { return desk.ask("own", slice) * 1e6; }},
               {"inside", [&] { return desk.ask("inside", slice) * 1e6; }},
               {"ping-pong", [&] { return median_time(slice, [&] { ping_pong.run(); }) * 1e6; }},
               {"nats", [&] { return median_time(slice, [&] { nats.ask(); }) * 1e6; }}});
  figures.add("bus.request", "us", times[0], "bare-ping-pong", times[2], at_most(2));
  figures.add("bus.request", "us", times[0], "nats-request", times[3], at_most(0.6));
  figures.add("bus.request_in_daemon", "us", times[1], "bare-ping-pong", times[2], at_most(0.2));
}

// Eight processes that read all there is, and one that publishes.
class DeskFanOut {
 public:
  DeskFanOut(int events, const std::string& tell) : counter_(tell), desk_(config(events, tell)) {
    for (std::size_t i = 0; i < publishing_sessions; ++i) clients_.emplace_back(desk_.socket());
    counter_.wait_for(readers);  // each has opened its reader
  }

  double run(int events) {
    const double begun = now_s();
    append_all(clients_, events / publish_at_once, publishing_window, publish_at_once);
    counter_.wait_for(readers);
    return now_s() - begun;
  }

 private:
  static std::string config(int events, const std::string& tell) {
    std::string text = "plugin_folders = [\"" + plugin_folder().string() + "\"]\n";
    for (int i = 0; i < readers; ++i) {
      text += "[[plugin]]\nname = \"r" + std::to_string(i) +
              "\"\nid = \"bench-probe\"\n[plugin.settings]\ncpu = " +
              std::to_string(cpu_of(Role::client)) + "\neach = " + std::to_string(events) +
              "\ntell = \"" + tell + "\"\n";
    }
    return text;
  }

  Counter counter_;
  Desk desk_;
  std::vector<DeskClient> clients_;
};

class MqttFanOut {
 public:
  MqttFanOut(int events, const std::string& tell)
      : counter_(tell), publisher_(server_.socket(), "publisher") {
    for (int i = 0; i < readers; ++i) {
      children_.push_back(Process::run(Role::client, [this, events, tell, i] {
        MqttClient client(server_.socket(), "reader" + std::to_string(i));
        client.subscribe(event_type);
        Counter::tell(tell);
        for (int count = 0;;) {
          for (count += client.messages(); count >= events; count -= events) Counter::tell(tell);
        }
      }));
    }
    counter_.wait_for(readers);
  }

  double run(int events) {
    const std::string payload(payload_bytes, 'x');
    const double begun = now_s();
    for (int i = 0; i < events; ++i) {
      publisher_.publish(event_type, payload);
      if ((i + 1) % publish_at_once == 0) publisher_.flush();
    }
    publisher_.flush();
    counter_.wait_for(readers);
    return now_s() - begun;
  }

 private:
  Counter counter_;
  Mosquitto server_;
  MqttClient publisher_;
  std::vector<Process> children_;
};

class NatsFanOut {
 public:
  NatsFanOut(int events, const std::string& tell) : counter_(tell), publisher_(server_.port()) {
    for (int i = 0; i < readers; ++i) {
      children_.push_back(Process::run(Role::client, [this, events, tell] {
        NatsClient client(server_.port());
        client.subscribe(event_type);
        Counter::tell(tell);
        for (int count = 0;;) {
          for (count += client.messages(); count >= events; count -= events) Counter::tell(tell);
        }
      }));
    }
    counter_.wait_for(readers);
  }

  double run(int events) {
    const std::string payload(payload_bytes, 'x');
    const double begun = now_s();
    for (int i = 0; i < events; ++i) {
      publisher_.publish(event_type, payload);
      if ((i + 1) % publish_at_once == 0) publisher_.flush();
    }
    publisher_.flush();
    counter_.wait_for(readers);
    return now_s() - begun;
  }

 private:
  Counter counter_;
  NatsServer server_;
  NatsClient publisher_;
  std::vector<Process> children_;
};

void fan_out() {
  Figures figures;
  const int rounds = sizes(9, 25);
  const int events = sizes(6'400, 64'000);
  Folder folder;
  DeskFanOut desk(events, folder.path() + "/desk");
  MqttFanOut mqtt(events, folder.path() + "/mqtt");
  NatsFanOut nats(events, folder.path() + "/nats");
  const auto rates = in_turns(rounds, {{"deskmate", [&] { return events / desk.run(events); }},
                                       {"mosquitto", [&] { return events / mqtt.run(events); }},
                                       {"nats", [&] { return events / nats.run(events); }}});
  figures.add("bus.event_to_8_plugins", "events/s", rates[0], "mosquitto-qos0", rates[1],
              at_least(3));
  figures.add("bus.event_to_8_plugins", "events/s", rates[0], "nats-server", rates[2], at_least(1));
  figures.note("deskmate has each event on disk before a plugin gets it; the others keep none");
}

}  // namespace
}  // namespace deskmate::bench

int main() {
  using namespace deskmate::bench;
  try {
    pin(Role::client);
    Figures().note("peers: " + NatsServer::version() + "; " + Mosquitto::version());
    requests();
    fan_out();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
