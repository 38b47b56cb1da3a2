#include "core/gateway/gateway.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/gateway/addresses.hpp"
#include "core/gateway/guard.hpp"
#include "core/gateway/server.hpp"

namespace deskmate::gateway {
namespace {

namespace json = boost::json;

constexpr std::string_view api_path = "/api/";
constexpr std::string_view pages_path = "/plugins/";
constexpr std::string_view hooks_path = "/hooks/";
constexpr std::string_view files_path = "/api/files/";
constexpr std::size_t json_bytes_max = 4'096;
constexpr std::size_t hash_digits = 64;

// What a plugin hears of a browser's request, and may say in its answer. No cookie either way.
constexpr std::array request_headers{"accept",       "accept-encoding", "accept-language",
                                     "content-type", "if-none-match",   "user-agent"};
constexpr std::array response_headers{"cache-control",
                                      "content-disposition",
                                      "content-encoding",
                                      "content-language",
                                      "content-type",
                                      "etag",
                                      "vary"};

// Shown in the page as they are; everything else is a download.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> images{
    {{"\x89PNG\r\n\x1a\n", "image/png"},
     {"\xff\xd8\xff", "image/jpeg"},
     {"GIF8", "image/gif"},
     {"RIFF", "image/webp"}}};

template <class List>
bool listed(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

Response answer_json(int status, const json::value& value) {
  return {status, {{"content-type", "application/json"}}, json::serialize(value)};
}

Response answer_error(int status, std::string_view code, std::string_view message) {
  return answer_json(status, {{"code", code}, {"error", message}});
}

Response answer_error(const Error& error) {
  return answer_error(status_of(error), to_string(error.code), error.message);
}

Response nobody() { return answer_error(401, "denied", "log in first / 请先登录"); }

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// The value of one cookie.
std::string_view cookie_of(const Request& request, std::string_view name) {
  std::string_view rest = find(request.headers, "cookie");
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) {
      return one.substr(name.size() + 1);
    }
  }
  return {};
}

// A small object; its texts and numbers.
struct Fields {
  json::object object;
  std::string text(const char* key) const {
    const auto* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
  }
  Member number(const char* key) const {
    const auto* value = object.if_contains(key);
    const auto* number = value ? value->if_int64() : nullptr;
    return number && *number > 0 && *number < (1 << 20) ? static_cast<Member>(*number) : 0;
  }
};

std::optional<Fields> fields_of(const std::string& body) {
  if (body.size() > json_bytes_max) return std::nullopt;
  boost::system::error_code error;
  json::parse_options strict;
  strict.max_depth = 4;
  json::value value = json::parse(body, error, {}, strict);
  if (error || !value.is_object()) return std::nullopt;
  return Fields{std::move(value.as_object())};
}

bool is_loopback(std::string_view address) {
  return address == "127.0.0.1" || address == "::1" || address.starts_with("127.");
}

}  // namespace

struct Gateway::Impl {
  Impl(bus::AsioLoop& loop_of, bus::Bus& bus_of, World& world_of, Options options_of)
      : loop(loop_of), bus(bus_of), world(world_of), options(std::move(options_of)) {}

  // Somebody's open WebSocket.
  struct Live {
    Member member = 0;
    std::string access;
    std::string token;
    std::weak_ptr<bus::Session> session;
  };

  void on_request(Request request, Respond respond);
  void route(Request request, const Respond& respond);
  Result<Opened> on_upgrade(const Request& request);
  void session(const Request& request, const Respond& respond);
  void login(const Request& request, const Respond& respond);
  void setup(const Request& request, const Respond& respond);
  void logout(const Request& request, const Respond& respond);
  void begin(bool secure, Member member, const Respond& respond);
  void serve_file(const Request& request, const Respond& respond);
  void ask_plugin(std::string instance, std::string path, const Request& request, Trust trust,
                  bool hook, const Respond& respond);
  void end_live(const std::function<bool(const Live&)>& which, const char* why);
  void check_sessions();

  std::optional<Person> person(Member member) const {
    for (Person& one : world.people()) {
      if (one.number == member) return std::move(one);
    }
    return std::nullopt;
  }
  std::optional<Person> person_of(const Request& request) {
    const auto token = token_of(request);
    if (token.empty()) return std::nullopt;
    const auto member = accounts->session(token, world.wall_ms());
    return member ? person(*member) : std::nullopt;
  }
  // Browsers do not keep ports apart, so its port is in its name. __Host-: only for this very host,
  // and only what came from it through TLS (RFC 6265bis, 4.1.3.2).
  std::string cookie_name(bool secure) const {
    return secure ? "__Host-deskmate-" + std::to_string(server->tls_port())
                  : "deskmate-" + std::to_string(server->port());
  }
  std::string_view token_of(const Request& request) const {
    return cookie_of(request, cookie_name(request.secure));
  }
  std::string cookie_header(bool secure, std::string_view token, std::uint64_t age_s) const {
    return cookie_name(secure) + "=" + std::string(token) + "; Path=/; HttpOnly" +
           (secure ? "; Secure" : "") + "; SameSite=Strict; Max-Age=" + std::to_string(age_s);
  }
  Result<void> open_certificate();
  void renew();
  std::vector<std::string> tls_hosts() const;

  bus::AsioLoop& loop;
  bus::Bus& bus;
  World& world;
  Options options;
  std::optional<Accounts> accounts;
  std::optional<Guard> guard;
  Attempts attempts;
  std::optional<Certificate> certificate;
  std::vector<Live> live;
  std::size_t hashing = 0;
  bus::Loop::TimerId timer = 0;
  std::unique_ptr<Server> server;
  // For what comes back later; emptied when the gateway goes.
  std::shared_ptr<Impl*> self = std::make_shared<Impl*>(this);
};

Gateway::Gateway(bus::AsioLoop& loop, bus::Bus& bus, World& world, Options options)
    : impl_(std::make_unique<Impl>(loop, bus, world, std::move(options))) {}

Gateway::~Gateway() {
  *impl_->self = nullptr;
  if (impl_->timer != 0) impl_->loop.cancel(impl_->timer);
}

Result<void> Gateway::open() {
  auto accounts = Accounts::open(impl_->options.accounts_file);
  if (!accounts) return accounts.error();
  impl_->accounts.emplace(std::move(*accounts));
  ServerHooks server_hooks;
  server_hooks.on_request = [impl = impl_.get()](Request request, Respond respond) {
    impl->on_request(std::move(request), std::move(respond));
  };
  server_hooks.on_upgrade = [impl = impl_.get()](const Request& request) {
    return impl->on_upgrade(request);
  };
  const Options& options = impl_->options;
  auto server = Server::open(impl_->loop, options.listen, options.tls, options.tls_ms,
                             std::move(server_hooks));
  if (!server) return server.error();
  impl_->server = std::move(*server);
  impl_->guard.emplace(impl_->server->port(), impl_->server->tls_port(), options.hosts);
  if (!options.tls.empty()) {
    if (auto opened = impl_->open_certificate(); !opened) return opened;
  }
  impl_->check_sessions();
  return {};
}

std::string Gateway::address() const {
  if (impl_->options.listen.empty()) return tls_addresses().front();
  return "http://" + with_port(host_of(impl_->options.listen.front()), impl_->server->port());
}

// The hosts under which others may reach what listens with TLS.
std::vector<std::string> Gateway::Impl::tls_hosts() const {
  std::vector<std::string> out;
  const auto add = [&](const std::string& host) {
    if (!listed(out, host)) out.push_back(host);
  };
  for (const std::string& at : options.tls) {
    const std::string host = host_of(at);
    if (host != "0.0.0.0" && host != "::") {
      add(host);
      continue;
    }
    for (const std::string& one : own_addresses()) add(one);
    add("127.0.0.1");
  }
  return out;
}

std::vector<std::string> Gateway::tls_addresses() const {
  std::vector<std::string> out;
  if (impl_->options.tls.empty()) return out;
  for (const std::string& host : impl_->tls_hosts()) {
    out.push_back("https://" + with_port(host, impl_->server->tls_port()));
  }
  if (out.size() > 1)
    std::erase_if(out, [](const std::string& one) { return loopback_only(one.substr(8)); });
  for (const std::string& name : impl_->options.hosts) out.push_back("https://" + name);
  return out;
}

void Gateway::renew() { impl_->renew(); }

std::string Gateway::fingerprint() const {
  return impl_->certificate ? impl_->certificate->fingerprint() : std::string();
}

// A new one where there is none, where it ends soon, and where this machine has another address.
Result<void> Gateway::Impl::open_certificate() {
  std::vector<std::string> names = tls_hosts();
  for (const std::string& host : options.hosts) names.push_back(lower(host_of(host)));
  for (const char* own : {"localhost", "127.0.0.1", "::1"}) names.emplace_back(own);
  if (certificate && !certificate->stale(names, world.wall_ms())) return {};
  auto opened = Certificate::open(options.certificate_file, names, world.wall_ms());
  if (!opened) return opened.error();
  if (auto used = server->use(*opened); !used) return used;
  certificate.emplace(std::move(*opened));
  world.log("console", {{"certificate", certificate->fingerprint()}});
  return {};
}

std::string Gateway::link(Member member) { return link(member, address(), link_ms); }

std::string Gateway::link(Member member, const std::string& to, std::uint64_t life_ms) {
  return to + "/#setup=" + impl_->accounts->make_link(member, impl_->world.wall_ms(), life_ms);
}

bool Gateway::has_password(Member member) const { return impl_->accounts->has_password(member); }

void Gateway::Impl::renew() {
  if (!certificate) return;
  if (auto still = open_certificate(); !still) {
    world.log("console", {{"certificate", still.error().message}});
  }
}

void Gateway::people_changed() {
  impl_->end_live(
      [this](const Impl::Live& one) {
        const auto person = impl_->person(one.member);
        return !person || person->access != one.access;
      },
      "what you may do has changed");
}

void Gateway::Impl::end_live(const std::function<bool(const Live&)>& which, const char* why) {
  std::vector<std::shared_ptr<bus::Session>> ending;
  std::erase_if(live, [&](const Live& one) {
    const auto open = one.session.lock();
    if (!open || open->ended()) return true;
    if (!which(one)) return false;
    ending.push_back(open);
    return true;
  });
  for (const auto& one : ending) one->end({Status::denied, why, "session"});
}

// A session that has run out ends what it opened, and an open socket keeps its session in use.
void Gateway::Impl::check_sessions() {
  end_live([&](const Live& one) { return !accounts->session(one.token, world.wall_ms()); },
           "log in again");
  renew();
  timer = loop.call_at(loop.now_ms() + sessions_checked_ms, [this] { check_sessions(); });
}

void Gateway::Impl::on_request(Request request, Respond respond) {
  const Trust trust = request.path.starts_with(pages_path) || request.path.starts_with(files_path)
                          ? Trust::foreign
                          : Trust::own;
  // Whatever comes of it carries the headers that keep it harmless.
  Headers only_tls;
  add_only_tls(only_tls, request);
  const Respond secured = [respond = std::move(respond), trust,
                           only_tls = std::move(only_tls)](Response response) {
    add_security(response.headers, trust);
    response.headers.insert(response.headers.end(), only_tls.begin(), only_tls.end());
    respond(std::move(response));
  };
  // Webhooks come from marketplaces, not from pages; they prove themselves to their plugin.
  if (!request.path.starts_with(hooks_path)) {
    if (auto good = guard->check(request); !good) {
      world.log("console", {{"refused", good.error().where}, {"from", request.address}});
      return secured(answer_error(good.error()));
    }
  }
  route(std::move(request), secured);
}

void Gateway::Impl::route(Request request, const Respond& respond) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string& path = request.path;
  // "/plugins/mail/x" → "mail", "/x"
  const auto mounted = [&](std::string_view mount, bool hook) {
    const std::string_view rest = std::string_view(path).substr(mount.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    std::string instance(rest.substr(0, slash));
    std::string below(rest.substr(slash));
    if (instance == console_instance || !world.serves_web(instance)) {
      return respond(answer_error(404, "not_found", "there is no such plugin / 没有该插件"));
    }
    ask_plugin(std::move(instance), below.empty() ? "/" : std::move(below), request, Trust::foreign,
               hook, respond);
  };
  if (path.starts_with(hooks_path)) return mounted(hooks_path, true);
  if (path == "/healthz" && reads) {
    return respond({200, {{"content-type", "text/plain; charset=utf-8"}}, "ok\n"});
  }
  if (path == "/metrics" && reads) {
    if (!is_loopback(request.address) && !person_of(request)) return respond(nobody());
    return respond(
        {200, {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}}, world.metrics()});
  }
  if (path.starts_with(pages_path)) {
    if (!person_of(request)) return respond(nobody());
    return mounted(pages_path, false);
  }
  if (path == "/api/session" && reads) return session(request, respond);
  if (path.starts_with(files_path) && reads) return serve_file(request, respond);
  if (request.method == "POST") {
    if (path == "/api/login") return login(request, respond);
    if (path == "/api/setup") return setup(request, respond);
    if (path == "/api/logout") return logout(request, respond);
  }
  if (path.starts_with(api_path)) {
    return respond(answer_error(404, "not_found", "there is nothing here / 此处无内容"));
  }
  if (!reads) {
    return respond({405, {{"allow", "GET, HEAD"}}, {}});
  }
  ask_plugin(std::string(console_instance), path, request, Trust::own, false, respond);
}

void Gateway::Impl::session(const Request& request, const Respond& respond) {
  json::array members;
  for (const Person& one : world.people()) {
    members.push_back({{"number", one.number}, {"name", one.name}});
  }
  const auto who = person_of(request);
  json::object out{{"desk", world.desk()}, {"language", world.language()}};
  // Who works here is no stranger's business.
  if (who || is_loopback(request.address)) out["members"] = std::move(members);
  if (!who) {
    const auto people = world.people();
    out["setup"] = std::none_of(people.begin(), people.end(), [&](const Person& one) {
      return accounts->has_password(one.number);
    });
    return respond(answer_json(401, out));
  }
  out["version"] = world.version();
  out["member"] = who->number;
  out["name"] = who->name;
  out["access"] = who->access;
  respond(answer_json(200, out));
}

void Gateway::Impl::begin(bool secure, Member member, const Respond& respond) {
  const auto token = accounts->begin_session(member, world.wall_ms());
  if (!token) return respond(answer_error(token.error()));
  world.log("console", {{"member", std::to_string(member)}, {"session", "begun"}});
  respond({204, {{"set-cookie", cookie_header(secure, *token, session_ms / 1'000)}}, {}});
}

void Gateway::Impl::login(const Request& request, const Respond& respond) {
  const auto fields = fields_of(request.body);
  const Member member = fields ? fields->number("member") : 0;
  if (member == 0) {
    return respond(answer_error(400, "invalid", "member and password, please / 请填写成员和密码"));
  }
  const std::string key = request.address + "/" + std::to_string(member);
  const std::uint64_t wait = attempts.wait_ms(key, world.wall_ms());
  if (wait > 0 || hashing >= hashing_max) {
    Response later = answer_error(429, "limit", "too many attempts; wait / 尝试过多，请稍候");
    later.headers.emplace_back("retry-after", std::to_string(wait / 1'000 + 1));
    return respond(std::move(later));
  }
  struct Work {
    std::string hash;
    std::string password;
    bool good = false;
  };
  auto work = std::make_shared<Work>();
  work->hash = accounts->hash_of(member);
  work->password = fields->text("password");
  ++hashing;
  world.blocking(
      [work] { work->good = check_password(work->hash, work->password); },
      [gone = self, work, key, member, respond, secure = request.secure] {
        if (*gone == nullptr) return;
        Impl& impl = **gone;
        --impl.hashing;
        if (work->good && impl.person(member)) {
          impl.attempts.succeeded(key);
          return impl.begin(secure, member, respond);
        }
        impl.attempts.failed(key, impl.world.wall_ms());
        impl.world.log("console", {{"member", std::to_string(member)}, {"login", "refused"}});
        respond(answer_error(401, "denied", "member or password is wrong / 成员或密码错误"));
      });
}

void Gateway::Impl::setup(const Request& request, const Respond& respond) {
  const auto fields = fields_of(request.body);
  if (!fields) return respond(answer_error(400, "invalid", "token and password, please"));
  const std::string token = fields->text("token");
  const auto member = accounts->link(token, world.wall_ms());
  if (!member || !person(*member)) {
    return respond(answer_error(
        401, "denied",
        "the link was used or is old; deskmate login-link makes one / 链接已失效，请重新生成"));
  }
  if (hashing >= hashing_max) return respond(answer_error(429, "limit", "wait / 请稍候"));
  auto hash = std::make_shared<Result<std::string>>(std::string());
  ++hashing;
  world.blocking([hash, password = fields->text("password")] { *hash = hash_password(password); },
                 [gone = self, hash, token, member = *member, respond, secure = request.secure] {
                   if (*gone == nullptr) return;
                   Impl& impl = **gone;
                   --impl.hashing;
                   if (!*hash) return respond(answer_error(hash->error()));
                   // Used meanwhile?
                   if (!impl.accounts->link(token, impl.world.wall_ms())) return respond(nobody());
                   if (auto set = impl.accounts->set_password(member, **hash); !set) {
                     return respond(answer_error(set.error()));
                   }
                   impl.accounts->use_link(token);
                   impl.end_live([&](const Live& one) { return one.member == member; },
                                 "the password was changed");
                   impl.begin(secure, member, respond);
                 });
}

void Gateway::Impl::logout(const Request& request, const Respond& respond) {
  const std::string token(token_of(request));
  if (!token.empty()) {
    accounts->end_session(token);
    end_live([&](const Live& one) { return one.token == token; }, "logged out");
  }
  respond({204, {{"set-cookie", cookie_header(request.secure, "", 0)}}, {}});
}

Result<Opened> Gateway::Impl::on_upgrade(const Request& request) {
  if (request.path != "/api/bus") return Error{Status::not_found, "there is no WebSocket here", ""};
  if (auto good = guard->check_upgrade(request); !good) {
    world.log("console", {{"refused", good.error().where}, {"from", request.address}});
    return good.error();
  }
  const auto who = person_of(request);
  if (!who) return Error{Status::denied, "log in first", "session"};
  return Opened([gone = self, who = *who, token = std::string(token_of(request))](
                    std::unique_ptr<bus::Transport> transport) {
    if (*gone == nullptr) return;
    Impl& impl = **gone;
    bus::AdmitHandlers handlers;
    handlers.on_hello = [gone, who](const bus::Hello& hello) -> Result<bus::Admission> {
      if (*gone == nullptr) return Error{Status::unavailable, "the desk is stopping", ""};
      if (hello.role != "member")
        return Error{Status::denied, "this way in is for members", "role"};
      bus::Admission admission;
      admission.name = "console-" + std::to_string(who.number);
      admission.rights = (*gone)->world.rights(who);
      admission.limits = bus::member_limits();
      admission.language = (*gone)->world.language();
      admission.settings =
          encode(Value::map({{"member", who.number}, {"name", who.name}, {"access", who.access}}));
      return admission;
    };
    auto session = impl.bus.admit(std::move(transport), std::move(handlers));
    if (session) impl.live.push_back({who.number, who.access, token, session});
  });
}

void Gateway::Impl::serve_file(const Request& request, const Respond& respond) {
  if (!person_of(request)) return respond(nobody());
  const std::string hash = request.path.substr(files_path.size());
  if (hash.size() != hash_digits ||
      hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return respond(answer_error(400, "invalid", "a file is 64 hex digits"));
  }
  world.file(hash, [respond](Result<File> file) {
    if (!file) return respond(answer_error(file.error()));
    // By its bytes, never by what its sender called it.
    std::string_view type = "application/octet-stream";
    for (const auto& [begin, name] : images) {
      if (file->bytes.starts_with(begin)) type = name;
    }
    if (type == "image/webp" && file->bytes.substr(0, 12).find("WEBP") != 8) {
      type = "application/octet-stream";
    }
    const bool shown = type != "application/octet-stream";
    respond({200,
             {{"content-type", std::string(type)},
              {"content-disposition", shown ? "inline" : "attachment"},
              {"cache-control", "private, max-age=86400, immutable"}},
             std::move(file->bytes)});
  });
}

void Gateway::Impl::ask_plugin(std::string instance, std::string path, const Request& request,
                               Trust trust, bool hook, const Respond& respond) {
  Value headers = Value::map();
  for (const auto& [name, value] : request.headers) {
    // A webhook is proved by headers of the marketplace's own.
    if (hook ? name != "cookie" : listed(request_headers, name)) headers[name] = value;
  }
  const Value params = Value::map({{"method", request.method},
                                   {"path", std::move(path)},
                                   {"query", request.query},
                                   {"hook", hook},
                                   {"headers", std::move(headers)},
                                   {"body", Value::bin(std::string_view(request.body))}});
  const auto unavailable = [trust] {
    Response response{503,
                      {{"content-type", "text/plain; charset=utf-8"}, {"retry-after", "2"}},
                      trust == Trust::own
                          ? "The console is not running; deskmate plugins says why.\n"
                            "控制台未运行，deskmate plugins 会说明原因。\n"
                          : "The plugin is not running. / 插件未运行。\n"};
    return response;
  };
  const auto asked = bus.call(
      instance, "web.request", params, web_deadline_ms,
      [respond, unavailable, gone = self, instance](Result<std::string> result) {
        if (*gone == nullptr) return;
        Document document;
        if (!result || !document.parse(*result)) return respond(unavailable());
        const View root = document.root();
        const auto status = root["status"].as_uint();
        if (status < 200 || status > 599) {
          (*gone)->world.log("console", {{"plugin", instance}, {"web", "no status"}});
          return respond(answer_error(502, "invalid", "the plugin's answer cannot be read"));
        }
        Response response;
        response.status = static_cast<int>(status);
        for (const auto& [written, value] : root["headers"].members()) {
          const std::string name = lower(written);
          if (listed(response_headers, name) && printable(value.as_str())) {
            response.headers.emplace_back(name, value.as_str());
          }
        }
        const View body = root["body"];
        response.body = body.is_bin() ? body.as_bin() : body.as_str();
        respond(std::move(response));
      });
  if (!asked) respond(unavailable());
}

}  // namespace deskmate::gateway
