// Rules: one arriving order judged by all of rules-orders, in the daemon and in a process of its
// own, and a sweep of very many orders by the installed program.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <deskmate/rules.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/bus/client.hpp"
#include "core/host/http_service.hpp"
#include "core/host/secrets.hpp"
#include "core/host/supervisor.hpp"
#include "tests/bench/desk.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {
namespace {

constexpr double order_us_max = 1'000;      // of one order judged in the daemon
constexpr double sweep_us_max = 20;         // of each order: 1,000,000 in 20 s
constexpr double sweep_mib_max = 200;       // of the daemon's own memory
constexpr std::size_t append_events = 200;  // of one append
constexpr std::size_t sessions = 16;        // a session may append 5,000 events a second
constexpr std::size_t orders_each = 20;     // of a buyer, of which the last waits
constexpr std::int64_t now_ms = 1'800'000'000'000;

std::filesystem::path plugin(const std::string& folder, const std::string& id) {
  return std::filesystem::path(beside_this_program("../" + folder)) / id;
}

// An order with three lines, an address, a note and another order of the same buyer.
std::string subject() {
  rules::Order order;
  order.id = "0123456789abcdef";
  order.shop = "box";
  order.number = "SB-1001";
  order.state = order.payment = "paid";
  order.currency = "CNY";
  order.total = order.paid = 25'900;
  order.placed_ms = order.paid_ms = now_ms;
  order.shipping = 0;
  order.name = "林晓雨";
  order.note = "请尽快发货，谢谢";
  order.address = {
      {"province", "浙江省"}, {"city", "杭州"}, {"street", "文三路 118 号 2 单元 601"}};
  order.has_body = true;
  for (const char* sku : {"CUP-01", "POT-02", "TEA-03"}) {
    rules::Line line;
    line.sku = sku;
    line.name = "盖碗 / Lidded cup";
    line.quantity = 2;
    line.price = 4'500;
    line.stock = rules::Stock{40, 12, std::nullopt, false};
    order.lines.push_back(line);
  }
  rules::Subject out;
  out.others = {order};
  out.others[0].placed_ms -= 90 * rules::day_ms;
  out.others[0].state = "delivered";
  out.order = std::move(order);
  return rules::pack(out);
}

// The daemon's bus and its plugins, without the rest of it, in this process.
class Plugins {
 public:
  Plugins() {
    host::SupervisorOptions options;
    options.plugin_host = beside_this_program("deskmate-plugin-host");
    host::SupervisorHooks hooks;
    hooks.on_log = [](const host::LogLine& line) {
      std::fprintf(stderr, "%s\n", std::string(line.text).c_str());
    };
    bus_.method("rules.changed", [](const bus::Call&, bus::Answer answer) { answer.ok(Value()); });
    plugins_ = std::make_unique<host::Supervisor>(loop_, bus_, http_, secrets_, std::move(options),
                                                  std::move(hooks));
    add("echo", plugin("bench-plugins", "bench-probe"), host::Isolation::process,
        Value::map({{"cpu", cpu_of(Role::client)}}));
    add("inside", plugin("plugins", "rules-orders"), host::Isolation::daemon, Value::map());
    pin(Role::client);  // what is started from here on
    add("own", plugin("plugins", "rules-orders"), host::Isolation::process, Value::map());
  }

  // The median time of a request in seconds, one after the other.
  double ask(const std::string& instance, double seconds) {
    const bool echo = instance == "echo";
    pin(Role::server);
    const double median = median_time(
        seconds, [&] { ask_once(instance, echo ? "bench.echo" : "rules.judge", params_); });
    pin(Role::client);
    return median;
  }

 private:
  void add(const std::string& name, const std::filesystem::path& folder, host::Isolation isolation,
           const Value& settings) {
    const auto added = plugins_->add({name, folder, isolation, settings});
    if (!added) throw std::runtime_error(added.error().message);
    run_until([&] { return bus_.find(name) != nullptr; });
  }

  void ask_once(const std::string& instance, const char* method, const Value& params) {
    bool answered = false;
    const auto asked =
        bus_.call(instance, method, params, 60'000, [&answered](const Result<std::string>& result) {
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

  // The probe echoes the same bytes: only judging is ours.
  const Value params_ = Value::map(
      {{"now_ms", now_ms}, {"subjects", Value::array({Value::bin(std::string_view(subject()))})}});
  Folder folder_;
  boost::asio::io_context context_;
  bus::AsioLoop loop_{context_};
  bus::Bus bus_{loop_};
  host::HttpService http_{loop_};
  host::Secrets secrets_{folder_.path()};
  std::unique_ptr<host::Supervisor> plugins_;
};

void one_order() {
  Figures figures;
  Plugins plugins;
  const double slice = sizes(0.1, 0.5);
  const auto times =
      in_turns(sizes(11, 31), {
                                  {"own", [&] { return plugins.ask("own", slice) * 1e6; }},
                                  {"inside", [&] { return plugins.ask("inside", slice) * 1e6; }},
                                  {"echo", [&] { return plugins.ask("echo", slice) * 1e6; }},
                              });
  figures.add("rules.one_order_in_daemon", "us", spread_of(times[1]).median, "limit", order_us_max,
              at_most(1));
  figures.add("rules.one_order", "us", times[0], "bare-plugin-round-trip", times[2], at_most(2));
}

// --- the sweep ---

Value order_event(std::size_t number) {
  const std::string buyer = std::to_string(number / orders_each);
  const bool waits = number % orders_each == orders_each - 1;
  Value lines = Value::array();
  for (std::size_t i = 0; i < 2; ++i) {
    lines.push_back(Value::map({{"sku", "SKU-" + std::to_string((number + i) % 500)},
                                {"name", "盖碗 / Lidded cup"},
                                {"quantity", 1},
                                {"price", 4'500}}));
  }
  return Value::map(
      {{"type", "order.seen"},
       {"facts", Value::map({{"shop", "box"},
                             {"state", waits ? "paid" : "shipped"},
                             {"payment", "paid"},
                             {"currency", "CNY"},
                             {"total", 9'000},
                             {"paid", 9'000},
                             {"placed_at", now_ms + static_cast<std::int64_t>(number)},
                             {"updated_at", now_ms + static_cast<std::int64_t>(number)},
                             {"ship_by", now_ms + 400 * rules::day_ms},
                             {"lines", std::move(lines)}})},
       {"refs", Value::map({{"order", std::to_string(number)}, {"buyer", buyer}})},
       {"desk_refs", Value::map({{"number", "N" + std::to_string(number)}})},
       {"body", Value::map({{"number", "N" + std::to_string(number)},
                            {"name", "林晓雨"},
                            {"address",
                             Value::map({{"city", "杭州"},
                                         {"street", "文三路 " + buyer + " 号 2 单元 601"}})}})}});
}

// A line of /proc/PID/status, in MiB.
double memory_mib(pid_t pid, const std::string& name) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  throw std::runtime_error("no " + name);
}

Value ask(bus::Client& client, const char* method, const Value& params) {
  auto answer = client.call(method, params, 60'000);
  if (!answer) throw std::runtime_error(std::string(method) + ": " + answer.error().message);
  return std::move(*answer);
}

bus::Client connect(const Desk& desk) {
  auto client = bus::Client::connect(desk.socket());
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

void fill(const Desk& desk, std::size_t orders) {
  std::vector<bus::Client> clients;
  for (std::size_t i = 0; i < sessions; ++i) clients.push_back(connect(desk));
  for (std::size_t number = 0, turn = 0; number < orders; ++turn) {
    Array events;
    while (events.size() < append_events && number < orders)
      events.push_back(order_event(number++));
    const Value params = Value::map({{"events", std::move(events)}});
    for (;;) {
      auto done = clients[turn % sessions].call("log.append", params, 60'000);
      if (done) break;
      if (done.error().code != Status::limit) throw std::runtime_error(done.error().message);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

Value lane(bus::Client& client) { return ask(client, "desk.rules", Value::map())["rules"][0u]; }

void wait_for_rules(bus::Client& client) {
  for (;;) {
    const Value now = lane(client);
    if (!now["sweeping"].as_bool() && now["waiting"].as_uint() == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void sweep(const std::string& isolation, std::size_t orders, int rounds) {
  Figures figures;
  Desk desk("plugin_folders = [\"" + beside_this_program("../plugins") +
            "\"]\n[[plugin]]\nname = \"orders\"\nid = \"rules-orders\"\nisolation = \"" +
            isolation + "\"\n");
  bus::Client client = connect(desk);
  fill(desk, orders);
  wait_for_rules(client);
  std::vector<double> each_us;
  double most_mib = 0;
  for (int i = 0; i < rounds; ++i) {
    ask(client, "desk.rules_sweep", Value::map());
    for (Value now = lane(client); now["sweeping"].as_bool(); now = lane(client)) {
      most_mib = std::max(most_mib, memory_mib(desk.pid(), "RssAnon"));
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const Value done = lane(client);
    if (done["sweep_judged"].as_uint() < orders)
      throw std::runtime_error("of " + std::to_string(orders) + " orders " +
                               std::to_string(done["sweep_judged"].as_uint()) + " were judged");
    each_us.push_back(done["sweep_took_ms"].as_double() * 1'000 / static_cast<double>(orders));
  }
  std::ostringstream note;
  note << orders << " orders, " << isolation << ": "
       << spread_of(each_us).median * 1e-6 * double(orders)
       << " s; the log's pages in memory besides: " << memory_mib(desk.pid(), "RssFile") << " MiB";
  figures.note(note.str());
  figures.add("rules.sweep_each_" + isolation, "us", spread_of(each_us).median, "limit",
              sweep_us_max, at_most(1));
  figures.add("rules.sweep_memory_" + isolation, "MiB", most_mib, "limit", sweep_mib_max,
              at_most(1));
}

}  // namespace
}  // namespace deskmate::bench

int main() {
  using namespace deskmate::bench;
  try {
    pin(Role::client);
    one_order();
    for (const char* isolation : {"process", "daemon"}) {
      sweep(isolation, sizes<std::size_t>(50'000, 1'000'000), sizes(3, 1));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
