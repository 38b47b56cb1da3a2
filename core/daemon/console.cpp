#include "core/daemon/console.hpp"

#include <algorithm>
#include <utility>

#include "core/daemon/errors.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/paths.hpp"
#include "core/daemon/setup.hpp"
#include "core/daemon/version.hpp"
#include "core/peer/invitation.hpp"
#include "core/peer/peer_id.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t piece_bytes = 512u << 10;     // read at a time
constexpr std::size_t shown_bytes_max = 32u << 20;  // of an attachment

// An attachment, piece by piece.
struct Reading {
  storage::Hash32 hash{};
  std::string bytes;
  std::function<void(Result<gateway::File>)> done;
};

void read_on(Service& service, const std::shared_ptr<Reading>& reading) {
  read_file(service, reading->hash, reading->bytes.size(), piece_bytes,
            [&service, reading](Result<std::string> piece) {
              if (!piece) return reading->done(piece.error());
              reading->bytes += *piece;
              if (piece->size() < piece_bytes) {
                return reading->done(gateway::File{std::move(reading->bytes)});
              }
              if (reading->bytes.size() > shown_bytes_max) {
                return reading->done(Error{Status::limit, "the file is too long", "file"});
              }
              read_on(service, reading);
            });
}

Language spoken(const Service& service, const bus::Call& call) {
  return language_of(service, call) == desk::Language::chinese ? Language::zh : Language::en;
}

void add_figure(std::string& out, std::string_view name, std::string_view help,
                std::uint64_t value) {
  out += "# HELP deskmate_" + std::string(name) + " " + std::string(help) + "\n# TYPE deskmate_" +
         std::string(name) + " gauge\ndeskmate_" + std::string(name) + " " + std::to_string(value) +
         "\n";
}

}  // namespace

void with_console(Config& config) {
  const std::string id(gateway::console_instance);
  const bool named = std::any_of(config.plugins.begin(), config.plugins.end(),
                                 [&](const PluginConfig& one) { return one.name == id; });
  if (named || !find_plugin(config, id)) return;
  PluginConfig plugin;
  plugin.name = plugin.id = id;
  plugin.isolation = "process";
  config.plugins.push_back(std::move(plugin));
}

std::vector<gateway::Person> people_of(const Config& config) {
  std::vector<gateway::Person> out;
  for (const auto& member : config.members) {
    if (!member.peer.empty() && member.peer != config.peer_name) continue;
    const auto access = access_of(config, member.number).value_or(Access::viewer);
    out.push_back(
        {static_cast<gateway::Member>(member.number), member.name, std::string(to_string(access))});
  }
  return out;
}

Console::Console(Service& service, const Config& config, Log log)
    : service_(service), people_(people_of(config)), log_(std::move(log)) {}

Console::~Console() {
  // Their names stay, for whoever asks while the desk stops.
  for (const char* name : {"desk.login_link", "desk.phone"}) {
    serve_owner(service_.bus, name, [](const bus::Call&, bus::Answer answer) {
      answer.fail({Status::unavailable, "the desk is stopping", ""});
    });
  }
}

Result<std::unique_ptr<Console>> Console::open(bus::AsioLoop& loop, Service& service,
                                               const Config& config, Log log) {
  std::unique_ptr<Console> console(new Console(service, config, std::move(log)));
  gateway::Options options;
  options.listen = config.console_listen;
  options.hosts = config.console_hosts;
  options.accounts_file = config.secrets + "/console";
  options.tls = config.console_tls;
  options.certificate_file = config.secrets + "/console-certificate";
  console->gateway_ = std::make_unique<gateway::Gateway>(
      loop, service.bus, static_cast<gateway::World&>(*console), std::move(options));
  if (auto opened = console->gateway_->open(); !opened) return opened.error();
  console->serve();
  return console;
}

std::optional<gateway::Person> Console::person_of(const bus::Call& call,
                                                  bus::Answer& answer) const {
  if (people_.empty()) {
    answer.fail({Status::not_found, "there are no members here", ""});
    return std::nullopt;
  }
  const auto wanted = call.params["member"].as_uint(people_.front().number);
  for (const auto& person : people_) {
    if (person.number == wanted) return person;
  }
  answer.fail({Status::not_found,
               say(spoken(service_, call), "console.no_member", {std::to_string(wanted)}),
               "member"});
  return std::nullopt;
}

void Console::serve() {
  serve_owner(service_.bus, "desk.login_link", [this](const bus::Call& call, bus::Answer answer) {
    const auto person = person_of(call, answer);
    if (!person) return;
    answer.ok(Value::map({{"member", person->number}, {"link", gateway_->link(person->number)}}));
  });
  serve_owner(service_.bus, "desk.phone", [this](const bus::Call& call, bus::Answer answer) {
    phone(call, std::move(answer));
  });
}

void Console::phone(const bus::Call& call, bus::Answer answer) {
  const auto person = person_of(call, answer);
  if (!person) return;
  const auto addresses = gateway_->tls_addresses();
  if (addresses.empty()) {
    return answer.fail(
        {Status::unavailable, say(spoken(service_, call), "console.no_tls"), "console.tls"});
  }
  const std::string link =
      gateway_->link(person->number, addresses.front(), gateway::phone_link_ms);
  Value list = Value::array();
  for (const std::string& one : addresses) list.push_back(one);
  answer.ok(Value::map({{"member", person->number},
                        {"name", person->name},
                        {"link", link},
                        {"qr", peer::qr_code(link)},
                        {"expires_ms", wall_ms() + gateway::phone_link_ms},
                        {"addresses", std::move(list)},
                        {"fingerprint", gateway_->fingerprint()},
                        {"peer", peer::to_text(service_.store.log().peer)}}));
}

std::string Console::first_link() {
  for (const auto& person : people_) {
    if (person.access == to_string(Access::owner)) {
      return gateway_->has_password(person.number) ? std::string() : gateway_->link(person.number);
    }
  }
  return {};
}

void Console::people_changed(const Config& config) {
  people_ = people_of(config);
  gateway_->people_changed();
}

std::uint64_t Console::wall_ms() const { return service_.options.wall_ms(); }
std::string Console::desk() const { return service_.options.name; }
std::string Console::language() const { return std::string(name_of(service_.options.language)); }
std::string Console::version() const { return daemon::version; }

bus::Rights Console::rights(const gateway::Person& person) const {
  return rights_of(access_from(person.access).value_or(Access::viewer), person.number);
}

bool Console::serves_web(std::string_view instance) const {
  const auto all = service_.plugins.status();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& one) { return one.name == instance && one.web; });
}

std::string Console::metrics() const {
  const std::uint64_t now = wall_ms();
  std::uint64_t open = 0;
  std::uint64_t waiting = 0;
  for (const auto& member : service_.desk.members(now)) {
    open += member.open;
    waiting += member.waiting;
  }
  const auto plugins = service_.plugins.status();
  const auto running = std::count_if(plugins.begin(), plugins.end(), [](const auto& one) {
    return one.state == host::State::running;
  });
  std::string out;
  add_figure(out, "events", "Events in the log.", service_.store.last_arrival());
  add_figure(out, "events_waiting", "Events not yet on disk.", service_.store.pending_events());
  add_figure(out, "chats_open", "Chats that members have open.", open);
  add_figure(out, "chats_waiting", "Chats whose buyer waits for an answer.", waiting);
  add_figure(out, "plugins", "Plugins that are configured.", plugins.size());
  add_figure(out, "plugins_running", "Plugins that run.", static_cast<std::uint64_t>(running));
  add_figure(out, "sessions", "Connected plugins, consoles and command lines.",
             service_.bus.size());
  add_figure(out, "uptime_seconds", "Since the desk was started.",
             (now - std::min(now, service_.started_ms)) / 1'000);
  return out;
}

void Console::file(std::string hash, std::function<void(Result<gateway::File>)> done) {
  auto reading = std::make_shared<Reading>();
  for (std::size_t i = 0; i < reading->hash.size(); ++i) {
    reading->hash[i] = static_cast<std::uint8_t>(std::stoul(hash.substr(i * 2, 2), nullptr, 16));
  }
  reading->done = std::move(done);
  read_on(service_, reading);
}

void Console::blocking(std::function<void()> work, std::function<void()> then) {
  service_.pool.run(std::move(work), std::move(then));
}

void Console::log(std::string_view what,
                  const std::vector<std::pair<std::string, std::string>>& fields) {
  log_(what, fields);
}

}  // namespace deskmate::daemon
