#include "core/host/http_service.hpp"

#include <deskmate/ext/http.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>
#include <utility>

#include "core/host/http_engine.hpp"
#include "core/host/http_rules.hpp"
#include "core/host/text.hpp"

namespace deskmate::host {
namespace {

constexpr std::array<std::string_view, 7> methods = {"GET",   "HEAD",   "POST",   "PUT",
                                                     "PATCH", "DELETE", "OPTIONS"};
// What libcurl says itself, or what would lead past the rules.
constexpr std::array<std::string_view, 7> own_headers = {
    "host", "content-length",     "transfer-encoding", "connection", "upgrade",
    "te",   "proxy-authorization"};

Error invalid(std::string message, std::string where) {
  return {Status::invalid, std::move(message), std::move(where)};
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

// Behind a proxy the address that is connected to is the proxy's, whatever the name.
bool behind_proxy() {
  constexpr std::array<const char*, 5> names = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                                "all_proxy", "ALL_PROXY"};
  return std::any_of(names.begin(), names.end(), [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  });
}

Result<void> check(const HttpRequest& request) {
  if (std::find(methods.begin(), methods.end(), request.method) == methods.end()) {
    return invalid("no such HTTP method", "method");
  }
  if (request.url.size() > http_url_bytes_max) {
    return Error{Status::limit, "the address is too long", "url"};
  }
  if (request.body.size() > DM_HTTP_BODY_MAX) {
    return Error{Status::limit, "the body is larger than DM_HTTP_BODY_MAX", "body"};
  }
  if (request.headers.size() > http_headers_max) {
    return Error{Status::limit, "too many headers", "headers"};
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    const std::string low = lower(name);
    if (!is_header_name(name) ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return invalid("a header cannot be sent like this", "headers");
    }
    if (std::find(own_headers.begin(), own_headers.end(), low) != own_headers.end()) {
      return invalid("header \"" + low + "\" is the host's", "headers");
    }
    bytes += name.size() + value.size();
  }
  if (bytes > http_header_bytes_max) return Error{Status::limit, "headers too long", "headers"};
  return {};
}

HttpAnswer to_answer(HttpOutcome outcome) {
  return {outcome.status, std::move(outcome.headers), std::move(outcome.body)};
}

}  // namespace

Result<HttpRequest> parse_http_request(const View& params) {
  HttpRequest request;
  request.method = params["method"].as_str("GET");
  request.url = params["url"].as_str();
  if (request.url.empty()) return invalid("no address", "url");
  for (const auto& [name, value] : params["headers"].members()) {
    if (!value.is_str()) return invalid("a header's value has to be text", "headers");
    request.headers.emplace_back(name, value.as_str());
  }
  const View body = params["body"];
  request.body = body.is_str() ? body.as_str() : body.as_bin();
  const std::uint64_t timeout = params["timeout_ms"].as_uint(http_timeout_ms_default);
  request.timeout_ms =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(timeout, 1, http_timeout_ms_max));
  request.retries = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(params["retries"].as_uint(0), http_retries_max));
  if (auto good = check(request); !good) return good.error();
  return request;
}

Value to_value(HttpAnswer answer) {
  Map headers;
  for (auto& [name, value] : answer.headers) headers.add(fix_utf8(name), fix_utf8(value));
  Map out;
  out.add("status", answer.status);
  out.add("headers", std::move(headers));
  out.add("body", Bytes(std::move(answer.body)));
  return out;
}

struct HttpService::Impl : std::enable_shared_from_this<HttpService::Impl> {
  struct Instance {
    std::vector<AllowedHost> hosts;
    RateLimit rate;
    std::size_t open = 0;
    std::unique_ptr<HttpEngine> engine;  // made with the first request
  };
  struct Job {
    std::string instance;
    HttpRequest request;
    Done done;
    std::uint64_t until_ms = 0;
    std::uint32_t attempt = 0;
    std::uint32_t redirects = 0;
    bus::Loop::TimerId timer = 0;
    bool over = false;  // given up; its answer is on its way
  };

  Impl(bus::Loop& on_loop, HttpOptions with)
      : loop(on_loop), options(std::move(with)), proxied(behind_proxy()), random(seed()) {}

  static std::mt19937_64::result_type seed() { return std::random_device{}(); }

  std::uint64_t fetch(std::string_view name, HttpRequest request, Done done) {
    const std::uint64_t id = ++last_id;
    Job& job = jobs[id];
    job.instance = name;
    job.request = std::move(request);
    job.done = std::move(done);
    job.until_ms = loop.now_ms() + http_total_ms_max;
    const auto instance = instances.find(name);
    if (instance == instances.end()) {
      finish_soon(id, Error{Status::denied, "this plugin may not use HTTP", ""});
      return id;
    }
    // Counted even if it is refused: it is open until its answer has been given.
    if (++instance->second.open > DM_HTTP_OPEN_MAX) {
      finish_soon(id, Error{Status::limit, "more than DM_HTTP_OPEN_MAX requests under way", ""});
    } else if (auto checked = check(job.request); !checked) {
      finish_soon(id, checked.error());
    } else {
      pace(id);
    }
    return id;
  }

  // Waits for its turn under the rate limit.
  void pace(std::uint64_t id) {
    Job& job = jobs.at(id);
    const std::uint32_t wait = instances.find(job.instance)->second.rate.take(loop.now_ms());
    if (wait == 0) {
      attempt(id);
    } else {
      later(id, wait, [this, id] { attempt(id); });
    }
  }

  void later(std::uint64_t id, std::uint32_t wait_ms, std::function<void()> then) {
    jobs.at(id).timer = loop.call_at(loop.now_ms() + wait_ms,
                                     [self = weak_from_this(), id, then = std::move(then)] {
                                       const auto impl = self.lock();
                                       if (impl == nullptr) return;
                                       const auto job = impl->jobs.find(id);
                                       if (job == impl->jobs.end()) return;
                                       job->second.timer = 0;
                                       then();
                                     });
  }

  void attempt(std::uint64_t id) {
    Job& job = jobs.at(id);
    Instance& instance = instances.find(job.instance)->second;
    const auto parts = split_url(job.request.url);
    if (!parts) return finish_soon(id, parts.error());
    const AllowedHost* rule = find_rule(instance.hosts, *parts);
    if (rule == nullptr) {
      return finish_soon(id, Error{Status::denied,
                                   parts->scheme + "://" + parts->host + ":" +
                                       std::to_string(parts->port) + " is not in the manifest",
                                   "url"});
    }
    const std::uint64_t now = loop.now_ms();
    if (now >= job.until_ms) return finish_soon(id, overdue());
    HttpAttempt attempt;
    attempt.id = id;
    attempt.method = job.request.method;
    attempt.url = job.request.url;
    for (const auto& [name, value] : job.request.headers) {
      // libcurl's way to send a header without a value.
      std::string line = name;
      line.append(value.empty() ? ";" : ": ").append(value);
      attempt.headers.push_back(std::move(line));
    }
    attempt.headers.emplace_back("Expect:");  // no waiting for "100 Continue"
    attempt.body = job.request.body;
    attempt.timeout_ms = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(job.request.timeout_ms, job.until_ms - now));
    attempt.public_only =
        !proxied && !rule->from_setting && !is_loopback_name(rule->host) && !is_address(rule->host);
    attempt.user_agent = options.user_agent;
    attempt.ca_file = options.ca_file;
    engine_of(instance).submit(std::move(attempt));
  }

  HttpEngine& engine_of(Instance& instance) {
    if (instance.engine == nullptr) {
      instance.engine =
          std::make_unique<HttpEngine>([self = weak_from_this(), &to = loop](HttpOutcome outcome) {
            auto shared = std::make_shared<HttpOutcome>(std::move(outcome));
            to.post([self, shared] {
              if (const auto impl = self.lock()) impl->on_outcome(std::move(*shared));
            });
          });
    }
    return *instance.engine;
  }

  void on_outcome(HttpOutcome outcome) {
    using Kind = HttpOutcome::Kind;
    const std::uint64_t id = outcome.id;
    const auto job = jobs.find(id);
    if (job == jobs.end() || job->second.over) return;
    switch (outcome.kind) {
      case Kind::too_big:
        return finish(id, Error{Status::limit, "the answer is larger than DM_HTTP_BODY_MAX", ""});
      case Kind::private_address:
        return finish(id,
                      Error{Status::denied, "the host's name leads to a private address", "url"});
      case Kind::overdue:
        return retry(id, std::nullopt, overdue());
      case Kind::failed:
        return retry(id, std::nullopt, Error{Status::unavailable, std::move(outcome.message), ""});
      case Kind::answer:
        break;
    }
    if (!outcome.redirect.empty() && outcome.status >= 300 && outcome.status <= 399) {
      return redirect(id, outcome);
    }
    if (!is_passing(outcome.status)) return finish(id, to_answer(std::move(outcome)));
    std::optional<std::uint32_t> wait;
    for (const auto& [name, value] : outcome.headers) {
      if (name == "retry-after") {
        wait = retry_after_ms(value, static_cast<std::int64_t>(std::time(nullptr)));
      }
    }
    retry(id, wait, to_answer(std::move(outcome)));
  }

  void redirect(std::uint64_t id, const HttpOutcome& outcome) {
    Job& job = jobs.at(id);
    if (++job.redirects > http_redirects_max) {
      return finish(id, Error{Status::unavailable, "redirected too often", "url"});
    }
    const auto from = split_url(job.request.url);
    const auto to = split_url(outcome.redirect);
    if (!to) return finish(id, Error{Status::denied, "redirected to what is no address", "url"});
    const bool same_place =
        from && from->scheme == to->scheme && from->host == to->host && from->port == to->port;
    job.request = redirected(std::move(job.request), outcome.status, outcome.redirect, same_place);
    pace(id);
  }

  // Asks again, if that was wished and there is time, else ends with what came.
  void retry(std::uint64_t id, std::optional<std::uint32_t> after_ms, Result<HttpAnswer> result) {
    Job& job = jobs.at(id);
    const std::uint32_t backoff = retry_wait_ms(job.attempt, options.retry_first_ms, random());
    const std::uint32_t wait = std::max(after_ms.value_or(0), backoff);
    if (job.attempt >= job.request.retries || loop.now_ms() + wait >= job.until_ms) {
      return finish(id, std::move(result));
    }
    ++job.attempt;
    later(id, wait, [this, id] { pace(id); });
  }

  static Error overdue() { return {Status::deadline, "no answer in time", ""}; }

  void finish_soon(std::uint64_t id, Error error) {
    loop.post([self = weak_from_this(), id, error = std::move(error)] {
      if (const auto impl = self.lock()) impl->finish(id, error);
    });
  }

  void finish(std::uint64_t id, Result<HttpAnswer> result) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    Job job = std::move(found->second);
    jobs.erase(found);
    if (job.timer != 0) loop.cancel(job.timer);
    if (const auto instance = instances.find(job.instance); instance != instances.end()) {
      --instance->second.open;
    }
    if (job.done) job.done(std::move(result));
  }

  void cancel(std::uint64_t id) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    const auto instance = instances.find(found->second.instance);
    if (instance != instances.end() && instance->second.engine != nullptr) {
      instance->second.engine->cancel(id);
    }
    give_up(id, found->second, "cancelled");
  }

  void give_up(std::uint64_t id, Job& job, const char* why) {
    if (job.over) return;
    job.over = true;
    if (job.timer != 0) loop.cancel(std::exchange(job.timer, 0));
    finish_soon(id, Error{Status::cancelled, why, ""});
  }

  void forget(std::string_view name) {
    const auto found = instances.find(name);
    if (found == instances.end()) return;
    instances.erase(found);
    for (auto& [id, job] : jobs) {
      if (job.instance != name) continue;
      job.instance.clear();  // one that is allowed under this name later has nothing to do with it
      give_up(id, job, "the plugin is stopping");
    }
  }

  bus::Loop& loop;
  HttpOptions options;
  bool proxied;
  std::mt19937_64 random;
  std::map<std::string, Instance, std::less<>> instances;
  std::map<std::uint64_t, Job> jobs;
  std::uint64_t last_id = 0;
};

HttpService::HttpService(bus::Loop& loop, HttpOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

HttpService::~HttpService() {
  for (auto& [id, job] : impl_->jobs) {
    if (job.timer != 0) impl_->loop.cancel(job.timer);
  }
}

void HttpService::allow(std::string instance, std::vector<AllowedHost> hosts) {
  const auto found = impl_->instances.find(instance);
  if (found != impl_->instances.end()) {
    found->second.hosts = std::move(hosts);
    return;
  }
  impl_->instances.emplace(
      std::move(instance),
      Impl::Instance{std::move(hosts), RateLimit(impl_->options.rate_per_s, impl_->options.burst),
                     0, nullptr});
}

void HttpService::forget(std::string_view instance) { impl_->forget(instance); }

std::uint64_t HttpService::fetch(std::string_view instance, HttpRequest request, Done done) {
  return impl_->fetch(instance, std::move(request), std::move(done));
}

void HttpService::cancel(std::uint64_t id) { impl_->cancel(id); }

}  // namespace deskmate::host
