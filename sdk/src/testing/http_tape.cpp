#include "deskmate/testing/http_tape.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace deskmate::testing {

namespace {

constexpr std::string_view end_of_exchange = "---";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_secret(std::string_view header) {
  const std::string name = lower(header);
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  return has("authorization") || has("cookie") || has("token") || has("key");
}

// Reads the lines of one side: "> METHOD URL" or "< STATUS", headers, an empty line, the body.
class Lines {
 public:
  explicit Lines(const std::string& text) : in_(text) { next(); }

  bool at_end() const { return !line_.has_value(); }
  const std::string& line() const { return *line_; }
  std::size_t number() const { return number_; }
  void next() {
    std::string read;
    if (std::getline(in_, read)) {
      line_ = std::move(read);
    } else {
      line_.reset();
    }
    ++number_;
  }
  bool starts(char mark) const {
    return line_ && line_->size() > 1 && (*line_)[0] == mark && (*line_)[1] == ' ';
  }

 private:
  std::istringstream in_;
  std::optional<std::string> line_;
  std::size_t number_ = 0;
};

Map read_headers(Lines& lines, char mark) {
  Map headers;
  for (; lines.starts(mark); lines.next()) {
    const std::string text = lines.line().substr(2);
    const auto colon = text.find(':');
    if (colon == std::string::npos) continue;
    const auto value = std::min(text.find_first_not_of(' ', colon + 1), text.size());
    headers.set(lower(std::string_view(text).substr(0, colon)), text.substr(value));
  }
  return headers;
}

std::string read_body(Lines& lines) {
  std::string body;
  bool first = true;
  if (!lines.at_end() && lines.line().empty()) lines.next();
  while (!lines.at_end() && !lines.starts('<') && lines.line() != end_of_exchange) {
    if (!first) body += '\n';
    body += lines.line();
    first = false;
    lines.next();
  }
  return body;
}

void write_side(std::string& out, char mark, const std::string& first, const Map& headers,
                const std::string& body) {
  out.append(1, mark).append(" ").append(first).append("\n");
  for (const auto& [name, value] : headers) {
    if (is_secret(name)) continue;
    out.append(1, mark).append(" ").append(name).append(": ").append(value.as_str()).append("\n");
  }
  if (!body.empty()) out.append("\n").append(body).append("\n");
}

}  // namespace

Result<void> HttpTape::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Status::not_found, "cannot read the recorded exchanges", path};
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str());
}

Result<void> HttpTape::parse(const std::string& text) {
  Lines lines(text);
  const auto wrong = [&](const char* expected) {
    return Error{Status::invalid, expected, "line " + std::to_string(lines.number())};
  };
  while (!lines.at_end()) {
    if (lines.line().empty() || lines.line()[0] == '#') {
      lines.next();
      continue;
    }
    if (!lines.starts('>')) return wrong("expected \"> METHOD URL\"");
    Exchange exchange;
    std::istringstream request(lines.line().substr(2));
    if (!(request >> exchange.request.method >> exchange.request.url)) {
      return wrong("expected \"> METHOD URL\"");
    }
    lines.next();
    exchange.request.headers = read_headers(lines, '>');
    exchange.request.body = read_body(lines);
    if (!lines.starts('<')) return wrong("expected \"< STATUS\"");
    const std::string status = lines.line().substr(2);
    const char* status_end = status.data() + status.size();
    if (std::from_chars(status.data(), status_end, exchange.response.status).ptr == status.data()) {
      return wrong("expected \"< STATUS\"");
    }
    lines.next();
    exchange.response.headers = read_headers(lines, '<');
    exchange.response.body = read_body(lines);
    if (lines.at_end() || lines.line() != end_of_exchange) return wrong("expected \"---\"");
    lines.next();
    exchanges_.push_back(std::move(exchange));
  }
  return {};
}

void HttpTape::add(const std::string& method, const std::string& url, HttpResponse response,
                   const std::string& body) {
  Exchange exchange;
  exchange.request.method = method;
  exchange.request.url = url;
  exchange.request.body = body;
  exchange.response = std::move(response);
  exchanges_.push_back(std::move(exchange));
}

std::string HttpTape::text() const {
  std::string out;
  for (const Exchange& each : exchanges_) {
    write_side(out, '>', each.request.method + " " + each.request.url, each.request.headers,
               each.request.body);
    write_side(out, '<', std::to_string(each.response.status), each.response.headers,
               each.response.body);
    out.append(end_of_exchange).append("\n");
  }
  return out;
}

Result<void> HttpTape::save(const std::string& path) const {
  std::ofstream out(path, std::ios::binary);
  out << text();
  out.close();
  if (!out) return Error{Status::unavailable, "cannot write the recorded exchanges", path};
  return {};
}

Result<HttpResponse> HttpTape::answer(const HttpRequest& request) {
  requests_.push_back(request);
  for (Exchange& each : exchanges_) {
    if (each.used || each.request.method != request.method || each.request.url != request.url) {
      continue;
    }
    if (!each.request.body.empty() && each.request.body != request.body) continue;
    each.used = true;
    return each.response;
  }
  if (!handler_) {
    return Error{Status::unavailable, "no recorded exchange", request.method + " " + request.url};
  }
  Exchange exchange;
  exchange.request = request;
  exchange.response = handler_(request);
  exchange.used = true;
  exchanges_.push_back(exchange);
  return exchange.response;
}

std::size_t HttpTape::unused() const {
  const auto count = std::count_if(exchanges_.begin(), exchanges_.end(),
                                   [](const Exchange& each) { return !each.used; });
  return static_cast<std::size_t>(count);
}

}  // namespace deskmate::testing
