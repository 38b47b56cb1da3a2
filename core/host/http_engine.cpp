#include "core/host/http_engine.hpp"

#include <curl/curl.h>
#include <deskmate/ext/http.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "core/host/http_rules.hpp"

namespace deskmate::host {
namespace {

constexpr int poll_ms = 60'000;  // curl_multi_wakeup ends it earlier
constexpr long idle_connections_max = 8;

struct GlobalCurl {
  GlobalCurl() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~GlobalCurl() { curl_global_cleanup(); }
  GlobalCurl(const GlobalCurl&) = delete;
  GlobalCurl& operator=(const GlobalCurl&) = delete;
};

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  HttpAttempt attempt;
  HttpOutcome outcome;
  std::size_t header_bytes = 0;
  std::unique_ptr<curl_slist, ListFree> headers;
  std::unique_ptr<CURL, EasyFree> easy;
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void add_header(HttpOutcome& outcome, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(trim(line.substr(0, colon)));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const std::string_view value = trim(line.substr(colon + 1));
  for (auto& [known, values] : outcome.headers) {
    if (known != name) continue;
    values.append(name == "set-cookie" ? "\n" : ", ").append(value);
    return;
  }
  outcome.headers.emplace_back(std::move(name), std::string(value));
}

extern "C" {

std::size_t dm_http_on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > http_header_bytes_max) {
    transfer.outcome.kind = HttpOutcome::Kind::too_big;
    return 0;
  }
  // A new status line: what came before was an interim answer (100, or a proxy's).
  if (line.substr(0, 5) == "HTTP/") {
    transfer.outcome.headers.clear();
  } else {
    add_header(transfer.outcome, line);
  }
  return line.size();
}

std::size_t dm_http_on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer.outcome.body.size() + bytes > DM_HTTP_BODY_MAX) {
    transfer.outcome.kind = HttpOutcome::Kind::too_big;
    return 0;
  }
  transfer.outcome.body.append(data, bytes);
  return bytes;
}

curl_socket_t dm_http_open_socket(void* user, curlsocktype, struct curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.attempt.public_only && is_private(address->addr)) {
    transfer.outcome.kind = HttpOutcome::Kind::private_address;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // extern "C"

}  // namespace

struct HttpEngine::Impl {
  explicit Impl(std::function<void(HttpOutcome)> on_done)
      : done(std::move(on_done)), multi(curl_multi_init()) {
    if (multi == nullptr) throw std::runtime_error("libcurl would not start");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, idle_connections_max);
    thread = std::thread([this] { run(); });
  }

  void run() {
    while (take_commands()) {
      int running = 0;
      curl_multi_perform(multi, &running);
      finish_some();
      curl_multi_poll(multi, nullptr, 0, poll_ms, nullptr);
    }
    for (auto& [id, transfer] : transfers) {
      curl_multi_remove_handle(multi, transfer->easy.get());
    }
    transfers.clear();
  }

  bool take_commands() {
    std::vector<HttpAttempt> attempts;
    std::vector<std::uint64_t> given_up;
    {
      const std::lock_guard lock(mutex);
      if (stopping) return false;
      attempts.swap(submitted);
      given_up.swap(cancelled);
    }
    for (HttpAttempt& attempt : attempts) begin(std::move(attempt));
    for (const std::uint64_t id : given_up) {
      const auto found = transfers.find(id);
      if (found == transfers.end()) continue;
      curl_multi_remove_handle(multi, found->second->easy.get());
      transfers.erase(found);
    }
    return true;
  }

  void begin(HttpAttempt attempt) {
    auto owned = std::make_unique<Transfer>();
    Transfer& transfer = *owned;
    transfer.attempt = std::move(attempt);
    transfer.outcome.id = transfer.attempt.id;
    transfer.easy.reset(curl_easy_init());
    if (transfer.easy == nullptr) {
      transfer.outcome.message = "libcurl would not start";
      done(std::move(transfer.outcome));
      return;
    }
    set_up(transfer);
    CURL* easy = transfer.easy.get();
    transfers.emplace(transfer.attempt.id, std::move(owned));
    curl_multi_add_handle(multi, easy);
  }

  static void set_up(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const HttpAttempt& attempt = transfer.attempt;
    for (const std::string& line : attempt.headers) {
      curl_slist* longer = curl_slist_append(transfer.headers.get(), line.c_str());
      if (longer == nullptr) break;
      static_cast<void>(transfer.headers.release());
      transfer.headers.reset(longer);
    }
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_URL, attempt.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, attempt.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // not to wait for a name server at the end
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(attempt.timeout_ms));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(attempt.timeout_ms, http_connect_ms_max)));
    if (!attempt.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, attempt.ca_file.c_str());
    if (attempt.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (!attempt.body.empty() || attempt.method == "POST" || attempt.method == "PUT" ||
               attempt.method == "PATCH") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(attempt.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, attempt.body.data());
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, attempt.method.c_str());
    } else {
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, attempt.method.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, dm_http_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, dm_http_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, dm_http_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  }

  void finish_some() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* easy = message->easy_handle;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      HttpOutcome outcome = result_of(*transfer, code);
      curl_multi_remove_handle(multi, easy);
      transfers.erase(outcome.id);
      done(std::move(outcome));
    }
  }

  static HttpOutcome result_of(Transfer& transfer, CURLcode code) {
    using Kind = HttpOutcome::Kind;
    HttpOutcome outcome = std::move(transfer.outcome);
    if (code == CURLE_OK) {
      long status = 0;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
      char* url = nullptr;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_REDIRECT_URL, &url);
      outcome.kind = Kind::answer;
      outcome.status = static_cast<std::uint16_t>(status);
      if (url != nullptr) outcome.redirect = url;
    } else if (outcome.kind != Kind::too_big && outcome.kind != Kind::private_address) {
      outcome.kind = code == CURLE_OPERATION_TIMEDOUT ? Kind::overdue : Kind::failed;
      outcome.message = curl_easy_strerror(code);
    }
    return outcome;
  }

  std::function<void(HttpOutcome)> done;
  CURLM* multi;
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers;  // the engine's thread

  std::mutex mutex;
  std::vector<HttpAttempt> submitted;
  std::vector<std::uint64_t> cancelled;
  bool stopping = false;

  std::thread thread;
};

HttpEngine::HttpEngine(std::function<void(HttpOutcome)> done) {
  static const GlobalCurl global;
  impl_ = std::make_unique<Impl>(std::move(done));
}

HttpEngine::~HttpEngine() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  curl_multi_wakeup(impl_->multi);
  impl_->thread.join();
  curl_multi_cleanup(impl_->multi);
}

void HttpEngine::submit(HttpAttempt attempt) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->submitted.push_back(std::move(attempt));
  }
  curl_multi_wakeup(impl_->multi);
}

void HttpEngine::cancel(std::uint64_t id) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->cancelled.push_back(id);
  }
  curl_multi_wakeup(impl_->multi);
}

}  // namespace deskmate::host
