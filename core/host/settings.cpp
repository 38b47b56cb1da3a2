#include "core/host/settings.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>

#include "core/host/toml_reader.hpp"

namespace deskmate::host {
namespace {

constexpr std::size_t host_bytes_max = 253;
constexpr int nesting_max = 16;

bool starts_with(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > host_bytes_max) return false;
  if (text.front() == '.' || text.front() == '-' || text.back() == '-') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_url(std::string_view text) {
  return starts_with(text, "https://") || starts_with(text, "http://");
}

// The part of an URL that names the host: between the scheme and the path.
std::string_view authority(std::string_view text) {
  text.remove_prefix(text.find("://") + 3);
  return text.substr(0, text.find_first_of("/?#"));
}

std::optional<AllowedHost> parse_url_host(std::string_view text) {
  const bool plain = starts_with(text, "http://");
  const std::string_view name = authority(text);
  if (name.find('@') != std::string_view::npos) return std::nullopt;
  auto host = parse_host(name);
  if (!host) return std::nullopt;
  host->plain_http = plain;
  if (host->port == 0) host->port = plain ? 80 : 443;
  return host;
}

Text range_text(const SettingSpec& spec) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const std::string min = std::to_string(spec.min);
  const std::string max = std::to_string(spec.max);
  if (spec.min == least) return {"at most " + max, "不大于 " + max};
  if (spec.max == most) return {"at least " + min, "不小于 " + min};
  return {"within " + min + " - " + max, "在 " + min + " 到 " + max + " 之间"};
}

std::optional<Text> text_mistake(const Value& value) {
  if (!value.is_str()) return Text{"has to be text in quotes", "必须是带引号的文本"};
  if (value.as_str().size() > setting_text_max) {
    return Text{"is longer than " + std::to_string(setting_text_max) + " bytes",
                "超过 " + std::to_string(setting_text_max) + " 字节"};
  }
  return std::nullopt;
}

std::optional<Text> list_mistake(const Value& value) {
  if (!value.is_array()) return Text{"has to be a list of texts", "必须是文本列表"};
  if (value.size() > manifest_list_max) {
    return Text{"has more than " + std::to_string(manifest_list_max) + " entries",
                "超过 " + std::to_string(manifest_list_max) + " 项"};
  }
  for (const Value& item : value.as_array()) {
    if (text_mistake(item)) return Text{"has to be a list of texts", "必须是文本列表"};
  }
  return std::nullopt;
}

// Where a fault about a key stands: line and column, or 0 and 0.
using Place = std::function<std::pair<std::uint32_t, std::uint32_t>(std::string_view key)>;

Checked<Value> check(const Manifest& manifest, const Value& given, const std::string& file,
                     const Place& place) {
  Faults faults;
  auto fault = [&](std::string_view key, const Text& text) {
    const auto [line, column] = place(key);
    faults.list.push_back({file, line, column, text});
  };
  std::vector<std::string_view> known;
  for (const SettingSpec& spec : manifest.settings) known.push_back(spec.key);
  for (const auto& [key, value] : given.as_map()) {
    if (manifest.setting(key) != nullptr) continue;
    Text text{"plugin " + manifest.id + " has no setting \"" + key + "\"",
              "插件 " + manifest.id + " 没有设置项“" + key + "”"};
    if (const auto meant = nearest(key, known); !meant.empty()) {
      text.en += "; did you mean \"" + std::string(meant) + "\"?";
      text.zh += "；是否想写“" + std::string(meant) + "”？";
    }
    fault(key, text);
  }
  Map out;
  for (const SettingSpec& spec : manifest.settings) {
    const Value* value = given.as_map().find(spec.key);
    if (value == nullptr) {
      if (spec.fallback) out.set(spec.key, *spec.fallback);
      if (spec.required) {
        fault("", {"setting \"" + spec.key + "\" is missing: " + spec.doc.en,
                   "缺少设置项“" + spec.key + "”：" + spec.doc.in("zh")});
      }
      continue;
    }
    if (const auto wrong = mistake(spec, *value)) {
      fault(spec.key, {"\"" + spec.key + "\" " + wrong->en, "“" + spec.key + "”" + wrong->zh});
    } else {
      out.set(spec.key, *value);
    }
  }
  if (faults.list.empty()) return Value(std::move(out));
  std::stable_sort(faults.list.begin(), faults.list.end(), [](const Fault& a, const Fault& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  return faults;
}

Value value_of(const toml::node& node, int nesting) {
  if (nesting > nesting_max) return nullptr;
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* yes = node.as_boolean()) return yes->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* array = node.as_array()) {
    Array out;
    for (const toml::node& item : *array) out.push_back(value_of(item, nesting + 1));
    return out;
  }
  if (const auto* table = node.as_table()) {
    Map out;
    for (auto&& [key, item] : *table) out.add(std::string(key.str()), value_of(item, nesting + 1));
    return out;
  }
  std::ostringstream date;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_chronological<decltype(value)>) date << value.get();
  });
  return date.str();
}

}  // namespace

Value value_of(const toml::node& node) { return value_of(node, 0); }

std::optional<Text> mistake(const SettingSpec& spec, const Value& value) {
  switch (spec.type) {
    case SettingType::text:
      return text_mistake(value);
    case SettingType::integer:
      if (!value.is_int()) return Text{"has to be a whole number", "必须是整数"};
      if (value.as_int() < spec.min || value.as_int() > spec.max) {
        const Text range = range_text(spec);
        return Text{"has to be " + range.en, "必须" + range.zh};
      }
      return std::nullopt;
    case SettingType::boolean:
      if (!value.is_bool()) return Text{"has to be true or false", "必须是 true 或 false"};
      return std::nullopt;
    case SettingType::list:
      return list_mistake(value);
    case SettingType::url:
      if (auto wrong = text_mistake(value)) return wrong;
      if (!is_url(value.as_str()) || !parse_url_host(value.as_str())) {
        return Text{"has to be an address like \"https://shop.example.com/api\"",
                    "必须是网址，例如 \"https://shop.example.com/api\""};
      }
      return std::nullopt;
  }
  return std::nullopt;
}

Checked<Value> check_settings(const Manifest& manifest, const Value& given,
                              const std::string& where) {
  return check(manifest, given, where, [](std::string_view) {
    return std::pair<std::uint32_t, std::uint32_t>{0, 0};
  });
}

Checked<Value> check_settings(const Manifest& manifest, const toml::table& given,
                              const std::string& file) {
  return check(manifest, value_of(given), file, [&](std::string_view key) {
    for (auto&& [name, node] : given) {
      if (name.str() != key) continue;
      // A wrong value is shown where it stands, an unknown key where the key does.
      const auto& at = manifest.setting(key) != nullptr ? node.source() : name.source();
      return std::pair<std::uint32_t, std::uint32_t>{at.begin.line, at.begin.column};
    }
    const auto& at = given.source();
    return std::pair<std::uint32_t, std::uint32_t>{at.begin.line, at.begin.column};
  });
}

std::optional<AllowedHost> parse_host(std::string_view text) {
  const std::string low = lower(text);
  std::string_view rest = low;
  if (is_url(rest)) {
    // No path here: a rule about hosts is all this is.
    if (authority(rest).size() + rest.find("://") + 3 != rest.size()) return std::nullopt;
    return parse_url_host(rest);
  }
  AllowedHost host;
  std::string_view port;
  if (starts_with(rest, "[")) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host.host = rest.substr(1, end - 1);
    if (host.host.find_first_not_of("0123456789abcdef:.") != std::string::npos) return std::nullopt;
    if (host.host.find(':') == std::string::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest[0] != ':') return std::nullopt;
    port = rest;
  } else {
    const std::size_t colon = rest.find(':');
    port = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon);
    rest = rest.substr(0, colon);
    const bool family = starts_with(rest, "*.");
    if (!is_host_name(family ? rest.substr(2) : rest)) return std::nullopt;
    host.host = rest;
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), host.port);
    if (error != std::errc{} || end != port.data() + port.size() || host.port == 0) {
      return std::nullopt;
    }
  }
  return host;
}

Checked<std::vector<AllowedHost>> allowed_hosts(const Manifest& manifest, const Value& settings) {
  std::vector<AllowedHost> all;
  Faults faults;
  auto add = [&](std::string_view key, std::string_view text) {
    auto host = is_url(text) ? parse_url_host(lower(text)) : parse_host(text);
    if (!host) {
      faults.list.push_back({"plugin.settings",
                             0,
                             0,
                             {"\"" + std::string(key) + "\" names no host",
                              "“" + std::string(key) + "”没有给出主机"}});
      return;
    }
    host->from_setting = true;
    all.push_back(std::move(*host));
  };
  for (const std::string& written : manifest.hosts) {
    if (written.empty() || written.front() != '{') {
      if (auto host = parse_host(written)) all.push_back(std::move(*host));
      continue;
    }
    const std::string key = written.substr(1, written.size() - 2);
    const Value& value = settings[key];
    if (value.is_str()) add(key, value.as_str());
    for (const Value& item : value.as_array()) add(key, item.as_str());
  }
  if (!faults.list.empty()) return faults;
  return all;
}

}  // namespace deskmate::host
