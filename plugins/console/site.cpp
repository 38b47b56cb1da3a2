#include "site.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace deskmate::console {
namespace {

constexpr std::string_view page = "/index.html";
constexpr std::array<std::string_view, 4> screens = {"/inbox", "/orders", "/split", "/settings"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view header(const Value& request, std::string_view name) {
  for (const auto& [key, value] : request["headers"].as_map()) {
    if (same_name(key, name)) return value.as_str();
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls found with each item of a list with commas until it says true.
template <class F>
bool any_item(std::string_view list, const F& found) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (found(trimmed(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// "br;q=0" is a refusal.
bool accepts(std::string_view encodings, std::string_view wanted) {
  return any_item(encodings, [&](std::string_view item) {
    const auto semicolon = std::min(item.find(';'), item.size());
    if (!same_name(trimmed(item.substr(0, semicolon)), wanted)) return false;
    std::string_view weight = trimmed(item.substr(std::min(semicolon + 1, item.size())));
    if (!weight.starts_with("q=")) return true;
    weight.remove_prefix(2);
    return weight.find_first_of("123456789") != std::string_view::npos;
  });
}

bool matches(std::string_view if_none_match, std::string_view etag) {
  return any_item(if_none_match, [&](std::string_view item) {
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    return item == etag;
  });
}

Value refuse(int status, std::string_view text) {
  return Value::map({{"status", status},
                     {"headers", Value::map({{"Content-Type", "text/plain; charset=utf-8"},
                                             {"Cache-Control", "no-store"}})},
                     {"body", Value::bin(text)}});
}

// Of a path that is one: begins at the root, and names no folder above, in whatever spelling.
bool is_sound(std::string_view path) {
  if (!path.starts_with('/') || path.find('\\') != std::string_view::npos ||
      path.find('\0') != std::string_view::npos) {
    return false;
  }
  for (std::size_t i = 0; i < path.size();) {
    const auto end = std::min(path.find('/', i + 1), path.size());
    const auto segment = path.substr(i + 1, end - i - 1);
    if (segment == ".." || segment == ".") return false;
    i = end;
  }
  return true;
}

bool is_screen(std::string_view path) {
  for (const auto screen : screens) {
    if (path.starts_with(screen) && (path.size() == screen.size() || path[screen.size()] == '/')) {
      return true;
    }
  }
  return path.find('.') == std::string_view::npos && path.find('%') == std::string_view::npos;
}

const File* find(std::span<const File> files, std::string_view path) {
  const auto at = std::lower_bound(
      files.begin(), files.end(), path,
      [](const File& file, std::string_view wanted) { return file.path < wanted; });
  return at != files.end() && at->path == path ? &*at : nullptr;
}

}  // namespace

Value answer(std::span<const File> files, const Value& request) {
  const auto method = request["method"].as_str("GET");
  if (method != "GET" && method != "HEAD") return refuse(405, "GET and HEAD only\n");
  const auto path = request["path"].as_str();
  if (!is_sound(path)) return refuse(400, "no such path\n");
  const File* file = find(files, path);
  if (file == nullptr && is_screen(path)) file = find(files, page);
  if (file == nullptr) return refuse(404, "no such file\n");

  std::string_view body = file->plain;
  std::string etag = "\"" + std::string(file->hash);
  Value headers = Value::map(
      {{"Content-Type", file->type},
       {"Cache-Control", file->named_by_hash ? "public, max-age=31536000, immutable" : "no-cache"},
       {"Vary", "Accept-Encoding"},
       {"X-Content-Type-Options", "nosniff"}});
  const auto encodings = header(request, "accept-encoding");
  if (!file->brotli.empty() && accepts(encodings, "br")) {
    body = file->brotli;
    etag += "-br";
    headers["Content-Encoding"] = "br";
  } else if (!file->gzip.empty() && accepts(encodings, "gzip")) {
    body = file->gzip;
    etag += "-gz";
    headers["Content-Encoding"] = "gzip";
  }
  etag += "\"";
  headers["ETag"] = etag;
  const bool known = matches(header(request, "if-none-match"), etag);
  if (known) {
    headers.make_map().erase("Content-Encoding");
    headers.make_map().erase("Content-Type");
  }
  const bool empty = known || method == "HEAD";
  return Value::map({{"status", known ? 304 : 200},
                     {"headers", std::move(headers)},
                     {"body", Value::bin(empty ? std::string_view() : body)}});
}

}  // namespace deskmate::console
