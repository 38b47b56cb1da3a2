#include "deskmate/session.hpp"

#include <algorithm>
#include <memory>

namespace deskmate {

namespace {

Error unexpected(const char* where) {
  return {Status::internal, "the host's answer is not what was agreed", where};
}

Appended appended_of(const Value& value) {
  return {value["duplicate"].as_bool(), value["arrival"].as_uint(), Id::from(value["id"].as_bin())};
}

}  // namespace

Result<std::vector<Appended>> Session::append(std::span<const NewEvent> events) {
  std::vector<Appended> all;
  all.reserve(events.size());
  while (!events.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < events.size() && count < append_batch_events_max) {
      bytes += encode(events[count].to_value()).size();
      if (count > 0 && bytes > append_batch_bytes_max) break;
      ++count;
    }
    // The call may outlive this function when it is cancelled: it owns its events.
    auto batch = std::make_shared<std::vector<NewEvent>>(events.begin(),
                                                         events.begin() + std::ptrdiff_t(count));
    const auto answer =
        port_.call([batch](Host& host, Reply reply) { host.append(*batch, std::move(reply)); },
                   call_deadline_ms);
    if (!answer) return answer.error();
    if (!answer->is_array() || answer->size() != count) return unexpected("append");
    for (const Value& each : answer->as_array()) all.push_back(appended_of(each));
    events = events.subspan(count);
  }
  return all;
}

Result<Appended> Session::append(const NewEvent& event) {
  auto all = append(std::span<const NewEvent>(&event, 1));
  if (!all) return all.error();
  return all->front();
}

Result<HttpResponse> Session::http(const HttpRequest& request) {
  if (request.body.size() > DM_HTTP_BODY_MAX) {
    return Error{Status::limit, "the request's body is too large", request.url};
  }
  Value params = Value::map({{"method", request.method},
                             {"url", request.url},
                             {"headers", request.headers},
                             {"body", Value::bin(request.body)},
                             {"timeout_ms", request.timeout_ms},
                             {"retries", request.retries}});
  // Between tries the host waits as long as Retry-After says, so that with retries only the
  // largest deadline is safe.
  const std::uint64_t slack_ms = 5'000;
  const std::uint64_t deadline_ms =
      request.retries == 0
          ? std::min<std::uint64_t>(request.timeout_ms + slack_ms, DM_DEADLINE_MAX_MS)
          : DM_DEADLINE_MAX_MS;
  const auto answer =
      port_.call([params = std::move(params)](
                     Host& host, Reply reply) { host.fetch(params, std::move(reply)); },
                 deadline_ms);
  if (!answer) return answer.error();
  if (!answer->is_map()) return unexpected("http");
  const Value& body = (*answer)["body"];
  HttpResponse response;
  response.status = static_cast<int>((*answer)["status"].as_int());
  response.headers = (*answer)["headers"].as_map();
  response.body = body.is_str() ? body.as_str() : body.as_bin();
  return response;
}

Result<std::optional<std::string>> Session::kv_get(std::string_view key) {
  auto answer = port_.call(
      [name = std::string(key)](Host& host, Reply reply) { host.kv_get(name, std::move(reply)); },
      call_deadline_ms);
  if (!answer) return answer.error();
  if (answer->is_nil()) return std::optional<std::string>();
  return std::optional<std::string>(answer->as_bin());
}

Result<void> Session::kv_put(std::string_view key, std::string_view value) {
  auto answer =
      port_.call([name = std::string(key), bytes = std::string(value)](
                     Host& host, Reply reply) { host.kv_put(name, bytes, std::move(reply)); },
                 call_deadline_ms);
  if (!answer) return answer.error();
  return {};
}

Result<void> Session::kv_erase(std::string_view key) { return kv_put(key, {}); }

Result<std::string> Session::secret(const std::string& name) {
  auto answer = port_.call([name](Host& host, Reply reply) { host.secret(name, std::move(reply)); },
                           call_deadline_ms);
  if (!answer) return answer.error();
  return std::string(answer->as_str());
}

std::string Session::instance() const { return port_.host().instance(); }

Value Session::setting_value(const std::string& name) const { return port_.host().setting(name); }

template <>
std::string Session::setting(const std::string& name, std::string otherwise) const {
  const Value value = setting_value(name);
  if (!value.is_str()) return otherwise;
  return std::string(value.as_str());
}

template <>
bool Session::setting(const std::string& name, bool otherwise) const {
  return setting_value(name).as_bool(otherwise);
}

template <>
double Session::setting(const std::string& name, double otherwise) const {
  return setting_value(name).as_double(otherwise);
}

template <>
std::int64_t Session::setting(const std::string& name, std::int64_t otherwise) const {
  return setting_value(name).as_int(otherwise);
}

template <>
std::vector<std::string> Session::setting(const std::string& name,
                                          std::vector<std::string> otherwise) const {
  const Value value = setting_value(name);
  if (!value.is_array()) return otherwise;
  std::vector<std::string> items;
  for (const Value& item : value.as_array()) items.emplace_back(item.as_str());
  return items;
}

std::int64_t Session::now_ms() const { return port_.host().now_ms(); }

void Session::log(Level level, const std::string& line) const { port_.host().log(level, line); }

Result<StoredFile> Session::put_file(const std::string& buyer, std::string_view bytes) {
  if (bytes.size() > DM_FILE_MAX) return Error{Status::limit, "the file is too large", {}};
  const auto created =
      port_.call([buyer](Host& host, Reply reply) { host.file_create(buyer, std::move(reply)); },
                 call_deadline_ms);
  if (!created) return created.error();
  if (!created->is_map()) return unexpected("put_file");
  const std::uint64_t file = (*created)["file"].as_uint();
  for (std::size_t at = 0; at < bytes.size(); at += DM_FILE_PIECE_MAX) {
    auto written =
        port_.call([file, piece = std::string(bytes.substr(at, DM_FILE_PIECE_MAX))](
                       Host& host, Reply reply) { host.file_write(file, piece, std::move(reply)); },
                   call_deadline_ms);
    if (!written) return written.error();
  }
  const auto finished =
      port_.call([file](Host& host, Reply reply) { host.file_finish(file, std::move(reply)); },
                 call_deadline_ms);
  if (!finished) return finished.error();
  if (!finished->is_map()) return unexpected("put_file");
  return StoredFile{std::string((*finished)["hash"].as_bin()), (*finished)["size"].as_uint()};
}

Result<std::string> Session::get_file(std::string_view hash) {
  std::string bytes;
  for (;;) {
    auto piece = port_.call(
        [name = std::string(hash), at = bytes.size()](Host& host, Reply reply) {
          host.file_read(name, at, DM_FILE_PIECE_MAX, std::move(reply));
        },
        call_deadline_ms);
    if (!piece) return piece.error();
    if (piece->as_bin().empty()) return bytes;
    bytes += piece->as_bin();
    if (bytes.size() > DM_FILE_MAX) return Error{Status::limit, "the file is too large", {}};
  }
}

Result<Value> Session::request(const std::string& method, const Value& params,
                               std::uint32_t deadline_ms) {
  const std::uint32_t allowed_ms = std::clamp(deadline_ms, 1u, DM_DEADLINE_MAX_MS);
  return port_.call(
      [=](Host& host, Reply reply) { host.request(method, params, allowed_ms, std::move(reply)); },
      allowed_ms);
}

}  // namespace deskmate
